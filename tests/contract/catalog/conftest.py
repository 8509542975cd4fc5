"""Fixtures of the catalog's contract suite: every test runs on a SQLite file and on a PostgreSQL database."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from catalog_database import CatalogOnPostgres
from sqlalchemy import Connection, select

from kit.catalog import Opened, Tenant, make_empty, opening
from kit.servers.postgres_server import PostgresServer
from looply.catalog import Catalog
from looply.catalog.storage.postgres import PostgresDatabase
from looply.catalog.storage.tables import metadata
from looply.testing.clock import FakeClock, SerialEntropy


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def entropy() -> SerialEntropy:
    return SerialEntropy()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_empty(tmp_path_factory.mktemp("catalog") / "catalog.db")


@pytest.fixture(scope="session")
def catalog_on_postgres(postgres_server: PostgresServer) -> Iterator[CatalogOnPostgres]:
    """Yields the database of this process, with the tables of the catalog."""
    address = postgres_server.new_database(f"catalog_{os.getpid()}")
    backend = PostgresDatabase(address)
    backend.open()
    backend.dispose()
    database = CatalogOnPostgres(address)
    yield database
    database.close()


@pytest.fixture
def address(catalog_on_postgres: CatalogOnPostgres) -> str:
    """Returns the address of an empty catalog on PostgreSQL."""
    catalog_on_postgres.empty()
    return catalog_on_postgres.address


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Returns the location of an empty catalog: a file, or the address of a database."""
    if request.param == "postgres":
        address: str = request.getfixturevalue("address")
        return address
    return Path(shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "catalog.db"))


@pytest_asyncio.fixture
async def open_catalog(clock: FakeClock, entropy: SerialEntropy) -> AsyncIterator[Opened]:
    """Opens catalogs as separate processes would, and closes them after the test."""
    async with opening(clock, entropy) as opened:
        yield opened


@pytest_asyncio.fixture
async def catalog(open_catalog: Opened, location: Path | str) -> Catalog:
    return await open_catalog(location)


@pytest_asyncio.fixture
async def mine(catalog: Catalog) -> Tenant:
    return Tenant(*await catalog.organizations.create("Mine"))


@pytest_asyncio.fixture
async def theirs(catalog: Catalog) -> Tenant:
    return Tenant(*await catalog.organizations.create("Theirs"))


@pytest.fixture
def stored_bytes(location: Path | str) -> Callable[[], bytes]:
    """Reads all stored data: the whole file, or every value of every row."""
    if isinstance(location, Path):
        return location.read_bytes
    return lambda: _all_values(location)


def _all_values(address: str) -> bytes:
    backend = PostgresDatabase(address)
    try:
        return backend.read(_values)
    finally:
        backend.dispose()


def _values(connection: Connection) -> bytes:
    rows = [connection.execute(select(table)).all() for table in metadata.sorted_tables]
    values = [value for table in rows for row in table for value in row]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
