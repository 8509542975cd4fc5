"""Condensed logs: for each step its visits, each with input, output and status."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from looply.definition import START, LogLevel
from looply.execution.document.masking import mask_body, mask_pointers, without_tokens_in
from looply.execution.facts.address import Address, parse_address
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
    StepEvent,
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
from looply.execution.facts.log_levels import shows_visit
from looply.execution.facts.scopes import is_within
from looply.execution.facts.values.far import FarError
from looply.execution.views.far import public_far
from looply.execution.views.positions import begins_visit
from looply.instants import to_ms
from looply.jsontext import Json, encode_json

VisitStatus: TypeAlias = Literal[
    "RUNNING", "WAITING", "SUCCEEDED", "FAILED", "UNKNOWN", "TIMED_OUT", "SKIPPED", "CANCELLED"
]

_SHOWN_BYTES: Final = 2048
"""A larger output of a step that only computes is not shown again as its input."""
_UNFINISHED: Final = ("RUNNING", "WAITING", "UNKNOWN")
_CONTINUABLE: Final = (*_UNFINISHED, "FAILED")


_WithoutVisit: TypeAlias = (
    TimerFired
    | AnswerRecorded
    | ResumeBuffered
    | ResumeIgnored
    | LetterSettled
    | CardClosed
    | CardDelivered
    | CardUndelivered
    | ChildClosed
    | Queued
    | Admitted
    | ErrorCaught
    | ScopeEntered
    | ScopeClosed
    | Discarded
    | IncidentOpened
    | IncidentClosed
    | DocumentEdited
    | Continued
)
"""Events that change no visit of the log."""


class VisitError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a visit failed; `status` is the one that the other system answered, null without an answer.

    `far` is what the other system said about it.
    """

    code: str
    message: str
    status: str | None
    far: FarError | UnsetType = UNSET


class VisitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One visit of a step: its input, output and status; in a branch or an iteration with its `scope`.

    `started_on` is null for a visit that began before the events that are shown, `ended_on` while it runs. `attempt`
    is the last one. `error` is null after a success. A value that is too large is `{"trimmed_bytes": n}`.
    """

    scope: str | UnsetType = UNSET
    input: Json
    output: Json
    started_on: int | None
    ended_on: int | None
    attempt: int
    status: VisitStatus
    error: VisitError | None


@dataclass(slots=True)
class _Entry:
    """One visit while its events are read; `status` RUNNING includes the time between attempts."""

    step: str
    started_on: int | None
    first: int
    scope: str = ""
    input: Json = None
    output: Json = None
    ended_on: int | None = None
    attempt: int = 1
    status: VisitStatus = "RUNNING"
    error: VisitError | None = None
    log: LogLevel = "full"

    @property
    def is_shown(self) -> bool:
        """Whether the log is to show the visit."""
        return shows_visit(self.log, has_failed=self.error is not None or self.status == "TIMED_OUT")

    def end(self, event: Event, status: VisitStatus) -> None:
        self.status, self.ended_on = status, to_ms(event.at)

    def shown(self) -> VisitRecord:
        return VisitRecord(
            scope=self.scope or UNSET,
            input=self.input,
            output=self.output,
            started_on=self.started_on,
            ended_on=self.ended_on,
            attempt=self.attempt,
            status=self.status,
            error=self.error,
        )


@dataclass(slots=True)
class _Visits:
    """All visits in the order of their beginning. `seq` is the number of the current event."""

    entries: dict[str, _Entry] = field(default_factory=dict)
    seq: int = 0
    is_later: bool = False
    """The events do not begin with the history, so that the beginning of a visit may be missing."""

    def of(self, event: StepEvent) -> _Entry:
        text = event.address.text
        entry = self.entries.get(text)
        if entry is None:
            is_known = not self.is_later or begins_visit(event)
            started_on = to_ms(event.at) if is_known else None
            entry = self.entries[text] = _Entry(event.step, started_on, self.seq, event.scope)
        entry.log = event.log
        return entry

    def read(self, seq: int, event: Event) -> None:
        """Applies an event to its visit, or to the visits that it ends or renames."""
        self.seq = seq
        match event:
            case ExecutionStarted():
                self._on_start(event)
            case Computed() | StepSucceeded() | Resumed() | StepSkipped():
                self._on_success(event)
            case StepScheduled():
                entry = self.of(event)
                entry.status, entry.ended_on, entry.attempt = "RUNNING", None, event.attempt
                if event.input is not UNSET:
                    entry.input = _shown(event, event.input, "input")
            case StepFailed():
                self._on_failure(event)
            case StepUnknown():
                entry = self.of(event)
                entry.end(event, "UNKNOWN")
                entry.error = VisitError(code="OUTCOME_UNKNOWN", message=event.message or event.cause, status=None)
            case StepParked():
                entry = self.of(event)
                entry.status, entry.ended_on = "WAITING", None
            case TimerStarted():
                self._on_timer(event)
            case WaitOpened():
                self._on_wait_opened(event)
            case WaitTimedOut():
                self._on_timeout(event)
            case CardWanted():
                self._on_card(event)
            case ChildStarted():
                self._on_child_started(event)
            case ScopeOpened():
                self.of(event).input = _region_input(event)
            case Cancelled():
                for scope in event.scopes:
                    self._give_up(event, scope)
            case ExecutionClosed():
                self._give_up(event, "")
            case Moved():
                self._give_up(event, event.scope)
            case Migrated():
                self._on_migrated(event)
            case _:
                _change_nothing(event)

    def _on_start(self, event: ExecutionStarted) -> None:
        now = to_ms(event.at)
        self.entries[f"{START}:1"] = _Entry(
            START, now, self.seq, output=mask_body(event), ended_on=now, status="SUCCEEDED", log=event.log
        )

    def _on_timer(self, event: TimerStarted) -> None:
        if event.kind == "RETRY":
            entry = self.of(event)
            entry.status, entry.ended_on = "RUNNING", None
        elif event.kind == "DELAY":
            entry = self.of(event)
            entry.status, entry.input = "WAITING", {"due_on": to_ms(event.due)}

    def _on_timeout(self, event: WaitTimedOut) -> None:
        entry = self.of(event)
        entry.end(event, "TIMED_OUT")
        if event.output is not UNSET:
            entry.output = _shown(event, event.output, "output")

    def _on_wait_opened(self, event: WaitOpened) -> None:
        """Records the sources of a wait as its input; a card's input stays the card."""
        entry = self.of(event)
        entry.status = "WAITING"
        if entry.input is None:
            timeout_on = to_ms(event.timeout_on) if event.timeout_on is not None else None
            entry.input = {"sources": list(event.sources), "timeout_on": timeout_on}

    def _on_child_started(self, event: ChildStarted) -> None:
        if event.step:
            entry = self.of(event)
            payload = _shown(event, event.input, "input")
            entry.status, entry.input = "WAITING", {"workflow_id": event.workflow_id, "payload": payload}

    def _on_card(self, event: CardWanted) -> None:
        """Records the recipients of a card; those of an approval in sequence are added one by one."""
        entry = self.of(event)
        if event.reminder:
            return
        former = entry.input["recipients"] if isinstance(entry.input, dict) and "recipients" in entry.input else []
        recipients = list(dict.fromkeys((*former, *(copy.recipient for copy in event.copies))))
        entry.input = {"recipients": recipients, "card": without_tokens_in(event.body)}

    def _give_up(self, event: Event, scope: str) -> None:
        for entry in self.entries.values():
            if entry.status in _UNFINISHED and is_within(entry.scope, scope):
                entry.end(event, "CANCELLED")

    def _on_success(self, event: Computed | StepSucceeded | Resumed | StepSkipped) -> None:
        entry = self.of(event)
        entry.output = _shown(event, event.output, "output")
        if isinstance(event, Computed):
            entry.input = _computed_input(event, entry.output)
        entry.error = None
        entry.end(event, "SKIPPED" if isinstance(event, StepSkipped) else "SUCCEEDED")

    def _on_migrated(self, event: Migrated) -> None:
        """Moves visits that continue to the new names of their steps, numbered as `evolve` does."""
        for text, entry in list(self.entries.items()):
            address = parse_address(text)
            new = event.steps.get(address.step)
            if new is None or entry.status not in _CONTINUABLE:
                continue
            others = [parse_address(other) for other in self.entries]
            taken = [other.visit for other in others if (other.scope, other.step) == (address.scope, new)]
            renamed = Address(address.scope, new, max(taken) + 1 if taken else address.visit)
            entry.step = new
            self.entries = {renamed.text if key == text else key: value for key, value in self.entries.items()}

    def _on_failure(self, event: StepFailed) -> None:
        entry = self.of(event)
        entry.attempt = event.attempt
        entry.error = VisitError(
            code=event.code,
            message=event.message,
            status=event.status or None,
            far=UNSET if event.far is None else public_far(event.far),
        )
        if event.output is not UNSET:
            entry.output = _shown(event, event.output, "output")
        entry.end(event, "FAILED")


def condense_logs(events: Iterable[tuple[int, Event]], limit_bytes: int) -> tuple[dict[str, list[VisitRecord]], bool]:
    """Returns for each step its visits, oldest first, and whether values or visits were left out.

    Secrets and tokens are `***`.
    The texts of all visits together have at most `limit_bytes`: the input and output of a visit that does not fit
    become `{"trimmed_bytes": n}`, and a visit that is still too large is left out. A visit that began before the events
    has no `started_on`.
    """
    found: dict[str, list[VisitRecord]] = {}
    left, is_truncated = limit_bytes, False
    for entry in _shown_visits(events):
        shown = entry.shown()
        size = len(encode_json(shown))
        if size > left:
            is_truncated = True
            shown = replace(shown, input=_size_of(shown.input), output=_size_of(shown.output))
            size = len(encode_json(shown))
        if size <= left:
            left -= size
            found.setdefault(entry.step, []).append(shown)
    return found, is_truncated


def _size_of(value: Json) -> Json:
    return None if value is None else {"trimmed_bytes": len(encode_json(value))}


def first_beyond_budget(events: Iterable[tuple[int, Event]], limit_bytes: int) -> int | None:
    """Returns the number of the first event of the first visit that exceeds the limit, None when all fit.

    It is never the first visit of all: one that is too large by itself does not fit on any page.
    """
    left = limit_bytes
    for index, entry in enumerate(_shown_visits(events)):
        left -= len(encode_json(entry.shown()))
        if left < 0 and index > 0:
            return entry.first
    return None


def _shown_visits(events: Iterable[tuple[int, Event]]) -> list[_Entry]:
    numbered = list(events)
    visits = _Visits(is_later=bool(numbered) and numbered[0][0] > 1)
    for seq, event in numbered:
        visits.read(seq, event)
    return [entry for entry in visits.entries.values() if entry.is_shown]


def _change_nothing(_event: _WithoutVisit) -> None:
    """Takes the events that `read` does not apply, so that the type checker asks for a place of each new one."""


def _computed_input(event: Computed, output: Json) -> Json:
    """Returns the input of a step that only computes.

    Conditions record it. Of an override, a redirect, a terminate and a join the output is the evaluated input, so
    `output`, as it is shown, is also shown as input; a large one is not shown twice.
    """
    if event.input is not None or event.branch != "next" or output is None:
        return None if event.input is None else _shown(event, event.input, "input")
    size = len(encode_json(output))
    shown: Json = output if size <= _SHOWN_BYTES else {"trimmed_bytes": size}
    match event.override:
        case "set":
            return {"parameters": shown}
        case "replace":
            return {"payload": shown}
        case _:
            return shown


def _region_input(event: ScopeOpened) -> Json:
    if event.branches:
        return {"branches": list(event.branches)}
    return {"items": _shown(event, event.items, "items"), "concurrency": event.concurrency}


def _shown(event: StepEvent, value: Json, name: str) -> Json:
    return without_tokens_in(mask_pointers(value, getattr(event, "secret", ()), name))
