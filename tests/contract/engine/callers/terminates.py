"""Terminate: final, whatever else happens in the same moment."""

from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from kit.definitions import asking, call, calling, chain, computing, delay, note, stop, wait
from kit.driver import Driver
from looply.execution.facts.commands import AlreadyReleased, AlreadyTerminated, Declined, Released, Terminated
from looply.execution.facts.events import Cancelled, Discarded, ExecutionClosed, Resumed
from looply.testing.world import HANG, Answer

ORDERS = [" ".join(order) for order in permutations(("terminate", "resume", "timer"))]


class TerminateStories:
    """What cannot be undone."""

    async def test_a_waiting_execution_is_terminated_for_ever(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(timeout="PT1H"))
        assert await engine.terminate(execution_id, "not needed") == Terminated()
        assert await engine.terminate(execution_id, "another reason") == AlreadyTerminated()
        await engine.advance(timedelta(hours=2))
        state = await engine.state(execution_id)
        assert state.closed is not None
        assert (state.status, state.closed.reason, state.closed.by) == ("TERMINATED", "not needed", "operator")
        assert await engine.store.work.next_due() is None

    async def test_a_completed_execution_cannot_be_terminated(self, engine: Driver) -> None:
        execution_id = await engine.trigger(computing())
        reply = await engine.terminate(execution_id)
        assert isinstance(reply, Declined)
        assert reply.code == "COMPLETED"

    async def test_an_execution_that_failed_by_a_step_cannot_be_terminated(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(stop(status="FAILED")))
        reply = await engine.terminate(execution_id)
        assert isinstance(reply, Declined)
        assert reply.code == "FAILED"

    async def test_a_failed_execution_with_an_incident_is_closed_by_terminate(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        execution_id = await engine.trigger(calling(fail_on=["5xx"]))
        await engine.settle()
        assert await engine.status(execution_id) == "FAILED"
        assert await engine.terminate(execution_id) == Terminated()
        assert await engine.status(execution_id) == "TERMINATED"

    async def test_a_call_in_flight_may_end_but_moves_nothing(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), call("call_2")))
        await engine.settle()
        assert await engine.terminate(execution_id) == Terminated()
        engine.world.open_calls()[0].release(Answer(data={"late": True}))
        await engine.settle()
        assert engine.world.calls_of("call_2") == []
        (discarded,) = await engine.events(execution_id, Discarded)
        assert discarded.result["data"] == {"late": True}
        assert await engine.status(execution_id) == "TERMINATED"

    async def test_a_result_that_came_first_is_kept_and_its_follower_never_returns(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        engine.world.script("call_2", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), call("call_2"), call("call_3")))
        await engine.settle()
        engine.world.open_calls()[0].release()
        await engine.settle()
        await engine.terminate(execution_id)
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert [seen.step for seen in engine.world.calls] == ["call_1", "call_2"]
        assert [event.step for event in await engine.events(execution_id, Discarded)] == ["call_2"]

    async def test_terminate_and_the_result_of_a_call_in_one_batch(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), call("call_2")))
        await engine.settle()
        engine.faults.hold()
        terminate = engine.call(engine.terminate(execution_id))
        engine.world.open_calls()[0].release()
        await engine.settle()
        engine.faults.let_go()
        assert await terminate == Terminated()
        await engine.settle()
        assert await engine.status(execution_id) == "TERMINATED"
        assert engine.world.calls_of("call_2") == []

    async def test_a_call_that_was_stored_but_had_not_left_is_not_made(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.always("call_1", HANG)
        await engine.trigger(calling())
        await engine.settle()  # a queue need not keep the order of two that stand in it together
        queued = await engine.trigger(calling())
        await engine.settle()
        await engine.terminate(queued)
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert [seen.execution_id == queued for seen in engine.world.calls] == [False]

    async def test_terminate_in_the_back_off_of_a_retry_ends_the_retries(self, engine: Driver) -> None:
        engine.world.always("call_1", Answer(status=503))
        execution_id = await engine.trigger(calling(retry={"max_attempts": 5, "interval": "PT1M"}))
        await engine.settle()
        await engine.terminate(execution_id)
        await engine.advance(timedelta(hours=1))
        assert len(engine.world.calls) == 1

    async def test_terminate_survives_a_crash_and_so_does_its_silence(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling("GET"))
        await engine.settle()
        await engine.terminate(execution_id)
        await engine.crash()
        await engine.settle()
        assert await engine.status(execution_id) == "TERMINATED"
        assert len(engine.world.calls) == 1


class TogetherStories:
    """Terminate, resume and timer in every order, one after the other and in one batch."""

    @pytest.mark.parametrize("at_once", [False, True], ids=["one-by-one", "at-once"])
    @pytest.mark.parametrize("order", ORDERS)
    async def test_terminate_resume_and_timer(self, engine: Driver, order: str, at_once: bool) -> None:
        workflow = chain(wait(timeout="PT1H"), call("resumed"), call("late"), edges=(("wait_1", "timeout", "late"),))
        engine.world.always("resumed", HANG)
        engine.world.always("late", HANG)
        execution_id = await engine.trigger(workflow)
        engine.clock.advance(timedelta(hours=1))
        names = order.split()
        actions: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "terminate": lambda: engine.terminate(execution_id),
            "resume": lambda: engine.resume(execution_id),
            "timer": engine.pump.tick,
        }
        if at_once:
            calls = [engine.call(actions[name]()) for name in names]
            replies = {name: await made for name, made in zip(names, calls, strict=True)}
        else:
            replies = {}
            for name in names:
                replies[name] = await actions[name]()
                await engine.settle()
        await engine.settle()
        assert await engine.status(execution_id) == "TERMINATED"
        assert replies["terminate"] == Terminated()
        resumes = await engine.events(execution_id, Resumed)
        assert (replies["resume"] == Released()) == bool(resumes)
        steps = {seen.step for seen in engine.world.calls}
        assert steps <= ({"resumed"} if resumes else {"late"})
        if not at_once:
            self._judge(names, len(resumes), steps)
        assert len(await engine.events(execution_id, Cancelled)) == 1
        for seen in engine.world.open_calls():
            seen.release()
        await engine.settle()

    def _judge(self, names: list[str], resumes: int, steps: set[str]) -> None:
        """The first of the three decides, and what it started had its chance unless it was terminated at once."""
        assert resumes == (names[0] == "resume")
        assert steps == {"resume": {"resumed"}, "timer": {"late"}, "terminate": set()}[names[0]]

    async def test_eight_resumes_and_eight_terminates_at_once_all_get_true_replies(self, engine: Driver) -> None:
        for first in ("resume", "terminate"):
            execution_id = await engine.trigger(chain(wait(), delay("delay_1", "P1D"), note()))
            mixed = [
                engine.resume(execution_id, {"n": n})
                if (n % 2 == 0) == (first == "resume")
                else engine.terminate(execution_id)
                for n in range(16)
            ]
            answers = Counter(type(answer).__name__ for answer in await engine.together(*mixed))
            assert await engine.status(execution_id) == "TERMINATED"
            assert (answers["Terminated"], answers["AlreadyTerminated"]) == (1, 7)
            assert answers["Released"] == (first == "resume")
            assert answers["Declined"] == (7 if first == "resume" else 8)
            closed = await engine.events(execution_id, ExecutionClosed)
            assert [event.status for event in closed] == ["TERMINATED"]

    async def test_a_resume_after_the_answer_of_terminate_is_refused(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        replies = await engine.together(engine.terminate(execution_id), engine.resume(execution_id))
        assert replies[0] == Terminated()
        assert isinstance(replies[1], Declined)
        assert not isinstance(await engine.resume(execution_id), Released | AlreadyReleased)
