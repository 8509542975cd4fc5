"""What keeps executions that start executions within bounds."""

from datetime import timedelta

import pytest

from contract.engine.steps.children import CALLEE, calling_child, caught, child_of, note_only
from kit.definitions import asking
from kit.driver import Driver
from looply.errors import NotFound
from looply.execution.commands import Terminated
from looply.execution.events import StepFailed
from looply.limits import Limits


class ChildBoundStories:
    """An organization starts so many in a minute, and a terminated execution none that would outlive it."""

    async def test_steps_of_one_organization_start_so_many_executions_in_a_minute(self, engine: Driver) -> None:
        engine.limits = Limits(child_starts=3)
        await engine.restart()
        engine.callees.put(CALLEE, note_only())
        parents = [await engine.started(caught(wait=False), {"po": n}) for n in range(5)]
        other = await engine.started(caught(wait=False), {"po": 9}, organization_id="umbrella")
        await engine.deliver()
        failures = [event for parent in parents for event in await engine.events(parent, StepFailed)]
        assert [event.code for event in failures] == ["CHILD_RATE"] * 2
        assert "the limit child_starts is 3" in failures[0].message
        assert await engine.events(other, StepFailed) == []
        await engine.advance(timedelta(minutes=1))
        later = await engine.started(caught(wait=False), {"po": 10})
        await engine.deliver()
        assert await engine.events(later, StepFailed) == []

    async def test_a_terminated_execution_starts_nothing_that_was_not_started_before(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.started(calling_child(wait=False))
        child = await child_of(engine, parent)
        assert await engine.terminate(parent) == Terminated()
        await engine.deliver()
        with pytest.raises(NotFound):
            await engine.state(child)
