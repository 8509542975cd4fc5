"""The SQLite store: one folder, one file, one writing thread. See `looply.engine.store` for what it promises."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import apsw

from looply.clock import Clock, to_ms
from looply.engine.boot import Boot
from looply.engine.codec import FOLD_VERSION
from looply.engine.dictionary import STARTER, starter_dictionary
from looply.engine.rows import id_text
from looply.engine.sqlite.backup import back_up, integrity_check
from looply.engine.sqlite.copies import SqliteCopies
from looply.engine.sqlite.datastores import SqliteDatastores
from looply.engine.sqlite.decisions import SqliteDecisions
from looply.engine.sqlite.journal import SqliteJournal
from looply.engine.sqlite.letters import SqliteLetters
from looply.engine.sqlite.lock import FolderLock
from looply.engine.sqlite.mark import MARK_NAME, Mark
from looply.engine.sqlite.moved import check_not_moved
from looply.engine.sqlite.opening import (
    FILE_NAME,
    LOCK_NAME,
    UNREADABLE,
    accept,
    check_library,
    open_database,
    prepare_folder,
)
from looply.engine.sqlite.pruning import SqlitePruning
from looply.engine.sqlite.reads import SqliteReads
from looply.engine.sqlite.reserve import Reserve
from looply.engine.sqlite.schedules import SqliteSchedules
from looply.engine.sqlite.seal import Seal
from looply.engine.sqlite.survey import SqliteSurvey
from looply.engine.sqlite.threads import Threads
from looply.engine.sqlite.trials import SqliteTrials, suspect, suspects
from looply.engine.sqlite.work import SqliteWorkQueue
from looply.errors import EngineError, StoreCorrupt, StoreFull, StoreLost

_NEXT_EPOCH = "UPDATE meta SET value = value + 1 WHERE key = 'epoch' RETURNING value"
_CLEAN = "SELECT value FROM meta WHERE key = 'clean'"
_SET_CLEAN = "UPDATE meta SET value = ? WHERE key = 'clean'"
_HIGHEST = "SELECT max(id) FROM execution"
_DICTIONARIES = "SELECT n, bytes FROM dictionary"
_PUT_DICTIONARY = "INSERT INTO dictionary(n, bytes) VALUES (?, ?)"
_DEFINITIONS = "SELECT hash FROM definition"


class SqliteStore:
    """A store in a folder of its own. One process owns the folder while the store is open.

    Guarantees: a commit that returned survives the loss of power; the folder and its files are for their owner only;
    an idle store does nothing.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        fold: int = FOLD_VERSION,
        seal: Seal | None = None,
        is_working: bool = True,
    ) -> None:
        """`seal` is broken up before the file is opened and put on when it is closed in order.

        Without `is_working` the owner runs no execution: it makes no suspects, and leaves what a crash left to the next
        one that does.
        """
        self._is_working = is_working
        self._folder = folder
        self._clock = clock
        self._path = folder / FILE_NAME
        self._lock = FolderLock(folder / LOCK_NAME)
        self._seal = seal
        self._mark = Mark(folder / MARK_NAME)
        self._reserve = Reserve(folder, clock)
        self._threads = Threads(self._path, self._reserve)
        self.journal = SqliteJournal(self._threads, fold)
        self.work = SqliteWorkQueue(self._threads)
        self.reads = SqliteReads(self._threads)
        self.schedules = SqliteSchedules(self._threads)
        self.datastores = SqliteDatastores(self._threads)
        self.copies = SqliteCopies(self._threads)
        self.letters = SqliteLetters(self._threads)
        self.decisions = SqliteDecisions(self._threads)
        self.trials = SqliteTrials(self._threads)
        self.pruning = SqlitePruning(self._threads)
        self.survey = SqliteSurvey(self._threads)

    @property
    def is_shared(self) -> bool:
        """Whether others store units too: never, one process owns the folder."""
        return False

    @property
    def is_short_of_space(self) -> bool:
        """Whether the reserve is given up: new work should be refused, so that what frees space can be stored."""
        return self._reserve.is_spent()

    @property
    def groups(self) -> int:
        """Transactions of this process so far."""
        return self._threads.groups

    def on_group(self, told: Callable[[int], None]) -> None:
        """Gives the function that is told, in the writer's thread, of how many writes a transaction is.

        It must not raise.
        """
        self._threads.on_group = told

    @property
    def behind(self) -> int:
        """Pages of 4 KiB that are committed and not yet in the file; over 3,000, background work should stand still."""
        return self._threads.behind

    async def open(self) -> Boot:
        """Takes the folder into possession; makes it, and the file in it, when there is none.

        A new store has the starter dictionary as number 1. What the last process that worked on the store may
        have been at is suspect, unless it ended in order.
        Raises: DataFolderInUse, SchemaMismatch, StoreCorrupt, StoreFull, StoreLost, EngineError (SQLite is too old;
        code `FOLDER_MOVED` for a folder that was moved, unless no execution is to run).
        """
        check_library(apsw.sqlite_lib_version())
        boot, connection = await asyncio.to_thread(self._take)
        try:
            self._threads.start(connection, boot.epoch)
        except EngineError:
            connection.close()
            self._release()
            raise
        return boot

    async def close(self) -> None:
        """Commits what is queued, moves the log into the file, and gives the folder back. Closing twice is harmless."""
        await asyncio.to_thread(self._leave)

    async def abandon(self) -> None:
        """Ends as a crash does, for tests: what is queued is not stored, and the next start has suspects."""
        await asyncio.to_thread(self._threads.abandon)
        self._release()

    def failure(self) -> Exception | None:
        """Returns the error after which the store takes no more units, or None."""
        return self._threads.failure

    async def backup(self, target: Path) -> None:
        """Writes a copy of the store to the file `target`, as of one instant, beside a running server.

        Raises: Conflict when the target exists, StoreFull, StoreLost.
        """
        await asyncio.to_thread(back_up, self._path, target)

    async def integrity_check(self) -> Sequence[str]:
        """Returns what SQLite finds wrong with the file, nothing when it is sound. Reads the whole file."""
        return await asyncio.to_thread(integrity_check, self._path)

    def _take(self) -> tuple[Boot, apsw.Connection]:
        prepare_folder(self._folder)
        self._lock.take()
        try:
            if self._is_working:
                check_not_moved(self._folder)
            self._reserve.prepare()
            if self._seal is not None:
                self._seal.break_up()
            connection = open_database(self._path)
            try:
                boot = self._taken_over(connection)
            except EngineError:
                connection.close()
                raise
        except EngineError:
            self._release()
            raise
        self._reserve.take()
        return boot, connection

    def _leave(self) -> None:
        self._threads.stop(marks_clean=self._is_working)
        if self._seal is not None and self._lock.is_held and self._threads.failure is None:
            self._seal.put()
        self._release()

    def _release(self) -> None:
        self._mark.close()
        self._lock.release()

    def _taken_over(self, connection: apsw.Connection) -> Boot:
        try:
            self._mark.check(connection)
            boot = self._boot(connection)
        except apsw.FullError as error:
            raise StoreFull(f"the disk of {self._folder} is full; make space and start again") from error
        except (apsw.CorruptError, apsw.NotADBError, *UNREADABLE) as error:
            raise StoreCorrupt(f"{self._path} is damaged: {error}; restore it from a backup") from error
        except apsw.Error as error:
            raise StoreLost(f"{self._path} cannot be taken over: {error}") from error
        accept(connection)
        self._mark.follow(connection)
        return boot

    def _boot(self, connection: apsw.Connection) -> Boot:
        now_ms = to_ms(self._clock.now())
        connection.execute("BEGIN IMMEDIATE")
        epoch = connection.execute(_NEXT_EPOCH).get
        if self._is_working:
            if not connection.execute(_CLEAN).get:
                suspect(connection, now_ms)
            connection.execute(_SET_CLEAN, (0,))
        dictionaries: Mapping[int, bytes] = {row[0]: row[1] for row in connection.execute(_DICTIONARIES)}
        if not dictionaries:
            dictionaries = {STARTER: starter_dictionary()}
            connection.execute(_PUT_DICTIONARY, (STARTER, dictionaries[STARTER]))
        highest = connection.execute(_HIGHEST).get
        suspected, poisoned = suspects(connection, now_ms)
        boot = Boot(
            epoch=epoch,
            highest_id=id_text(highest) if highest is not None else "",
            dictionaries=dictionaries,
            definitions=frozenset(row[0] for row in connection.execute(_DEFINITIONS)),
            poisoned=poisoned,
            suspects=suspected,
        )
        connection.execute("COMMIT")
        return boot
