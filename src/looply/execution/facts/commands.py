"""Commands to an execution and the replies to them: two closed unions.

A command comes from outside or from the shell (a due timer, the result of an effect); `answer` turns it into an
`Answer`: a reply and events. Engines never decide about a command themselves.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from looply.definition import Workflow
from looply.errors import Problem
from looply.execution.facts.absences import Absence
from looply.execution.facts.datastores import DatastoreWrite
from looply.execution.facts.deliveries import DeliveryKey
from looply.execution.facts.events import ChildOutcome, Event, LetterAction
from looply.execution.facts.values.actor import Actor
from looply.execution.facts.values.far import FarError, Verdict
from looply.jsontext import Json


class CommandBase(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that every command has: when it came, from whom and by which channel.

    `delivery` is the row by which another execution sent it: the unit that applies the command removes the row.
    """

    at: datetime
    by: str = ""
    via: str = ""
    delivery: DeliveryKey | None = None


class Resume(CommandBase, frozen=True, kw_only=True):
    """Releases a wait. `request` is the fingerprint of the canonical body without the token.

    `state` is the step id when the caller names the wait by it.
    """

    source: str
    payload: dict[str, Json]
    request: bytes
    token: str = ""
    state: str = ""


class AnswerCard(CommandBase, frozen=True, kw_only=True):
    """A recipient answers a copy of a card: the one that `token` names, or, where a person has signed in, `card_id`.

    `actor` says how the answer came, where the caller knows; `addresses` are other addresses of that person. `revision`
    is that of the card which they saw, 0 when the caller does not send it. `code` is the one that the recipient got by
    mail, as the holder of a link spells it, and `challenge` the text to which it belongs; both are compared here.
    """

    data: dict[str, Json]
    token: str = ""
    card_id: str = ""
    revision: int = 0
    actor: Actor | None = None
    addresses: tuple[str, ...] = ()
    challenge: str = ""
    code: str = ""


class CopyReported(CommandBase, frozen=True, kw_only=True):
    """The channel reports of a copy of a card that it is shown, or why it cannot be delivered."""

    card_id: str
    state: Literal["SHOWN", "BLOCKED", "FAILED"]
    code: str = ""
    message: str = ""


class ReassignCard(CommandBase, frozen=True, kw_only=True):
    """An operator passes an open copy of a card on to another person."""

    card_id: str
    to: str
    reason: str = ""


class RemindCard(CommandBase, frozen=True, kw_only=True):
    """An operator reminds the recipient of an open copy of a card."""

    card_id: str


class PassOnAbsent(CommandBase, frozen=True, kw_only=True):
    """Passes the open cards of people who are absent on to their substitutes. `absences` are those that are active."""

    absences: tuple[Absence, ...]


class Terminate(CommandBase, frozen=True, kw_only=True):
    """Ends the execution for ever."""

    reason: str


class OperatorCommand(CommandBase, frozen=True, kw_only=True):
    """A decision of an operator, with its reason. `expected_seq` is the number of events that it is valid for (0: any).

    `may_override`: the operator may decide in the place of approvers. `asking` are the `subworkflow` steps in whose
    children approvers are asked; the caller looks them up, because the state of one execution does not hold them.
    """

    reason: str = ""
    expected_seq: int = 0
    may_override: bool = False
    asking: frozenset[str] = frozenset()


class EditDocument(OperatorCommand, frozen=True, kw_only=True):
    """Changes the data document: {`payload`: {`output`: ...}, STEP: {`output`: ...}}.

    Each part is a merge patch (RFC 7396), or with `replaces` the new value. With a `scope`, such as `loop[2]`, the
    edit changes the overlay of that iteration.
    """

    document: Json
    replaces: bool = False
    scope: str = ""


class Retry(OperatorCommand, frozen=True, kw_only=True):
    """Resolves one incident, or all when `incident_id` is empty: their steps run again.

    `document` is edited first, as by `EditDocument`; None changes nothing. `opened_by` as in `Redrive`.
    """

    incident_id: str = ""
    document: Json = None
    replaces: bool = False
    scope: str = ""
    opened_by: datetime | None = None


class SkipStep(OperatorCommand, frozen=True, kw_only=True):
    """Gives the current step of a path an output instead of running it; the path leaves by `branch`.

    The step is that of the incident, or `state`, or that of the only path. An empty branch is `next`. With `opened_by`
    it is the step of the only incident that is not younger, at `state` if that is given: a step that only waits is not
    skipped, and a bulk that is repeated skips each step once.
    """

    action: Literal["skip", "complete"] = "skip"
    incident_id: str = ""
    state: str = ""
    output: Json = None
    branch: str = ""
    opened_by: datetime | None = None


class MoveTo(OperatorCommand, frozen=True, kw_only=True):
    """Moves a path to another step, which is visited next. The path is chosen as in `SkipStep`."""

    to: str
    incident_id: str = ""
    state: str = ""


class Redrive(OperatorCommand, frozen=True, kw_only=True):
    """Resolves all incidents; with a `workflow` it also migrates to that version, even without an incident.

    `steps` are new names of steps by their old ones. With `opened_by` only incidents that are not younger are
    resolved, so that a bulk that is repeated resolves each incident once.
    """

    workflow: Workflow | None = None
    workflow_version: int = 0
    steps: Mapping[str, str] = {}
    opened_by: datetime | None = None


class SettleLetter(CommandBase, frozen=True, kw_only=True):
    """An operator settles the dead letter that is event number `letter`.

    `apply` releases the open wait with its `payload`, which the event holds; of several the one that `token` or
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


class Outage(msgspec.Struct, frozen=True):
    """A system that is not called at present, and why: the name that operators know, and the reason in words."""

    target: str
    reason: str


class EffectDone(CommandBase, frozen=True, kw_only=True):
    """An attempt of the effect at `address` returned `output`, whose JSON text has `size` bytes.

    `verdict` is the connector's judgement on an answer that is no plain success. `write` is the change of a datastore
    that the operation makes: the unit stores both or neither. `outage`: the answer shows that the system is down, and
    it is not called at present.
    """

    address: str
    attempt: int
    output: Json
    size: int
    secret: tuple[str, ...] = ()
    verdict: Verdict | None = None
    write: DatastoreWrite | None = None
    outage: Outage | None = None


class EffectFailed(CommandBase, frozen=True, kw_only=True):
    """An attempt failed. `was_sent` is false only when the request cannot have reached the other system.

    `is_of_connection`: the cause is how this side reaches the system. `outage` as in `EffectDone`.
    """

    address: str
    attempt: int
    code: str
    message: str
    status: str = ""
    was_sent: bool = False
    is_transient: bool = False
    is_of_connection: bool = False
    far: FarError | None = None
    retry_after_seconds: float = 0
    outage: Outage | None = None


class ParkEffect(CommandBase, frozen=True, kw_only=True):
    """An attempt that is scheduled and not begun waits, because its system is not called at present."""

    address: str
    attempt: int
    outage: Outage


class GiveUpEffect(CommandBase, frozen=True, kw_only=True):
    """An attempt that was not begun has waited for its system as long as `park` allows, and is never made.

    It comes from the process that has marked the attempt as running, so that no other one can begin it.
    """

    address: str
    attempt: int


class EffectLost(CommandBase, frozen=True, kw_only=True):
    """The process that ran the attempt is dead, so that the outcome is unknown.

    `ended_process`: it crashed, and the attempt may be the cause.
    """

    address: str
    attempt: int
    ended_process: bool = False


class ChildEnded(CommandBase, frozen=True, kw_only=True):
    """The outcome of a child: its start, its end, or why it could not be started.

    `output` is its `payload.output`, whose JSON text has `size` bytes, and `secret` points into it. `code` and
    `message` say why it was refused; after an end `message` is its reason.
    """

    child_id: str
    outcome: ChildOutcome
    output: Json = None
    size: int = 0
    secret: tuple[str, ...] = ()
    code: str = ""
    message: str = ""


class Admit(CommandBase, frozen=True, kw_only=True):
    """Gives a queued execution a concurrency slot of its workflow."""


class Continue(CommandBase, frozen=True, kw_only=True):
    """Continues a stretch that was cut."""


class RepairRows(CommandBase, frozen=True, kw_only=True):
    """Stores the rows of open work again, because they differ from the history. It moves no path."""


class QuarantineExecution(CommandBase, frozen=True, kw_only=True):
    """Opens an incident of kind `POISON`: the execution has ended the process several times."""

    message: str


RepairCommand: TypeAlias = Retry | EditDocument | SkipStep | MoveTo | Redrive

Command: TypeAlias = (
    Resume
    | AnswerCard
    | CopyReported
    | ReassignCard
    | RemindCard
    | PassOnAbsent
    | Terminate
    | SettleLetter
    | RepairCommand
    | FireTimer
    | EffectDone
    | EffectFailed
    | ParkEffect
    | GiveUpEffect
    | EffectLost
    | ChildEnded
    | Admit
    | Continue
    | RepairRows
    | QuarantineExecution
)


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """The resume released the wait, or is kept for a wait that is yet to open."""

    buffered: bool = False


class AlreadyReleased(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier resume released the wait; this one changed nothing."""

    answered_by: str
    answered_on: datetime


class Terminated(msgspec.Struct, frozen=True, kw_only=True):
    """This call ended the execution."""


class AlreadyTerminated(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier call terminated the execution."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to the card is recorded."""


class AlreadyAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """The card was answered before, by this recipient or by the person who released the wait.

    `decision` is `approved` or `rejected`, or the `action` of the button; empty where neither is known or it is
    secret. `actor` and `substitute_for` as in the event of the answer.
    """

    answered_by: str
    answered_on: datetime
    decision: str = ""
    actor: Actor | None = None
    substitute_for: str = ""


class Reassigned(msgspec.Struct, frozen=True, kw_only=True):
    """The card was passed on; `card_id` and `part` are those of the new copy."""

    card_id: str
    part: int


class Reminded(msgspec.Struct, frozen=True, kw_only=True):
    """The recipient is reminded; `reminders` counts the reminders of the copy, this one among them."""

    reminders: int


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
    "NOT_YOURS",
    "DECIDED_ALREADY",
    "CARD_CHANGED",
    "CODE_NEEDED",
    "CODE_EXPIRED",
    "CODE_WRONG",
    "SIGN_IN_NEEDED",
    "NO_INCIDENT",
    "NO_LETTER",
    "STALE",
    "STEP_ENDED",
    "OVERRIDE_NEEDED",
]


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the execution does not allow the command, which changed nothing.

    `states` are the steps to choose from.
    """

    code: DeclineCode
    message: str
    states: tuple[str, ...] = ()


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """The repair is done; `incidents` are those that it closed, `overrides` the approvals that it overrode."""

    incidents: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """This call settled the dead letter."""

    action: LetterAction


class AlreadySettled(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier call settled the dead letter; this one changed nothing."""

    action: LetterAction
    by: str
    on: datetime
    reason: str = ""


class Unfit(msgspec.Struct, frozen=True, kw_only=True):
    """The data of the command are not valid for the execution; the command changed nothing."""

    problems: tuple[Problem, ...]


class UnknownToken(msgspec.Struct, frozen=True, kw_only=True):
    """The card token was not made by this execution."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The shell's own command was processed; `is_late` when it came too late to change anything."""

    is_late: bool = False


Reply: TypeAlias = (
    Released
    | AlreadyReleased
    | Terminated
    | AlreadyTerminated
    | Recorded
    | AlreadyAnswered
    | Reassigned
    | Reminded
    | Declined
    | Repaired
    | Settled
    | AlreadySettled
    | Unfit
    | UnknownToken
    | Done
)


class Answer(msgspec.Struct, frozen=True):
    """The reply to a command, and the events that make it true; none when the command changes nothing.

    `workflow` is the version that the execution runs on after them, None when it stays the same.
    `write` is a change of a datastore that must be stored in the same unit.
    """

    reply: Reply
    events: tuple[Event, ...] = ()
    write: DatastoreWrite | None = None
    workflow: Workflow | None = None
