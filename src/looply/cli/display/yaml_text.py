"""YAML of JSON values: block style, quoted wherever a reader could take a text for something else."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from looply.decimals import decimal_text
from looply.jsontext import Json

_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+(),-]+)*")
_BASIC: Final = 0xFFFF
_WORDS: Final = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
"""Words that YAML 1.1 or 1.2 reads as something other than a text."""


def yaml_text(value: Json) -> str:
    """Returns the YAML text of a value, with a line end. Raises: ValueError for a number that JSON does not have."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Json) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _entry(f"{_scalar(name)}:", item, is_item=False)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _entry("-", item, is_item=True)
    else:
        yield _scalar(value)


def _entry(head: str, value: Json, *, is_item: bool) -> Iterator[str]:
    """Yields the lines of a value behind its name, or behind the dash of an item."""
    if not isinstance(value, dict | list) or not value:
        yield f"{head} {_scalar(value)}"
        return
    inner = _lines(value)
    if is_item:
        yield f"{head} {next(inner)}"
    else:
        yield head
    yield from (f"  {line}" for line in inner)


def _scalar(value: Json) -> str:
    if isinstance(value, str) and value.casefold() not in _WORDS and _PLAIN.fullmatch(value):
        return value
    if isinstance(value, str):
        return f'"{"".join(map(_escaped, value))}"'
    if isinstance(value, Decimal):
        return decimal_text(value)
    text = json.dumps(value, allow_nan=False)
    # YAML 1.1 takes a number with an exponent for a text unless it has a point.
    return text.replace("e", ".0e") if isinstance(value, float) and "e" in text and "." not in text else text


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\U{number:08x}" if number > _BASIC else f"\\u{number:04x}"
