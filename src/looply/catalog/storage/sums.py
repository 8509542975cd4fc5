"""Table checksums: the sum of the row hashes of each table, stored in the transaction that changes the rows.

SQLite detects damage of the structure of a file, not of its content: a flipped bit in a name or a scope would be served
as valid. So the catalog stores the sum of the hashes of each table's rows, and of its schema, and every start computes
them again. An altered row, a missing row, an older page of the same file: each changes the sum. Indexes have no data of
their own and are compared with their tables.

An additive sum is updated from the changed row alone. The triggers that update it belong to the connection, not to the
file: a migration runs without them, and `store_sums` computes the sums after it.
"""

import sqlite3
from contextlib import closing
from hashlib import blake2b
from typing import Any, Final

import msgspec

MAX_BYTES: Final = 256 * 1024 * 1024
"""A larger catalog is verified on demand only: a start must not take as long as reading it."""

# Up to this size the indexes are compared with their tables, too, which takes several times as long.
_INDEXED_BYTES: Final = 64 * 1024 * 1024
_SUM_BYTES: Final = 16
_FUNCTION: Final = "moved_sum"
_SCHEMA: Final = "sqlite_schema"
_SUMS: Final = "table_sums"

_ROWS_OF_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
_TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name"
_HAS_SUMS: Final = "SELECT 1 FROM main.sqlite_schema WHERE name = 'table_sums'"
_SELECT_SUMS: Final = "SELECT table_name, digest FROM table_sums NOT INDEXED"
_DELETE_SUMS: Final = "DELETE FROM table_sums"
_INSERT_SUM: Final = "INSERT INTO table_sums(table_name, digest) VALUES (?, ?)"
_TRIGGERS: Final = "SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'"
_SIZE: Final = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


def find_damage_at_start(file: sqlite3.Connection) -> list[str]:
    """Returns the result of `find_damage`, with fewer checks, or none, for a large catalog to bound start-up time."""
    size: int = _rows(file, _SIZE)[0][0]
    if size > MAX_BYTES:
        return []
    return find_damage(file, "integrity_check" if size <= _INDEXED_BYTES else "quick_check")


def find_damage(file: sqlite3.Connection, check: str = "integrity_check") -> list[str]:
    """Returns the damage of a catalog, an empty list when it is intact or empty. Reads all of it.

    Raises: sqlite3.Error when the disk fails, or the file is too damaged to be read completely.
    """
    found = [str(line) for (line,) in _rows(file, f"PRAGMA {check}(10)")]
    if found != ["ok"]:
        return found
    stored = _stored_sums(file)
    if stored is None:
        return [] if _revision(file) is None else [f"the table {_SUMS} is gone"]
    if not stored:
        return []
    computed = _compute_sums(file)
    return [
        f"the rows of {name} are not what was stored"
        for name in sorted(stored.keys() | computed.keys())
        if stored.get(name) != computed.get(name)
    ]


def store_sums(file: sqlite3.Connection) -> None:
    """Computes and stores the sums of all tables, within the transaction of the connection."""
    file.execute(_DELETE_SUMS)
    file.executemany(_INSERT_SUM, _compute_sums(file).items())


def has_no_sums(file: sqlite3.Connection) -> bool:
    """Returns whether the table of sums exists and is empty, so that the sums must be stored."""
    return _stored_sums(file) == {}


def register_function(file: sqlite3.Connection) -> None:
    """Registers the SQL function that the triggers of a connection call."""
    file.create_function(_FUNCTION, -1, _adjust_sum, deterministic=True)


def create_triggers(file: sqlite3.Connection) -> None:
    """Creates the triggers that update the sums with every change of this connection, unless they exist."""
    if _rows(file, _TRIGGERS) or _stored_sums(file) is None:
        return
    for name in _tables(file):
        columns = [column for _, column, *_ in _rows(file, f'PRAGMA table_info("{name}")')]
        old, new = (", ".join(f'{side}."{column}"' for column in columns) for side in ("OLD", "NEW"))
        without, with_new = f"{_FUNCTION}(digest, -1, '{name}', {old})", f"{_FUNCTION}(digest, 1, '{name}', {new})"
        replaced = f"{_FUNCTION}({without}, 1, '{name}', {new})"
        for event, moved in (("INSERT", with_new), ("UPDATE", replaced), ("DELETE", without)):
            move = f"UPDATE {_SUMS} SET digest = {moved} WHERE table_name = '{name}'"  # noqa: S608 - names of our own
            file.execute(f'CREATE TEMP TRIGGER "{name}_{event}" AFTER {event} ON main."{name}" BEGIN {move}; END')


def drop_triggers(file: sqlite3.Connection) -> None:
    """Drops the triggers before a schema change; the next write of the connection creates them again."""
    for (name,) in _rows(file, _TRIGGERS):
        file.execute(f'DROP TRIGGER temp."{name}"')


def _compute_sums(file: sqlite3.Connection) -> dict[str, bytes]:
    sums = {_SCHEMA: _sum(file, _SCHEMA, _ROWS_OF_SCHEMA)}
    for name in _tables(file):
        # Read the table, not a covering index: the table is what is read later.
        sums[name] = _sum(file, name, f'SELECT * FROM "{name}" NOT INDEXED')  # noqa: S608 - as above
    return sums


def _tables(file: sqlite3.Connection) -> list[str]:
    return [name for (name,) in _rows(file, _TABLES) if name != _SUMS]


def _stored_sums(file: sqlite3.Connection) -> dict[str, bytes] | None:
    """Returns the stored sums, None when their table does not exist."""
    return dict(_rows(file, _SELECT_SUMS)) if _rows(file, _HAS_SUMS) else None


def _revision(file: sqlite3.Connection) -> Any:
    if not _rows(file, "SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'"):
        return None
    found = _rows(file, "SELECT version_num FROM alembic_version NOT INDEXED")
    return found[0][0] if found else None


def _rows(file: sqlite3.Connection, statement: str) -> list[Any]:
    """Returns all rows of a statement, which is closed at once: one that fails midway would keep the file's lock."""
    with closing(file.execute(statement)) as rows:
        return rows.fetchall()


def _sum(file: sqlite3.Connection, name: str, query: str) -> bytes:
    # Closed explicitly: a statement that fails midway, at invalid text, would keep the file's lock.
    with closing(file.execute(query)) as rows:
        return _bytes(sum(_hash(name, *row) for row in rows))


def _adjust_sum(digest: bytes, sign: int, name: str, *row: Any) -> bytes:
    return _bytes(int.from_bytes(digest) + sign * _hash(name, *row))


def _hash(*row: Any) -> int:
    return int.from_bytes(blake2b(msgspec.msgpack.encode(row), digest_size=_SUM_BYTES).digest())


def _bytes(total: int) -> bytes:
    return (total % (1 << 8 * _SUM_BYTES)).to_bytes(_SUM_BYTES)
