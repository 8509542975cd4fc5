"""Which process on a PostgreSQL store surveys it."""

from typing import Final

from looply.engine.postgres.database.connections import call
from looply.engine.postgres.database.database import Database
from looply.engine.sql.figures.survey import SqlSurvey
from looply.engine.sql.sessions import Sessions

_TAKE_AUDIT: Final = "SELECT take_audit(%s)"


class PostgresSurvey(SqlSurvey):
    """See `looply.engine.records.figures.survey.Survey`."""

    def __init__(self, sessions: Sessions, database: Database) -> None:
        super().__init__(sessions)
        self._database = database

    async def acquire_auditor_role(self) -> bool:
        """Returns whether this process is the auditor; it acquires the role when no process that may write has it."""
        own = self._database.epoch
        return bool(await self._database.write(lambda connection: call(connection, _TAKE_AUDIT, (own,))))
