"""The port of stores: a store keeps units and the rows of open work.

Memory, SQLite and PostgreSQL implement it with the same meaning; the store contract suite holds them to it. A store
knows rows and bytes, never what an event means.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.engine.ports.blob_rows import BlobRows
from looply.engine.ports.dispatch import EffectRef
from looply.engine.ports.lists import CardFilter, CardKey, Filter, Head, OpenCard
from looply.engine.ports.port import ExecutionOverview, Fire
from looply.engine.ports.schedule_store import Schedules
from looply.engine.records.absences import Absences
from looply.engine.records.claims import Claim, StoredKey
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.records.copies import Copies, CopyUpdate
from looply.engine.records.datastores import DatastoreChange, Datastores
from looply.engine.records.decisions import DecisionRow, Decisions
from looply.engine.records.figures.figures import FigureChange, Figures
from looply.engine.records.figures.survey import Survey
from looply.engine.records.letters import LetterRow, Letters
from looply.engine.records.pruning import Pruning
from looply.engine.records.startup import StartupState
from looply.engine.records.targets import KeepsTargets
from looply.engine.records.trials import Trials
from looply.execution.document.searching import SearchValues
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.execution.facts.events import IncidentKind, TimerKind
from looply.slots import Lane

EffectState: TypeAlias = Literal["QUEUED", "RUNNING"]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One stored part of a history: the events `first_seq` to `last_seq`, encoded.

    `codec` names the dictionary of `events` (0: none), `chain` is the hash of the chain before and these bytes.
    """

    first_seq: int
    last_seq: int
    at: datetime
    codec: int
    chain: bytes
    events: bytes


Position: TypeAlias = tuple[int, int]
"""A position in the order in which units are stored: (transaction, number of the batch); (0, 0) is before the first."""


class PositionedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch and its position in the order in which units were stored."""

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
    """An encoded state after event `seq`; ignored when `fold` is not the current version of the fold."""

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
    """An effect that is queued or in flight. Only a RUNNING one has an unknown outcome after a crash. `seq` numbers the
    event that scheduled the attempt, `queue` groups effects by their target, `epoch` is the process that runs it.
    """

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
        """The reference by which dispatchers know the effect."""
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
    slot: ConcurrencySlotRow | None = None


class WorkChange(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of open work between two states of one execution. Rows in `put` replace rows of the same key.

    `card_count` is how many cards more are open after it.
    """

    put: Work = Work()
    drop_effects: tuple[int, ...] = ()
    drop_timers: tuple[tuple[datetime, int], ...] = ()
    drop_waits: tuple[int, ...] = ()
    drop_incidents: tuple[int, ...] = ()
    drop_cards: tuple[str, ...] = ()
    drop_continues: bool = False
    drop_slot: bool = False
    card_count: int = 0


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One atomic, fenced write of one execution: it applies whole, or not at all.

    A row that holds a concurrency slot is refused while it is not its turn.
    """

    execution_id: str
    expected_seq: int
    """The unit applies only when this is the stored sequence number; 0: the execution does not exist."""
    head: Head
    batch: Batch
    work: WorkChange
    values: tuple[Value, ...] = ()
    snapshot: Snapshot | None = None
    put_claim: Claim | None = None
    """The claim on the process id that it takes."""
    drop_claim: Claim | None = None
    """The claim on the process id that it releases."""
    key: StoredKey | None = None
    """The idempotency key that it takes."""
    fire: Fire | None = None
    """The fire that it inserts; the schedule is advanced with it."""
    definition: StoredDefinition | None = None
    """Stored when it is not stored yet."""
    datastore: DatastoreChange | None = None
    """The change that a step's outcome makes."""
    copies: tuple[CopyUpdate, ...] = ()
    """Copies of cards to update in their channels."""
    letters: tuple[LetterRow, ...] = ()
    """The dead letters that it adds or settles."""
    decisions: tuple[DecisionRow, ...] = ()
    """The decisions that its events record; they outlive the execution."""
    sent: tuple[Delivery, ...] = ()
    """Deliveries to other executions."""
    applied: tuple[DeliveryKey, ...] = ()
    """The deliveries to this execution that it applies and removes."""
    search: SearchValues | None = None
    """Replaces all values of the search fields; None: they stay."""
    expires_on: datetime | None = None
    """When the execution, which ends here, may be pruned by its workflow's retention; None: by the installation's."""
    figures: FigureChange | None = None
    """What it changes in counters and roll-ups."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of one execution: its head, a snapshot if there is one, the batches after it, their large values.

    `chain` is the chain of the last batch before `batches` (empty at the start).
    """

    head: Head
    snapshot: Snapshot | None
    batches: Sequence[Batch]
    chain: bytes
    values: Mapping[bytes, Value]


class Journal(BlobRows, Protocol):
    """Units in, histories out. Reads raise StoreUnreachable, StoreCorrupt, EngineError."""

    async def commit(self, unit: Unit) -> None:
        """Stores the unit; durable when it returns. Units of one call order are stored in that order.

        Sets the execution's crash count to 0.
        Raises: Stale, ClaimTaken, KeyTaken, FireTaken, SlotTaken, DatastoreMoved, DatastoresFull (nothing was stored,
        other units of the group are not harmed); StoreFull (nothing of the group was stored); StoreUnreachable
        (nothing was sent, so nothing was stored; the store recovers by itself); StoreLost (unknown until the next
        start).
        """

    async def load(self, execution_id: str) -> Loaded | None:
        """Returns what is stored of an execution, from its newest snapshot on, or None."""

    async def load_many(self, execution_ids: Sequence[str]) -> Mapping[str, Loaded]:
        """Returns by id what `load` returns, in one read; those that are not stored are left out. For a few at once."""

    async def history(self, execution_id: str, after: int, limit: int) -> Sequence[Batch]:
        """Returns the oldest batches that hold events with numbers over `after`, as many as hold `limit` events."""

    async def position(self) -> Position:
        """Returns a position before which nothing more will be stored: every new batch comes after it."""

    async def read_committed(self, after: Position, limit: int) -> Sequence[PositionedBatch]:
        """Returns up to `limit` batches of all organizations after a position, in the order in which they were stored.

        Guarantees: a caller that continues from the last one sees each batch once, those of one execution in their
        order, whichever process stored them. A batch may become visible a while after its `commit` has returned, when
        the transactions that began before it have ended.
        """

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash, without its blobs."""

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once; durable when it returns."""

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, request fingerprint) of a key that has not expired, or None."""


class WorkQueue(Protocol):
    """Work that is due or can run. Reads raise as `Reads` does; a lease is a write, and raises as `StoreParts` says.

    Where several processes share the store, a due row is leased to one of them at a time; when the lease expires before
    the work is done, another process gets the row. Doing the work twice is harmless, because the fence decides.
    """

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first; in a shared store those that no other process is firing."""

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer, or None; in a shared store of those that no process is firing."""

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING in a unit of its own; false when it is not stored or runs already.

        In a shared store false also while its execution has an incident, of which the caller may not know.
        """

    async def find_queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""

    async def find_still_queued(self, effects: Collection[tuple[str, int]]) -> Collection[tuple[str, int]]:
        """Returns those of these effects, each an (execution id, seq), that are QUEUED."""

    async def find_lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of epochs before `epoch`, by (execution id, seq).

        In a shared store those of all processes that have ended, whatever their epoch.
        """

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process by (execution id, seq), those after `after`."""

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects that were offered a while ago and not begun; none where nothing is shared.

        The call counts as a new offer, so that of several processes only one offers them again.
        """

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut; in a shared store those cut by a process that has ended."""

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        """Returns deliveries that wait to be applied to their targets, in the order of sending for each pair.

        Only the first one of a pair of executions is returned: the next one can be applied when it is removed.
        Deliveries to `but_to` are passed over; a shared store returns them too, and no more often than the others.
        """

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes deliveries that have no effect any more; durable when it returns."""

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions that may take a concurrency slot: of each workflow at most the first queued."""

    async def end_lost_processes(self) -> Sequence[str]:
        """Ends processes whose leases have expired, if the store is shared: they store nothing more.

        The executions that they worked on become suspects. Returns the executions whose crash count is above
        `MAX_CRASH_COUNT`. Several processes may call it at once.
        """


class Reads(Protocol):
    """Lists and look-ups, of a bounded cost each. All raise StoreUnreachable, StoreCorrupt, EngineError."""

    async def heads(self, organization_id: str, name: str, workflow_id: str) -> Sequence[Head]:
        """Returns the executions with a process id or execution id: all open ones, else the newest ended one."""

    async def head(self, execution_id: str) -> Head | None:
        """Returns the head of one execution, of any organization."""

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those of these executions that do not run: they wait, have an incident, or have ended."""

    async def list(self, organization_id: str, query: Filter, after: str, limit: int) -> tuple[Sequence[Head], str]:
        """Returns up to `limit` heads behind the id `after` ("" for the first page), in the order of the filter.

        `query.created_from` is inclusive, `created_to` exclusive. The text is empty, unless the scan budget ran out
        before the page was full: then it is the id down to which the list was read, and the next page continues there.
        """

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, as few as hold `events` events, oldest first."""

    async def open_cards(
        self, organization_id: str, criteria: CardFilter, after: CardKey | None, limit: int
    ) -> Sequence[OpenCard]:
        """Returns open card copies after a key that match, newest first."""

    async def find_card(self, card_id: str) -> OpenCard | None:
        """Returns an open card copy, of any organization; None when there is none."""

    async def work_of(self, execution_id: str) -> Work:
        """Returns all rows of open work of one execution."""

    async def deliveries_of(self, target: str) -> Sequence[Delivery]:
        """Returns the deliveries that wait to be applied to one execution, whether it exists or not."""

    async def claims_of(self, execution_id: str) -> Sequence[Claim]:
        """Returns the claims on process ids that one execution holds; more than one is a defect."""

    async def scan(self, after: str, limit: int) -> Sequence[Head]:
        """Returns heads of all organizations by ascending id, those after `after`: for audits and exports."""

    async def dangling_rows(self) -> Sequence[str]:
        """Returns a text for each row that refers to something that is not stored.

        Rows of open work, cards, claims, idempotency keys, expiries, fires and schedules name an execution, deliveries
        their sender; schedules name a definition too. Decisions outlive their executions.
        """


class StoreParts(KeepsTargets, Protocol):
    """The parts of a store.

    Reads of all parts raise StoreUnreachable, StoreCorrupt, EngineError; writes raise StoreFull, StoreUnreachable
    (nothing was stored), StoreLost (unknown), and what their methods name.
    """

    @property
    def journal(self) -> Journal:
        """Units and histories."""

    @property
    def work(self) -> WorkQueue:
        """Due and runnable work."""

    @property
    def reads(self) -> Reads:
        """Lists and look-ups."""

    @property
    def schedules(self) -> Schedules:
        """Live schedules."""

    @property
    def copies(self) -> Copies:
        """Copies of cards that channels keep elsewhere."""

    @property
    def letters(self) -> Letters:
        """Dead letters."""

    @property
    def decisions(self) -> Decisions:
        """The record of decisions, which outlives the executions."""

    @property
    def absences(self) -> Absences:
        """Absences of people."""

    @property
    def survey(self) -> Survey:
        """Counts of everything that is open."""

    @property
    def overview(self) -> ExecutionOverview:
        """What lists and monitors show beside heads."""

    @property
    def figures(self) -> Figures:
        """Counters and roll-ups."""

    @property
    def trials(self) -> Trials:
        """The executions that may have ended a process."""

    @property
    def datastores(self) -> Datastores:
        """Datastores of organizations."""

    @property
    def pruning(self) -> Pruning:
        """Retention: what may be removed, and what was removed."""


class Store(StoreParts, Protocol):
    """One store: its parts, and its life cycle."""

    async def open(self) -> StartupState:
        """Acquires the store: lock, epoch, schema, suspects.

        Raises: DataFolderInUse, SchemaMismatch, StoreCorrupt, StoreLost, StoreUnreachable.
        """

    async def close(self) -> None:
        """Finishes what is queued and releases the store. Closing twice is harmless."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may store units at the same time, so that memory may lag behind the store."""

    @property
    def is_short_of_space(self) -> bool:
        """Whether the disk is so full that only units that free space or end executions should be stored."""

    def failure(self) -> Exception | None:
        """Returns the error after which the store accepts no more units (StoreLost), or None."""
