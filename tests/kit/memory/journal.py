"""The journal side of the memory store: units in, histories out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.ports.store import Batch, Loaded, Position, PositionedBatch, StoredDefinition, Unit, Value


class MemoryJournal:
    """See `looply.engine.ports.store.Journal`."""

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

    async def load_many(self, execution_ids: Sequence[str]) -> Mapping[str, Loaded]:
        """Returns what is stored of some executions by id."""
        found = {each: await self.load(each) for each in execution_ids}
        return {each: loaded for each, loaded in found.items() if loaded is not None}

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
        """Returns the position of the last batch."""
        return 0, len(self._data.order)

    async def read_committed(self, after: Position, limit: int) -> Sequence[PositionedBatch]:
        """Returns batches after a position, in the order in which they were stored."""
        data = self._data
        return [
            PositionedBatch(
                position=(0, number),
                execution_id=execution_id,
                organization_id=data.heads[execution_id].organization_id,
                workflow_id=data.heads[execution_id].workflow_id,
                batch=batch,
            )
            for number, execution_id, batch in islice(data.placed(after[1]), limit)
        ]

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash, without its blobs."""
        head = self._data.heads.get(execution_id)
        if head is None:
            return {}
        uses = self._data.value_uses.get(execution_id, {})
        return {key: self._data.values[head.organization_id, key] for key, seq in uses.items() if seq > 0}

    async def put_blob(self, execution_id: str, key: bytes, codec: int, data: bytes) -> None:
        """Stores bytes for an execution that is stored."""

        def store() -> None:
            if (head := self._data.heads.get(execution_id)) is not None:
                self._data.value_uses.setdefault(execution_id, {}).setdefault(key, 0)
                value = Value(hash=key, codec=codec, data=data)
                self._data.values.setdefault((head.organization_id, key), value)

        await self._commits.submit(store)

    async def find_blob(self, execution_id: str, key: bytes) -> tuple[int, bytes] | None:
        """Returns codec and bytes of a hash that the execution has, or None."""
        head = self._data.heads.get(execution_id)
        if head is None or key not in self._data.value_uses.get(execution_id, {}):
            return None
        value = self._data.values[head.organization_id, key]
        return value.codec, value.data

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""
        return self._data.definitions.get(definition_hash)

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once."""
        await self._commits.submit(lambda: self._data.definitions.setdefault(definition.hash, definition))

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, fingerprint) of a key that is still kept, or None."""
        found = self._data.keys.get((organization_id, text))
        if found is None:
            return None
        key, execution_id = found
        is_kept = key.expires_on > now or self._data.is_open(execution_id)
        return (execution_id, key.fingerprint) if is_kept else None
