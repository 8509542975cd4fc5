"""The watch of systems: how much it does at a tick, when a system goes down for which many executions have calls."""

from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

from contract.engine.steps.outages import SHOP, TICK, calling, guarded
from kit.driver import ORGANIZATION, Driver, watch_targets
from looply.engine.effects.outages import FAILURES_IN_A_ROW
from looply.engine.ports.lists import Execution
from looply.engine.records.targets import Maintenance
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.target_watch import PARKED_AT_A_TICK, TICK_SECONDS, TargetWatch
from looply.errors import Unavailable
from looply.execution.facts.events import StepParked

MANY = 45


async def parked(engine: Driver, ids: list[str]) -> int:
    """Returns how many executions have recorded that they wait for the system."""
    return sum([len(await engine.events(each, StepParked)) for each in ids])


async def test_many_executions_that_begin_to_wait_record_it_a_few_at_a_tick_and_the_ticks_are_short(
    engine: Driver,
) -> None:
    await guarded(engine)
    engine.world.always("call_1", Unavailable("refused"))
    await engine.trigger(calling(), {"po": 0})
    await engine.advance(timedelta(seconds=20))
    ids = [await engine.trigger(calling(), {"po": n}) for n in range(MANY)]
    await engine.settle()
    assert await engine.target_watch.round() == 1.0
    before = await parked(engine, ids)
    engine.clock.advance(timedelta(seconds=1))
    counts, pauses = [before], list[float]()
    while not pauses or pauses[-1] == TICK_SECONDS:
        pauses.append(await engine.target_watch.round())
        counts.append(await parked(engine, ids))
        engine.clock.advance(timedelta(seconds=TICK_SECONDS))
    assert len(pauses) == MANY // PARKED_AT_A_TICK + 1
    assert max(after - former for former, after in pairwise(counts)) == PARKED_AT_A_TICK
    # Those by whose failures the system was found down wait for their own second attempt.
    assert counts[-1] > MANY - FAILURES_IN_A_ROW


async def paused(engine: Driver) -> None:
    """Lets the shop be in maintenance for an hour."""
    now = engine.clock.now()
    await engine.shell.targets.pause(ORGANIZATION, SHOP, Maintenance(begins_on=now, until=now + timedelta(hours=1)))


class NotedShell:
    """A shell that notes which executions are read through it."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.reads: list[str] = []

    @property
    def executions(self) -> "NotedShell":
        return self

    async def get(self, execution_id: str) -> Execution:
        self.reads.append(execution_id)
        return await self._shell.executions.get(execution_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shell, name)


def note_reads(engine: Driver) -> list[str]:
    """Returns the list to which the ids of the executions are added that the watch of systems reads from now on."""
    shell = NotedShell(engine.shell)
    engine.target_watch = TargetWatch(cast("Shell", shell), engine.store, engine.clock)
    return shell.reads


async def test_what_could_not_be_recorded_for_want_of_space_is_recorded_later(engine: Driver) -> None:
    await paused(engine)
    ids = [await engine.trigger(calling(park="PT1M"), {"po": n}) for n in range(3)]
    await engine.settle()
    reads = note_reads(engine)
    engine.faults.is_full = True
    await watch_targets(engine, timedelta(seconds=9), TICK)
    # It is not tried again at each tick.
    assert (await parked(engine, ids), len(reads)) == (0, 3)
    engine.faults.is_full = False
    await watch_targets(engine, timedelta(seconds=5), TICK)
    assert (await parked(engine, ids), len(reads)) == (3, 6)


async def test_effects_that_are_known_to_wait_are_not_read_again(engine: Driver) -> None:
    await paused(engine)
    ids = [await engine.trigger(calling(), {"po": n}) for n in range(MANY)]
    reads = note_reads(engine)
    await watch_targets(engine, timedelta(seconds=4), timedelta(milliseconds=100))
    assert (await parked(engine, ids), sorted(reads)) == (MANY, sorted(ids))
    await watch_targets(engine, timedelta(minutes=2), timedelta(seconds=1))
    await engine.shell.targets.drain(ORGANIZATION, SHOP, 0.1)
    await watch_targets(engine, timedelta(seconds=30), timedelta(seconds=1))
    assert len(reads) == MANY


async def test_an_effect_that_waits_for_its_turn_in_a_drain_records_it_when_that_takes_long(engine: Driver) -> None:
    await paused(engine)
    await engine.shell.targets.drain(ORGANIZATION, SHOP, 0.1)
    ids = [await engine.trigger(calling(), {"po": n}) for n in range(4)]
    await watch_targets(engine, timedelta(seconds=9), TICK)
    assert await parked(engine, ids) == 0
    await watch_targets(engine, timedelta(seconds=4), TICK)
    assert await parked(engine, ids) == 2
    waiting = [event for each in ids for event in await engine.events(each, StepParked)]
    assert all(event.reason.startswith("called again since ") for event in waiting)
