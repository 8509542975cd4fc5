"""Copies and checks of a store's file, beside the server that runs on it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import apsw

from looply.engine.sqlite.file.opening import connect_reader
from looply.errors import Conflict, StoreCorrupt, StoreFull, StoreLost

_PAGES = 1024
Copied: TypeAlias = Callable[[int, int], None]

_HOLD = "SELECT value FROM meta WHERE key = 'epoch'"


def back_up(source: Path, target: Path, copied: Copied = lambda _pages, _total: None) -> None:
    """Writes a copy of the database `source` to the new file `target`.

    The copy is of one instant. It appears under its name when it is whole and on disk. `copied` is called after each
    part with the number of pages copied and their total.
    Raises: Conflict when the target exists, StoreFull, StoreLost.
    """
    if target.exists():
        raise Conflict(f"{target} exists already; name a new file for the backup", code="BACKUP_EXISTS")
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        _copy(source, draft, copied)
        draft.rename(target)
    except apsw.FullError as error:
        raise StoreFull(f"the disk of {target} is full; the backup was not made") from error
    except (apsw.Error, OSError) as error:
        raise StoreLost(f"the backup {target} was not made: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def integrity_check(path: Path) -> list[str]:
    """Returns what SQLite finds wrong with a database, nothing when it is sound."""
    try:
        with closing(connect_reader(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    except apsw.Error as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def read_schema_number(path: Path) -> str:
    """Returns the number of the store's schema. Raises: StoreCorrupt."""
    try:
        with closing(connect_reader(path)) as connection:
            return str(connection.pragma("user_version"))
    except apsw.Error as error:
        raise StoreCorrupt(f"{path} cannot be read: {error}; restore it from a backup") from error


def _copy(source: Path, target: Path, copied: Copied) -> None:
    reader = connect_reader(source)
    copy = apsw.Connection(str(target))
    try:
        # One read transaction over the whole copy: without it every commit would restart the copy.
        reader.execute("BEGIN")
        reader.execute(_HOLD).fetchall()
        backup = copy.backup("main", reader, "main")
        try:
            while not backup.step(_PAGES):
                copied(backup.page_count - backup.remaining, backup.page_count)
        finally:
            backup.finish()
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        copy.close()
        reader.close()
