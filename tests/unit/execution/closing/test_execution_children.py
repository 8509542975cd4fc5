"""Decisions about child executions, and the deliveries between executions."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from kit.execution.driver import EXECUTION_ID, Simulator
from kit.execution.regions import OK, join, parallel
from kit.execution.workflows import call, step, workflow
from looply.clock import id_time
from looply.errors import IllegalTransition
from looply.execution import evolve
from looply.execution.closing.children import (
    StoredChild,
    children_of,
    close_children,
    find_owed_delivery,
    is_given_up,
    output_secrets,
    refuses_start,
    start_secrets,
)
from looply.execution.facts.address import child_id
from looply.execution.facts.commands import ChildEnded, Done
from looply.execution.facts.deliveries import Delivery, DeliveryKey, deliveries_of
from looply.execution.facts.events import (
    Admitted,
    ChildClosed,
    ChildStarted,
    ExecutionClosed,
    StepFailed,
    StepSucceeded,
)
from looply.jsontext import Json
from looply.limits import Limits
from looply.testing.clock import START_TIME

CALLEE = "0190c3b2-0000-7000-8000-000000000001"
PARENT = "01944ca0-0000-7000-8000-0000000000aa"


def sub(**settings: Json) -> dict[str, Json]:
    return step("sub", "subworkflow", {"workflow_id": CALLEE, **settings})


def begun(
    *steps: dict[str, Json], edges: str = "start>sub", limits: Limits | None = None, **options: Json
) -> Simulator:
    simulator = Simulator(workflow(*(steps or (sub(),)), edges=edges, **options), limits=limits or Limits())
    simulator.start({"po": "1"})
    return simulator


def kinds(simulator: Simulator) -> list[tuple[str, str]]:
    numbered = enumerate(simulator.history, 1)
    return [(delivery.kind, delivery.row.target) for delivery in deliveries_of(simulator.state.started, numbered)]


class TestIds:
    def test_a_childs_id_is_a_uuid_of_its_instant_and_always_the_same(self) -> None:
        found = child_id(EXECUTION_ID, "sub:1", START_TIME)
        assert found == child_id(EXECUTION_ID, "sub:1", START_TIME)
        assert (UUID(found).version, UUID(found).variant) == (7, "specified in RFC 4122")
        assert id_time(found) == START_TIME

    def test_each_visit_and_each_parent_has_children_of_its_own(self) -> None:
        others = {child_id(name, key, START_TIME) for name in (EXECUTION_ID, PARENT) for key in ("sub:1", "sub:2")}
        assert len(others) == 4


class TestRequest:
    def test_the_request_has_everything_that_the_start_needs(self) -> None:
        simulator = begun(sub(payload={"po": "${payload.output.po}"}, version="4"))
        request = simulator.history[-1]
        assert isinstance(request, ChildStarted)
        assert (request.workflow_id, request.version, request.input, request.is_awaited) == (
            CALLEE,
            4,
            {"po": "1"},
            True,
        )
        assert kinds(simulator) == [("START", request.child_id)]
        assert (simulator.state.status, simulator.state.current_state) == ("WAITING", "sub")
        assert not simulator.work.is_empty

    def test_the_record_shows_children_that_are_waited_for(self) -> None:
        simulator = begun()
        (shown,) = to_builtins(children_of(simulator.state))
        assert (shown["state"], shown["visit"], shown["workflow_id"]) == ("sub", 1, CALLEE)
        assert shown["execution_id"] in simulator.state.children
        simulator.child_ended()
        assert to_builtins(children_of(simulator.state)) == []

    def test_too_deep_is_a_failure_that_names_the_limit(self) -> None:
        simulator = Simulator(workflow(sub(), edges="start>sub"), limits=Limits(child_depth=3))
        simulator.start(depth=3)
        (incident,) = simulator.state.incidents.values()
        assert (incident.code, "child_depth is 3" in incident.message) == ("DEPTH_LIMIT", True)

    @pytest.mark.parametrize("field", ["workflow_id", "version"])
    def test_which_workflow_it_is_cannot_be_secret(self, field: str) -> None:
        settings = {field: "${payload.output.pin}"}
        simulator = Simulator(workflow(sub(**settings), edges="start>sub", trigger={"secret": ["/output/pin"]}))
        simulator.start({"pin": CALLEE if field == "workflow_id" else 1})
        (incident,) = simulator.state.incidents.values()
        assert (incident.code, CALLEE in incident.message) == ("BAD_INPUT", False)


class TestOutcome:
    def test_an_end_moves_the_step_on(self) -> None:
        simulator = begun()
        assert simulator.child_ended("COMPLETED", {"done": 1}) == Done()
        closed, succeeded = simulator.history[-3:-1]
        assert isinstance(closed, ChildClosed)
        assert isinstance(succeeded, StepSucceeded)
        assert succeeded.output == {"execution_id": closed.child_id, "status": "COMPLETED", "output": {"done": 1}}

    @pytest.mark.parametrize(
        ("outcome", "code"), [("FAILED", "CHILD_FAILED"), ("TERMINATED", "CHILD_TERMINATED"), ("REFUSED", "NOT_FOUND")]
    )
    def test_a_bad_end_is_a_failure_of_the_step(self, outcome: str, code: str) -> None:
        simulator = begun()
        simulator.child_ended(outcome, {"done": 1}, code="NOT_FOUND", message="why")  # type: ignore[arg-type]
        failed = simulator.history[-2]
        assert isinstance(failed, StepFailed)
        assert (failed.code, "why" in failed.message) == (code, True)
        assert simulator.state.status == "FAILED"

    def test_a_second_end_and_one_of_a_stranger_move_nothing(self) -> None:
        simulator = begun(sub(), step("w", "wait"), edges="start>sub sub>w")
        (child,) = simulator.state.children
        simulator.child_ended()
        before = len(simulator.history)
        for late in (child, CALLEE):
            command = ChildEnded(at=simulator.now, child_id=late, outcome="COMPLETED")
            assert simulator.submit(command) == Done(is_late=True)
        assert len(simulator.history) == before

    @pytest.mark.parametrize("outcome", ["STARTED", "REFUSED"])
    def test_a_start_that_is_reported_after_its_branch_was_cancelled_moves_no_step(self, outcome: str) -> None:
        steps = (parallel("l", "r"), sub(wait=False), call("b", "POST"), join(1), step("w", "wait"))
        simulator = begun(*steps, edges="start>p p:l>sub p:r>b sub>j b>j j>w")
        simulator.succeed(OK)
        before = len(simulator.history)
        assert list(simulator.state.children)  # the start is under way: it is not taken back
        assert simulator.child_ended(outcome, code="NOT_FOUND", message="why") == Done()  # type: ignore[arg-type]
        (closed,) = simulator.history[before:]
        assert isinstance(closed, ChildClosed)
        assert (simulator.state.children, simulator.state.status) == ({}, "WAITING")

    def test_an_output_that_is_too_large_fails_the_step(self) -> None:
        simulator = begun(limits=Limits(document_bytes=1000))
        simulator.child_ended("COMPLETED", "x" * 2000)
        (incident,) = simulator.state.incidents.values()
        assert incident.code == "DOCUMENT_TOO_LARGE"

    def test_an_end_while_an_incident_is_open_is_kept(self) -> None:
        simulator = begun(settings={"timeout": "PT1H"})
        simulator.tick(3600)
        assert simulator.state.has_incident
        assert simulator.child_ended("COMPLETED", {"done": 1}) == Done()
        assert simulator.state.outputs["sub"]["output"] == {"done": 1}
        assert simulator.state.status == "FAILED"


class TestEnd:
    def test_a_terminate_cancels_awaited_children_and_delivers_it(self) -> None:
        simulator = begun()
        (child,) = simulator.state.children
        simulator.terminate()
        assert kinds(simulator) == [("START", child), ("TERMINATE", child)]
        assert simulator.state.children == {}

    def test_no_terminate_is_delivered_to_a_child_that_is_not_awaited(self) -> None:
        simulator = begun(sub(wait=False))
        simulator.terminate()
        assert [kind for kind, _ in kinds(simulator)] == ["START"]

    def test_a_scope_cancels_its_own_children_only(self) -> None:
        state = begun().state
        (child,) = state.children.values()
        end = ExecutionClosed(at=state.now, status="TERMINATED")
        inner = {"a": "par/b/sub:1", "b": "par/sub:1", "c": "other/sub:1"}
        children = {
            key: type(child)(**{**_fields(child), "child_id": key, "address": text}) for key, text in inner.items()
        }
        crowded = type(state)(**{**_fields(state), "children": children})
        found = close_children(crowded, lambda address: address.startswith("par"), end)
        assert [event.child_id for event in found] == ["a", "b"]

    @pytest.mark.parametrize(("tells", "sent"), [("", []), ("START", ["STARTED"]), ("END", ["ENDED"])])
    def test_a_child_delivers_to_its_parent_what_that_awaits(self, tells: str, sent: list[str]) -> None:
        simulator = Simulator(workflow(step("w", "wait"), edges="start>w"))
        simulator.start(tells=tells, parent=PARENT)
        simulator.resume()
        assert kinds(simulator) == [(kind, PARENT) for kind in sent]

    def test_a_row_names_the_event_that_sent_it(self) -> None:
        simulator = begun()
        (child,) = simulator.state.children
        (delivery,) = deliveries_of(simulator.state.started, enumerate(simulator.history, 1))
        assert delivery == Delivery(DeliveryKey(child, EXECUTION_ID, len(simulator.history)), "START")


class TestSecrets:
    def test_secrets_of_the_body_are_secret_in_the_child(self) -> None:
        request = ChildStarted(
            at=START_TIME, child_id="c", workflow_id=CALLEE, input={"pin": 1, "a/b": 2}, secret=("/input/pin",)
        )
        assert start_secrets(request) == ("/output/pin",)
        whole = ChildStarted(at=START_TIME, child_id="c", workflow_id=CALLEE, input=request.input, secret=("/input",))
        assert start_secrets(whole) == ("/output/pin", "/output/a~1b")
        text = ChildStarted(at=START_TIME, child_id="c", workflow_id=CALLEE, input="x", secret=("/input",))
        assert start_secrets(text) == ("/output/body",)

    def test_values_that_the_author_marks_are_secret(self) -> None:
        marked = {**sub(payload={"pin": 1, "po": 2}), "secret": ["/payload/pin", "/output/output"]}
        request = begun(marked).history[-1]
        assert isinstance(request, ChildStarted)
        assert request.secret == ("/input/pin",)

    def test_secrets_of_the_child_are_secret_in_the_output(self) -> None:
        simulator = Simulator(workflow(step("w", "wait"), edges="start>w", trigger={"secret": ["/output/a~1b"]}))
        simulator.start({"a/b": 1})
        assert output_secrets(simulator.state) == ("/a~1b",)


class TestResponse:
    def test_each_incident_is_answered_once(self) -> None:
        simulator = begun(call("c"), edges="start>c", settings={"on_failure": CALLEE})
        simulator.fail("REJECTED", was_sent=True)
        requests = [event for event in simulator.history if isinstance(event, ChildStarted)]
        (incident,) = simulator.state.incidents.values()
        assert [(request.incident_id, request.is_awaited) for request in requests] == [(incident.incident_id, False)]
        assert incident.is_answered
        assert to_builtins(children_of(simulator.state)) == []
        simulator.child_ended("STARTED")
        assert len(simulator.history) == len([*simulator.history])
        assert simulator.state.children == {}

    def test_an_incident_is_answered_however_the_stretch_is_cut(self) -> None:
        simulator = Simulator(workflow(call("c"), edges="start>c", settings={"on_failure": CALLEE}))
        simulator.is_cut = lambda: True
        simulator.start()
        simulator.fail("REJECTED", was_sent=True)
        assert [type(event) for event in simulator.history][-1] is ChildStarted

    def test_a_response_answers_nothing(self) -> None:
        simulator = Simulator(workflow(call("c"), edges="start>c", settings={"on_failure": CALLEE}))
        simulator.start(is_response=True)
        simulator.fail("REJECTED", was_sent=True)
        assert simulator.state.status == "FAILED"
        assert simulator.state.children == {}


class TestLegality:
    def test_an_answer_to_an_incident_that_is_not_open_is_illegal(self) -> None:
        state = begun().state
        request = ChildStarted(at=state.now, child_id="c", workflow_id=CALLEE, incident_id="none")
        with pytest.raises(IllegalTransition, match="not open"):
            evolve(state, request)

    def test_only_a_queued_execution_is_admitted(self) -> None:
        state = begun().state
        with pytest.raises(IllegalTransition, match="not queued"):
            evolve(state, Admitted(at=state.now + timedelta(seconds=1)))


def _fields(struct: object) -> dict[str, object]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}  # type: ignore[attr-defined]


def test_a_version_that_is_no_number_fails_the_step() -> None:
    simulator = begun(sub(version="${payload.output.po}x"))
    (incident,) = simulator.state.incidents.values()
    assert (incident.code, simulator.state.children) == ("BAD_INPUT", {})


class TestLostRows:
    """What must be on its way between a parent and a child, whatever process ended when."""

    @pytest.mark.parametrize(
        ("is_awaited", "stored", "owed"),
        [
            (True, None, "START"),
            (False, None, "START"),
            (False, StoredChild(EXECUTION_ID, has_ended=False), "STARTED"),
            (False, StoredChild(EXECUTION_ID, has_ended=True), "STARTED"),
            (True, StoredChild(EXECUTION_ID, has_ended=True), "ENDED"),
            (True, StoredChild(PARENT, has_ended=False), "ENDED"),
            (True, StoredChild(EXECUTION_ID, has_ended=False), None),
        ],
    )
    def test_a_child_that_counts_as_open_is_owed_its_start_or_owes_its_notification(
        self, is_awaited: bool, stored: StoredChild | None, owed: str | None
    ) -> None:
        simulator = begun(sub(wait=is_awaited))
        (child,) = simulator.state.children.values()
        assert find_owed_delivery(child, EXECUTION_ID, stored) == owed

    @pytest.mark.parametrize(
        ("wait", "status", "is_refused"),
        [(False, "TERMINATED", True), (False, None, False), (True, "TERMINATED", False)],
    )
    def test_a_child_with_a_life_of_its_own_does_not_start_once_its_parent_was_terminated(
        self, wait: bool, status: str | None, is_refused: bool
    ) -> None:
        simulator = begun(sub(wait=wait))
        requested = simulator.history[-1]
        assert isinstance(requested, ChildStarted)
        if status is not None:
            simulator.terminate()
        assert refuses_start(requested, simulator.state) is is_refused

    def test_a_start_that_an_incident_requests_is_not_refused(self) -> None:
        simulator = begun(sub(wait=False))
        requested = simulator.history[-1]
        assert isinstance(requested, ChildStarted)
        simulator.terminate()
        assert not refuses_start(replace(requested, incident_id="i"), simulator.state)

    def test_a_child_is_given_up_when_its_parent_that_waited_for_it_no_longer_does(self) -> None:
        simulator = begun()
        (child,) = simulator.state.children.values()
        started = replace(simulator.state.started, execution_id=child.child_id, parent=EXECUTION_ID, tells="END")
        assert not is_given_up(started, simulator.state)
        simulator.terminate()
        assert is_given_up(started, simulator.state)
        assert not is_given_up(replace(started, tells="START"), simulator.state)
