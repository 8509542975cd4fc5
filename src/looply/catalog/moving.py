"""The catalog as it moves to another database: its tables, its rows, and whether its key opens what is sealed.

Values move as they are stored: texts of JSON byte by byte, sealed secrets sealed. The sums do not move, since they are
of one file.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table
from sqlalchemy.types import TypeEngine

from looply.catalog.catalog import Catalog
from looply.catalog.storage.tables import metadata
from looply.engine.coding.moving import Kind, MovedTable
from looply.engine.coding.rows import Row
from looply.errors import RecordDamaged, StoreCorrupt
from looply.sealing import SealBroken

SCHEMA_NAME: Final = "looply_catalog"

_PAGE = 100
# What each kind of database keeps about itself.
_STAYING = frozenset({"table_sums", "change_count"})
# A type that is a kind of another one comes first; all others are texts.
_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], Kind], ...]] = (
    (Boolean, "boolean"),
    (BigInteger, "bigint"),
    (Integer, "integer"),
    (LargeBinary, "bytea"),
)


def _moved(table: Table) -> MovedTable:
    columns = {column.name: _kind(column.type) for column in table.columns}
    return MovedTable(SCHEMA_NAME, table.name, columns)


def _kind(type_: object) -> Kind:
    return next((kind for base, kind in _KINDS if isinstance(type_, base)), "text")


CATALOG: Final = tuple(_moved(table) for table in metadata.sorted_tables if table.name not in _STAYING)
"""The tables of the catalog, each after those that it refers to."""


class CatalogExport:
    """The rows of a catalog's file, table by table. Methods raise StoreCorrupt for what cannot be read."""

    def __init__(self, path: Path) -> None:
        """Opens the file for reading; `close` it."""
        self._path = path
        self._file = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def close(self) -> None:
        """Leaves the file. Closing twice is harmless."""
        self._file.close()

    def count(self, table: MovedTable) -> int:
        """Returns how many rows a table has."""
        with self._told():
            return int(self._file.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])  # noqa: S608 - names of our own

    def rows(self, table: MovedTable) -> Iterator[Row]:
        """Yields the rows of a table; SQLite's 0 and 1 of a boolean are the boolean."""
        columns = ", ".join(f'"{column}"' for column in table.columns)
        switches = [place for place, kind in enumerate(table.columns.values()) if kind == "boolean"]
        with self._told():
            for row in self._file.execute(f'SELECT {columns} FROM "{table.name}"'):  # noqa: S608 - as above
                yield _with_booleans(row, switches) if switches else row

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreCorrupt(f"the catalog {self._path} cannot be read: {error}; restore it from a backup") from error


async def find_unopenable_secrets(catalog: Catalog) -> list[str]:
    """Returns a line for each connection whose secrets the catalog's key does not open."""
    found = []
    for organization_id in await catalog.organizations.list_ids():
        before = None
        while True:
            page = await catalog.connections.list_page(organization_id, _PAGE, before)
            for connection in page.items:
                try:
                    await catalog.connections.resolve(organization_id, connection.name)
                except RecordDamaged:
                    # Named by `find_damaged_rows`; its secrets may be as they were.
                    continue
                except SealBroken as error:
                    found.append(f"the secrets of connection {connection.name} of {organization_id}: {error.message}")
            if not page.has_more:
                break
            before = page.items[-1].connection_id
    return found


def _with_booleans(row: Row, switches: list[int]) -> Row:
    values = list(row)
    for place in switches:
        values[place] = bool(values[place])
    return tuple(values)
