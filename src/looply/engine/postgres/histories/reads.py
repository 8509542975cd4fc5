"""The reading side of the PostgreSQL store, where its statements are others than those of every store with tables."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.engine.coding.rows import RUNNING, batch_from, find_id, id_text
from looply.engine.ports.store import Batch
from looply.engine.postgres.database.connections import rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.histories.lists import LISTS
from looply.engine.sql.reads import SqlReads
from looply.engine.sql.sessions import Sessions

# One look-up for each, in the month of its id: an array would be sought in the partitions of all months.
_RESTING: Final = (
    f"SELECT w.id FROM unnest(%s::uuid[]) w(id) WHERE (SELECT e.status FROM execution e WHERE e.id = w.id) <> {RUNNING}"
)
_TAILS: Final = (
    "SELECT w.id, b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain, b.events FROM unnest(%s::uuid[]) w(id)"
    " CROSS JOIN LATERAL (SELECT t.*, coalesce(sum(t.last_seq - t.first_seq + 1) OVER (ORDER BY t.last_seq DESC"
    "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer FROM (SELECT c.* FROM batch c"
    "  WHERE c.execution_id = w.id ORDER BY c.last_seq DESC LIMIT %s) t) b WHERE b.newer < %s ORDER BY b.last_seq"
)


class PostgresReads(SqlReads):
    """See `looply.engine.ports.store.Reads`."""

    def __init__(self, sessions: Sessions, database: Database) -> None:
        super().__init__(sessions, LISTS)
        self._database = database

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those that do not run."""
        sought = [each for each in execution_ids if find_id(each) is not None]
        found = await self._database.read(lambda connection: rows(connection, _RESTING, (sought,)))
        return [id_text(key) for (key,) in found]

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, oldest first."""
        sought = (list(execution_ids), events, events)
        found: dict[str, list[Batch]] = {execution_id: [] for execution_id in execution_ids}
        for key, *facts in await self._database.read(lambda connection: rows(connection, _TAILS, sought)):
            found[id_text(key)].append(batch_from(tuple(facts)))
        return found
