"""Only an answer of an approver takes an approval's exits, unless an operator overrides it, which is recorded."""

import pytest

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.workflows import call, step, workflow
from looply.execution.approvals.decisions import decisions_in, decisions_of
from looply.execution.facts.address import Address, wait_token
from looply.execution.facts.commands import (
    Declined,
    EditDocument,
    MoveTo,
    Redrive,
    Released,
    Repaired,
    Retry,
    Settled,
    SettleLetter,
    SkipStep,
)
from looply.execution.facts.events import LetterSettled, Moved, ResumeIgnored, StepSkipped

A, B = "a@example.com", "b@example.com"
APPROVED = {"source": "TEAMS", "outcome": "approved"}


def note(id_):
    return step(id_, "overridePayload", {"parameters": [{"name": "took", "value": id_}]})


def ask(id_="ask", **settings):
    return step(id_, "approval", {"recipients": [A, B], **settings})


EDGES = "start>before before>gate gate:no>release gate:yes>ask ask:approved>release ask:rejected>back"
RULE = {"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": 100}


def flow(*, before=None, ask_=None):
    """Returns a call, a choice whether an approval is needed, the approval, and a release; a rejection leads back."""
    return workflow(
        before or call("before", "POST"),
        step("gate", "conditional", {"rules": [RULE]}),
        ask_ or ask(),
        note("release"),
        step("back", "redirect", {"target": "before", "max_visits": 5}),
        edges=EDGES,
    )


def waiting(**settings):
    """Starts an execution that waits for the approvers."""
    simulator = Simulator(flow(ask_=ask(**settings)))
    simulator.start({"amount": 500})
    simulator.succeed({"status": "200"})
    assert simulator.state.waits
    return simulator


def failed_before():
    """Starts an execution that has failed before its approval."""
    simulator = Simulator(flow())
    simulator.start({"amount": 500})
    simulator.fail("CONNECTION", is_transient=False)
    assert simulator.state.status == "FAILED"
    return simulator


def failed_approval():
    """Starts an execution whose approval has no recipients."""
    simulator = Simulator(flow(ask_=ask(recipients="${payload.output.nobody}")))
    simulator.start({"amount": 500})
    simulator.succeed({"status": "200"})
    assert simulator.state.status == "FAILED"
    return simulator


def repaired(simulator, kind, *, may=False, reason="why", **fields):
    return simulator.submit(kind(at=simulator.now, by="operator", via="API", reason=reason, may_override=may, **fields))


def without_approval():
    return workflow(call("before", "POST"), note("release"), edges="start>before before>release")


def renamed():
    """Returns a version in which a computing step replaces the approval."""
    return workflow(call("before", "POST"), note("ask"), note("release"), edges="start>before before>ask ask>release")


OVERRIDES = {
    "complete as approved": (
        waiting,
        SkipStep,
        {"action": "complete", "branch": "approved", "output": {"outcome": "approved"}},
    ),
    "complete as rejected": (waiting, SkipStep, {"action": "complete", "branch": "rejected"}),
    "skip by timeout": (waiting, SkipStep, {"branch": "timeout"}),
    "move onto the exit": (waiting, MoveTo, {"to": "release"}),
    "move to where a rejection leads": (waiting, MoveTo, {"to": "back"}),
    "edit the output": (waiting, EditDocument, {"document": {"ask": {"output": {"outcome": "approved"}}}}),
    "complete one that failed": (failed_approval, SkipStep, {"action": "complete", "branch": "approved"}),
    "move one that failed": (failed_approval, MoveTo, {"to": "release"}),
    "redrive one that failed onto another type": (
        failed_approval,
        Redrive,
        {"workflow": renamed(), "workflow_version": 2},
    ),
    "map one that failed onto the release": (
        failed_approval,
        Redrive,
        {"workflow": without_approval(), "workflow_version": 2, "steps": {"ask": "release"}},
    ),
    "move past it": (failed_before, MoveTo, {"to": "release"}),
    "edit before it": (failed_before, EditDocument, {"document": {"ask": {"output": {"outcome": "approved"}}}}),
    "retry with its output": (failed_before, Retry, {"document": {"ask": {"output": {"outcome": "approved"}}}}),
    "redrive onto a version that does not ask": (
        failed_before,
        Redrive,
        {"workflow": without_approval(), "workflow_version": 2},
    ),
}
EACH = pytest.mark.parametrize(("begin", "kind", "fields"), OVERRIDES.values(), ids=OVERRIDES)


@EACH
def test_a_command_that_decides_or_bypasses_an_approval_is_refused(begin, kind, fields):
    simulator = begin()
    before = simulator.state
    refused = repaired(simulator, kind, **fields)
    assert isinstance(refused, Declined)
    assert refused.code == "OVERRIDE_NEEDED"
    assert "'ask'" in refused.message
    assert simulator.state == before


@EACH
def test_who_may_override_says_why_and_it_is_recorded_as_an_override(begin, kind, fields):
    simulator = begin()
    for reason in ("", "  "):
        (problem,) = repaired(simulator, kind, may=True, reason=reason, **fields).problems
        assert problem.path == "/reason"
    known = len(simulator.history)
    assert isinstance(repaired(simulator, kind, may=True, reason="board decision 7", **fields), Repaired)
    (entry,) = decisions_of(simulator.workflow, simulator.state)
    assert (entry.step, entry.user, entry.action, entry.comment) == (
        "ask",
        "operator",
        "overridden",
        "board decision 7",
    )
    assert (entry.is_override, entry.revision, entry.via, entry.is_final) == (True, 0, "API", True)
    new = list(enumerate(simulator.history, 1))[known:]
    assert [decision for _, decision in decisions_in(simulator.workflow, new)] == [entry]


def test_repairs_that_bypass_no_approval_need_no_override():
    for begin, kind, fields in (
        (failed_before, Retry, {}),
        (failed_before, SkipStep, {"action": "complete", "output": {"status": "200"}}),
        (failed_before, MoveTo, {"to": "gate"}),
        (failed_before, MoveTo, {"to": "ask"}),
        (failed_before, EditDocument, {"document": {"payload": {"output": {"amount": 900}}}}),
        (failed_before, Redrive, {"workflow": flow(before=call("before", "PUT")), "workflow_version": 2}),
        (failed_approval, Retry, {"document": {"payload": {"output": {"nobody": A}}}}),
        (waiting, MoveTo, {"to": "ask"}),
        (waiting, EditDocument, {"document": {"before": {"output": {"status": "201"}}}}),
    ):
        simulator = begin()
        assert isinstance(repaired(simulator, kind, **fields), Repaired), (begin, kind, fields)
        assert decisions_of(simulator.workflow, simulator.state) == []


def test_a_choice_that_failed_is_not_completed_around_the_approval():
    simulator = Simulator(flow())
    simulator.workflow = workflow(
        step("gate", "branchConditional", {"variable": "${int(payload.output.amount)}", "operator": "NumericEquals",
                                           "branches": [{"id": "small", "label": "Small", "value": 1}]}),
        ask(),
        note("release"),
        edges="start>gate gate:small>release gate:else>ask ask:approved>release",
    )  # fmt: skip
    simulator.start({"amount": "many"})
    assert simulator.state.status == "FAILED"
    assert repaired(simulator, SkipStep, branch="small").code == "OVERRIDE_NEEDED"
    assert isinstance(repaired(simulator, SkipStep, branch="else"), Repaired)
    assert simulator.state.waits


def test_a_way_that_ends_the_execution_needs_no_override():
    simulator = Simulator(
        workflow(
            step("w", "wait", {"timeout": "P1D"}),
            ask(),
            step("end", "terminate", {"status": "FAILED", "reason": "too late"}),
            edges="start>w w>ask w:timeout>end",
        )
    )
    simulator.start()
    assert isinstance(repaired(simulator, SkipStep, branch="timeout"), Repaired)


def looping():
    return workflow(
        step("loop", "forEach", {"items": "${payload.output.items}"}),
        ask(),
        note("inner"),
        note("after"),
        edges="start>loop loop:each>ask ask:approved>inner loop>after",
    )


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (SkipStep, {"state": "loop"}),
        (MoveTo, {"state": "loop", "to": "after"}),
        (MoveTo, {"state": "ask", "to": "inner"}),
        (SkipStep, {"state": "ask", "branch": "approved"}),
        (EditDocument, {"document": {"loop": {"output": {"items": ["approved"]}}}}),
        (EditDocument, {"document": {"ask": {"output": {"outcome": "approved"}}}, "scope": "loop[0]"}),
    ],
)
def test_an_approval_in_a_body_is_not_left_out_with_the_body(kind, fields):
    simulator = Simulator(looping())
    simulator.start({"items": [1]})
    assert repaired(simulator, kind, **fields).code == "OVERRIDE_NEEDED"
    assert isinstance(repaired(simulator, kind, may=True, **fields), Repaired)


def test_an_approval_in_a_branch_is_not_left_out_with_the_parallel():
    simulator = Simulator(
        workflow(
            step("split", "parallel", {"branches": [{"id": "left"}, {"id": "right"}]}),
            ask(),
            step("w", "wait"),
            step("meet", "join", {"of": "split"}),
            note("after"),
            edges="start>split split:left>ask split:right>w ask:approved>meet w>meet meet>after",
        )
    )
    simulator.start()
    assert repaired(simulator, MoveTo, state="split", to="after").code == "OVERRIDE_NEEDED"
    assert isinstance(repaired(simulator, SkipStep, state="w"), Repaired)


def test_a_move_back_within_a_loop_needs_no_override_and_one_past_the_approval_does():
    simulator = Simulator(
        workflow(
            step("first", "wait"),
            step("second", "wait"),
            ask(),
            note("release"),
            step("again", "redirect", {"target": "second", "max_visits": 3}),
            edges="start>first first>second second>ask ask:approved>release release>again ask:rejected>again",
        )
    )
    simulator.start()
    for to in ("release", "again"):
        assert repaired(simulator, MoveTo, to=to).code == "OVERRIDE_NEEDED"
    assert isinstance(repaired(simulator, MoveTo, to="second"), Repaired)
    assert isinstance(repaired(simulator, MoveTo, to="first"), Repaired)


@pytest.mark.parametrize("source", ["SAP", "TEAMS"])
def test_a_resume_releases_no_approval_by_token_or_without(source):
    simulator = waiting()
    for fields in ({}, {"token": wait_token(EXECUTION_ID, SEED, Address("", "ask", 1))}, {"state": "ask"}):
        refused = simulator.resume({"outcome": "approved"}, source=source, **fields)
        assert refused.code == "SOURCE_NOT_ACCEPTED"
        assert "api: true" in refused.message
    assert simulator.state.waits


def test_with_api_a_resume_decides_and_self_approval_and_quorum_hold_for_cards():
    simulator = waiting(api=True)
    assert simulator.resume({"outcome": "approved"}) == Released()
    (entry,) = decisions_of(simulator.workflow, simulator.state)
    assert (entry.user, entry.action, entry.is_override) == ("caller", "approved", False)


def test_a_resume_that_was_kept_and_a_letter_release_no_approval():
    simulator = Simulator(workflow(call("before", "POST"), ask(), edges="start>before before>ask"))
    simulator.start()
    assert simulator.resume({"outcome": "approved"}, source="TEAMS") == Released(buffered=True)
    simulator.succeed({"status": "200"})
    assert simulator.state.waits
    (ignored,) = [event for event in simulator.history if isinstance(event, ResumeIgnored)]
    assert (ignored.reason, ignored.is_letter) == ("UNFIT", True)
    letter = simulator.history.index(ignored) + 1
    settle = SettleLetter(at=simulator.now, by="operator", letter=letter, action="apply", payload=APPROVED)
    assert simulator.submit(settle).code == "SOURCE_NOT_ACCEPTED"
    discard = SettleLetter(at=simulator.now, by="operator", letter=letter, action="discard")
    assert isinstance(simulator.submit(discard), Settled)
    assert isinstance(simulator.history[-1], LetterSettled)


def test_an_override_is_recorded_in_the_history():
    simulator = waiting()
    repaired(simulator, SkipStep, may=True, action="complete", branch="approved", output={"outcome": "approved"})
    (skipped,) = [event for event in simulator.history if isinstance(event, StepSkipped)]
    assert (skipped.overrides, skipped.by, skipped.reason) == (("ask",), "operator", "why")
    simulator = failed_before()
    repaired(simulator, MoveTo, may=True, to="release")
    (moved,) = [event for event in simulator.history if isinstance(event, Moved)]
    assert moved.overrides == ("ask",)
