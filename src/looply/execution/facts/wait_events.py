"""The events of waits: their resumes and answers, the cards by which people answer, and dead letters."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, UnsetType

from looply.execution.facts.step_events import EventBase, StepEvent
from looply.execution.facts.values.actor import Actor
from looply.execution.facts.values.approval_terms import ApprovalTerms
from looply.execution.facts.values.card_copy import CardCopy, CardEnd, Confirm, FallbackTerm, Undelivered
from looply.jsontext import Json

IgnoreReason: TypeAlias = Literal["DUPLICATE", "UNFIT", "UNUSED"]
LetterAction: TypeAlias = Literal["APPLIED", "DISCARDED"]


class WaitOpened(StepEvent, frozen=True, kw_only=True):
    """A wait is open: the execution can be resumed here.

    `count` is the number of card answers that release the wait, 0 without cards. `approval` is set when the answers are
    decisions: it says how they count. `fallback` says by which other channels its cards are sent, and when.
    """

    sources: tuple[str, ...]
    timeout_on: datetime | None = None
    count: int = 0
    approval: ApprovalTerms | None = None
    fallback: tuple[FallbackTerm, ...] = ()


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
    `may_answer` are the only people who may answer copies in conversations of several people; empty: all of them.
    """

    copies: tuple[CardCopy, ...]
    body: Json
    channel: str = "inbox"
    app: str = ""
    revision: int = 1
    target: str = ""
    reminder: int = 0
    reason: str = ""
    may_answer: tuple[str, ...] = ()
    confirm: Confirm = "link"


class CardClosed(StepEvent, frozen=True, kw_only=True):
    """Cards that `step` sent take no more answers. Of those passed on, `to` is the new recipient, `note` the reason."""

    cards: tuple[str, ...]
    reason: CardEnd
    to: str = ""
    note: str = ""


class CardDelivered(StepEvent, frozen=True, kw_only=True):
    """The channel shows the copy `card` of `recipient`, for the first time or after it could not be delivered."""

    card: str
    recipient: str
    channel: str


class CardUndelivered(StepEvent, frozen=True, kw_only=True):
    """The channel does not deliver the copy `card` of `recipient`, and why."""

    card: str
    recipient: str
    channel: str
    reason: Undelivered
    code: str = ""
    message: str = ""
