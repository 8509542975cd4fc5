"""Repairs by operators: retry, skip, complete, edit and move, on the decision core alone."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import to_builtins

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.repairs import OK, RETRY, begun, failed, last, post, redrive, retry, scheduled
from kit.execution.workflows import call, card, step, workflow
from looply.execution.facts.address import Address, wait_token
from looply.execution.facts.commands import (
    Declined,
    EditDocument,
    MoveTo,
    QuarantineExecution,
    Released,
    Repaired,
    Reply,
    SkipStep,
    Unfit,
)
from looply.execution.facts.events import (
    CardClosed,
    Discarded,
    DocumentEdited,
    IncidentClosed,
    IncidentOpened,
    Moved,
    StepSkipped,
    TimerStarted,
)
from looply.execution.views.logs import event_log
from looply.limits import Limits


class TestRetry:
    def test_a_retry_sends_the_stored_input_again_as_the_next_attempt_of_the_same_visit(self) -> None:
        simulator = failed()
        (incident_id,) = simulator.state.incidents
        assert retry(simulator) == Repaired(incidents=(incident_id,))
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]
        assert simulator.state.open_steps["c:1"].input["body"] == "1"
        closed = last(simulator, IncidentClosed)
        assert (closed.action, closed.again, closed.by, closed.reason) == ("retry", "attempt", "op", "fixed")
        simulator.succeed(OK)
        assert scheduled(simulator)[-1] == ("d", 1, 1)

    def test_the_step_has_all_attempts_of_its_policy_again(self) -> None:
        simulator = begun(workflow(post(retry=RETRY), edges="start>c"), {"po": "1"})
        simulator.fail()
        simulator.tick(10)
        simulator.fail()
        assert simulator.state.status == "FAILED"
        retry(simulator)
        simulator.fail()
        assert simulator.state.status == "RUNNING"
        simulator.tick(10)
        simulator.fail()
        assert simulator.state.status == "FAILED"
        assert [attempt for _, _, attempt in scheduled(simulator)] == [1, 2, 3, 4]

    def test_a_step_that_never_had_an_input_is_visited_again(self) -> None:
        broken = step("o", "overridePayload", {"parameters": [{"name": "x", "value": "${div(1, payload.output.n)}"}]})
        simulator = begun(workflow(broken, edges="start>o"), {"n": 0})
        assert simulator.state.status == "FAILED"
        retry(simulator)
        assert (simulator.state.status, simulator.state.visits["/o"]) == ("FAILED", 2)
        retry(simulator, document={"payload": {"output": {"n": 1}}})
        assert (simulator.state.status, simulator.state.payload["x"]) == ("COMPLETED", 1)

    def test_an_edit_that_changes_the_input_gives_a_new_visit_with_a_new_key(self) -> None:
        simulator = failed()
        retry(simulator, document={"payload": {"output": {"po": "2"}}})
        assert scheduled(simulator) == [("c", 1, 1), ("c", 2, 1)]
        assert simulator.state.open_steps["c:2"].input["body"] == "2"
        assert list(simulator.state.open_steps) == ["c:2"]
        assert last(simulator, IncidentClosed).again == "visit"

    def test_an_edit_that_leaves_the_input_as_it_was_keeps_visit_and_key(self) -> None:
        simulator = failed(body="${concat(payload.output.po, utcNow(), newGuid())}")
        simulator.tick(3600)
        retry(simulator, document={"payload": {"output": {"other": "2"}}})
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]

    def test_an_unknown_outcome_is_tried_again_under_its_key(self) -> None:
        simulator = begun(workflow(post(), edges="start>c"), {"po": "1"})
        simulator.lose()
        assert simulator.state.status == "FAILED"
        retry(simulator)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"

    def test_the_second_of_two_operators_gets_no_incident(self) -> None:
        simulator = failed()
        (incident_id,) = simulator.state.incidents
        retry(simulator)
        before = len(simulator.history)
        for fields in ({}, {"incident_id": incident_id}):
            reply = retry(simulator, **fields)
            assert isinstance(reply, Declined)
            assert reply.code == "NO_INCIDENT"
        assert len(simulator.history) == before

    def test_a_retry_of_many_leaves_incidents_alone_that_are_younger(self) -> None:
        simulator = failed()
        asked = simulator.now
        assert isinstance(retry(simulator, opened_by=asked), Repaired)
        simulator.tick(60)
        simulator.succeed({**OK, "status": "404"})
        reply = retry(simulator, opened_by=asked)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"

    def test_a_decision_about_a_state_that_is_over_is_refused(self) -> None:
        simulator = failed()
        reply = retry(simulator, expected_seq=simulator.state.seq - 1)
        assert isinstance(reply, Declined)
        assert reply.code == "STALE"
        assert isinstance(retry(simulator, expected_seq=simulator.state.seq), Repaired)

    def test_an_incident_that_is_not_open_is_refused(self) -> None:
        reply = retry(failed(), incident_id="another")
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"

    def test_an_execution_that_is_over_for_ever_cannot_be_repaired(self) -> None:
        simulator = failed()
        simulator.terminate()
        for command in (retry, redrive):
            reply = command(simulator)
            assert isinstance(reply, Declined)
            assert reply.code == "TERMINATED"

    def test_after_a_time_limit_the_same_span_starts_again(self) -> None:
        flow = workflow(step("w", "wait"), edges="start>w", settings={"timeout": "PT1H"})
        simulator = begun(flow)
        simulator.tick(3600)
        assert [one.kind for one in simulator.state.incidents.values()] == ["TIMEOUT"]
        simulator.tick(7200)
        retry(simulator)
        assert simulator.state.status == "WAITING"
        timer = last(simulator, TimerStarted)
        assert (timer.kind, (timer.due - simulator.now).total_seconds()) == ("EXECUTION", 3600)
        assert simulator.resume({"n": 1}) == Released()

    def test_timers_that_fell_due_while_nothing_could_happen_fire_then(self) -> None:
        flow = workflow(step("w", "wait", {"timeout": "PT2H"}), step("t", "terminate"), edges="start>w w:timeout>t")
        simulator = begun(flow)
        simulator.submit(QuarantineExecution(at=simulator.now, message="poisoned"))
        simulator.tick(3 * 3600)
        assert not simulator.work.timers
        retry(simulator)
        simulator.tick(0)
        assert simulator.state.status == "COMPLETED"

    def test_a_result_that_came_while_nothing_could_happen_leads_on(self) -> None:
        simulator = begun(workflow(call("c"), call("d"), edges="start>c c>d"))
        simulator.submit(QuarantineExecution(at=simulator.now, message="poisoned"))
        simulator.succeed(OK)
        assert simulator.state.status == "FAILED"
        retry(simulator)
        assert scheduled(simulator)[-1] == ("d", 1, 1)

    def test_after_a_limit_it_continues_where_the_limit_allows(self) -> None:
        again = step("again", "redirect", {"target": "set", "max_visits": 100})
        count = step("set", "overridePayload", {"parameters": [{"name": "n", "value": 1}]})
        simulator = begun(workflow(count, again, edges="start>set set>again"), limits=Limits(step_visits=5))
        assert [one.kind for one in simulator.state.incidents.values()] == ["LIMIT"]
        retry(simulator)
        assert [one.kind for one in simulator.state.incidents.values()] == ["LIMIT"]
        simulator.limits = Limits(step_visits=50)
        retry(simulator)
        assert simulator.state.total_visits == 50


class TestSkipAndComplete:
    def skip(self, simulator: Simulator, **fields: Any) -> Reply:
        return simulator.submit(SkipStep(at=simulator.now, by="op", reason="done by hand", **fields))

    def test_a_failed_step_is_completed_with_an_output(self) -> None:
        simulator = failed()
        reply = self.skip(simulator, action="complete", output={"status": "201"})
        assert isinstance(reply, Repaired)
        assert simulator.state.outputs["c"] == {"status": "201"}
        assert scheduled(simulator)[-1] == ("d", 1, 1)
        assert last(simulator, IncidentClosed).action == "complete"
        assert last(simulator, StepSkipped).by == "op"

    def test_an_unknown_outcome_is_completed_by_hand(self) -> None:
        simulator = begun(workflow(post(), edges="start>c"), {"po": "1"})
        simulator.lose()
        self.skip(simulator, action="complete", output=OK)
        assert simulator.state.status == "COMPLETED"

    def test_a_failed_choice_is_left_by_a_branch(self) -> None:
        settings = {
            "variable": "${div(1, 0)}",
            "operator": "IsPresent",
            "branches": [{"id": "a", "label": "A", "value": True}],
        }
        flow = workflow(step("b", "branchConditional", settings), call("c"), call("d"), edges="start>b b:a>c b:else>d")
        simulator = begun(flow)
        reply = self.skip(simulator)
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/branch"
        assert "a, else" in reply.problems[0].message
        assert isinstance(self.skip(simulator, branch="a"), Repaired)
        assert scheduled(simulator) == [("c", 1, 1)]

    def test_a_wait_is_skipped_and_its_cards_are_closed(self) -> None:
        flow = workflow(
            card("ask", "a@example.com", wait={"for": "first", "timeout": "P1D"}), call("c"), edges="start>ask ask>c"
        )
        simulator = begun(flow)
        assert isinstance(self.skip(simulator), Repaired)
        assert (simulator.state.waits, simulator.state.timers) == ({}, {})
        assert last(simulator, CardClosed).reason == "ENDED"
        assert simulator.state.status == "RUNNING"

    def test_the_late_result_of_a_step_that_was_skipped_moves_nothing(self) -> None:
        simulator = begun(workflow(call("c"), call("d"), edges="start>c c>d"))
        effect = simulator.effects[0]
        self.skip(simulator, state="c")
        simulator.report(effect, OK)
        assert isinstance(simulator.history[-1], Discarded)
        assert simulator.state.outputs["c"] is None

    def test_a_step_that_is_not_a_current_one_is_refused(self) -> None:
        reply = self.skip(failed(), state="d")
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/state"

    def test_an_output_that_is_too_large_is_refused(self) -> None:
        simulator = failed()
        simulator.limits = Limits(document_bytes=200)
        reply = self.skip(simulator, output="x" * 300)
        assert isinstance(reply, Unfit)
        assert "document_bytes" in reply.problems[0].message

    def test_a_step_that_has_ended_cannot_be_skipped(self) -> None:
        again = step("again", "redirect", {"target": "set", "max_visits": 100})
        count = step("set", "overridePayload", {"parameters": [{"name": "n", "value": 1}]})
        simulator = begun(workflow(count, again, edges="start>set set>again"), limits=Limits(step_visits=5))
        reply = self.skip(simulator)
        assert isinstance(reply, Declined)
        assert reply.code == "STEP_ENDED"

    def test_a_skip_of_many_skips_the_step_of_an_incident_once_and_none_that_waits(self) -> None:
        simulator = begun(workflow(post(), step("w", "wait"), edges="start>c c>w"), {"po": "1"})
        simulator.succeed({**OK, "status": "404"})
        asked = simulator.now
        assert self.refusal(simulator, opened_by=asked - timedelta(seconds=1)) == "NO_INCIDENT"
        assert self.refusal(simulator, opened_by=asked, state="w") == "NO_INCIDENT"
        assert isinstance(self.skip(simulator, opened_by=asked, state="c"), Repaired)
        assert (simulator.state.status, [path.step for path in simulator.state.paths]) == ("WAITING", ["w"])
        assert self.refusal(simulator, opened_by=asked) == "NO_INCIDENT"
        assert simulator.state.status == "WAITING"

    def test_a_skip_of_many_skips_nothing_when_no_step_has_failed(self) -> None:
        simulator = begun(workflow(step("w", "wait"), edges="start>w", settings={"timeout": "PT1H"}))
        simulator.tick(3600)
        assert simulator.state.status == "FAILED"
        assert self.refusal(simulator, opened_by=simulator.now) == "NO_INCIDENT"

    def refusal(self, simulator: Simulator, **fields: Any) -> str:
        reply = self.skip(simulator, **fields)
        assert isinstance(reply, Declined)
        return reply.code


class TestEdit:
    def edit(self, simulator: Simulator, document: Any, **fields: Any) -> Reply:
        return simulator.submit(EditDocument(at=simulator.now, by="op", document=document, **fields))

    def test_a_merge_patch_changes_the_named_values_and_starts_no_step(self) -> None:
        simulator = failed()
        before = simulator.state.document_bytes
        reply = self.edit(
            simulator, {"payload": {"output": {"po": None, "deep": {"n": 1}}}, "c": {"output": {"status": "200"}}}
        )
        assert isinstance(reply, Repaired)
        assert "po" not in simulator.state.payload
        assert simulator.state.payload["deep"] == {"n": 1}
        assert simulator.state.payload["workflow_id"] == "workflow"
        assert simulator.state.outputs["c"]["status"] == "200"
        assert simulator.state.outputs["c"]["statusText"] == "OK"
        assert simulator.state.status == "FAILED"
        assert simulator.state.document_bytes != before

    def test_a_part_can_be_replaced_as_a_whole(self) -> None:
        simulator = failed()
        self.edit(simulator, {"payload": {"output": {"x": 1}}, "c": {"output": [1]}}, replaces=True)
        assert "po" not in simulator.state.payload
        assert simulator.state.outputs["c"] == [1]

    @pytest.mark.parametrize(
        ("document", "path"),
        [
            ({}, "/document"),
            ([1], "/document"),
            ({"nobody": {"output": 1}}, "/document/nobody"),
            ({"WorkflowStartState": {"output": 1}}, "/document/WorkflowStartState"),
            ({"c": 1}, "/document/c"),
            ({"c": {"output": 1, "more": 2}}, "/document/c"),
            ({"payload": {"output": 1}}, "/document/payload/output"),
            ({"payload": {"output": {"workflow_id": "x"}}}, "/document/payload/output/workflow_id"),
        ],
    )
    def test_an_invalid_document_is_refused_with_its_path(self, document: Any, path: str) -> None:
        simulator = failed()
        before = len(simulator.history)
        reply = self.edit(simulator, document)
        assert isinstance(reply, Unfit)
        assert [problem.path for problem in reply.problems] == [path]
        assert len(simulator.history) == before

    def test_a_document_that_grows_over_its_limit_is_refused(self) -> None:
        simulator = failed()
        simulator.limits = Limits(document_bytes=200)
        assert isinstance(self.edit(simulator, {"c": {"output": {"x": "y" * 300}}}), Unfit)
        assert isinstance(retry(simulator, document={"c": {"output": {"x": "y" * 300}}}), Unfit)

    def test_secrets_stay_marked_and_a_mask_is_refused_as_their_value(self) -> None:
        flow = workflow(
            call("login", secret=["/output/data/token"]),
            post(),
            edges="start>login login>c",
            trigger={"secret": ["/output/pin"]},
        )
        simulator = begun(flow, {"po": "1", "pin": "1234"})
        simulator.succeed({**OK, "data": {"token": "hidden"}})
        simulator.succeed({**OK, "status": "404"})
        reply = self.edit(
            simulator, {"login": {"output": {"data": {"token": "***"}}}, "payload": {"output": {"pin": "***"}}}
        )
        assert isinstance(reply, Unfit)
        assert {problem.path for problem in reply.problems} == {
            "/document/login/output/data/token",
            "/document/payload/output/pin",
        }
        self.edit(simulator, {"login": {"output": {"data": {"token": "new"}}}, "payload": {"output": {"n": 1}}})
        event = last(simulator, DocumentEdited)
        assert set(event.secret) == {"/outputs/login/data/token", "/payload/pin"}
        assert simulator.state.payload["pin"] == "1234"

    def test_the_output_of_a_step_that_was_never_visited_is_marked_as_the_step_says(self) -> None:
        flow = workflow(post(), call("login", secret=["/output/data/token"]), edges="start>c c>login")
        simulator = begun(flow, {"po": "1"})
        self.edit(simulator, {"login": {"output": {"data": {"token": "new"}}}})
        assert ("login", "output", "data", "token") in simulator.state.secrets


class TestMove:
    def move(self, simulator: Simulator, to: str, **fields: Any) -> Reply:
        return simulator.submit(MoveTo(at=simulator.now, by="op", reason="elsewhere", to=to, **fields))

    def test_a_failed_execution_continues_at_another_step(self) -> None:
        simulator = failed()
        (incident_id,) = simulator.state.incidents
        assert self.move(simulator, "d") == Repaired(incidents=(incident_id,))
        assert scheduled(simulator)[-1] == ("d", 1, 1)
        assert list(simulator.state.open_steps) == ["d:1"]
        assert (last(simulator, Moved).by, last(simulator, IncidentClosed).action) == ("op", "move")

    def test_a_waiting_execution_is_moved_and_its_open_visit_is_cancelled(self) -> None:
        flow = workflow(
            card("ask", "a@example.com", wait={"for": "first", "timeout": "P1D"}), call("c"), edges="start>ask ask>c"
        )
        simulator = begun(flow)
        token = wait_token(EXECUTION_ID, SEED, Address("", "ask", 1))
        assert isinstance(self.move(simulator, "c", state="ask"), Repaired)
        assert (simulator.state.waits, simulator.state.timers) == ({}, {})
        assert not simulator.work.cards
        assert simulator.state.settled["ask:1"].how == "CANCELLED"
        assert not isinstance(simulator.resume({"n": 1}, token=token), Released)

    @pytest.mark.parametrize("to", ["nowhere", "WorkflowStartState"])
    def test_a_step_that_cannot_be_visited_is_refused(self, to: str) -> None:
        reply = self.move(failed(), to)
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/to"

    def test_an_incident_that_is_not_open_is_refused(self) -> None:
        reply = self.move(failed(), "d", incident_id="another")
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"


def test_the_log_shows_the_repair_and_that_the_execution_continues() -> None:
    simulator = failed()
    retry(simulator, document={"payload": {"output": {"po": "2"}}})
    log = to_builtins(event_log(list(enumerate(simulator.history, 1))))
    assert [entry["type"] for entry in log][-4:] == [
        "EXECUTION_EDITED",
        "INCIDENT_CLOSED",
        "EXECUTION_REOPENED",
        "STEP_STARTED",
    ]
    assert (log[-3]["by"], log[-3]["again"]) == ("op", "visit")
    assert log[-4]["changed"] == ["payload"]
    assert last(simulator, IncidentOpened).step == "c"
