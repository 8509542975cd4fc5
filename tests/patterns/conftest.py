"""Every pattern runs on every engine, in fake time."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from looply.engine.memory import MemoryData, MemoryStore
from looply.engine.sqlite.store import SqliteStore
from looply.testing.clock import FakeTimeLoop
from looply.testing.driver import Driver


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, type[FakeTimeLoop]]:
    return {"fake-time": FakeTimeLoop}


@pytest.fixture(params=["memory", "sqlite"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Driver]:
    data = MemoryData()
    driver = Driver(
        lambda: MemoryStore(driver.clock, data) if request.param == "memory" else SqliteStore(tmp_path, driver.clock)
    )
    await driver.open()
    yield driver
    await driver.finish()
