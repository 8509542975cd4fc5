"""The memory store: the rules of the others without a disk, for tests and trials."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice

from msgspec.structs import replace

from looply.clock import Clock
from looply.engine.boot import Boot
from looply.engine.codec import FOLD_VERSION
from looply.engine.memory.commits import Commits
from looply.engine.memory.copies import MemoryCopies
from looply.engine.memory.data import MemoryData
from looply.engine.memory.datastores import MemoryDatastores
from looply.engine.memory.decisions import MemoryDecisions
from looply.engine.memory.letters import MemoryLetters
from looply.engine.memory.pruning import MemoryPruning
from looply.engine.memory.reads import MemoryReads
from looply.engine.memory.schedules import MemorySchedules
from looply.engine.memory.survey import MemorySurvey
from looply.engine.memory.trials import MemoryTrials
from looply.engine.store import Batch, EffectRow, Loaded, Placed, Position, StoredDefinition, TimerRow, Unit, Value
from looply.errors import DataFolderInUse, Stale
from looply.execution.deliveries import Delivered, Delivery


class MemoryJournal:
    """See `looply.engine.store.Journal`."""

    def __init__(self, data: MemoryData, commits: Commits, fold: int) -> None:
        self._data = data
        self._commits = commits
        self._fold = fold

    async def commit(self, unit: Unit) -> None:
        """Stores the unit."""
        await self._commits.submit(lambda: self._data.apply(unit))

    async def load(self, execution_id: str) -> Loaded | None:
        """Returns what is stored of an execution; a snapshot of another fold is left out."""
        data = self._data
        head = data.heads.get(execution_id)
        if head is None:
            return None
        snapshot = data.snapshots.get(execution_id)
        if snapshot is not None and snapshot.fold != self._fold:
            snapshot = None
        after = snapshot.seq if snapshot is not None else 0
        before = [batch for batch in data.batches[execution_id] if batch.last_seq <= after]
        uses = data.value_uses.get(execution_id, {})
        return Loaded(
            head=head,
            snapshot=snapshot,
            batches=data.batches[execution_id][len(before) :],
            chain=before[-1].chain if before else b"",
            values={key: data.values[head.organization_id, key] for key, seq in uses.items() if seq > after},
        )

    async def history(self, execution_id: str, after: int, limit: int) -> Sequence[Batch]:
        """Returns the oldest batches with events over `after`, as many as hold `limit` events."""
        found: list[Batch] = []
        for batch in self._data.batches.get(execution_id, []):
            if batch.last_seq > after:
                found.append(batch)
                if batch.last_seq - after >= limit:
                    break
        return found

    async def position(self) -> Position:
        """Returns the place of the last batch."""
        return 0, len(self._data.order)

    async def committed(self, after: Position, limit: int) -> Sequence[Placed]:
        """Returns batches behind a place, in the order in which they were stored."""
        data = self._data
        return [
            Placed(
                position=(0, number),
                execution_id=execution_id,
                organization_id=data.heads[execution_id].organization_id,
                workflow_id=data.heads[execution_id].workflow_id,
                batch=batch,
            )
            for number, execution_id, batch in islice(data.placed(after[1]), limit)
        ]

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash."""
        head = self._data.heads.get(execution_id)
        if head is None:
            return {}
        uses = self._data.value_uses.get(execution_id, {})
        return {key: self._data.values[head.organization_id, key] for key in uses}

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""
        return self._data.definitions.get(definition_hash)

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once."""
        await self._commits.submit(lambda: self._data.definitions.setdefault(definition.hash, definition))

    async def put_dictionary(self, number: int, data: bytes) -> None:
        """Stores a dictionary for ever. Raises: Stale."""

        def write() -> None:
            if number in self._data.dictionaries:
                raise Stale(f"dictionary {number} is stored already and never changes")
            self._data.dictionaries[number] = data

        await self._commits.submit(write)

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, request) of a key that is still kept, or None."""
        found = self._data.keys.get((organization_id, text))
        if found is None:
            return None
        key, execution_id = found
        is_kept = key.expires_on > now or self._data.is_open(execution_id)
        return (execution_id, key.request) if is_kept else None


class MemoryWorkQueue:
    """See `looply.engine.store.WorkQueue`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def due_timers(self, now: datetime, limit: int) -> Sequence[TimerRow]:
        """Returns timers that are due, earliest first."""
        due = [row for row in self._data.timers.values() if row.due <= now]
        return sorted(due, key=lambda row: (row.due, row.execution_id, row.seq))[:limit]

    async def next_due(self) -> datetime | None:
        """Returns the instant of the earliest timer, or None."""
        return min((row.due for row in self._data.timers.values()), default=None)

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING."""

        def write() -> bool:
            row = self._data.effects.get((execution_id, seq))
            if row is None or row.state != "QUEUED":
                return False
            self._data.effects[execution_id, seq] = replace(row, state="RUNNING", epoch=epoch)
            return True

        return await self._commits.submit(write)

    async def queued_effects(self, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns QUEUED effects by (execution id, seq), those after `after`."""
        rows = sorted(self._data.effects.items())
        return [row for key, row in rows if key > after and row.state == "QUEUED"][:limit]

    async def lost_effects(self, epoch: int, limit: int) -> Sequence[EffectRow]:
        """Returns RUNNING effects of epochs before `epoch`."""
        rows = sorted(self._data.effects.items())
        return [row for _, row in rows if row.state == "RUNNING" and row.epoch < epoch][:limit]

    async def running_effects(self, epoch: int, after: tuple[str, int], limit: int) -> Sequence[EffectRow]:
        """Returns the RUNNING effects of one process, those after `after`."""
        rows = sorted(self._data.effects.items())
        return [row for key, row in rows if key > after and row.state == "RUNNING" and row.epoch == epoch][:limit]

    async def overdue_effects(self, limit: int) -> Sequence[EffectRow]:  # noqa: ARG002 - the port has it
        """Returns nothing: the one process of the store knows what it has in line."""
        return ()

    async def continuations(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose stretch was cut."""
        return sorted(self._data.continuations)[:limit]

    async def deliveries(self, limit: int) -> Sequence[Delivery]:
        """Returns rows that wait for their targets, of what one execution sent to another one the first."""
        rows: dict[tuple[str, str], Delivery] = {}
        for row, kind in sorted(self._data.deliveries.items()):
            rows.setdefault((row.target, row.sender), Delivery(row, kind))
        return list(rows.values())[:limit]

    async def drop_deliveries(self, rows: Sequence[Delivered]) -> None:
        """Removes rows that move nothing any more."""

        def write() -> None:
            for row in rows:
                self._data.deliveries.pop(row, None)

        await self._commits.submit(write)

    async def admissible(self, limit: int) -> Sequence[str]:
        """Returns ids of executions whose turn it is to take a slot."""
        return self._data.admissible()[:limit]

    async def end_lost_processes(self) -> Sequence[str]:
        """Does nothing: there is no other process."""
        return ()


class MemoryStore:
    """A store whose rows are `data`: another store on the same data is the next process on the same disk.

    `commits` has the hooks of tests: fail a group, hold and release, crash, counts.
    """

    def __init__(self, clock: Clock, data: MemoryData | None = None, *, fold: int = FOLD_VERSION) -> None:
        self._clock = clock
        self.data = data if data is not None else MemoryData()
        self.commits = Commits(self.data)
        self.journal = MemoryJournal(self.data, self.commits, fold)
        self.work = MemoryWorkQueue(self.data, self.commits)
        self.reads = MemoryReads(self.data)
        self.schedules = MemorySchedules(self.data, self.commits)
        self.datastores = MemoryDatastores(self.data, self.commits)
        self.copies = MemoryCopies(self.data, self.commits)
        self.letters = MemoryLetters(self.data)
        self.decisions = MemoryDecisions(self.data, self.commits)
        self.trials = MemoryTrials(self.data, self.commits)
        self.pruning = MemoryPruning(self.data, self.commits)
        self.survey = MemorySurvey(self.data)
        self._fold = fold
        self._is_open = False

    async def open(self) -> Boot:
        """Takes the data over: a store that was opened on them before and not closed stores nothing any more."""
        if self._is_open:
            raise DataFolderInUse("the store is open already")
        data = self.data
        self._is_open = True
        data.epoch += 1
        suspects, poisoned = data.suspects(self._clock.now())
        data.is_clean = False
        self.commits.begin(data.epoch)
        return Boot(
            epoch=data.epoch,
            highest_id=max(data.heads, default=""),
            dictionaries=dict(data.dictionaries),
            definitions=frozenset(data.definitions),
            poisoned=poisoned,
            suspects=suspects,
        )

    async def close(self) -> None:
        """Stores what is queued and ends in order. Closing twice is harmless."""
        if self._is_open:
            self.commits.finish()
            self.data.is_clean = self.commits.failure is None
            self._is_open = False

    @property
    def is_shared(self) -> bool:
        """Whether others store units too: never, one process owns the rows."""
        return False

    @property
    def is_short_of_space(self) -> bool:
        """Memory is never short, as far as this store is concerned."""
        return False

    def failure(self) -> Exception | None:
        """Returns the error after which the store takes no more units, or None."""
        return self.commits.failure

    async def abandon(self) -> None:
        """Ends as a crash does: what is queued is not stored, and the next start has suspects."""
        self.commits.crash()
        self._is_open = False

    def reopened(self) -> "MemoryStore":
        """Returns the store of the next process on the same data; this one stores nothing once that one is open."""
        return MemoryStore(self._clock, self.data, fold=self._fold)
