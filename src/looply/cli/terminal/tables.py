"""Tables for people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from looply.cli.terminal.terminal import Terminal, printable
from looply.clock import from_ms

_LOUD: Final = {
    "COMPLETED": "green",
    "ACTIVE": "green",
    "FAILED": "red",
    "TERMINATED": "yellow",
    "PAUSED": "yellow",
    "WAITING": "cyan",
    "RUNNING": "blue",
}


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> RenderableType:
    """Returns a table; long values are folded, never truncated. None is an empty cell."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    return Group(Text(printable(title), style="bold"), made) if title else made


def show_items(terminal: Terminal, items: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Writes a list: with `--json` {`count`, `items`}, else a table; `columns` are titles and the fields below them."""
    document = {"count": len(items), "items": list(items)}
    terminal.show(document, lambda: table(tuple(columns), rows_of(items, tuple(columns.values()))))


def rows_of(items: Iterable[Mapping[str, Any]], fields: Sequence[str]) -> list[list[Any]]:
    """Returns fields of objects as rows of a table; fields named like an instant are formatted as one."""
    return [[_shown(item.get(field), field) for field in fields] for item in items]


def record(fields: Mapping[str, Any]) -> Table:
    """Returns one object as a table of names and values."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in fields.items():
        made.add_row(name, cell(value))
    return made


def cell(value: Any) -> Text:
    """Returns a value as it is shown in a table."""
    text = "" if value is None else printable(value)
    return Text(text, style=_LOUD.get(text, ""))


def _shown(value: Any, field: str) -> Any:
    if field.endswith(("_on", "stamp")):
        return instant(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def instant(value_ms: Any) -> str:
    """Returns epoch milliseconds as RFC 3339 in UTC with whole seconds; empty for None."""
    return from_ms(value_ms).strftime("%Y-%m-%d %H:%M:%SZ") if isinstance(value_ms, int) else ""
