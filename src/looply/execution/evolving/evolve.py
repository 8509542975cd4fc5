"""`evolve`: applies an event to the state.

It decides nothing, reads no definition, and applies every event ever written.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, assert_never

from immutables import Map
from msgspec import UNSET
from msgspec.structs import replace

from looply.definition import START
from looply.definition.values.pointer import split_pointer
from looply.errors import IllegalTransition
from looply.execution.approvals.decisions import Overriding, override_of
from looply.execution.document import overlays
from looply.execution.document.payload import initial_payload, override_payload
from looply.execution.evolving import children_and_slots, letters, regions, repairing
from looply.execution.evolving.card_changes import apply_answer_recorded, apply_card_closed, apply_card_wanted
from looply.execution.evolving.mappings import without
from looply.execution.evolving.migrating import apply_migrated
from looply.execution.evolving.transitions import PATH_MOVES
from looply.execution.facts.address import parse_address
from looply.execution.facts.events import (
    Admitted,
    AnswerRecorded,
    Cancelled,
    CardClosed,
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
    StepEvent,
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
from looply.execution.facts.state import (
    BufferedResume,
    ExecutionEnd,
    ExecutionState,
    Incident,
    OpenStep,
    OpenWait,
    Path,
    SettledWait,
    Timer,
    WaitEnd,
)
from looply.jsontext import Json

_PAYLOAD = ("payload", "output")


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
        case Computed():
            return _apply_computed(state, event)
        case ExecutionClosed():
            closed = ExecutionEnd(status=event.status, reason=event.reason, by=event.by, on=event.at)
            return replace(_cancel_open_work(_without_regions(state, event.step), event), closed=closed, slot=None)
        case StepScheduled():
            return _apply_step_scheduled(state, event)
        case StepSucceeded() | StepSkipped():
            return _apply_step_ended(state, event)
        case StepFailed():
            return _apply_step_failed(state, event)
        case StepUnknown():
            return _apply_step_unknown(state, event)
        case TimerStarted():
            return _apply_timer_started(state, event)
        case TimerFired():
            return _apply_timer_fired(state, event)
        case WaitOpened():
            return _apply_wait_opened(state, event)
        case AnswerRecorded():
            return _apply_answer_recorded(state, event)
        case Resumed():
            return _apply_resumed(state, event)
        case ResumeBuffered():
            return _apply_resume_buffered(state, event)
        case ResumeIgnored():
            return letters.apply_resume_ignored(state, event)
        case LetterSettled():
            return letters.apply_letter_settled(state, event)
        case WaitTimedOut():
            return _apply_wait_timed_out(state, event)
        case CardWanted():
            return apply_card_wanted(state, event)
        case CardClosed():
            return apply_card_closed(state, event)
        case ChildStarted():
            return children_and_slots.apply_relation_event(_move(state, event) if event.step else state, event)
        case ChildClosed() | Queued() | Admitted():
            return children_and_slots.apply_relation_event(state, event)
        case ErrorCaught():
            return _apply_error_caught(state, event)
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


def _apply_resume_buffered(state: ExecutionState, event: ResumeBuffered) -> ExecutionState:
    kept = BufferedResume(
        source=event.source,
        payload=event.payload,
        request=event.request,
        by=event.by,
        on=event.at,
        secret=event.secret,
    )
    return replace(state, buffered={**state.buffered, event.wait: kept})


def _apply_error_caught(state: ExecutionState, event: ErrorCaught) -> ExecutionState:
    moved = _move(state, event, branch="error")
    moved = replace(moved, open_steps=without(moved.open_steps, event.address.text))
    return overlays.with_error(moved, event.scope, event.error)


def _apply_scope_event(
    state: ExecutionState, event: ScopeOpened | ScopeEntered | ScopeClosed | Cancelled
) -> ExecutionState:
    match event:
        case ScopeOpened():
            return regions.apply_scope_opened(_move(state, event), event)
        case ScopeEntered():
            return regions.apply_scope_entered(state, event)
        case ScopeClosed():
            return regions.apply_scope_closed(state, event)
        case Cancelled():
            return regions.apply_cancelled(state, event) if event.scopes else _cancel_open_work(state, event)
        case _:
            assert_never(event)


def _move(state: ExecutionState, event: StepEvent, **changes: Any) -> ExecutionState:
    """Returns the state with the path of the event's scope in its next phase by `PATH_MOVES`."""
    path = state.paths_by_scope.get(event.scope)
    phase = PATH_MOVES.get((path.phase, type(event))) if path is not None else None
    begins = path is not None and path.phase in ("ENTER", "LEAVE")
    if path is None or phase is None or not (begins or path.address == event.address):
        where = f"{path.phase} at {path.address.text}" if path is not None else "a scope without a path"
        raise IllegalTransition(f"{type(event).__name__} of {event.address.text} cannot follow {where}")
    moved = Path(scope=event.scope, step=event.step, visit=event.visit, phase=phase, **changes)
    paths = {**state.paths_by_scope, event.scope: moved}
    if not begins:
        return replace(state, paths_by_scope=paths)
    visits = state.visits.set(f"{event.scope}/{event.step}", event.visit)
    return replace(state, paths_by_scope=paths, visits=visits, total_visits=state.total_visits + 1)


def _without_regions(state: ExecutionState, step: str) -> ExecutionState:
    """Returns the state of an execution that ends without its regions; its path stays at `step`, if any."""
    if not state.regions:
        return state
    left = {path.scope: path for path in state.active_paths}
    last = {scope: path for scope, path in left.items() if step and path.step == step and path.phase == "LEAVE"}
    return replace(state, paths_by_scope=last or left, regions={}, frames={})


def _with_output(state: ExecutionState, event: StepEvent, output: Json, size: int) -> ExecutionState:
    pointers: tuple[str, ...] = getattr(event, "secret", ())
    secrets = [(event.step, *split_pointer(pointer)) for pointer in pointers if pointer.startswith("/output")]
    return overlays.with_output(state, event.scope, event.step, output, size, secrets)


def _apply_computed(state: ExecutionState, event: Computed) -> ExecutionState:
    state = _with_output(_move(state, event, branch=event.branch), event, event.output, event.size)
    if event.override:
        payload = override_payload(overlays.visible_payload(state, event.scope), event)
        secrets = [(*_PAYLOAD, *_payload_part(event, pointer)) for pointer in event.secret]
        return overlays.with_payload(state, event.scope, payload, event.payload_size, secrets)
    return state


def _payload_part(event: Computed, pointer: str) -> tuple[str, ...]:
    """Returns the path in `payload.output` of the value that a pointer into an override's output names."""
    names = split_pointer(pointer)[1:]
    if event.override == "set":
        return (*names[0].split("."), *names[1:]) if names else ()
    return names if isinstance(event.output, dict) else ("body", *names)


def _apply_step_scheduled(state: ExecutionState, event: StepScheduled) -> ExecutionState:
    text = event.address.text
    former = state.open_steps.get(text)
    step = OpenStep(
        seq=state.seq + 1,
        address=text,
        operation=event.operation,
        attempt=event.attempt,
        input=event.input if event.input is not UNSET or former is None else former.input,
        timeout_seconds=event.timeout_seconds,
        failures=former.failures if former is not None else 0,
        secret=event.secret if former is None else former.secret,
        entered_on=event.at if former is None else former.entered_on,
        key=former.key if former is not None else "",
        process_ends=former.process_ends if former is not None else 0,
        ending_since=former.ending_since if former is not None else None,
    )
    return replace(_move(state, event), open_steps={**state.open_steps, text: step})


def _apply_step_ended(state: ExecutionState, event: StepSucceeded | StepSkipped) -> ExecutionState:
    state = regions.without_region(_move(state, event, branch=event.branch), event.scope, event)
    state = replace(
        _with_output(state, event, event.output, event.size),
        open_steps=without(state.open_steps, event.address.text),
    )
    if isinstance(event, StepSucceeded):
        return state
    state = _without_wait(state, event, "CANCELLED")
    return replace(state, timers=_filtered(state.timers, lambda timer: timer.address != event.address.text))


def _apply_step_failed(state: ExecutionState, event: StepFailed) -> ExecutionState:
    state = regions.without_region(_move(state, event, failure=event), event.scope, event)
    if event.output is not UNSET:
        state = _with_output(state, event, event.output, event.size)
    text = event.address.text
    step = state.open_steps.get(text)
    if step is None:
        return state
    failed = replace(_without_process_ends(step), failures=step.failures + 1, is_in_flight=False)
    return replace(state, open_steps={**state.open_steps, text: failed})


def _without_process_ends(step: OpenStep) -> OpenStep:
    return replace(step, process_ends=0, ending_since=None) if step.process_ends else step


def _apply_step_unknown(state: ExecutionState, event: StepUnknown) -> ExecutionState:
    text = event.address.text
    step = state.open_steps.get(text)
    if step is None:
        raise IllegalTransition(f"the step {text} is not open")
    step = (
        _without_process_ends(step)
        if not event.ended_process
        else replace(step, process_ends=step.process_ends + 1, ending_since=step.ending_since or event.at)
    )
    lost = replace(step, is_in_flight=False)
    return replace(_move(state, event, cause=event.cause), open_steps={**state.open_steps, text: lost})


def _apply_timer_started(state: ExecutionState, event: TimerStarted) -> ExecutionState:
    seq = state.seq + 1
    address = event.address.text if event.step else ""
    if event.kind in ("RETRY", "DELAY"):
        state = _move(state, event)
    timer = Timer(seq=seq, kind=event.kind, due=event.due, address=address, level=event.level)
    return replace(state, timers={**state.timers, seq: timer})


def _apply_timer_fired(state: ExecutionState, event: TimerFired) -> ExecutionState:
    timer = state.timers.get(event.timer)
    if timer is None:
        raise IllegalTransition(f"timer {event.timer} is not running")
    timers = without(state.timers, event.timer)
    if timer.kind != "RETRY":
        return replace(state, timers=timers)
    path = state.paths_by_scope.get(parse_address(timer.address).scope)
    if path is None or path.phase != "OPEN" or path.address.text != timer.address:
        return replace(state, timers=timers)
    return replace(
        state, timers=timers, paths_by_scope={**state.paths_by_scope, path.scope: replace(path, phase="RETRY")}
    )


def _apply_wait_opened(state: ExecutionState, event: WaitOpened) -> ExecutionState:
    text = event.address.text
    wait = OpenWait(
        seq=state.seq + 1,
        address=text,
        step=event.step,
        visit=event.visit,
        scope=event.scope,
        sources=event.sources,
        opened_on=event.at,
        timeout_on=event.timeout_on,
        count=event.count,
        approval=event.approval,
    )
    buffered = state.buffered
    if buffered:
        buffered = {key: kept for key, kept in buffered.items() if key not in ("", text)}
    return replace(
        _move(state, event),
        waits={**state.waits, text: wait},
        open_steps=without(state.open_steps, text),
        buffered=buffered,
    )


def _apply_answer_recorded(state: ExecutionState, event: AnswerRecorded) -> ExecutionState:
    text = event.address.text
    wait = state.waits.get(text)
    if wait is None:
        raise IllegalTransition(f"the wait {text} is not open")
    return apply_answer_recorded(state, wait, event)


def _apply_resumed(state: ExecutionState, event: Resumed) -> ExecutionState:
    if event.address.text not in state.waits:
        raise IllegalTransition(f"the wait {event.address.text} is not open")
    state = _without_wait(state, event, "RESUMED", event.request, event.branch if event.branch != "next" else "")
    return _with_output(_move(state, event, branch=event.branch), event, event.output, event.size)


def _apply_wait_timed_out(state: ExecutionState, event: WaitTimedOut) -> ExecutionState:
    if event.address.text not in state.waits:
        raise IllegalTransition(f"the wait {event.address.text} is not open")
    state = _move(_without_wait(state, event, "TIMED_OUT"), event, branch="timeout")
    return state if event.output is UNSET else _with_output(state, event, event.output, event.size)


def _without_wait(
    state: ExecutionState, event: StepEvent, how: WaitEnd, request: bytes = b"", outcome: str = ""
) -> ExecutionState:
    text = event.address.text
    wait = state.waits.get(text)
    if wait is None:
        return state
    settled = SettledWait(
        how=how, by=event.by, on=event.at, request=request, answers=wait.answers, outcome=outcome, via=event.via
    )
    return replace(
        state,
        waits=without(state.waits, text),
        timers=_filtered(state.timers, lambda timer: timer.address != text),
        settled=state.settled.set(text, settled),
        last_settled=text,
        last_released=text if how == "RESUMED" else state.last_released,
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
        cancelled = SettledWait(how="CANCELLED", by=event.by, on=event.at, answers=wait.answers)
        settled = settled.set(text, cancelled)
    return replace(state, settled=settled, waits={}, timers={}, open_steps={}, buffered={}, incidents={}, children={})


def _filtered(timers: Mapping[int, Timer], keep: Callable[[Timer], bool]) -> Mapping[int, Timer]:
    return {seq: timer for seq, timer in timers.items() if keep(timer)} if timers else timers
