"""The watch of systems: how much it does at a tick, when a system goes down for which many executions have calls."""

from datetime import timedelta
from itertools import pairwise

from contract.engine.steps.outages import calling, guarded
from kit.driver import Driver
from looply.engine.effects.outages import FAILURES_IN_A_ROW
from looply.engine.upkeep.target_watch import PARKED_AT_A_TICK, TICK_SECONDS
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
