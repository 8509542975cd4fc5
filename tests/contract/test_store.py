"""The contract of stores on each store."""

from pathlib import Path

import pytest

from contract.store.lives import Stores
from contract.store.suite import StoreContract
from kit.memory import MemoryData, MemoryStore
from looply.engine.sqlite import SqliteStore
from looply.testing.clock import FakeClock


class MemoryStores:
    """Stores on the same rows."""

    def __init__(self) -> None:
        self.data = MemoryData()

    def make(self) -> MemoryStore:
        return MemoryStore(FakeClock(), self.data)


class SqliteStores:
    """Stores on one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> SqliteStore:
        return SqliteStore(self.folder, FakeClock())


class TestStore(StoreContract):
    @pytest.fixture(params=["memory", "sqlite"])
    def stores(self, request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
        return SqliteStores(tmp_path / "data") if request.param == "sqlite" else MemoryStores()
