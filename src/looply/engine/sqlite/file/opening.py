"""Opening of `executions.db`: connections, the schema, and the conditions under which a process takes it over."""

import os
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from looply.engine.coding.schema_steps import missing_steps, read_steps
from looply.errors import EngineError, StoreCorrupt, StoreFull, StoreLost

FILE_NAME: Final = "executions.db"
LOCK_NAME: Final = "executions.lock"

OLDEST_SQLITE: Final = (3, 51, 3)
"""Older releases can corrupt a write-ahead log when a checkpoint of another connection runs beside a restart."""

UNREADABLE: Final = (ValueError, LookupError, TypeError, OverflowError)
"""What reading a damaged row may raise: text that is no UTF-8, a number without a meaning, an unexpected NULL."""

_PACKAGE = "looply.engine.sqlite"
_CHECKED_BYTES = 256 * 1024 * 1024
# Up to this size the indexes are compared with their tables as well, which takes several times as long.
_PROVED_BYTES = 64 * 1024 * 1024
_BUSY_MS = 10_000
"""How long a connection waits for the lock of another one."""
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
# SQLite's files take less than 128 KiB at once.
_PART_BYTES = 64 * 1024


def check_library(version: str) -> None:
    """Refuses a library with the known corruption of write-ahead logs. Raises: EngineError."""
    numbers = tuple(int(part) for part in version.split("."))
    if numbers < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise EngineError(f"SQLite {version} can corrupt a store; install apsw with SQLite {oldest} or newer")


def prepare_folder(folder: Path) -> None:
    """Makes the folder for its owner only. Raises: StoreLost when it cannot be used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StoreLost(f"the data folder {folder} cannot be used: {error.strerror}") from error


def open_database(path: Path) -> apsw.Connection:
    """Returns the connection that writes, with today's schema. Its log stays when it is closed, until
    `move_log_on_close` was called.

    Raises: SchemaMismatch, StoreCorrupt, StoreFull, StoreLost.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreLost(f"{path} cannot be opened: {error.strerror}") from error
    connection = _connect(path, apsw.SQLITE_OPEN_READWRITE)
    try:
        # A refused file is left as it was found: a close would move what it can of the log and delete the rest.
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        _settle_log(path)
        _configure(connection, path)
        _upgrade(connection, path)
        _check_schema(connection, path)
        _check(connection, path)
    except (apsw.NotADBError, apsw.CorruptError, *UNREADABLE) as error:
        connection.close()
        raise StoreCorrupt(f"{path} is damaged or no database: {error}; restore it from a backup") from error
    except apsw.FullError as error:
        connection.close()
        raise StoreFull(f"the disk of {path} is full; make space and start again") from error
    except apsw.Error as error:
        connection.close()
        if isinstance(error, apsw.IOError) and _is_full(path):
            # The memory that connections share is a file too; SQLite reports a fault of the disk where it does not fit.
            raise StoreFull(f"the disk of {path} is full; make space and start again") from error
        raise StoreLost(f"{path} cannot be opened: {error}") from error
    except EngineError:
        connection.close()
        raise
    return connection


def move_log_on_close(connection: apsw.Connection) -> None:
    """Lets the close of a connection move its log into the file."""
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)


def keep_log_on_close(connection: apsw.Connection) -> None:
    """Lets the close of a connection leave its log as it is, for the next start to read."""
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)


def connect_reader(path: Path) -> apsw.Connection:
    """Returns a connection that cannot write."""
    connection = _connect(path, apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(_BUSY_MS)
    connection.execute("PRAGMA query_only = ON; PRAGMA cache_size = -16384")
    return connection


def connect_checkpointer(path: Path) -> apsw.Connection:
    """Returns a connection for checkpoints. It never waits for others."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
    return connection


def _connect(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=256)
    # A statement is planned once. By itself SQLite plans it again for each value of a LIMIT or a pattern, which takes
    # longer than most reads.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    return connection


def _is_full(path: Path) -> bool:
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize < _PART_BYTES


def _settle_log(path: Path) -> None:
    """Writes the log that an unclean end left over itself, and flushes it.

    After a failed flush the system takes for written what it could not write. A start would find it in memory, no later
    flush would bring it to the disk, and all that is appended behind such a gap would be lost with the power.
    """
    log = Path(f"{path}-wal")
    if not log.exists():
        return
    file = apsw.VFSFile("", str(log), [apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_WAL, 0])
    try:
        size = file.xFileSize()
        for offset in range(0, size, _PART_BYTES):
            file.xWrite(file.xRead(min(_PART_BYTES, size - offset), offset), offset)
        file.xSync(apsw.SQLITE_SYNC_NORMAL)
    finally:
        file.xClose()


def _configure(connection: apsw.Connection, path: Path) -> None:
    connection.set_busy_timeout(_BUSY_MS)
    if connection.pragma("page_count") == 0:
        # Before the first table, or it has no effect; later it would write to a file that is not looked at yet.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    if connection.pragma("journal_mode", "wal") != "wal":
        raise StoreLost(f"the file system of {path} has no write-ahead log; use a local disk")
    connection.execute(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY"
    )


def _upgrade(connection: apsw.Connection, path: Path) -> None:
    stored = int(connection.pragma("user_version"))
    for number, step in missing_steps(read_steps(_PACKAGE), stored, str(path)).items():
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(step)
        connection.pragma("user_version", number)
        connection.execute("COMMIT")


def _check_schema(connection: apsw.Connection, path: Path) -> None:
    """Compares the schema with that of a new store: one changed word in a view or an index changes results."""
    with closing(apsw.Connection(":memory:")) as fresh:
        for step in read_steps(_PACKAGE).values():
            fresh.execute(step)
        expected = set(fresh.execute(_SCHEMA))
    missing = expected - set(connection.execute(_SCHEMA))
    if missing:
        names = ", ".join(sorted(name for _, name, _, _ in missing))
        raise StoreCorrupt(f"{path} is damaged: the schema of {names} is not ours; restore it from a backup")


def _check(connection: apsw.Connection, path: Path) -> None:
    """Looks for damage after an unclean end; a large file is checked by `integrity_check` on demand instead."""
    was_clean = connection.execute("SELECT value FROM meta WHERE key = 'clean'").get
    if was_clean or path.stat().st_size > _CHECKED_BYTES:
        return
    proof = "integrity_check" if path.stat().st_size <= _PROVED_BYTES else "quick_check"
    found = connection.execute(f"PRAGMA {proof}(10)").get
    if found != "ok":
        raise StoreCorrupt(f"{path} is damaged: {found}; restore it from a backup")
