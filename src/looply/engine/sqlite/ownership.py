"""The ownership of a data folder: the lock, and the checks and repairs when it is taken and released.

The order matters: nothing is touched without the lock, and the file of a folder that was moved, or whose seal does not
match, stays as it was found.
"""

from collections.abc import Mapping
from pathlib import Path

import apsw

from looply.clock import Clock, to_ms
from looply.engine.coding.dictionary import STARTER, starter_dictionary
from looply.engine.coding.rows import id_text
from looply.engine.records.startup import StartupState
from looply.engine.sql.work import find_suspects, mark_suspects
from looply.engine.sqlite.file.lock import FolderLock
from looply.engine.sqlite.file.moved import check_not_moved
from looply.engine.sqlite.file.names import Names
from looply.engine.sqlite.file.opening import (
    FILE_NAME,
    LOCK_NAME,
    UNREADABLE,
    move_log_on_close,
    open_database,
    prepare_folder,
)
from looply.engine.sqlite.file.reserve import Reserve
from looply.engine.sqlite.file.seal import Seal
from looply.engine.sqlite.file.sessions import SqliteSession, run
from looply.engine.sqlite.file.watermark import MARK_NAME, CommitWatermark
from looply.errors import EngineError, StoreCorrupt, StoreFull, StoreLost

_NEXT_EPOCH = "UPDATE meta SET value = value + 1 WHERE key = 'epoch' RETURNING value"
_CLEAN = "SELECT value FROM meta WHERE key = 'clean'"
_SET_UNCLEAN = "UPDATE meta SET value = 0 WHERE key = 'clean'"
_HIGHEST = "SELECT max(id) FROM execution"
_DICTIONARIES = "SELECT n, bytes FROM dictionary"
_PUT_DICTIONARY = "INSERT INTO dictionary(n, bytes) VALUES (?, ?)"
_DEFINITIONS = "SELECT hash FROM definition"


class Ownership:
    """The ownership of one folder by one process. Without `is_working` it runs no execution: see `SqliteStore`."""

    def __init__(self, folder: Path, clock: Clock, *, seal: Seal | None, is_working: bool) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._clock = clock
        self._is_working = is_working
        self._lock = FolderLock(folder / LOCK_NAME)
        self._mark = CommitWatermark(folder / MARK_NAME)
        self._seal = seal
        self.reserve = Reserve(folder, clock)

    def acquire(self) -> tuple[StartupState, apsw.Connection]:
        """Takes the folder; returns the startup state, and the connection that writes.

        Raises: as `SqliteStore.open`; the folder is free again then.
        """
        prepare_folder(self._folder)
        self._lock.acquire()
        try:
            if self._is_working:
                check_not_moved(self._folder)
            self.reserve.prepare()
            if self._seal is not None:
                self._seal.break_up()
            connection = open_database(self._path)
            try:
                boot = self._take_over_file(connection)
            except EngineError:
                connection.close()
                raise
        except EngineError:
            self.release()
            raise
        self.reserve.allocate()
        return boot, connection

    def seal_and_release(self) -> None:
        """Seals the databases, which nothing writes any more, and frees the folder. Harmless when it is free."""
        if self._seal is not None and self._lock.is_held:
            self._seal.put()
        self.release()

    def release(self) -> None:
        """Frees the folder and leaves the files as they are. Harmless when it is free."""
        self._mark.close()
        self._lock.release()

    def _take_over_file(self, connection: apsw.Connection) -> StartupState:
        try:
            self._mark.check(connection)
            boot = _take_over(connection, to_ms(self._clock.now()), is_working=self._is_working)
        except apsw.FullError as error:
            raise StoreFull(f"the disk of {self._folder} is full; make space and start again") from error
        except (apsw.CorruptError, apsw.NotADBError, *UNREADABLE) as error:
            raise StoreCorrupt(f"{self._path} is damaged: {error}; restore it from a backup") from error
        except apsw.Error as error:
            raise StoreLost(f"{self._path} cannot be taken over: {error}") from error
        move_log_on_close(connection)
        self._mark.follow(connection)
        return boot


def _take_over(connection: apsw.Connection, now_ms: int, *, is_working: bool) -> StartupState:
    """Takes a new epoch, in one transaction; after an unclean end, executions that may have caused it are suspects."""
    connection.execute("BEGIN IMMEDIATE")
    epoch = connection.execute(_NEXT_EPOCH).get
    session = SqliteSession(connection, Names())
    if is_working:
        if not connection.execute(_CLEAN).get:
            run(mark_suspects(session, now_ms))
        connection.execute(_SET_UNCLEAN)
    dictionaries: Mapping[int, bytes] = {row[0]: row[1] for row in connection.execute(_DICTIONARIES)}
    if not dictionaries:
        dictionaries = {STARTER: starter_dictionary()}
        connection.execute(_PUT_DICTIONARY, (STARTER, dictionaries[STARTER]))
    highest = connection.execute(_HIGHEST).get
    suspected, poisoned = run(find_suspects(session, now_ms))
    boot = StartupState(
        epoch=epoch,
        highest_id=id_text(highest) if highest is not None else "",
        dictionaries=dictionaries,
        definitions=frozenset(row[0] for row in connection.execute(_DEFINITIONS)),
        poisoned=poisoned,
        suspects=suspected,
    )
    connection.execute("COMMIT")
    return boot
