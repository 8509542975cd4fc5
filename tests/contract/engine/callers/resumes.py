"""Resumes: one winner, truthful answers for the others, nothing lost that came early."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from kit.definitions import (
    asking,
    asking_twice,
    call,
    calling,
    calling_then_asking,
    chain,
    delay,
    note,
    wait,
)
from kit.driver import Driver
from looply.definition import Workflow
from looply.errors import NotFound, StoreFull
from looply.execution.facts.address import parse_address, wait_token
from looply.execution.facts.commands import AlreadyReleased, Declined, Released, Reply, Unfit
from looply.execution.facts.events import ResumeBuffered, Resumed, ResumeIgnored
from looply.testing.world import HANG, Answer

CALLERS = 32


async def token_of(engine: Driver, execution_id: str, address: str) -> str:
    """Returns the token of a wait of an execution."""
    state = await engine.state(execution_id)
    return wait_token(execution_id, state.started.seed, parse_address(address))


async def race(engine: Driver, execution_id: str) -> list[Any]:
    """Lets 32 callers resume with 32 payloads at once and returns their answers."""
    return await engine.together(*(engine.resume(execution_id, {"n": n}, by=f"caller-{n}") for n in range(CALLERS)))


class RaceStories:
    """Many callers, one wait."""

    async def test_of_32_resumes_one_wins_also_when_it_ends_the_execution(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        answers = await race(engine, execution_id)
        winner = answers.index(Released())
        lost = AlreadyReleased(answered_by=f"caller-{winner}", answered_on=engine.clock.now())
        assert answers == [Released() if n == winner else lost for n in range(CALLERS)]
        assert await engine.status(execution_id) == "COMPLETED"
        (resumed,) = await engine.events(execution_id, Resumed)
        assert (resumed.output["n"], resumed.by) == (winner, f"caller-{winner}")

    async def test_of_32_resumes_one_wins_when_a_call_follows(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(wait(), call(body="${wait_1.output.n}")))
        answers = await race(engine, execution_id)
        await engine.settle()
        assert Counter(type(answer) for answer in answers) == {Released: 1, AlreadyReleased: CALLERS - 1}
        assert [seen.input["body"] for seen in engine.world.calls] == [answers.index(Released())]

    async def test_after_a_crash_between_commit_and_answer_all_callers_get_the_winner(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.faults.lost_answers = CALLERS
        calls = [engine.call(engine.resume(execution_id, {"n": n}, by=f"caller-{n}")) for n in range(CALLERS)]
        await engine.settle()
        await engine.crash()
        assert all(call.cancelled() for call in calls)
        again = await race(engine, execution_id)
        (resumed,) = await engine.events(execution_id, Resumed)
        assert again == [AlreadyReleased(answered_by=resumed.by, answered_on=resumed.at)] * CALLERS

    async def test_after_a_crash_before_the_commit_the_race_is_run_again(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        engine.faults.hold()
        calls = [engine.call(engine.resume(execution_id, {"n": n})) for n in range(CALLERS)]
        await engine.settle()
        await engine.crash()
        assert all(call.cancelled() for call in calls)
        assert await engine.events(execution_id, Resumed) == []
        answers = await race(engine, execution_id)
        assert Counter(type(answer) for answer in answers) == {Released: 1, AlreadyReleased: CALLERS - 1}

    async def test_equal_resumes_at_once_release_one_wait_of_two(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        answers = await engine.together(*(engine.resume(execution_id, {"n": 1}) for _ in range(CALLERS)))
        assert Counter(type(answer) for answer in answers) == {Released: 1, AlreadyReleased: CALLERS - 1}
        assert list((await engine.state(execution_id)).waits) == ["wait_2:1"]


class DuplicateStories:
    """The same call again, and the next question."""

    async def test_a_double_click_does_not_answer_the_next_question(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        assert await engine.resume(execution_id, {"ok": True}) == Released()
        engine.clock.advance(timedelta(seconds=15))
        assert isinstance(await engine.resume(execution_id, {"ok": True}), AlreadyReleased)
        assert list((await engine.state(execution_id)).waits) == ["wait_2:1"]

    async def test_a_double_click_that_comes_just_after_the_second_wait_opened_does_not_answer_it(
        self, engine: Driver
    ) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(wait("wait_1"), call(), wait("wait_2")))
        await engine.resume(execution_id, {"ok": True})
        await engine.settle()
        engine.faults.hold()
        engine.world.open_calls()[0].release()
        await engine.faults.holding(1)
        second = engine.call(engine.resume(execution_id, {"ok": True}))
        await engine.settle()
        engine.faults.let_go()
        assert isinstance(await second, AlreadyReleased)
        assert list((await engine.state(execution_id)).waits) == ["wait_2:1"]

    async def test_another_body_answers_the_next_question(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        await engine.resume(execution_id, {"ok": True})
        assert await engine.resume(execution_id, {"ok": False}) == Released()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_the_same_body_a_minute_later_answers_the_next_question(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        await engine.resume(execution_id, {"ok": True})
        engine.clock.advance(timedelta(seconds=61))
        assert await engine.resume(execution_id, {"ok": True}) == Released()

    async def test_the_token_of_the_first_wait_never_answers_the_second(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        token = await token_of(engine, execution_id, "wait_1:1")
        assert await engine.resume(execution_id, {"n": 1}, token=token) == Released()
        engine.clock.advance(timedelta(hours=1))
        assert isinstance(await engine.resume(execution_id, {"n": 2}, token=token), AlreadyReleased)
        assert list((await engine.state(execution_id)).waits) == ["wait_2:1"]

    async def test_the_token_of_a_wait_to_come_keeps_the_resume_for_it(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        second = await token_of(engine, execution_id, "wait_2:1")
        assert await engine.resume(execution_id, {"n": 2}, token=second) == Released(buffered=True)
        await engine.crash()
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["wait_1"]["n"], state.outputs["wait_2"]["n"]) == ("COMPLETED", 1, 2)

    @pytest.mark.parametrize("second", [1, 2], ids=["the-same-body", "another-body"])
    @pytest.mark.parametrize("has_token", [False, True], ids=["without-token", "with-token"])
    async def test_between_two_waits_a_resume_is_a_duplicate_and_is_recorded(
        self, engine: Driver, second: int, has_token: bool
    ) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(wait("wait_1"), call(), wait("wait_2")))
        token = await token_of(engine, execution_id, "wait_1:1") if has_token else ""
        await engine.resume(execution_id, {"n": 1}, token=token)
        await engine.settle()
        assert isinstance(await engine.resume(execution_id, {"n": second}, token=token), AlreadyReleased)
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert list((await engine.state(execution_id)).waits) == ["wait_2:1"]
        assert [event.reason for event in await engine.events(execution_id, ResumeIgnored)] == ["DUPLICATE"]

    async def test_duplicates_are_answered_for_ever_and_recorded_a_hundred_times(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        await engine.resume(execution_id, {"n": 1})
        for _ in range(5):
            await engine.together(*(engine.resume(execution_id, {"n": 1}) for _ in range(30)))
        assert len(await engine.events(execution_id, ResumeIgnored)) == 100


class EarlyStories:
    """Resumes that come before their wait."""

    @pytest.mark.parametrize("crashes", [False, True])
    async def test_a_resume_during_the_first_call_is_kept_for_the_wait(self, engine: Driver, crashes: bool) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling_then_asking("GET"))
        await engine.settle()
        assert await engine.resume(execution_id, {"n": 1}, by="early") == Released(buffered=True)
        late = await engine.resume(execution_id, {"n": 2})
        assert late == AlreadyReleased(answered_by="early", answered_on=engine.clock.now())
        if crashes:
            await engine.crash()
        else:
            engine.world.open_calls()[0].release()
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["wait_1"]["n"]) == ("COMPLETED", 1)
        assert isinstance(await engine.resume(execution_id, {"n": 1}), AlreadyReleased)

    async def test_a_resume_in_the_same_moment_as_the_trigger_is_not_lost(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        engine.faults.hold()
        trigger = engine.call(engine.trigger(calling_then_asking(), process_id="PO-1"))
        await engine.faults.holding(1)
        assert await engine.find("PO-1") == []
        engine.faults.let_go()
        execution_id = await trigger
        assert await engine.resume(execution_id, {"n": 1}) == Released(buffered=True)
        (await engine.world.wait_for_call("call_1")).release()
        await engine.settle()
        assert await engine.status(execution_id) == "COMPLETED"

    @pytest.mark.parametrize("calls_first", [False, True], ids=["waits-at-once", "calls-first"])
    async def test_a_resume_in_the_group_of_the_trigger_is_taken_after_it(
        self, engine: Driver, calls_first: bool
    ) -> None:
        engine.world.script("call_1", HANG)
        workflow = calling_then_asking() if calls_first else asking()
        trigger, execution_id, resume = await self._in_one_group(engine, workflow)
        engine.faults.let_go()
        assert (await trigger, await resume) == (execution_id, Released(buffered=calls_first))
        if calls_first:
            (await engine.world.wait_for_call("call_1")).release()
            await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["wait_1"]["n"]) == ("COMPLETED", 1)

    async def test_a_resume_in_the_group_of_a_trigger_that_finds_no_space_finds_no_execution(
        self, engine: Driver
    ) -> None:
        trigger, _, resume = await self._in_one_group(engine, asking())
        engine.faults.is_full = True
        engine.faults.let_go()
        with pytest.raises(StoreFull):
            await trigger
        with pytest.raises(NotFound):
            await resume
        engine.faults.is_full = False
        assert await engine.newest() == []

    @pytest.mark.parametrize("is_stored", [False, True], ids=["not-stored", "stored"])
    async def test_a_resume_in_the_group_of_a_trigger_that_meets_a_crash_can_be_repeated(
        self, engine: Driver, is_stored: bool
    ) -> None:
        trigger, execution_id, resume = await self._in_one_group(engine, asking())
        if is_stored:
            engine.faults.lost_answers = 1
            engine.faults.let_go()
            await engine.settle()
        await engine.crash()
        assert (trigger.cancelled(), resume.cancelled()) == (True, True)
        if is_stored:
            assert await engine.resume(execution_id, {"n": 1}) == Released()
        else:
            with pytest.raises(NotFound):
                await engine.resume(execution_id, {"n": 1})

    async def _in_one_group(
        self, engine: Driver, workflow: Workflow
    ) -> tuple["asyncio.Task[str]", str, "asyncio.Task[Reply]"]:
        """Brings a trigger to the door of the store, and a resume of the execution that is not there yet."""
        engine.faults.hold()
        trigger = engine.call(engine.trigger(workflow))
        await engine.faults.holding(1)
        execution_id = engine.faults.held[0].execution_id
        resume = engine.call(engine.resume(execution_id, {"n": 1}))
        await engine.settle()
        assert not resume.done()
        return trigger, execution_id, resume

    async def test_the_same_early_resume_twice_is_kept_once(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call(), wait("wait_1"), wait("wait_2")))
        await engine.settle()
        replies = await engine.together(*(engine.resume(execution_id, {"n": 1}, by="early") for _ in range(2)))
        assert replies == [
            Released(buffered=True),
            AlreadyReleased(answered_by="early", answered_on=engine.clock.now()),
        ]
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert len(await engine.events(execution_id, ResumeBuffered)) == 1
        assert list((await engine.state(execution_id)).waits) == ["wait_2:1"]

    @pytest.mark.parametrize(
        ("settings", "source"),
        [({"sources": ["TEAMS"]}, "SAP"), ({"schema": {"type": "object", "required": ["po"]}}, "SAP")],
        ids=["source", "schema"],
    )
    async def test_a_kept_resume_that_does_not_fit_becomes_a_dead_letter(
        self, engine: Driver, settings: dict[str, Any], source: str
    ) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call(), wait(**settings)))
        await engine.settle()
        assert await engine.resume(execution_id, {"n": 1}, source=source) == Released(buffered=True)
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        (letter,) = await engine.events(execution_id, ResumeIgnored)
        assert (letter.reason, letter.payload["n"]) == ("UNFIT", 1)
        assert await engine.resume(execution_id, {"po": "1"}, source="TEAMS") == Released()

    async def test_a_kept_resume_that_no_wait_uses_becomes_a_dead_letter(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        workflow = chain(call(), wait(), note("skipped"), edges=(("call_1", "error", "skipped"),))
        engine.world.script("call_1", Answer(status=500))
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        assert await engine.resume(execution_id, {"n": 1}) == Released(buffered=True)
        assert len(await engine.events(execution_id, ResumeBuffered)) == 1
        await engine.terminate(execution_id)
        (letter,) = await engine.events(execution_id, ResumeIgnored)
        assert (letter.reason, letter.payload["n"]) == ("UNUSED", 1)
        engine.world.open_calls()[0].release()

    async def test_an_execution_that_never_waits_takes_no_resume(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(calling())
        await engine.settle()
        reply = await engine.resume(execution_id)
        assert isinstance(reply, Declined)
        assert reply.code == "NOT_WAITING"
        assert await engine.events(execution_id, ResumeBuffered) == []
        engine.world.open_calls()[0].release()


class LateStories:
    """Resumes that come when the wait is over, or that do not fit it."""

    async def test_after_the_end_a_resume_returns_who_released_the_wait(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        on = engine.clock.now()
        await engine.resume(execution_id, {"n": 1}, by="first")
        await engine.crash()
        engine.clock.advance(timedelta(days=400))
        before = await engine.path(execution_id)
        for payload in ({"n": 1}, {"n": 2}):
            assert await engine.resume(execution_id, payload) == AlreadyReleased(answered_by="first", answered_on=on)
        assert await engine.path(execution_id) == before

    async def test_a_terminated_execution_is_not_resumed(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        await engine.terminate(execution_id)
        reply = await engine.resume(execution_id)
        assert isinstance(reply, Declined)
        assert (reply.code, reply.message) == ("TERMINATED", "not found")

    async def test_a_failed_execution_is_not_resumed(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        execution_id = await engine.trigger(chain(call(fail_on=["5xx"]), wait()))
        await engine.settle()
        reply = await engine.resume(execution_id)
        assert isinstance(reply, Declined)
        assert reply.code == "FAILED"

    async def test_a_completed_execution_that_never_waited_is_not_resumed(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(note()))
        reply = await engine.resume(execution_id)
        assert isinstance(reply, Declined)
        assert reply.code == "COMPLETED"

    async def test_a_wait_that_timed_out_is_not_resumed(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(wait(timeout="PT1H"), delay("later", "P1D"), edges=()))
        token = await token_of(engine, execution_id, "wait_1:1")
        await engine.advance(timedelta(hours=1))
        for given in ("", token):
            reply = await engine.resume(execution_id, token=given)
            assert isinstance(reply, Declined)
            assert reply.code == "TIMED_OUT"

    async def test_a_resume_from_a_source_that_is_not_accepted_changes_nothing(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(sources=["SAP"]))
        reply = await engine.resume(execution_id, source="TEAMS")
        assert isinstance(reply, Declined)
        assert reply.code == "SOURCE_NOT_ACCEPTED"
        assert await engine.status(execution_id) == "WAITING"

    async def test_a_payload_that_breaks_the_schema_changes_nothing(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking(schema={"type": "object", "required": ["po"]}))
        reply = await engine.resume(execution_id, {"n": 1})
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path.startswith("/payload")
        assert await engine.resume(execution_id, {"po": "1"}) == Released()

    async def test_a_forged_token_is_the_token_of_no_wait(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking())
        other = await engine.trigger(asking())
        for token in ("x", await token_of(engine, other, "wait_1:1")):
            reply = await engine.resume(execution_id, token=token)
            assert isinstance(reply, Declined)
            assert reply.code == "NOT_WAITING"
