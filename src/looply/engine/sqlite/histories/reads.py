"""The reading side of the SQLite store, where its statements are others than those of every store with tables."""

from collections.abc import Mapping, Sequence

import apsw

from looply.engine.coding.rows import RUNNING, batch_from, find_id
from looply.engine.ports.store import Batch
from looply.engine.sql.reads import SqlReads
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.histories.lists import LISTS

_STATUS = "SELECT status FROM execution WHERE id = ?"
_TAIL = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch WHERE execution_id = ?"
    " ORDER BY last_seq DESC LIMIT ?"
)


class SqliteReads(SqlReads):
    """See `looply.engine.ports.store.Reads`."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(SqliteSessions(threads), LISTS)
        self._threads = threads

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those that do not run."""
        keys = {execution_id: find_id(execution_id) for execution_id in execution_ids}

        def read(connection: apsw.Connection) -> list[str]:
            rows = ((each, connection.execute(_STATUS, (key,)).fetchone()) for each, key in keys.items())
            return [each for each, row in rows if row is not None and row[0] != RUNNING]

        return await self._threads.read(read)

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, oldest first."""
        return await self._threads.read(
            lambda connection: {text: _tail(connection, text, events) for text in execution_ids}
        )


def _tail(connection: apsw.Connection, execution_id: str, events: int) -> list[Batch]:
    found: list[Batch] = []
    count = 0
    for row in connection.execute(_TAIL, (find_id(execution_id), events)):
        batch = batch_from(row)
        found.append(batch)
        count += batch.last_seq - batch.first_seq + 1
        if count >= events:
            break
    return found[::-1]
