"""Stretches that are cut: the rest has an owner, and where the cut lies does not change the result."""

from datetime import timedelta

from kit.definitions import call, chain, counting, note, wait
from kit.driver import Driver
from looply.execution.facts.commands import Terminated
from looply.execution.facts.events import Continued, IncidentOpened
from looply.limits import Limits

SHORT = Limits(stretch_steps=5)


async def shortened(engine: Driver, limits: Limits = SHORT) -> None:
    """Lets the engine cut stretches after a few steps."""
    engine.limits = limits
    await engine.restart()


class StretchStories:
    """Executions that compute for long."""

    async def test_a_cut_stretch_continues_by_itself_with_the_same_result(self, engine: Driver) -> None:
        whole = await engine.trigger(counting(20))
        await shortened(engine)
        cut = await engine.trigger(counting(20))
        await engine.settle()
        assert len(await engine.events(cut, Continued)) >= 10
        first, second = await engine.state(whole), await engine.state(cut)
        assert (second.status, second.payload["count"]) == ("COMPLETED", 20)
        assert second.visits == first.visits
        plain = [name for name in await engine.path(cut) if name != "Continued"]
        assert plain == await engine.path(whole)

    async def test_the_trigger_is_answered_after_the_first_stretch(self, engine: Driver) -> None:
        await shortened(engine)
        engine.faults.hold()
        trigger = engine.call(engine.trigger(counting(20)))
        await engine.faults.holding(1)
        engine.faults.let_go()
        execution_id = await trigger
        engine.faults.hold()
        assert await engine.status(execution_id) == "RUNNING"
        engine.faults.let_go()
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_cut_stretch_survives_a_crash_between_any_two_units(self, engine: Driver) -> None:
        await shortened(engine)
        engine.faults.lost_answers = 1
        engine.call(engine.trigger(counting(8)))
        await engine.settle()
        crashes = 0
        while True:
            (item,) = await engine.newest()
            if item.head.status != "RUNNING":
                break
            crashes += 1
            await engine.crash(reopens=False)
            engine.faults.lost_answers = 1
            engine.call(engine.open())
            await engine.settle()
        await engine.crash()
        assert crashes >= 4
        assert (await engine.state(item.head.execution_id)).payload["count"] == 8

    async def test_others_come_in_between_two_stretches(self, engine: Driver) -> None:
        await shortened(engine)
        execution_id = await engine.trigger(counting(1000))
        assert await engine.terminate(execution_id) == Terminated()
        await engine.settle()
        assert (await engine.state(execution_id)).payload["count"] < 1000

    async def test_a_cut_stretch_waits_for_a_full_disk_to_have_space(self, engine: Driver) -> None:
        await shortened(engine)
        execution_id = await engine.trigger(counting(20))
        engine.faults.is_full = True
        await engine.settle()
        assert await engine.status(execution_id) == "RUNNING"
        await engine.advance(timedelta(seconds=2))
        engine.faults.is_full = False
        await engine.advance(timedelta(seconds=1))
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_graceful_stop_leaves_the_rest_to_the_next_process(self, engine: Driver) -> None:
        await shortened(engine)
        execution_id = await engine.trigger(counting(40))
        await engine.restart()
        await engine.settle()
        assert (await engine.state(execution_id)).payload["count"] == 40

    async def test_waits_and_calls_of_a_cut_stretch_are_like_all_others(self, engine: Driver) -> None:
        await shortened(engine, Limits(stretch_steps=1))
        workflow = chain(note("a"), note("b"), call("call_1"), note("c"), wait(), note("d"), note("e"))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        await engine.resume(execution_id)
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"
        assert len(engine.world.calls) == 1

    async def test_too_many_step_visits_are_an_incident_that_names_the_limit(self, engine: Driver) -> None:
        await shortened(engine, Limits(step_visits=50))
        execution_id = await engine.trigger(counting(100))
        await engine.settle()
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert incident.kind == "LIMIT"
        assert "step_visits" in incident.message
