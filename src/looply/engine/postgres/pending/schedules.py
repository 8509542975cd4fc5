"""The schedules of the PostgreSQL store, and the ledger of their firings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from looply.clock import ms_or_none, to_ms
from looply.engine.coding.rows import SCHEDULE_STATUSES, fire_taken_error, optional_instant, schedule_from
from looply.engine.ports.port import Fire, LedgerRow, MissedFires, Schedule
from looply.engine.postgres.database.connections import Connection, call, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.postgres.pending.ledger import (
    NOTE_FIRE,
    SCHEDULE_COLUMNS,
    fire_facts,
    former_facts,
    note_facts,
    read_count_queued,
    read_fires,
    read_missed,
    read_queued,
    trim,
)

_SELECT: Final = (
    f"SELECT {SCHEDULE_COLUMNS}"
    " FROM schedule s JOIN name o ON o.n = s.org JOIN name p ON p.n = s.workspace JOIN name w ON w.n = s.workflow"
)
_OF_WORKFLOW: Final = f"{_SELECT} WHERE o.id = %s AND w.id = %s"
_OF_ORGANIZATION: Final = f"{_SELECT} WHERE o.id = %s ORDER BY w.id"
_DUE: Final = (
    f"{_SELECT} WHERE s.status = 1 AND s.next_ms IS NOT NULL AND s.next_ms + s.delay_ms <= %s"
    " ORDER BY s.next_ms + s.delay_ms, w.id LIMIT %s"
)
_NEXT: Final = "SELECT min(next_ms + delay_ms) FROM schedule WHERE status = 1 AND next_ms IS NOT NULL"
_PUT: Final = (
    "INSERT INTO schedule(workflow, org, workspace, version, definition, status, anchor_ms, next_ms, last_ms,"
    " last_execution, delay_ms) SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::uuid, %s FROM hold_lease(%s)"
    " ON CONFLICT (workflow) DO UPDATE SET"
    " org = excluded.org, workspace = excluded.workspace, version = excluded.version,"
    " definition = excluded.definition, status = excluded.status, anchor_ms = excluded.anchor_ms,"
    " next_ms = excluded.next_ms, last_ms = excluded.last_ms, last_execution = excluded.last_execution,"
    " delay_ms = excluded.delay_ms"
)
# Not only the version: what fires in between changes other columns.
_REPLACE: Final = (
    "UPDATE schedule s SET org = %s, workspace = %s, version = %s, definition = %s, status = %s, anchor_ms = %s,"
    " next_ms = %s, last_ms = %s, last_execution = %s::uuid, delay_ms = %s"
    " FROM hold_lease(%s) WHERE s.workflow = %s AND (s.org, s.workspace, s.version,"
    " s.definition, s.status, s.anchor_ms, s.next_ms, s.last_ms, s.last_execution, s.delay_ms) IS NOT DISTINCT FROM"
    " (%s::integer, %s::integer, %s::integer, %s, %s::smallint, %s, %s, %s, %s::uuid, %s)"
)
_DROP: Final = (
    "WITH gone AS (DELETE FROM schedule s USING hold_lease(%s), name w, name o"
    " WHERE s.workflow = w.n AND s.org = o.n AND w.id = %s AND o.id = %s RETURNING s.workflow)"
    " UPDATE fire f SET outcome = 5 FROM gone g WHERE f.workflow = g.workflow AND f.outcome = 4"
)
_SKIP: Final = (
    f"SELECT hold_former(%s::integer, %s, %s::uuid), take_fire(%s::integer, %s, %s, NULL), {NOTE_FIRE}"
    " FROM hold_lease(%s)"
)
_SKIPPED: Final = "SELECT 1 FROM fire WHERE workflow = %s AND nominal_ms = %s AND execution_id IS NULL"
_TAKEN: Final = "LP004"


class PostgresSchedules:
    """See `looply.engine.ports.store.Schedules`."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        """Returns the schedule of the workflow, or None."""
        sought = (organization_id, workflow_id)
        found = await self._database.read(lambda connection: row(connection, _OF_WORKFLOW, sought))
        return schedule_from(found) if found is not None else None

    async def list(self, organization_id: str) -> Sequence[Schedule]:
        """Returns the schedules of an organization by workflow id."""
        found = await self._database.read(lambda connection: rows(connection, _OF_ORGANIZATION, (organization_id,)))
        return [schedule_from(each) for each in found]

    async def put(self, schedule: Schedule, *, former: Schedule | None = None) -> bool:
        """Stores the schedule in place of the workflow's former one, with `former` only while it is that one."""

        own = self._database.epoch

        async def write(connection: Connection) -> bool:
            workflow, *facts = await self._facts(connection, schedule)
            if former is None:
                await connection.execute(_PUT, (workflow, *facts, own))
                return True
            _, *expected = await self._facts(connection, former)
            cursor = await connection.execute(_REPLACE, (*facts, own, workflow, *expected))
            return cursor.rowcount == 1

        async def found(connection: Connection) -> tuple[bool] | None:
            stored = await row(connection, _OF_WORKFLOW, (schedule.organization_id, schedule.workflow_id))
            return (True,) if stored is not None and schedule_from(stored) == schedule else None

        return await self._database.write(write, [("schedule", schedule.workflow_id)], found)

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule if there is one."""

        async def write(connection: Connection) -> None:
            await connection.execute(_DROP, (self._database.epoch, workflow_id, organization_id))

        await self._database.write(write, [("schedule", workflow_id)])

    async def due(self, now: datetime, limit: int) -> Sequence[Schedule]:
        """Returns ACTIVE schedules whose next instant has come, earliest first."""
        found = await self._database.read(lambda connection: rows(connection, _DUE, (to_ms(now), limit)))
        return [schedule_from(each) for each in found]

    async def next_due(self) -> datetime | None:
        """Returns the earliest next instant of an ACTIVE schedule, or None."""
        return optional_instant(await self._database.read(lambda connection: call(connection, _NEXT)))

    async def skip(self, fire: Fire) -> None:
        """Moves the schedule past a nominal instant without an execution. Raises: FireTaken."""

        own = self._database.epoch

        async def number(connection: Connection) -> int:
            return (await self._names.give(connection, [fire.workflow_id]))[fire.workflow_id]

        async def write(connection: Connection) -> None:
            workflow = await number(connection)
            taken = fire_facts(fire, workflow).values()
            try:
                arguments = (*former_facts(fire, workflow), *taken, *note_facts(fire, workflow), own)
                await connection.execute(_SKIP, arguments)
            except psycopg.Error as error:
                if error.sqlstate == _TAKEN:
                    raise fire_taken_error(fire) from error
                raise

        async def found(connection: Connection) -> tuple[None] | None:
            sought = (await number(connection), to_ms(fire.nominal))
            return (None,) if await row(connection, _SKIPPED, sought) is not None else None

        await self._database.write(write, [("schedule", fire.workflow_id)], found)

    async def list_queued(self, limit: int) -> Sequence[tuple[Schedule, datetime]]:
        """Returns ACTIVE schedules of which starts wait, with the oldest one."""
        return await self._database.read(lambda connection: read_queued(connection, limit))

    async def count_queued(self, workflow_id: str) -> int:
        """Returns how many starts of a workflow's schedule wait."""
        return await self._database.read(lambda connection: read_count_queued(connection, workflow_id))

    async def fires(self, workflow_id: str, before: datetime | None, limit: int) -> Sequence[LedgerRow]:
        """Returns rows of the ledger of one workflow, newest first."""
        return await self._database.read(lambda connection: read_fires(connection, workflow_id, before, limit))

    async def find_missed(self, organization_id: str) -> Mapping[str, MissedFires]:
        """Returns by workflow id what live schedules have missed."""
        return await self._database.read(lambda connection: read_missed(connection, organization_id))

    async def trim(self, workflow_id: str, keep: int) -> None:
        """Removes all but the newest rows of the ledger of one workflow."""

        async def write(connection: Connection) -> None:
            await trim(connection, self._database.epoch, workflow_id, keep)

        await self._database.write(write, [("schedule", workflow_id)])

    async def _facts(self, connection: Connection, schedule: Schedule) -> tuple[Any, ...]:
        ids = (schedule.workflow_id, schedule.organization_id, schedule.workspace_id)
        numbers = await self._names.give(connection, ids)
        return (
            *(numbers[name] for name in ids),
            schedule.workflow_version,
            schedule.definition,
            SCHEDULE_STATUSES.index(schedule.status),
            to_ms(schedule.anchor),
            ms_or_none(schedule.next),
            ms_or_none(schedule.last),
            schedule.last_execution or None,
            schedule.delay // timedelta(milliseconds=1),
        )
