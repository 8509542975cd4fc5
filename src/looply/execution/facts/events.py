"""What can happen to an execution: one closed union of immutable facts.

Intentions are recorded before the world is touched (`StepScheduled`, `TimerStarted`, `WaitOpened`, `CardWanted`),
outcomes after it answered (`StepSucceeded`, `StepFailed`, `TimerFired`, `Resumed` ...). What operators do is in the
union too, because a history is also the audit trail. Every event has the instant `at`, the person, key or schedule
`by` whom and the channel `via` which it came; both are empty where the engine itself decided.

Adding an event makes the type checker list every `match` to visit. A field may be added with a default; none is ever
renamed or removed, because every history ever written is folded by the code of today.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from looply.definition import LogLevel
from looply.execution.facts.address import Address
from looply.execution.facts.approval_terms import ApprovalTerms
from looply.execution.facts.card_copy import CardCopy
from looply.jsontext import Json

TriggerType: TypeAlias = Literal["REQUEST", "SCHEDULED"]
FinalStatus: TypeAlias = Literal["COMPLETED", "FAILED", "TERMINATED"]
TimerKind: TypeAlias = Literal["DELAY", "RETRY", "WAIT", "EXECUTION", "REMINDER", "ESCALATION"]
IgnoreReason: TypeAlias = Literal["DUPLICATE", "UNFIT", "UNUSED"]
LetterAction: TypeAlias = Literal["APPLIED", "DISCARDED"]
CardEnd: TypeAlias = Literal[
    "ANSWERED", "TIMED_OUT", "TERMINATED", "DELETED", "ENDED", "CANCELLED", "REASSIGNED", "ESCALATED"
]
ChildOutcome: TypeAlias = Literal["STARTED", "COMPLETED", "FAILED", "TERMINATED", "REFUSED", "CANCELLED"]
IncidentKind: TypeAlias = Literal["FAILED", "UNKNOWN", "TIMEOUT", "LIMIT", "POISON"]
Again: TypeAlias = Literal["", "attempt", "visit"]


class EventBase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=True):
    """The facts that every event has; `log` is the level of its log when it happened."""

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
    """The execution exists. `definition` is the hash of what it runs on, `seed` is never shown to anybody.

    `request` is the fingerprint of the trigger, by which the same call again is recognized while the process id is
    in use. `secret` are the pointers of the start step, each into `payload.output` (`/output/password`). `rerun_of` is
    the execution whose input was taken, empty for an input of its own.
    `parent` is the execution that called it, `tells` what that one is told of, `depth` how many called each other down
    to it. `is_response`: an incident started it, itself or the one that called it, so its own incidents start nothing.
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
    """A step that only computes was visited: its result and the exit it takes, so that neither is computed again.

    `override` says that the output changes the payload: `set` each dotted name, or `replace` the caller's part.
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
    """An effect is wanted. The first attempt holds the evaluated input; later ones send the same bytes again."""

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
    """An attempt failed. `is_retriable` was judged with the step's retry policy when it happened.

    `output` is what the other system answered, where the answer itself is the failure.
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
    """Nobody can tell whether the call got through: the process died, or the answer never came.

    `ended_process`: the process ended without order while it made the call, which may be what ended it.
    """

    cause: Literal["CRASH", "TIMEOUT", "CONNECTION"]
    message: str = ""
    ended_process: bool = False


class TimerStarted(StepEvent, frozen=True, kw_only=True):
    """An instant is awaited. `step` is empty for the timeout of the whole execution.

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
    """The execution can be resumed here.

    `count` is the number of card answers that release the wait, 0 without cards. `approval` is there when the answers
    are decisions: it says how they count.
    """

    sources: tuple[str, ...]
    timeout_on: datetime | None = None
    count: int = 0
    approval: ApprovalTerms | None = None


class AnswerRecorded(StepEvent, frozen=True, kw_only=True):
    """The recipient of card copy `part` answered, on `revision` of the card (0 where that was not recorded).

    On an approval `decision` and `comment` are what the answer means; it counts for `seats` of those who were asked.
    """

    part: int
    user: str
    data: Json = None
    decision: Literal["", "approved", "rejected"] = ""
    comment: str = ""
    revision: int = 0
    seats: int = 1
    secret: tuple[str, ...] = ()


class Resumed(StepEvent, frozen=True, kw_only=True):
    """The wait is released, by a call (`request`: its fingerprint), a card answer or a resume that was kept."""

    source: str
    branch: str = "next"
    output: Json = None
    request: bytes = b""
    size: int = 0
    secret: tuple[str, ...] = ()


class ResumeBuffered(EventBase, frozen=True, kw_only=True):
    """A resume came before the wait that it is for; `wait` names that wait, empty for the first one that opens."""

    source: str
    payload: Json
    request: bytes
    wait: str = ""
    secret: tuple[str, ...] = ()


class ResumeIgnored(EventBase, frozen=True, kw_only=True):
    """A resume moved nothing. With `UNFIT` and `UNUSED` its payload is kept; an `is_letter` waits for somebody."""

    reason: IgnoreReason
    source: str
    message: str = ""
    payload: Json = None
    secret: tuple[str, ...] = ()
    is_letter: bool = False


class LetterSettled(EventBase, frozen=True, kw_only=True):
    """Somebody decided about a dead letter, which was event number `letter`: it is applied to a wait, or let go."""

    letter: int
    action: LetterAction
    reason: str = ""


class WaitTimedOut(StepEvent, frozen=True, kw_only=True):
    """Nobody answered in time; the step leaves by `timeout`. An approval has an output also then."""

    output: Json | UnsetType = UNSET
    size: int = 0
    secret: tuple[str, ...] = ()


class CardWanted(StepEvent, frozen=True, kw_only=True):
    """Each of `copies` must show `body`, from `revision` on. `target` is the step that sent the card first.

    With `reminder` (from 1) they are reminded of the card as it is, and `body` is null. `reason`: why it was passed on.
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
    """Cards that `step` sent take no more answers. `to` is who has them now, when passed on, and `note` why."""

    cards: tuple[str, ...]
    reason: CardEnd
    to: str = ""
    note: str = ""


class ChildStarted(StepEvent, frozen=True, kw_only=True):
    """Another execution is wanted, of a version of a workflow (None: the newest ACTIVE one), with `input` as its body.

    The step waits for its end, or only for its start when it is not awaited. `step` is empty and `incident_id` given
    where an incident wants it.
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
    """Nothing more is expected of a child.

    `STARTED` when only its start was awaited, `REFUSED` when it could not be started, for the reason `code`;
    `CANCELLED` when its parent gives it up, which ends it too.
    """

    child_id: str
    outcome: ChildOutcome
    code: str = ""
    message: str = ""
    step: str = ""


class Queued(EventBase, frozen=True, kw_only=True):
    """The execution stands in line until fewer than `most` executions of its workflow hold a slot."""

    most: int


class Admitted(EventBase, frozen=True, kw_only=True):
    """The execution has a slot of its workflow and goes on."""


class ErrorCaught(StepEvent, frozen=True, kw_only=True):
    """A failed step leaves by its `error` exit; `error` is what expressions see as `error`."""

    error: Json


class ScopeOpened(StepEvent, frozen=True, kw_only=True):
    """A `parallel` begins with all of its branches, or a `forEach` with its items, whose iterations begin later.

    `branches` are the branches' ids, none for a forEach; so many arrivals as `needed` close a parallel, 0 where
    its branches end by themselves. `secret` leads into `items`.
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
    """The branch or iteration `scope` has come to its end: at its join, or at an open exit.

    What an iteration collects is the output of the step at which it stands.
    """

    scope: str
    how: Literal["ARRIVED", "ENDED"] = "ENDED"


class Cancelled(EventBase, frozen=True, kw_only=True):
    """Everything open in `scope` is given up: effects are abandoned, waits and timers dropped.

    With `scopes` that is only what is open in these branches, which are over, and below.
    """

    scope: str = ""
    reason: str = ""
    scopes: tuple[str, ...] = ()


class Discarded(StepEvent, frozen=True, kw_only=True):
    """A result came for something that is no longer open; it moves nothing."""

    result: Json = None
    reason: str = ""
    secret: tuple[str, ...] = ()


class IncidentOpened(StepEvent, frozen=True, kw_only=True):
    """The execution stands still until somebody decides. `step` is empty when no single step is the cause."""

    incident_id: str
    kind: IncidentKind
    code: str
    message: str
    status: str = ""
    step: str = ""


class IncidentClosed(StepEvent, frozen=True, kw_only=True):
    """Somebody decided about the incident of `step`, which may be empty; `action` says what, `reason` why.

    `again` says how its step begins anew: by another attempt, which sends the stored input under the same key, or by
    another visit, which evaluates the input anew and has a key of its own. Empty: the step does not begin anew.
    """

    incident_id: str
    action: str
    reason: str = ""
    again: Again = ""
    step: str = ""


class StepSkipped(StepEvent, frozen=True, kw_only=True):
    """An operator gave the step an output. `overrides` are approvals that this decides, or leaves out."""

    output: Json = None
    branch: str = "next"
    reason: str = ""
    size: int = 0
    secret: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


class DocumentEdited(EventBase, frozen=True, kw_only=True):
    """An operator replaced parts of the data document: outputs by step, and the payload when it is given.

    `scope` is the iteration whose own part of it was replaced, empty for what all share. `sizes` are the bytes of each
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
    """An operator put the path of `scope` on another step, which is visited next.

    What was open at the visit where the path stood is given up: its effect is abandoned, its wait and timers dropped.
    `overrides` as in `StepSkipped`.
    """

    to: str
    scope: str = ""
    reason: str = ""
    overrides: tuple[str, ...] = ()


class Migrated(EventBase, frozen=True, kw_only=True):
    """The execution goes on with another definition. `steps` are new names of steps by their old ones.

    `places` are scope and step (`split[left]/answer`) of waits that were renamed and that no visit has reached, as they
    are now by what they were: tokens of these may be out already. `overrides` as in `StepSkipped`.
    """

    workflow_version: int
    definition: str
    reason: str = ""
    steps: dict[str, str] = {}
    places: dict[str, str] = {}
    overrides: tuple[str, ...] = ()


class Continued(EventBase, frozen=True, kw_only=True):
    """A new stretch of computing steps begins; all of them see this instant."""


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
