"""What keeps executions that start executions within bounds."""

from datetime import timedelta

import pytest

from contract.engine.steps.children import CALLEE, calling_child, caught, child_of, note_only, sub
from kit.definitions import asking, chain, note
from kit.driver import ORGANIZATION, Driver
from looply.engine.ports.lists import Filter
from looply.errors import NotFound
from looply.execution.facts.commands import Terminated
from looply.execution.facts.events import StepFailed
from looply.limits import Limits


async def limited(engine: Driver, *, child_starts: int) -> None:
    """Opens the engine again with another limit, and a callee."""
    engine.limits = Limits(child_starts_per_minute=child_starts)
    await engine.restart()
    engine.callees.put(CALLEE, note_only())


async def children(engine: Driver, organization_id: str = ORGANIZATION) -> int:
    """Returns how many executions of the callee there are."""
    page = await engine.shell.executions.list(organization_id, Filter(), "", 1000)
    return sum(item.head.workflow_id == CALLEE for item in page.items)


class ChildBoundStories:
    """An organization starts so many in a minute, and a terminated execution none that would outlive it."""

    async def test_steps_of_one_organization_start_so_many_executions_in_a_minute(self, engine: Driver) -> None:
        await limited(engine, child_starts=3)
        parents = [await engine.trigger(caught(wait=False), {"po": n}) for n in range(5)]
        await engine.trigger(caught(wait=False), {"po": 9}, organization_id="umbrella")
        await engine.deliver()
        assert await children(engine) == 3
        assert await children(engine, "umbrella") == 1
        for expected in (4, 5, 5):
            await engine.advance(timedelta(seconds=20))
            await engine.deliver()
            assert await children(engine) == expected
        assert [await engine.events(parent, StepFailed) for parent in parents] == [[]] * 5

    async def test_a_start_that_would_be_later_than_the_next_minute_is_refused(self, engine: Driver) -> None:
        await limited(engine, child_starts=3)
        parents = [await engine.trigger(caught(wait=False), {"po": n}) for n in range(8)]
        await engine.deliver()
        failures = [event for parent in parents for event in await engine.events(parent, StepFailed)]
        assert [event.code for event in failures] == ["CHILD_RATE"] * 2
        assert "the limit child_starts_per_minute is 3" in failures[0].message
        await engine.advance(timedelta(minutes=1))
        await engine.deliver()
        assert await children(engine) == 6

    async def test_a_fan_out_that_starts_itself_is_as_wide_as_the_starts_of_its_minutes(self, engine: Driver) -> None:
        await limited(engine, child_starts=4)
        names = ("a", "b", "c")
        steps = [sub(name, wait=False) for name in names]
        tripling = chain(*steps, note("rescue"), edges=tuple((name, "error", "rescue") for name in names))
        engine.callees.put(CALLEE, tripling)
        await engine.trigger(tripling)
        for _ in range(4):
            await engine.deliver()
        assert await children(engine) == 4
        for minute in range(1, 3):
            await engine.advance(timedelta(minutes=1))
            for _ in range(4):
                await engine.deliver()
            assert await children(engine) <= 4 * (minute + 1)
        items = await engine.newest()
        failures = [each for item in items for each in await engine.events(item.head.execution_id, StepFailed)]
        assert {event.code for event in failures} == {"CHILD_RATE"}

    async def test_starts_that_are_delayed_come_also_after_a_crash(self, engine: Driver) -> None:
        await limited(engine, child_starts=1)
        for n in range(2):
            await engine.trigger(caught(wait=False), {"po": n})
        await engine.deliver()
        assert await children(engine) == 1
        await engine.crash()
        await engine.deliver()
        assert await children(engine) == 2

    async def test_a_delayed_start_of_an_execution_that_is_terminated_is_not_made(self, engine: Driver) -> None:
        await limited(engine, child_starts=1)
        parents = [await engine.trigger(caught(wait=False), {"po": n}) for n in range(2)]
        await engine.deliver()
        for parent in parents:
            await engine.terminate(parent)
        await engine.advance(timedelta(minutes=1))
        await engine.deliver()
        assert await children(engine) <= 1
        assert list(await engine.store.work.deliveries(10)) == []

    async def test_a_terminated_execution_starts_nothing_that_was_not_started_before(self, engine: Driver) -> None:
        engine.callees.put(CALLEE, asking())
        parent = await engine.trigger(calling_child(wait=False))
        child = await child_of(engine, parent)
        assert await engine.terminate(parent) == Terminated()
        await engine.deliver()
        with pytest.raises(NotFound):
            await engine.state(child)
