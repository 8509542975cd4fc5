"""The journal side of a store with tables, where its statements are the same in both dialects."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from looply.clock import to_ms
from looply.engine.coding.rows import Row, batch_from, head_from, id_text
from looply.engine.ports.store import Batch, Loaded, Snapshot, StoredDefinition, Value
from looply.engine.sql.sessions import Sessions
from looply.errors import Stale

VALUES: Final = (
    "SELECT v.hash, v.codec, v.bytes FROM value_use u JOIN value v ON v.org = u.org AND v.hash = u.hash"
    " WHERE u.execution_id = :execution:uuid"
)
"""The large values of an execution."""

_DEFINITION: Final = "SELECT hash, workflow_id, version, body FROM definition WHERE hash = :hash"
_KEY: Final = (
    "SELECT k.execution_id, k.request FROM idempotency k JOIN name o ON o.n = k.org"
    " WHERE o.id = :organization AND k.key = :key AND (k.expires_ms > :now"
    " OR EXISTS (SELECT 1 FROM execution e WHERE e.id = k.execution_id AND e.status IN (1, 2)))"
)


class SqlJournal:
    """See `looply.engine.ports.store.Journal`; each store adds its writes, and the reads of batches."""

    def __init__(self, sessions: Sessions, fold: int) -> None:
        self._sessions = sessions
        self._fold = fold

    async def values_of(self, execution_id: str) -> Mapping[bytes, Value]:
        """Returns the large values of an execution by hash."""
        facts = {"execution": self._sessions.key(execution_id)}
        return values_from(await self._sessions.select(tuple, VALUES, facts))

    async def find_definition(self, definition_hash: str) -> StoredDefinition | None:
        """Returns a definition, or None."""
        return await self._sessions.find(_definition_from, _DEFINITION, {"hash": definition_hash})

    async def find_key(self, organization_id: str, text: str, now: datetime) -> tuple[str, bytes] | None:
        """Returns (execution id, request) of a key that is still kept, or None."""
        facts = {"organization": organization_id, "key": text, "now": to_ms(now)}
        return await self._sessions.find(lambda row: (id_text(row[0]), row[1]), _KEY, facts)


def values_from(rows: Iterable[Row]) -> dict[bytes, Value]:
    """Returns large values by hash, of (hash, codec, bytes)."""
    return {row[0]: Value(hash=row[0], codec=row[1], data=row[2]) for row in rows}


def take_batches(rows: Iterable[Row], after: int, limit: int) -> list[Batch]:
    """Returns as many batches as hold `limit` events with numbers over `after`."""
    found: list[Batch] = []
    for row in rows:
        found.append(batch_from(row))
        if found[-1].last_seq - after >= limit:
            break
    return found


def loaded_from(head: Row, snapshot: Row | None, batches: Iterable[Row], chain: bytes, values: Iterable[Row]) -> Loaded:
    """Returns an execution of its head, a row of (seq, fold, codec, state), the batches and values behind that, and the
    chain at it."""
    stored = None
    if snapshot is not None:
        stored = Snapshot(seq=snapshot[0], fold=snapshot[1], codec=snapshot[2], state=snapshot[3])
    return Loaded(
        head=head_from(head),
        snapshot=stored,
        batches=[batch_from(row) for row in batches],
        chain=chain,
        values=values_from(values),
    )


def dictionary_taken_error(number: int) -> Stale:
    """Returns the refusal of a dictionary whose number is taken."""
    return Stale(f"dictionary {number} is stored already and never changes")


def _definition_from(row: Row) -> StoredDefinition:
    return StoredDefinition(hash=row[0], workflow_id=row[1], workflow_version=row[2], body=row[3])
