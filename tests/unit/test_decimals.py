"""Numbers that a double would change: read, settled, computed and written with all their digits."""

import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.decimals import (
    add,
    comparable,
    comparing,
    count_digits,
    decimal_text,
    divide,
    multiply,
    power,
    read_number,
    round_half_up,
    settle,
    subtract,
)

LONG = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**28), max_value=10**28)


@pytest.mark.parametrize("text", ["1.5", "0.1", "22899.420", "1e5", "0.30000000000000004", "1.7976931348623157e308"])
def test_a_number_that_a_double_keeps_is_a_float(text: str) -> None:
    found = read_number(text)
    assert type(found) is float
    assert found == float(text)


@pytest.mark.parametrize(
    "text",
    [
        "99999999999999.99",
        "12345678901234567890123456.120",
        "0.1000000000000000055511151231257827",
        "-1234567890.1234567891",
    ],
)
def test_a_number_that_a_double_changes_is_a_decimal_with_its_digits(text: str) -> None:
    found = read_number(text)
    assert type(found) is Decimal
    assert str(found) == text


def test_zeros_at_the_end_alone_make_no_decimal() -> None:
    assert type(read_number("1.50000000000000000000")) is float
    assert read_number("1e400") == float("inf")
    assert read_number("1e-400") == 0.0


@given(LONG)
def test_a_settled_value_is_read_back_from_its_text_as_it_is(value: Decimal) -> None:
    found = settle(value)
    text = decimal_text(found) if isinstance(found, Decimal) else repr(found)
    again = int(text) if isinstance(found, int) else read_number(text)
    assert (type(again), again) == (type(found), found)


@given(LONG, LONG)
def test_sums_and_products_have_every_digit(left: Decimal, right: Decimal) -> None:
    one, other = Fraction(left), Fraction(right)
    assert Fraction(add(left, right)) == one + other
    assert Fraction(subtract(left, right)) == one - other
    assert Fraction(multiply(left, right)) == one * other


def test_a_float_counts_as_the_number_that_is_written() -> None:
    assert add(0.1, Decimal("0.10000000000000000001")) == Decimal("0.20000000000000000001")
    left, right = comparable(0.1, Decimal("0.1000000000000000055511151231257827021181583404541015625"))
    assert left < right


@pytest.mark.parametrize(("compare", "expected"), [(operator.lt, True), (operator.ge, False), (operator.eq, False)])
def test_a_comparison_sees_the_last_digit(compare: Any, expected: bool) -> None:
    assert comparing(compare)(0.1, Decimal("0.10000000000000000001")) is expected


def test_a_quotient_has_34_digits_or_more_than_its_operands() -> None:
    assert divide(Decimal("1.0000000000000000001"), 3) == Decimal("0." + "3" * 19 + "6" + "6" * 13 + "7")
    long = Decimal("1." + "1" * 60)
    assert multiply(divide(long, 2), 2) == long


def test_powers_and_rounding_are_exact() -> None:
    assert power(Decimal("1.00000000000000001"), 3) == Decimal("1.000000000000000030000000000000000300000000000000001")
    assert round_half_up(Decimal("-2.5000000000000000"), 0) == -2
    assert round_half_up(Decimal("12345678901234567890.125"), 2) == Decimal("12345678901234567890.13")


def test_digits_are_counted_as_they_would_be_written() -> None:
    assert count_digits(Decimal("1.5")) == 2
    assert count_digits(Decimal("1e100")) == 101
    assert count_digits(Decimal("1.5e-100")) == 101
