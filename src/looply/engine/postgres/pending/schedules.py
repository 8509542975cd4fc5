"""How an instant of a schedule is taken in the PostgreSQL store, for no execution."""

from typing import Final

import psycopg

from looply.engine.coding.rows import fire_taken_error
from looply.engine.ports.port import Fire
from looply.engine.postgres.database.connections import Connection, row
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.postgres.pending.ledger import NOTE_FIRE, fire_facts, former_facts, note_facts
from looply.engine.sql.schedules import SqlSchedules
from looply.engine.sql.sessions import Sessions
from looply.instants import to_ms

_SKIP: Final = (
    f"SELECT hold_former(%s::integer, %s, %s::uuid), take_fire(%s::integer, %s, %s, NULL), {NOTE_FIRE}"
    " FROM hold_lease(%s)"
)
_SKIPPED: Final = "SELECT 1 FROM fire WHERE workflow = %s AND nominal_ms = %s AND execution_id IS NULL"
_TAKEN: Final = "LP004"


class PostgresSchedules(SqlSchedules):
    """The schedules of one database."""

    def __init__(self, sessions: Sessions, database: Database, names: Names) -> None:
        super().__init__(sessions)
        self._database = database
        self._names = names

    async def skip(self, fire: Fire) -> None:
        """Takes an instant while this process has the schedule. Raises: FireTaken."""

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
