"""What tests of several packages begin with: time and chance that they set, and a catalog that is ready for use."""

from pathlib import Path

import pytest

from looply.catalog.database import sqlite_engine
from looply.catalog.schema import upgrade
from looply.testing.clock import FakeClock, SerialEntropy


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated catalog file that tests copy."""
    path = tmp_path_factory.mktemp("catalog") / "catalog.db"
    engine = sqlite_engine(path)
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    return path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def entropy() -> SerialEntropy:
    return SerialEntropy()
