"""The engine's own tests run in fake time, on the memory store."""

from collections.abc import AsyncIterator, Mapping

import pytest

from kit.driver import Driver
from kit.memory import MemoryData, MemoryStore
from looply.testing.clock import FakeTimeLoop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, type[FakeTimeLoop]]:
    return {"fake-time": FakeTimeLoop}


@pytest.fixture
async def engine() -> AsyncIterator[Driver]:
    data = MemoryData()
    driver = Driver(lambda: MemoryStore(driver.clock, data))
    await driver.open()
    yield driver
    await driver.finish()
