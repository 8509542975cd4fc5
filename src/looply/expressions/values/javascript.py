"""ECMAScript's conversion to text, arithmetic and order, for functions of Microsoft's that depend on them."""

import math
from decimal import Decimal

from looply.decimals import Number, comparable, decimal_text
from looply.expressions.values.evaluation import MISSING
from looply.expressions.values.semantics import is_number, number_text
from looply.jsontext import Json

SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""White space of ECMAScript, as the inside of a character class."""
SPACES = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
"""White space of ECMAScript, each character of it."""


def javascript_text(value: Json) -> str:
    """Returns the text of a value. Source: ECMA-262 ToString."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, list):
        return ",".join("" if item is None else javascript_text(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)


def float_text(value: float) -> str:
    """Returns the text of a number that may be infinite or NaN. Source: ECMA-262 Number::toString."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return number_text(value)


def arithmetic(symbol: str, left: float, right: float) -> float:
    """Returns the result of `+`, `-`, `*`, `/` or `%`; it may be NaN or infinite, but is never an error."""
    try:
        match symbol:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case _:
                return math.fmod(left, right)
    except ZeroDivisionError:
        return left * math.copysign(math.inf, right)
    except ValueError:
        return math.nan


Order = tuple[bytes | None, Number | None]
"""The sort key of a value: the UTF-16 code units when it is a text, and its number when it has one."""


def order_of(value: Json) -> Order:
    """Returns the sort key of a value."""
    if value is MISSING:
        return None, None
    primitive = javascript_text(value) if isinstance(value, list | dict) else value
    units = primitive.encode("utf-16-be", "surrogatepass") if isinstance(primitive, str) else None
    return units, _number(primitive)


def order_between(one: Order, two: Order) -> int:
    """Returns -1 when `one < two`, 1 when `two < one`, 0 when neither is so. Source: ECMA-262 IsLessThan."""
    if one[0] is not None and two[0] is not None:
        return (one[0] > two[0]) - (one[0] < two[0])
    if one[1] is None or two[1] is None:
        return 0
    left, right = comparable(one[1], two[1])
    return (left > right) - (left < right)


def _number(value: Json) -> Number | None:
    """Returns the number of a value, None when it has none. Source: ECMA-262 ToNumber, decimal texts only."""
    if is_number(value):
        number: Number = value
        return number
    if value is None or isinstance(value, bool):
        return int(bool(value))
    try:
        return float(value.strip() or "0")
    except ValueError:
        return None
