"""A folder with something of everything, and an empty database to which it is moved."""

import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from contract.harness.moving_installation import Installation
from contract.harness.postgres_cuts import Road
from kit.servers.postgres_server import PostgresServer
from looply.engine.postgres import PostgresStore

_numbers = itertools.count()


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """Gives the name of an empty database."""
    name = f"moving_{os.getpid()}_{next(_numbers)}"
    postgres_server.new_database(name)
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def address(postgres_server: PostgresServer, database: str) -> str:
    return postgres_server.address(database)


@pytest.fixture
async def road(postgres_server: PostgresServer) -> AsyncIterator[Road]:
    async with Road(postgres_server) as road:
        yield road


@pytest.fixture
async def installation(tmp_path: Path) -> Installation:
    found = Installation(tmp_path / "data")
    await found.live()
    return found


@pytest.fixture
def new_store(installation: Installation, address: str) -> Callable[[], PostgresStore]:
    return lambda: PostgresStore(address, installation.clock, writers=4, readers=2)
