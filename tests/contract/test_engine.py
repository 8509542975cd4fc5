"""The engine contract on each store: every story of `looply.testing.engine_contract`, collected from there."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from looply.clock import Clock
from looply.engine.memory import MemoryData, MemoryStore
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.opening import LOCK_NAME
from looply.testing.driver import Driver
from looply.testing.engine_contract import story_classes
from looply.testing.faults import MortalStore
from postgres_server import PostgresStores, StoreDatabase


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> StoreDatabase | str:
    """Gives the kind of the store; for PostgreSQL its database."""
    kind: str = request.param
    return request.getfixturevalue("postgres_database") if kind == "postgres" else kind


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
    open_store: Callable[[Clock], MortalStore], database: StoreDatabase | str, tmp_path: Path
) -> AsyncIterator[Driver]:
    driver = Driver(lambda: open_store(driver.clock))
    if isinstance(database, StoreDatabase):
        driver.lift_lock = database.lift_lock
    else:
        driver.lift_lock = lambda: (tmp_path / LOCK_NAME).unlink(missing_ok=True)
    await driver.open()
    yield driver
    await driver.finish()


# One class of tests for each class of stories: pytest finds them by their names here.
globals().update({f"Test{name}": type(f"Test{name}", (stories,), {}) for name, stories in story_classes().items()})
