"""`max_concurrency`: so many executions of a workflow run at once, the others are queued, first come, first served."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from kit.definitions import asking, call, chain, note, wait
from kit.driver import Driver
from looply.definition import START, Workflow
from looply.execution.facts.commands import Released, Terminated
from looply.execution.facts.events import Admitted, Queued, Resumed, StepScheduled
from looply.testing.world import HANG, Answer

WORKFLOW = "01900000-0000-7000-8000-0000000000d1"


def limited(most: int, **settings: Any) -> Workflow:
    """Returns a workflow that waits once, and of which so many executions may run at once."""
    return chain(wait(), note(), max_concurrency=most, **settings)


async def started(engine: Driver, workflow: Workflow, count: int, **fields: Any) -> list[str]:
    """Starts executions one after the other, at instants of their own, and lets those begin that may."""
    found = []
    for _ in range(count):
        found.append(await engine.trigger(workflow, workflow_id=WORKFLOW, **fields))
        engine.clock.advance(timedelta(milliseconds=1))
    await engine.deliver()
    return found


async def begun(engine: Driver, ids: Sequence[str]) -> list[bool]:
    """Returns for each execution whether it was admitted."""
    return [bool(await engine.events(execution_id, Admitted)) for execution_id in ids]


class ConcurrencyStories:
    """Which execution goes first, which are queued, and what releases a slot."""

    async def test_executions_over_max_concurrency_are_queued_and_listed(self, engine: Driver) -> None:
        ids = await started(engine, limited(2), 5)
        assert await begun(engine, ids) == [True, True, False, False, False]
        assert [await engine.status(each) for each in ids] == ["WAITING"] * 2 + ["RUNNING"] * 3
        last = await engine.state(ids[-1])
        assert (last.current_state, last.is_queued) == (START, True)
        assert [event.max_concurrency for event in await engine.events(ids[-1], Queued)] == [2]

    async def test_an_execution_that_ends_lets_the_first_queued_one_begin(self, engine: Driver) -> None:
        ids = await started(engine, limited(1), 4)
        for number, execution_id in enumerate(ids):
            assert await begun(engine, ids) == [other <= number for other in range(4)]
            assert await engine.resume(execution_id) == Released()
            await engine.deliver()
        assert {await engine.status(each) for each in ids} == {"COMPLETED"}

    async def test_those_that_only_compute_have_their_turns_one_after_the_other(self, engine: Driver) -> None:
        ids = await started(engine, chain(note(), max_concurrency=1), 12)
        assert {await engine.status(each) for each in ids} == {"COMPLETED"}
        turns = [(await engine.events(each, Admitted))[0].at for each in ids]
        assert turns == sorted(turns)

    async def test_executions_at_one_instant_have_one_order(self, engine: Driver) -> None:
        workflow = limited(1)
        replies = await engine.together(*(engine.start(workflow, {"n": n}, workflow_id=WORKFLOW) for n in range(8)))
        ids = sorted(each.execution_id for each in replies)
        for execution_id in ids:
            await engine.deliver()
            assert await engine.resume(execution_id) == Released()
        await engine.deliver()
        assert {await engine.status(each) for each in ids} == {"COMPLETED"}
        for each in ids:
            (resumed,) = await engine.events(each, Resumed)
            assert resumed.via == "API"

    async def test_an_incident_gives_the_slot_back(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500), HANG)
        ids = await started(engine, chain(call(fail_on=["5xx"]), max_concurrency=1), 2)
        await engine.deliver()
        assert [await engine.status(each) for each in ids] == ["FAILED", "RUNNING"]
        assert (await engine.state(ids[0])).slot is None
        assert await begun(engine, ids) == [True, True]
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert await engine.status(ids[1]) == "COMPLETED"

    async def test_a_terminate_takes_an_execution_out_of_the_queue(self, engine: Driver) -> None:
        ids = await started(engine, limited(1), 3)
        assert await engine.terminate(ids[1]) == Terminated()
        await engine.resume(ids[0])
        await engine.deliver()
        assert await begun(engine, ids) == [True, False, True]
        assert [await engine.status(each) for each in ids] == ["COMPLETED", "TERMINATED", "WAITING"]

    async def test_a_terminate_of_one_that_has_a_slot_lets_the_next_one_begin(self, engine: Driver) -> None:
        ids = await started(engine, limited(1), 2)
        await engine.terminate(ids[0])
        await engine.deliver()
        assert await begun(engine, ids) == [True, True]

    async def test_the_time_limit_of_an_execution_counts_while_queued_too(self, engine: Driver) -> None:
        ids = await started(engine, limited(1, timeout="PT1H"), 2)
        await engine.resume(ids[0])
        blocked = await started(engine, limited(1, timeout="PT1H"), 1)
        assert await begun(engine, blocked) == [False]
        await engine.advance(timedelta(hours=1, minutes=1))
        assert [await engine.status(each) for each in (*ids, *blocked)] == ["COMPLETED", "FAILED", "FAILED"]

    async def test_a_resume_that_comes_while_queued_is_kept_for_the_wait(self, engine: Driver) -> None:
        ids = await started(engine, limited(1), 2)
        assert await engine.resume(ids[1], {"early": True}) == Released(buffered=True)
        await engine.resume(ids[0])
        await engine.deliver()
        assert await engine.status(ids[1]) == "COMPLETED"

    async def test_a_workflow_has_a_queue_of_its_own(self, engine: Driver) -> None:
        ids = await started(engine, limited(1), 2)
        other = await engine.trigger(limited(1))
        free = await engine.trigger(asking(), workflow_id=WORKFLOW)
        await engine.deliver()
        assert await begun(engine, [*ids, other]) == [True, False, True]
        assert await engine.status(free) == "WAITING"

    async def test_an_execution_goes_by_the_number_of_its_own_version(self, engine: Driver) -> None:
        first = await started(engine, limited(1), 2)
        second = await started(engine, limited(3), 2, workflow_version=2)
        assert await begun(engine, [*first, *second]) == [True, False, False, False]
        await engine.resume(first[0])
        await engine.deliver()
        assert await begun(engine, [*first, *second]) == [True, True, True, True]

    async def test_a_call_is_not_made_before_its_execution_has_a_slot(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        ids = await started(engine, chain(call(), max_concurrency=1), 3)
        await engine.settle()
        assert len(engine.world.calls) == 1
        engine.world.calls[0].release()
        await engine.deliver()
        assert len(engine.world.calls) == 2
        assert [len(await engine.events(each, StepScheduled)) for each in ids] == [1, 1, 0]


class ConcurrencyCrashStories:
    """A line outlives every process, and is exact."""

    async def test_a_queue_is_as_it_was_after_a_crash(self, engine: Driver) -> None:
        ids = await started(engine, limited(2), 5)
        await engine.crash()
        await engine.deliver()
        assert await begun(engine, ids) == [True, True, False, False, False]
        await engine.resume(ids[1])
        await engine.crash()
        await engine.deliver()
        assert await begun(engine, ids) == [True, True, True, False, False]

    @pytest.mark.parametrize("units", range(1, 7))
    async def test_a_crash_between_any_two_units_gives_no_slot_away_and_none_twice(
        self, engine: Driver, units: int
    ) -> None:
        workflow = limited(2)
        ids = [await engine.trigger(workflow, {"n": n}, workflow_id=WORKFLOW) for n in range(5)]
        engine.faults.die_after(units)
        ticking = engine.call(engine.pump.tick())
        await engine.settle()
        await engine.crash()
        await engine.together(_result_of(ticking))
        await engine.deliver()
        assert await begun(engine, sorted(ids)) == [True, True, False, False, False]
        for execution_id in sorted(ids):
            assert await engine.resume(execution_id) == Released()
            await engine.deliver()
        assert {await engine.status(each) for each in ids} == {"COMPLETED"}

    async def test_two_pumps_at_once_give_each_slot_once(self, engine: Driver) -> None:
        workflow = limited(2)
        for n in range(6):
            await engine.trigger(workflow, {"n": n}, workflow_id=WORKFLOW)
        await engine.together(*(engine.pump.tick() for _ in range(4)))
        await engine.settle()
        items = await engine.newest(workflow_ids=(WORKFLOW,))
        held = [(await engine.state(item.head.execution_id)).is_queued for item in items]
        assert sorted(held) == [False, False, True, True, True, True]


async def _result_of(ticking: "Any") -> None:
    """Awaits a task of the process that has ended."""
    await ticking
