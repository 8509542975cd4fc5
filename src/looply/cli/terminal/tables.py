"""Tables and records from the objects that the API returns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from looply.cli.display.pages import Record, Table, cell
from looply.cli.terminal.terminal import Terminal
from looply.instants import from_ms


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> Table:
    """Returns a table that is shown whole: long texts continue on the next line. None is an empty cell."""
    return Table(columns=tuple(columns), rows=tuple(_cells(row) for row in rows), title=cell(title))


def listing(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> Table:
    """Returns a table of a line a row, the most important column first; a narrow terminal shows less of it."""
    return Table(columns=tuple(columns), rows=tuple(_cells(row) for row in rows), title=cell(title), is_cut=True)


def show_items(
    terminal: Terminal,
    items: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    *,
    noun: str = "items",
    table_rows: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Writes a list: the document {`count`, `items`}, or a listing; `columns` are titles and the fields below them.

    The first column is the most important. `table_rows` are the items as people see them, where that differs. Without
    items people get a line with the plural `noun` on standard error, and no list.
    """
    if not items and terminal.is_table:
        terminal.note(f"no {noun}")
        return
    document = {"count": len(items), "items": list(items)}
    rows = items if table_rows is None else table_rows
    terminal.show(document, lambda: listing(tuple(columns), rows_of(rows, tuple(columns.values()))))


def rows_of(items: Iterable[Mapping[str, Any]], fields: Sequence[str]) -> list[list[Any]]:
    """Returns fields of objects as rows of a table; fields named like an instant are formatted as one."""
    return [[_shown(item.get(field), field) for field in fields] for item in items]


def record(fields: Mapping[str, Any], *, title: str = "") -> Record:
    """Returns one object as names and values."""
    return Record(fields=tuple((cell(name), cell(value)) for name, value in fields.items()), title=cell(title))


def _cells(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(cell, row))


def _shown(value: Any, field: str) -> Any:
    if field.endswith(("_on", "stamp")):
        return instant(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def instant(value_ms: Any) -> str:
    """Returns epoch milliseconds as RFC 3339 in UTC with whole seconds; empty for None."""
    return from_ms(value_ms).strftime("%Y-%m-%d %H:%M:%SZ") if isinstance(value_ms, int) else ""
