"""Changes of schedules in the SQLite store."""

from typing import Final

import apsw

from looply.engine.coding.rows import id_bytes, schedule_from
from looply.engine.ports.port import Fire, Schedule
from looply.engine.sql.dialects import sqlite_text
from looply.engine.sql.schedules import OF_WORKFLOW, SqlSchedules, schedule_facts
from looply.engine.sqlite.file.names import Names, find_number
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.pending.ledger import mark_queued_missed, store_fire, trim

_OF_WORKFLOW: Final = sqlite_text(OF_WORKFLOW)
_PUT = (
    "INSERT OR REPLACE INTO schedule(workflow, org, workspace, version, definition, status, anchor_ms, next_ms,"
    " last_ms, last_execution, delay_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_DROP = "DELETE FROM schedule WHERE workflow = ? AND org = ?"


class SqliteSchedules(SqlSchedules):
    """See `looply.engine.ports.store.Schedules`."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(SqliteSessions(threads))
        self._threads = threads
        self._names = threads.names

    async def put(self, schedule: Schedule, *, former: Schedule | None = None) -> bool:
        """Replaces the schedule of the workflow; with `former`, only while that one is stored."""

        def write(connection: apsw.Connection) -> bool:
            if former is not None:
                sought = {"organization": former.organization_id, "workflow": former.workflow_id}
                row = connection.execute(_OF_WORKFLOW, sought).fetchone()
                if row is None or schedule_from(row) != former:
                    return False
            _put(connection, self._names, schedule)
            return True

        return await self._threads.write(write)

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule if there is one."""

        def write(connection: apsw.Connection) -> None:
            numbers = (find_number(connection, workflow_id), find_number(connection, organization_id))
            connection.execute(_DROP, numbers)
            if connection.changes():
                mark_queued_missed(connection, numbers[0])

        await self._threads.write(write)

    async def skip(self, fire: Fire) -> None:
        """Moves the schedule past a nominal instant without an execution. Raises: FireTaken."""
        await self._threads.write(lambda connection: store_fire(connection, self._names, fire, None))

    async def trim(self, workflow_id: str, keep: int) -> None:
        """Removes all but the newest rows of the ledger of one workflow."""
        await self._threads.write(lambda connection: trim(connection, workflow_id, keep))


def _put(connection: apsw.Connection, names: Names, schedule: Schedule) -> None:
    ids = (schedule.workflow_id, schedule.organization_id, schedule.workspace_id)
    last_execution = id_bytes(schedule.last_execution) if schedule.last_execution else None
    numbers = (names.number(connection, each) for each in ids)
    connection.execute(_PUT, (*numbers, *schedule_facts(schedule, last_execution)))
