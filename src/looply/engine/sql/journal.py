"""The journal side of a store with tables: units in, histories out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from looply.engine.coding.rows import IN_OPEN_NUMBERS, Row, batch_from, head_from, id_text, positioned_batch_from
from looply.engine.ports.store import (
    Batch,
    Loaded,
    Position,
    PositionedBatch,
    Snapshot,
    StoredDefinition,
    Value,
)
from looply.engine.sql.dialects import Variants
from looply.engine.sql.sessions import Session, Sessions
from looply.instants import to_ms

_HEAD: Final = "SELECT * FROM head WHERE id = :execution:uuid"
_FIRST: Final = "SELECT seq, fold, codec, state FROM snapshot WHERE execution_id = :execution:uuid AND fold = :fold"
_SINCE: Final = "coalesce((SELECT seq FROM snapshot WHERE execution_id = :execution:uuid AND fold = :fold), 0)"
_BATCHES: Final = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch WHERE execution_id = :execution:uuid"
)
_BATCHES_SINCE: Final = f"{_BATCHES} AND last_seq > {_SINCE} ORDER BY last_seq"
_CHAIN: Final = (
    f"SELECT chain FROM batch WHERE execution_id = :execution:uuid AND last_seq <= {_SINCE}"
    " ORDER BY last_seq DESC LIMIT 1"
)
_VALUES: Final = (
    "SELECT v.hash, v.codec, v.bytes FROM value_use u JOIN value v ON v.org = u.org AND v.hash = u.hash"
    " WHERE u.execution_id = :execution:uuid"
)
# Blobs are used by event 0, which no history has, so that they are loaded one by one.
_USES: Final = f"{_VALUES} AND u.seq > 0"
_BLOB: Final = f"{_VALUES} AND u.hash = :hash"
_IS_STORED: Final = "EXISTS (SELECT 1 FROM execution e WHERE e.id = :execution:uuid)"
_ORGANIZATION: Final = "(SELECT e.org FROM execution e WHERE e.id = :execution:uuid LIMIT 1)"
# The use comes first: a value that is used is not removed by one that prunes.
_USE_BLOB: Final = (
    f"INSERT INTO value_use(execution_id, hash, org, seq) SELECT :execution:uuid, :hash, {_ORGANIZATION}, 0"
    f" FROM hold_lease(:own) WHERE {_IS_STORED} ON CONFLICT DO NOTHING"
)
_PUT_BLOB: Final = (
    f"INSERT INTO value(org, hash, codec, bytes) SELECT {_ORGANIZATION}, :hash, :codec, :bytes"
    f" FROM hold_lease(:own) WHERE {_IS_STORED} ON CONFLICT DO NOTHING"
)
_LOADED: Final = (_HEAD, _FIRST, _BATCHES_SINCE, _CHAIN, f"{_VALUES} AND u.seq > {_SINCE}")
# The last batch is the one with the event `limit` events after `after`.
_HISTORY: Final = (
    f"{_BATCHES} AND last_seq > :after AND last_seq <= coalesce((SELECT b.last_seq FROM batch b WHERE"
    " b.execution_id = :execution:uuid AND b.last_seq >= :end ORDER BY b.last_seq LIMIT 1), :end) ORDER BY last_seq"
)
# Below the oldest open transaction of PostgreSQL all is complete; its batches become visible out of the order of their
# numbers.
_POSITION: Final = Variants(
    "SELECT 0, coalesce(max(n), 0) FROM batch", "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 0"
)
_BATCH: Final = "b.n, b.execution_id, o.id, w.id, b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain, b.events"
_OWNERS: Final = "JOIN name o ON o.n = e.org JOIN name w ON w.n = e.workflow"
_COMMITTED: Final = Variants(
    f"SELECT 0, {_BATCH} FROM batch b JOIN execution e ON e.id = b.execution_id {_OWNERS}"
    " WHERE b.n > :n ORDER BY b.n LIMIT :limit",
    f"SELECT b.tx::text::bigint, {_BATCH} FROM batch b CROSS JOIN LATERAL (SELECT x.org, x.workflow FROM execution x"
    f" WHERE x.id = b.execution_id LIMIT 1) e {_OWNERS} WHERE (b.tx, b.n) > (:tx::text::xid8, :n)"
    " AND b.tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY b.tx, b.n LIMIT :limit",
)
PUT_DEFINITION: Final = (
    "INSERT INTO definition(hash, workflow_id, version, body) SELECT :hash, :workflow, :version, :body"
    " FROM hold_lease(:own) ON CONFLICT DO NOTHING"
)
"""Stores a definition once, as `definition_facts` describes it."""

_DEFINITION: Final = "SELECT hash, workflow_id, version, body FROM definition WHERE hash = :hash"
_KEY: Final = (
    "SELECT k.execution_id, k.request FROM idempotency k JOIN name o ON o.n = k.org"
    " WHERE o.id = :organization AND k.key = :key AND (k.expires_ms > :now"
    f" OR EXISTS (SELECT 1 FROM execution e WHERE e.id = k.execution_id AND e.status {IN_OPEN_NUMBERS}))"
)


class SqlJournal:
    """See `looply.engine.ports.store.Journal`; each store adds `commit`."""

    def __init__(self, sessions: Sessions, fold: int) -> None:
        self._sessions = sessions
        self._fold = fold

    async def load(self, execution_id: str) -> Loaded | None:
        """Returns what is stored of an execution; a snapshot of another fold is left out."""
        if (key := self._sessions.key(execution_id)) is None:
            return None
        parameters = {"execution": key, "fold": self._fold}
        return _loaded_from(*await self._sessions.read(lambda session: session.rows_of_all(_LOADED, parameters)))

    async def load_many(self, execution_ids: Sequence[str]) -> Mapping[str, Loaded]:
        """Returns what is stored of some executions by id, read in one session."""
        keys = {each: key for each in execution_ids if (key := self._sessions.key(each)) is not None}

        async def act(session: Session) -> dict[str, Loaded]:
            found = {}
            for each, key in keys.items():
                rows = await session.rows_of_all(_LOADED, {"execution": key, "fold": self._fold})
                if (loaded := _loaded_from(*rows)) is not None:
                    found[each] = loaded
            return found

        return await self._sessions.read(act)

    async def history(self, execution_id: str, after: int, limit: int) -> Sequence[Batch]:
        """Returns the oldest batches with events over `after`, as many as hold `limit` events."""
        parameters = {"execution": self._sessions.key(execution_id), "after": after, "end": after + limit}
        return await self._sessions.select(batch_from, _HISTORY, parameters)

    async def position(self) -> Position:
        """Returns the position of the last batch, in PostgreSQL that of the oldest open transaction."""
        ((transaction, number),) = await self._sessions.select(tuple, _POSITION)
        return transaction, number

    async def read_committed(self, after: Position, limit: int) -> Sequence[PositionedBatch]:
        """Returns batches behind a position, in the order in which they were stored."""
        parameters = {"tx": str(after[0]), "n": after[1], "limit": limit}
        return await self._sessions.select(positioned_batch_from, _COMMITTED, parameters)

    async def put_definition(self, definition: StoredDefinition) -> None:
        """Stores a definition once; durable when it returns."""
        await self._sessions.change(PUT_DEFINITION, definition_facts(definition))

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash, without its blobs."""
        parameters = {"execution": self._sessions.key(execution_id)}
        return _values_from(await self._sessions.select(tuple, _USES, parameters))

    async def put_blob(self, execution_id: str, key: bytes, codec: int, data: bytes) -> None:
        """Stores bytes for an execution that is stored; durable when it returns."""
        parameters = {"execution": self._sessions.key(execution_id), "hash": key}
        await self._sessions.change(_USE_BLOB, parameters)
        await self._sessions.change(_PUT_BLOB, {**parameters, "codec": codec, "bytes": data})

    async def find_blob(self, execution_id: str, key: bytes) -> tuple[int, bytes] | None:
        """Returns codec and bytes of a hash that the execution has, or None."""
        parameters = {"execution": self._sessions.key(execution_id), "hash": key}
        return await self._sessions.find(lambda row: (row[1], row[2]), _BLOB, parameters)

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""
        return await self._sessions.find(_definition_from, _DEFINITION, {"hash": definition_hash})

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, fingerprint) of a key that is still kept, or None."""
        parameters = {"organization": organization_id, "key": text, "now": to_ms(now)}
        return await self._sessions.find(lambda row: (id_text(row[0]), row[1]), _KEY, parameters)


def definition_facts(definition: StoredDefinition) -> dict[str, Any]:
    """Returns the parameters of `PUT_DEFINITION`."""
    return {
        "hash": definition.hash,
        "workflow": definition.workflow_id,
        "version": definition.workflow_version,
        "body": definition.body,
    }


def _values_from(rows: Iterable[Row]) -> dict[bytes, Value]:
    """Returns large values by hash, of (hash, codec, bytes)."""
    return {row[0]: Value(hash=row[0], codec=row[1], data=row[2]) for row in rows}


def _loaded_from(
    heads: Sequence[Row], snapshots: Sequence[Row], batches: Iterable[Row], chains: Sequence[Row], values: Iterable[Row]
) -> Loaded | None:
    """Returns an execution of the rows of `_LOADED`, None when it is not stored."""
    if not heads:
        return None
    stored = None
    if snapshots:
        seq, fold, codec, state = snapshots[0]
        stored = Snapshot(seq=seq, fold=fold, codec=codec, state=state)
    return Loaded(
        head=head_from(heads[0]),
        snapshot=stored,
        batches=[batch_from(row) for row in batches],
        chain=chains[0][0] if chains else b"",
        values=_values_from(values),
    )


def _definition_from(row: Row) -> StoredDefinition:
    return StoredDefinition(hash=row[0], workflow_id=row[1], workflow_version=row[2], body=row[3])
