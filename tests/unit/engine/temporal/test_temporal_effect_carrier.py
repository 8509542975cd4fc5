"""What a worker does with an effect: carries it out once, in turn, and collects what follows from it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from looply.engine.ports.dispatch import EffectRef
from looply.engine.temporal.effect_carrier import (
    LONGEST,
    MOST_LINKS,
    WAITING_FACTOR,
    Carrier,
    OrganizationAtCapacity,
    WorkerStopping,
)
from looply.engine.temporal.references import Reference
from looply.engine.temporal.settings import Serving
from looply.testing.clock import FakeClock

A_EFFECT = Reference(2, "looply-http", "a")
B_EFFECT = Reference(3, "looply-http", "b")
NEXT = Reference(7, "looply-http", "a")
EXECUTION = "01900000-0000-7000-8000-000000000001"


class Carried:
    """A carrier whose effects end when the test lets them, and what became of them."""

    def __init__(self, *, per_target: int = 8) -> None:
        self.late: list[tuple[str, list[Reference]]] = []
        self.begun: list[int] = []
        self.were_running: list[int] = []
        self.clock = FakeClock()
        self.gates: dict[int, asyncio.Future[Callable[[], Awaitable[None]] | None]] = {}
        self.arrived = asyncio.Event()
        serving = Serving(connectors=("http",), concurrency=16, host_concurrency=per_target)
        self.carrier = Carrier(serving, self._late, self.clock)
        self.carrier.start(self._perform)

    def carry(self, reference: Reference) -> "asyncio.Task[Sequence[Reference]]":
        """Hands an effect to the carrier."""
        return asyncio.get_running_loop().create_task(self.carrier.carry(EXECUTION, reference, lambda: None))

    async def until_begun(self, *seqs: int) -> None:
        """Returns when these effects have begun."""
        while not set(seqs) <= set(self.begun):
            self.arrived.clear()
            await self.arrived.wait()

    def end(self, seq: int, last: Callable[[], Awaitable[None]] | None = None) -> None:
        """Lets an effect end, after what its outcome does."""
        self.gates[seq].set_result(last)

    async def _perform(self, effect: EffectRef, is_running: bool) -> None:
        self.begun.append(effect.seq)
        if is_running:
            self.were_running.append(effect.seq)
        self.gates[effect.seq] = asyncio.get_running_loop().create_future()
        self.arrived.set()
        last = await self.gates[effect.seq]
        if last is not None:
            # A unit is stored by a task that stems from the one that brought the outcome.
            await asyncio.get_running_loop().create_task(last())

    def _late(self, execution_id: str, references: Sequence[Reference]) -> None:
        self.late.append((execution_id, list(references)))


Taken = tuple[Callable[[], Awaitable[None]], list[bool]]


def offering(carried: Carried, *references: Reference) -> Callable[[], Awaitable[None]]:
    async def offer() -> None:
        for reference in references:
            assert carried.carrier.collect(EXECUTION, reference)

    return offer


async def test_one_organization_never_has_more_than_half_of_the_effects_that_may_wait_here() -> None:
    carried = Carried()
    crowd = [carried.carry(Reference(seq, "looply-http", "a", "umbrella")) for seq in range(16 * WAITING_FACTOR // 2)]
    await carried.until_begun(0)
    with pytest.raises(OrganizationAtCapacity):
        await carried.carry(Reference(999, "looply-http", "b", "umbrella"))
    other = carried.carry(Reference(1000, "looply-http", "a", "acme"))
    await carried.until_begun(1000)
    carried.end(1000)
    assert await other == []
    carried.end(0)
    await crowd[0]
    last = carried.carry(Reference(999, "looply-http", "b", "umbrella"))
    await asyncio.sleep(0)
    assert not last.done()
    await carried.carrier.stop(timedelta(0))
    await asyncio.gather(*crowd, last, return_exceptions=True)


def launching(carried: Carried, *references: Reference) -> Taken:
    """Returns what the unit of an outcome does: slots are taken, and once it is stored effects go where they belong."""
    taken: list[bool] = []

    async def publish() -> None:
        taken.extend(carried.carrier.reserve(reference) for reference in references)
        await asyncio.sleep(0)
        for reference, is_taken in zip(references, taken, strict=True):
            if is_taken:
                carried.carrier.launch(EXECUTION, reference)
            else:
                assert carried.carrier.collect(EXECUTION, reference)

    return publish, taken


async def test_what_follows_from_an_effect_is_returned_with_it() -> None:
    carried = Carried()
    task = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    carried.end(2, offering(carried, NEXT))
    assert list(await task) == [NEXT]
    assert carried.late == []


async def test_what_one_branch_brings_about_does_not_wait_for_the_other() -> None:
    carried = Carried()
    slow, quick = carried.carry(A_EFFECT), carried.carry(B_EFFECT)
    await carried.until_begun(2, 3)
    carried.end(3, offering(carried, NEXT))
    assert list(await quick) == [NEXT]
    assert not slow.done()
    carried.end(2)
    assert list(await slow) == []


async def test_an_offer_from_elsewhere_is_not_collected() -> None:
    carried = Carried()
    task = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    assert not carried.carrier.collect(EXECUTION, NEXT)
    carried.end(2)
    assert list(await task) == []


async def test_an_effect_of_another_execution_is_not_collected() -> None:
    carried = Carried()
    task = carried.carry(A_EFFECT)
    await carried.until_begun(2)

    async def offer() -> None:
        assert not carried.carrier.collect("another", NEXT)

    carried.end(2, offer)
    assert list(await task) == []


async def test_two_tries_of_one_effect_share_its_end() -> None:
    carried = Carried()
    first, second = carried.carry(A_EFFECT), carried.carry(A_EFFECT)
    await carried.until_begun(2)
    carried.end(2, offering(carried, NEXT))
    assert (list(await first), list(await second)) == ([NEXT], [NEXT])
    assert carried.begun == [2]


async def test_an_effect_continues_when_its_try_is_cancelled_and_what_follows_is_offered_late() -> None:
    carried = Carried()
    task = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    carried.end(2, offering(carried, NEXT))
    await carried.carrier.stop(timedelta(seconds=60))
    assert carried.late == [(EXECUTION, [NEXT])]


async def test_effects_of_one_target_take_turns_in_the_order_of_arrival() -> None:
    carried = Carried(per_target=1)
    tasks = [carried.carry(Reference(seq, "looply-http", "same")) for seq in (5, 4, 9)]
    other = carried.carry(B_EFFECT)
    await carried.until_begun(5, 3)
    assert sorted(carried.begun) == [3, 5]
    carried.end(5)
    await carried.until_begun(4)
    carried.end(4)
    await carried.until_begun(9)
    carried.end(9)
    carried.end(3)
    await asyncio.gather(*tasks, other)


async def test_a_carrier_that_leaves_releases_what_is_queued_and_ends_what_runs() -> None:
    carried = Carried(per_target=1)
    running = carried.carry(A_EFFECT)
    waiting = carried.carry(NEXT)
    await carried.until_begun(2)
    carried.carrier.leave()
    with pytest.raises(WorkerStopping):
        await waiting
    with pytest.raises(WorkerStopping):
        await carried.carry(B_EFFECT)
    carried.end(2)
    assert list(await running) == []
    assert carried.begun == [2]


async def test_what_does_not_end_within_the_drain_is_abandoned() -> None:
    carried = Carried()
    running = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    await carried.carrier.stop(timedelta(0))
    with pytest.raises(WorkerStopping):
        await running
    assert not carried.carrier.carries(EXECUTION, 2)


async def test_one_effect_that_follows_is_begun_at_once_as_one_that_runs() -> None:
    carried = Carried()
    first = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    publish, taken = launching(carried, NEXT)
    carried.end(2, publish)
    assert list(await first) == [NEXT]
    assert taken == [True]
    await carried.until_begun(7)
    assert carried.were_running == [7]
    # The chain continues by waiting for it.
    second = carried.carry(NEXT)
    await asyncio.sleep(0)
    carried.end(7)
    assert list(await second) == []
    assert (carried.begun, carried.late) == ([2, 7], [])


async def test_what_follows_from_an_effect_that_was_begun_at_once_is_offered_late_when_no_try_waits_for_it() -> None:
    carried = Carried()
    first = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    publish, _ = launching(carried, NEXT)
    carried.end(2, publish)
    await first
    await carried.until_begun(7)
    carried.end(7, offering(carried, B_EFFECT))
    await carried.carrier.stop(timedelta(seconds=60))
    assert carried.late == [(EXECUTION, [B_EFFECT])]


async def test_of_several_that_follow_one_is_begun_at_once() -> None:
    carried = Carried()
    first = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    publish, taken = launching(carried, NEXT, B_EFFECT)
    carried.end(2, publish)
    assert list(await first) == [NEXT, B_EFFECT]
    assert taken == [True, False]
    await carried.until_begun(7)
    carried.end(7)


async def test_a_slot_that_was_released_can_be_taken_again() -> None:
    carried = Carried(per_target=2)
    first = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    taken = []

    async def try_again() -> None:
        for _ in range(3):
            taken.append(carried.carrier.reserve(NEXT))
            carried.carrier.release(NEXT)

    carried.end(2, try_again)
    assert list(await first) == []
    assert taken == [True, True, True]
    await carried.carrier.stop(timedelta(seconds=60))


@pytest.mark.parametrize("hindrance", ["another queue", "a busy target", "leaving", "a long time"])
async def test_what_cannot_be_begun_here_now_is_queued(hindrance: str) -> None:
    carried = Carried(per_target=1 if hindrance == "a busy target" else 8)
    first = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    follower = Reference(7, "looply-sap", "a") if hindrance == "another queue" else NEXT
    if hindrance == "leaving":
        carried.carrier.leave()
    if hindrance == "a long time":
        carried.clock.advance(LONGEST)
    publish, taken = launching(carried, follower)
    carried.end(2, publish)
    assert list(await first) == [follower]
    assert (taken, carried.begun) == ([False], [2])


async def test_nothing_is_begun_at_once_that_follows_from_no_effect_here() -> None:
    assert not Carried().carrier.reserve(NEXT)


async def test_a_chain_that_is_long_goes_back_to_the_others() -> None:
    carried = Carried()
    task = carried.carry(Reference(1, "looply-http", "a"))
    all_taken = []
    for seq in range(1, MOST_LINKS + 1):
        await carried.until_begun(seq)
        publish, taken = launching(carried, Reference(seq + 1, "looply-http", "a"))
        carried.end(seq, publish)
        all_taken.append(taken)
    await task
    await carried.carrier.stop(timedelta(seconds=60))
    assert all_taken == [*[[True]] * (MOST_LINKS - 1), [False]]


async def test_one_that_was_begun_at_once_ends_though_its_process_leaves() -> None:
    carried = Carried()
    first = carried.carry(A_EFFECT)
    await carried.until_begun(2)

    async def leave_in_between() -> None:
        assert carried.carrier.reserve(NEXT)
        carried.carrier.leave()
        carried.carrier.launch(EXECUTION, NEXT)

    carried.end(2, leave_in_between)
    await first
    await carried.until_begun(7)
    stopping = asyncio.get_running_loop().create_task(carried.carrier.stop(timedelta(seconds=60)))
    await asyncio.sleep(0)
    assert not stopping.done()
    carried.end(7)
    await stopping
