"""Calls that a living process lets go of, or that do not come back to it: none of them stays open for ever."""

from datetime import timedelta

import pytest

from kit.carriage import REPEATS
from kit.definitions import call, calling, chain
from kit.driver import Driver
from kit.needs import needs
from looply.errors import EngineError
from looply.execution.facts.events import IncidentOpened, StepFailed, StepUnknown
from looply.testing.world import HANG, Answer

MINUTE = timedelta(minutes=1)
LIMIT = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


class StrayStories:
    """Effects that are RUNNING for a live process, and that no task performs."""

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_an_outcome_that_the_store_refused_is_unknown_before_the_process_ends(
        self, engine: Driver, method: str
    ) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling(method))
        await engine.settle()
        engine.faults.fails.append(EngineError("the store refuses"))
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert await engine.status(execution_id) == "RUNNING"
        # At the first look its task might have been about to end.
        await engine.advance(MINUTE)
        assert await engine.events(execution_id, StepUnknown) == []
        await engine.advance(MINUTE)
        (unknown,) = await engine.events(execution_id, StepUnknown)
        assert (unknown.cause, unknown.attempt) == ("CRASH", 1)
        is_repeated = method == "GET"
        assert await engine.status(execution_id) == ("COMPLETED" if is_repeated else "FAILED")
        assert [seen.attempt for seen in engine.world.calls] == ([1, 2] if is_repeated else [1])
        incidents = await engine.events(execution_id, IncidentOpened)
        assert [event.kind for event in incidents] == ([] if is_repeated else ["UNKNOWN"])

    async def test_a_call_that_could_not_begin_is_begun_later(self, engine: Driver) -> None:
        needs(engine, REPEATS)
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("front", HANG)
        await engine.trigger(chain(call("front")))
        execution_id = await engine.trigger(calling())
        await engine.settle()
        engine.faults.unmarked.append(EngineError("the store refuses"))
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert engine.faults.unmarked == []
        assert engine.world.calls_of("call_1") == []
        assert await engine.status(execution_id) == "RUNNING"
        await engine.advance(MINUTE)
        assert await engine.status(execution_id) == "COMPLETED"
        assert [seen.attempt for seen in engine.world.calls_of("call_1")] == [1]

    async def test_a_call_that_takes_long_within_its_limit_is_left_alone(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("GET", timeout="PT10M"))
        await engine.settle()
        for _ in range(9):
            await engine.advance(MINUTE)
        assert [seen.phase for seen in engine.world.calls] == ["OPEN"]
        engine.world.open_calls()[0].release(Answer(data={"n": 7}))
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["call_1"]["data"]) == ("COMPLETED", {"n": 7})


class HangingStories:
    """Operations that hold no time limit: a minute after that of the call they are given up."""

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_call_that_does_not_come_back_is_given_up(self, engine: Driver, method: str) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling(method))
        await engine.settle()
        await engine.advance(LIMIT + MINUTE - SECOND)
        assert [seen.phase for seen in engine.world.calls] == ["OPEN"]
        await engine.advance(SECOND)
        assert [seen.phase for seen in engine.world.calls] == ["CUT"]
        failed, unknown = [await engine.events(execution_id, kind) for kind in (StepFailed, StepUnknown)]
        (failure,) = failed + unknown
        assert "did not return" in failure.message
        assert [event.cause for event in unknown] == ([] if method == "GET" else ["TIMEOUT"])
        assert [event.code for event in failed] == (["TIMEOUT"] if method == "GET" else [])
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert incident.kind == ("FAILED" if method == "GET" else "UNKNOWN")

    async def test_a_call_that_was_given_up_is_tried_again_as_its_policy_says(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        retry = {"max_attempts": 2, "interval": "PT0S"}
        execution_id = await engine.trigger(calling("GET", retry=retry))
        await engine.settle()
        await engine.advance(LIMIT + MINUTE)
        await engine.tick()
        assert await engine.status(execution_id) == "COMPLETED"
        assert [seen.phase for seen in engine.world.calls] == ["CUT", "ANSWERED"]
