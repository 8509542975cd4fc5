"""Changes of schedules in the PostgreSQL store."""

from typing import Any, Final

import psycopg

from looply.clock import to_ms
from looply.engine.coding.rows import fire_taken_error, schedule_from
from looply.engine.ports.port import Fire, Schedule
from looply.engine.postgres.database.connections import Connection, row
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.postgres.pending.ledger import NOTE_FIRE, fire_facts, former_facts, note_facts, trim
from looply.engine.sql.dialects import postgres_text
from looply.engine.sql.schedules import OF_WORKFLOW, SqlSchedules, schedule_facts
from looply.engine.sql.sessions import Sessions

_OF_WORKFLOW: Final = postgres_text(OF_WORKFLOW)
_PUT: Final = (
    "INSERT INTO schedule(workflow, org, workspace, version, definition, status, anchor_ms, next_ms, last_ms,"
    " last_execution, delay_ms) SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::uuid, %s FROM hold_lease(%s)"
    " ON CONFLICT (workflow) DO UPDATE SET"
    " org = excluded.org, workspace = excluded.workspace, version = excluded.version,"
    " definition = excluded.definition, status = excluded.status, anchor_ms = excluded.anchor_ms,"
    " next_ms = excluded.next_ms, last_ms = excluded.last_ms, last_execution = excluded.last_execution,"
    " delay_ms = excluded.delay_ms"
)
# Not only the version: a fire in between changes other columns.
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


class PostgresSchedules(SqlSchedules):
    """See `looply.engine.ports.store.Schedules`."""

    def __init__(self, sessions: Sessions, database: Database, names: Names) -> None:
        super().__init__(sessions)
        self._database = database
        self._names = names

    async def put(self, schedule: Schedule, *, former: Schedule | None = None) -> bool:
        """Replaces the schedule of the workflow; with `former`, only while that one is stored."""

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
            sought = {"organization": schedule.organization_id, "workflow": schedule.workflow_id}
            stored = await row(connection, _OF_WORKFLOW, sought)
            return (True,) if stored is not None and schedule_from(stored) == schedule else None

        return await self._database.write(write, [("schedule", schedule.workflow_id)], found)

    async def drop(self, organization_id: str, workflow_id: str) -> None:
        """Removes the schedule if there is one."""

        async def write(connection: Connection) -> None:
            await connection.execute(_DROP, (self._database.epoch, workflow_id, organization_id))

        await self._database.write(write, [("schedule", workflow_id)])

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

    async def trim(self, workflow_id: str, keep: int) -> None:
        """Removes all but the newest rows of the ledger of one workflow."""

        async def write(connection: Connection) -> None:
            await trim(connection, self._database.epoch, workflow_id, keep)

        await self._database.write(write, [("schedule", workflow_id)])

    async def _facts(self, connection: Connection, schedule: Schedule) -> tuple[Any, ...]:
        ids = (schedule.workflow_id, schedule.organization_id, schedule.workspace_id)
        numbers = await self._names.give(connection, ids)
        return (*(numbers[each] for each in ids), *schedule_facts(schedule, schedule.last_execution or None))
