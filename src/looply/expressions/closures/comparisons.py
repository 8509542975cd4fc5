"""Comparisons as closures. One with an operand that cannot be evaluated is false, also with `!=`, as Microsoft's."""

import operator
from collections.abc import Callable

from looply.expressions.closures.conditions import FAILURE
from looply.expressions.values.errors import ExpressionError, ExpressionLimit
from looply.expressions.values.evaluation import Closure, Run
from looply.expressions.values.semantics import LONG, compare_order, equal
from looply.jsontext import Json

_ORDER: dict[str, Callable[[Json, Json], Json]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS = frozenset({int, float})
"""The types of numbers that Python compares by value; decimals among floats are left to `compare_order`."""
_EXACT = frozenset({int, str, bool})


def comparison(symbol: str, left: Closure, right: Closure) -> Closure:
    """Returns the closure of `<`, `<=`, `>`, `>=`, `==` or `!=` between two operands that are both evaluated."""
    if symbol in _ORDER:
        return _ordering(_ORDER[symbol], left, right)
    return _equality(left, right, is_equal=symbol == "==")


def comparison_function(symbol: str) -> Callable[[Run, Json, Json], Json]:
    """Returns the function that compares two values."""
    if symbol in _ORDER:
        compare = _ORDER[symbol]
        return lambda _, one, two: compare_order(compare, one, two)
    is_equal = symbol == "=="
    return lambda run, one, two: equal(run, one, two) is is_equal


def _ordering(compare: Callable[[Json, Json], Json], left: Closure, right: Closure) -> Closure:
    def evaluate(run: Run) -> Json:
        try:
            one, two = left(run), right(run)
        except ExpressionLimit:
            raise
        except ExpressionError:
            run.spend(FAILURE)
            return False
        kind, other = type(one), type(two)
        if kind in _NUMBERS and other in _NUMBERS:
            return compare(one, two)
        if kind is str and other is str:
            if len(one) > LONG:
                run.spend(len(one) >> 6)
            return compare(one, two)
        return compare_order(compare, one, two)

    return evaluate


def _equality(left: Closure, right: Closure, *, is_equal: bool) -> Closure:
    def evaluate(run: Run) -> Json:
        try:
            one, two = left(run), right(run)
        except ExpressionLimit:
            raise
        except ExpressionError:
            run.spend(FAILURE)
            return False
        kind = type(one)
        if kind is type(two) and kind in _EXACT:
            if kind is str and len(one) > LONG:
                run.spend(len(one) >> 6)
            return (one == two) is is_equal
        return equal(run, one, two) is is_equal

    return evaluate
