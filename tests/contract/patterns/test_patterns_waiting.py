"""Patterns that let time pass: waits, cards, delays, retries, the race of an answer with a clock."""

from datetime import timedelta

import pytest

from kit.definitions import asking_twice, call, calling_then_asking, card, chain, delay, note, stop, wait
from kit.driver import Driver
from looply.execution.facts.address import card_token, parse_address
from looply.testing.world import HANG, Answer

DECIDED = chain(
    wait("ask", timeout="P3D"), note("answered"), stop("late", "FAILED"), edges=(("ask", "timeout", "late"),)
)


async def test_an_answer_in_time_is_taken(engine: Driver) -> None:
    execution_id = await engine.trigger(DECIDED)
    assert await engine.status(execution_id) == "WAITING"
    await engine.resume(execution_id)
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "WaitOpened ask",
        "TimerStarted ask",
        "Resumed ask",
        "Computed answered",
        "ExecutionClosed answered",
    ]


async def test_the_clock_wins_without_an_answer(engine: Driver) -> None:
    execution_id = await engine.trigger(DECIDED)
    await engine.advance(timedelta(days=3))
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "WaitOpened ask",
        "TimerStarted ask",
        "TimerFired",
        "WaitTimedOut ask",
        "Computed late",
        "ExecutionClosed late",
    ]


async def test_two_waits_one_after_the_other_take_two_answers(engine: Driver) -> None:
    execution_id = await engine.trigger(asking_twice())
    await engine.resume(execution_id, {"n": 1})
    await engine.resume(execution_id, {"n": 2})
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "WaitOpened wait_1",
        "Resumed wait_1",
        "WaitOpened wait_2",
        "Resumed wait_2",
        "Computed note_1",
        "ExecutionClosed note_1",
    ]


async def test_an_answer_that_comes_first_is_kept(engine: Driver) -> None:
    engine.world.script("call_1", HANG)
    execution_id = await engine.trigger(calling_then_asking())
    await engine.settle()
    await engine.resume(execution_id)
    engine.world.open_calls()[0].release()
    await engine.settle()
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "StepScheduled call_1",
        "ResumeBuffered",
        "StepSucceeded call_1",
        "WaitOpened wait_1",
        "Resumed wait_1",
        "ExecutionClosed wait_1",
    ]


async def test_a_delay_lets_time_pass(engine: Driver) -> None:
    execution_id = await engine.trigger(chain(delay("pause", "PT2H"), note("a")))
    await engine.advance(timedelta(hours=2))
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "TimerStarted pause",
        "TimerFired",
        "StepSucceeded pause",
        "Computed a",
        "ExecutionClosed a",
    ]


async def test_a_call_is_tried_again_after_its_interval(engine: Driver) -> None:
    engine.world.script("call_1", Answer(status=503))
    execution_id = await engine.trigger(chain(call("call_1", retry={"max_attempts": 3, "interval": "PT5S"})))
    await engine.settle()
    await engine.advance(timedelta(seconds=5))
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "StepScheduled call_1",
        "StepFailed call_1",
        "TimerStarted call_1",
        "TimerFired",
        "StepScheduled call_1",
        "StepSucceeded call_1",
        "ExecutionClosed call_1",
    ]


@pytest.mark.parametrize(("count", "answers"), [("first", 1), (2, 2), ("all", 3)])
async def test_a_card_takes_as_many_answers_as_it_asks_for(engine: Driver, count: str | int, answers: int) -> None:
    people = ["ann@example.com", "bob@example.com", "cy@example.com"]
    execution_id = await engine.trigger(chain(card("ask", people, for_=count), note("a")))
    seed = (await engine.state(execution_id)).started.seed
    for part in range(answers):
        assert await engine.status(execution_id) == "WAITING"
        await engine.answer(execution_id, card_token(execution_id, seed, parse_address("ask:1"), part))
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "CardWanted ask",
        "WaitOpened ask",
        *["AnswerRecorded ask"] * answers,
        "Resumed ask",
        "CardClosed ask",
        "Computed a",
        "ExecutionClosed a",
    ]


async def test_a_cancelled_case_closes_what_is_open(engine: Driver) -> None:
    execution_id = await engine.trigger(chain(card("ask", timeout="P1D"), note("a")))
    await engine.terminate(execution_id)
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "CardWanted ask",
        "WaitOpened ask",
        "TimerStarted ask",
        "CardClosed ask",
        "Cancelled",
        "ExecutionClosed",
    ]


async def test_a_result_for_a_cancelled_case_is_discarded(engine: Driver) -> None:
    engine.world.script("call_1", HANG)
    execution_id = await engine.trigger(chain(call("call_1"), note("a")))
    await engine.settle()
    await engine.terminate(execution_id)
    engine.world.open_calls()[0].release()
    await engine.settle()
    assert (await engine.path(execution_id))[-3:] == ["Cancelled", "ExecutionClosed", "Discarded call_1"]


async def test_a_case_that_takes_too_long_opens_an_incident(engine: Driver) -> None:
    execution_id = await engine.trigger(chain(wait("ask"), timeout="P30D"))
    await engine.advance(timedelta(days=30))
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "TimerStarted",
        "WaitOpened ask",
        "TimerFired",
        "IncidentOpened",
    ]


async def test_a_lost_outcome_of_a_call_that_is_safe_to_repeat_is_repeated(engine: Driver) -> None:
    engine.world.script("call_1", HANG)
    execution_id = await engine.trigger(chain(call("call_1", "GET"), note("a")))
    await engine.settle()
    await engine.crash()
    await engine.settle()
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "StepScheduled call_1",
        "StepUnknown call_1",
        "StepScheduled call_1",
        "StepSucceeded call_1",
        "Computed a",
        "ExecutionClosed a",
    ]


async def test_a_lost_outcome_of_a_call_that_is_not_is_decided_by_a_person(engine: Driver) -> None:
    engine.world.script("call_1", HANG)
    execution_id = await engine.trigger(chain(call("call_1", "POST"), note("a")))
    await engine.settle()
    await engine.crash()
    assert await engine.path(execution_id) == [
        "ExecutionStarted",
        "StepScheduled call_1",
        "StepUnknown call_1",
        "IncidentOpened call_1",
    ]
