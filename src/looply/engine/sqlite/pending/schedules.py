"""The schedules of the SQLite store, and the ledger of their firings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import apsw

from looply.clock import ms_or_none, to_ms
from looply.engine.coding.rows import SCHEDULE_STATUSES, id_bytes, optional_instant, schedule_from
from looply.engine.ports.port import Fire, LedgerRow, MissedFires, Schedule
from looply.engine.sqlite.file.names import Names, find_number
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.pending.ledger import (
    SELECT_SCHEDULE,
    give_up_queued,
    read_count_queued,
    read_fires,
    read_missed,
    read_queued,
    store_fire,
    trim,
)

_OF_WORKFLOW = f"{SELECT_SCHEDULE} WHERE o.id = ? AND w.id = ?"
_OF_ORGANIZATION = f"{SELECT_SCHEDULE} WHERE o.id = ? ORDER BY w.id"
_DUE = (
    f"{SELECT_SCHEDULE} WHERE s.status = 1 AND s.next_ms IS NOT NULL AND s.next_ms + s.delay_ms <= ?"
    " ORDER BY s.next_ms + s.delay_ms, w.id LIMIT ?"
)
_NEXT = "SELECT min(next_ms + delay_ms) FROM schedule WHERE status = 1 AND next_ms IS NOT NULL"
_PUT = (
    "INSERT OR REPLACE INTO schedule(workflow, org, workspace, version, definition, status, anchor_ms, next_ms,"
    " last_ms, last_execution, delay_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_DROP = "DELETE FROM schedule WHERE workflow = ? AND org = ?"


class SqliteSchedules:
    """See `looply.engine.ports.store.Schedules`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._names = threads.names

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the schedule of the workflow, or None."""
        arguments = (organization_id, workflow_id)
        row = await self._threads.read(lambda connection: connection.execute(_OF_WORKFLOW, arguments).fetchone())
        return schedule_from(row) if row is not None else None

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the schedules of an organization by workflow id."""
        return await self._threads.read(
            lambda connection: [schedule_from(row) for row in connection.execute(_OF_ORGANIZATION, (organization_id,))]
        )

    async def put(self, schedule: Schedule, *, former: Schedule | None = None) -> bool:
        """Stores the schedule in place of the workflow's former one, with `former` only while it is that one."""

        def write(connection: apsw.Connection) -> bool:
            if former is not None:
                row = connection.execute(_OF_WORKFLOW, (former.organization_id, former.workflow_id)).fetchone()
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
                give_up_queued(connection, numbers[0])

        await self._threads.write(write)

    async def due(self, now: datetime, limit: int) -> Sequence[Schedule]:
        """Returns ACTIVE schedules whose next instant has come, earliest first."""
        arguments = (to_ms(now), limit)
        return await self._threads.read(
            lambda connection: [schedule_from(row) for row in connection.execute(_DUE, arguments)]
        )

    async def next_due(self) -> datetime | None:
        """Returns the earliest next instant of an ACTIVE schedule, or None."""
        return await self._threads.read(lambda connection: optional_instant(connection.execute(_NEXT).get))

    async def skip(self, fire: Fire) -> None:
        """Moves the schedule past a nominal instant without an execution. Raises: FireTaken."""
        await self._threads.write(lambda connection: store_fire(connection, self._names, fire, None))

    async def list_queued(self, limit: int) -> Sequence[tuple[Schedule, datetime]]:
        """Returns ACTIVE schedules of which starts wait, with the oldest one."""
        return await self._threads.read(lambda connection: read_queued(connection, limit))

    async def count_queued(self, workflow_id: str) -> int:
        """Returns how many starts of a workflow's schedule wait."""
        return await self._threads.read(lambda connection: read_count_queued(connection, workflow_id))

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns rows of the ledger of one workflow, newest first."""
        return await self._threads.read(lambda connection: read_fires(connection, workflow_id, before, limit))

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns by workflow id what live schedules have missed."""
        return await self._threads.read(lambda connection: read_missed(connection, organization_id))

    async def trim(self, workflow_id: str, keep: int) -> None:
        """Removes all but the newest rows of the ledger of one workflow."""
        await self._threads.write(lambda connection: trim(connection, workflow_id, keep))


def _put(connection: apsw.Connection, names: Names, schedule: Schedule) -> None:
    connection.execute(
        _PUT,
        (
            names.number(connection, schedule.workflow_id),
            names.number(connection, schedule.organization_id),
            names.number(connection, schedule.workspace_id),
            schedule.workflow_version,
            schedule.definition,
            SCHEDULE_STATUSES.index(schedule.status),
            to_ms(schedule.anchor),
            ms_or_none(schedule.next),
            ms_or_none(schedule.last),
            id_bytes(schedule.last_execution) if schedule.last_execution else None,
            schedule.delay // timedelta(milliseconds=1),
        ),
    )
