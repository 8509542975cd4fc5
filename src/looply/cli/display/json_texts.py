"""JSON texts of values for people and for other programs, with all digits of their numbers."""

import json
from typing import Any

import msgspec

from looply.decimals import read_number
from looply.jsontext import Json, encode_json


def line_text(value: Json) -> str:
    """Returns the JSON text of a value on one line. Raises: ValueError for a number that JSON does not have."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError:  # an exact decimal, which Python's encoder does not know
        return encode_json(value).decode()


def text_with_blanks(value: Json) -> str:
    """Returns the JSON text of a value on one line, with blanks between its parts."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return msgspec.json.format(encode_json(value), indent=0).decode()


def pretty_text(value: Json) -> str:
    """Returns the JSON text of a value with two blanks for each level."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except TypeError:
        return msgspec.json.format(encode_json(value), indent=2).decode()


def read_json(text: str | bytes) -> Any:
    """Returns the value of the JSON text of a server or of a file, numbers exact. Raises: ValueError."""
    return json.loads(text, parse_float=read_number)
