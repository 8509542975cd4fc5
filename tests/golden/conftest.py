"""Recorded folders go on in fake time, from the instant at which they were left."""

from collections.abc import Mapping

import pytest

from looply.testing.clock import FakeTimeLoop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, type[FakeTimeLoop]]:
    return {"fake-time": FakeTimeLoop}
