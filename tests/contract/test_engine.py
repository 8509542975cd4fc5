"""The engine contract on each pair of store and dispatcher: every story of `looply.testing.engine_contract`."""

import os
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import pytest

from looply.clock import Clock
from looply.engine.memory import MemoryData, MemoryStore
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.opening import LOCK_NAME
from looply.testing.carriage import Carriage, InProcess
from looply.testing.driver import Driver
from looply.testing.engine_contract import story_classes
from looply.testing.faults import MortalStore
from looply.testing.temporal import TemporalCarriage
from postgres_server import PostgresStores, StoreDatabase

_SERIAL = count()


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


# One class of tests for each class of stories: pytest finds them by their names here.
globals().update({f"Test{name}": type(f"Test{name}", (stories,), {}) for name, stories in story_classes().items()})
