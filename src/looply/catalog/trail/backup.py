"""Copying and checking a catalog's file, also while a server runs on it.

The catalog is accessed by the standard library's SQLite only: a second SQLite library in the process could break locks.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import StaticPool, create_engine

from looply.catalog.storage.schema import HEAD
from looply.catalog.storage.sums import find_damage
from looply.catalog.trail.proof import find_problems
from looply.errors import StoreCorrupt, StoreLost

_BUSY_SECONDS: Final = 10.0
"""How long a copy waits for a writer of the catalog."""
_HAS_REVISION = "SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'"
_REVISION = "SELECT version_num FROM alembic_version"


def back_up(source: Path, target: Path) -> None:
    """Writes a consistent copy of the catalog `source` to the new file `target`, readable by its owner only.

    Raises: StoreLost, StoreCorrupt.
    """
    target.touch(mode=0o600)
    try:
        with closing(_reader(source)) as reader, closing(sqlite3.connect(target)) as copy:
            reader.backup(copy)
            damage = find_damage(copy)
    except sqlite3.OperationalError as error:
        raise StoreLost(f"the catalog {source} was not copied: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreCorrupt(f"the catalog {source} is damaged: {error}; restore it from a backup") from error
    if damage:
        raise StoreCorrupt(f"the catalog {source} is damaged: {'; '.join(damage)}; restore it from a backup")


def find_file_damage(path: Path) -> list[str]:
    """Returns the damage of a catalog's file, an empty list when it is intact, from one snapshot.

    When the file itself is intact, these are unreadable rows and breaks in the chains of its audit; a file with another
    schema is not checked for them.
    """
    try:
        with closing(_reader(path)) as reader:
            reader.execute("BEGIN")
            return find_damage(reader) or _find_problems(reader)
    except sqlite3.Error as error:
        return [str(error)]


def _find_problems(reader: sqlite3.Connection) -> list[str]:
    if _revision(reader) != HEAD:
        return []
    engine = create_engine("sqlite+pysqlite://", creator=lambda: reader, poolclass=StaticPool)
    with engine.connect() as connection:
        return find_problems(connection)


def read_file_revision(path: Path) -> str:
    """Returns the schema revision of a catalog's file, empty when it has none yet. Raises: StoreCorrupt."""
    try:
        with closing(_reader(path)) as reader:
            return _revision(reader)
    except sqlite3.Error as error:
        raise StoreCorrupt(f"the catalog {path} cannot be read: {error}; restore it from a backup") from error


def _revision(reader: sqlite3.Connection) -> str:
    has_revision = reader.execute(_HAS_REVISION).fetchone() is not None
    row = reader.execute(_REVISION).fetchone() if has_revision else None
    return row[0] if row else ""


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
