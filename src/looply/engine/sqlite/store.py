"""The SQLite store: one folder, one file, one writing thread. See `looply.engine.ports.store` for what it promises."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import apsw

from looply.clock import Clock
from looply.engine.coding.codec import FOLD_VERSION
from looply.engine.records.startup import StartupState
from looply.engine.sql.figures.figures import SqlFigures
from looply.engine.sql.figures.overview import SqlOverview
from looply.engine.sql.figures.survey import SqlSurvey
from looply.engine.sql.store import SqlStore
from looply.engine.sql.work import SqlWorkQueue
from looply.engine.sqlite.file.backup import back_up, integrity_check
from looply.engine.sqlite.file.opening import FILE_NAME, check_library
from looply.engine.sqlite.file.seal import Seal
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.histories.datastores import SqliteDatastores
from looply.engine.sqlite.histories.journal import SqliteJournal
from looply.engine.sqlite.histories.lists import LISTS
from looply.engine.sqlite.histories.pruning import SqlitePruning
from looply.engine.sqlite.ownership import Ownership
from looply.engine.sqlite.pending.schedules import SqliteSchedules
from looply.errors import EngineError


class SqliteStore(SqlStore):
    """A store in a folder of its own. One process owns the folder while the store is open.

    Guarantees: a commit that returned survives the loss of power; the folder and its files are for their owner only;
    an idle store does nothing.
    """

    lists = LISTS

    def __init__(
        self, folder: Path, clock: Clock, *, fold: int = FOLD_VERSION, seal: Seal | None = None, is_working: bool = True
    ) -> None:
        """`seal` is checked and removed before the file is opened, and written when it is closed in order.

        Without `is_working` the owner runs no execution: it marks no suspects, and leaves the recovery
        from a crash to the next owner that does.
        """
        self._is_working = is_working
        self._path = folder / FILE_NAME
        self._ownership = Ownership(folder, clock, seal=seal, is_working=is_working)
        self._threads = Threads(self._path, self._ownership.reserve)
        sessions = SqliteSessions(self._threads)
        super().__init__(sessions, self._threads)
        self.journal = SqliteJournal(self._threads, fold)
        self.work = SqlWorkQueue(sessions)
        self.schedules = SqliteSchedules(self._threads)
        self.datastores = SqliteDatastores(self._threads)
        self.pruning = SqlitePruning(self._threads)
        self.survey = SqlSurvey(sessions)
        self.overview = SqlOverview(sessions)
        self.figures = SqlFigures(sessions)

    @property
    def groups(self) -> int:
        """Transactions of this process so far."""
        return self._threads.groups

    def on_group(self, listener: Callable[[int], None]) -> None:
        """Sets the function that is called in the writer's thread with the number of writes of each transaction.

        It must not raise.
        """
        self._threads.on_group = listener

    async def open(self) -> StartupState:
        """Takes the folder into possession; makes it, and the file in it, when there is none.

        A caller that is cancelled is so after the folder is taken, and closes the store as any other does.
        A new store has the starter dictionary as number 1. Unless the last process that worked on the store ended in
        order, the executions that it may have worked on are suspects.
        Raises: DataFolderInUse, SchemaMismatch, StoreCorrupt, StoreFull, StoreLost, EngineError (SQLite is too old;
        code `FOLDER_MOVED` for a folder that was moved, unless no execution is to run).
        """
        check_library(apsw.sqlite_lib_version())
        taking = asyncio.ensure_future(self._take())
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The thread that takes the folder cannot be stopped, and `close` may not seal a file that it still writes.
            with suppress(EngineError):
                await taking
            raise

    async def _take(self) -> StartupState:
        startup, connection = await asyncio.to_thread(self._ownership.acquire)
        try:
            self._threads.start(connection, startup.epoch)
        except EngineError:
            connection.close()
            self._ownership.release()
            raise
        return startup

    async def close(self) -> None:
        """Commits queued writes, moves the log into the file, and releases the folder. Closing twice is harmless."""
        await asyncio.to_thread(self._leave)

    async def abandon(self) -> None:
        """Ends as a crash does, for tests: no queued write is stored, and the next start has suspects."""
        await asyncio.to_thread(self._threads.abandon)
        self._ownership.release()

    async def backup(self, target: Path) -> None:
        """Writes a copy of the store to the file `target`, as of one instant, beside a running server.

        Raises: Conflict when the target exists, StoreFull, StoreLost.
        """
        await asyncio.to_thread(back_up, self._path, target)

    async def integrity_check(self) -> Sequence[str]:
        """Returns what SQLite finds wrong with the file, nothing when it is sound. Reads the whole file."""
        return await asyncio.to_thread(integrity_check, self._path)

    def _leave(self) -> None:
        self._threads.stop(marks_clean=self._is_working)
        if self._threads.failure is None:
            self._ownership.seal_and_release()
        else:
            self._ownership.release()
