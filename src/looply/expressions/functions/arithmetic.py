"""Arithmetic, of operators and functions alike. Integers and decimals are exact; a result must be finite."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import reduce

from looply import decimals
from looply.decimals import count_digits, exact, is_exact
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.values.errors import ExpressionError, ExpressionLimit
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import is_number, is_whole, join, kind_of, number, text
from looply.jsontext import Json

Arithmetic = Callable[[Run, Json, Json], Json]
_SUM = Type.NUMBER | Type.TEXT
_PRECISION = 15
"""Digits after the point to which a double can sensibly be rounded."""


def plus(run: Run, left: Json, right: Json) -> Json:
    """Returns the sum of two numbers, or the concatenation when one value is a text; null is an empty text there."""
    if is_number(left) and is_number(right):
        return number(run, decimals.add(left, right) if is_exact(left, right) else left + right)
    for value, other in ((left, right), (right, left)):
        if not (is_number(value) or type(value) is str or (value is None and not is_number(other))):
            raise ExpressionError(f"`+` expects numbers or texts, found {kind_of(value)}")
    return join(run, [text(run, left), text(run, right)])


def minus(run: Run, left: Json, right: Json) -> Json:
    """Returns the difference of two numbers."""
    _check_numbers("-", left, right)
    return number(run, decimals.subtract(left, right) if is_exact(left, right) else left - right)


def times(run: Run, left: Json, right: Json) -> Json:
    """Returns the product of two numbers."""
    _check_numbers("*", left, right)
    return number(run, decimals.multiply(left, right) if is_exact(left, right) else left * right)


def divide(run: Run, left: Json, right: Json) -> Json:
    """Returns the quotient of two numbers; of whole numbers, rounded down."""
    _check_numbers("/", left, right)
    if right == 0:
        raise ExpressionError("a number cannot be divided by 0")
    if is_whole(left) and is_whole(right):
        return number(run, int(left) // int(right))
    return number(run, _quotient(left, right))


def _quotient(left: Json, right: Json) -> Json:
    return decimals.divide(left, right) if is_exact(left, right) else left / right


def modulo(run: Run, left: Json, right: Json) -> Json:
    """Returns the remainder of two whole numbers, with the sign of the left one."""
    for value in (left, right):
        if not is_whole(value):
            raise ExpressionError(f"`%` expects whole numbers, found {text(run, value) or kind_of(value)}")
    if right == 0:
        raise ExpressionError("a number cannot be divided by 0")
    size = abs(int(left)) % abs(int(right))
    return number(run, -size if left < 0 else size)


def power(run: Run, left: Json, right: Json) -> Json:
    """Returns a number to the power of another; whole numbers exactly."""
    _check_numbers("^", left, right)
    if type(left) is int and type(right) is int and right >= 0:
        # Four bits hold more than one decimal digit: a result over the limit is refused before it is computed.
        if right > 1 and (left.bit_length() - 1) * right > 4 * run.limits.integer_digits:
            raise ExpressionLimit(
                "integer_digits", f"the result is an integer of more than {run.limits.integer_digits} digits"
            )
        return number(run, 1 if right == 0 else left**right if abs(left) > 1 else left ** (2 - right % 2))
    if type(left) is Decimal and type(right) is int and right >= 0:
        if right * count_digits(left) > run.limits.decimal_digits:
            raise ExpressionLimit(
                "decimal_digits", f"the result is a number of more than {run.limits.decimal_digits} digits"
            )
        return number(run, decimals.power(left, right))
    try:
        return number(run, math.pow(left, right))
    except (ValueError, OverflowError) as error:
        raise ExpressionError("the result is not a finite number") from error


def _check_numbers(operator: str, left: Json, right: Json) -> None:
    for value in (left, right):
        if not is_number(value):
            raise ExpressionError(f"`{operator}` expects numbers, found {kind_of(value)}")


def _fold(operation: Arithmetic) -> Callable[..., Json]:
    def call(run: Run, *values: Json) -> Json:
        return reduce(lambda left, right: operation(run, left, right), values)

    return call


def _numbers(run: Run, function: str, values: tuple[Json, ...]) -> Iterator[Json]:
    for value in values:
        if type(value) is list:
            run.spend(len(value) >> 1)
        for item in value if type(value) is list else (value,):
            if not is_number(item):
                raise ExpressionError(f"{function}() expects numbers or lists of them, found {kind_of(item)}")
            yield item


def _extreme(function: str, choose: Callable[..., Json]) -> Callable[..., Json]:
    def call(run: Run, *values: Json) -> Json:
        try:
            found = list(_numbers(run, function, values))
            return choose(found, key=exact) if any(type(value) is Decimal for value in found) else choose(found)
        except ValueError as error:
            raise ExpressionError(f"{function}() expects at least one number, found none") from error

    return call


def _sum(run: Run, values: list[Json]) -> Json:
    return reduce(lambda total, value: plus(run, total, value), _some(run, "sum", values))


def _average(run: Run, values: list[Json]) -> Json:
    return number(run, _quotient(_sum(run, _some(run, "average", values)), len(values)))


def _some(run: Run, function: str, values: list[Json]) -> list[Json]:
    found = list(_numbers(run, function, (values,)))
    if not found:
        raise ExpressionError(f"{function}() expects at least one number, found none")
    return found


def _range(run: Run, start: int, count: int) -> list[Json]:
    if count <= 0:
        raise ExpressionError(f"range() expects a `count` of at least 1, found {count}")
    run.check_items(count)
    for end in (start, start + count - 1):
        number(run, end)
    return list(range(start, start + count))


def _round(run: Run, value: Json, digits: int = 0) -> Json:
    if not 0 <= digits <= _PRECISION:
        raise ExpressionError(f"round() expects 0 to {_PRECISION} as `digits`, found {digits}")
    if type(value) is Decimal:
        return number(run, decimals.round_half_up(value, digits))
    scale = 10**digits
    if type(value) is int or abs(value) >= 2**53:
        return value
    return number(run, math.floor(value * scale + 0.5) / scale)


def _floor(run: Run, value: Json) -> Json:
    return number(run, math.floor(value))


def _ceiling(run: Run, value: Json) -> Json:
    return number(run, math.ceil(value))


def _abs(run: Run, value: Json) -> Json:
    return number(run, value.copy_abs() if type(value) is Decimal else abs(value))


def _sqrt(run: Run, value: Json) -> Json:
    if value < 0:
        raise ExpressionError(f"sqrt() expects a number of at least 0 as `number`, found {value}")
    try:
        return number(run, math.sqrt(value))
    except OverflowError as error:
        raise ExpressionError("the number is too large for a root") from error


def _arithmetic(name: str, operation: Arithmetic, summary: str, example: tuple[str, Json]) -> Function:
    arguments = (Argument("left", type=Type.NUMBER), Argument("right", type=Type.NUMBER, is_repeated=True))
    return Function(name, "math", arguments, Type.NUMBER, summary, example, _fold(operation))


_NUMBERS = (Argument("number or list", is_repeated=True),)
_NUMBER = (Argument("number", Kind.NUMBER),)

ARITHMETIC_FUNCTIONS = (
    Function(
        "add",
        "math",
        (Argument("left", type=_SUM), Argument("right", type=_SUM, is_repeated=True)),
        Type.NUMBER | Type.TEXT,
        "Adds numbers, or concatenates numbers and texts, as `+` does.",
        ("add(1, 2.5)", 3.5),
        _fold(plus),
    ),
    _arithmetic("sub", minus, "Subtracts the later numbers from the first, as `-` does.", ("sub(5, 2)", 3)),
    _arithmetic("mul", times, "Multiplies numbers, as `*` does.", ("mul(2, 3, 4)", 24)),
    _arithmetic("div", divide, "Divides numbers; whole ones are rounded down, as `/` does.", ("div(7, 2)", 3)),
    Function(
        "max",
        "math",
        _NUMBERS,
        Type.NUMBER,
        "Returns the largest of numbers and lists of them.",
        ("max(createArray(1, 9), 5)", 9),
        _extreme("max", max),
    ),
    Function(
        "min",
        "math",
        _NUMBERS,
        Type.NUMBER,
        "Returns the smallest of numbers and lists of them.",
        ("min(createArray(1, 9), 5)", 1),
        _extreme("min", min),
    ),
    Function(
        "round",
        "math",
        (Argument("number", Kind.NUMBER), Argument("digits", Kind.WHOLE, is_optional=True)),
        Type.NUMBER,
        "Rounds to a number of digits after the point; halves round up.",
        ("round(3.55, 1)", 3.6),
        _round,
    ),
    Function(
        "mod",
        "math",
        (Argument("left", type=Type.NUMBER), Argument("right", type=Type.NUMBER)),
        Type.NUMBER,
        "Returns the remainder of two whole numbers, as `%` does.",
        ("mod(7, 3)", 1),
        _fold(modulo),
    ),
    Function(
        "sum",
        "math",
        (Argument("numbers", Kind.LIST),),
        Type.NUMBER,
        "Adds the numbers of a list.",
        ("sum(createArray(1, 2, 3.5))", 6.5),
        _sum,
    ),
    Function(
        "average",
        "math",
        (Argument("numbers", Kind.LIST, type=Type.ANY),),
        Type.NUMBER,
        "Returns the mean of the numbers of a list.",
        ("average(createArray(1, 2, 3))", 2),
        _average,
    ),
    Function(
        "range",
        "math",
        (Argument("start", Kind.WHOLE), Argument("count", Kind.WHOLE)),
        Type.LIST,
        "Returns a list of `count` whole numbers, from `start` on.",
        ("range(3, 4)", [3, 4, 5, 6]),
        _range,
    ),
    Function(
        "floor",
        "math",
        _NUMBER,
        Type.NUMBER,
        "Rounds down to a whole number.",
        ("floor(-3.2)", -4),
        _floor,
    ),
    Function(
        "ceiling",
        "math",
        _NUMBER,
        Type.NUMBER,
        "Rounds up to a whole number.",
        ("ceiling(-3.2)", -3),
        _ceiling,
    ),
    Function(
        "abs",
        "math",
        _NUMBER,
        Type.NUMBER,
        "Returns the absolute value.",
        ("abs(-3.2)", 3.2),
        _abs,
    ),
    Function(
        "sqrt",
        "math",
        _NUMBER,
        Type.NUMBER,
        "Returns the square root.",
        ("sqrt(9)", 3),
        _sqrt,
    ),
    Function(
        "exp",
        "math",
        (Argument("base", type=Type.NUMBER), Argument("exponent", type=Type.NUMBER, is_repeated=True)),
        Type.NUMBER,
        "Raises a number to the power of another, as `^` does.",
        ("exp(2, 10)", 1024),
        _fold(power),
    ),
)
