"""The work queue of the PostgreSQL store, for a process that has the database to itself."""

from collections.abc import Sequence
from typing import Final

from looply.engine.coding.rows import find_id
from looply.engine.postgres.database.connections import Connection, row
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.pending.deliveries import drop_deliveries
from looply.engine.sql.sessions import Sessions
from looply.engine.sql.work import SqlWorkQueue
from looply.execution.facts.deliveries import DeliveryKey

# Another process may have opened an incident since this one looked: while it is open no effect may begin.
_MARK: Final = (
    "SELECT mark_running(%(own)s, %(id)s::uuid, %(seq)s, %(runner)s)"
    " WHERE NOT EXISTS (SELECT 1 FROM incident i WHERE i.execution_id = %(id)s::uuid)"
)
_MARKED: Final = "SELECT 1 FROM effect WHERE execution_id = %s::uuid AND seq = %s AND state = 1 AND epoch = %s"


class PostgresWorkQueue(SqlWorkQueue):
    """See `looply.engine.ports.store.WorkQueue`."""

    def __init__(self, sessions: Sessions, database: Database) -> None:
        super().__init__(sessions)
        self._database = database

    async def mark_running(self, execution_id: str, seq: int, epoch: int) -> bool:
        """Marks a QUEUED effect as RUNNING; durable when it returns."""
        if find_id(execution_id) is None:
            return False

        async def write(connection: Connection) -> bool:
            facts = {"own": self._database.epoch, "id": execution_id, "seq": seq, "runner": epoch}
            marked = await row(connection, _MARK, facts)
            return marked is not None and bool(marked[0])

        async def found(connection: Connection) -> tuple[bool] | None:
            return (True,) if await row(connection, _MARKED, (execution_id, seq, epoch)) is not None else None

        return await self._database.write(write, [("execution", execution_id)], found)

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes deliveries that have no effect any more; durable when it returns."""
        own = self._database.epoch
        await self._database.write(lambda connection: drop_deliveries(connection, own, rows))
