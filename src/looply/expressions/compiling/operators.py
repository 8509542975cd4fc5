"""Operators as closures. The errors of each have its position."""

from dataclasses import dataclass

from looply.expressions.closures.comparisons import comparison, comparison_function
from looply.expressions.closures.conditions import FAILURE, negation
from looply.expressions.functions.arithmetic import Arithmetic, divide, minus, modulo, plus, power, times
from looply.expressions.functions.texts.text import concatenate
from looply.expressions.values.errors import ExpressionError, ExpressionLimit
from looply.expressions.values.evaluation import MISSING, Closure, Run
from looply.expressions.values.semantics import join, text
from looply.jsontext import Json

_ARITHMETIC: dict[str, Arithmetic] = {
    "+": plus,
    "-": minus,
    "*": times,
    "/": divide,
    "%": modulo,
    "^": power,
}


def with_location(closure: Closure, source: str, position: int) -> Closure:
    """Returns the closure with a position added to its errors, unless an inner one has added its own."""

    def evaluate(run: Run) -> Json:
        try:
            return closure(run)
        except ExpressionError as error:
            error.locate(source, position)
            raise

    return evaluate


def binary(symbol: str, left: Closure, right: Closure) -> Closure:
    """Returns the closure of one operator between two operands that are both evaluated."""
    if symbol in _ARITHMETIC:
        operation = _ARITHMETIC[symbol]
        return lambda run: operation(run, left(run), right(run))
    return comparison(symbol, left, right)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operator of a chain, the operand to its right, and its position."""

    apply: Arithmetic
    operand: Closure
    position: int


def operation(symbol: str, operand: Closure, position: int) -> Operation:
    """Returns one link of a chain of arithmetic, of order or of equalities."""
    if symbol in _ARITHMETIC:
        return Operation(_ARITHMETIC[symbol], operand, position)
    return Operation(comparison_function(symbol), operand, position)


def comparison_chain(first: Closure, links: tuple[Operation, ...], source: str) -> Closure:
    """Returns the closure of a chain of comparisons: each compares the result of the one before."""

    def evaluate(run: Run) -> Json:
        value = _try_evaluate(first, run)
        for link in links:
            operand = _try_evaluate(link.operand, run)
            if value is MISSING or operand is MISSING:
                value = False
                continue
            try:
                value = link.apply(run, value, operand)
            except ExpressionError as error:
                if link is not links[-1] and not isinstance(error, ExpressionLimit):
                    run.spend(FAILURE)
                    value = MISSING
                    continue
                error.locate(source, link.position)
                raise
        return value

    return evaluate


def _try_evaluate(closure: Closure, run: Run) -> Json:
    """Returns the value, or MISSING when it cannot be evaluated."""
    try:
        return closure(run)
    except ExpressionLimit:
        raise
    except ExpressionError:
        run.spend(FAILURE)
        return MISSING


def arithmetic_chain(first: Closure, links: tuple[Operation, ...], source: str) -> Closure:
    """Returns the closure of a chain of arithmetic of one rank, from left to right."""

    def evaluate(run: Run) -> Json:
        position = links[0].position
        try:
            value = first(run)
            for link in links:
                position = link.position
                value = link.apply(run, value, link.operand(run))
        except ExpressionError as error:
            error.locate(source, position)
            raise
        return value

    return evaluate


def concatenation(operands: tuple[Closure, ...]) -> Closure:
    """Returns the closure of `a & b & ...`: lists together are a list, anything else is a text."""
    return lambda run: concatenate(run, *(operand(run) for operand in operands))


def interpolation(pieces: tuple[str | Closure, ...]) -> Closure:
    """Returns the closure of a text with expressions in it."""

    def evaluate(run: Run) -> str:
        return join(run, [piece if isinstance(piece, str) else text(run, piece(run)) for piece in pieces])

    return evaluate


def unary(symbol: str, operand: Closure) -> Closure:
    """Returns the closure of `!`, `-` or `+` before an operand; a sign subtracts it from 0, or adds it to 0."""
    if symbol == "!":
        return negation(operand)
    operation = _ARITHMETIC[symbol]
    return lambda run: operation(run, 0, operand(run))
