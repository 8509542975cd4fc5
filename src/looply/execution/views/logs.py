"""The event log: a history as readers see it. Pure rendering, one entry for each event that readers need.

Theory of operation: a table maps each event to the type of its entry and to the fields that are shown; instants become
epoch milliseconds, empty fields are left out, secrets and tokens are `***`, long values are trimmed. Internal events
have no entry, because another entry shows them: a timer that fired shows as the step that it starts or ends, the
timeout of a wait in `WAIT_OPENED`, a caught error in `STEP_FAILED`, a `Cancelled` in the end that follows it, the end
of a branch in the end of its `parallel`, an iteration in its steps. A step that computes has one entry,
`STEP_SUCCEEDED`, since it has no duration. An incident has two: its own, and the failure of the execution, which is
what an operator looks for; so has its closing.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from looply.definition import Workflow
from looply.execution.document.document import Document
from looply.execution.document.incidents import IncidentRecord, incident_facts
from looply.execution.document.masking import mask, mask_body, mask_pointers, without_tokens
from looply.execution.document.payload import initial_payload
from looply.execution.facts.address import Address, wait_token
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
    EventBase,
    ExecutionClosed,
    ExecutionStarted,
    FinalStatus,
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
    StepParked,
    StepScheduled,
    StepSkipped,
    StepSucceeded,
    StepUnknown,
    TimerFired,
    TimerKind,
    TimerStarted,
    WaitOpened,
    WaitTimedOut,
)
from looply.execution.facts.log_levels import shows_entry, shows_values
from looply.execution.facts.scopes import scopes_around
from looply.execution.facts.state import ExecutionState
from looply.execution.facts.values.far import FarError
from looply.execution.views.condensed import condense_logs
from looply.execution.views.far import public_far
from looply.execution.views.log_entries import (
    CardAnsweredEntry,
    CardClosedEntry,
    CardDeliveredEntry,
    CardSentEntry,
    CardUndeliveredEntry,
    ChildEndedEntry,
    ChildStartedEntry,
    ExecutionAdmittedEntry,
    ExecutionCompletedEntry,
    ExecutionEditedEntry,
    ExecutionFailedEntry,
    ExecutionMovedEntry,
    ExecutionQueuedEntry,
    ExecutionReopenedEntry,
    ExecutionStartedEntry,
    ExecutionTerminatedEntry,
    IncidentClosedEntry,
    IncidentOpenedEntry,
    LetterSettledEntry,
    LogEntry,
    ResumeBufferedEntry,
    ResumeIgnoredEntry,
    StepFailedEntry,
    StepParkedEntry,
    StepResultDiscardedEntry,
    StepRetryScheduledEntry,
    StepSkippedEntry,
    StepStartedEntry,
    StepSucceededEntry,
    WaitOpenedEntry,
    WaitResumedEntry,
    WaitTimedOutEntry,
    tag_of,
)
from looply.execution.views.positions import positions_of
from looply.instants import ms_or_none, to_ms
from looply.jsontext import Json, encode_json
from looply.limits import DEFAULT_LIMITS, Limits

__all__ = [
    "WaitRecord",
    "condense_logs",
    "entry_shape",
    "event_log",
    "incidents_of",
    "input_payload",
    "mask_document",
    "waits_of",
]

_Fields: TypeAlias = tuple[tuple[str, str], ...]

LOG_TEXT: Final = 1000
"""Characters of one text in the event log; the rest is cut."""
LOG_VALUE: Final = 2048
"""Bytes of JSON text of one value in the event log; a larger one is replaced by `{"trimmed_bytes": n}`."""

_VALUES: Final = ("input", "output")
"""Fields that hold the input and output of a step."""

_NOT_EVEN_TRIMMED: Final = 64 * 1024  # walking through a larger value costs more than its log entry is worth


def _same(*names: str) -> _Fields:
    return tuple((name, name) for name in names)


class WaitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An open wait, with the token that names it; in a branch or an iteration with its `scope`."""

    state: str
    visit: int
    scope: str | UnsetType = UNSET
    opened_on: int
    timeout_on: int | None
    sources: list[str]
    wait_token: str


SHOWN: Final[Mapping[type[EventBase], tuple[type[LogEntry], _Fields]]] = MappingProxyType(
    {
        ExecutionStarted: (
            ExecutionStartedEntry,
            (
                *_same("trigger_type", "process_id", "profile", "workflow_version", "parent", "rerun_of"),
                ("body", "input"),
            ),
        ),
        Computed: (StepSucceededEntry, _same("branch", "input", "output")),
        ScopeOpened: (StepStartedEntry, _same("branches")),
        StepScheduled: (StepStartedEntry, _same("attempt", "operation", "input")),
        StepSucceeded: (StepSucceededEntry, _same("attempt", "branch", "output")),
        StepFailed: (StepFailedEntry, _same("attempt", "code", "message", "status", "far", "output")),
        StepUnknown: (StepFailedEntry, _same("attempt", "cause", "message")),
        StepParked: (StepParkedEntry, _same("attempt", "target", "reason", "again")),
        WaitOpened: (WaitOpenedEntry, (*_same("sources", "count"), ("timeout_on", "due_on"))),
        AnswerRecorded: (
            CardAnsweredEntry,
            _same("user", "decision", "comment", "revision", "actor", "substitute_for"),
        ),
        Resumed: (WaitResumedEntry, _same("source", "branch", "output")),
        ResumeBuffered: (ResumeBufferedEntry, _same("source")),
        ResumeIgnored: (ResumeIgnoredEntry, _same("source", "reason", "message")),
        LetterSettled: (LetterSettledEntry, _same("letter", "action", "reason")),
        WaitTimedOut: (WaitTimedOutEntry, _same("output")),
        CardWanted: (CardSentEntry, _same("channel", "app", "revision", "target", "reminder", "reason")),
        CardClosed: (CardClosedEntry, _same("cards", "reason", "to", "note")),
        CardDelivered: (CardDeliveredEntry, _same("card", "recipient", "channel")),
        CardUndelivered: (CardUndeliveredEntry, _same("card", "recipient", "channel", "reason", "code", "message")),
        ChildStarted: (
            ChildStartedEntry,
            (("child_id", "execution_id"), *_same("workflow_id", "version", "incident_id", "input")),
        ),
        ChildClosed: (
            ChildEndedEntry,
            (("child_id", "execution_id"), ("outcome", "status"), *_same("code", "message")),
        ),
        Queued: (ExecutionQueuedEntry, _same("max_concurrency")),
        Admitted: (ExecutionAdmittedEntry, ()),
        Discarded: (StepResultDiscardedEntry, (*_same("attempt", "reason"), ("result", "output"))),
        IncidentOpened: (IncidentOpenedEntry, _same("incident_id", "kind", "code", "message", "status", "far")),
        IncidentClosed: (IncidentClosedEntry, _same("incident_id", "action", "again", "reason")),
        StepSkipped: (StepSkippedEntry, _same("branch", "output", "reason", "overrides")),
        DocumentEdited: (ExecutionEditedEntry, _same("scope", "reason", "overrides")),
        Moved: (ExecutionMovedEntry, _same("to", "reason", "overrides")),
        Migrated: (ExecutionMovedEntry, _same("workflow_version", "steps", "reason", "overrides")),
    }
)
"""Type of the event -> shape of its entry, and (field, shown name) pairs. See `entry_shape` for two more."""

HIDDEN: Final = (TimerFired, ErrorCaught, ScopeEntered, ScopeClosed, Cancelled, Continued)
"""Events that have no entry of their own."""

_HIDDEN: Final = frozenset(HIDDEN)

_ENDS: Final[Mapping[FinalStatus, type[LogEntry]]] = MappingProxyType(
    {
        "COMPLETED": ExecutionCompletedEntry,
        "FAILED": ExecutionFailedEntry,
        "TERMINATED": ExecutionTerminatedEntry,
    }
)
_TIMERS: Final[Mapping[TimerKind, type[LogEntry]]] = MappingProxyType(
    {"DELAY": StepStartedEntry, "RETRY": StepRetryScheduledEntry}
)


def entry_shape(event: Event) -> type[LogEntry] | None:
    """Returns the shape under which the event is shown in the log, None when it has no entry."""
    if isinstance(event, ExecutionClosed):
        return _ENDS[event.status]
    if isinstance(event, TimerStarted):
        return _TIMERS.get(event.kind)
    return SHOWN[type(event)][0] if type(event) in SHOWN else None


def event_log(
    events: Iterable[tuple[int, Event]], limits: Limits = DEFAULT_LIMITS, unmoved: str = ""
) -> list[LogEntry]:
    """Returns the log entries of numbered events, in their order, at most `limits.read_events`.

    Secrets and tokens are `***`; texts and values are trimmed to `LOG_TEXT` and `LOG_VALUE`.
    Entries with one `seq` are never separated. `unmoved` is the current step when no event in `events` moves a path;
    `state` is null where neither that nor the events give it.
    """
    numbered = list(events)
    log: list[LogEntry] = []
    for (seq, event), step in zip(numbered, positions_of(numbered, unmoved), strict=True):
        if type(event) in _HIDDEN:
            # Of a region with many items these are most events.
            continue
        entries = [
            entry for entry in _entries(seq, event, step) if event.log == "full" or shows_entry(event.log, entry.type)
        ]
        if len(log) + len(entries) > limits.read_events:
            break
        log += entries
    return log


def mask_document(workflow: Workflow, state: ExecutionState, scope: str = "") -> dict[str, Json]:
    """Returns the current data document as a scope sees it, with secret values as `***`.

    Of an iteration the secrets of the enclosing scopes are masked too, where it has values of its own in their place.
    """
    own = (path for each in scopes_around(state.frames, scope) for path in state.frames[each].secrets)
    secrets = (*state.secrets, *own)
    return {
        name: mask(value, [path[1:] for path in secrets if path[0] == name])
        for name, value in Document(workflow, state, scope).items()
    }


def input_payload(state: ExecutionState) -> dict[str, Json]:
    """Returns `payload.output` as it was at the start, with the secrets of the start step as `***`."""
    return initial_payload(replace(state.started, body=mask_body(state.started)))


def waits_of(state: ExecutionState) -> list[WaitRecord]:
    """Returns the open waits, oldest first, with the token that names each."""
    started = state.started
    return [
        WaitRecord(
            state=wait.step,
            visit=wait.visit,
            scope=wait.scope or UNSET,
            opened_on=to_ms(wait.opened_on),
            timeout_on=ms_or_none(wait.timeout_on),
            sources=list(wait.sources),
            wait_token=wait_token(started.execution_id, started.seed, Address(wait.scope, wait.step, wait.visit)),
        )
        for wait in sorted(state.waits.values(), key=lambda wait: wait.seq)
    ]


def incidents_of(state: ExecutionState) -> list[IncidentRecord]:
    """Returns the open incidents, oldest first, with the scope of those in a branch or an iteration."""
    return [
        IncidentRecord(**asdict(incident_facts(incident)), scope=incident.scope or UNSET)
        for incident in sorted(state.incidents.values(), key=lambda incident: incident.seq)
    ]


def _entries(seq: int, event: Event, step: str) -> Iterator[LogEntry]:
    """Yields the entries of an event; `step` is the current step after it."""
    shape = entry_shape(event)
    if shape is None:
        return
    facts: dict[str, Any] = {
        "seq": seq,
        "timestamp": to_ms(event.at),
        "state": getattr(event, "step", "") or step or None,
        "by": event.by or None,
        "via": event.via or None,
    }
    if isinstance(event, StepEvent) and event.step:
        facts["visit"] = event.visit
        facts["scope"] = event.scope or UNSET
    fields = _fields(event)
    if event.log != "full" and not shows_values(event.log, tag_of(shape)):
        fields = {field: value for field, value in fields.items() if field not in _VALUES}
    facts.update(fields)
    yield shape(**facts)
    if isinstance(event, IncidentOpened):
        # An execution with an incident is FAILED until an operator decides.
        yield ExecutionFailedEntry(**facts)
    if isinstance(event, IncidentClosed) and event.action != "terminate":
        yield ExecutionReopenedEntry(**facts)


def _fields(event: Event) -> dict[str, Json]:
    match event:
        case TimerStarted():
            return {"attempt": event.attempt, "due_on": to_ms(event.due)}
        case ExecutionClosed():
            return {"reason": event.reason} if event.reason else {}
        case ScopeOpened(branches=()):
            return {"items": len(event.items), "concurrency": event.concurrency}
        case WaitOpened(count=0):
            return _without(event, "count")
        case Resumed(branch="next"):
            return _without(event, "branch")
        case AnswerRecorded(decision=""):
            return _without(event, "revision")
        case StepUnknown():
            return {"code": "OUTCOME_UNKNOWN", **_table_fields(event)}
        case CardWanted():
            shown = _table_fields(event) if event.reminder else _without(event, "reminder")
            return {"recipients": [copy.recipient for copy in event.copies], **shown}
        case DocumentEdited():
            changed = [*event.outputs, *(["payload"] if event.payload is not UNSET else [])]
            return {"changed": changed, **_table_fields(event)}
        case _:
            return _table_fields(event)


def _without(event: Event, name: str) -> dict[str, Json]:
    return {shown: value for shown, value in _table_fields(event).items() if shown != name}


def _table_fields(event: Event) -> dict[str, Json]:
    if isinstance(event, ExecutionStarted):
        event = replace(event, body=mask_body(event), secret=())
    shown: dict[str, Json] = {}
    for field, name in SHOWN[type(event)][1]:
        value = getattr(event, field)
        if value not in ("", None, UNSET, ()) and not (name == "steps" and not value):
            shown[name] = _readable(mask_pointers(value, getattr(event, "secret", ()), field))
    return shown


def _readable(value: Json) -> Json:
    if isinstance(value, datetime):
        return to_ms(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str):
        return _trimmed(value)
    if isinstance(value, FarError):
        return public_far(value)
    size = len(encode_json(value))
    if size <= LOG_TEXT:
        # None of its texts is cut, so that it only gets shorter.
        return _trimmed(value)
    if size > _NOT_EVEN_TRIMMED:
        return {"trimmed_bytes": size}
    shorter = _trimmed(value)
    return shorter if len(encode_json(shorter)) <= LOG_VALUE else {"trimmed_bytes": size}


def _trimmed(value: Json) -> Json:
    if isinstance(value, str):
        text = without_tokens(value)
        return text if len(text) <= LOG_TEXT else f"{text[:LOG_TEXT]}... ({len(text)} characters)"
    if isinstance(value, dict):
        return {name: _trimmed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return value
