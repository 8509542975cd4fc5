"""Functions that convert a value to another kind."""

import re
from decimal import Decimal

from looply.decimals import read_number
from looply.errors import BadRequest
from looply.expressions.closures.conditions import lenient
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type, cost_of
from looply.expressions.functions.texts.binary import bytes_of, text_of
from looply.expressions.functions.texts.numbers import format_full
from looply.expressions.functions.texts.text import LOCALE
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Closure, Run
from looply.expressions.values.javascript import SPACE, SPACES, javascript_text
from looply.expressions.values.semantics import is_number, is_true, number, text
from looply.jsontext import Json, encode_json, parse_json

_WHOLE = re.compile(rf"[{SPACE}]*([+-]?)0*([0-9]+)")
_FLOAT = re.compile(rf"[{SPACE}]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_EXACT = 2**53
_VALUE = Argument("value")


def _int(run: Run, value: Json) -> Json:
    if is_number(value):
        return value if type(value) is not Decimal and abs(value) >= _EXACT else number(run, int(value))
    if type(value) is not str:
        return None
    if (found := _WHOLE.match(value)) is None:
        raise ExpressionError(f"int() expects a text that begins with digits, found {value[:40]!r}")
    sign, digits = found.groups()
    if len(digits) > run.limits.integer_digits:
        raise ExpressionError(f"int() expects at most {run.limits.integer_digits} digits, found {len(digits)}")
    return number(run, -int(digits) if sign == "-" else int(digits))


def _float(run: Run, value: Json) -> Json:
    if is_number(value):
        return number(run, value)
    if type(value) is not str:
        return None
    if (found := _FLOAT.match(value)) is None:
        raise ExpressionError(f"float() expects a text that begins with a number, found {value[:40]!r}")
    return number(run, read_number(found.group(1)))


def _string(run: Run, value: Json, locale: Json = None) -> str:
    if is_number(value):
        return format_full(value, locale)
    content = bytes_of(run, value)
    return text(run, value) if content is None else text_of(content)


def _bool(arguments: tuple[Closure, ...]) -> Closure:
    operand = arguments[0]
    return lenient(lambda run: _truth(run, operand(run)))


def _truth(run: Run, value: Json) -> bool:
    if is_number(value):
        return bool(value != 0)
    if type(value) is list:
        # The text that is made below is about as long; a value that is too long is refused here.
        run.spend(len(text(run, value)) >> 3)
    run.spend(cost_of(value))
    return is_true(value) and "false" not in javascript_text(value).lower()


def _json(run: Run, value: str) -> Json:
    run.spend((value.count(",") + value.count("[") + value.count("{")) >> 1)
    try:
        return parse_json(value.strip(SPACES).encode("utf-8", "surrogatepass"), run.limits)
    except BadRequest as error:
        raise ExpressionError(f"json() expects a JSON text: {error.message}") from error


def _json_stringify(run: Run, value: Json) -> str:
    if type(value) is str:
        return encode_json(value).decode()
    return "null" if value is None else text(run, value)


CONVERSION_FUNCTIONS = (
    Function(
        "int",
        "conversion",
        (_VALUE,),
        Type.NUMBER,
        "Converts a number, or the digits at the start of a text, to a whole number; returns null for any other value.",
        ("int('10.9')", 10),
        _int,
    ),
    Function(
        "float",
        "conversion",
        (_VALUE,),
        Type.NUMBER,
        "Converts the digits at the start of a text to a number; returns null for other values that are no number.",
        ("float('10.5')", 10.5),
        _float,
    ),
    Function(
        "string",
        "conversion",
        (_VALUE, LOCALE),
        Type.TEXT,
        "Converts a value to text: numbers in the format of a locale (en-US), null to nothing, lists, objects to JSON.",
        ("string(1234.5)", "1,234.5"),
        _string,
    ),
    Function(
        "bool",
        "conversion",
        (_VALUE,),
        Type.BOOLEAN,
        "Returns whether the value is neither false, null, 0 nor a text that contains 'false'.",
        ("bool(0)", False),
        build=_bool,
    ),
    Function(
        "json",
        "conversion",
        (Argument("text", Kind.PRESENT_TEXT),),
        Type.ANY,
        "Reads a JSON text.",
        ("json('{\"a\": 1}')", {"a": 1}),
        _json,
    ),
    Function(
        "jsonStringify",
        "conversion",
        (_VALUE,),
        Type.TEXT,
        "Converts a value to a JSON text.",
        ("jsonStringify('a')", '"a"'),
        _json_stringify,
    ),
)
