"""Moving the catalog to another database: its tables, its rows, and whether its keys open the sealed secrets.

Values are moved as they are stored: JSON texts byte by byte, secrets sealed. The sums are not moved: they belong to one
file.
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
# Tables that each kind of database keeps about itself, and what lives for a minute.
_NOT_MOVED = frozenset({"table_sums", "change_count", "open_editors"})
# A subtype comes before its base type; all other types are texts.
_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], Kind], ...]] = (
    (Boolean, "boolean"),
    (BigInteger, "bigint"),
    (Integer, "integer"),
    (LargeBinary, "bytea"),
)


def _moved_table(table: Table) -> MovedTable:
    columns = {column.name: _kind(column.type) for column in table.columns}
    return MovedTable(SCHEMA_NAME, table.name, columns)


def _kind(type_: object) -> Kind:
    return next((kind for base, kind in _KINDS if isinstance(type_, base)), "text")


CATALOG: Final = tuple(_moved_table(table) for table in metadata.sorted_tables if table.name not in _NOT_MOVED)
"""The tables of the catalog, each after those that it refers to."""


class CatalogExport:
    """The rows of a catalog's file, table by table. Methods raise StoreCorrupt when the file cannot be read."""

    def __init__(self, path: Path) -> None:
        """Opens the file for reading; the caller must `close` it."""
        self._path = path
        self._file = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def close(self) -> None:
        """Closes the file. Closing twice is allowed."""
        self._file.close()

    def count(self, table: MovedTable) -> int:
        """Returns how many rows a table has."""
        with self._translate_errors():
            return int(self._file.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])  # noqa: S608 - names of our own

    def rows(self, table: MovedTable) -> Iterator[Row]:
        """Yields the rows of a table, with booleans in place of SQLite's 0 and 1."""
        columns = ", ".join(f'"{column}"' for column in table.columns)
        booleans = [index for index, kind in enumerate(table.columns.values()) if kind == "boolean"]
        with self._translate_errors():
            for row in self._file.execute(f'SELECT {columns} FROM "{table.name}"'):  # noqa: S608 - as above
                yield _with_booleans(row, booleans) if booleans else row

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreCorrupt(f"the catalog {self._path} cannot be read: {error}; restore it from a backup") from error


async def find_unopenable_secrets(catalog: Catalog) -> list[str]:
    """Returns a line for each connection whose secrets the catalog's keys do not open."""
    found = []
    for organization_id in await catalog.organizations.list_ids():
        before = None
        while True:
            page = await catalog.connections.list_page(organization_id, _PAGE, before)
            for connection in page.items:
                try:
                    await catalog.connections.resolve(organization_id, connection.name)
                except RecordDamaged:
                    # `find_damaged_rows` reports it; its secrets may be intact.
                    continue
                except SealBroken as error:
                    found.append(f"the secrets of connection {connection.name} of {organization_id}: {error.message}")
            if not page.has_more:
                break
            before = page.items[-1].connection_id
    return found


def _with_booleans(row: Row, indexes: list[int]) -> Row:
    values = list(row)
    for index in indexes:
        values[index] = bool(values[index])
    return tuple(values)
