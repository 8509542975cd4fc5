"""The events of an execution: one closed union of immutable facts.

Intentions are recorded before a side effect (`StepScheduled`, `TimerStarted`, `WaitOpened`, `CardWanted`), outcomes
after it (`StepSucceeded`, `StepFailed`, `TimerFired`, `Resumed` ...). Actions of operators are in the union too,
because a history is also the audit trail. Every event has the instant `at`, the person, key or schedule `by` whom and
the channel `via` which it came; both are empty where the engine itself decided.

Those of steps, of waits and of repairs have modules of their own; everything imports them from here.
When an event is added, the type checker lists every `match` that must handle it. A field may be added with a default;
none is ever renamed or removed, because the current code folds every history ever written.
"""

from typing import Literal, TypeAlias

import msgspec

from looply.execution.facts.repair_events import (
    Again,
    DocumentEdited,
    IncidentClosed,
    IncidentKind,
    IncidentOpened,
    Migrated,
    Moved,
    StepSkipped,
)
from looply.execution.facts.step_events import (
    Computed,
    Discarded,
    ErrorCaught,
    EventBase,
    ScopeClosed,
    ScopeEntered,
    ScopeOpened,
    StepEvent,
    StepFailed,
    StepParked,
    StepScheduled,
    StepSucceeded,
    StepUnknown,
    TimerFired,
    TimerKind,
    TimerStarted,
)
from looply.execution.facts.wait_events import (
    AnswerRecorded,
    CardClosed,
    CardDelivered,
    CardUndelivered,
    CardWanted,
    IgnoreReason,
    LetterAction,
    LetterSettled,
    ResumeBuffered,
    Resumed,
    ResumeIgnored,
    WaitOpened,
    WaitTimedOut,
)
from looply.jsontext import Json

__all__ = [
    "Admitted",
    "Again",
    "AnswerRecorded",
    "Cancelled",
    "CardClosed",
    "CardDelivered",
    "CardUndelivered",
    "CardWanted",
    "ChildClosed",
    "ChildOutcome",
    "ChildStarted",
    "Computed",
    "Continued",
    "Discarded",
    "DocumentEdited",
    "ErrorCaught",
    "Event",
    "EventBase",
    "ExecutionClosed",
    "ExecutionStarted",
    "FinalStatus",
    "IgnoreReason",
    "IncidentClosed",
    "IncidentKind",
    "IncidentOpened",
    "LetterAction",
    "LetterSettled",
    "Migrated",
    "Moved",
    "Queued",
    "ResumeBuffered",
    "ResumeIgnored",
    "Resumed",
    "ScopeClosed",
    "ScopeEntered",
    "ScopeOpened",
    "StepEvent",
    "StepFailed",
    "StepParked",
    "StepScheduled",
    "StepSkipped",
    "StepSucceeded",
    "StepUnknown",
    "TimerFired",
    "TimerKind",
    "TimerStarted",
    "TriggerType",
    "WaitOpened",
    "WaitTimedOut",
]

TriggerType: TypeAlias = Literal["REQUEST", "SCHEDULED"]
FinalStatus: TypeAlias = Literal["COMPLETED", "FAILED", "TERMINATED"]
ChildOutcome: TypeAlias = Literal["STARTED", "COMPLETED", "FAILED", "TERMINATED", "REFUSED", "CANCELLED"]


class ExecutionStarted(EventBase, frozen=True, kw_only=True):
    """The execution exists."""

    execution_id: str
    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    definition: str
    """The hash of its definition."""
    seed: bytes
    """Tokens and jitter are derived from it; it is never shown."""
    trigger_type: TriggerType = "REQUEST"
    process_id: str = ""
    """The caller's name for it; empty when the caller gave none."""
    profile: str = ""
    """The name of the profile whose values are `environment`."""
    environment: Json = None
    body: Json = None
    parent: str = ""
    """The execution that called it."""
    request: bytes = b""
    """The fingerprint of the trigger, by which a repeated call is recognized while the process id is in use."""
    size: int = 0
    """The bytes of the body as it was sent."""
    secret: tuple[str, ...] = ()
    """The pointers of the start step, each into `payload.output` (`/output/password`)."""
    tells: Literal["", "START", "END"] = ""
    """Whether its start or its end is delivered to the parent."""
    depth: int = 0
    """The length of the chain of calls above it."""
    is_response: bool = False
    """Whether an incident started it or an execution above it, so that its own incidents start no workflow."""
    rerun_of: str = ""
    """The execution whose input was reused; empty for an input of its own."""
    requires_sap_profile: bool | None = None
    """Whether a step names an SAP system by its connection; None: recorded before that was known."""


class ChildStarted(StepEvent, frozen=True, kw_only=True):
    """A child execution is requested, of a workflow's `version` (None: the newest ACTIVE one), with the body `input`.

    The step waits for its end, or only for its start when it is not awaited. Where an incident starts it, `step` is
    empty and `incident_id` is set.
    """

    child_id: str
    workflow_id: str
    version: int | None = None
    input: Json = None
    size: int = 0
    is_awaited: bool = True
    incident_id: str = ""
    secret: tuple[str, ...] = ()
    step: str = ""


class ChildClosed(StepEvent, frozen=True, kw_only=True):
    """A child is closed: its parent no longer waits for it. `CANCELLED`: its parent cancels it, which terminates it.

    `STARTED` when only its start was awaited, `REFUSED` when it could not be started, for the reason `code`.
    """

    child_id: str
    outcome: ChildOutcome
    code: str = ""
    message: str = ""
    step: str = ""


class Queued(EventBase, frozen=True, kw_only=True):
    """The execution is queued until fewer than `max_concurrency` executions of its workflow hold a concurrency slot."""

    max_concurrency: int = msgspec.field(name="most")


class Admitted(EventBase, frozen=True, kw_only=True):
    """The execution holds a concurrency slot of its workflow and continues."""


class Cancelled(EventBase, frozen=True, kw_only=True):
    """Everything open in `scope` is cancelled: effects are abandoned, waits and timers dropped.

    With `scopes` only these branches are cancelled, with everything open in them and below.
    """

    scope: str = ""
    reason: str = ""
    scopes: tuple[str, ...] = ()


class Continued(EventBase, frozen=True, kw_only=True):
    """A new stretch of computing steps begins; all of them read this instant as now."""


class ExecutionClosed(EventBase, frozen=True, kw_only=True):
    """The execution has ended for ever."""

    status: FinalStatus
    reason: str = ""
    step: str = ""


Event: TypeAlias = (
    ExecutionStarted
    | Computed
    | StepScheduled
    | StepSucceeded
    | StepFailed
    | StepUnknown
    | StepParked
    | TimerStarted
    | TimerFired
    | WaitOpened
    | AnswerRecorded
    | Resumed
    | ResumeBuffered
    | ResumeIgnored
    | LetterSettled
    | WaitTimedOut
    | CardWanted
    | CardClosed
    | CardDelivered
    | CardUndelivered
    | ChildStarted
    | ChildClosed
    | Queued
    | Admitted
    | ErrorCaught
    | ScopeOpened
    | ScopeEntered
    | ScopeClosed
    | Cancelled
    | Discarded
    | IncidentOpened
    | IncidentClosed
    | StepSkipped
    | DocumentEdited
    | Moved
    | Migrated
    | Continued
    | ExecutionClosed
)
