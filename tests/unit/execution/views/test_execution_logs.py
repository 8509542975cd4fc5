"""The event log and the lists of waits and incidents: a history as readers see it."""

from datetime import timedelta
from typing import get_args

import pytest
from msgspec import to_builtins

from kit.execution.driver import EXECUTION_ID, SEED, START_TIME, Simulator
from kit.execution.workflows import call, card, step, workflow
from looply.execution import fold
from looply.execution.facts.address import Address, card_token, wait_token
from looply.execution.facts.events import (
    AnswerRecorded,
    CardClosed,
    CardWanted,
    Discarded,
    DocumentEdited,
    Event,
    ExecutionClosed,
    ExecutionStarted,
    IncidentClosed,
    Migrated,
    Moved,
    ResumeIgnored,
    StepFailed,
    StepScheduled,
    StepSkipped,
    StepSucceeded,
    StepUnknown,
    TimerKind,
    TimerStarted,
)
from looply.execution.facts.values.card_copy import CardCopy
from looply.execution.facts.values.far import FarDetail, FarError
from looply.execution.views.log_entries import ENTRY_TYPES, tag_of
from looply.execution.views.logs import HIDDEN, SHOWN, entry_shape, event_log, incidents_of, waits_of
from looply.instants import to_ms
from looply.jsontext import encode_json
from looply.limits import Limits

AT = START_TIME
NOW = to_ms(AT)
TYPES = {
    *(f"EXECUTION_{end}" for end in ("STARTED", "COMPLETED", "FAILED", "TERMINATED", "REOPENED", "EDITED", "MOVED")),
    *(f"EXECUTION_{end}" for end in ("QUEUED", "ADMITTED")),
    *(f"STEP_{end}" for end in ("STARTED", "SUCCEEDED", "FAILED", "RETRY_SCHEDULED", "RESULT_DISCARDED", "SKIPPED")),
    "STEP_PARKED",
    *(f"WAIT_{end}" for end in ("OPENED", "RESUMED", "TIMED_OUT")),
    *(f"RESUME_{end}" for end in ("BUFFERED", "IGNORED")),
    *(f"CARD_{end}" for end in ("SENT", "DELIVERED", "UNDELIVERED", "ANSWERED", "CLOSED")),
    *(f"INCIDENT_{end}" for end in ("OPENED", "CLOSED")),
    *(f"CHILD_{end}" for end in ("STARTED", "ENDED")),
    "LETTER_SETTLED",
}


def log(*events, first=1, **options):
    return to_builtins(event_log(enumerate(events, first), **options))


def one(event):
    (entry,) = log(event)
    return {name: value for name, value in entry.items() if name not in ("seq", "timestamp", "by", "via")}


def test_every_event_is_shown_or_hidden_on_purpose():
    known = {*SHOWN, *HIDDEN, TimerStarted, ExecutionClosed}
    assert known == set(get_args(Event))


def test_only_types_of_the_contract_are_shown():
    assert set(ENTRY_TYPES) == TYPES
    assert len(ENTRY_TYPES) == len(TYPES)


def test_the_shown_fields_of_an_event_are_fields_of_its_entry():
    for shape, fields in SHOWN.values():
        assert {name for _, name in fields} <= set(shape.__struct_fields__), shape


def test_the_end_of_an_execution_and_two_kinds_of_timers_have_entries():
    ends = [entry_shape(ExecutionClosed(at=AT, status=status)) for status in ("COMPLETED", "FAILED", "TERMINATED")]
    assert [tag_of(shape) for shape in ends] == ["EXECUTION_COMPLETED", "EXECUTION_FAILED", "EXECUTION_TERMINATED"]
    timers = {kind: entry_shape(TimerStarted(at=AT, kind=kind, due=AT)) for kind in get_args(TimerKind)}
    assert {kind: tag_of(shape) for kind, shape in timers.items() if shape is not None} == {
        "DELAY": "STEP_STARTED",
        "RETRY": "STEP_RETRY_SCHEDULED",
    }


def test_the_log_of_a_whole_execution():
    flow = workflow(
        call("c", retry={"max_attempts": 2}),
        card("ask", "a@example.com", wait={"timeout": "PT1H"}),
        step("pause", "delay", {"for": "PT1M"}),
        edges="start>c c>ask ask>pause ask:timeout>pause",
        settings={"timeout": "P1D"},
    )
    simulator = Simulator(flow)
    simulator.start({"n": 1}, process_id="mine", via="API")
    simulator.fail()
    simulator.tick(1)
    simulator.succeed({"status": "200"})
    simulator.answer_card(card_token(EXECUTION_ID, SEED, Address("", "ask", 1), 0), {"action": "approve"})
    simulator.resume({"late": 1})
    simulator.tick(60)
    entries = log(*simulator.history)
    assert [(entry["type"], entry["state"]) for entry in entries] == [
        ("EXECUTION_STARTED", "WorkflowStartState"),
        ("STEP_STARTED", "c"),
        ("STEP_FAILED", "c"),
        ("STEP_RETRY_SCHEDULED", "c"),
        ("STEP_STARTED", "c"),
        ("STEP_SUCCEEDED", "c"),
        ("CARD_SENT", "ask"),
        ("WAIT_OPENED", "ask"),
        ("CARD_ANSWERED", "ask"),
        ("WAIT_RESUMED", "ask"),
        ("CARD_CLOSED", "ask"),
        ("STEP_STARTED", "pause"),
        ("RESUME_IGNORED", "pause"),
        ("STEP_SUCCEEDED", "pause"),
        ("EXECUTION_COMPLETED", "pause"),
    ]
    assert [entry["seq"] for entry in entries] == sorted(entry["seq"] for entry in entries)
    started, _, _, retry = entries[:4]
    assert started == {
        "seq": 1,
        "timestamp": NOW,
        "type": "EXECUTION_STARTED",
        "state": "WorkflowStartState",
        "by": "starter",
        "via": "API",
        "trigger_type": "REQUEST",
        "process_id": "mine",
        "workflow_version": 1,
        "input": {"n": 1},
    }
    assert retry["due_on"] == NOW + 1000
    # The retry has the number of the attempt that failed.
    assert [entry["attempt"] for entry in entries[1:5]] == [1, 1, 1, 2]
    opened = entries[7]
    assert (opened["sources"], opened["count"], opened["due_on"]) == (["SAP", "TEAMS"], 1, NOW + 3_601_000)
    assert entries[8]["by"] == "a@example.com"
    assert "approve" not in str(entries[8])
    assert (entries[12]["reason"], entries[12]["by"]) == ("DUPLICATE", "caller")
    encode_json(entries)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            StepUnknown(at=AT, step="c", attempt=2, cause="TIMEOUT", message="no answer"),
            {
                "type": "STEP_FAILED",
                "state": "c",
                "visit": 1,
                "code": "OUTCOME_UNKNOWN",
                "attempt": 2,
                "cause": "TIMEOUT",
                "message": "no answer",
            },
        ),
        (
            StepFailed(
                at=AT, step="c", visit=3, scope="each[1]", code="STATUS", message="m", status="404", output={"a": 0}
            ),
            {
                "type": "STEP_FAILED",
                "state": "c",
                "visit": 3,
                "scope": "each[1]",
                "attempt": 1,
                "code": "STATUS",
                "message": "m",
                "status": "404",
                "output": {"a": 0},
            },
        ),
        (
            Discarded(at=AT, step="c", result={"pin": 1}, reason="late", secret=("/result/pin",)),
            {
                "type": "STEP_RESULT_DISCARDED",
                "state": "c",
                "visit": 1,
                "attempt": 1,
                "reason": "late",
                "output": {"pin": "***"},
            },
        ),
        (
            CardWanted(at=AT, step="ask", copies=(CardCopy(card_id="1", recipient="a"),), body={"text": "hidden"}),
            {
                "type": "CARD_SENT",
                "state": "ask",
                "visit": 1,
                "recipients": ["a"],
                "channel": "inbox",
                "revision": 1,
            },
        ),
        (
            CardClosed(at=AT, step="ask", cards=("1", "2"), reason="ENDED"),
            {"type": "CARD_CLOSED", "state": "ask", "visit": 1, "cards": ["1", "2"], "reason": "ENDED"},
        ),
        (
            AnswerRecorded(at=AT, step="ask", part=0, user="a", data={"pin": 1}),
            {"type": "CARD_ANSWERED", "state": "ask", "visit": 1, "user": "a"},
        ),
        (
            ResumeIgnored(at=AT, reason="UNFIT", source="SAP", message="why", payload={"pin": 1}),
            {"type": "RESUME_IGNORED", "state": None, "source": "SAP", "reason": "UNFIT", "message": "why"},
        ),
        (
            IncidentClosed(at=AT, incident_id="i", action="terminate", reason="enough"),
            {"type": "INCIDENT_CLOSED", "state": None, "incident_id": "i", "action": "terminate", "reason": "enough"},
        ),
        (
            IncidentClosed(at=AT, step="c", visit=2, scope="loop[3]", incident_id="i", action="terminate"),
            {
                "type": "INCIDENT_CLOSED",
                "state": "c",
                "visit": 2,
                "scope": "loop[3]",
                "incident_id": "i",
                "action": "terminate",
            },
        ),
        (
            StepSkipped(at=AT, step="c", output=5, reason="by hand"),
            {
                "type": "STEP_SKIPPED",
                "state": "c",
                "visit": 1,
                "branch": "next",
                "output": 5,
                "reason": "by hand",
            },
        ),
        (
            DocumentEdited(at=AT, outputs={"c": {"pin": 1}}, payload={}, reason="typo"),
            {"type": "EXECUTION_EDITED", "state": None, "changed": ["c", "payload"], "reason": "typo"},
        ),
        (DocumentEdited(at=AT), {"type": "EXECUTION_EDITED", "state": None, "changed": []}),
        (Moved(at=AT, to="d", reason="x"), {"type": "EXECUTION_MOVED", "state": "d", "to": "d", "reason": "x"}),
        (
            Migrated(at=AT, workflow_version=2, definition="hash"),
            {"type": "EXECUTION_MOVED", "state": None, "workflow_version": 2},
        ),
        (
            ExecutionClosed(at=AT, status="TERMINATED", reason="r"),
            {"type": "EXECUTION_TERMINATED", "state": None, "reason": "r"},
        ),
        (ExecutionClosed(at=AT, status="FAILED", step="t"), {"type": "EXECUTION_FAILED", "state": "t"}),
        (
            StepSucceeded(at=AT, step="c", output=False),
            {"type": "STEP_SUCCEEDED", "state": "c", "visit": 1, "attempt": 1, "branch": "next", "output": False},
        ),
    ],
)
def test_fields_of_entries(event, expected):
    assert one(event) == expected


def test_an_incident_is_a_failure_of_the_execution():
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    simulator.start()
    simulator.fail()
    opened, failed = log(*simulator.history)[-2:]
    assert (opened["type"], failed["type"]) == ("INCIDENT_OPENED", "EXECUTION_FAILED")
    assert {**opened, "type": ""} == {**failed, "type": ""}
    assert (failed["state"], failed["code"], failed["message"]) == ("c", "CONNECTION", "step 'c': it failed")


def test_the_two_entries_of_an_incident_are_never_parted():
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    simulator.start()
    simulator.fail()
    whole = log(*simulator.history)
    cut = log(*simulator.history, limits=Limits(read_events=len(whole) - 1))
    assert [entry["type"] for entry in cut] == [entry["type"] for entry in whole[:-2]]
    last = cut[-1]["seq"]
    assert log(*simulator.history[last:], first=last + 1) == whole[-2:]


def states(entries):
    return {entry["type"]: entry["state"] for entry in entries}


def test_events_without_a_step_are_shown_at_the_current_step():
    flow = workflow(
        call("c"), step("w", "wait"), step("pause", "delay", {"for": "P3D"}), edges="start>c c>w w>pause pause>w"
    )
    simulator = Simulator(flow)
    simulator.start()
    simulator.resume({"early": 1})
    assert states(log(*simulator.history))["RESUME_BUFFERED"] == "c"
    simulator.succeed({"status": "200"})
    simulator.resume({"early": 1})
    simulator.terminate()
    found = states(log(*simulator.history))
    assert (found["RESUME_IGNORED"], found["EXECUTION_TERMINATED"]) == ("pause", "pause")


def test_the_timeout_of_the_workflow_is_shown_at_the_current_step():
    simulator = Simulator(workflow(step("w", "wait"), edges="start>w", settings={"timeout": "PT1H"}))
    simulator.start()
    simulator.tick(3600)
    simulator.terminate()
    found = states(log(*simulator.history))
    assert (found["INCIDENT_OPENED"], found["EXECUTION_FAILED"], found["INCIDENT_CLOSED"]) == ("w", "w", "w")


def test_a_piece_of_the_history_shows_the_state_as_far_as_it_can():
    ignored = ResumeIgnored(at=AT, reason="UNFIT", source="SAP")
    assert states(log(ignored, StepFailed(at=AT, step="c", code="X", message="m")))["RESUME_IGNORED"] == "c"
    again = StepScheduled(at=AT, step="c", attempt=2, operation="x", timeout_seconds=1)
    assert states(log(ignored, again))["RESUME_IGNORED"] == "c"
    first = StepScheduled(at=AT, step="c", operation="x", timeout_seconds=1)
    delay = TimerStarted(at=AT, step="d", kind="DELAY", due=AT)
    for begins in (first, delay, Moved(at=AT, to="d")):
        assert states(log(ignored, begins, unmoved="e"))["RESUME_IGNORED"] is None
    assert states(log(Moved(at=AT, to="d"), ignored))["RESUME_IGNORED"] == "d"
    assert states(log(ignored, unmoved="e"))["RESUME_IGNORED"] == "e"


def test_a_wait_without_cards_shows_no_count():
    simulator = Simulator(workflow(step("w", "wait"), edges="start>w"))
    simulator.start()
    assert "count" not in one(simulator.history[-1])


def test_long_texts_are_cut_and_large_values_replaced_by_their_size():
    many = list(range(1000))
    assert one(StepSucceeded(at=AT, step="c", output="x" * 5000))["output"] == "x" * 1000 + "... (5000 characters)"
    assert one(StepSucceeded(at=AT, step="c", output={"a": "x" * 1500}))["output"]["a"].endswith("(1500 characters)")
    assert one(StepSucceeded(at=AT, step="c", output=["x" * 1500] * 2))["output"] == {"trimmed_bytes": 3007}
    assert one(StepSucceeded(at=AT, step="c", output=many))["output"] == {"trimmed_bytes": len(encode_json(many))}
    assert one(StepSucceeded(at=AT, step="c", output=["x" * 70_000]))["output"] == {"trimmed_bytes": 70_004}


def test_neither_the_seed_nor_a_token_is_ever_shown():
    tokens = [
        wait_token(EXECUTION_ID, SEED, Address("", "w", 1)),
        card_token(EXECUTION_ID, SEED, Address("each[2]", "ask", 1), 3),
    ]
    value = {"url": f"https://example.com/?token={tokens[0]}&x=1", "list": [tokens[1], "y" * 60]}
    scheduled = StepScheduled(at=AT, step="c", operation="x", timeout_seconds=1, input=value)
    entry = one(scheduled)
    assert entry["input"] == {"url": "https://example.com/?token=***&x=1", "list": ["***", "y" * 60]}
    start = Simulator(workflow(call("c"), edges="start>c")).start().started
    assert "seed" not in str(log(start))


def test_what_another_system_said_is_shown_without_the_tokens_that_it_quotes():
    token = wait_token(EXECUTION_ID, SEED, Address("", "w", 1))
    said = FarDetail(code="M1", message=f"no answer to {token}", target="To")
    far = FarError(kind="locked", code="ME/006", message=token, locked_by="BUYER", details=(said,))
    failed = StepFailed(at=AT, step="c", code="HTTP_423", message="it is locked", far=far)
    shown = one(failed)["far"]
    assert (shown["kind"], shown["code"], shown["message"], shown["locked_by"]) == ("locked", "ME/006", "***", "BUYER")
    assert shown["details"][0]["message"] == "no answer to ***"


def test_the_environment_and_the_fingerprint_are_not_shown():
    started = ExecutionStarted(
        at=AT,
        execution_id=EXECUTION_ID,
        organization_id="o",
        workspace_id="w",
        workflow_id="f",
        workflow_version=1,
        definition="d",
        seed=SEED,
        environment={"host": "internal"},
        request=b"fingerprint",
    )
    text = str(one(started))
    assert "internal" not in text
    assert "fingerprint" not in text


def test_a_log_is_bounded_and_keeps_the_numbers_of_the_history():
    events = [StepSucceeded(at=AT, step="c")] * 20
    entries = log(*events, first=41, limits=Limits(read_events=5))
    assert [entry["seq"] for entry in entries] == [41, 42, 43, 44, 45]


def test_open_waits_have_their_tokens():
    simulator = Simulator(workflow(step("w", "wait", {"timeout": "PT1H", "sources": ["SAP"]}), edges="start>w"))
    simulator.start()
    assert to_builtins(waits_of(simulator.state)) == [
        {
            "state": "w",
            "visit": 1,
            "opened_on": NOW,
            "timeout_on": NOW + 3_600_000,
            "sources": ["SAP"],
            "wait_token": wait_token(EXECUTION_ID, SEED, Address("", "w", 1)),
        }
    ]
    simulator.resume(token=to_builtins(waits_of(simulator.state))[0]["wait_token"])
    assert simulator.state.status == "COMPLETED"
    assert to_builtins(waits_of(simulator.state)) == []


def test_a_wait_without_a_timeout_has_none():
    simulator = Simulator(workflow(step("w", "wait"), edges="start>w"))
    simulator.start()
    assert to_builtins(waits_of(simulator.state))[0]["timeout_on"] is None


def test_open_incidents_name_the_step_that_is_their_cause():
    simulator = Simulator(workflow(call("c"), edges="start>c", settings={"timeout": "PT1H"}))
    simulator.start()
    simulator.tick(3600)
    (timeout,) = to_builtins(incidents_of(simulator.state))
    assert (timeout["kind"], timeout["state"], timeout["visit"]) == ("TIMEOUT", None, None)
    assert timeout["opened_on"] == NOW + 3_600_000
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    simulator.start()
    simulator.fail()
    (failed,) = to_builtins(incidents_of(fold(simulator.history)))
    assert (failed["kind"], failed["code"], failed["state"], failed["visit"]) == ("FAILED", "CONNECTION", "c", 1)
    assert failed["message"] == "step 'c': it failed"
    assert log(*simulator.history)[-1]["incident_id"] == failed["incident_id"]


def test_times_are_whole_milliseconds():
    event = StepSucceeded(at=AT + timedelta(microseconds=1999), step="c")
    assert log(event)[0]["timestamp"] == NOW + 1
