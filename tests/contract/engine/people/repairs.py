"""What operators decide about an execution that failed, or that continues in another way than was planned."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from contract.engine.upkeep.proofs import stored_text
from kit.definitions import asking, call, calling, card, chain, note, repeating, wait
from kit.driver import Driver
from looply.definition import Workflow
from looply.errors import Conflict
from looply.execution.facts.address import card_token, parse_address, wait_token
from looply.execution.facts.commands import (
    Declined,
    EditDocument,
    MoveTo,
    Redrive,
    Released,
    Repaired,
    Reply,
    Retry,
    SkipStep,
    Terminated,
)
from looply.execution.facts.events import Discarded, IncidentClosed, IncidentOpened, StepScheduled
from looply.jsontext import Json
from looply.testing.world import HANG, Answer, Outcome

HOUR = timedelta(hours=1)
REFUSED = Answer(status=500)
HIDDEN = "sesame-open-4711"


async def ask(engine: Driver, execution_id: str, kind: type, **fields: Any) -> Reply:
    """Puts an operator's command to an execution."""
    command = kind(at=engine.clock.now(), by="operator", via="API", reason="repaired", **fields)
    return await engine.shell.submit(execution_id, command)


async def decide(engine: Driver, execution_id: str, kind: type, **fields: Any) -> Reply:
    """Puts an operator's command to an execution and lets everything happen that follows."""
    reply = await ask(engine, execution_id, kind, **fields)
    await engine.settle()
    return reply


async def broken(engine: Driver, workflow: Workflow | None = None, body: Json = None, **fields: Any) -> str:
    """Returns an execution whose first call was refused; it has an incident."""
    engine.world.script("call_1", REFUSED)
    workflow = workflow or chain(call("call_1", fail_on=["5xx"]), call("call_2"))
    execution_id = await engine.trigger(workflow, body or {"po": "1"}, **fields)
    await engine.settle()
    assert await engine.status(execution_id) == "FAILED"
    return execution_id


async def refused_together(engine: Driver, count: int) -> str:
    """Returns an execution so many calls of which were refused, when all of them were out."""
    hanging: list[Outcome] = [HANG] * count
    engine.world.script("call_1", *hanging)
    workflow = repeating(call("call_1", body="${item}", fail_on=["5xx"]), concurrency=count)
    execution_id = await engine.trigger(workflow, {"items": list(range(count))})
    await engine.world.wait_for_call("call_1", count)
    for made in engine.world.open_calls():
        made.release(REFUSED)
    await engine.settle()
    return execution_id


def keys(engine: Driver, step_id: str = "call_1") -> list[str]:
    """Returns the keys under which a step's calls reached the other system, without the execution."""
    return [seen.key.partition(":")[2] for seen in engine.world.calls_of(step_id)]


class RepairStories:
    """Each action, and what the other system sees of it."""

    async def test_a_retry_sends_the_same_bytes_under_the_same_key(self, engine: Driver) -> None:
        execution_id = await broken(engine)
        assert isinstance(await decide(engine, execution_id, Retry), Repaired)
        first, second = engine.world.calls_of("call_1")
        assert (first.input, first.key) == (second.input, second.key)
        assert await engine.status(execution_id) == "COMPLETED"
        (closed,) = await engine.events(execution_id, IncidentClosed)
        assert (closed.action, closed.by, closed.via, closed.reason) == ("retry", "operator", "API", "repaired")

    @pytest.mark.parametrize("act", [Retry, Redrive])
    async def test_what_failed_beside_an_incident_is_tried_again_with_it(self, engine: Driver, act: type) -> None:
        execution_id = await refused_together(engine, 3)
        assert len(await engine.events(execution_id, IncidentOpened)) == 1
        reply = await decide(engine, execution_id, act)
        opened = [event.incident_id for event in await engine.events(execution_id, IncidentOpened)]
        closed = [event.incident_id for event in await engine.events(execution_id, IncidentClosed)]
        assert reply == Repaired(incidents=tuple(opened))
        assert (len(opened), closed) == (3, opened)
        assert await engine.status(execution_id) == "COMPLETED"
        assert sorted(keys(engine)) == sorted([f"loop[{item}]/call_1:1" for item in range(3)] * 2)

    async def test_what_failed_beside_a_named_incident_keeps_an_incident_of_its_own(self, engine: Driver) -> None:
        execution_id = await refused_together(engine, 2)
        (first,) = await engine.events(execution_id, IncidentOpened)
        reply = await decide(engine, execution_id, Retry, incident_id=first.incident_id)
        assert reply == Repaired(incidents=(first.incident_id,))
        assert await engine.status(execution_id) == "FAILED"
        assert len(await engine.events(execution_id, IncidentOpened)) == 2

    async def test_an_edited_document_gives_a_new_key_only_where_it_changes_the_input(self, engine: Driver) -> None:
        for document, expected in (({"other": 1}, ["call_1:1", "call_1:1"]), ({"po": "2"}, ["call_1:1", "call_1:2"])):
            engine.world.calls.clear()
            execution_id = await broken(engine)
            await decide(engine, execution_id, EditDocument, document={"payload": {"output": document}})
            assert await engine.status(execution_id) == "FAILED"
            assert len(engine.world.calls_of("call_1")) == 1
            await decide(engine, execution_id, Retry)
            assert keys(engine) == expected
            assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_step_is_completed_by_hand_and_the_next_one_follows(self, engine: Driver) -> None:
        execution_id = await broken(engine, chain(call("call_1", fail_on=["5xx"]), note("seen", "${call_1.output.n}")))
        await decide(engine, execution_id, SkipStep, action="complete", output={"n": 7})
        state = await engine.state(execution_id)
        assert (state.status, state.payload["seen"], len(engine.world.calls)) == ("COMPLETED", 7, 1)

    async def test_an_execution_is_moved_to_another_step(self, engine: Driver) -> None:
        execution_id = await broken(engine)
        await decide(engine, execution_id, MoveTo, to="call_2")
        assert keys(engine, "call_2") == ["call_2:1"]
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_waiting_execution_is_moved_and_its_wait_takes_no_answer(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(card("card_1", timeout="PT1H"), wait("wait_1")))
        await decide(engine, execution_id, MoveTo, to="wait_1")
        assert (
            await engine.shell.executions.open_cards((await engine.state(execution_id)).started.organization_id) == []
        )
        assert await engine.store.work.next_due() is None
        assert await engine.resume(execution_id) == Released()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_an_unknown_outcome_is_completed_or_tried_again(self, engine: Driver) -> None:
        for kind, fields in ((Retry, {}), (SkipStep, {"action": "complete", "output": {"status": "200"}})):
            engine.world.calls.clear()
            engine.world.script("call_1", HANG)
            execution_id = await engine.trigger(calling("POST"))
            await engine.settle()
            await engine.crash()
            await engine.settle()
            (incident,) = (await engine.state(execution_id)).incidents.values()
            assert incident.kind == "UNKNOWN"
            assert isinstance(await decide(engine, execution_id, kind, **fields), Repaired)
            assert await engine.status(execution_id) == "COMPLETED"
            assert keys(engine) == ["call_1:1"] * (2 if kind is Retry else 1)

    async def test_after_the_time_limit_the_same_span_begins_again(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(wait(), timeout="PT1H"))
        await engine.advance(2 * HOUR)
        assert await engine.status(execution_id) == "FAILED"
        await decide(engine, execution_id, Retry)
        await engine.advance(HOUR - timedelta(seconds=1))
        assert await engine.status(execution_id) == "WAITING"
        await engine.advance(timedelta(seconds=1))
        assert await engine.status(execution_id) == "FAILED"
        assert len(await engine.events(execution_id, IncidentOpened)) == 2
        await decide(engine, execution_id, Redrive)
        assert await engine.resume(execution_id) == Released()

    async def test_a_call_that_is_queued_while_the_incident_is_closed_is_sent_once(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("front", HANG)
        await engine.trigger(chain(call("front", "GET", timeout="PT2H")))
        await engine.settle()  # a queue need not keep the order of two that stand in it together
        execution_id = await engine.trigger(chain(call("call_1", "POST"), timeout="PT1H"))
        await engine.settle()
        await engine.advance(HOUR)
        assert await engine.status(execution_id) == "FAILED"
        await decide(engine, execution_id, Retry)
        assert engine.world.calls_of("call_1") == []
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert keys(engine) == ["call_1:1"]
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_call_that_was_queued_while_frozen_is_sent_then(self, engine: Driver) -> None:
        engine.per_queue = 1
        await engine.restart()
        engine.world.script("front", HANG)
        await engine.trigger(chain(call("front", "GET", timeout="PT2H")))
        await engine.settle()  # a queue need not keep the order of two that stand in it together
        execution_id = await engine.trigger(chain(call("call_1", "POST"), timeout="PT1H"))
        await engine.settle()
        await engine.advance(HOUR)
        assert await engine.status(execution_id) == "FAILED"
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert engine.world.calls_of("call_1") == []
        await decide(engine, execution_id, Retry)
        assert keys(engine) == ["call_1:1"]
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_timers_that_fell_due_while_frozen_fire_then(self, engine: Driver) -> None:
        workflow = chain(wait(timeout="PT2H"), note("late"), edges=(("wait_1", "timeout", "late"),), timeout="PT1H")
        execution_id = await engine.trigger(workflow)
        await engine.advance(HOUR)
        await engine.advance(HOUR)
        assert await engine.status(execution_id) == "FAILED"
        await decide(engine, execution_id, Retry)
        await engine.tick()
        assert (await engine.state(execution_id)).payload["late"] == "seen"

    async def test_a_secret_stays_sealed_through_every_repair(self, engine: Driver) -> None:
        engine.world.script("login", Answer(data={"token": HIDDEN}))
        workflow = chain(
            call("login", secret=["/output/data/token"]),
            call("call_1", body="${concat('t=', login.output.data.token, payload.output.po)}", fail_on=["5xx"]),
        )
        execution_id = await broken(engine, workflow)
        await decide(engine, execution_id, Retry, document={"payload": {"output": {"po": "2"}}})
        other = HIDDEN[::-1]
        engine.world.script("call_1", REFUSED)
        again = await engine.trigger(workflow, {"po": "1"})
        await engine.settle()
        await decide(engine, again, Retry, document={"login": {"output": {"data": {"token": other}}}})
        assert [seen.input["body"] for seen in engine.world.calls_of("call_1")][-1] == f"t={other}1"
        text = stored_text(engine)
        assert (HIDDEN.encode() in text, other.encode() in text) == (False, False)


class RedriveStories:
    """Onto a corrected version, as one or while another process has an opinion."""

    async def test_the_corrected_version_sends_another_input_under_another_key(self, engine: Driver) -> None:
        execution_id = await broken(engine)
        repaired = chain(call("call_1", body="${payload.output.po}-repaired", fail_on=["5xx"]), call("call_3"))
        await decide(engine, execution_id, Redrive, workflow=repaired, workflow_version=2)
        assert keys(engine) == ["call_1:1", "call_1:2"]
        assert engine.world.calls_of("call_1")[1].input["body"] == "1-repaired"
        await engine.crash()
        found = await engine.shell.executions.get(execution_id)
        assert (found.head.workflow_version, found.workflow.hash) == (2, repaired.hash)
        assert (found.head.status, keys(engine, "call_3")) == ("COMPLETED", ["call_3:1"])

    async def test_a_step_with_another_name_keeps_its_key(self, engine: Driver) -> None:
        execution_id = await broken(engine)
        renamed = chain(call("order", fail_on=["5xx"]), call("call_2"))
        await decide(engine, execution_id, Redrive, workflow=renamed, workflow_version=2, steps={"call_1": "order"})
        assert keys(engine, "order") == keys(engine, "call_1") == ["call_1:1"]
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_the_card_of_a_waiting_execution_still_answers_under_another_name(self, engine: Driver) -> None:
        before = chain(card("card_1"), note("seen", "${card_1.output.response.data.action}"))
        after = chain(card("question"), note("seen", "${question.output.response.data.action}"))
        execution_id = await engine.trigger(before)
        organization_id = (await engine.state(execution_id)).started.organization_id
        (shown,) = await engine.shell.executions.open_cards(organization_id)
        await decide(engine, execution_id, Redrive, workflow=after, workflow_version=2, steps={"card_1": "question"})
        assert await engine.status(execution_id) == "WAITING"
        await engine.crash()
        (card_row,) = await engine.shell.executions.open_cards(organization_id)
        assert (card_row.address, card_row.card_id) == (shown.address, shown.card_id)
        assert card_row.step == "question"
        seed = (await engine.state(execution_id)).started.seed
        token = card_token(execution_id, seed, parse_address(shown.address), shown.part)
        await engine.answer(execution_id, token)
        state = await engine.state(execution_id)
        assert (state.status, state.payload["seen"]) == ("COMPLETED", "approve")

    async def test_the_token_of_a_wait_still_names_it_under_another_name(self, engine: Driver) -> None:
        execution_id = await engine.trigger(chain(wait("wait_1", timeout="PT1H"), note()))
        seed = (await engine.state(execution_id)).started.seed
        token = wait_token(execution_id, seed, parse_address("wait_1:1"))
        after = chain(wait("answer"), note())
        await decide(engine, execution_id, Redrive, workflow=after, workflow_version=2, steps={"wait_1": "answer"})
        assert await engine.resume(execution_id, token=token) == Released()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_a_call_that_is_out_comes_back_to_the_step_under_its_new_name(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), note()))
        await engine.settle()
        after = chain(call("order"), note())
        await decide(engine, execution_id, Redrive, workflow=after, workflow_version=2, steps={"call_1": "order"})
        engine.world.open_calls()[0].release(Answer(data={"n": 1}))
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["order"]["data"]) == ("COMPLETED", {"n": 1})
        assert len(engine.world.calls) == 1

    async def test_a_process_id_that_is_in_use_is_not_taken_back(self, engine: Driver) -> None:
        workflow = chain(call("call_1", fail_on=["5xx"]), wait())
        first = await broken(engine, workflow, process_id="PO-1")
        second = await engine.trigger(workflow, {"po": "2"}, process_id="PO-1")
        await engine.settle()
        before = await engine.path(first)
        for kind in (Retry, Redrive):
            with pytest.raises(Conflict) as caught:
                await decide(engine, first, kind)
            assert caught.value.code == "PROCESS_ID_IN_USE"
        assert await engine.path(first) == before
        assert await engine.terminate(second) == Terminated()
        assert isinstance(await decide(engine, first, Retry), Repaired)
        assert await engine.status(first) == "WAITING"
        assert [head.execution_id for head in await engine.find("PO-1")] == [first]

    async def test_the_result_of_a_call_beside_a_retry_that_is_refused_is_stored(self, engine: Driver) -> None:
        workflow = chain(call("call_1", timeout="PT2H"), wait(), timeout="PT1H")
        engine.world.script("call_1", HANG)
        first = await engine.trigger(workflow, process_id="PO-1")
        await engine.advance(HOUR)
        await engine.trigger(workflow, {"po": "2"}, process_id="PO-1")
        await engine.settle()
        engine.faults.hold()
        retry = engine.call(ask(engine, first, Retry))
        engine.world.open_calls()[0].release(Answer(data={"n": 1}))
        await engine.settle()
        engine.faults.let_go()
        with pytest.raises(Conflict):
            await retry
        await engine.settle()
        state = await engine.state(first)
        assert (state.status, state.outputs["call_1"]["data"]) == ("FAILED", {"n": 1})

    @pytest.mark.parametrize("act", [Retry, Redrive])
    async def test_a_younger_incident_is_none_of_a_bulk_that_was_asked_for_before(
        self, engine: Driver, act: type
    ) -> None:
        execution_id = await broken(engine)
        asked = engine.clock.now()
        engine.clock.advance(HOUR)
        engine.world.script("call_1", REFUSED)
        assert isinstance(await decide(engine, execution_id, act, opened_by=asked), Repaired)
        reply = await decide(engine, execution_id, act, opened_by=asked)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"
        assert len(engine.world.calls_of("call_1")) == 2

    async def test_a_bulk_that_is_repeated_skips_no_step_that_comes_later(self, engine: Driver) -> None:
        execution_id = await broken(engine, chain(call("call_1", fail_on=["5xx"]), wait("wait_1"), note("end")))
        asked = engine.clock.now()
        engine.clock.advance(HOUR)
        assert isinstance(await decide(engine, execution_id, SkipStep, opened_by=asked), Repaired)
        reply = await decide(engine, execution_id, SkipStep, opened_by=asked)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"
        assert (await engine.state(execution_id)).status == "WAITING"


class RepairRaceStories:
    """Two people at one execution, and a process that dies between any two units."""

    @pytest.mark.parametrize("act", [Retry, Redrive])
    async def test_of_eight_operators_at_once_one_decides_and_the_others_get_that(
        self, engine: Driver, act: type
    ) -> None:
        engine.world.always("call_2", HANG)
        execution_id = await broken(engine)
        replies = await engine.together(*(ask(engine, execution_id, act) for _ in range(8)))
        await engine.settle()
        assert Counter(type(reply).__name__ for reply in replies) == {"Repaired": 1, "Declined": 7}
        assert {reply.code for reply in replies if isinstance(reply, Declined)} == {"NO_INCIDENT"}
        assert len(engine.world.calls_of("call_1")) == 2
        (opened,) = engine.world.open_calls()
        opened.release()

    @pytest.mark.parametrize("first", ["redrive", "terminate"])
    async def test_a_redrive_against_a_termination(self, engine: Driver, first: str) -> None:
        execution_id = await broken(engine, chain(call("call_1", fail_on=["5xx"]), wait()))
        acts = [ask(engine, execution_id, Redrive), engine.terminate(execution_id)]
        replies = await engine.together(*(acts if first == "redrive" else acts[::-1]))
        await engine.settle()
        redriven, terminated = replies if first == "redrive" else replies[::-1]
        assert terminated == Terminated()
        assert isinstance(redriven, Repaired if first == "redrive" else Declined)
        assert await engine.status(execution_id) == "TERMINATED"
        closed = [event.action for event in await engine.events(execution_id, IncidentClosed)]
        assert closed == [first]

    async def test_a_decision_about_a_state_that_is_over_is_refused(self, engine: Driver) -> None:
        execution_id = await broken(engine)
        seq = (await engine.state(execution_id)).seq
        edit = {"document": {"payload": {"output": {"po": "2"}}}, "expected_seq": seq}
        replies = await engine.together(*(ask(engine, execution_id, EditDocument, **edit) for _ in range(2)))
        assert sorted(type(reply).__name__ for reply in replies) == ["Declined", "Repaired"]

    @pytest.mark.parametrize("point", ["before-it-is-stored", "after-it-is-stored", "while-sending"])
    @pytest.mark.parametrize("act", [Retry, SkipStep, MoveTo, Redrive])
    async def test_a_crash_around_a_decision_loses_nothing(self, engine: Driver, act: type, point: str) -> None:
        execution_id = await broken(engine, chain(call("call_1", "GET", fail_on=["5xx"]), call("call_2", "GET")))
        facts: dict[type, dict[str, Any]] = {
            MoveTo: {"to": "call_2"},
            Redrive: {
                "workflow": chain(call("order", "GET", fail_on=["5xx"]), call("call_2", "GET")),
                "workflow_version": 2,
                "steps": {"call_1": "order"},
            },
        }
        if point == "before-it-is-stored":
            engine.faults.hold()
        elif point == "after-it-is-stored":
            engine.faults.lost_answers = 1
        else:
            engine.world.script("call_1" if act is Retry else "order" if act is Redrive else "call_2", HANG)
        engine.call(ask(engine, execution_id, act, **facts.get(act, {})))
        await engine.settle()
        await engine.crash()
        await engine.settle()
        if point == "before-it-is-stored":
            assert await engine.status(execution_id) == "FAILED"
            await decide(engine, execution_id, act, **facts.get(act, {}))
        assert await engine.status(execution_id) == "COMPLETED"
        assert len(await engine.events(execution_id, IncidentClosed)) == 1
        assert set(keys(engine)) == {"call_1:1"}
        assert set(keys(engine, "order")) <= {"call_1:1"}

    async def test_the_late_result_of_a_step_that_was_skipped_moves_nothing(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(chain(call("call_1"), wait()))
        await engine.settle()
        await decide(engine, execution_id, SkipStep, state="call_1")
        engine.world.open_calls()[0].release()
        await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        assert len(await engine.events(execution_id, Discarded)) == 1
        assert len(await engine.events(execution_id, StepScheduled)) == 1

    async def test_an_execution_that_is_over_is_not_opened_again(self, engine: Driver) -> None:
        ended = await engine.trigger(chain(note()))
        waiting = await engine.trigger(asking())
        for kind, fields in ((Retry, {}), (Redrive, {}), (MoveTo, {"to": "note_1"}), (SkipStep, {})):
            reply = await decide(engine, ended, kind, **fields)
            assert isinstance(reply, Declined)
            assert reply.code == "COMPLETED"
        reply = await decide(engine, waiting, Retry)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"
