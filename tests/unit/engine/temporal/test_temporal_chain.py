"""What one activity carries out: its effect, and what follows from it alone, as long as that is sensible."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from looply.engine.ports.dispatch import EffectRef
from looply.engine.temporal.chain import Chain
from looply.engine.temporal.effect_carrier import Carrier, WorkerStopping
from looply.engine.temporal.references import Reference
from looply.engine.temporal.settings import Serving
from looply.testing.clock import FakeClock

EXECUTION = "01900000-0000-7000-8000-000000000001"


def http(seq: int, lane: str = "a") -> Reference:
    return Reference(seq, "looply-http", lane)


class Scripted:
    """A carrier whose effects take no time but the clock's, and are followed by what the script says."""

    def __init__(self, script: Mapping[int, Sequence[Reference]], *, took: timedelta = timedelta(0)) -> None:
        self.clock = FakeClock()
        self.made: list[int] = []
        self.arrived: list[int] = []
        self.beats: list[int] = []
        self.late: list[int] = []
        self.leaving_at = 0
        self._script = script
        self._took = took
        self.carrier = Carrier(
            Serving(connectors=("http",), concurrency=16, host_concurrency=1), self._late, self.clock
        )
        self.carrier.start(self._perform)

    async def activity(self, first: Reference) -> list[int]:
        """Runs one activity; returns the numbers of what it leaves to the workflow."""
        chain = Chain(self.carrier, self.clock, lambda at: self.beats.append(at.seq))
        left = await chain.carry(EXECUTION, first, lambda _execution_id, seq: self.arrived.append(seq))
        return [each.seq for each in left]

    async def _perform(self, effect: EffectRef, _is_running: bool) -> None:
        self.made.append(effect.seq)
        self.clock.advance(self._took)
        for reference in self._script.get(effect.seq, ()):
            assert self.carrier.collect(EXECUTION, reference)
        if effect.seq == self.leaving_at:
            self.carrier.leave()

    def _late(self, _execution_id: str, references: Sequence[Reference]) -> None:
        self.late += [each.seq for each in references]


async def test_effects_that_follow_from_one_another_are_carried_out_in_one_activity() -> None:
    scripted = Scripted({2: [http(4)], 4: [http(6, "b")]})
    assert await scripted.activity(http(2)) == []
    assert scripted.made == scripted.arrived == [2, 4, 6]
    assert scripted.late == []


async def test_effects_that_may_run_beside_each_other_are_the_workflows_to_start() -> None:
    scripted = Scripted({2: [http(4)], 4: [http(6), http(7, "b")]})
    assert await scripted.activity(http(2)) == [6, 7]
    assert scripted.made == [2, 4]


async def test_an_effect_of_another_task_queue_is_the_workflows_to_start() -> None:
    scripted = Scripted({2: [Reference(4, "looply-sap", "a")]})
    assert await scripted.activity(http(2)) == [4]
    assert scripted.made == [2]


async def test_one_activity_carries_out_a_hundred_effects() -> None:
    scripted = Scripted({seq: [http(seq + 1)] for seq in range(1, 200)})
    assert await scripted.activity(http(1)) == [101]
    assert len(scripted.made) == 100


async def test_one_activity_begins_no_effect_after_a_minute_and_sends_heartbeats() -> None:
    scripted = Scripted({seq: [http(seq + 1)] for seq in range(1, 200)}, took=timedelta(seconds=4))
    assert await scripted.activity(http(1)) == [16]
    # After 8, 16, 24 ... seconds: twice as often as the library hands on.
    assert scripted.beats == [3, 5, 7, 9, 11, 13, 15]


async def test_who_leaves_in_the_middle_gives_the_next_effect_to_the_workflow() -> None:
    scripted = Scripted({2: [http(4)], 4: [http(6)]})
    scripted.leaving_at = 4
    assert await scripted.activity(http(2)) == [6]
    assert scripted.made == [2, 4]


async def test_who_leaves_while_the_next_effect_waits_for_its_turn_gives_it_to_the_workflow() -> None:
    begun, released = asyncio.Event(), asyncio.Event()
    carrier = Carrier(Serving(connectors=("http",), concurrency=16, host_concurrency=1), lambda *_: None, FakeClock())

    async def perform(effect: EffectRef, _is_running: bool) -> None:
        if effect.seq == 2:
            # Another execution takes the one slot of the target before the next effect comes to it.
            others.append(asyncio.ensure_future(carrier.carry("another", http(9), lambda: None)))
            await asyncio.sleep(0)
            assert carrier.collect(EXECUTION, http(4))
        else:
            begun.set()
            await released.wait()

    others: list[asyncio.Future[Sequence[Reference]]] = []
    waiting = asyncio.Event()
    carrier.start(perform)
    chain = Chain(carrier, FakeClock(), lambda _at: None)
    activity = asyncio.ensure_future(
        chain.carry(EXECUTION, http(2), lambda _execution_id, seq: waiting.set() if seq == 4 else None)
    )
    await begun.wait()
    await waiting.wait()
    await asyncio.sleep(0)
    assert carrier.carries(EXECUTION, 4)
    carrier.leave()
    assert [each.seq for each in await activity] == [4]
    released.set()
    await asyncio.gather(*others)


async def test_who_leaves_before_the_first_effect_gives_the_activity_back() -> None:
    scripted = Scripted({})
    scripted.carrier.leave()
    with pytest.raises(WorkerStopping):
        await scripted.activity(http(2))
    assert scripted.made == []


async def test_two_tries_of_one_activity_share_what_follows() -> None:
    scripted = Scripted({2: [http(4)], 4: [http(6), http(7)]})
    both = await asyncio.gather(scripted.activity(http(2)), scripted.activity(http(2)))
    assert both == [[6, 7], [6, 7]]
    assert scripted.made == [2, 4]
