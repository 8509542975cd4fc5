"""Comparisons as closures. What cannot be evaluated compares as false, as Microsoft's do, with `!=` too."""

import operator
from collections.abc import Callable

from looply.expressions.closures.conditions import FAILURE
from looply.expressions.errors import ExpressionError, ExpressionLimit
from looply.expressions.evaluation import Closure, Run
from looply.expressions.values import LONG, compared, equal
from looply.jsontext import Json

_ORDER: dict[str, Callable[[Json, Json], Json]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS = frozenset({int, float})
_EXACT = frozenset({int, str, bool})


def comparison(symbol: str, left: Closure, right: Closure) -> Closure:
    """Returns the closure of `<`, `<=`, `>`, `>=`, `==` or `!=` between two operands that are both evaluated."""
    if symbol in _ORDER:
        return _ordering(_ORDER[symbol], left, right)
    return _equality(left, right, wanted=symbol == "==")


def comparing(symbol: str) -> Callable[[Run, Json, Json], Json]:
    """Returns what a comparison does with two values that are there."""
    if symbol in _ORDER:
        compare = _ORDER[symbol]
        return lambda _, one, two: compared(compare, one, two)
    wanted = symbol == "=="
    return lambda run, one, two: equal(run, one, two) is wanted


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
        return compared(compare, one, two)

    return evaluate


def _equality(left: Closure, right: Closure, *, wanted: bool) -> Closure:
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
            return (one == two) is wanted
        return equal(run, one, two) is wanted

    return evaluate
