"""Statements that are written once, and the two dialects that they are sent in.

A parameter is written `:name`, or `:name:type` where PostgreSQL needs its type. The words of one dialect that the other
one has differently, or does not need, are in `_SQLITE` and `_POSTGRES`. Where more differs a statement has `Variants`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias


class Variants(NamedTuple):
    """A statement that is another one in each dialect; their parameters and columns are the same."""

    sqlite: str
    postgres: str


Statement: TypeAlias = str | Variants


class TakeStatement(NamedTuple):
    """Two ways to the same columns of due rows: by reading them where no other process can take them, or by a function
    of PostgreSQL that takes them for one process, until `seconds` have passed."""

    read: Statement
    take: str


_KEPT: Final = 1000  # statements of lists are made for their filters
_PARAMETER: Final = re.compile(r"(?<!:):(\w+)(?::(\w+(?:\[\])?))?")
# A write of PostgreSQL holds the lease of its process; the one process of a file has a thread that writes.
_SQLITE: Final[Mapping[str, str]] = {
    r"\bgreatest\(": "max(",
    r" FOR UPDATE SKIP LOCKED": "",
    r" (FROM|USING) hold_lease\(:own\) WHERE ": " WHERE ",
    r" FROM hold_lease\(:own\)": " WHERE true",
}
# SQLite follows the order of a CROSS JOIN and takes the index that is named; PostgreSQL has options for its planner.
_POSTGRES: Final[Mapping[str, str]] = {r"\bCROSS JOIN (?!LATERAL)": "JOIN ", r" INDEXED BY \w+": ""}


@lru_cache(_KEPT)
def sqlite_text(statement: Statement) -> str:
    """Returns a statement as SQLite understands it."""
    text = statement.sqlite if isinstance(statement, Variants) else statement
    return _PARAMETER.sub(r":\1", _translate(text, _SQLITE))


@lru_cache(_KEPT)
def postgres_text(statement: Statement) -> str:
    """Returns a statement as psycopg understands it."""
    text = statement.postgres if isinstance(statement, Variants) else statement
    return _PARAMETER.sub(_bind, _translate(text, _POSTGRES))


def _bind(match: re.Match[str]) -> str:
    name, kind = match.groups()
    return f"%({name})s" + (f"::{kind}" if kind else "")


def _translate(text: str, words: Mapping[str, str]) -> str:
    for word, other in words.items():
        text = re.sub(word, other, text)
    return text
