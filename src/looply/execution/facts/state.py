"""The state of an execution: the result of a fold over its history.

A value, never changed in place: `evolve` makes a new one that shares structure with the old one, so a state whose
commit failed is simply dropped. Fields that can grow with the number of steps are persistent maps; those that a limit
bounds are small dicts in order of opening.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
from immutables import Map

from looply.execution.facts.address import Address
from looply.execution.facts.events import (
    ExecutionStarted,
    FinalStatus,
    IgnoreReason,
    IncidentKind,
    StepFailed,
    TimerKind,
)
from looply.execution.facts.scopes import Frame, Region
from looply.execution.facts.values.actor import Actor
from looply.execution.facts.values.approval_terms import ApprovalTerms
from looply.execution.facts.values.card_copy import Confirm, CopyState, FallbackTerm
from looply.jsontext import Json

Status: TypeAlias = Literal["RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED"]
OPEN_STATUSES: Final[tuple[Status, ...]] = ("RUNNING", "WAITING")
"""The statuses of an open execution: it has not ended, and no incident stops it."""
REQUESTERS: Final = 50
"""The most people of one execution who find it among their requests."""
Phase: TypeAlias = Literal["ENTER", "OPEN", "LEAVE", "FAILED", "UNKNOWN", "RETRY"]

WaitEnd: TypeAlias = Literal["RESUMED", "TIMED_OUT", "CANCELLED"]

WAITING_STATE = "wait_for_response_state"
"""What lists show as the current state of an execution that waits for an answer."""


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """One thread of control: its current visit, and what must happen next to it.

    `ENTER`: the step must be visited; `OPEN`: the step waits for an outcome, an answer or a time; `LEAVE`: the step is
    done, by exit `branch`; `FAILED`: `failure` must be handled; `UNKNOWN`: the unknown outcome `cause` must be handled;
    `RETRY`: a retry is due. `message` says why an operation could not find out what became of an earlier attempt.
    """

    scope: str
    step: str
    visit: int
    phase: Phase
    branch: str = "next"
    failure: StepFailed | None = None
    cause: str = ""
    message: str = ""

    @property
    def address(self) -> Address:
        """The current visit."""
        return Address(self.scope, self.step, self.visit)


SUSPECT_ENDS: Final = 2
"""The number of crashes of processes in a row after which a call is suspect; a single crash may have another cause."""


class TargetWait(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an attempt waits for its system: the name of the system, since when the attempt waits, and the reason.

    `is_over`: it has waited as long as `park` allows, so it fails unless it is being made.
    """

    target: str
    since: datetime
    reason: str
    is_over: bool = False


class OpenStep(msgspec.Struct, frozen=True, kw_only=True):
    """A visit whose effect is not finished."""

    seq: int
    """The number of the event that scheduled the attempt in flight."""
    address: str
    operation: str
    attempt: int
    input: Json
    timeout_seconds: float
    failures: int = 0
    is_in_flight: bool = True
    secret: tuple[str, ...] = ()
    entered_on: datetime | None = None
    """The instant at which the input was evaluated."""
    key: str = ""
    """The address of which the idempotency key is made where the step had another name then; empty: `address`."""
    process_ends: int = 0
    """The attempts in a row during which the process crashed."""
    ending_since: datetime | None = None
    """When the first of these crashes was recorded."""
    parked: TargetWait | None = None
    """The attempt waits until its system can be called again, or has just been let go and has no outcome yet."""
    unknowns: int = 0
    """The attempts with an unknown outcome, since the visit began or an operator had it retried."""
    is_unsettled: bool = False
    """As in the event."""

    @property
    def is_given_up(self) -> bool:
        """Whether the attempt in flight may not be begun any more: it has waited too long for its system."""
        return self.is_in_flight and self.parked is not None and self.parked.is_over

    @property
    def is_suspect(self) -> bool:
        """Whether the call may crash processes: its next attempt runs while no other suspect does."""
        return self.process_ends >= SUSPECT_ENDS


class Timer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A running timer; `seq` numbers the event that started it.

    `address` is empty for the timeout of the whole execution.
    """

    seq: int
    kind: TimerKind
    due: datetime
    address: str
    level: int = 0


class CardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one recipient; on an approval its decision, which counts for `seats` of the people asked.

    `actor` and `substitute_for` as in the event.
    """

    part: int
    user: str
    data: Json
    on: datetime
    decision: str = ""
    comment: str = ""
    revision: int = 0
    seats: int = 1
    via: str = ""
    actor: Actor | None = None
    substitute_for: str = ""


class OpenWait(msgspec.Struct, frozen=True, kw_only=True):
    """An open wait; `seq` numbers the event that opened it."""

    seq: int
    address: str
    step: str
    visit: int
    scope: str
    sources: tuple[str, ...]
    opened_on: datetime
    timeout_on: datetime | None = None
    count: int = 0
    answers: tuple[CardAnswer, ...] = ()
    approval: ApprovalTerms | None = None
    fallback: tuple[FallbackTerm, ...] = ()

    @property
    def requester(self) -> str:
        """The person who asks for the approval, empty where that is not said."""
        return self.approval.requester if self.approval is not None else ""

    def cancel(self, by: str, on: datetime) -> "SettledWait":
        """Returns the end of the wait when it is cancelled."""
        return SettledWait(how="CANCELLED", by=by, on=on, answers=self.answers, requester=self.requester)


class SettledWait(msgspec.Struct, frozen=True, kw_only=True):
    """How a wait ended, by whom and when. `request` is the fingerprint of the resume that released it.

    `outcome` is the decision of an approval and `requester` who asked for it, `via` the channel of the caller who
    released the wait.
    """

    how: WaitEnd
    by: str
    on: datetime
    request: bytes = b""
    answers: tuple[CardAnswer, ...] = ()
    outcome: str = ""
    via: str = ""
    requester: str = ""


class BufferedResume(msgspec.Struct, frozen=True, kw_only=True):
    """A resume that is kept for a future wait; `secret` as in the event that keeps it."""

    source: str
    payload: Json
    request: bytes
    by: str
    on: datetime
    secret: tuple[str, ...] = ()


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter: a resume that was kept and released no wait. Event number `seq` holds its payload.

    `action` is empty until an operator settles it; `by`, `on` and `note` are that operator, the time and the reason.
    """

    seq: int
    reason: IgnoreReason
    source: str
    sender: str
    at: datetime
    action: Literal["", "APPLIED", "DISCARDED"] = ""
    by: str = ""
    on: datetime | None = None
    note: str = ""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient's copy of a card. `status` is OPEN while it takes answers, else the reason why it is closed.

    `changed` numbers the event of its last change. `seats` is the number of people asked for whom its answer counts. If
    it was passed on, `passed_to` is the new recipient and `note` the reason. `sent_as` is the address that its token
    names where the step had another name then (empty: `address`). `substitute_for` is the absent person for whom the
    recipient has it. `may_answer` and `confirm` as in the event. `delivery` is what its channel has reported, since
    `delivered_on`; copies in a channel that reports nothing stay PENDING.
    """

    seq: int
    card_id: str
    address: str
    part: int
    recipient: str
    channel: str
    app: str
    body: Json
    revision: int
    status: str = msgspec.field(name="wanted")
    opened_on: datetime
    changed: int = 0
    seats: int = 1
    reminders: int = 0
    closed_on: datetime | None = None
    passed_to: str = ""
    note: str = ""
    sent_as: str = ""
    substitute_for: str = ""
    may_answer: tuple[str, ...] = ()
    confirm: Confirm = "link"
    delivery: CopyState = "PENDING"
    delivery_code: str = ""
    delivery_message: str = ""
    delivered_on: datetime | None = None

    @property
    def is_passed_on(self) -> bool:
        """Whether another copy has its seats now: that of another recipient, or of the same one in another channel."""
        return self.status in ("REASSIGNED", "ESCALATED", "ABSENT", "FALLBACK")


class OpenChild(msgspec.Struct, frozen=True, kw_only=True):
    """A child that was requested and has not reported yet; `seq` numbers the event that requested it.

    `address` is empty when an incident started it. One that is not awaited reports when it is stored.
    """

    seq: int
    child_id: str
    address: str
    workflow_id: str
    is_awaited: bool
    started_on: datetime


class ConcurrencySlot(msgspec.Struct, frozen=True, kw_only=True):
    """The concurrency slot of an execution of a workflow with `max_concurrency`: held, or queued for.

    `seq` numbers the event that queued or admitted it; `max_concurrency` is that of the execution's own version.
    """

    seq: int
    since: datetime
    max_concurrency: int = msgspec.field(name="most")
    is_held: bool = False


class Incident(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the execution is FAILED; `seq` numbers the event that opened it.

    `is_answered`: the workflow of `on_failure` was already started for it.
    """

    seq: int
    incident_id: str
    kind: IncidentKind
    code: str
    message: str
    step: str
    visit: int
    opened_on: datetime
    scope: str = ""
    is_answered: bool = False

    @property
    def address(self) -> Address:
        """The visit that is the cause; its step is empty when no single step is."""
        return Address(self.scope, self.step, self.visit)


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """An operator decided or bypassed approvals in the place of their approvers.

    `steps` are the approvals; `visit` is that of the first one where the event has it, else 0.
    """

    steps: tuple[str, ...]
    visit: int
    scope: str
    by: str
    on: datetime
    via: str
    reason: str


class ExecutionEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an execution."""

    status: FinalStatus
    reason: str
    by: str
    on: datetime


class ExecutionState(msgspec.Struct, frozen=True, kw_only=True):
    """The data that decisions and reads of one execution need. `seq` numbers its last event, from 1.

    `paths_by_scope` are the paths, in the order in which they began. A path whose scope has an entry in
    `regions` waits at a parallel or forEach, while the paths of its branches or iterations move; each of these has its
    own entry in `frames`.
    """

    seq: int
    now: datetime
    started: ExecutionStarted
    workflow_version: int
    definition: str
    payload: Mapping[str, Json]
    paths_by_scope: Mapping[str, Path] = msgspec.field(name="lines")
    regions: Mapping[str, Region] = {}
    frames: Mapping[str, Frame] = {}
    modified_by: str = ""
    outputs: Map[str, Json] = Map()
    sizes: Map[str, int] = Map()
    visits: Map[str, int] = Map()
    total_visits: int = 1
    document_bytes: int = 0
    error: Json = None
    open_steps: Mapping[str, OpenStep] = {}
    waits: Mapping[str, OpenWait] = {}
    timers: Mapping[int, Timer] = {}
    settled: Map[str, SettledWait] = Map()
    last_settled: str = ""
    last_released: str = ""
    buffered: Mapping[str, BufferedResume] = {}
    ignored: int = 0
    letters: Map[int, DeadLetter] = Map()
    cards: Map[str, Card] = Map()
    incidents: Mapping[str, Incident] = {}
    children: Mapping[str, OpenChild] = {}
    slot: ConcurrencySlot | None = msgspec.field(default=None, name="place")
    secrets: tuple[tuple[str, ...], ...] = ()
    closed: ExecutionEnd | None = None
    edited: int = 0
    """Number of the last event by which an operator changed the data document or the definition, and so inputs."""
    overrides: tuple[Override, ...] = ()
    aliases: Map[str, str] = Map()
    """Current addresses by their former ones, which tokens and attempts that are still in use may name."""

    requesters: tuple[str, ...] = ()
    """The people who asked for approvals, each once; only the first `REQUESTERS`."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """All paths, including those that wait at a parallel or forEach, in the order in which they began."""
        return tuple(self.paths_by_scope.values())

    @property
    def active_paths(self) -> tuple[Path, ...]:
        """The paths without an open region: the current positions of the execution."""
        if not self.regions:
            return self.paths
        return tuple(path for path in self.paths_by_scope.values() if path.scope not in self.regions)

    @property
    def active_steps(self) -> str:
        """The current steps, each once, joined by `,`."""
        return ",".join(dict.fromkeys(path.step for path in self.active_paths))

    @property
    def status(self) -> Status:
        """The public status: RUNNING while any path has something to do, FAILED while an incident is open."""
        if self.closed is not None:
            return self.closed.status
        if self.incidents:
            return "FAILED"
        if self.is_queued:
            return "RUNNING"
        waiting = self._waiting_addresses
        return "WAITING" if all(self._is_waiting(path, waiting) for path in self.active_paths) else "RUNNING"

    @property
    def is_open(self) -> bool:
        """Whether `status` is one of `OPEN_STATUSES`, at less cost."""
        return self.closed is None and not self.incidents

    @property
    def current_state(self) -> str:
        """The current step ids, joined by `,`; a path that waits for an answer is shown as `WAITING_STATE`."""
        if self.closed is not None or self.incidents or not self.waits:
            return self.active_steps
        names = (WAITING_STATE if path.address.text in self.waits else path.step for path in self.active_paths)
        return ",".join(dict.fromkeys(names))

    @property
    def has_incident(self) -> bool:
        """Whether an open incident stops the execution: results that arrive are recorded, no step starts."""
        return bool(self.incidents)

    @property
    def is_queued(self) -> bool:
        """Whether the execution is queued for a concurrency slot of its workflow: no step starts."""
        return self.slot is not None and not self.slot.is_held

    @property
    def holds_process_id(self) -> bool:
        """Whether the execution keeps its process id from others: while it is open."""
        return self.is_open

    @property
    def continues(self) -> bool:
        """Whether a stretch was cut, so that the execution goes further without anything from outside."""
        if self.closed is not None or self.has_incident or self.is_queued:
            return False
        return _moves(self) or any(path.phase != "OPEN" for path in self.paths_by_scope.values())

    def find_open_step(self, seq: int) -> OpenStep | None:
        """Returns the open step whose attempt in flight was scheduled as event number `seq`, or None."""
        return next((step for step in self.open_steps.values() if step.seq == seq), None)

    def current_address(self, text: str) -> str:
        """Returns the current address of a visit; a migration to another version may have renamed its step."""
        return self.aliases.get(text, text)

    def next_visit(self, scope: str, step: str) -> Address:
        """Returns the address of the next visit of a step; visits are counted per scope, from 1."""
        return Address(scope, step, self.visits.get(f"{scope}/{step}", 0) + 1)

    @property
    def _waiting_addresses(self) -> frozenset[str]:
        """The addresses of visits that wait for an answer, for another execution, for a time, or for a system."""
        delays = (timer.address for timer in self.timers.values() if timer.kind == "DELAY")
        parked = (step.address for step in self.open_steps.values() if step.parked is not None)
        return frozenset((*self.waits, *delays, *parked, *(child.address for child in self.children.values())))

    def _is_waiting(self, path: Path, waiting: frozenset[str]) -> bool:
        return path.phase == "OPEN" and path.address.text in waiting


def cards_of(state: ExecutionState, address: str) -> list[Card]:
    """Returns the card copies that one visit sent, in the order of its recipients."""
    found = [card for card in state.cards.values() if card.address == address]
    return sorted(found, key=lambda card: card.part)


def recipients_of(state: ExecutionState, address: str) -> list[str]:
    """Returns the recipients of the cards of one visit, without those whose card was passed on."""
    return [card.recipient for card in cards_of(state, address) if not card.is_passed_on]


def open_cards(state: ExecutionState) -> list[Card]:
    """Returns the open card copies, oldest first; the map's own order differs from process to process."""
    return sorted(
        (card for card in state.cards.values() if card.status == "OPEN"), key=lambda card: (card.seq, card.part)
    )


def is_answered(state: ExecutionState, card: Card) -> bool:
    """Returns whether the card's own recipient has answered a wait that still waits for others."""
    wait = state.waits.get(card.address)
    return wait is not None and any(answer.part == card.part for answer in wait.answers)


def _moves(state: ExecutionState) -> bool:
    """Returns whether a region can begin an iteration, or is complete and not closed yet."""
    return any(region.is_over or region.may_begin for region in state.regions.values())
