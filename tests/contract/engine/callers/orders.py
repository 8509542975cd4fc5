"""Terminate against everything else that can happen, in every order: nothing starts afterwards, nothing is lost."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from kit.definitions import call, chain, step, wait
from kit.driver import Driver
from looply.definition import Workflow
from looply.execution.facts.commands import Declined, Released, Reply, Terminated
from looply.execution.facts.events import CardClosed, Discarded, ExecutionClosed, ResumeIgnored
from looply.testing.world import HANG, Answer

ORDERS = [" ".join(order) for order in permutations(("terminate", "result", "resume", "limit"))]
PEOPLE = ["ann@example.com", "bob@example.com"]


def exposed() -> Workflow:
    """Returns a workflow with a card that is shown, a call that is out, a wait to come and a time limit of an hour."""
    content = {"type": "AdaptiveCard", "version": "1.5", "body": []}
    shown = step("card_1", "adaptiveCard", {"action": "send", "card": content, "recipients": PEOPLE})
    return chain(shown, call("call_1", "POST", timeout="PT2H"), wait(), call("call_2", "POST"), timeout="PT1H")


class _Expected:
    """What must be true after the four things happened in one order, each on what the former ones left."""

    def __init__(self, order: Sequence[str]) -> None:
        self.is_answered = self.is_kept = self.is_released = self.is_over_limit = self.is_closed = False
        self.is_discarded = self.call_2_was_due = False
        self.resumed: Reply | str = ""
        for name in order:
            getattr(self, f"_{name}")()

    @property
    def is_unused(self) -> bool:
        """Whether a resume was kept that no wait used."""
        return self.is_kept and not self.is_released

    def _terminate(self) -> None:
        self.is_closed = True

    def _limit(self) -> None:
        self.is_over_limit = not self.is_closed

    def _result(self) -> None:
        self.is_answered = not self.is_closed
        self.is_discarded = self.is_closed
        if not self.is_closed and not self.is_over_limit and self.is_kept:
            self.is_released = self.call_2_was_due = True

    def _resume(self) -> None:
        if self.is_closed or self.is_over_limit:
            self.resumed = "TERMINATED" if self.is_closed else "FAILED"
            return
        self.resumed = Released(buffered=not self.is_answered)
        self.is_kept = not self.is_answered
        self.is_released = self.call_2_was_due = self.is_answered


class OrderStories:
    """A call is in flight, a card is shown, a resume and the time limit come, and a caller terminates."""

    @pytest.mark.parametrize("in_one_batch", [False, True], ids=["one-by-one", "in-one-batch"])
    @pytest.mark.parametrize("order", ORDERS)
    async def test_terminate_result_resume_and_time_limit(self, engine: Driver, order: str, in_one_batch: bool) -> None:
        engine.world.script("call_1", HANG)
        engine.world.script("call_2", HANG)
        execution_id = await engine.trigger(exposed())
        await engine.settle()
        engine.clock.advance(timedelta(hours=1))
        replies = await self._happen(engine, execution_id, order.split(), in_one_batch)
        expected = _Expected(order.split())
        await self._judge(engine, execution_id, expected, replies)
        # In one batch the call is scheduled and given up in one unit: it never leaves.
        assert len(engine.world.calls_of("call_2")) == (expected.call_2_was_due and not in_one_batch)
        for seen in engine.world.open_calls():
            seen.release(Answer(data={"late": seen.step}))
        await engine.settle()
        late = [event.result["data"] for event in await engine.events(execution_id, Discarded)]
        assert {"late": "call_2"} in late or not engine.world.calls_of("call_2")
        await engine.advance(timedelta(days=1))
        assert await engine.status(execution_id) == "TERMINATED"
        assert len(engine.world.calls) <= 2

    async def _happen(self, engine: Driver, execution_id: str, names: list[str], in_one_batch: bool) -> dict[str, Any]:
        """Lets the four things happen; in one batch, the first is being stored while the others come in their order."""
        actions: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "terminate": lambda: engine.terminate(execution_id),
            "result": lambda: self._answered(engine),
            "resume": lambda: engine.resume(execution_id, {"n": 1}),
            "limit": engine.pump.tick,
        }
        if in_one_batch:
            engine.faults.hold()
        calls = {}
        for name in names:
            calls[name] = engine.call(actions[name]())
            await engine.settle()
        engine.faults.let_go()
        await engine.settle()
        return {name: await made for name, made in calls.items()}

    async def _answered(self, engine: Driver) -> None:
        engine.world.calls_of("call_1")[0].release(Answer(data={"n": 7}))

    async def _judge(self, engine: Driver, execution_id: str, expected: _Expected, replies: dict[str, Any]) -> None:
        state = await engine.state(execution_id)
        assert state.status == "TERMINATED"
        assert replies["terminate"] == Terminated()
        reply = replies["resume"]
        assert (reply.code if isinstance(reply, Declined) else reply) == expected.resumed
        assert ("call_1" in state.outputs) == expected.is_answered
        assert ("wait_1" in state.outputs) == expected.is_released
        assert {incident.kind for incident in state.incidents.values()} == set()
        discarded = [event for event in await engine.events(execution_id, Discarded) if event.step == "call_1"]
        assert [event.result["data"] for event in discarded] == ([{"n": 7}] if expected.is_discarded else [])
        letters = [(event.reason, event.payload["n"]) for event in await engine.events(execution_id, ResumeIgnored)]
        assert letters == ([("UNUSED", 1)] if expected.is_unused else [])
        (cards,) = await engine.events(execution_id, CardClosed)
        assert (len(cards.cards), cards.reason) == (2, "TERMINATED")
        assert len(await engine.events(execution_id, ExecutionClosed)) == 1
