"""A data folder, the key of its first organization, and a server on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blackbox.harness.launcher import Server, new_folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def key(data: Path) -> str:
    return new_folder(data)["api_key"]


@pytest.fixture
def server(data: Path, key: str) -> Iterator[Server]:
    running = Server(data)
    yield running
    running.close()
