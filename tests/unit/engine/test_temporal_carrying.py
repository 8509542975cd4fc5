"""What a worker does with an effect: carries it out once, in turn, and collects what follows from it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from looply.engine.dispatch import EffectRef
from looply.engine.temporal.carrying import Carrier, GivenBack
from looply.engine.temporal.references import Reference
from looply.engine.temporal.settings import Serving

A_EFFECT = Reference(2, "looply-http", "a")
B_EFFECT = Reference(3, "looply-http", "b")
NEXT = Reference(7, "looply-http", "a")
EXECUTION = "01900000-0000-7000-8000-000000000001"


class Carried:
    """A carrier whose effects end when the test lets them, and what became of them."""

    def __init__(self, *, per_target: int = 8) -> None:
        self.late: list[tuple[str, list[Reference]]] = []
        self.begun: list[int] = []
        self.gates: dict[int, asyncio.Future[Callable[[], Awaitable[None]] | None]] = {}
        self.arrived = asyncio.Event()
        serving = Serving(connectors=("http",), concurrency=16, host_concurrency=per_target)
        self.carrier = Carrier(serving, self._late)
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
        assert not is_running
        self.begun.append(effect.seq)
        self.gates[effect.seq] = asyncio.get_running_loop().create_future()
        self.arrived.set()
        last = await self.gates[effect.seq]
        if last is not None:
            # A unit is stored by a task that stems from the one that brought the outcome.
            await asyncio.get_running_loop().create_task(last())

    def _late(self, execution_id: str, references: Sequence[Reference]) -> None:
        self.late.append((execution_id, list(references)))


def offering(carried: Carried, *references: Reference) -> Callable[[], Awaitable[None]]:
    async def offer() -> None:
        for reference in references:
            assert carried.carrier.collect(EXECUTION, reference)

    return offer


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


async def test_an_effect_goes_on_when_its_try_is_given_up_and_what_follows_is_told_late() -> None:
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


async def test_who_leaves_gives_back_what_is_in_line_and_ends_what_runs() -> None:
    carried = Carried(per_target=1)
    running = carried.carry(A_EFFECT)
    waiting = carried.carry(NEXT)
    await carried.until_begun(2)
    carried.carrier.leave()
    with pytest.raises(GivenBack):
        await waiting
    with pytest.raises(GivenBack):
        await carried.carry(B_EFFECT)
    carried.end(2)
    assert list(await running) == []
    assert carried.begun == [2]


async def test_what_does_not_end_within_the_drain_is_abandoned() -> None:
    carried = Carried()
    running = carried.carry(A_EFFECT)
    await carried.until_begun(2)
    await carried.carrier.stop(timedelta(0))
    with pytest.raises(GivenBack):
        await running
    assert not carried.carrier.carries(EXECUTION, 2)
