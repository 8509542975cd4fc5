"""The engine contract runs in fake time: nothing here waits for a clock, but for tests of a database that is away."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest

from contract.harness.shared_processes import Processes
from kit.carriage import Carriage, InProcess
from kit.driver import Driver
from kit.faults import MortalStore
from kit.memory import MemoryData, MemoryStore
from kit.servers.postgres_server import NoPostgres, PostgresServer
from kit.servers.postgres_stores import PostgresStores, StoreDatabase, session_server
from kit.servers.temporal_server import NoTemporal, TemporalServer
from kit.temporal import TemporalCarriage
from looply.clock import Clock
from looply.engine.postgres import PostgresStore
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.opening import LOCK_NAME
from looply.testing.clock import FakeClock, FakeTimeLoop

REAL_TIME = ("test_store_postgres_faults", "test_temporal_accidents", "test_temporal_canary", "test_temporal_gates")
_SERIAL = count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of Temporal itself; of the engine contract those over Temporal are marked where they are made."""
    for item in items:
        if item.path.parent == Path(__file__).parent / "temporal":
            item.add_marker(pytest.mark.distributed)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, type[asyncio.SelectorEventLoop]]:
    if item.path.stem in REAL_TIME:
        return {"real-time": asyncio.SelectorEventLoop}
    return {"fake-time": FakeTimeLoop}


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """Gives the PostgreSQL server of this process; it ends with it."""
    try:
        return session_server()
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
        try:
            server = TemporalServer(watched=os.getppid() if is_worker else os.getpid())
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


@pytest.fixture
async def processes(postgres_database: StoreDatabase) -> AsyncIterator[Processes]:
    """Gives processes that share an empty database."""
    postgres_database.empty()
    found = Processes(postgres_database.address)
    yield found
    await found.finish()


def before_any() -> int:
    """Returns where the chance of a story begins: over Temporal no two stories may have an execution id in common."""
    return (os.getpid() << 32) + (next(_SERIAL) << 16)


@pytest.fixture(params=["memory", "sqlite", "postgres", pytest.param("temporal", marks=pytest.mark.distributed)])
def kind(request: pytest.FixtureRequest) -> str:
    """Gives the name of the pair: a store with the dispatcher of the process, or PostgreSQL with Temporal."""
    name: str = request.param
    return name


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest) -> StoreDatabase | str:
    """Gives the kind of the store; for PostgreSQL its database."""
    return request.getfixturevalue("postgres_database") if kind in ("postgres", "temporal") else kind


@pytest.fixture
def carriage(kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Carriage:
    """Gives the way that effects go; over Temporal on task queues of this test's own."""
    if kind != "temporal":
        return InProcess()
    # The library watches for workflows that block, in the loop's time: a story that lets an hour pass would look so.
    monkeypatch.setenv("TEMPORAL_DEBUG", "1")
    return TemporalCarriage(request.getfixturevalue("temporal_address"), f"looply-{before_any():x}")


@pytest.fixture
async def open_store(database: StoreDatabase | str, tmp_path: Path) -> AsyncIterator[Callable[[Clock], MortalStore]]:
    """Gives a store object on the same durable data each time that it is called."""
    if isinstance(database, StoreDatabase):
        database.empty()
        stores = PostgresStores(database.address)
        yield stores.make
        await stores.drop()
    elif database == "sqlite":
        yield lambda clock: SqliteStore(tmp_path, clock)
    else:
        data = MemoryData()
        yield lambda clock: MemoryStore(clock, data)


@pytest.fixture
async def engine(
    open_store: Callable[[Clock], MortalStore], database: StoreDatabase | str, carriage: Carriage, tmp_path: Path
) -> AsyncIterator[Driver]:
    before = before_any() if isinstance(carriage, TemporalCarriage) else 0
    driver = Driver(lambda: open_store(driver.clock), carriage=carriage, before=before)
    if isinstance(database, StoreDatabase):
        driver.lift_lock = database.lift_lock
    else:
        driver.lift_lock = lambda: (tmp_path / LOCK_NAME).unlink(missing_ok=True)
    await driver.open()
    yield driver
    await driver.finish()
