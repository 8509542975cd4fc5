"""The layout of pages: aligned for a terminal of some width, or tab-separated for a file or a pipe.

Names that people copy (ids, links, instants, numbers) are never cut or broken. Only prose is: texts with spaces, and
JSON.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size

from looply.cli.display.pages import Page, Record, Table

_GAP: Final = "  "
_PROSE: Final = re.compile(r"[\s{}\[\]\"]")
_SHORT: Final = 20
"""Texts up to this width are never cut: an instant has it."""
_LEAST: Final = 24
"""The least width of a column of prose."""
_COLORS: Final = {
    "COMPLETED": 32,
    "ACTIVE": 32,
    "FAILED": 31,
    "TERMINATED": 33,
    "PAUSED": 33,
    "WAITING": 36,
    "RUNNING": 34,
}
_BOLD: Final = 1


def tab_separated(page: Page) -> Iterator[str]:
    """Yields a page's lines for a file or a pipe: whole, unpadded, columns separated by tabs.

    A table without a title has no line of column titles, so that each line is a row.
    """
    match page:
        case str():
            yield page
        case Table():
            if page.title:
                yield page.title
                yield "\t".join(page.columns)
            yield from ("\t".join(_one_line(cell) for cell in row) for row in page.rows)
        case Record():
            if page.title:
                yield page.title
            yield from (f"{name}\t{value}" for name, value in page.fields)
        case _:
            for part in page:
                yield from tab_separated(part)


def align(page: Page, width: int, *, has_colors: bool) -> Iterator[str]:
    """Yields a page's lines for a terminal that is `width` columns wide."""
    match page:
        case str():
            yield page
        case Table():
            yield from _titled(page.title, has_colors)
            yield from _table(page, width, has_colors)
        case Record():
            yield from _titled(page.title, has_colors)
            yield from _record(page, width, has_colors)
        case _:
            for number, part in enumerate(page):
                if number:
                    yield ""
                yield from align(part, width, has_colors=has_colors)


def _titled(title: str, has_colors: bool) -> Iterator[str]:
    if title:
        yield _styled(title, _BOLD, has_colors)


def _record(page: Record, width: int, has_colors: bool) -> Iterator[str]:
    indent = max((cell_len(name) for name, _ in page.fields), default=0)
    room = width - indent - len(_GAP)
    for name, value in page.fields:
        head = _styled(set_cell_size(name, indent), _BOLD, has_colors)
        for number, line in enumerate(_wrapped(value, room) or [""]):
            yield f"{head if number == 0 else ' ' * indent}{_GAP}{_colored(line, line, has_colors)}".rstrip()


def _table(page: Table, width: int, has_colors: bool) -> Iterator[str]:
    shown = _fitting(page, width) if page.is_cut else list(range(len(page.columns)))
    widths = _widths(page, shown, width)
    heads = (set_cell_size(page.columns[index], size) for index, size in zip(shown, widths, strict=True))
    yield _styled(_GAP.join(heads).rstrip(), _BOLD, has_colors)
    for row in page.rows:
        cells = [row[index] for index in shown]
        if page.is_cut:
            columns = [[_cut(_one_line(cell), size)] for cell, size in zip(cells, widths, strict=True)]
        else:
            columns = [_wrapped(cell, size) or [""] for cell, size in zip(cells, widths, strict=True)]
        for number in range(max(map(len, columns))):
            line = [lines[number] if number < len(lines) else "" for lines in columns]
            padded = (
                _colored(text, set_cell_size(text, max(size, cell_len(text))), has_colors)
                for text, size in zip(line, widths, strict=True)
            )
            yield _GAP.join(padded).rstrip()


def _fitting(page: Table, width: int) -> list[int]:
    """Returns the columns before the first one for which the width does not suffice; the very first in any case."""
    shown: list[int] = []
    left = width
    for index in range(len(page.columns)):
        needed = min(_natural(page, index), _LEAST) if _is_prose(page, index) else _natural(page, index)
        needed += len(_GAP) if shown else 0
        if shown and needed > left:
            break
        shown.append(index)
        left -= needed
    return shown


def _widths(page: Table, columns: Sequence[int], width: int) -> list[int]:
    """Returns the width of each shown column; columns of prose share what the others leave."""
    natural = {index: _natural(page, index) for index in columns}
    prose = sorted((index for index in columns if _is_prose(page, index)), key=natural.__getitem__)
    left = width - len(_GAP) * (len(columns) - 1) - sum(natural[index] for index in columns if index not in prose)
    for number, index in enumerate(prose):
        natural[index] = max(min(natural[index], left // (len(prose) - number)), min(natural[index], _LEAST), 1)
        left -= natural[index]
    return [natural[index] for index in columns]


def _natural(page: Table, index: int) -> int:
    lengths = (cell_len(line) for row in page.rows for line in row[index].splitlines() or [""])
    return max(cell_len(page.columns[index]), max(lengths, default=0))


def _is_prose(page: Table, index: int) -> bool:
    return any(cell_len(row[index]) > _SHORT and _PROSE.search(row[index]) for row in page.rows)


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()) if "\n" in text else text


def _cut(text: str, size: int) -> str:
    if cell_len(text) <= size or _PROSE.search(text) is None:
        return text
    return f"{set_cell_size(text, size - 1).rstrip()}…"


def _wrapped(text: str, size: int) -> list[str]:
    """Returns the lines of a text; prose that is too long is broken between words, and nothing else is."""
    lines: list[str] = []
    for line in text.splitlines():
        if cell_len(line) <= size or size < _LEAST:
            lines.append(line)
        else:
            lines += textwrap.wrap(line, size, break_long_words=False, break_on_hyphens=False) or [""]
    return lines


def _colored(text: str, padded: str, has_colors: bool) -> str:
    color = _COLORS.get(text)
    return padded if color is None else _styled(padded, color, has_colors)


def _styled(text: str, code: int, has_colors: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if has_colors and text else text
