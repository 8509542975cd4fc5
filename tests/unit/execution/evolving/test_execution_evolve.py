"""`evolve`: illegal events are refused and leave the state; events that only operators cause; forward compatibility."""

import msgspec
import pytest
from msgspec.structs import replace

from kit.execution.driver import START_TIME, Simulator, decode_history, encode_history
from kit.execution.workflows import call, step, workflow
from looply.errors import IllegalTransition
from looply.execution import advance, evolve, fold
from looply.execution.document.payload import override_payload
from looply.execution.facts.events import (
    AnswerRecorded,
    Cancelled,
    CardClosed,
    CardWanted,
    Computed,
    Continued,
    Discarded,
    DocumentEdited,
    ErrorCaught,
    Event,
    ExecutionClosed,
    IncidentClosed,
    Migrated,
    Moved,
    ResumeBuffered,
    Resumed,
    StepFailed,
    StepScheduled,
    StepSkipped,
    StepSucceeded,
    StepUnknown,
    TimerFired,
    TimerStarted,
    WaitOpened,
    WaitTimedOut,
)
from looply.execution.facts.values.card_copy import CardCopy

AT = START_TIME
RETRY = {"max_attempts": 2, "interval": "PT10S"}


def calling(**beside):
    simulator = Simulator(workflow(call("c", **beside), call("d"), edges="start>c c>d"))
    simulator.start({"n": 1})
    return simulator


def waiting(timeout="PT1H"):
    simulator = Simulator(workflow(step("w", "wait", {"timeout": timeout}), call("d"), edges="start>w w>d w:timeout>d"))
    simulator.start()
    return simulator


ILLEGAL_WHILE_CALLING = [
    StepSucceeded(at=AT, step="d"),
    StepSucceeded(at=AT, step="c", visit=2),
    StepSucceeded(at=AT, step="c", scope="item"),
    StepScheduled(at=AT, step="c", operation="x", timeout_seconds=1),
    StepFailed(at=AT, step="d", code="X", message="x"),
    StepUnknown(at=AT, step="d", cause="CRASH"),
    StepUnknown(at=AT, step="d", visit=7, cause="CRASH"),
    Computed(at=AT, step="d"),
    TimerStarted(at=AT, step="c", kind="RETRY", due=AT),
    TimerStarted(at=AT, step="c", kind="DELAY", due=AT),
    TimerFired(at=AT, timer=7),
    WaitOpened(at=AT, step="d", sources=()),
    AnswerRecorded(at=AT, step="c", part=0, user="x"),
    Resumed(at=AT, step="c", source="SAP"),
    WaitTimedOut(at=AT, step="c"),
    ErrorCaught(at=AT, step="c", error={}),
    CardClosed(at=AT, step="c", cards=("unknown",), reason="ENDED"),
]


@pytest.mark.parametrize("event", ILLEGAL_WHILE_CALLING, ids=lambda event: f"{type(event).__name__}-{event.at.second}")
def test_an_event_that_cannot_follow_is_refused_and_leaves_the_state(event):
    state = calling().state
    before = msgspec.structs.asdict(state)
    with pytest.raises(IllegalTransition):
        evolve(state, event)
    assert msgspec.structs.asdict(state) == before


@pytest.mark.parametrize(
    "event",
    [
        ErrorCaught(at=AT, step="d", error={}),
        TimerStarted(at=AT, step="d", kind="RETRY", due=AT),
        StepSkipped(at=AT, step="d"),
    ],
)
def test_events_that_handle_a_failure_must_name_the_step_that_failed(event):
    simulator = calling(retry=RETRY)
    simulator.fail("REJECTED")
    assert simulator.state.paths[0].phase == "FAILED"
    with pytest.raises(IllegalTransition, match="FAILED at c:1"):
        evolve(simulator.state, event)


def test_a_history_begins_with_its_start_and_starts_once():
    state = calling().state
    with pytest.raises(IllegalTransition, match="begins with ExecutionStarted"):
        evolve(None, Continued(at=AT))
    with pytest.raises(IllegalTransition, match="starts once"):
        evolve(state, state.started)
    with pytest.raises(ValueError, match="at least its start"):
        fold([])
    with pytest.raises(IllegalTransition):
        advance(calling().workflow, None, ())


def test_nothing_but_a_discarded_result_follows_the_end():
    simulator = calling()
    simulator.terminate()
    state = simulator.state
    with pytest.raises(IllegalTransition, match="cannot follow the end"):
        evolve(state, ExecutionClosed(at=AT, status="COMPLETED"))
    with pytest.raises(IllegalTransition):
        evolve(state, Continued(at=AT))
    assert evolve(state, Discarded(at=AT, step="c")).closed == state.closed


def test_each_event_has_a_number_and_the_state_its_instant():
    state = calling().state
    later = AT.replace(hour=20)
    after = evolve(state, Continued(at=later))
    assert (after.seq, after.now) == (state.seq + 1, later)
    assert state.now == AT


def test_a_skipped_step_has_the_operators_output_and_nothing_open():
    skipped = StepSkipped(at=AT, by="operator", step="c", output={"by": "hand"}, branch="next")
    state = evolve(calling().state, skipped)
    assert state.outputs["c"] == {"by": "hand"}
    assert not state.open_steps
    assert state.paths[0].phase == "LEAVE"


def test_a_skipped_step_takes_its_timers_along():
    simulator = calling(retry=RETRY)
    simulator.fail()
    assert len(simulator.state.timers) == 1
    state = evolve(simulator.state, StepSkipped(at=AT, step="c"))
    assert not state.timers
    assert not state.open_steps


def test_a_skipped_wait_is_cancelled():
    state = evolve(waiting().state, StepSkipped(at=AT, by="operator", step="w"))
    assert not state.waits
    assert not state.timers
    assert state.settled["w:1"].how == "CANCELLED"
    assert state.last_released == ""


def test_an_edited_document_has_the_operators_values():
    state = evolve(calling().state, DocumentEdited(at=AT, outputs={"c": 1}))
    assert state.outputs["c"] == 1
    assert state.payload["n"] == 1
    assert evolve(state, DocumentEdited(at=AT, payload={"n": 2})).payload == {"n": 2}


def test_a_moved_path_visits_its_new_step_next():
    simulator = calling()
    stretch = advance(simulator.workflow, simulator.state, (Moved(at=AT, to="d"),))
    assert stretch.state.current_state == "d"
    assert isinstance(stretch.events[-1], StepScheduled)
    assert stretch.events[-1].address.text == "d:1"


def test_a_migrated_execution_has_another_definition():
    state = evolve(calling().state, Migrated(at=AT, workflow_version=2, definition="other"))
    assert (state.workflow_version, state.definition) == (2, "other")
    assert state.started.workflow_version == 1


def test_cancelling_settles_the_waits():
    state = evolve(waiting().state, Cancelled(at=AT, by="operator"))
    assert state.settled["w:1"].how == "CANCELLED"
    assert not state.timers


def test_a_closed_incident_is_removed_and_an_unknown_one_changes_nothing():
    simulator = calling()
    simulator.fail()
    (incident,) = simulator.state.incidents
    assert not evolve(simulator.state, IncidentClosed(at=AT, incident_id=incident, action="redrive")).incidents
    unknown = IncidentClosed(at=AT, incident_id="other", action="redrive")
    assert evolve(simulator.state, unknown).incidents == simulator.state.incidents


def test_a_kept_resume_of_a_later_wait_survives_the_opening_of_another():
    state = calling().state
    for wait in ("", "d:1", "e:1"):
        state = evolve(state, ResumeBuffered(at=AT, source="SAP", payload={}, request=b"", wait=wait))
    state = evolve(state, StepSucceeded(at=AT, step="c"))
    state = evolve(state, WaitOpened(at=AT, step="d", sources=("SAP",)))
    assert list(state.buffered) == ["e:1"]


def test_a_card_that_is_sent_again_keeps_its_recipient_and_opening():
    copy = CardCopy(card_id="card", recipient="a@example.com")
    state = evolve(calling().state, CardWanted(at=AT, step="x", copies=(copy,), body={"n": 1}))
    seq = state.seq
    later = CardWanted(at=AT.replace(hour=20), step="y", copies=(copy,), body={"n": 2}, revision=2, target="x")
    card = evolve(state, later).cards["card"]
    assert (card.seq, card.body, card.revision, card.address) == (seq + 1, {"n": 2}, 2, "x:1")
    assert card.opened_on == AT


def test_a_timer_that_fires_for_a_path_that_continued_moves_nothing():
    simulator = calling(retry=RETRY)
    simulator.fail()
    (timer,) = simulator.state.timers
    state = evolve(simulator.state, TimerFired(at=AT, timer=timer))
    assert state.paths[0].phase == "RETRY"
    assert not state.timers


def test_an_early_shape_without_sizes_and_secrets_still_folds():
    text = (
        b'[{"type":"ExecutionStarted","at":"2030-01-07T09:00:00Z","execution_id":"01944ca1-1c00-7000-8000-000000000001",'
        b'"organization_id":"o","workspace_id":"w","workflow_id":"f","workflow_version":1,"definition":"d","seed":"AA=="},'
        b'{"type":"Computed","at":"2030-01-07T09:00:00Z","step":"set","output":{"a":1},"override":"set"}]'
    )
    state = fold(decode_history(text))
    assert state.payload["a"] == 1
    assert state.document_bytes == 0


def test_integers_beyond_64_bits_and_unusual_texts_survive_the_coding():
    body = {
        "big": 10**63,
        "small": -(10**63),
        "float": 1.0,
        "text": "\u2028 \U0001f600 \x00",
        "list": [None, True, -0.5],
    }
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    simulator.start(body)
    events: list[Event] = decode_history(encode_history(simulator.history))
    assert events == simulator.history
    assert fold(events) == simulator.state
    assert type(fold(events).payload["big"]) is int
    assert type(fold(events).payload["float"]) is float


def test_a_move_of_one_path_leaves_the_others():
    state = calling().state
    other = msgspec.structs.replace(state.paths[0], scope="item", step="d")
    both = msgspec.structs.replace(state, paths_by_scope={"": state.paths[0], "item": other})
    moved = evolve(both, StepSucceeded(at=AT, step="c"))
    assert [path.phase for path in moved.paths] == ["LEAVE", "OPEN"]
    assert moved.status == "RUNNING"
    assert moved.current_state == "c,d"


def retrying() -> Simulator:
    """Returns an execution that waits for the next attempt of its call."""
    simulator = Simulator(workflow(call("c", retry=RETRY), edges="start>c"))
    simulator.start()
    simulator.fail()
    return simulator


def test_a_retry_whose_path_has_moved_on_is_no_attempt():
    simulator = retrying()
    (timer,) = simulator.state.timers
    path = replace(simulator.state.paths_by_scope[""], phase="ENTER")
    moved = replace(simulator.state, paths_by_scope={"": path})
    after = evolve(moved, TimerFired(at=AT, timer=timer))
    assert (after.timers, after.paths_by_scope[""].phase) == ({}, "ENTER")


def test_an_incident_of_a_path_that_has_moved_on_runs_nothing_again():
    simulator = retrying()
    simulator.tick(10)
    simulator.fail()
    (incident,) = simulator.state.incidents
    path = replace(simulator.state.paths_by_scope[""], phase="ENTER")
    moved = replace(simulator.state, paths_by_scope={"": path})
    after = evolve(moved, IncidentClosed(at=AT, incident_id=incident, action="retry", again="attempt"))
    assert (after.incidents, after.paths_by_scope) == ({}, moved.paths_by_scope)


def test_the_fields_of_the_engine_in_the_payload_are_not_overridden():
    payload = {"executor": "me", "n": 1}
    event = Computed(at=AT, step="o", override="set", output={"executor": "you", "n": 2, "a.b": 3})
    assert override_payload(payload, event) == {"executor": "me", "n": 2, "a": {"b": 3}}


def test_an_attempt_in_flight_is_found_by_the_number_of_its_event():
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    state = simulator.start()
    (opened,) = state.open_steps.values()
    assert state.find_open_step(opened.seq) is opened
    assert state.find_open_step(opened.seq + 1) is None
