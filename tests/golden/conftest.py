"""Recorded stores continue in fake time, from the instant at which their process was killed."""

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from kit.servers.postgres_server import NoPostgres, PostgresServer
from kit.servers.postgres_stores import session_server
from looply.testing.clock import FakeTimeLoop

_numbers = itertools.count()


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, type[FakeTimeLoop]]:
    return {"fake-time": FakeTimeLoop}


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """Yields the PostgreSQL server of this process."""
    try:
        return session_server()
    except NoPostgres as error:
        pytest.skip(str(error))


@contextmanager
def new_database(server: PostgresServer) -> Iterator[str]:
    """Yields the address of an empty database for the length of the block."""
    name = f"golden_{os.getpid()}_{next(_numbers)}"
    yield server.new_database(name)
    server.drop_database(name)


@pytest.fixture
def empty_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Yields the address of an empty database."""
    with new_database(postgres_server) as address:
        yield address


@pytest.fixture
def fresh_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Yields the address of another empty database."""
    with new_database(postgres_server) as address:
        yield address
