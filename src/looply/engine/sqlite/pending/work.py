"""The work queue of the SQLite store: the writes that every store with tables makes in its own way."""

from collections.abc import Sequence

import apsw

from looply.engine.coding.rows import find_id
from looply.engine.sql.work import SqlWorkQueue
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.pending.deliveries import drop_deliveries
from looply.execution.facts.deliveries import DeliveryKey

_MARK = "UPDATE effect SET state = 1, epoch = ? WHERE execution_id = ? AND seq = ? AND state = 0"


class SqliteWorkQueue(SqlWorkQueue):
    """See `looply.engine.ports.store.WorkQueue`."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(SqliteSessions(threads))
        self._threads = threads

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING; durable when it returns."""
        key = find_id(execution_id)

        def write(connection: apsw.Connection) -> bool:
            connection.execute(_MARK, (epoch, key, seq))
            return connection.changes() == 1

        return await self._threads.write(write)

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes deliveries that have no effect any more; durable when it returns."""
        await self._threads.write(lambda connection: drop_deliveries(connection, rows))
