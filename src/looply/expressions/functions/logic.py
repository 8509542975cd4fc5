"""Logical functions. Conditions that cannot be evaluated are false."""

from functools import partial

from looply.expressions.closures.comparisons import comparison
from looply.expressions.closures.conditions import choice, conjunction, disjunction, first_present, lenient, negation
from looply.expressions.functions.declaring.declaration import Argument, Function, Type
from looply.expressions.values.evaluation import Closure, Run

_CONDITION = Argument("condition")
_CONDITIONS = (Argument("condition", is_repeated=True),)


def _if(arguments: tuple[Closure, ...]) -> Closure:
    return choice(*arguments)


def _not(arguments: tuple[Closure, ...]) -> Closure:
    return negation(arguments[0])


def _exists(arguments: tuple[Closure, ...]) -> Closure:
    operand = arguments[0]
    return lenient(lambda run: operand(run) is not None)


def _equals(arguments: tuple[Closure, ...]) -> Closure:
    return comparison("==", *arguments)


def _comparison(symbol: str, arguments: tuple[Closure, ...]) -> Closure:
    return comparison(symbol, *arguments)


def _first(arguments: tuple[Closure, ...]) -> Closure:
    return arguments[0]


def _empty(arguments: tuple[Closure, ...]) -> Closure:
    operand = arguments[0]

    def evaluate(run: Run) -> bool:
        value = operand(run)
        return value is None or (type(value) in {str, list, dict} and not value)

    return lenient(evaluate)


LOGIC_FUNCTIONS = (
    Function(
        "if",
        "logic",
        (_CONDITION, Argument("yes"), Argument("no")),
        Type.ANY,
        "Returns `yes` when the condition holds, else `no`; only false and null do not hold.",
        ("if(2 > 1, 'more', 'less')", "more"),
        build=_if,
    ),
    Function(
        "equals",
        "logic",
        (Argument("left"), Argument("right")),
        Type.BOOLEAN,
        "Returns whether two values are equal, lists and objects by their contents.",
        ("equals(1, 1.0)", True),
        build=_equals,
    ),
    *(
        Function(
            name,
            "logic",
            (Argument("left"), Argument("right")),
            Type.BOOLEAN,
            f"Returns whether `left` is {words} `right`, both numbers or both texts; always false with null.",
            example,
            build=partial(_comparison, symbol),
        )
        for name, symbol, words, example in (
            ("greater", ">", "more than", ("greater(2, 1)", True)),
            ("greaterOrEquals", ">=", "at least", ("greaterOrEquals(1, 1)", True)),
            ("less", "<", "less than", ("less(2, 1)", False)),
            ("lessOrEquals", "<=", "at most", ("lessOrEquals(1, 1)", True)),
        )
    ),
    Function(
        "and",
        "logic",
        _CONDITIONS,
        Type.BOOLEAN,
        "Returns whether all conditions hold.",
        ("and(true, false)", False),
        build=conjunction,
    ),
    Function(
        "or",
        "logic",
        _CONDITIONS,
        Type.BOOLEAN,
        "Returns whether any condition holds.",
        ("or(true, false)", True),
        build=disjunction,
    ),
    Function(
        "not",
        "logic",
        (_CONDITION,),
        Type.BOOLEAN,
        "Returns whether the condition does not hold.",
        ("not(false)", True),
        build=_not,
    ),
    Function(
        "ignore",
        "logic",
        (Argument("condition", type=Type.BOOLEAN),),
        Type.BOOLEAN,
        "Returns the condition unchanged.",
        ("ignore(true)", True),
        build=_first,
    ),
    Function(
        "exists",
        "logic",
        (Argument("value"),),
        Type.BOOLEAN,
        "Returns whether the value can be evaluated and is not null.",
        ("exists(json('{\"a\": 1}').a)", True),
        build=_exists,
    ),
    Function(
        "empty",
        "logic",
        (Argument("value"),),
        Type.BOOLEAN,
        "Returns whether the value is null or an empty text, list or object.",
        ("empty('')", True),
        build=_empty,
    ),
    Function(
        "coalesce",
        "logic",
        (Argument("value", is_repeated=True),),
        Type.ANY,
        "Returns the first value that is not null.",
        ("coalesce(null, 'x')", "x"),
        build=first_present,
    ),
)
