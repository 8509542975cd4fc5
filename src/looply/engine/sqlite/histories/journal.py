"""The journal side of the SQLite store: units in, histories out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import apsw

from looply.clock import to_ms
from looply.engine.coding.rows import (
    STATUS_NUMBERS,
    Row,
    batch_from,
    find_id,
    head_from,
    id_text,
    positioned_batch_from,
)
from looply.engine.ports.store import Batch, Loaded, Position, PositionedBatch, Snapshot, StoredDefinition, Unit, Value
from looply.engine.sqlite.file.names import find_number
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.histories.units import store_definition, store_unit
from looply.errors import Stale

_HEAD = "SELECT * FROM head WHERE id = ?"
_SNAPSHOT = "SELECT seq, fold, codec, state FROM snapshot WHERE execution_id = ? AND fold = ?"
_BATCHES = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch WHERE execution_id = ? AND last_seq > ?"
    " ORDER BY last_seq LIMIT ?"
)
_CHAIN = "SELECT chain FROM batch WHERE execution_id = ? AND last_seq <= ? ORDER BY last_seq DESC LIMIT 1"
_VALUES = (
    "SELECT v.hash, v.codec, v.bytes FROM value_use u JOIN value v ON v.org = u.org AND v.hash = u.hash"
    " WHERE u.execution_id = ? AND u.seq > ?"
)
_POSITION = "SELECT coalesce(max(n), 0) FROM batch"
_COMMITTED = (
    "SELECT b.n, b.execution_id, o.id, w.id, b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain, b.events"
    " FROM batch b JOIN execution e ON e.id = b.execution_id JOIN name o ON o.n = e.org JOIN name w ON w.n = e.workflow"
    " WHERE b.n > ? ORDER BY b.n LIMIT ?"
)
_DEFINITION = "SELECT hash, workflow_id, version, body FROM definition WHERE hash = ?"
_DICTIONARY = "INSERT INTO dictionary(n, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING"
_KEY = (
    "SELECT k.execution_id, k.request FROM idempotency k LEFT JOIN execution e ON e.id = k.execution_id"
    " WHERE k.org = ? AND k.key = ? AND (k.expires_ms > ? OR e.status IN (?, ?))"
)

_ALL = -1
_OPEN = (STATUS_NUMBERS["RUNNING"], STATUS_NUMBERS["WAITING"])


class SqliteJournal:
    """See `looply.engine.ports.store.Journal`."""

    def __init__(self, threads: Threads, fold: int) -> None:
        self._threads = threads
        self._names = threads.names
        self._fold = fold

    async def commit(self, unit: Unit) -> None:
        """Stores the unit; durable when it returns."""
        names = self._names
        await self._threads.write(lambda connection: store_unit(connection, names, unit))

    async def load(self, execution_id: str) -> Loaded | None:
        """Returns what is stored of an execution; a snapshot of another fold is left out."""
        key = find_id(execution_id)
        if key is None:
            return None
        return await self._threads.read(lambda connection: self._loaded(connection, key))

    async def history(self, execution_id: str, after: int, limit: int) -> Sequence[Batch]:
        """Returns the oldest batches with events over `after`, as many as hold `limit` events."""
        key = find_id(execution_id)
        if key is None:
            return ()
        return await self._threads.read(
            lambda connection: enough(connection.execute(_BATCHES, (key, after, limit)), after, limit)
        )

    async def position(self) -> Position:
        """Returns the place of the last batch."""
        return await self._threads.read(lambda connection: (0, int(connection.execute(_POSITION).get)))

    async def read_committed(self, after: Position, limit: int) -> Sequence[PositionedBatch]:
        """Returns batches behind a place, in the order in which they were stored."""
        return await self._threads.read(
            lambda connection: [
                positioned_batch_from((0, *row)) for row in connection.execute(_COMMITTED, (after[1], limit))
            ]
        )

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash."""
        key = find_id(execution_id)
        if key is None:
            return {}
        return await self._threads.read(lambda connection: _values(connection, key, 0))

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""
        row = await self._threads.read(
            lambda connection: connection.execute(_DEFINITION, (definition_hash,)).fetchone()
        )
        return StoredDefinition(hash=row[0], workflow_id=row[1], workflow_version=row[2], body=row[3]) if row else None

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once; durable when it returns."""
        await self._threads.write(lambda connection: store_definition(connection, definition))

    async def put_dictionary(self, number: int, data: bytes) -> None:
        """Stores a dictionary for ever. Raises: Stale."""

        def write(connection: apsw.Connection) -> None:
            connection.execute(_DICTIONARY, (number, data))
            if connection.changes() != 1:
                raise Stale(f"dictionary {number} is stored already and never changes")

        await self._threads.write(write)

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, request) of a key that is still kept, or None."""
        now_ms = to_ms(now)

        def read(connection: apsw.Connection) -> Row | None:
            org = find_number(connection, organization_id)
            if org is None:
                return None
            found: Row | None = connection.execute(_KEY, (org, text, now_ms, *_OPEN)).fetchone()
            return found

        row = await self._threads.read(read)
        return (id_text(row[0]), row[1]) if row is not None else None

    def _loaded(self, connection: apsw.Connection, key: bytes) -> Loaded | None:
        head = connection.execute(_HEAD, (key,)).fetchone()
        if head is None:
            return None
        found = connection.execute(_SNAPSHOT, (key, self._fold)).fetchone()
        snapshot, after, chain = None, 0, b""
        if found is not None:
            snapshot = Snapshot(seq=found[0], fold=found[1], codec=found[2], state=found[3])
            after = snapshot.seq
            chain = connection.execute(_CHAIN, (key, after)).get or b""
        return Loaded(
            head=head_from(head),
            snapshot=snapshot,
            batches=[batch_from(row) for row in connection.execute(_BATCHES, (key, after, _ALL))],
            chain=chain,
            values=_values(connection, key, after),
        )


def enough(rows: Iterable[Row], after: int, limit: int) -> list[Batch]:
    """Returns as many batches as hold `limit` events with numbers over `after`."""
    found: list[Batch] = []
    for row in rows:
        batch = batch_from(row)
        found.append(batch)
        if batch.last_seq - after >= limit:
            break
    return found


def _values(connection: apsw.Connection, key: bytes, after: int) -> dict[bytes, Value]:
    rows = connection.execute(_VALUES, (key, after))
    return {row[0]: Value(hash=row[0], codec=row[1], data=row[2]) for row in rows}
