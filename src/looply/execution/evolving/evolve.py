"""`evolve`: applies an event to the state.

It decides nothing, reads no definition, and applies every event ever written.
"""

from collections.abc import Iterable
from typing import assert_never

from immutables import Map
from msgspec.structs import replace

from looply.definition import START
from looply.definition.values.pointer import split_pointer
from looply.errors import IllegalTransition
from looply.execution.approvals.decisions import Overriding, override_of
from looply.execution.document.payload import initial_payload
from looply.execution.evolving import children_and_slots, letters, regions, repairing, visits, waits
from looply.execution.evolving.card_changes import apply_card_closed, apply_card_report, apply_card_wanted
from looply.execution.evolving.mappings import without
from looply.execution.evolving.migrating import apply_migrated
from looply.execution.evolving.paths import move
from looply.execution.facts.address import parse_address
from looply.execution.facts.events import (
    Admitted,
    AnswerRecorded,
    Cancelled,
    CardClosed,
    CardDelivered,
    CardUndelivered,
    CardWanted,
    ChildClosed,
    ChildStarted,
    Computed,
    Continued,
    Discarded,
    DocumentEdited,
    ErrorCaught,
    Event,
    ExecutionClosed,
    ExecutionStarted,
    IncidentClosed,
    IncidentOpened,
    LetterSettled,
    Migrated,
    Moved,
    Queued,
    ResumeBuffered,
    Resumed,
    ResumeIgnored,
    ScopeClosed,
    ScopeEntered,
    ScopeOpened,
    StepFailed,
    StepParked,
    StepScheduled,
    StepSkipped,
    StepSucceeded,
    StepUnknown,
    TimerFired,
    TimerStarted,
    WaitOpened,
    WaitTimedOut,
)
from looply.execution.facts.state import (
    ExecutionEnd,
    ExecutionState,
    Incident,
    Path,
    Timer,
)


def fold(events: Iterable[Event], state: ExecutionState | None = None) -> ExecutionState:
    """Returns the state after a history, or after more events of it.

    Raises: IllegalTransition, ValueError when there is neither a state nor an event.
    """
    for event in events:
        state = evolve(state, event)
    if state is None:
        raise ValueError("a history has at least its start")
    return state


def evolve(state: ExecutionState | None, event: Event) -> ExecutionState:
    """Returns the state after one more event.

    Total over legal histories. Shares structure with the old state, which is not changed; no copy grows with the data
    document.
    Raises: IllegalTransition when the event cannot follow the state.
    """
    if state is None:
        if not isinstance(event, ExecutionStarted):
            raise IllegalTransition(f"a history begins with ExecutionStarted, not {type(event).__name__}")
        return _start(event)
    if state.closed is not None and not isinstance(event, Discarded | LetterSettled):
        raise IllegalTransition(f"{type(event).__name__} cannot follow the end of an execution")
    changed = _apply(state, event)
    if isinstance(event, Overriding) and event.overrides:
        changed = replace(changed, overrides=(*changed.overrides, override_of(event)))
    return replace(
        changed,
        seq=state.seq + 1,
        now=event.at,
        modified_by=event.by or state.modified_by,
    )


def _start(event: ExecutionStarted) -> ExecutionState:
    return ExecutionState(
        seq=1,
        now=event.at,
        started=event,
        workflow_version=event.workflow_version,
        definition=event.definition,
        payload=initial_payload(event),
        paths_by_scope={"": Path(scope="", step=START, visit=1, phase="LEAVE")},
        visits=Map({f"/{START}": 1}),
        document_bytes=event.size,
        sizes=Map({"payload": event.size}),
        secrets=tuple(("payload", *split_pointer(pointer)) for pointer in event.secret),
    )


def _apply(state: ExecutionState, event: Event) -> ExecutionState:
    # The types are compared one after the other: those that every execution has come first.
    match event:
        case ExecutionClosed():
            closed = ExecutionEnd(status=event.status, reason=event.reason, by=event.by, on=event.at)
            return replace(_cancel_open_work(_without_regions(state, event.step), event), closed=closed, slot=None)
        case (
            Computed()
            | StepScheduled()
            | StepSucceeded()
            | StepSkipped()
            | StepFailed()
            | StepUnknown()
            | StepParked()
            | ErrorCaught()
        ):
            return visits.apply_visit_event(state, event)
        case TimerStarted():
            return _apply_timer_started(state, event)
        case TimerFired():
            return _apply_timer_fired(state, event)
        case WaitOpened() | AnswerRecorded() | Resumed() | ResumeBuffered() | WaitTimedOut():
            return waits.apply_wait_event(state, event)
        case ResumeIgnored():
            return letters.apply_resume_ignored(state, event)
        case LetterSettled():
            return letters.apply_letter_settled(state, event)
        case CardWanted():
            return apply_card_wanted(state, event)
        case CardClosed():
            return apply_card_closed(state, event)
        case CardDelivered() | CardUndelivered():
            return apply_card_report(state, event)
        case ChildStarted():
            return children_and_slots.apply_relation_event(move(state, event) if event.step else state, event)
        case ChildClosed() | Queued() | Admitted():
            return children_and_slots.apply_relation_event(state, event)
        case ScopeOpened() | ScopeEntered() | ScopeClosed() | Cancelled():
            return _apply_scope_event(state, event)
        case Discarded() | Continued():
            return state
        case IncidentOpened():
            return _apply_incident_opened(state, event)
        case IncidentClosed():
            return repairing.apply_incident_closed(state, event)
        case DocumentEdited():
            return repairing.apply_document_edited(state, event)
        case Moved():
            return repairing.apply_moved(state, event)
        case Migrated():
            return apply_migrated(state, event)
        case ExecutionStarted():
            raise IllegalTransition("an execution starts once")
        case _:
            assert_never(event)


def _apply_scope_event(
    state: ExecutionState, event: ScopeOpened | ScopeEntered | ScopeClosed | Cancelled
) -> ExecutionState:
    match event:
        case ScopeOpened():
            return regions.apply_scope_opened(move(state, event), event)
        case ScopeEntered():
            return regions.apply_scope_entered(state, event)
        case ScopeClosed():
            return regions.apply_scope_closed(state, event)
        case Cancelled():
            return regions.apply_cancelled(state, event) if event.scopes else _cancel_open_work(state, event)
        case _:
            assert_never(event)


def _without_regions(state: ExecutionState, step: str) -> ExecutionState:
    """Returns the state of an execution that ends without its regions; its path stays at `step`, if any."""
    if not state.regions:
        return state
    left = {path.scope: path for path in state.active_paths}
    last = {scope: path for scope, path in left.items() if step and path.step == step and path.phase == "LEAVE"}
    return replace(state, paths_by_scope=last or left, regions={}, frames={})


def _apply_timer_started(state: ExecutionState, event: TimerStarted) -> ExecutionState:
    seq = state.seq + 1
    address = event.address.text if event.step else ""
    if event.kind in ("RETRY", "DELAY"):
        state = move(state, event)
    timer = Timer(seq=seq, kind=event.kind, due=event.due, address=address, level=event.level)
    return replace(state, timers={**state.timers, seq: timer})


def _apply_timer_fired(state: ExecutionState, event: TimerFired) -> ExecutionState:
    timer = state.timers.get(event.timer)
    if timer is None:
        raise IllegalTransition(f"timer {event.timer} is not running")
    timers = without(state.timers, event.timer)
    if timer.kind == "PARK":
        return visits.apply_park_over(replace(state, timers=timers), timer.address)
    if timer.kind != "RETRY":
        return replace(state, timers=timers)
    path = state.paths_by_scope.get(parse_address(timer.address).scope)
    if path is None or path.phase != "OPEN" or path.address.text != timer.address:
        return replace(state, timers=timers)
    return replace(
        state, timers=timers, paths_by_scope={**state.paths_by_scope, path.scope: replace(path, phase="RETRY")}
    )


def _apply_incident_opened(state: ExecutionState, event: IncidentOpened) -> ExecutionState:
    incident = Incident(
        seq=state.seq + 1,
        incident_id=event.incident_id,
        kind=event.kind,
        code=event.code,
        message=event.message,
        step=event.step,
        visit=event.visit,
        opened_on=event.at,
        scope=event.scope,
    )
    # An execution with an incident releases its concurrency slot.
    return replace(state, incidents={**state.incidents, event.incident_id: incident}, slot=None)


def _cancel_open_work(state: ExecutionState, event: Cancelled | ExecutionClosed) -> ExecutionState:
    settled = state.settled
    for text, wait in state.waits.items():
        settled = settled.set(text, wait.cancel(event.by, event.at))
    return replace(state, settled=settled, waits={}, timers={}, open_steps={}, buffered={}, incidents={}, children={})
