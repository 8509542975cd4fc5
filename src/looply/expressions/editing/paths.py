"""Paths: how an expression names a value of the data document, and a member of a value."""

import re
from typing import Final

PLAIN_NAME: Final = re.compile(r"[A-Za-z_$@#][A-Za-z0-9_]*")
"""A name that needs no quotes."""


def root_path(name: str) -> str:
    """Returns the expression of a member of the data document."""
    return name if PLAIN_NAME.fullmatch(name) else f"$data[{quote_name(name)}]"


def member_path(path: str, name: str) -> str:
    """Returns the expression of a member of the value at `path`."""
    return f"{path}.{name}" if PLAIN_NAME.fullmatch(name) else f"{path}[{quote_name(name)}]"


def quote_name(name: str) -> str:
    """Returns a name as a text of an expression."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
