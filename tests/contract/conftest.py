"""The engine contract runs in fake time: nothing here waits for a clock, but for tests of a database that is away."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
from temporal_server import NoTemporal, TemporalServer

from looply.engine.postgres import PostgresStore
from looply.testing.clock import FakeClock, FakeTimeLoop
from postgres_server import NoPostgres, PostgresServer, PostgresStores, StoreDatabase, session_server

REAL_TIME = ("test_store_postgres_faults", "test_temporal_accidents", "test_temporal_canary", "test_temporal_gates")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of Temporal itself; of the engine contract those over Temporal are marked where they are made."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem.startswith("test_temporal"):
            item.add_marker(pytest.mark.distributed)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, type[asyncio.SelectorEventLoop]]:
    if item.path.stem in REAL_TIME:
        return {"real-time": asyncio.SelectorEventLoop}
    return {"fake-time": FakeTimeLoop}


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """Gives the PostgreSQL server of the session; tests that run side by side share it. It ends with the session."""
    try:
        return session_server(tmp_path_factory.getbasetemp())
    except NoPostgres as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Gives the address of the Temporal server of the session; tests that run side by side share it."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.getbasetemp()
    note = shared / "temporal"
    with (shared / "temporal.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.exists():
            return note.read_text()
        server = TemporalServer(watched=os.getppid() if is_worker else os.getpid())
        try:
            server.start()
        except NoTemporal as error:
            pytest.skip(str(error))
        server.release()
        note.write_text(server.address)
        return server.address


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[StoreDatabase]:
    """Gives the database of this process, with the tables of the store."""
    address = postgres_server.new_database(f"tests_{os.getpid()}")

    async def prepare() -> None:
        store = PostgresStore(address, FakeClock())
        await store.open()
        await store.close()

    asyncio.run(prepare())
    database = StoreDatabase(address)
    yield database
    database.close()


@pytest.fixture
async def postgres_stores(postgres_database: StoreDatabase) -> AsyncIterator[PostgresStores]:
    """Gives stores on an empty database."""
    postgres_database.empty()
    stores = PostgresStores(postgres_database.address)
    yield stores
    await stores.drop()
