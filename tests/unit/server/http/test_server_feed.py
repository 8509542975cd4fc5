"""The feed: one reader for all watchers, a position for each, and bounded memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack

import pytest
import pytest_asyncio

from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION, Samples
from kit.memory import MemoryStore
from looply.engine.coding.codec import Codec
from looply.engine.ports.store import Batch, Position, PositionedBatch, Unit, Value
from looply.engine.processing.feed import Committed, Feed, FeedBounds
from looply.errors import StoreUnreachable, TooManyStreams
from looply.execution.facts.events import Continued, Event
from looply.sealing import Sealer
from looply.testing.clock import FakeClock, SerialEntropy

BOUND = 30.0


class CountingCodec(Codec):
    """Counts what it decodes."""

    decoded = 0

    def decode(
        self, batch: Batch, values: Mapping[bytes, Value] | None, organization_id: str, execution_id: str
    ) -> list[Event]:
        self.decoded += 1
        return super().decode(batch, values, organization_id, execution_id)


class World:
    """A store of real batches, and a feed that reads it."""

    def __init__(self) -> None:
        self.store = MemoryStore(FakeClock())
        self.codec = CountingCodec(Sealer(bytes(32), SerialEntropy()))
        self.samples = Samples()
        self.reads = 0
        self.faults = 0
        bounds = FeedBounds(page=3, kept_batches=8, back_off_seconds=0.001)
        self.feed = Feed(self, self.codec, 3, bounds)  # type: ignore[arg-type]

    async def position(self) -> Position:
        return await self.store.journal.position()

    async def read_committed(self, after: Position, limit: int) -> list[PositionedBatch]:
        self.reads += 1
        if self.faults:
            self.faults -= 1
            raise StoreUnreachable("the database is away")
        return list(await self.store.journal.read_committed(after, limit))

    async def put(self, organization_id: str = ORGANIZATION) -> Unit:
        """Stores a unit of one event and notifies the feed."""
        unit = self.samples.first(organization_id=organization_id)
        batch, _ = self.codec.encode([Continued(at=self.samples.now)], organization_id, unit.execution_id, 1, b"")
        await self.store.journal.commit(type(unit)(**{**_fields(unit), "batch": batch}))
        self.feed.wake()
        return unit


def _fields(unit: Unit) -> dict[str, object]:
    return {name: getattr(unit, name) for name in unit.__struct_fields__}


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    found = World()
    await found.store.open()
    yield found
    await found.feed.stop()
    await found.store.close()


async def follow(world: World, signal: asyncio.Event, after: Position, count: int) -> list[Committed]:
    """Returns the next batches, as a watcher reads them."""
    found: list[Committed] = []
    while len(found) < count:
        signal.clear()
        page = await world.feed.read(after)
        found += page
        if page:
            after = page[-1].position
        else:
            await asyncio.wait_for(signal.wait(), BOUND)
    return found


async def test_watchers_receive_each_batch_once_and_share_its_decoding(world: World) -> None:
    with world.feed.watch(ORGANIZATION) as one, world.feed.watch(ORGANIZATION) as two:
        begin = await world.feed.position()
        units = [await world.put() for _ in range(20)]
        first = await follow(world, one, begin, 20)
        second = await follow(world, two, begin, 20)
        assert [each.execution_id for each in first] == [unit.execution_id for unit in units]
        assert [each.position for each in second] == [each.position for each in first]


async def test_a_batch_is_decoded_on_its_first_delivery_and_once_for_all_watchers(world: World) -> None:
    with world.feed.watch("an execution") as one, world.feed.watch(ORGANIZATION) as two:
        begin = await world.feed.position()
        await asyncio.wait_for(one.wait(), BOUND)
        units = [await world.put() for _ in range(3)]
        found = await follow(world, two, begin, 3)
        assert world.codec.decoded == 0
        again = await world.feed.read(begin)
        for batches in (found, again):
            assert [(each.execution_id, len(each.events)) for each in batches] == [
                (unit.execution_id, 1) for unit in units
            ]
        assert world.codec.decoded == 3


async def test_only_watchers_of_the_execution_are_woken(world: World) -> None:
    with world.feed.watch(ORGANIZATION) as mine, world.feed.watch(OTHER_ORGANIZATION) as theirs:
        await follow(world, mine, (0, 0), 0)
        await asyncio.wait_for(mine.wait(), BOUND)  # when the feed has found its position
        mine.clear()
        theirs.clear()
        await world.put()
        await asyncio.wait_for(mine.wait(), BOUND)
        assert not theirs.is_set()


async def test_a_watcher_behind_the_buffer_reads_the_store_and_misses_nothing(world: World) -> None:
    with world.feed.watch(ORGANIZATION) as signal:
        await asyncio.wait_for(signal.wait(), BOUND)  # when the feed has found its position
        begin = await world.feed.position()
        units = [await world.put() for _ in range(50)]
        while world.feed.keeps(begin):
            signal.clear()
            await asyncio.wait_for(signal.wait(), BOUND)
        found = await follow(world, signal, begin, 50)
        assert [each.execution_id for each in found] == [unit.execution_id for unit in units]
        # Kept are the last 8 at most, so what comes after one of the last 9 is in memory.
        assert sum(world.feed.keeps(each.position) for each in found) <= 9


async def test_an_unavailable_store_is_read_again(world: World) -> None:
    with world.feed.watch(ORGANIZATION) as signal:
        await asyncio.wait_for(signal.wait(), BOUND)
        begin = await world.feed.position()
        world.faults = 2
        unit = await world.put()
        while world.faults:
            signal.clear()
            await asyncio.wait_for(signal.wait(), BOUND)
        assert [each.execution_id for each in await follow(world, signal, begin, 1)] == [unit.execution_id]


async def test_a_batch_that_cannot_be_read_does_not_block_the_others(world: World) -> None:
    with world.feed.watch(ORGANIZATION) as signal:
        begin = await world.feed.position()
        damaged = world.samples.first()
        await world.store.journal.commit(damaged)
        sound = await world.put()
        found = await follow(world, signal, begin, 2)
        assert [(each.execution_id, len(each.events)) for each in found] == [
            (damaged.execution_id, 0),
            (sound.execution_id, 1),
        ]


async def test_the_store_is_not_read_without_watchers(world: World) -> None:
    with world.feed.watch(ORGANIZATION):
        assert world.feed.is_reading
    async with asyncio.timeout(BOUND):
        while world.feed.is_reading:  # noqa: ASYNC110 - nothing is notified when the last read ends
            await asyncio.sleep(0)
    reads = world.reads
    await world.put()
    assert world.reads == reads
    assert not world.feed.keeps(await world.feed.position())


async def test_more_watchers_than_the_limit_are_refused_until_one_leaves(world: World) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(ExitStack()) for _ in range(3)]
        for each in held:
            each.enter_context(world.feed.watch(ORGANIZATION))
        with pytest.raises(TooManyStreams), world.feed.watch(ORGANIZATION):
            pass
        held[0].close()
        with world.feed.watch(ORGANIZATION):
            pass
