"""Comparisons and arithmetic of JSPath: the rules of ECMAScript, on JSON values and on missing ones."""

import math
import operator
import re
from collections.abc import Callable, Mapping

from looply.expressions.values.evaluation import MISSING, Run
from looply.expressions.values.javascript import SPACES, arithmetic, float_text, javascript_text
from looply.expressions.values.semantics import identical, is_number, text
from looply.jsontext import Json

_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_CONTAINERS = frozenset({list, dict})

Operator = Callable[[Run, Json, Json], bool]


def text_of(run: Run, value: Json) -> str:
    """Returns the text of a value. Source: ECMA-262 ToString. Raises: ExpressionLimit."""
    if value is MISSING:
        return "undefined"
    if type(value) in _CONTAINERS:
        text(run, value)  # charges for the value, and refuses one that is too long
    made = float_text(value) if type(value) is float else javascript_text(value)
    run.spend(len(made) >> 6)
    return made


def number_of(run: Run, value: Json) -> float:
    """Returns the number of a value, NaN when it has none. Source: ECMA-262 ToNumber, decimal texts only."""
    if is_number(value):
        return float(value)
    if value is None or isinstance(value, bool):
        return float(bool(value))
    if value is MISSING:
        return math.nan
    digits = text_of(run, value).strip(SPACES)
    return float(digits or "0") if not digits or _DECIMAL.fullmatch(digits) else math.nan


def is_truthy(value: Json) -> bool:
    """Returns whether a scalar counts as true. Source: ECMA-262 ToBoolean."""
    return bool(value) and value == value  # noqa: PLR0124  # NaN alone is not itself


def add(run: Run, left: Json, right: Json) -> Json:
    """Returns the sum of two values, a text unless both are numbers, truth values or null."""
    if _is_textual(left) or _is_textual(right):
        one, two = text_of(run, left), text_of(run, right)
        run.check_text(len(one) + len(two))
        return one + two
    return number_of(run, left) + number_of(run, right)


def compute(run: Run, symbol: str, left: Json, right: Json) -> Json:
    """Returns the result of an operator between two values."""
    if symbol == "+":
        return add(run, left, right)
    return arithmetic(symbol, number_of(run, left), number_of(run, right))


def is_less(run: Run, left: Json, right: Json, *, or_equal: bool = False) -> bool:
    """Returns whether `left < right`, or `left <= right`. Source: ECMA-262 IsLessThan."""
    compare = operator.le if or_equal else operator.lt
    if _is_textual(left) and _is_textual(right):
        one, two = text_of(run, left), text_of(run, right)
        return bool(compare(one.encode("utf-16-be", "surrogatepass"), two.encode("utf-16-be", "surrogatepass")))
    return bool(compare(number_of(run, left), number_of(run, right)))


def _loosely_equal(run: Run, left: Json, right: Json) -> bool:
    """Source: ECMA-262 IsLooselyEqual."""
    if left is None or left is MISSING or right is None or right is MISSING:
        return (left is None or left is MISSING) and (right is None or right is MISSING)
    if type(left) in _CONTAINERS and type(right) in _CONTAINERS:
        return left is right
    if _is_textual(left) and _is_textual(right):
        return text_of(run, left) == text_of(run, right)
    return number_of(run, left) == number_of(run, right)


def _equal(run: Run, left: Json, right: Json) -> bool:
    if type(left) is str and type(right) is str:
        return _fold_case(run, left) == _fold_case(run, right)
    return _loosely_equal(run, left, right)


def _strictly_equal(run: Run, left: Json, right: Json) -> bool:
    if type(left) is str and type(right) is str:
        run.spend(len(left) >> 6)
    return left is right if left is MISSING or right is MISSING else identical(left, right)


def _fold_case(run: Run, value: Json) -> str:
    return text_of(run, value).lower()


def _on_texts(compare: Callable[[str, str], bool]) -> Operator:
    def strict(run: Run, left: Json, right: Json) -> bool:
        if type(left) is not str or type(right) is not str:
            return False
        run.spend((len(left) + len(right)) >> 6)
        return compare(left, right)

    return strict


def _without_case(compare: Callable[[str, str], bool]) -> Operator:
    def loose(run: Run, left: Json, right: Json) -> bool:
        if left is None or left is MISSING or right is None or right is MISSING:
            return False
        return compare(_fold_case(run, left), _fold_case(run, right))

    return loose


def _swap_operands(compare: Operator) -> Operator:
    return lambda run, left, right: compare(run, right, left)


def _is_textual(value: Json) -> bool:
    return type(value) is str or type(value) in _CONTAINERS


_STARTS: Callable[[str, str], bool] = str.startswith
_ENDS: Callable[[str, str], bool] = str.endswith


def _contains(left: str, right: str) -> bool:
    return right in left


OPERATORS: Mapping[str, Operator] = {
    "==": _equal,
    "!=": lambda run, left, right: not _loosely_equal(run, left, right),
    "===": _strictly_equal,
    "!==": lambda run, left, right: not _strictly_equal(run, left, right),
    "<": is_less,
    ">": _swap_operands(is_less),
    "<=": lambda run, left, right: is_less(run, left, right, or_equal=True),
    ">=": lambda run, left, right: is_less(run, right, left, or_equal=True),
    "^==": _on_texts(_STARTS),
    "==^": _swap_operands(_on_texts(_STARTS)),
    "^=": _without_case(_STARTS),
    "=^": _swap_operands(_without_case(_STARTS)),
    "$==": _on_texts(_ENDS),
    "==$": _swap_operands(_on_texts(_ENDS)),
    "$=": _without_case(_ENDS),
    "=$": _swap_operands(_without_case(_ENDS)),
    "*==": _on_texts(_contains),
    "==*": _swap_operands(_on_texts(_contains)),
    "*=": _without_case(_contains),
    "=*": _swap_operands(_without_case(_contains)),
}
"""The function of each comparison operator."""
