"""Patterns of decisions: several people side by side, one after the other, and a substitute."""

from datetime import timedelta

from kit.definitions import approval, chain, note, stop
from kit.driver import Driver
from looply.execution.facts.address import card_token, parse_address

EXITS = (("ask", "approved", "yes"), ("ask", "rejected", "no"), ("ask", "timeout", "late"))
ENDS = (note("yes"), note("no"), stop("late"))
TWO = ["ann@example.com", "bob@example.com"]


async def answer(engine: Driver, execution_id: str, part: int, action: str = "approve") -> None:
    seed = (await engine.state(execution_id)).started.seed
    await engine.answer(execution_id, card_token(execution_id, seed, parse_address("ask:1"), part), action)


async def test_both_must_approve(engine: Driver) -> None:
    execution_id = await engine.trigger(chain(approval("ask", TWO), *ENDS, edges=EXITS))
    for part in (1, 0):
        await answer(engine, execution_id, part)
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "CardWanted ask",
        "WaitOpened ask",
        "AnswerRecorded ask",
        "AnswerRecorded ask",
        "Resumed ask",
        "CardClosed ask",
        "Computed yes",
        "ExecutionClosed yes",
    ]


async def test_one_after_the_other_until_one_rejects(engine: Driver) -> None:
    execution_id = await engine.trigger(chain(approval("ask", TWO, order="sequence"), *ENDS, edges=EXITS))
    await answer(engine, execution_id, 0)
    await answer(engine, execution_id, 1, "reject")
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "CardWanted ask",
        "WaitOpened ask",
        "AnswerRecorded ask",
        "CardWanted ask",
        "AnswerRecorded ask",
        "Resumed ask",
        "CardClosed ask",
        "Computed no",
        "ExecutionClosed no",
    ]


async def test_a_substitute_takes_over_and_no_answer_comes_in_time(engine: Driver) -> None:
    settings = {"escalation": [{"after": "P1D", "to": "boss@example.com"}], "timeout": "P2D"}
    execution_id = await engine.trigger(chain(approval("ask", **settings), *ENDS, edges=EXITS))
    await engine.advance(timedelta(days=1))
    await engine.advance(timedelta(days=1))
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "CardWanted ask",
        "WaitOpened ask",
        "TimerStarted ask",
        "TimerStarted ask",
        "TimerFired",
        "CardClosed ask",
        "CardWanted ask",
        "TimerFired",
        "CardClosed ask",
        "WaitTimedOut ask",
        "Computed late",
        "ExecutionClosed late",
    ]
