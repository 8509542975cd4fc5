"""The journal side of the PostgreSQL store: units in, histories out."""

from collections.abc import Hashable, Sequence
from typing import Any, Final

from looply.engine.coding.rows import find_id, positioned_batch_from
from looply.engine.ports.store import Batch, Loaded, Position, PositionedBatch, StoredDefinition, Unit
from looply.engine.postgres.database.connections import Connection, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.histories.datastores import lane_of
from looply.engine.postgres.histories.units import UnitWriter, store_definition
from looply.engine.sql.dialects import postgres_text
from looply.engine.sql.journal import VALUES, SqlJournal, dictionary_taken_error, loaded_from, take_batches
from looply.engine.sql.sessions import Sessions

_HEAD: Final = "SELECT * FROM head WHERE id = %s::uuid"
_SNAPSHOT: Final = (
    "SELECT seq, fold, codec, state FROM snapshot WHERE execution_id = %(execution)s::uuid AND fold = %(fold)s"
)
_SINCE: Final = "coalesce((SELECT seq FROM snapshot WHERE execution_id = %(execution)s::uuid AND fold = %(fold)s), 0)"
_BATCHES_SINCE: Final = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch"
    f" WHERE execution_id = %(execution)s::uuid AND last_seq > {_SINCE} ORDER BY last_seq"
)
_CHAIN: Final = (
    f"SELECT chain FROM batch WHERE execution_id = %(execution)s::uuid AND last_seq <= {_SINCE}"
    " ORDER BY last_seq DESC LIMIT 1"
)
_VALUES_SINCE: Final = f"{postgres_text(VALUES)} AND u.seq > {_SINCE}"
_BATCHES: Final = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch"
    " WHERE execution_id = %s::uuid AND last_seq > %s ORDER BY last_seq LIMIT %s"
)
# Below the oldest open transaction all is complete; batches become visible out of the order of their numbers.
_POSITION: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_COMMITTED: Final = (
    "SELECT b.tx::text::bigint, b.n, b.execution_id, o.id, w.id, b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain,"
    " b.events FROM batch b CROSS JOIN LATERAL (SELECT x.org, x.workflow FROM execution x WHERE x.id = b.execution_id"
    " LIMIT 1) e JOIN name o ON o.n = e.org JOIN name w ON w.n = e.workflow"
    " WHERE (b.tx, b.n) > (%s::text::xid8, %s) AND b.tx < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY b.tx, b.n LIMIT %s"
)
_DICTIONARY: Final = "INSERT INTO dictionary(n, bytes) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_SAME_DICTIONARY: Final = "SELECT 1 FROM dictionary WHERE n = %s AND bytes = %s"


class PostgresJournal(SqlJournal):
    """See `looply.engine.ports.store.Journal`."""

    def __init__(self, sessions: Sessions, database: Database, writer: UnitWriter, fold: int) -> None:
        super().__init__(sessions, fold)
        self._database = database
        self._writer = writer

    async def commit(self, unit: Unit) -> None:
        """Stores the unit; durable when it returns."""
        database, writer = self._database, self._writer
        await database.write(
            lambda connection: writer.store(connection, database.epoch, unit),
            _lanes_of(unit),
            lambda connection: writer.find_stored(connection, database.epoch, unit),
        )

    async def load(self, execution_id: str) -> Loaded | None:
        """Returns what is stored of an execution; a snapshot of another fold is left out."""
        if find_id(execution_id) is None:
            return None
        return await self._database.read(lambda connection: _load(connection, execution_id, self._fold))

    async def history(self, execution_id: str, after: int, limit: int) -> Sequence[Batch]:
        """Returns the oldest batches with events over `after`, as many as hold `limit` events."""
        if find_id(execution_id) is None:
            return ()
        found = await self._database.read(lambda connection: rows(connection, _BATCHES, (execution_id, after, limit)))
        return take_batches(found, after, limit)

    async def position(self) -> Position:
        """Returns the position of the oldest open transaction: all batches before it are complete."""
        found = await self._database.read(lambda connection: row(connection, _POSITION))
        return (found[0], 0) if found is not None else (0, 0)

    async def read_committed(self, after: Position, limit: int) -> Sequence[PositionedBatch]:
        """Returns batches behind a position, in the order of their transactions."""
        sought = (str(after[0]), after[1], limit)
        found = await self._database.read(lambda connection: rows(connection, _COMMITTED, sought))
        return [positioned_batch_from(each) for each in found]

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once; durable when it returns."""
        database = self._database
        await database.write(lambda connection: store_definition(connection, database.epoch, definition))

    async def put_dictionary(self, number: int, data: bytes) -> None:
        """Stores a dictionary, which stays. Raises: Stale."""

        async def write(connection: Connection) -> None:
            cursor = await connection.execute(_DICTIONARY, (number, data))
            if cursor.rowcount != 1:
                raise dictionary_taken_error(number)

        async def found(connection: Connection) -> tuple[None] | None:
            return (None,) if await row(connection, _SAME_DICTIONARY, (number, data)) is not None else None

        await self._database.write(write, [("dictionary", number)], found)


def _lanes_of(unit: Unit) -> list[Hashable]:
    """Returns the keys under which units are stored in their order."""
    found: list[Hashable] = [("execution", unit.execution_id)]
    found.extend(
        ("claim", claim.workflow_id, claim.process_id)
        for claim in (unit.put_claim, unit.drop_claim)
        if claim is not None
    )
    if unit.key is not None:
        found.append(("key", unit.key.organization_id, unit.key.text))
    if unit.fire is not None:
        found.append(("schedule", unit.fire.workflow_id))
    if unit.datastore is not None:
        found.append(lane_of(unit.datastore))
    return found


async def _load(connection: Connection, execution_id: str, fold: int) -> Loaded | None:
    facts = {"execution": execution_id, "fold": fold}

    async def ask(statement: str, arguments: Any = facts) -> Any:
        return await connection.execute(statement, arguments, binary=True)

    # One round trip, and one state of the store: the reader's transactions repeat what they have seen.
    async with connection.pipeline():
        heads = await ask(_HEAD, (execution_id,))
        snapshots = await ask(_SNAPSHOT)
        batches = await ask(_BATCHES_SINCE)
        chains = await ask(_CHAIN)
        values = await ask(_VALUES_SINCE)
    head = await heads.fetchone()
    if head is None:
        return None
    chain = await chains.fetchone()
    return loaded_from(
        head,
        await snapshots.fetchone(),
        await batches.fetchall(),
        chain[0] if chain is not None else b"",
        await values.fetchall(),
    )
