"""How an instant of a schedule is taken in the SQLite store, for no execution."""

from looply.engine.ports.port import Fire
from looply.engine.sql.schedules import SqlSchedules
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.pending.ledger import store_fire


class SqliteSchedules(SqlSchedules):
    """The schedules of one file."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(SqliteSessions(threads))
        self._threads = threads

    async def skip(self, fire: Fire) -> None:
        """Takes an instant in the order of the writes. Raises: FireTaken."""
        await self._threads.write(lambda connection: store_fire(connection, self._threads.names, fire, None))
