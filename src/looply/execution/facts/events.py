"""The events of an execution: one closed union of immutable facts.

Intentions are recorded before a side effect (`StepScheduled`, `TimerStarted`, `WaitOpened`, `CardWanted`), outcomes
after it (`StepSucceeded`, `StepFailed`, `TimerFired`, `Resumed` ...). Actions of operators are in the union too,
because a history is also the audit trail. Every event has the instant `at`, the person, key or schedule `by` whom and
the channel `via` which it came; both are empty where the engine itself decided.

When an event is added, the type checker lists every `match` that must handle it. A field may be added with a default;
none is ever renamed or removed, because the current code folds every history ever written.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from looply.definition import LogLevel
from looply.execution.facts.actor import Actor
from looply.execution.facts.address import Address
from looply.execution.facts.approval_terms import ApprovalTerms
from looply.execution.facts.card_copy import CardCopy, CardEnd
from looply.jsontext import Json

TriggerType: TypeAlias = Literal["REQUEST", "SCHEDULED"]
FinalStatus: TypeAlias = Literal["COMPLETED", "FAILED", "TERMINATED"]
TimerKind: TypeAlias = Literal["DELAY", "RETRY", "WAIT", "EXECUTION", "REMINDER", "ESCALATION"]
IgnoreReason: TypeAlias = Literal["DUPLICATE", "UNFIT", "UNUSED"]
LetterAction: TypeAlias = Literal["APPLIED", "DISCARDED"]
ChildOutcome: TypeAlias = Literal["STARTED", "COMPLETED", "FAILED", "TERMINATED", "REFUSED", "CANCELLED"]
IncidentKind: TypeAlias = Literal["FAILED", "UNKNOWN", "TIMEOUT", "LIMIT", "POISON"]
Again: TypeAlias = Literal["", "attempt", "visit"]


class EventBase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=True):
    """The fields that every event has; `log` is the log level of its time."""

    at: datetime
    by: str = ""
    via: str = ""
    log: LogLevel = "full"


class StepEvent(EventBase, frozen=True, kw_only=True):
    """An event of one visit of one step."""

    step: str
    visit: int = 1
    scope: str = ""
    attempt: int = 1

    @property
    def address(self) -> Address:
        """The visit that the event belongs to."""
        return Address(self.scope, self.step, self.visit)


class ExecutionStarted(EventBase, frozen=True, kw_only=True):
    """The execution exists. `definition` is the hash of its definition; `seed` is never shown.

    `request` is the fingerprint of the trigger, by which a repeated call is recognized while the process id is in use.
    `secret` are the pointers of the start step, each into `payload.output` (`/output/password`). `rerun_of` is the
    execution whose input was reused, empty for an input of its own.
    `parent` is the execution that called it, `tells` says whether its start or its end is delivered to the parent,
    `depth` is the length of the chain of calls above it. `is_response`: an incident started it or an execution above
    it, so its own incidents start no workflow.
    """

    execution_id: str
    organization_id: str
    workspace_id: str
    workflow_id: str
    workflow_version: int
    definition: str
    seed: bytes
    trigger_type: TriggerType = "REQUEST"
    process_id: str = ""
    profile: str = ""
    environment: Json = None
    body: Json = None
    parent: str = ""
    request: bytes = b""
    size: int = 0
    secret: tuple[str, ...] = ()
    tells: Literal["", "START", "END"] = ""
    depth: int = 0
    is_response: bool = False
    rerun_of: str = ""


class Computed(StepEvent, frozen=True, kw_only=True):
    """A visit of a step that only computes, with its result and its exit, so that neither is computed again.

    `override`: the output changes the payload; `set` sets each dotted name, `replace` replaces the caller's part.
    `size` and `payload_size` are the bytes of the output and of the payload after it, where they count.
    """

    branch: str = "next"
    input: Json = None
    output: Json = None
    override: Literal["", "set", "replace"] = ""
    size: int = 0
    payload_size: int = 0
    secret: tuple[str, ...] = ()


class StepScheduled(StepEvent, frozen=True, kw_only=True):
    """An attempt of an effect is requested. The first one holds the evaluated input; later ones send the same bytes."""

    operation: str
    timeout_seconds: float
    input: Json | UnsetType = UNSET
    secret: tuple[str, ...] = ()


class StepSucceeded(StepEvent, frozen=True, kw_only=True):
    """The step has its output and leaves by `branch`."""

    output: Json = None
    branch: str = "next"
    size: int = 0
    secret: tuple[str, ...] = ()


class StepFailed(StepEvent, frozen=True, kw_only=True):
    """An attempt failed. `is_retriable` is the verdict of the step's retry policy at that time.

    `output` is the answer of the other system, where the answer itself is the failure.
    """

    code: str
    message: str
    status: str = ""
    is_retriable: bool = False
    retry_after_seconds: float = 0
    output: Json | UnsetType = UNSET
    size: int = 0
    secret: tuple[str, ...] = ()


class StepUnknown(StepEvent, frozen=True, kw_only=True):
    """The outcome of an attempt is unknown: the process crashed, or no answer came.

    `ended_process`: the process crashed while it made the call, which may be the cause.
    """

    cause: Literal["CRASH", "TIMEOUT", "CONNECTION"]
    message: str = ""
    ended_process: bool = False


class TimerStarted(StepEvent, frozen=True, kw_only=True):
    """A timer runs. `step` is empty for the timeout of the whole execution.

    `level` counts the reminders and the escalations of an approval from 0.
    """

    kind: TimerKind
    due: datetime
    step: str = ""
    level: int = 0


class TimerFired(EventBase, frozen=True, kw_only=True):
    """The timer that was started as event number `timer` is due."""

    timer: int


class WaitOpened(StepEvent, frozen=True, kw_only=True):
    """A wait is open: the execution can be resumed here.

    `count` is the number of card answers that release the wait, 0 without cards. `approval` is set when the answers are
    decisions: it says how they count.
    """

    sources: tuple[str, ...]
    timeout_on: datetime | None = None
    count: int = 0
    approval: ApprovalTerms | None = None


class AnswerRecorded(StepEvent, frozen=True, kw_only=True):
    """The recipient of card copy `part` answered, on `revision` of the card (0 where that was not recorded).

    On an approval `decision` and `comment` are read from the answer, which counts for `seats` of the people asked.
    `substitute_for` is the absent person for whom `user` answered, `actor` says how the answer came, if that is known.
    """

    part: int
    user: str
    data: Json = None
    decision: Literal["", "approved", "rejected"] = ""
    comment: str = ""
    revision: int = 0
    seats: int = 1
    secret: tuple[str, ...] = ()
    actor: Actor | None = None
    substitute_for: str = ""


class Resumed(StepEvent, frozen=True, kw_only=True):
    """The wait is released, by a call (`request`: its fingerprint), a card answer or a resume that was kept."""

    source: str
    branch: str = "next"
    output: Json = None
    request: bytes = b""
    size: int = 0
    secret: tuple[str, ...] = ()


class ResumeBuffered(EventBase, frozen=True, kw_only=True):
    """A resume came before its wait and is kept; `wait` is the address of the wait, empty for the first that opens."""

    source: str
    payload: Json
    request: bytes
    wait: str = ""
    secret: tuple[str, ...] = ()


class ResumeIgnored(EventBase, frozen=True, kw_only=True):
    """A resume released no wait. With `UNFIT` and `UNUSED` its payload is kept; an `is_letter` is a dead letter."""

    reason: IgnoreReason
    source: str
    message: str = ""
    payload: Json = None
    secret: tuple[str, ...] = ()
    is_letter: bool = False


class LetterSettled(EventBase, frozen=True, kw_only=True):
    """The dead letter that was event number `letter` is settled: applied to a wait, or discarded."""

    letter: int
    action: LetterAction
    reason: str = ""


class WaitTimedOut(StepEvent, frozen=True, kw_only=True):
    """The wait timed out; the step leaves by `timeout`. An approval has an output even then."""

    output: Json | UnsetType = UNSET
    size: int = 0
    secret: tuple[str, ...] = ()


class CardWanted(StepEvent, frozen=True, kw_only=True):
    """Each of `copies` must show `body` from now on, as `revision`. `target` is the step that sent the card first.

    With `reminder` (from 1) it reminds of the unchanged card, and `body` is null. `reason`: why it was passed on.
    """

    copies: tuple[CardCopy, ...]
    body: Json
    channel: str = "inbox"
    app: str = ""
    revision: int = 1
    target: str = ""
    reminder: int = 0
    reason: str = ""


class CardClosed(StepEvent, frozen=True, kw_only=True):
    """Cards that `step` sent take no more answers. Of those passed on, `to` is the new recipient, `note` the reason."""

    cards: tuple[str, ...]
    reason: CardEnd
    to: str = ""
    note: str = ""


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


class ErrorCaught(StepEvent, frozen=True, kw_only=True):
    """A failed step leaves by its `error` exit; expressions read `error` under that name."""

    error: Json


class ScopeOpened(StepEvent, frozen=True, kw_only=True):
    """A `parallel` begins with all of its branches, or a `forEach` with its items, whose iterations begin later.

    `branches` are the branches' ids, none for a forEach; `needed` arrivals close a parallel, 0 where its branches end
    by themselves. `secret` are pointers into `items`.
    """

    branches: tuple[str, ...] = ()
    needed: int = 0
    items: Json = None
    concurrency: int = 1
    secret: tuple[str, ...] = ()


class ScopeEntered(StepEvent, frozen=True, kw_only=True):
    """The iteration of item number `index` (from 0) begins."""

    index: int


class ScopeClosed(EventBase, frozen=True, kw_only=True):
    """The branch or iteration `scope` has ended: at its join, or at an open exit.

    The result of an iteration is the output of its current step.
    """

    scope: str
    how: Literal["ARRIVED", "ENDED"] = "ENDED"


class Cancelled(EventBase, frozen=True, kw_only=True):
    """Everything open in `scope` is cancelled: effects are abandoned, waits and timers dropped.

    With `scopes` only these branches are cancelled, with everything open in them and below.
    """

    scope: str = ""
    reason: str = ""
    scopes: tuple[str, ...] = ()


class Discarded(StepEvent, frozen=True, kw_only=True):
    """A result came for a step that is no longer open; it is ignored."""

    result: Json = None
    reason: str = ""
    secret: tuple[str, ...] = ()


class IncidentOpened(StepEvent, frozen=True, kw_only=True):
    """The execution stops until an operator decides. `step` is empty when no single step is the cause."""

    incident_id: str
    kind: IncidentKind
    code: str
    message: str
    status: str = ""
    step: str = ""


class IncidentClosed(StepEvent, frozen=True, kw_only=True):
    """The incident of `step`, which may be empty, is resolved by `action`, for `reason`.

    `again` says how its step runs again: by another attempt, which sends the stored input under the same key, or by
    another visit, which evaluates the input again and has a key of its own. Empty: the step does not run again.
    """

    incident_id: str
    action: str
    reason: str = ""
    again: Again = ""
    step: str = ""


class StepSkipped(StepEvent, frozen=True, kw_only=True):
    """An operator gave the step an output. `overrides` are approvals that this decides or bypasses."""

    output: Json = None
    branch: str = "next"
    reason: str = ""
    size: int = 0
    secret: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


class DocumentEdited(EventBase, frozen=True, kw_only=True):
    """An operator replaced parts of the data document: outputs by step, and the payload if it is set.

    `scope` is the iteration whose overlay was changed, empty for the shared document. `sizes` are the bytes of each
    output by its step, and of the payload as `payload`. `secret` are pointers into this event, such as
    `/outputs/login/data/token`. `overrides` as in `StepSkipped`.
    """

    outputs: dict[str, Json] = {}
    payload: Json | UnsetType = UNSET
    reason: str = ""
    sizes: dict[str, int] = {}
    secret: tuple[str, ...] = ()
    scope: str = ""
    overrides: tuple[str, ...] = ()


class Moved(EventBase, frozen=True, kw_only=True):
    """An operator moved the path of `scope` to another step, which is visited next.

    The visit that the path left is cancelled: its effect is abandoned, its wait and timers are dropped.
    `overrides` as in `StepSkipped`.
    """

    to: str
    scope: str = ""
    reason: str = ""
    overrides: tuple[str, ...] = ()


class Migrated(EventBase, frozen=True, kw_only=True):
    """The execution continues with another definition. `steps` are new names of steps by their old ones.

    `places` maps the old scope and step (`split[left]/answer`) of each renamed wait that no visit has reached to the
    new one: tokens of these waits may have been handed out already. `overrides` as in `StepSkipped`.
    """

    workflow_version: int
    definition: str
    reason: str = ""
    steps: dict[str, str] = {}
    places: dict[str, str] = {}
    overrides: tuple[str, ...] = ()


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
