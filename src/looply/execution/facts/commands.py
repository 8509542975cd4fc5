"""What can be asked of an execution, and the truthful answers: two closed unions.

A command comes from outside or from the shell (a due timer, the result of an effect); `answer` turns it into an
`Answer`: a reply and events. Engines never judge a command themselves.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from looply.definition import Workflow
from looply.errors import Problem
from looply.execution.facts.datastores import DatastoreWrite
from looply.execution.facts.deliveries import DeliveryKey
from looply.execution.facts.events import ChildOutcome, Event, LetterAction
from looply.jsontext import Json


class CommandBase(msgspec.Struct, frozen=True, kw_only=True):
    """When the command came, from whom and by which channel.

    `delivery` is the row by which another execution sent it: it goes in the unit that applies the command.
    """

    at: datetime
    by: str = ""
    via: str = ""
    delivery: DeliveryKey | None = None


class Resume(CommandBase, frozen=True, kw_only=True):
    """Release a wait. `request` is the fingerprint of the canonical body without the token.

    `state` is the step id when the caller names the wait by it.
    """

    source: str
    payload: dict[str, Json]
    request: bytes
    token: str = ""
    state: str = ""


class AnswerCard(CommandBase, frozen=True, kw_only=True):
    """A recipient answers the copy of a card that `token` names.

    `revision` is that of the card which they saw, 0 when the caller does not tell.
    """

    token: str
    data: dict[str, Json]
    revision: int = 0


class ReassignCard(CommandBase, frozen=True, kw_only=True):
    """An operator passes an open copy of a card on to somebody else."""

    card_id: str
    to: str
    reason: str = ""


class Terminate(CommandBase, frozen=True, kw_only=True):
    """End the execution for ever."""

    reason: str


class OperatorCommand(CommandBase, frozen=True, kw_only=True):
    """What an operator decides, and why. With `expected_seq` only while the execution has so many events (0: any).

    `may_override`: the operator may decide in the place of approvers. `asking` are the `subworkflow` steps in whose
    children approvers are asked, which only the caller can know.
    """

    reason: str = ""
    expected_seq: int = 0
    may_override: bool = False
    asking: frozenset[str] = frozenset()


class EditDocument(OperatorCommand, frozen=True, kw_only=True):
    """Change what steps read: {`payload`: {`output`: ...}, STEP: {`output`: ...}}.

    Each part is a merge patch (RFC 7396), or takes the place of what is there when it `replaces`. With a `scope`, such
    as `loop[2]`, it is what that iteration has of its own.
    """

    document: Json
    replaces: bool = False
    scope: str = ""


class Retry(OperatorCommand, frozen=True, kw_only=True):
    """Go on after one incident, or after all when `incident_id` is empty: their steps begin anew.

    `document` is edited first, as by `EditDocument`; None changes nothing.
    """

    incident_id: str = ""
    document: Json = None
    replaces: bool = False
    scope: str = ""


class SkipStep(OperatorCommand, frozen=True, kw_only=True):
    """Give the step where a path stands an output instead of running it; it leaves by `branch`.

    The step is that of the incident, or `state`, or where the only path stands. An empty branch is `next`.
    """

    action: Literal["skip", "complete"] = "skip"
    incident_id: str = ""
    state: str = ""
    output: Json = None
    branch: str = ""


class MoveTo(OperatorCommand, frozen=True, kw_only=True):
    """Put a path on another step, which is visited next. Which path: as in `SkipStep`."""

    to: str
    incident_id: str = ""
    state: str = ""


class Redrive(OperatorCommand, frozen=True, kw_only=True):
    """Go on after all incidents; with a `workflow` on that version, also where nothing has failed.

    `steps` are new names of steps by their old ones. With `opened_by` only after incidents that are not younger, so
    that a redrive of many that is repeated meets each incident once.
    """

    workflow: Workflow | None = None
    workflow_version: int = 0
    steps: Mapping[str, str] = {}
    opened_by: datetime | None = None


class SettleLetter(CommandBase, frozen=True, kw_only=True):
    """An operator settles the dead letter that is event number `letter`.

    Applying puts its `payload`, which the event holds, to the wait that is open; of several to the one that `token` or
    `state` names.
    """

    letter: int
    action: Literal["apply", "discard"]
    reason: str = ""
    payload: dict[str, Json] = {}
    token: str = ""
    state: str = ""


class FireTimer(CommandBase, frozen=True, kw_only=True):
    """The timer that was started as event number `timer` is due."""

    timer: int


class EffectDone(CommandBase, frozen=True, kw_only=True):
    """An attempt of the effect at `address` succeeded with `output`, whose JSON text has `size` bytes.

    `write` is the change of a datastore that the success is: both are stored, or neither.
    """

    address: str
    attempt: int
    output: Json
    size: int
    secret: tuple[str, ...] = ()
    write: DatastoreWrite | None = None


class EffectFailed(CommandBase, frozen=True, kw_only=True):
    """An attempt failed. `was_sent` is false only when nothing can have reached the other system."""

    address: str
    attempt: int
    code: str
    message: str
    status: str = ""
    was_sent: bool = False
    is_transient: bool = False
    retry_after_seconds: float = 0


class EffectLost(CommandBase, frozen=True, kw_only=True):
    """The process that ran the attempt is gone, and with it the knowledge of the outcome.

    `ended_process`: it ended without order, so that the attempt may be what ended it.
    """

    address: str
    attempt: int
    ended_process: bool = False


class ChildEnded(CommandBase, frozen=True, kw_only=True):
    """What became of a child: its start, its end, or why it could not be started.

    `output` is its `payload.output`, whose JSON text has `size` bytes, and `secret` points into it. `code` and
    `message` say why it was refused, or `message` with what reason it ended.
    """

    child_id: str
    outcome: ChildOutcome
    output: Json = None
    size: int = 0
    secret: tuple[str, ...] = ()
    code: str = ""
    message: str = ""


class Admit(CommandBase, frozen=True, kw_only=True):
    """It is the execution's turn to take a slot of its workflow."""


class Continue(CommandBase, frozen=True, kw_only=True):
    """Go on with a stretch that was cut."""


class RepairRows(CommandBase, frozen=True, kw_only=True):
    """Store the rows of open work anew: they were found to be other than the history says. It moves nothing."""


class QuarantineExecution(CommandBase, frozen=True, kw_only=True):
    """The execution brought the process down several times: it stands still until somebody decides."""

    message: str


RepairCommand: TypeAlias = Retry | EditDocument | SkipStep | MoveTo | Redrive

Command: TypeAlias = (
    Resume
    | AnswerCard
    | ReassignCard
    | Terminate
    | SettleLetter
    | RepairCommand
    | FireTimer
    | EffectDone
    | EffectFailed
    | EffectLost
    | ChildEnded
    | Admit
    | Continue
    | RepairRows
    | QuarantineExecution
)


class Restarted(msgspec.Struct, frozen=True, kw_only=True):
    """The resume released the wait, or is kept for a wait that is still to come."""

    buffered: bool = False


class AlreadyRestarted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else was first; the resume moved nothing."""

    answered_by: str
    answered_on: datetime


class Terminated(msgspec.Struct, frozen=True, kw_only=True):
    """The execution is ended by this call."""


class AlreadyTerminated(msgspec.Struct, frozen=True, kw_only=True):
    """The execution was terminated before."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The card answer counts."""


class AlreadyAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """The card was answered before, by this recipient or by the one who decided.

    `decision` is what was decided: `approved` or `rejected`, or the `action` of the button; empty where neither is
    known or it is secret.
    """

    answered_by: str
    answered_on: datetime
    decision: str = ""


class Reassigned(msgspec.Struct, frozen=True, kw_only=True):
    """The card was passed on; `card_id` is that of the new copy, `part` its place."""

    card_id: str
    part: int


DeclineCode: TypeAlias = Literal[
    "TERMINATED",
    "FAILED",
    "COMPLETED",
    "TIMED_OUT",
    "NOT_WAITING",
    "SOURCE_NOT_ACCEPTED",
    "AMBIGUOUS",
    "CLOSED",
    "SELF_APPROVAL",
    "CARD_CHANGED",
    "NO_INCIDENT",
    "NO_LETTER",
    "STALE",
    "STEP_ENDED",
    "OVERRIDE_NEEDED",
]


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the execution does not allow the command; nothing was done.

    `states` are the steps to choose from.
    """

    code: DeclineCode
    message: str
    states: tuple[str, ...] = ()


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's decision is carried out; `incidents` are those that it closed, `overrides` the approvals."""

    incidents: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """The dead letter is settled by this call."""

    action: LetterAction


class AlreadySettled(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody settled the dead letter before; nothing was done."""

    action: LetterAction
    by: str
    on: datetime
    reason: str = ""


class Unfit(msgspec.Struct, frozen=True, kw_only=True):
    """What the command brings does not fit what the execution accepts; nothing was done."""

    problems: tuple[Problem, ...]


class UnknownToken(msgspec.Struct, frozen=True, kw_only=True):
    """The card token was not made by this execution."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The shell's own command was taken; `is_late` when it moved nothing."""

    is_late: bool = False


Reply: TypeAlias = (
    Restarted
    | AlreadyRestarted
    | Terminated
    | AlreadyTerminated
    | Recorded
    | AlreadyAnswered
    | Reassigned
    | Declined
    | Repaired
    | Settled
    | AlreadySettled
    | Unfit
    | UnknownToken
    | Done
)


class Answer(msgspec.Struct, frozen=True):
    """The reply to a command, and the events that make it true; none when the command moves nothing.

    `workflow` is what the execution runs on after them, None when that stays as it is.
    `write` is a change of a datastore that must be stored in the same unit.
    """

    reply: Reply
    events: tuple[Event, ...] = ()
    write: DatastoreWrite | None = None
    workflow: Workflow | None = None
