"""JSON Pointers (RFC 6901), by which findings, secrets and search fields refer to values of a document."""

import re
from collections.abc import Sequence

from looply.jsontext import Json

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


def join_pointer(base: str, *parts: str | int) -> str:
    """Returns the pointer of a member below `base`; the names of `parts` are escaped."""
    return base + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def is_pointer(text: str) -> bool:
    """Returns whether a text is a JSON Pointer."""
    return _POINTER.fullmatch(text) is not None


def split_pointer(pointer: str) -> tuple[str, ...]:
    """Returns the names of a pointer, unescaped.

    Raises: ValueError when the text is no JSON Pointer.
    """
    if not is_pointer(pointer):
        raise ValueError(f"{pointer!r} is not a JSON Pointer")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def value_at(value: Json, path: Sequence[str]) -> Json:
    """Returns the value below `value` at the names of a path, None when there is none."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def points_into(document: Json, pointer: str) -> bool:
    """Returns whether the pointer leads to a value of the document."""
    value = document
    for part in split_pointer(pointer):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    return True
