"""The rows of systems as a process knows them: what it changes while it reads all is not undone by the read."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest_asyncio
from msgspec.structs import replace

from kit.memory import MemoryStore
from looply.engine.effects.outages import drain_target, open_target
from looply.engine.effects.target_rows import TargetRows
from looply.engine.records.targets import TargetRow
from looply.slots import Lane
from looply.testing.clock import START_TIME, FakeClock

LANE = Lane("acme", "https://s4:443")
DOWN = open_target(LANE.owner, LANE.target, START_TIME, "CONNECTION: refused", None)
OTHER = open_target(LANE.owner, "https://other:443", START_TIME, "TIMEOUT: none", None)


class Slow:
    """Stored rows whose read takes until `may_end` is set, and returns what was stored when it began."""

    def __init__(self, store: MemoryStore) -> None:
        self.stored = store.targets
        self.has_begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.put, self.drop = self.stored.put, self.stored.drop
        self.count_queued = self.stored.count_queued

    async def all(self) -> Sequence[TargetRow]:
        rows = await self.stored.all()
        self.has_begun.set()
        await self.may_end.wait()
        return rows


@pytest_asyncio.fixture
async def slow() -> AsyncIterator[Slow]:
    store = MemoryStore(FakeClock())
    await store.open()
    yield Slow(store)
    await store.close()


async def begun(slow: Slow, rows: TargetRows) -> asyncio.Task[None]:
    """Returns a read of all rows that is under way."""
    task = asyncio.create_task(rows.refresh())
    await slow.has_begun.wait()
    return task


async def test_an_outage_that_opens_while_all_rows_are_read_is_known(slow: Slow) -> None:
    rows = TargetRows(slow)
    read = await begun(slow, rows)
    assert await rows.put(DOWN)
    slow.may_end.set()
    await read
    assert (rows.find(LANE), rows.has_any_of(LANE.owner)) == (DOWN, True)


async def test_a_row_that_changes_while_all_are_read_stays_as_it_is_and_others_are_taken(slow: Slow) -> None:
    rows = TargetRows(slow)
    assert await rows.put(DOWN)
    assert await slow.put(OTHER)
    read = await begun(slow, rows)
    half = drain_target(DOWN, START_TIME, 5)
    assert await rows.put(half)
    slow.may_end.set()
    await read
    assert (rows.find(LANE), rows.find(Lane(LANE.owner, OTHER.target))) == (half, OTHER)


async def test_a_row_that_is_dropped_while_all_are_read_does_not_come_back(slow: Slow) -> None:
    rows = TargetRows(slow)
    assert await rows.put(DOWN)
    read = await begun(slow, rows)
    assert await rows.drop(DOWN)
    slow.may_end.set()
    await read
    assert not rows


async def test_a_row_that_was_read_again_is_dropped_by_what_it_is(slow: Slow) -> None:
    rows = TargetRows(slow)
    assert await rows.put(DOWN)
    slow.may_end.set()
    await rows.refresh()
    assert await rows.drop(replace(DOWN))
    assert not rows


async def test_a_dropped_row_is_gone_although_another_process_has_changed_it(slow: Slow) -> None:
    rows = TargetRows(slow)
    assert await rows.put(DOWN)
    half = drain_target(DOWN, START_TIME, 5)
    assert await slow.put(half)
    assert await rows.drop(half)
    assert not rows
