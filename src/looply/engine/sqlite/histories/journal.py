"""The journal side of the SQLite store: units in, histories out."""

from collections.abc import Sequence

import apsw

from looply.engine.coding.rows import find_id, positioned_batch_from
from looply.engine.ports.store import Batch, Loaded, Position, PositionedBatch, StoredDefinition, Unit
from looply.engine.sql.dialects import sqlite_text
from looply.engine.sql.journal import VALUES, SqlJournal, dictionary_taken_error, loaded_from, take_batches
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.histories.units import store_definition, store_unit

_HEAD = "SELECT * FROM head WHERE id = ?"
_SNAPSHOT = "SELECT seq, fold, codec, state FROM snapshot WHERE execution_id = ? AND fold = ?"
_BATCHES = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch WHERE execution_id = ? AND last_seq > ?"
    " ORDER BY last_seq LIMIT ?"
)
_CHAIN = "SELECT chain FROM batch WHERE execution_id = ? AND last_seq <= ? ORDER BY last_seq DESC LIMIT 1"
_VALUES = f"{sqlite_text(VALUES)} AND u.seq > :after"
_POSITION = "SELECT coalesce(max(n), 0) FROM batch"
_COMMITTED = (
    "SELECT b.n, b.execution_id, o.id, w.id, b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain, b.events"
    " FROM batch b JOIN execution e ON e.id = b.execution_id JOIN name o ON o.n = e.org JOIN name w ON w.n = e.workflow"
    " WHERE b.n > ? ORDER BY b.n LIMIT ?"
)
_DICTIONARY = "INSERT INTO dictionary(n, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING"

_ALL = -1


class SqliteJournal(SqlJournal):
    """See `looply.engine.ports.store.Journal`."""

    def __init__(self, threads: Threads, fold: int) -> None:
        super().__init__(SqliteSessions(threads), fold)
        self._threads = threads
        self._names = threads.names

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
            lambda connection: take_batches(connection.execute(_BATCHES, (key, after, limit)), after, limit)
        )

    async def position(self) -> Position:
        """Returns the position of the last batch."""
        return await self._threads.read(lambda connection: (0, int(connection.execute(_POSITION).get)))

    async def read_committed(self, after: Position, limit: int) -> Sequence[PositionedBatch]:
        """Returns batches behind a position, in the order in which they were stored."""
        return await self._threads.read(
            lambda connection: [
                positioned_batch_from((0, *row)) for row in connection.execute(_COMMITTED, (after[1], limit))
            ]
        )

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once; durable when it returns."""
        await self._threads.write(lambda connection: store_definition(connection, definition))

    async def put_dictionary(self, number: int, data: bytes) -> None:
        """Stores a dictionary, which stays. Raises: Stale."""

        def write(connection: apsw.Connection) -> None:
            connection.execute(_DICTIONARY, (number, data))
            if connection.changes() != 1:
                raise dictionary_taken_error(number)

        await self._threads.write(write)

    def _loaded(self, connection: apsw.Connection, key: bytes) -> Loaded | None:
        head = connection.execute(_HEAD, (key,)).fetchone()
        if head is None:
            return None
        snapshot = connection.execute(_SNAPSHOT, (key, self._fold)).fetchone()
        after = snapshot[0] if snapshot is not None else 0
        chain = connection.execute(_CHAIN, (key, after)).get if snapshot is not None else None
        batches = connection.execute(_BATCHES, (key, after, _ALL)).fetchall()
        values = connection.execute(_VALUES, {"execution": key, "after": after})
        return loaded_from(head, snapshot, batches, chain or b"", values)
