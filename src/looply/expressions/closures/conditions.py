"""Conditions: operands whose truth alone counts. One that cannot be evaluated is false, as in Microsoft's."""

from collections.abc import Callable

from looply.expressions.values.errors import ExpressionError, ExpressionLimit, NotComparable
from looply.expressions.values.evaluation import Closure, Run
from looply.expressions.values.semantics import is_true
from looply.jsontext import Json

Condition = Callable[[Run], bool]
FAILURE = 5
"""Units of work of a failure that counts as false: its error was created, located and caught."""


def condition(operand: Closure) -> Condition:
    """Returns the condition of an operand. An exceeded limit is an error here too."""

    def holds(run: Run) -> bool:
        try:
            return is_true(operand(run))
        except ExpressionLimit:
            raise
        except ExpressionError:
            run.spend(FAILURE)
            return False

    return holds


def negation(operand: Closure) -> Closure:
    """Returns whether the operand does not hold."""
    holds = condition(operand)
    return lambda run: not holds(run)


def conjunction(operands: tuple[Closure, ...]) -> Closure:
    """Returns whether all operands hold; evaluates up to the first that does not."""
    conditions = tuple(condition(operand) for operand in operands)

    def evaluate(run: Run) -> bool:
        for holds in conditions:  # noqa: SIM110  # a generator costs more than the loop
            if not holds(run):
                return False
        return True

    return evaluate


def disjunction(operands: tuple[Closure, ...]) -> Closure:
    """Returns true if any operand holds, evaluating up to it; else the value of the last one: false or null.

    An operand that cannot be evaluated is null, and an impossible comparison is false, as in Microsoft's.
    """

    def evaluate(run: Run) -> bool | None:
        value = None
        for operand in operands:
            try:
                value = operand(run)
            except ExpressionLimit:
                raise
            except ExpressionError as error:
                run.spend(FAILURE)
                value = False if isinstance(error, NotComparable) else None
            if is_true(value):
                return True
        return value

    return evaluate


def lenient(closure: Closure) -> Closure:
    """Returns the closure, with false as the value when it cannot be evaluated."""

    def evaluate(run: Run) -> Json:
        try:
            return closure(run)
        except ExpressionLimit:
            raise
        except ExpressionError:
            run.spend(FAILURE)
            return False

    return evaluate


def choice(first: Closure, yes: Closure, no: Closure) -> Closure:
    """Returns one of two values; only the chosen one is evaluated."""
    holds = condition(first)
    return lambda run: yes(run) if holds(run) else no(run)


def first_present(operands: tuple[Closure, ...]) -> Closure:
    """Returns the first value that is not null. All are evaluated, as Microsoft's are: one that fails is an error."""

    def evaluate(run: Run) -> Json:
        values = [operand(run) for operand in operands]
        return next((value for value in values if value is not None), None)

    return evaluate
