"""The line of offers before Temporal: bounded, in order, and silent but at the ends of an outage."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
import structlog

from looply.engine.temporal.outbox import OfferRefused, Outbox, TemporalUnavailable
from looply.engine.temporal.references import Reference
from looply.errors import StoreUnreachable
from looply.testing.clock import fake_loop

DRAIN = timedelta(seconds=60)


def reference(seq: int) -> Reference:
    return Reference(seq=seq, queue="looply-http", lane="a")


class FakeTemporal:
    """Takes offers, or is away, as the test says."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[int]]] = []
        self.is_unavailable = False
        self.refuses: set[str] = set()
        self.moved = asyncio.Event()

    async def has_taken(self, count: int) -> None:
        """Returns when the offers of so many executions were taken."""
        while len(self.taken) < count:
            self.moved.clear()
            await self.moved.wait()

    async def send(self, execution_id: str, references: Sequence[Reference]) -> None:
        if self.is_unavailable:
            raise TemporalUnavailable("no server listens")
        if execution_id in self.refuses:
            raise OfferRefused("too many signals")
        self.taken.append((execution_id, [each.seq for each in references]))
        self.moved.set()


async def test_offers_of_one_execution_that_wait_leave_together() -> None:
    temporal = FakeTemporal()
    outbox = Outbox(temporal.send)
    for seq in (2, 3, 2):
        outbox.put("one", [reference(seq)])
    outbox.put("two", [reference(5)])
    outbox.start()
    await outbox.stop(DRAIN)
    assert sorted(temporal.taken) == [("one", [2, 3]), ("two", [5])]


async def test_so_many_are_held_while_temporal_is_down_and_two_events_are_logged() -> None:
    temporal = FakeTemporal()
    temporal.is_unavailable = True
    outbox = Outbox(temporal.send, capacity=3)
    with structlog.testing.capture_logs() as lines:
        outbox.start()
        for seq in range(5):
            outbox.put(f"execution-{seq}", [reference(seq)])
        # It ends at once, because Temporal turns out to be away.
        await outbox.wait_until_sent(DRAIN)
        assert (outbox.is_unavailable, outbox.dropped) == (True, 2)
        temporal.is_unavailable = False
        await fake_loop().quiet()
        fake_loop().clock.advance(timedelta(seconds=1))
        await temporal.has_taken(3)
        await outbox.stop(DRAIN)
    assert sorted(execution_id for execution_id, _ in temporal.taken) == [f"execution-{n}" for n in range(3)]
    assert [(line["event"], line.get("dropped")) for line in lines] == [("temporal_away", None), ("temporal_back", 2)]


async def test_an_offer_that_is_refused_holds_up_no_other_one() -> None:
    temporal = FakeTemporal()
    temporal.refuses.add("one")
    outbox = Outbox(temporal.send)
    outbox.put("one", [reference(2)])
    outbox.put("two", [reference(2)])
    outbox.start()
    await outbox.stop(DRAIN)
    assert temporal.taken == [("two", [2])]
    assert not outbox.is_unavailable


async def test_offers_that_fail_in_an_unexpected_way_end_no_sender() -> None:
    temporal = FakeTemporal()
    count = 50

    async def send(execution_id: str, references: Sequence[Reference]) -> None:
        if execution_id != "good":
            raise StoreUnreachable("no connection to the database")
        await temporal.send(execution_id, references)

    outbox = Outbox(send)
    for n in range(count):
        outbox.put(f"bad-{n}", [reference(2)])
    outbox.put("good", [reference(2)])
    with structlog.testing.capture_logs() as lines:
        outbox.start()
        await fake_loop().quiet()
        assert temporal.taken == [("good", [2])]
        await outbox.stop(DRAIN)
    assert [line["event"] for line in lines] == ["offer_failed"] * count
    assert not outbox.is_unavailable


async def test_a_defect_ends_the_sender_that_met_it_and_another_one_takes_its_place() -> None:
    temporal = FakeTemporal()
    count = 50

    async def send(execution_id: str, references: Sequence[Reference]) -> None:
        if execution_id != "good":
            raise ValueError("a defect")
        await temporal.send(execution_id, references)

    outbox = Outbox(send)
    for n in range(count):
        outbox.put(f"bad-{n}", [reference(2)])
    outbox.put("good", [reference(2)])
    with structlog.testing.capture_logs() as lines:
        outbox.start()
        await asyncio.wait_for(temporal.has_taken(1), 60)
        await outbox.stop(DRAIN)
    assert temporal.taken == [("good", [2])]
    assert [line["event"] for line in lines] == ["outbox_sender_broke"] * count


async def test_a_stop_does_not_wait_for_a_temporal_that_is_away() -> None:
    temporal = FakeTemporal()
    temporal.is_unavailable = True
    outbox = Outbox(temporal.send)
    outbox.put("one", [reference(2)])
    outbox.start()
    await asyncio.wait_for(outbox.stop(timedelta(days=1)), 60)
    assert temporal.taken == []


@pytest.mark.parametrize("times", [1, 2])
async def test_after_the_stop_nothing_is_taken(times: int) -> None:
    temporal = FakeTemporal()
    outbox = Outbox(temporal.send)
    outbox.start()
    for _ in range(times):
        await outbox.stop(DRAIN)
    outbox.put("one", [reference(2)])
    assert temporal.taken == []
