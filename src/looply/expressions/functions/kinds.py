"""Functions that test the kind of a value."""

import re
from collections.abc import Callable
from datetime import datetime

from looply.expressions.functions.declaring.declaration import Argument, Function, Type
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import is_number, is_whole
from looply.jsontext import Json

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def _is_timestamp(value: Json) -> bool:
    if type(value) is not str or _ISO.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _function(name: str, test: Callable[[Json], bool], summary: str, example: tuple[str, Json]) -> Function:
    def call(_: Run, value: Json) -> bool:
        return test(value)

    return Function(name, "types", (Argument("value"),), Type.BOOLEAN, summary, example, call)


KIND_FUNCTIONS = (
    _function(
        "isString",
        lambda value: type(value) is str,
        "Returns whether the value is a text.",
        ("isString('a')", True),
    ),
    _function(
        "isInteger",
        is_whole,
        "Returns whether the value is a number without a fraction.",
        ("isInteger(3.0)", True),
    ),
    _function(
        "isFloat",
        lambda value: is_number(value) and not is_whole(value),
        "Returns whether the value is a number with a fraction.",
        ("isFloat(3.0)", False),
    ),
    _function(
        "isArray",
        lambda value: type(value) is list,
        "Returns whether the value is a list.",
        ("isArray(createArray(1))", True),
    ),
    _function(
        "isObject",
        lambda value: type(value) in {dict, list},
        "Returns whether the value is an object or a list.",
        ("isObject(json('{}'))", True),
    ),
    _function(
        "isBoolean",
        lambda value: type(value) is bool,
        "Returns whether the value is true or false.",
        ("isBoolean(false)", True),
    ),
    _function(
        "isDateTime",
        _is_timestamp,
        "Returns whether the value is a timestamp with milliseconds and a Z, as `utcNow()` gives it.",
        ("isDateTime('2026-01-15T09:30:00.000Z')", True),
    ),
)
