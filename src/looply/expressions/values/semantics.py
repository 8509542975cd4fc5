"""The semantics of values: truth, text, numbers, equality and order.

Microsoft has two implementations of the language that differ in details; where they do, this follows the JavaScript
one, which also renders the preview of cards. Text is counted in characters, not in UTF-16 units, so that no function
can split a character.
"""

import math
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from looply.decimals import Number, comparable, count_digits, decimal_text, exact, settle
from looply.expressions.values.errors import ExpressionError, ExpressionLimit, NotComparable
from looply.expressions.values.evaluation import Run
from looply.jsontext import Json, encode_json

LONG = 1024
"""The number of characters from which on comparing a text is charged."""
_EXACT = 2**53
"""Up to here a double holds every whole number, so a whole float and the integer are one value."""
_POWER = re.compile(rb"[0-9](?:e[0-9]|E)")
_SCALARS = frozenset({int, float, Decimal, str, bool})
_ORDERED = frozenset({int, float, Decimal, str})
NUMBERS = frozenset({int, float, Decimal})
"""The types of numbers; `bool` is none."""
_DOUBLES = frozenset({int, float})
_CONTAINERS = frozenset({list, dict})
Kind: TypeAlias = Literal["null", "boolean", "number", "text", "list", "object"]
"""The kind of a JSON value."""

_KINDS: dict[type, Kind] = {
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "text",
    list: "list",
    dict: "object",
}


def kind_of(value: Json) -> Kind:
    """Returns the name of the kind of a value, for messages."""
    return _KINDS.get(type(value), "null")


def is_true(value: Json) -> bool:
    """Returns whether a value counts as true: all do except false and null, so 0 and the empty text do."""
    return value is not None and value is not False


def is_number(value: Json) -> bool:
    """Returns whether the value is a number; booleans are not."""
    return type(value) in NUMBERS


def is_whole(value: Json) -> bool:
    """Returns whether the value is a number without a fraction."""
    if type(value) is Decimal:
        return bool(value == value.to_integral_value())
    return type(value) is int or (type(value) is float and value.is_integer())


def number(run: Run, value: Json) -> Json:
    """Returns a computed number as a value: whole floats become integers where that is exact, decimals floats.

    Raises: ExpressionError when it is infinite or not a number, ExpressionLimit for too many digits.
    """
    if type(value) is Decimal:
        value = _settled(run, value)
        if type(value) is Decimal:
            return value
    if type(value) is int:
        if not -_EXACT < value < _EXACT and abs(value) >= 10**run.limits.integer_digits:
            raise ExpressionLimit(
                "integer_digits", f"the result is an integer of more than {run.limits.integer_digits} digits"
            )
        return value
    if not math.isfinite(value):
        raise ExpressionError("the result is not a finite number")
    if -_EXACT < value < _EXACT and value.is_integer():
        return int(value)
    return value


def _settled(run: Run, value: Decimal) -> Number:
    if count_digits(value) > run.limits.decimal_digits:
        raise ExpressionLimit(
            "decimal_digits", f"the result is a number of more than {run.limits.decimal_digits} digits"
        )
    return settle(value)


def number_text(value: float) -> str:
    """Returns a float as ECMAScript prints it: `1.0` as `1`, `1e-05` as `0.00001`.

    Source: ECMA-262 Number::toString.
    """
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if 1e-6 <= abs(value) < 1e-4 or _EXACT <= abs(value) < 1e21:
        return format(Decimal(repr(value)), "f")
    return repr(value).replace("e-0", "e-")


def text(run: Run, value: Json) -> str:
    """Returns the value converted to text: null as nothing, lists and objects as JSON.

    Raises: ExpressionLimit when the text is over the limit.
    """
    kind = type(value)
    if kind is str:
        return str(value)
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return number_text(value)
    if kind is Decimal:
        return decimal_text(value)
    return _json(run, value)


def _json(run: Run, value: Json) -> str:
    if is_longer(run, value, run.limits.expression_text_characters):
        raise ExpressionLimit(
            "expression_text_characters",
            f"a text of more than {run.limits.expression_text_characters} characters was requested",
        )
    encoded = encode_json(value)
    run.spend(len(encoded) >> 6)
    if b".0" in encoded or _POWER.search(encoded) is not None:
        run.spend(encoded.count(b","))
        encoded = encode_json(_with_integers(value))
    run.check_text(len(encoded))
    return encoded.decode()


def is_longer(run: Run, value: Json, characters: int) -> bool:
    """Returns whether the JSON text of a value surely has more characters than that. Raises: ExpressionLimit.

    A value may contain the same list many times, so that its text would exceed the memory; this check precedes the
    conversion. It never counts more characters than the text has.
    """
    left = characters
    pending = [value]
    while pending and left >= 0:
        item = pending.pop()
        kind = type(item)
        if kind is str:
            left -= len(item) + 2
        elif kind is list:
            left -= len(item) + 1
            run.spend(1 + (len(item) >> 2))
            pending.extend(item)
        elif kind is dict:
            left -= len(item) + 1 + sum(map(len, item))
            run.spend(1 + (len(item) >> 2))
            pending.extend(item.values())
        elif kind is Decimal:
            left -= len(str(item))
        else:
            left -= 1
    return left < 0


def _with_integers(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _with_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    if isinstance(value, Decimal):
        return msgspec.Raw(decimal_text(value).encode())
    return msgspec.Raw(number_text(value).encode()) if isinstance(value, float) else value


def join(run: Run, pieces: list[str]) -> str:
    """Returns the pieces as one text. Raises: ExpressionLimit when it is over the limit."""
    characters = sum(map(len, pieces))
    run.check_text(characters)
    run.spend(characters >> 6)
    return "".join(pieces)


def equal(run: Run, left: Json, right: Json) -> bool:
    """Returns whether two values are equal: by value and kind, texts by case, `1` and `1.0` are one number.

    Numbers that differ by less than the machine epsilon are equal, but not within objects; these are Microsoft's rules.
    """
    kind, other = type(left), type(right)
    if kind in _DOUBLES and other in _DOUBLES:
        return bool(left == right or abs(left - right) < sys.float_info.epsilon)
    if kind in NUMBERS and other in NUMBERS:
        return bool(exact(left) == exact(right))
    if kind is not other:
        return False
    if kind in _SCALARS:
        if kind is str and len(left) > LONG:
            run.spend(len(left) >> 6)
        return bool(left == right)
    return left is right or _equal_inside(run, left, right)


def _equal_inside(run: Run, left: Json, right: Json) -> bool:
    pending = [(left, right, False)]
    while pending:
        one, two, is_exact = pending.pop()
        kind = type(one)
        if kind not in _CONTAINERS or type(two) is not kind:
            if kind is str and is_exact and len(one) > LONG:
                run.spend(len(one) >> 6)
            if not (_identical(one, two) if is_exact else equal(run, one, two)):
                return False
        elif len(one) != len(two):
            return False
        elif kind is list:
            run.spend(len(one))
            pending.extend((value, other, is_exact) for value, other in zip(one, two, strict=True))
        else:
            run.spend(len(one))
            if one.keys() != two.keys():
                return False
            pending.extend((value, two[key], True) for key, value in one.items())
    return True


def identical(left: Json, right: Json) -> bool:
    """Returns whether two values are the same: scalars by value and kind, lists and objects by identity."""
    if type(left) in _CONTAINERS:
        return left is right
    return _identical(left, right)


def _identical(left: Json, right: Json) -> bool:
    if type(left) in NUMBERS and type(right) in NUMBERS:
        left, right = comparable(left, right)
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def compare_order(operator: Callable[[Json, Json], Json], left: Json, right: Json) -> bool:
    """Returns whether a comparison by order holds; it never does with null. Texts compare by code point.

    Raises: NotComparable for values that have no order.
    """
    if left is None or right is None:
        return False
    kind, other = type(left), type(right)
    if kind in NUMBERS and other in NUMBERS:
        return bool(operator(*comparable(left, right)))
    if kind is other and kind in _ORDERED:
        return bool(operator(left, right))
    raise NotComparable(f"expected two numbers or two texts to compare, found {kind_of(left)} and {kind_of(right)}")
