"""Pages: the result of a command for people, as values. How they are laid out is in `layout`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, Union


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of texts below column titles, the most important column first.

    `is_cut`: on a terminal each row is one line; texts are cut and the last columns left out where it is too narrow.
    Otherwise nothing is left out, and long texts continue on the next line.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Names and values of one object, below a title if there is one."""

    fields: tuple[tuple[str, str], ...]
    title: str = ""


Page: TypeAlias = Union[Table, Record, str, Sequence["Page"]]  # noqa: UP007 - a recursive alias needs the quoted form
"""What a command shows to people: a table, a record, lines of text, or several of them below each other."""


def printable(text: Any) -> str:
    """Returns a text without characters that could move a terminal's cursor or change its colors."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in str(text))


def cell(value: Any) -> str:
    """Returns a value as text that is safe to show; empty for None."""
    return "" if value is None else printable(value)
