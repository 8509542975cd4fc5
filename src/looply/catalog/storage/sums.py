"""The sums: what the rows of each table add up to, stored in the transaction that changes them.

SQLite finds damage of the form of a file, not of what the rows say: a bit that turned in a name or a scope would be
served as truth. So the catalog keeps the sum of the hashes of each table's rows, and of its schema, and whoever opens
it adds up again. A row that is another one, a row that is gone, a page that is an older one of the same file: each
gives another sum. Indexes hold nothing of their own and are compared with their tables.

A sum that is kept by addition needs no row but the one that changes. The triggers that keep it are of the connection,
not of the file: a migration meets none, and `note` adds up what it made.
"""

import sqlite3
from contextlib import closing
from hashlib import blake2b
from typing import Any, Final

import msgspec

LARGEST_BYTES: Final = 256 * 1024 * 1024
"""A larger catalog is proved on demand only: a start must not take as long as reading it does."""

# Up to this size the indexes are compared with their tables as well, which takes several times as long.
_INDEXED_BYTES: Final = 64 * 1024 * 1024
_SUM_BYTES: Final = 16
_FUNCTION: Final = "moved_sum"
_SCHEMA: Final = "sqlite_schema"
_SUMS: Final = "table_sums"

_ROWS_OF_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
_TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name"
_HAS_SUMS: Final = "SELECT 1 FROM main.sqlite_schema WHERE name = 'table_sums'"
_STORED: Final = "SELECT table_name, digest FROM table_sums NOT INDEXED"
_FORGET: Final = "DELETE FROM table_sums"
_NOTE: Final = "INSERT INTO table_sums(table_name, digest) VALUES (?, ?)"
_TRIGGERS: Final = "SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'"
_SIZE: Final = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


def find_damage_at_start(file: sqlite3.Connection) -> list[str]:
    """Returns what `find_damage` does, as far as the size of the catalog lets a start wait for it."""
    size: int = file.execute(_SIZE).fetchone()[0]
    if size > LARGEST_BYTES:
        return []
    return find_damage(file, "integrity_check" if size <= _INDEXED_BYTES else "quick_check")


def find_damage(file: sqlite3.Connection, check: str = "integrity_check") -> list[str]:
    """Returns what is wrong with a catalog, nothing when it is sound or empty. Reads it whole.

    Raises: sqlite3.Error when the disk fails, or the file is too damaged to be read to its end.
    """
    found = [str(line) for (line,) in file.execute(f"PRAGMA {check}(10)")]
    if found != ["ok"]:
        return found
    stored = _stored(file)
    if stored is None:
        return [] if _revision(file) is None else [f"the table {_SUMS} is gone"]
    if not stored:
        return []
    counted = _counted(file)
    return [
        f"the rows of {name} are not what was stored"
        for name in sorted(stored.keys() | counted.keys())
        if stored.get(name) != counted.get(name)
    ]


def note(file: sqlite3.Connection) -> None:
    """Stores the sums of all tables as they are, within the transaction of the connection."""
    file.execute(_FORGET)
    file.executemany(_NOTE, _counted(file).items())


def has_none(file: sqlite3.Connection) -> bool:
    """Returns whether the sums are to be noted: the table is there and empty."""
    return _stored(file) == {}


def prepare(file: sqlite3.Connection) -> None:
    """Gives a new connection the function that its triggers call."""
    file.create_function(_FUNCTION, -1, _moved, deterministic=True)


def watch(file: sqlite3.Connection) -> None:
    """Lets every change of this connection move the sums from now on; harmless when it does already."""
    if file.execute(_TRIGGERS).fetchone() or _stored(file) is None:
        return
    for name in _tables(file):
        columns = [column for _, column, *_ in file.execute(f'PRAGMA table_info("{name}")')]
        old, new = (", ".join(f'{side}."{column}"' for column in columns) for side in ("OLD", "NEW"))
        without, with_new = f"{_FUNCTION}(digest, -1, '{name}', {old})", f"{_FUNCTION}(digest, 1, '{name}', {new})"
        replaced = f"{_FUNCTION}({without}, 1, '{name}', {new})"
        for event, moved in (("INSERT", with_new), ("UPDATE", replaced), ("DELETE", without)):
            move = f"UPDATE {_SUMS} SET digest = {moved} WHERE table_name = '{name}'"  # noqa: S608 - names of our own
            file.execute(f'CREATE TEMP TRIGGER "{name}_{event}" AFTER {event} ON main."{name}" BEGIN {move}; END')


def unwatch(file: sqlite3.Connection) -> None:
    """Takes the triggers away, before tables change; the next change of the connection brings them back."""
    for (name,) in file.execute(_TRIGGERS).fetchall():
        file.execute(f'DROP TRIGGER temp."{name}"')


def _counted(file: sqlite3.Connection) -> dict[str, bytes]:
    sums = {_SCHEMA: _sum(file, _SCHEMA, _ROWS_OF_SCHEMA)}
    for name in _tables(file):
        # Not by an index that has all columns: it is the table that is read later.
        sums[name] = _sum(file, name, f'SELECT * FROM "{name}" NOT INDEXED')  # noqa: S608 - as above
    return sums


def _tables(file: sqlite3.Connection) -> list[str]:
    return [name for (name,) in file.execute(_TABLES) if name != _SUMS]


def _stored(file: sqlite3.Connection) -> dict[str, bytes] | None:
    """Returns the stored sums, None when there is no table for them."""
    return dict(file.execute(_STORED)) if file.execute(_HAS_SUMS).fetchone() else None


def _revision(file: sqlite3.Connection) -> Any:
    if not file.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone():
        return None
    row = file.execute("SELECT version_num FROM alembic_version NOT INDEXED").fetchone()
    return row[0] if row else None


def _sum(file: sqlite3.Connection, name: str, query: str) -> bytes:
    # A statement that ends in the middle, at text that is none, would hold the file's lock.
    with closing(file.execute(query)) as rows:
        return _bytes(sum(_hash(name, *row) for row in rows))


def _moved(digest: bytes, sign: int, name: str, *row: Any) -> bytes:
    return _bytes(int.from_bytes(digest) + sign * _hash(name, *row))


def _hash(*row: Any) -> int:
    return int.from_bytes(blake2b(msgspec.msgpack.encode(row), digest_size=_SUM_BYTES).digest())


def _bytes(total: int) -> bytes:
    return (total % (1 << 8 * _SUM_BYTES)).to_bytes(_SUM_BYTES)
