"""Small promises of the shell that no story of the contract shows alone."""

import asyncio
from datetime import timedelta

import pytest

from kit.definitions import asking, calling, computing, counting, delaying, every
from kit.driver import Driver, start_of
from looply.errors import EngineError, Overloaded, QuotaReached, ShuttingDown, StoreCorrupt, StoreLost
from looply.execution.facts.commands import Continue, Done, EffectFailed, FireTimer, Released
from looply.limits import Limits
from looply.testing.world import HANG


async def test_a_stopped_shell_takes_nothing_new(engine: Driver) -> None:
    execution_id = await engine.trigger(asking())
    await engine.shell.close(timedelta(0))
    for action in (engine.trigger(asking()), engine.resume(execution_id), engine.put_schedule(every())):
        with pytest.raises(ShuttingDown):
            await action
    assert not engine.shell.health().is_ready
    assert engine.shell.health().reason == "the server is stopping"
    await engine.open()
    assert engine.shell.health().is_ready


async def test_the_store_is_closed_also_when_the_stop_of_a_part_is_cut(engine: Driver) -> None:
    engine.world.script("call_1", HANG)
    await engine.trigger(calling())
    await engine.settle()
    closing = engine.call(engine.shell.close(timedelta(seconds=25)))
    await engine.settle()
    assert not engine.store.inner.data.is_clean
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert engine.store.inner.data.is_clean
    await engine.crash()


async def test_commands_that_wait_together_are_one_unit(engine: Driver) -> None:
    execution_id = await engine.trigger(asking())
    before = len(engine.faults.units)
    await engine.together(*(engine.resume(execution_id, {"n": n}) for n in range(20)))
    assert len(engine.faults.units) == before + 1


async def test_commands_that_have_taken_the_time_of_a_stretch_leave_the_others_to_the_next_unit(engine: Driver) -> None:
    engine.limits = Limits(stretch_time=timedelta(0))
    await engine.restart()
    execution_id = await engine.trigger(asking())
    before = len(engine.faults.units)
    late = EffectFailed(at=engine.clock.now(), address="call_1:1", attempt=1, code="TIMEOUT", message="too late")
    replies = await engine.together(*(engine.shell.submit(execution_id, late) for _ in range(3)))
    assert replies == [Done(is_late=True)] * 3
    assert len(engine.faults.units) == before + 3


async def test_a_command_that_moves_nothing_costs_no_unit(engine: Driver) -> None:
    execution_id = await engine.trigger(delaying())
    before = len(engine.faults.units)
    assert await engine.shell.submit(execution_id, Continue(at=engine.clock.now())) == Done(is_late=True)
    assert await engine.shell.submit(execution_id, FireTimer(at=engine.clock.now(), timer=99)) == Done(is_late=True)
    assert len(engine.faults.units) == before


async def test_a_caller_that_goes_away_takes_nothing_from_the_others(engine: Driver) -> None:
    execution_id = await engine.trigger(asking())
    engine.faults.hold()
    first = engine.call(engine.resume(execution_id, {"n": 1}))
    await engine.faults.holding(1)
    second = engine.call(engine.resume(execution_id, {"n": 2}))
    await engine.settle()
    first.cancel()
    engine.faults.let_go()
    assert type(await second).__name__ == "AlreadyReleased"
    assert await engine.status(execution_id) == "COMPLETED"


async def test_too_many_triggers_at_once_are_refused_and_nothing_of_them_is_done(engine: Driver) -> None:
    engine.faults.hold()
    calls = [engine.call(engine.trigger(computing(), {"n": n})) for n in range(4096)]
    await engine.settle()
    with pytest.raises(Overloaded) as caught:
        await engine.trigger(computing())
    assert caught.value.retry_after > timedelta(0)
    for trigger in calls:
        trigger.cancel()
    engine.is_planted = True
    await engine.crash()


async def test_a_lost_store_says_so_in_its_health(engine: Driver) -> None:
    engine.faults.break_fsync(is_stored=False)
    with pytest.raises(StoreLost):
        await engine.trigger(asking())
    health = engine.shell.health()
    assert not health.is_ready
    assert "flush" in health.reason


async def test_a_slot_is_released_when_its_unit_is_not_stored(engine: Driver) -> None:
    engine.per_queue = 1
    await engine.restart()
    engine.faults.is_full = True
    for _ in range(3):
        with pytest.raises(EngineError):
            await engine.trigger(calling())
    engine.faults.is_full = False
    await engine.trigger(calling())
    await engine.settle()
    assert len(engine.world.calls) == 1
    rows = [row for unit in engine.faults.units for row in unit.work.put.effects]
    assert [row.state for row in rows] == ["RUNNING"]


async def test_the_second_effect_of_a_busy_target_is_stored_as_queued(engine: Driver) -> None:
    engine.per_queue = 1
    await engine.restart()
    engine.world.script("call_1", HANG)
    for _ in range(2):
        await engine.trigger(calling())
    rows = [row for unit in engine.faults.units for row in unit.work.put.effects]
    assert [(row.state, row.epoch == engine.boot.epoch) for row in rows] == [("RUNNING", True), ("QUEUED", False)]
    await engine.settle()
    engine.world.open_calls()[0].release()
    await engine.settle()


async def test_a_definition_is_stored_once_and_found_after_a_restart(engine: Driver) -> None:
    for _ in range(3):
        await engine.trigger(asking())
    assert sum(unit.definition is not None for unit in engine.faults.units) == 1
    await engine.restart()
    execution_id = await engine.trigger(asking())
    assert sum(unit.definition is not None for unit in engine.faults.units) == 1
    await engine.restart()
    assert (await engine.shell.executions.get(execution_id)).workflow.hash == asking().hash
    assert (await engine.shell.executions.workflow(asking().hash.hex())).name == "Story"
    with pytest.raises(StoreCorrupt):
        await engine.shell.executions.workflow("00" * 32)


async def test_a_definition_can_be_stored_before_its_first_execution(engine: Driver) -> None:
    await engine.shell.put_definition(asking(), "01900000-0000-7000-8000-0000000000cc", 1)
    await engine.restart()
    assert (await engine.shell.executions.workflow(asking().hash.hex())).waiting_steps == ("wait_1",)


async def test_a_start_inside_a_cut_execution_does_not_wait_for_its_end(engine: Driver) -> None:
    long = engine.call(engine.shell.start(start_of(counting(400))))
    quick = await engine.trigger(asking())
    assert await engine.resume(quick) == Released()
    assert await engine.status((await long).execution_id) in ("RUNNING", "COMPLETED")
    await engine.settle()


async def test_closing_twice_is_harmless(engine: Driver) -> None:
    await engine.stop()
    await asyncio.wait_for(engine.shell.close(timedelta(0)), 1)
    await engine.open()


async def test_an_organization_triggers_so_many_executions_in_a_minute_and_others_are_not_concerned(
    engine: Driver,
) -> None:
    engine.limits = Limits(triggers_per_minute=2)
    await engine.restart()
    for n in range(2):
        await engine.trigger(computing(), {"n": n})
    with pytest.raises(QuotaReached) as caught:
        await engine.trigger(computing())
    assert (caught.value.code, caught.value.retry_after) == ("QUOTA", timedelta(seconds=30))
    assert "the limit triggers_per_minute is 2" in caught.value.message
    await engine.trigger(computing(), organization_id="umbrella")
    await engine.advance(timedelta(seconds=30))
    await engine.trigger(computing())
