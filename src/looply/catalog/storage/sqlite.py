"""The catalog in a SQLite file: one connection, one transaction at a time."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from looply.catalog.storage import sums
from looply.catalog.storage.database import Function, Result
from looply.catalog.storage.schema import driver_connection, upgrade
from looply.errors import (
    Conflict,
    EngineError,
    LooplyError,
    Overloaded,
    SettingsError,
    StoreCorrupt,
    StoreFull,
    StoreLost,
)

# How long a transaction waits for another process that writes to the same file.
BUSY_SECONDS: Final = 5.0

# EXTRA is FULL plus a flush of the folder after the journal is removed: without it a power failure may bring the
# journal back and roll back an acknowledged change, such as the revocation of a key.
_PRAGMAS = (
    "PRAGMA journal_mode = DELETE",
    "PRAGMA synchronous = EXTRA",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
)
_WRITES = "catalog_writes"

# Errors at opening that say nothing about the content of the file.
_NOT_ABOUT_CONTENT = frozenset(
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


class SqliteFile:
    """The file `path`, which is created with mode 0600 when it is missing. Raises: SettingsError when that fails."""

    readers = 0
    is_shared = False
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        self._engine = sqlite_engine(path)

    def open(self) -> None:
        """Verifies the file and upgrades its tables to the current form."""
        self.write(upgrade)

    def read(self, function: Function[Result]) -> Result:
        """Runs `function` in a transaction without a write lock."""
        return self._transact(function, writes=False)

    def write(self, function: Function[Result]) -> Result:
        """Runs `function` in a transaction that holds the write lock of the file from its beginning."""
        return self._transact(function, writes=True)

    def changes(self) -> int:
        """Returns 0: the process that owns the file counts its own changes."""
        return 0

    def acquire_lock(self) -> Callable[[], None]:
        """Returns at once: no other process works on the file."""
        return lambda: None

    def translate_error(self, error: Exception, *, writes: bool, is_opening: bool) -> LooplyError:
        """Returns the `LooplyError` for an error of the driver."""
        return store_error(error, writes=writes, is_opening=is_opening)

    def dispose(self) -> None:
        """Closes the file."""
        self._engine.dispose()

    def _transact(self, function: Function[Result], *, writes: bool) -> Result:
        with self._engine.connect() as connection:
            connection.execution_options(**{_WRITES: writes})
            with connection.begin():
                return function(connection)


def sqlite_engine(path: Path) -> Engine:
    """Returns an engine on the file `path`, which is created with mode 0600 when it is missing.

    Raises: SettingsError when the file cannot be created.
    """
    _create_private_file(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        # The driver must not open transactions itself: `_begin` does.
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        pool_size=1,
        max_overflow=0,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _create_private_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # An existing database must not be opened here: closing any descriptor of it would drop SQLite's locks.
        pass
    except OSError as error:
        raise SettingsError(f"the catalog {path} cannot be created: {error.strerror}") from error
    try:
        path.chmod(0o600)
    except OSError as error:
        raise SettingsError(f"the mode of the catalog {path} cannot be set: {error.strerror}") from error


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()
    sums.register_function(connection)


def _begin(connection: Connection) -> None:
    # A writer acquires the lock at once: upgrading a read lock could fail after another process has written.
    writes = connection.get_execution_options().get(_WRITES, True)
    if writes:
        # Before the transaction: a rollback would remove the triggers.
        sums.create_triggers(driver_connection(connection))
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def store_error(error: Exception, *, writes: bool, is_opening: bool = False) -> LooplyError:
    """Returns the `LooplyError` for an error of the driver, chosen by its code, never by its text."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if is_opening and code not in _NOT_ABOUT_CONTENT:
        return StoreCorrupt(f"the catalog file is damaged or not a catalog: {cause}; restore it from a backup")
    if isinstance(cause, sqlite3.IntegrityError):
        return Conflict("another change came in between; read the object again and repeat", code="STALE")
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Overloaded("another process writes to the catalog; repeat in a second")
        case sqlite3.SQLITE_FULL:
            return StoreFull("the disk of the catalog is full; nothing was stored; make space and repeat the call")
        case sqlite3.SQLITE_IOERR if writes:
            return StoreLost(
                "the disk of the catalog failed; whether the change was stored is unknown; check the disk, restart the"
                " process and read the object before you repeat the change"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreCorrupt("the catalog file is damaged or not a catalog; restore it from a backup")
        case _:
            return EngineError(f"the catalog cannot be used: {cause}", code="STORE_UNAVAILABLE")
