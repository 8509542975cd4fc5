"""The catalog's database: one thread that runs one transaction at a time."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, StatementError

from looply.catalog import sums
from looply.catalog.pages import UNREADABLE, unreadable
from looply.catalog.schema import driver_of
from looply.errors import (
    BadRequest,
    Conflict,
    EngineError,
    LooplyError,
    Overloaded,
    SettingsError,
    ShuttingDown,
    StoreCorrupt,
    StoreFull,
    StoreLost,
)

Result = TypeVar("Result")

# Calls that may stand in the thread's queue; at well under a millisecond each they are served within a second.
MAX_PENDING = 1000
# How long a transaction waits for another process that writes to the same file.
BUSY_SECONDS = 5.0

# EXTRA is FULL and a flush of the folder after the journal is removed: without it a power failure may bring the
# journal back and undo an acknowledged change, such as the revocation of a key.
_PRAGMAS = (
    "PRAGMA journal_mode = DELETE",
    "PRAGMA synchronous = EXTRA",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
)
_WRITES = "catalog_writes"

# What says nothing about the content of the file when it is opened.
_OF_THE_DISK = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    )
)


class CatalogDatabase:
    """Runs functions on a connection, each in a transaction of its own, on a thread of its own.

    Guarantees: functions run one after the other in the order of the calls; when a call returns, what its function
    wrote is durable; when it raises, nothing of it is stored, except for StoreLost, which leaves that open. A caller
    that is cancelled while its function runs does not stop it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="looply-catalog")
        self._pending = 0
        self._changes = 0
        self._is_closed = False

    @property
    def changes(self) -> int:
        """The number of writes that have ended here; it grows before a write is answered."""
        return self._changes

    async def read(self, function: Callable[[Connection], Result]) -> Result:
        """Returns what `function` reads; all its statements see one state.

        Raises: Overloaded, ShuttingDown, StoreCorrupt, EngineError, and what the function raises.
        """
        return await self._call(lambda: self._transact(function, writes=False))

    async def write(self, function: Callable[[Connection], Result]) -> Result:
        """Returns what `function` returns after its changes are durable; writers of all processes take turns.

        Raises: as `read`, and Conflict, StoreFull, StoreLost.
        """
        return await self._call(lambda: self._transact(function, writes=True))

    async def open(self, take_over: Callable[[Connection], None]) -> None:
        """Runs the first function, which proves the file and brings it to today's form.

        Raises: as `write`; StoreCorrupt also for what only a damaged file answers.
        """
        await self._call(lambda: self._transact(take_over, writes=True, is_opening=True))

    async def close(self) -> None:
        """Waits for the calls that were made before, then closes the connection. Closing twice is legal."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=False)

    async def _call(self, act: Callable[[], Result]) -> Result:
        if self._is_closed:
            raise ShuttingDown("the catalog is closed")
        if self._pending >= MAX_PENDING:
            raise Overloaded(f"{MAX_PENDING} calls wait for the catalog; repeat in a second")
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, act)
        finally:
            self._pending -= 1

    def _transact(self, function: Callable[[Connection], Result], *, writes: bool, is_opening: bool = False) -> Result:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(**{_WRITES: writes})
                with connection.begin():
                    return function(connection)
        except (DBAPIError, sqlite3.Error) as error:
            raise store_error(error, writes=writes, is_opening=is_opening) from error
        except StatementError as error:
            raise BadRequest(f"a value cannot be stored: {error.orig}", code="UNSTORABLE") from error
        except UNREADABLE as error:
            if writes and not is_opening:
                raise
            raise unreadable(error) from error
        finally:
            # Counted on the thread, so that a caller that was cancelled does not leave its change uncounted.
            self._changes += writes


def sqlite_engine(path: Path) -> Engine:
    """Returns an engine on the file `path`, which is made with mode 0600 when it is missing.

    Raises: SettingsError when the file cannot be made.
    """
    _own_file(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        # The driver must not open transactions of its own: `_begin` does.
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        pool_size=1,
        max_overflow=0,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _own_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # An existing database is never opened here: closing any descriptor of it would drop SQLite's locks.
        pass
    except OSError as error:
        raise SettingsError(f"the catalog {path} cannot be made: {error.strerror}") from error
    try:
        path.chmod(0o600)
    except OSError as error:
        raise SettingsError(f"the catalog {path} is not ours to protect: {error.strerror}") from error


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()
    sums.prepare(connection)


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: taking it in the middle could fail after another process has written.
    writes = connection.get_execution_options().get(_WRITES, True)
    if writes:
        # Before the transaction: one that is rolled back would take the triggers with it.
        sums.watch(driver_of(connection))
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def store_error(error: DBAPIError | sqlite3.Error, *, writes: bool, is_opening: bool = False) -> LooplyError:
    """Returns our error for the driver's, told by its code, never by its text."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if is_opening and code not in _OF_THE_DISK:
        return StoreCorrupt(f"the catalog file is damaged or not a catalog: {cause}; restore it from a backup")
    if isinstance(cause, sqlite3.IntegrityError):
        return Conflict("another change came in between; read the object again and repeat", code="STALE")
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Overloaded("another process writes to the catalog; repeat in a second")
        case sqlite3.SQLITE_FULL:
            return StoreFull("the disk of the catalog is full; nothing was stored")
        case sqlite3.SQLITE_IOERR if writes:
            return StoreLost("the disk of the catalog failed; whether the change was stored is unknown")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreCorrupt("the catalog file is damaged or not a catalog; restore it from a backup")
        case _:
            return EngineError(f"the catalog cannot be used: {cause}", code="STORE_UNAVAILABLE")
