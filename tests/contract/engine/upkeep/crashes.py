"""The owner of a call goes away at every point of its life, or comes back when another one has taken over."""

from datetime import timedelta

import pytest

from kit.carriage import RESERVES
from kit.definitions import asking, call, calling, chain, delaying
from kit.driver import Driver, id_of
from kit.needs import needs
from looply.definition import Workflow
from looply.errors import StoreLost
from looply.execution.facts.commands import Released
from looply.execution.facts.events import IncidentOpened, StepUnknown
from looply.testing.world import HANG

HOUR = timedelta(hours=1)

BEFORE_STORING = "before-the-intention-is-stored"
BEFORE_SENDING = "before-it-is-sent"
QUEUED = "queued-for-its-target"
SENDING = "while-sending"
AFTER_REPLY = "after-the-reply"
AFTER_COMMIT = "after-the-reply-is-stored"
CERTAIN = (QUEUED, AFTER_COMMIT)
"""Points at which it is known whether the call got through."""


async def bring_to(engine: Driver, workflow: Workflow, point: str) -> None:
    """Starts the workflow and brings its call to this point."""
    if point == BEFORE_STORING:
        engine.faults.hold()
        engine.call(engine.trigger(workflow))
    elif point == BEFORE_SENDING:
        needs(engine, RESERVES)
        engine.faults.lost_answers = 1
        engine.call(engine.trigger(workflow))
    elif point == QUEUED:
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("front", HANG)
        await engine.trigger(chain(call("front", "GET")))
        await engine.settle()
        await engine.trigger(workflow)
        await engine.settle()
        assert engine.world.calls_of("call_1") == []
    else:
        engine.world.script("call_1", HANG)
        await engine.trigger(workflow)
        await engine.settle()
        if point == AFTER_REPLY:
            engine.faults.hold()
        elif point == AFTER_COMMIT:
            engine.faults.lost_answers = 1
        if point != SENDING:
            engine.world.open_calls()[0].release()
    await engine.settle()


def attempts_at(point: str, is_repeated: bool) -> list[int]:
    """Returns which attempts reach the other system in the whole life of a call whose owner went away at this point."""
    if point in CERTAIN:
        return [1]
    if point == BEFORE_SENDING:
        return [2] if is_repeated else []
    return [1, 2] if is_repeated else [1]


class CrashStories:
    """Every point of a call's life, for calls that may be repeated and calls that may not."""

    @pytest.mark.parametrize("on_unknown", ["", "retry", "incident"], ids=["by-method", "retry", "incident"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("point", [BEFORE_SENDING, QUEUED, SENDING, AFTER_REPLY, AFTER_COMMIT])
    async def test_a_crash_at_each_point_of_a_call(
        self, engine: Driver, point: str, method: str, on_unknown: str
    ) -> None:
        workflow = calling(method, **({"on_unknown": on_unknown} if on_unknown else {}))
        await bring_to(engine, workflow, point)
        await engine.crash()
        await engine.settle()
        is_repeated = (on_unknown or ("retry" if method == "GET" else "incident")) == "retry"
        await self._judge(engine, workflow, point, is_repeated)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_crash_before_the_intention_is_stored_leaves_nothing(self, engine: Driver, method: str) -> None:
        await bring_to(engine, calling(method), BEFORE_STORING)
        await engine.crash()
        await engine.settle()
        assert (await engine.newest(), engine.world.calls) == ([], [])

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("point", [QUEUED, SENDING])
    async def test_a_stop_that_does_not_wait_is_like_a_crash(self, engine: Driver, point: str, method: str) -> None:
        workflow = calling(method)
        await bring_to(engine, workflow, point)
        await engine.stop(timedelta(0))
        await engine.open()
        await engine.settle()
        await self._judge(engine, workflow, point, is_repeated=method == "GET")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_stop_while_the_reply_is_being_stored_stores_it(self, engine: Driver, method: str) -> None:
        workflow = calling(method)
        await bring_to(engine, workflow, AFTER_REPLY)
        stopping = engine.call(engine.stop(timedelta(0)))
        await engine.settle()
        assert not stopping.done()
        engine.faults.let_go()
        await stopping
        await engine.open()
        await engine.settle()
        await self._judge(engine, workflow, AFTER_COMMIT, is_repeated=False)

    async def _judge(self, engine: Driver, workflow: Workflow, point: str, is_repeated: bool) -> None:
        (item,) = await engine.newest(workflow_ids=(id_of(workflow),))
        is_completed = point in CERTAIN or is_repeated
        assert item.head.status == ("COMPLETED" if is_completed else "FAILED")
        unknown = await engine.events(item.head.execution_id, StepUnknown)
        assert [event.cause for event in unknown] == ([] if point in CERTAIN else ["CRASH"])
        incidents = await engine.events(item.head.execution_id, IncidentOpened)
        assert [event.kind for event in incidents] == ([] if is_completed else ["UNKNOWN"])
        calls = engine.world.calls_of("call_1")
        assert [seen.attempt for seen in calls] == attempts_at(point, is_repeated)
        assert len({(seen.key, str(seen.input)) for seen in calls}) <= 1


class OvertakenStories:
    """An owner that was paused, and returns when another process has taken its store over."""

    async def test_the_reply_that_it_brings_back_changes_nothing(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("POST"))
        await engine.settle()
        paused = await engine.overtake()
        await engine.settle()
        before = await engine.path(execution_id)
        assert before[-1] == "IncidentOpened call_1"
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert await engine.path(execution_id) == before
        assert not paused.shell.health().is_ready
        assert engine.shell.health().is_ready

    async def test_it_sends_nothing_that_was_queued(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("front", HANG)
        front = await engine.trigger(chain(call("front", "POST")))
        await engine.settle()  # a queue need not keep the order of those that stand in it together
        queued = [await engine.trigger(calling("POST")) for _ in range(3)]
        await engine.settle()
        await engine.overtake()
        await engine.settle()
        assert {await engine.status(execution_id) for execution_id in queued} == {"COMPLETED"}
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert await engine.status(front) == "FAILED"
        # Who takes a line over need not keep its order.
        assert sorted(seen.execution_id for seen in engine.world.calls_of("call_1")) == queued

    async def test_no_caller_gets_an_answer_from_it_and_its_timers_are_silent(self, engine: Driver) -> None:
        waiting = await engine.trigger(asking())
        delayed = await engine.trigger(delaying("PT1H"))
        paused = await engine.overtake()
        engine.clock.advance(HOUR)
        for action in (paused.resume(waiting, {"n": 1}), paused.terminate(waiting), paused.trigger(asking())):
            with pytest.raises(StoreLost):
                await action
        await paused.pump.tick()
        assert await engine.status(delayed) == "WAITING"
        assert await engine.resume(waiting, {"n": 2}) == Released()
        await engine.tick()
        assert await engine.status(delayed) == "COMPLETED"
        assert len(await engine.newest()) == 2
