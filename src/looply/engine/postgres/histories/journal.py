"""The journal side of the PostgreSQL store: units in, histories out."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from looply.clock import to_ms
from looply.engine.coding.rows import Row, batch_from, find_id, head_from, id_text, positioned_batch_from
from looply.engine.ports.store import Batch, Loaded, Position, PositionedBatch, Snapshot, StoredDefinition, Unit, Value
from looply.engine.postgres.database.connections import Connection, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.histories.datastores import lane_of
from looply.engine.postgres.histories.units import UnitWriter, store_definition
from looply.errors import Stale

_HEAD: Final = "SELECT * FROM head WHERE id = %s::uuid"
_SNAPSHOT: Final = "SELECT seq, fold, codec, state FROM snapshot WHERE execution_id = %(id)s::uuid AND fold = %(fold)s"
_SINCE: Final = "coalesce((SELECT seq FROM snapshot WHERE execution_id = %(id)s::uuid AND fold = %(fold)s), 0)"
_BATCHES_SINCE: Final = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch"
    f" WHERE execution_id = %(id)s::uuid AND last_seq > {_SINCE} ORDER BY last_seq"
)
_CHAIN: Final = (
    f"SELECT chain FROM batch WHERE execution_id = %(id)s::uuid AND last_seq <= {_SINCE} ORDER BY last_seq DESC LIMIT 1"
)
_VALUES_SINCE: Final = (
    "SELECT v.hash, v.codec, v.bytes FROM value_use u JOIN value v ON v.org = u.org AND v.hash = u.hash"
    f" WHERE u.execution_id = %(id)s::uuid AND u.seq > {_SINCE}"
)
_BATCHES: Final = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch"
    " WHERE execution_id = %s::uuid AND last_seq > %s ORDER BY last_seq LIMIT %s"
)
_VALUES: Final = (
    "SELECT v.hash, v.codec, v.bytes FROM value_use u JOIN value v ON v.org = u.org AND v.hash = u.hash"
    " WHERE u.execution_id = %s::uuid"
)
# What is below the oldest transaction that is open is complete; numbers of batches show out of their order.
_POSITION: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_COMMITTED: Final = (
    "SELECT b.tx::text::bigint, b.n, b.execution_id, o.id, w.id, b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain,"
    " b.events FROM batch b CROSS JOIN LATERAL (SELECT x.org, x.workflow FROM execution x WHERE x.id = b.execution_id"
    " LIMIT 1) e JOIN name o ON o.n = e.org JOIN name w ON w.n = e.workflow"
    " WHERE (b.tx, b.n) > (%s::text::xid8, %s) AND b.tx < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY b.tx, b.n LIMIT %s"
)
_DEFINITION: Final = "SELECT hash, workflow_id, version, body FROM definition WHERE hash = %s"
_DICTIONARY: Final = "INSERT INTO dictionary(n, bytes) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_SAME_DICTIONARY: Final = "SELECT 1 FROM dictionary WHERE n = %s AND bytes = %s"
_KEY: Final = (
    "SELECT k.execution_id, k.request FROM idempotency k JOIN name o ON o.n = k.org"
    " WHERE o.id = %s AND k.key = %s AND (k.expires_ms > %s"
    " OR EXISTS (SELECT 1 FROM execution e WHERE e.id = k.execution_id AND e.status IN (1, 2)))"
)


class PostgresJournal:
    """See `looply.engine.ports.store.Journal`."""

    def __init__(self, database: Database, writer: UnitWriter, fold: int) -> None:
        self._database = database
        self._writer = writer
        self._fold = fold

    async def commit(self, unit: Unit) -> None:
        """Stores the unit; durable when it returns."""
        database, writer = self._database, self._writer
        await database.write(
            lambda connection: writer.store(connection, database.epoch, unit),
            _wanted(unit),
            lambda connection: writer.stored(connection, database.epoch, unit),
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
        return _enough(found, after, limit)

    async def position(self) -> Position:
        """Returns the place of the oldest transaction that is open: what is before it is complete."""
        found = await self._database.read(lambda connection: row(connection, _POSITION))
        return (found[0], 0) if found is not None else (0, 0)

    async def read_committed(self, after: Position, limit: int) -> Sequence[PositionedBatch]:
        """Returns batches behind a place, in the order of their transactions."""
        sought = (str(after[0]), after[1], limit)
        found = await self._database.read(lambda connection: rows(connection, _COMMITTED, sought))
        return [positioned_batch_from(each) for each in found]

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash."""
        if find_id(execution_id) is None:
            return {}
        return _values(await self._database.read(lambda connection: rows(connection, _VALUES, (execution_id,))))

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""
        found = await self._database.read(lambda connection: row(connection, _DEFINITION, (definition_hash,)))
        if found is None:
            return None
        return StoredDefinition(hash=found[0], workflow_id=found[1], workflow_version=found[2], body=found[3])

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once; durable when it returns."""
        database = self._database
        await database.write(lambda connection: store_definition(connection, database.epoch, definition))

    async def put_dictionary(self, number: int, data: bytes) -> None:
        """Stores a dictionary for ever. Raises: Stale."""

        async def write(connection: Connection) -> None:
            cursor = await connection.execute(_DICTIONARY, (number, data))
            if cursor.rowcount != 1:
                raise Stale(f"dictionary {number} is stored already and never changes")

        async def found(connection: Connection) -> tuple[None] | None:
            return (None,) if await row(connection, _SAME_DICTIONARY, (number, data)) is not None else None

        await self._database.write(write, [("dictionary", number)], found)

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, request) of a key that is still kept, or None."""
        sought = (organization_id, text, to_ms(now))
        found = await self._database.read(lambda connection: row(connection, _KEY, sought))
        return (id_text(found[0]), found[1]) if found is not None else None


def _wanted(unit: Unit) -> list[Hashable]:
    """Returns what other units may want at the same time."""
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
    facts = {"id": execution_id, "fold": fold}

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
    found = await snapshots.fetchone()
    chain = await chains.fetchone()
    return Loaded(
        head=head_from(head),
        snapshot=Snapshot(seq=found[0], fold=found[1], codec=found[2], state=found[3]) if found is not None else None,
        batches=[batch_from(each) for each in await batches.fetchall()],
        chain=chain[0] if chain is not None else b"",
        values=_values(await values.fetchall()),
    )


def _enough(found: Iterable[Row], after: int, limit: int) -> list[Batch]:
    """Returns as many batches as hold `limit` events with numbers over `after`."""
    batches: list[Batch] = []
    for each in found:
        batches.append(batch_from(each))
        if batches[-1].last_seq - after >= limit:
            break
    return batches


def _values(found: Iterable[Row]) -> dict[bytes, Value]:
    return {each[0]: Value(hash=each[0], codec=each[1], data=each[2]) for each in found}
