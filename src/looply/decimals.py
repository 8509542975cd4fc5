"""Exact decimals: numbers with a fraction that a double would change, as `decimal.Decimal`.

Theory of operation. A number of a JSON text with a fraction or an exponent is a float wherever the shortest text of the
float is the same number, which is so for all with at most 15 significant digits; every other one is a `Decimal`. The
rule depends on the number alone, so that what is stored and read again is the same value of the same type. Arithmetic
with a `Decimal` counts a float as the number that is written for it: `0.1` is a tenth, not the double next to it.
"""

import math
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation
from typing import Final, TypeAlias

Number: TypeAlias = int | float | Decimal

LEAST_CHARACTERS: Final = 17
"""Characters of the shortest text of a number that a double may change: 16 digits and a point, or an exponent."""

_EXACT: Final = Context(
    # Far more than the digits of the largest sum or product of two decimals within `limits.decimal_digits`.
    prec=20_000,
    rounding=ROUND_HALF_EVEN,
    Emin=MIN_EMIN,
    Emax=MAX_EMAX,
    traps=[DivisionByZero, InvalidOperation],
)
_QUOTIENT_DIGITS: Final = 34
"""Significant digits of a quotient at least, as many as IEEE 754 decimal128 has."""
_MORE_DIGITS: Final = 3
"""Significant digits that a quotient has more than the longer of its operands."""
_HALF: Final = Decimal("0.5")
_ONE: Final = Decimal(1)
_NEXT_TO_ZERO: Final = Decimal((0, (1,), MIN_EMIN))


def read_number(text: str) -> float | Decimal:
    """Returns the number of a JSON text that has a fraction or an exponent.

    It is a float, infinite beyond the range of doubles, unless that would change the value: then it is a `Decimal`
    with all digits of the text, zeros at its end included. One that is nearer to zero than any decimal is the nearest
    one, which has more digits than any limit allows.
    """
    made = float(text)
    if len(text) < LEAST_CHARACTERS:
        return made
    shown = repr(made)
    if shown == text or math.isinf(made):
        return made
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent that no decimal has, of zero or of a number next to it
        return _NEXT_TO_ZERO if any(digit in text.lower().partition("e")[0] for digit in "123456789") else made
    if text[-1] != "0" and "e" not in shown and "e" not in text and "E" not in text:
        return exact  # both texts are the shortest of their numbers, and they differ
    return made if exact == Decimal(shown) else exact


def settle(value: Decimal) -> Number:
    """Returns the value as it would be read from its text: as a float where that is the same number.

    Without a fraction and an exponent the text is that of an integer.
    """
    if value.same_quantum(_ONE):
        return int(value)
    made = float(value)
    return made if math.isfinite(made) and Decimal(repr(made)) == value else value


def count_digits(value: Decimal) -> int:
    """Returns the digits that a decimal has when it is written without an exponent."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    return max(len(digits) + max(exponent, 0), -exponent)


def exact(value: Number) -> int | Decimal:
    """Returns the same number in a type that compares exactly: a finite float as the decimal that is written for it."""
    return Decimal(repr(value)) if type(value) is float and math.isfinite(value) else value  # type: ignore[return-value]


def comparable(left: Number, right: Number) -> tuple[Number, Number]:
    """Returns two numbers such that Python's operators compare the numbers as they are written."""
    if type(left) is Decimal or type(right) is Decimal:
        return exact(left), exact(right)
    return left, right


def is_exact(left: Number, right: Number) -> bool:
    """Returns whether one of two numbers is a decimal, so that their result must be computed exactly."""
    return type(left) is Decimal or type(right) is Decimal


def add(left: Number, right: Number) -> Decimal:
    """Returns the exact sum."""
    return _EXACT.add(exact(left), exact(right))


def subtract(left: Number, right: Number) -> Decimal:
    """Returns the exact difference."""
    return _EXACT.subtract(exact(left), exact(right))


def multiply(left: Number, right: Number) -> Decimal:
    """Returns the exact product."""
    return _EXACT.multiply(exact(left), exact(right))


def divide(left: Number, right: Number) -> Decimal:
    """Returns the quotient, rounded half to even to 34 significant digits, or 3 more than the longer operand has.

    Raises: decimal.DivisionByZero or decimal.InvalidOperation when `right` is 0.
    """
    one, other = Decimal(exact(left)), Decimal(exact(right))
    digits = max(len(one.as_tuple().digits), len(other.as_tuple().digits)) + _MORE_DIGITS
    context = _EXACT.copy()
    context.prec = max(_QUOTIENT_DIGITS, digits)
    return context.divide(one, other)


def power(base: Number, exponent: int) -> Decimal:
    """Returns an exact power with an exponent of at least 0."""
    return _EXACT.power(exact(base), exponent)


def negate(value: Decimal) -> Decimal:
    """Returns the negative number; Python's `-` would round it."""
    return value.copy_negate()


def round_half_up(value: Decimal, digits: int) -> Decimal:
    """Returns the number with at most `digits` digits after the point; halves are rounded towards positive infinity."""
    shifted = _EXACT.add(_EXACT.scaleb(value, digits), _HALF)
    return _EXACT.scaleb(shifted.to_integral_value(ROUND_FLOOR, _EXACT), -digits)


def decimal_text(value: Decimal) -> str:
    """Returns all digits without an exponent."""
    return format(value, "f")


def comparing(operator: Callable[[Number, Number], bool]) -> Callable[[Number, Number], bool]:
    """Returns a comparison of Python's that compares floats and decimals as they are written."""
    return lambda left, right: operator(*comparable(left, right))
