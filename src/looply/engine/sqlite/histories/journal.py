"""How the SQLite store takes a unit: as one write of its thread."""

from looply.engine.ports.store import Unit
from looply.engine.sql.journal import SqlJournal
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.histories.units import store_unit


class SqliteJournal(SqlJournal):
    """The journal of one file."""

    def __init__(self, threads: Threads, fold: int) -> None:
        super().__init__(SqliteSessions(threads), fold)
        self._threads = threads

    async def commit(self, unit: Unit) -> None:
        """Stores the unit in a savepoint of the writer; durable when it returns."""
        names = self._threads.names
        await self._threads.write(lambda connection: store_unit(connection, names, unit))
