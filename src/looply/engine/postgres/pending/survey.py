"""Which process on a PostgreSQL store surveys it."""

from typing import Final

from looply.engine.postgres.database.connections import call
from looply.engine.postgres.database.database import Database
from looply.engine.sql.sessions import Sessions
from looply.engine.sql.survey import SqlSurvey

_TAKE_DUTY: Final = "SELECT take_audit(%s)"


class PostgresSurvey(SqlSurvey):
    """See `looply.engine.records.survey.Survey`."""

    def __init__(self, sessions: Sessions, database: Database) -> None:
        super().__init__(sessions)
        self._database = database

    async def take_duty(self) -> bool:
        """Returns whether the duty is this process's, taking it when no process has it that may still write."""
        own = self._database.epoch
        return bool(await self._database.write(lambda connection: call(connection, _TAKE_DUTY, (own,))))
