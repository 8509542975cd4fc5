"""The port below the shell: where units are stored, and the rows that say what is open.

Memory, SQLite and PostgreSQL implement it with the same meaning; the store contract suite holds them to it. A store
knows rows and bytes, never what an event means.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from looply.engine.ports.dispatch import EffectRef
from looply.engine.ports.port import CardKey, Filter, Fire, Head, OpenCard
from looply.engine.ports.schedule_store import Schedules
from looply.engine.records.claims import Claim, StoredKey
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.records.copies import Copies, CopyWish
from looply.engine.records.datastores import DatastoreChange, Datastores
from looply.engine.records.decisions import DecisionRow, Decisions
from looply.engine.records.letters import LetterRow, Letters
from looply.engine.records.pruning import Pruning
from looply.engine.records.startup import StartupState
from looply.engine.records.survey import Survey
from looply.engine.records.suspects import Trials
from looply.execution.document.searching import SearchValues
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.execution.facts.events import IncidentKind, TimerKind
from looply.slots import Lane

EffectState: TypeAlias = Literal["QUEUED", "RUNNING"]

POISON_LOADS: Final = 3
"""An execution with more loads than this is parked: one as a suspect, one for each process that ended in its trial."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One stored stretch of a history: the events `first_seq` to `last_seq`, encoded.

    `codec` names the dictionary that `events` is compressed with (0: none); `chain` is the hash over the chain of
    the batch before and these bytes."""

    first_seq: int
    last_seq: int
    at: datetime
    codec: int
    chain: bytes
    events: bytes


Position: TypeAlias = tuple[int, int]
"""A place in the order in which units are stored: (transaction, number of the batch); (0, 0) is before the first."""


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A batch at its place in the order in which units were stored."""

    position: Position
    execution_id: str
    organization_id: str
    workflow_id: str
    batch: Batch


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A large value, split off from the events and addressed by its hash within one organization."""

    hash: bytes
    codec: int
    data: bytes


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A coded state after event `seq`; ignored when `fold` is not the version of today's fold."""

    seq: int
    fold: int
    codec: int
    state: bytes


class StoredDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A definition as executions run on it: JSON text, addressed by its hash (hexadecimal)."""

    hash: str
    workflow_id: str
    workflow_version: int
    body: bytes


class EffectRow(msgspec.Struct, frozen=True, kw_only=True):
    """An effect to run or in flight. Only a RUNNING one has an unknown outcome after a crash.

    `seq` numbers the event that scheduled the attempt, `queue` groups effects by the target that limits them,
    `epoch` is that of the process that runs it."""

    execution_id: str
    seq: int
    organization_id: str
    queue: str
    state: EffectState
    attempt: int
    epoch: int

    @property
    def lane(self) -> Lane:
        """The organization with the target that limits the effect."""
        return Lane(self.organization_id, self.queue)

    @property
    def reference(self) -> EffectRef:
        """What a dispatcher knows of the effect."""
        return EffectRef(self.execution_id, self.seq, self.lane)


class TimerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A timer of an execution; `seq` numbers the event that started it."""

    execution_id: str
    seq: int
    due: datetime
    kind: TimerKind


class WaitRow(msgspec.Struct, frozen=True, kw_only=True):
    """An open wait; `seq` numbers the event that opened it."""

    execution_id: str
    seq: int
    step: str
    sources: tuple[str, ...]


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An open incident; `seq` numbers the event that opened it."""

    execution_id: str
    seq: int
    incident_id: str
    organization_id: str
    step: str
    kind: IncidentKind
    code: str
    opened_on: datetime


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of open work. In a unit: rows to put; in an audit: all rows of one execution."""

    effects: tuple[EffectRow, ...] = ()
    timers: tuple[TimerRow, ...] = ()
    waits: tuple[WaitRow, ...] = ()
    incidents: tuple[IncidentRow, ...] = ()
    cards: tuple[OpenCard, ...] = ()
    continues: bool = False
    place: ConcurrencySlotRow | None = None


class WorkChange(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of open work between two states of one execution. Rows put replace rows of the same key."""

    put: Work = Work()
    drop_effects: tuple[int, ...] = ()
    drop_timers: tuple[tuple[datetime, int], ...] = ()
    drop_waits: tuple[int, ...] = ()
    drop_incidents: tuple[int, ...] = ()
    drop_cards: tuple[str, ...] = ()
    drop_continues: bool = False
    drop_place: bool = False


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One atomic, fenced write of one execution.

    It applies only when the stored sequence number is `expected_seq` (0: the execution does not exist), and then
    whole. `put_claim` and `drop_claim` change the claim on the process id, `fire` inserts the firing and moves the
    schedule, `definition` is stored when it is not there yet, `datastore` is the change that a step's outcome makes,
    `copies` are cards that have to look otherwise in their channels, `letters` dead letters that it makes or settles.
    `decisions` are those that its events record; they outlive the execution.
    `sent` are rows for other executions, `applied` those of other executions that the unit makes true: they go. A place
    that holds a slot is refused while it is not its turn.
    `search` are the values of the search fields in place of all former ones (None: those stay). `expires_on` is when
    the execution, which ends in this unit, may be pruned where its workflow says so (None: the installation says it).
    """

    execution_id: str
    expected_seq: int
    head: Head
    batch: Batch
    work: WorkChange
    values: tuple[Value, ...] = ()
    snapshot: Snapshot | None = None
    put_claim: Claim | None = None
    drop_claim: Claim | None = None
    key: StoredKey | None = None
    fire: Fire | None = None
    definition: StoredDefinition | None = None
    datastore: DatastoreChange | None = None
    copies: tuple[CopyWish, ...] = ()
    letters: tuple[LetterRow, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    sent: tuple[Delivery, ...] = ()
    applied: tuple[DeliveryKey, ...] = ()
    search: SearchValues | None = None
    expires_on: datetime | None = None


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of one execution: its head, a snapshot if there is one, the batches after it, their large values.

    `chain` is the chain of the last batch before `batches` (empty at the start)."""

    head: Head
    snapshot: Snapshot | None
    batches: Sequence[Batch]
    chain: bytes
    values: Mapping[bytes, Value]


class Journal(Protocol):
    """Units in, histories out."""

    async def commit(self, unit: Unit) -> None:
        """Stores the unit; durable when it returns. Units of one call order are stored in that order.

        Sets the execution's `loads` to 0.
        Raises: Stale, ClaimTaken, KeyTaken, FireTaken, SlotTaken, DatastoreMoved, DatastoresFull (nothing was stored,
        other units of the group are not harmed); StoreFull (nothing of the group was stored); StoreUnreachable
        (nothing was sent, so nothing was stored: the store goes on by itself); StoreLost (unknown until the next
        start).
        """
        ...

    async def load(self, execution_id: str) -> Loaded | None:
        """Returns what is stored of an execution, from its newest snapshot on, or None. Raises: StoreCorrupt."""
        ...

    async def history(self, execution_id: str, after: int, limit: int) -> Sequence[Batch]:
        """Returns the oldest batches that hold events with numbers over `after`, as many as hold `limit` events."""
        ...

    async def position(self) -> Position:
        """Returns a place before which nothing is stored any more: from there on `committed` shows what is new."""
        ...

    async def committed(self, after: Position, limit: int) -> Sequence[Placed]:
        """Returns up to `limit` batches of all organizations behind a place, in the order in which they were stored.

        Guarantees: who goes on from the last one sees each batch once, those of one execution in their order, whoever
        stored them. A batch may show a while after its `commit` has returned, until those that began before it end.
        """
        ...

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash."""
        ...

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""
        ...

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once; durable when it returns."""
        ...

    async def put_dictionary(self, number: int, data: bytes) -> None:
        """Stores a compression dictionary for ever. Raises: Stale when the number is taken."""
        ...

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, request fingerprint) of a key that is still kept, or None."""
        ...


class WorkQueue(Protocol):
    """What is due or runnable.

    Where several processes share the store, a row that is due is given to one of them at a time: who has not done it
    after a while has lost it, and another one gets it. Doing it twice is harmless; the fence decides.
    """

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first; in a shared store those that nobody else is firing."""
        ...

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer, or None; in a shared store of those that nobody is firing."""
        ...

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING in a unit of its own; false when it is not there or runs already.

        In a shared store also while its execution has an incident: who asks may not have heard of it.
        """
        ...

    async def queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""
        ...

    async def lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of epochs before `epoch`, by (execution id, seq).

        In a shared store those of all processes that do not live any more, whatever their epoch.
        """
        ...

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process by (execution id, seq), those after `after`."""
        ...

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects that nobody has begun a while after they were offered; none where nothing is shared.

        They count as offered anew, so that of several processes one offers them again.
        """
        ...

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut; in a shared store by a process that has ended."""
        ...

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        """Returns rows that wait to be applied to their targets, what one execution sent to another one in order.

        Of these only the first is returned: the next one can be applied when it is gone. Rows to the targets `but_to`
        are passed over; a shared store gives them too, and no more often than to others.
        """
        ...

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes rows that move nothing any more; durable when it returns."""
        ...

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose turn it is to take a slot: of each workflow the first one in line at most."""
        ...

    async def end_lost_processes(self) -> Sequence[str]:
        """Ends processes that were not heard of for a while, if the store is shared: they store nothing more.

        What they were at is suspect. Returns the executions of ended processes whose trials ended more of them than
        the poison guard allows. Several processes may call it at once.
        """
        ...


class Reads(Protocol):
    """Lists and look-ups. Every one costs the same at any number of stored executions."""

    async def heads(self, organization_id: str, name: str, workflow_id: str) -> Sequence[Head]:
        """Returns who answers to a process id or execution id: all that are open, else the newest that ended."""
        ...

    async def head(self, execution_id: str) -> Head | None:
        """Returns the head of one execution, of whatever organization."""
        ...

    async def resting(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those of these executions that do not run: they wait, have an incident, or have ended."""
        ...

    async def list(self, organization_id: str, wanted: Filter, after: str, limit: int) -> tuple[Sequence[Head], str]:
        """Returns up to `limit` heads with ids below `after` ("" for the newest), newest first.

        `wanted.created_from` belongs to the span, `created_to` does not. The text is empty, unless the scan budget ran
        out before the page was full: then it is the id down to which was looked, from which the next page goes on.
        """
        ...

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, as few as hold `events` events, oldest first."""
        ...

    async def open_cards(
        self, organization_id: str, person: str, after: CardKey | None, limit: int
    ) -> Sequence[OpenCard]:
        """Returns open card copies behind a key, newest first; of one person when that is not empty."""
        ...

    async def find_card(self, card_id: str) -> OpenCard | None:
        """Returns an open card copy, of whatever organization; None when there is none."""
        ...

    async def work_of(self, execution_id: str) -> Work:
        """Returns all rows of open work of one execution."""
        ...

    async def deliveries_of(self, target: str) -> Sequence[Delivery]:
        """Returns the rows that wait to be applied to one execution, whether it exists or not."""
        ...

    async def claims_of(self, execution_id: str) -> Sequence[Claim]:
        """Returns the claims on process ids that one execution holds; more than one is a defect."""
        ...

    async def scan(self, after: str, limit: int) -> Sequence[Head]:
        """Returns heads of all organizations by ascending id, those after `after`: for audits and exports."""
        ...

    async def orphan_rows(self) -> Sequence[str]:
        """Returns a line for each row that refers to what is not stored.

        Rows of open work, cards, claims, idempotency keys, expiries, firings and schedules name an execution, those on
        their way to another one the one that sent them; schedules name a definition too. Decisions outlive theirs.
        """
        ...


class Store(Protocol):
    """One store: its sides, and its life."""

    @property
    def journal(self) -> Journal:
        """Units and histories."""
        ...

    @property
    def work(self) -> WorkQueue:
        """Due and runnable work."""
        ...

    @property
    def reads(self) -> Reads:
        """Lists and look-ups."""
        ...

    @property
    def schedules(self) -> Schedules:
        """Live schedules."""
        ...

    @property
    def copies(self) -> Copies:
        """Copies of cards that channels keep elsewhere."""
        ...

    @property
    def letters(self) -> Letters:
        """Dead letters."""
        ...

    @property
    def decisions(self) -> Decisions:
        """The record of decisions, which outlives the executions."""
        ...

    @property
    def survey(self) -> Survey:
        """What stands open as a whole."""
        ...

    @property
    def trials(self) -> Trials:
        """The executions that may have brought a process down."""
        ...

    @property
    def datastores(self) -> Datastores:
        """Datastores of organizations."""
        ...

    @property
    def pruning(self) -> Pruning:
        """What may be forgotten, and what was."""
        ...

    async def open(self) -> StartupState:
        """Takes the store into possession: lock, epoch, schema, suspects.

        Raises: DataFolderInUse, SchemaMismatch, StoreCorrupt, StoreLost, StoreUnreachable.
        """
        ...

    async def close(self) -> None:
        """Finishes what is queued and gives the store back. Closing twice is harmless."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether other processes may store units at the same time, so that memory may be behind what is stored."""
        ...

    @property
    def is_short_of_space(self) -> bool:
        """Whether the disk is so full that only what frees space, and what ends executions, should be stored."""
        ...

    def failure(self) -> Exception | None:
        """Returns the error after which the store takes no more units (StoreLost), or None."""
        ...
