"""What operators decide: retry, skip, complete, edit, move and redrive, on the decision core alone."""

from typing import Any

import pytest
from execution_driver import EXECUTION_ID, SEED, Simulator
from execution_workflows import call, card, step, workflow

from looply.definition import Workflow
from looply.execution.address import Address, wait_token
from looply.execution.commands import (
    AlreadyRestarted,
    Declined,
    EditDocument,
    MoveTo,
    Park,
    Redrive,
    Repaired,
    Reply,
    Restarted,
    Retry,
    SkipStep,
    Unfit,
)
from looply.execution.condensed import condensed_logs
from looply.execution.events import (
    CardClosed,
    Discarded,
    DocumentEdited,
    Event,
    IncidentClosed,
    IncidentOpened,
    Migrated,
    Moved,
    StepScheduled,
    StepSkipped,
    TimerStarted,
)
from looply.execution.logs import event_log
from looply.limits import Limits

OK = {"status": "200", "statusText": "OK", "headers": {}, "data": {"n": 1}}
RETRY = {"max_attempts": 2, "interval": "PT10S"}


def begun(flow: Workflow, body: Any = None, **options: Any) -> Simulator:
    simulator = Simulator(flow, **options)
    simulator.start(body)
    return simulator


def post(id_: str = "c", body: str = "${payload.output.po}", **beside: Any) -> dict[str, Any]:
    settings = {"method": "POST", "url": f"https://example.com/{id_}", "body": body, "fail_on": ["4xx"]}
    return step(id_, "httpRequest", settings, **beside)


def failed(**beside: Any) -> Simulator:
    """Returns an execution whose call was refused; behind it stands another one."""
    simulator = begun(workflow(post(**beside), call("d"), edges="start>c c>d"), {"po": "1"})
    simulator.succeed({**OK, "status": "404"})
    assert simulator.state.status == "FAILED"
    return simulator


def retry(simulator: Simulator, **fields: Any) -> Reply:
    return simulator.submit(Retry(at=simulator.now, by="op", via="API", reason="mended", **fields))


def redrive(simulator: Simulator, flow: Workflow | None = None, **fields: Any) -> Reply:
    facts = {"workflow": flow, "workflow_version": 2} if flow is not None else {}
    return simulator.submit(Redrive(at=simulator.now, by="op", via="API", reason="mended", **{**facts, **fields}))


def last(simulator: Simulator, kind: type[Event]) -> Any:
    return [event for event in simulator.history if isinstance(event, kind)][-1]


def scheduled(simulator: Simulator) -> list[tuple[str, int, int]]:
    found = [event for event in simulator.history if isinstance(event, StepScheduled)]
    return [(event.step, event.visit, event.attempt) for event in found]


class TestRetry:
    def test_a_retry_sends_the_stored_input_again_as_the_next_attempt_of_the_same_visit(self) -> None:
        simulator = failed()
        (incident_id,) = simulator.state.incidents
        assert retry(simulator) == Repaired(incidents=(incident_id,))
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]
        assert simulator.state.open_steps["c:1"].input["body"] == "1"
        closed = last(simulator, IncidentClosed)
        assert (closed.action, closed.again, closed.by, closed.reason) == ("retry", "attempt", "op", "mended")
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

    def test_a_step_that_never_had_an_input_is_visited_anew(self) -> None:
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

    def test_the_second_of_two_operators_is_told_that_nothing_is_left_to_decide(self) -> None:
        simulator = failed()
        (incident_id,) = simulator.state.incidents
        retry(simulator)
        before = len(simulator.history)
        for fields in ({}, {"incident_id": incident_id}):
            reply = retry(simulator, **fields)
            assert isinstance(reply, Declined)
            assert reply.code == "NO_INCIDENT"
        assert len(simulator.history) == before

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

    def test_after_a_time_limit_the_same_span_begins_anew(self) -> None:
        flow = workflow(step("w", "wait"), edges="start>w", settings={"timeout": "PT1H"})
        simulator = begun(flow)
        simulator.tick(3600)
        assert [one.kind for one in simulator.state.incidents.values()] == ["TIMEOUT"]
        simulator.tick(7200)
        retry(simulator)
        assert simulator.state.status == "WAITING"
        timer = last(simulator, TimerStarted)
        assert (timer.kind, (timer.due - simulator.now).total_seconds()) == ("EXECUTION", 3600)
        assert simulator.resume({"n": 1}) == Restarted()

    def test_timers_that_fell_due_while_nothing_could_happen_fire_then(self) -> None:
        flow = workflow(step("w", "wait", {"timeout": "PT2H"}), step("t", "terminate"), edges="start>w w:timeout>t")
        simulator = begun(flow)
        simulator.submit(Park(at=simulator.now, message="poisoned"))
        simulator.tick(3 * 3600)
        assert not simulator.work.timers
        retry(simulator)
        simulator.tick(0)
        assert simulator.state.status == "COMPLETED"

    def test_a_result_that_came_while_nothing_could_happen_leads_on(self) -> None:
        simulator = begun(workflow(call("c"), call("d"), edges="start>c c>d"))
        simulator.submit(Park(at=simulator.now, message="poisoned"))
        simulator.succeed(OK)
        assert simulator.state.status == "FAILED"
        retry(simulator)
        assert scheduled(simulator)[-1] == ("d", 1, 1)

    def test_after_a_limit_it_goes_on_where_there_is_room_again(self) -> None:
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

    def test_a_wait_that_nobody_will_answer_is_skipped_and_its_cards_are_closed(self) -> None:
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

    def test_a_place_where_the_execution_does_not_stand_is_refused(self) -> None:
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


class TestEdit:
    def edit(self, simulator: Simulator, document: Any, **fields: Any) -> Reply:
        return simulator.submit(EditDocument(at=simulator.now, by="op", document=document, **fields))

    def test_a_merge_patch_changes_what_it_names_and_nothing_starts(self) -> None:
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
    def test_what_is_no_document_is_refused_with_its_place(self, document: Any, path: str) -> None:
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

    def test_what_is_secret_stays_marked_and_its_mask_is_not_taken_for_it(self) -> None:
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

    def test_a_failed_execution_goes_on_at_another_step(self) -> None:
        simulator = failed()
        (incident_id,) = simulator.state.incidents
        assert self.move(simulator, "d") == Repaired(incidents=(incident_id,))
        assert scheduled(simulator)[-1] == ("d", 1, 1)
        assert list(simulator.state.open_steps) == ["d:1"]
        assert (last(simulator, Moved).by, last(simulator, IncidentClosed).action) == ("op", "move")

    def test_a_waiting_execution_is_moved_and_what_was_open_is_given_up(self) -> None:
        flow = workflow(
            card("ask", "a@example.com", wait={"for": "first", "timeout": "P1D"}), call("c"), edges="start>ask ask>c"
        )
        simulator = begun(flow)
        token = wait_token(EXECUTION_ID, SEED, Address("", "ask", 1))
        assert isinstance(self.move(simulator, "c", state="ask"), Repaired)
        assert (simulator.state.waits, simulator.state.timers) == ({}, {})
        assert not simulator.work.cards
        assert simulator.state.settled["ask:1"].how == "CANCELLED"
        assert not isinstance(simulator.resume({"n": 1}, token=token), Restarted)

    @pytest.mark.parametrize("to", ["nowhere", "WorkflowStartState"])
    def test_a_step_that_cannot_be_visited_is_refused(self, to: str) -> None:
        reply = self.move(failed(), to)
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/to"

    def test_an_incident_that_is_not_open_is_refused(self) -> None:
        reply = self.move(failed(), "d", incident_id="another")
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"


class TestRedrive:
    def test_without_a_version_it_is_a_retry_of_all(self) -> None:
        simulator = failed()
        assert isinstance(redrive(simulator), Repaired)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]
        reply = redrive(simulator)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"

    def test_onto_a_version_with_another_input_the_key_is_another_one(self) -> None:
        simulator = failed()
        mended = workflow(post(body="${payload.output.po}-mended"), call("d"), edges="start>c c>d")
        assert isinstance(redrive(simulator, mended), Repaired)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 2, 1)]
        assert simulator.state.open_steps["c:2"].input["body"] == "1-mended"
        assert (simulator.state.workflow_version, simulator.state.definition) == (2, mended.hash.hex())
        assert isinstance(simulator.history[-3], Migrated)

    def test_onto_a_version_that_mends_something_else_the_key_is_kept(self) -> None:
        simulator = failed()
        mended = workflow(post(timeout="PT60S"), call("e"), edges="start>c c>e")
        redrive(simulator, mended)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]
        assert last(simulator, StepScheduled).timeout_seconds == 60
        simulator.succeed(OK)
        assert scheduled(simulator)[-1] == ("e", 1, 1)

    def test_a_step_that_is_another_kind_of_step_now_is_visited_anew(self) -> None:
        simulator = failed()
        settings = {"parameters": [{"name": "x", "value": 1}]}
        redrive(simulator, workflow(step("c", "overridePayload", settings), call("d"), edges="start>c c>d"))
        assert simulator.state.payload["x"] == 1
        assert scheduled(simulator)[-1] == ("d", 1, 1)

    def test_a_step_that_is_called_otherwise_keeps_its_key_and_its_place(self) -> None:
        simulator = failed()
        renamed = workflow(
            step("c2", "httpRequest", simulator.workflow.definition["workflow_steps"][1]["settings"]),
            call("d"),
            edges="start>c2 c2>d",
        )
        reply = redrive(simulator, renamed)
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/mapping/c"
        assert isinstance(redrive(simulator, renamed, steps={"c": "c2"}), Repaired)
        opened = simulator.state.open_steps["c2:1"]
        assert (opened.key, opened.attempt) == ("c:1", 2)
        simulator.succeed(OK)
        assert scheduled(simulator)[-1] == ("d", 1, 1)
        assert simulator.state.outputs["c2"]["status"] == "200"

    def test_a_waiting_execution_is_moved_to_a_version_where_its_step_has_another_name(self) -> None:
        before = workflow(step("w", "wait", {"timeout": "P1D"}), call("c"), edges="start>w w>c")
        after = workflow(step("ask", "wait"), call("c"), call("late"), edges="start>ask ask>c ask:timeout>late")
        token = wait_token(EXECUTION_ID, SEED, Address("", "w", 1))
        for how in ("token", "plain", "timeout"):
            simulator = begun(before)
            assert isinstance(redrive(simulator, after, steps={"w": "ask"}), Repaired)
            assert simulator.state.current_state == "wait_for_response_state"
            simulator.crash()
            if how == "timeout":
                simulator.tick(86400)
                assert scheduled(simulator) == [("late", 1, 1)]
                continue
            fields = {"token": token} if how == "token" else {}
            assert simulator.resume({"n": 1}, **fields) == Restarted()
            assert isinstance(simulator.resume({"n": 2}, **fields), AlreadyRestarted)
            assert simulator.state.outputs["ask"]["n"] == 1
            assert scheduled(simulator) == [("c", 1, 1)]

    def test_a_call_that_is_out_while_its_step_is_renamed_comes_back_to_it(self) -> None:
        simulator = begun(workflow(call("c"), call("d"), edges="start>c c>d"))
        effect = simulator.effects[0]
        redrive(simulator, workflow(call("x"), call("d"), edges="start>x x>d"), steps={"c": "x"})
        simulator.report(effect, OK)
        assert simulator.state.outputs["x"] == OK
        assert scheduled(simulator)[-1] == ("d", 1, 1)

    def test_a_step_that_takes_an_old_name_never_uses_its_key(self) -> None:
        simulator = begun(workflow(call("c"), edges="start>c"))
        redrive(simulator, workflow(call("x"), call("c"), edges="start>x x>c"), steps={"c": "x"})
        simulator.succeed(OK)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 2, 1)]

    def test_a_token_of_a_wait_to_come_follows_its_step(self) -> None:
        simulator = begun(workflow(call("c"), step("w", "wait"), edges="start>c c>w"))
        token = wait_token(EXECUTION_ID, SEED, Address("", "w", 1))
        assert simulator.resume({"n": 1}, token=token) == Restarted(buffered=True)
        redrive(simulator, workflow(call("c"), step("w2", "wait"), edges="start>c c>w2"), steps={"w": "w2"})
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"
        assert simulator.state.outputs["w2"]["n"] == 1

    def test_a_step_that_is_open_cannot_become_another_kind_of_step(self) -> None:
        simulator = begun(workflow(step("w", "wait"), edges="start>w"))
        reply = redrive(simulator, workflow(call("w"), edges="start>w"))
        assert isinstance(reply, Unfit)
        assert "open as wait" in reply.problems[0].message

    def test_wrong_names_are_all_told_together(self) -> None:
        target = workflow(post(), call("e"), edges="start>c c>e")
        reply = redrive(failed(), target, steps={"nobody": "e", "d": "nowhere", "c": "e"})
        assert isinstance(reply, Unfit)
        assert {problem.path for problem in reply.problems} >= {"/mapping/nobody", "/mapping/d"}
        reply = redrive(failed(), target, steps={"c": "e", "d": "e"})
        assert isinstance(reply, Unfit)
        assert "/mapping" in {problem.path for problem in reply.problems}

    def test_the_version_that_it_runs_on_is_no_other_version(self) -> None:
        simulator = begun(workflow(step("w", "wait"), edges="start>w"))
        reply = redrive(simulator, simulator.workflow)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"

    def test_a_redrive_of_many_leaves_incidents_alone_that_are_younger(self) -> None:
        simulator = failed()
        asked = simulator.now
        assert isinstance(redrive(simulator, opened_by=asked), Repaired)
        simulator.tick(60)
        simulator.succeed({**OK, "status": "404"})
        reply = redrive(simulator, opened_by=asked)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"


def test_the_log_tells_what_was_decided_and_that_the_execution_goes_on() -> None:
    simulator = failed()
    retry(simulator, document={"payload": {"output": {"po": "2"}}})
    log = event_log(list(enumerate(simulator.history, 1)))
    assert [entry["type"] for entry in log][-4:] == [
        "EXECUTION_EDITED",
        "INCIDENT_CLOSED",
        "EXECUTION_REOPENED",
        "STEP_STARTED",
    ]
    assert (log[-3]["by"], log[-3]["again"]) == ("op", "visit")
    assert log[-4]["changed"] == ["payload"]
    assert last(simulator, IncidentOpened).step == "c"


class TestBranchesAndIterations:
    def side_by_side(self) -> Simulator:
        """Returns an execution one of whose two branches has failed while the other one calls."""
        branches = {"branches": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}
        flow = workflow(
            step("p", "parallel", branches),
            post("c"),
            call("d"),
            call("d2"),
            step("j", "join", {"of": "p"}),
            edges="start>p p:a>c p:b>d d>d2 c>j d2>j",
        )
        simulator = begun(flow, {"po": "1"})
        simulator.report(
            next(effect for effect in simulator.effects if "/c:" in effect.address), {**OK, "status": "404"}
        )
        assert simulator.state.status == "FAILED"
        return simulator

    def test_a_retry_thaws_the_other_branch_and_keeps_the_key_of_its_own(self) -> None:
        simulator = self.side_by_side()
        simulator.succeed(OK)
        assert "d2" not in [step for step, _, _ in scheduled(simulator)]
        retry(simulator)
        assert scheduled(simulator)[-2:] == [("c", 1, 2), ("d2", 1, 1)]
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"

    def test_the_log_names_the_step_of_the_incident_and_not_the_one_that_moved_last(self) -> None:
        simulator = self.side_by_side()
        simulator.succeed(OK)
        retry(simulator)
        log = event_log(list(enumerate(simulator.history, 1)))
        shown = [
            entry for entry in log if entry["type"] in ("INCIDENT_OPENED", "INCIDENT_CLOSED", "EXECUTION_REOPENED")
        ]
        assert [(entry["state"], entry["visit"], entry["scope"]) for entry in shown] == [("c", 1, "p[a]")] * 3

    def test_a_closing_that_an_older_release_recorded_stands_where_the_execution_stood(self) -> None:
        simulator = self.side_by_side()
        simulator.succeed(OK)
        (incident_id,) = simulator.state.incidents
        history = [*simulator.history, IncidentClosed(at=simulator.now, incident_id=incident_id, action="retry")]
        entry = event_log(list(enumerate(history, 1)))[-1]
        assert (entry["type"], entry["state"]) == ("EXECUTION_REOPENED", "d")
        assert "visit" not in entry

    def test_a_path_does_not_cross_the_border_of_its_branch(self) -> None:
        simulator = self.side_by_side()
        (incident_id,) = simulator.state.incidents
        for to in ("d", "j", "p"):
            reply = simulator.submit(MoveTo(at=simulator.now, by="op", to=to, incident_id=incident_id))
            assert isinstance(reply, Unfit)
            assert reply.problems[0].path == "/to"
        assert isinstance(
            simulator.submit(MoveTo(at=simulator.now, by="op", to="c", incident_id=incident_id)), Repaired
        )
        assert scheduled(simulator)[-1] == ("c", 2, 1)

    def test_which_of_several_paths_is_meant_must_be_said(self) -> None:
        simulator = self.side_by_side()
        reply = simulator.submit(SkipStep(at=simulator.now, by="op"))
        assert isinstance(reply, Declined)
        assert (reply.code, set(reply.states)) == ("AMBIGUOUS", {"c", "d"})
        assert isinstance(simulator.submit(SkipStep(at=simulator.now, by="op", state="c")), Repaired)
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"

    def renamed(self, simulator: Simulator, *, fork: str) -> Reply:
        """Asks for a version whose parallel is called `fork`, and in which the failed call has another name."""
        branches = {"branches": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}
        target = workflow(
            step(fork, "parallel", branches),
            {**post("c"), "id": "x"},
            call("d"),
            call("d2"),
            step("j", "join", {"of": fork}),
            edges=f"start>{fork} {fork}:a>x {fork}:b>d d>d2 x>j d2>j",
        )
        return redrive(simulator, target, steps={"c": "x", **({"p": fork} if fork != "p" else {})})

    def test_a_parallel_that_is_open_keeps_its_name(self) -> None:
        reply = self.renamed(self.side_by_side(), fork="q")
        assert isinstance(reply, Unfit)
        assert "must keep its name" in reply.problems[0].message

    def test_a_step_of_an_open_branch_goes_on_under_its_key_when_it_has_another_name(self) -> None:
        simulator = self.side_by_side()
        assert isinstance(self.renamed(simulator, fork="p"), Repaired)
        assert scheduled(simulator)[-1] == ("x", 1, 2)
        assert simulator.state.open_steps["p[a]/x:1"].key == "p[a]/c:1"
        simulator.succeed(OK)
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"

    def test_what_is_open_within_branches_ends_in_the_logs_when_the_parallel_is_left_for_another_step(self) -> None:
        branches = {"branches": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}
        flow = workflow(
            step("p", "parallel", branches),
            call("c"),
            call("d"),
            step("j", "join", {"of": "p"}),
            call("e"),
            edges="start>p p:a>c p:b>d c>j d>j j>e",
        )
        simulator = begun(flow)
        move = MoveTo(at=simulator.now, by="op", to="e", state="p")
        assert isinstance(simulator.submit(move), Repaired)
        found, _ = condensed_logs(enumerate(simulator.history, 1), 1 << 20)
        assert {name: visits[0]["status"] for name, visits in found.items() if name in "cde"} == {
            "c": "CANCELLED",
            "d": "CANCELLED",
            "e": "RUNNING",
        }

    def test_a_whole_parallel_is_skipped_by_its_name(self) -> None:
        simulator = self.side_by_side()
        reply = simulator.submit(SkipStep(at=simulator.now, by="op", state="p"))
        assert isinstance(reply, Unfit)

    def test_an_iteration_that_failed_is_tried_again_and_the_others_keep_what_they_have(self) -> None:
        body = post("c", body="${item}")
        flow = workflow(step("f", "forEach", {"items": "${payload.output.list}"}), body, edges="start>f f:each>c")
        simulator = begun(flow, {"list": ["x", "y", "z"]})
        simulator.succeed(OK)
        simulator.succeed({**OK, "status": "404"})
        assert simulator.state.status == "FAILED"
        retry(simulator)
        assert list(simulator.state.open_steps) == ["f[1]/c:1"]
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"
        assert len(simulator.state.outputs["f"]["items"]) == 3


def test_a_child_that_is_waited_for_comes_back_to_its_step_under_the_new_name() -> None:
    other = "01944ca1-1c00-7000-8000-00000000000c"
    simulator = begun(workflow(step("s", "subworkflow", {"workflow_id": other}), edges="start>s"))
    redrive(simulator, workflow(step("s2", "subworkflow", {"workflow_id": other}), edges="start>s2"), steps={"s": "s2"})
    assert [child.address for child in simulator.state.children.values()] == ["s2:1"]
    assert simulator.state.status == "WAITING"
