"""Reading of a whole store, table by table, for a move: as of one instant, a row in memory at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from looply.engine.coding.moving import Counters, MovedTable
from looply.engine.coding.rows import Row
from looply.engine.sqlite.file.opening import UNREADABLE, connect_reader
from looply.errors import EngineError, StoreCorrupt

# No living process owns a batch any more: none looks for its own by an epoch.
_CONSTANTS: Final[Mapping[tuple[str, str], str]] = {("batch", "epoch"): "0 AS epoch"}
_ORDER: Final[Mapping[str, str]] = {"batch": "ORDER BY execution_id, last_seq"}

_COUNTERS: Final = (
    "SELECT max((SELECT value FROM meta WHERE key = 'epoch'), coalesce((SELECT max(epoch) FROM effect), 0)),"
    " coalesce((SELECT max(n) FROM batch), 0), coalesce((SELECT max(n) FROM name), 0)"
)
_FIRST_ID: Final = (
    "SELECT min(id) FROM (SELECT min(id) AS id FROM execution WHERE id >= :low"
    " UNION ALL SELECT min(execution_id) FROM batch WHERE execution_id >= :low"
    " UNION ALL SELECT min(execution_id) FROM snapshot WHERE execution_id >= :low"
    " UNION ALL SELECT min(execution_id) FROM value_use WHERE execution_id >= :low)"
)


class Export:
    """The rows of one store. The process that reads them owns the folder, so that nothing changes while it reads.

    Methods raise StoreCorrupt for what cannot be read, EngineError when the disk fails.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file; `close` it."""
        self._path = path
        with self._translate_errors():
            self._connection = connect_reader(path)
            self._connection.execute("BEGIN")

    def close(self) -> None:
        """Closes the file. Closing twice is harmless."""
        self._connection.close()

    def count(self, table: MovedTable) -> int:
        """Returns how many rows a table has."""
        with self._translate_errors():
            count: int = self._connection.execute(f"SELECT count(*) FROM {_quoted(table.name)}").get  # noqa: S608 - names of our own
            return count

    def rows(self, table: MovedTable) -> Iterator[Row]:
        """Yields the rows of a table; batches by execution and number."""
        columns = ", ".join(_CONSTANTS.get((table.name, column), _quoted(column)) for column in table.columns)
        statement = f"SELECT {columns} FROM {_quoted(table.name)} {_ORDER.get(table.name, '')}"  # noqa: S608 - as above
        with self._translate_errors():
            yield from self._connection.execute(statement)

    def counters(self) -> Counters:
        """Returns the highest numbers in use."""
        with self._translate_errors():
            return Counters(*next(self._connection.execute(_COUNTERS)))

    def first_id(self, low: bytes) -> bytes | None:
        """Returns the lowest id of an execution from `low` on, None when there is none."""
        with self._translate_errors():
            found: bytes | None = self._connection.execute(_FIRST_ID, {"low": low}).get
            return found

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (apsw.CorruptError, apsw.NotADBError, *UNREADABLE) as error:
            raise StoreCorrupt(f"{self._path} is damaged: {error}; restore it from a backup") from error
        except apsw.Error as error:
            raise EngineError(f"{self._path} cannot be read: {error}") from error


def _quoted(name: str) -> str:
    return f'"{name}"'
