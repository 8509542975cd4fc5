"""The work queue of the PostgreSQL store."""

from collections.abc import Sequence

import structlog

from looply.engine.coding.rows import id_text
from looply.engine.postgres.database.connections import Connection
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.ownership import LEASE_SECONDS, end_lost
from looply.engine.records.trials import MAX_CRASH_COUNT
from looply.engine.sql.sessions import Sessions
from looply.engine.sql.work import SqlWorkQueue

_log = structlog.get_logger(__name__)


class PostgresWorkQueue(SqlWorkQueue):
    """See `looply.engine.ports.store.WorkQueue`."""

    def __init__(self, sessions: Sessions, database: Database) -> None:
        super().__init__(sessions)
        self._database = database

    async def end_lost_processes(self) -> Sequence[str]:
        """Ends the expired leases; returns the executions that ended too many processes."""

        async def write(connection: Connection) -> tuple[Sequence[int], Sequence[bytes]]:
            return await end_lost(connection, self._database.epoch, MAX_CRASH_COUNT)

        ended, poisoned = await self._database.write(write)
        for epoch in ended:
            _log.warning("process_lost", epoch=epoch, lease_seconds=LEASE_SECONDS)
        return [id_text(key) for key in poisoned]
