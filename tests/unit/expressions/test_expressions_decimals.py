"""Expressions on exact decimals: arithmetic, comparison, texts, and what settles back to a float."""

from decimal import Decimal
from typing import Any

import pytest

from looply.expressions import ExpressionError

BIG = Decimal("12345678901234567890123456.120")
NEAR = Decimal("0.10000000000000000001")
DATA: dict[str, Any] = {
    "big": BIG,
    "near": NEAR,
    "tenth": 0.1,
    "half": Decimal("12345678901234567890.5"),
    "less": Decimal("-12345678901234567890.5"),
    "list": [BIG, 2, 0.5],
    "rows": [{"amount": BIG, "name": "c"}, {"amount": 7, "name": "a"}, {"amount": NEAR, "name": "b"}],
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("big", BIG),
        ("big + 0", BIG),
        ("big - 0.12", Decimal("12345678901234567890123456.000")),
        ("big * 10", Decimal("123456789012345678901234561.200")),
        ("big / 2", Decimal("6172839450617283945061728.06")),
        ("-big", Decimal("-12345678901234567890123456.120")),
        ("-12345678901234567890.125", Decimal("-12345678901234567890.125")),
        ("abs(less)", Decimal("12345678901234567890.5")),
        ("half - 12345678901234567890", 0.5),
        ("big - big", 0),
        ("half ^ 2", Decimal("152415787532388367514250878776253619990.25")),
        ("max(list)", BIG),
        ("min(near, tenth)", 0.1),
        ("max(near, tenth)", NEAR),
        ("sum(list)", Decimal("12345678901234567890123458.620")),
        ("average(createArray(half, half))", Decimal("12345678901234567890.5")),
        ("round(half)", 12345678901234567891),
        ("round(big, 1)", Decimal("12345678901234567890123456.1")),
        ("floor(less)", -12345678901234567891),
        ("ceiling(half)", 12345678901234567891),
        ("int(half)", 12345678901234567890),
        ("float('12345678901234567890123456.120')", BIG),
        ("json('[12345678901234567890123456.120]')", [BIG]),
        ("sqrt(mul(big, 0))", 0),
        ("12345678901234567890.000 % 7", 12345678901234567890 % 7),
    ],
)
def test_arithmetic_keeps_every_digit(source: str, expected: Any, value: Any) -> None:
    found = value(source, DATA)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("near > tenth", True),
        ("near == tenth", False),
        ("near != tenth", True),
        ("near >= 0.1 && near < 0.2", True),
        ("big > 1000", True),
        ("big == 12345678901234567890123456.12", True),
        ("big == 12345678901234567890123456.121", False),
        ("less < -1", True),
        ("isInteger(half)", False),
        ("isFloat(half)", True),
        ("bool(near)", True),
        ("contains(createArray(near), tenth)", False),
        ("contains(list, big)", True),
    ],
)
def test_comparisons_see_the_last_digit(source: str, expected: bool, value: Any) -> None:
    assert value(source, DATA) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("`${big}`", "12345678901234567890123456.120"),
        ("concat(big, ' EUR')", "12345678901234567890123456.120 EUR"),
        ("string(big)", "12,345,678,901,234,567,890,123,456.120"),
        ("string(big, 'de-DE')", "12.345.678.901.234.567.890.123.456,120"),
        ("formatNumber(half, 2)", "12,345,678,901,234,567,890.50"),
        ("formatNumber(big, 1, 'de-DE')", "12.345.678.901.234.567.890.123.456,1"),
        ("formatNumber(less, 0)", "-12,345,678,901,234,567,890"),
        ("string(createArray(big))", "[12345678901234567890123456.120]"),
        ("join(createArray(big, 1), '; ')", "12345678901234567890123456.120; 1"),
        ("jsonStringify(rows[0])", '{"amount":12345678901234567890123456.120,"name":"c"}'),
        ("join(select(sortBy(rows, 'amount'), x, x.name), '')", "bac"),
    ],
)
def test_texts_have_every_digit(source: str, expected: str, value: Any) -> None:
    assert value(source, DATA) == expected


def test_a_decimal_that_becomes_too_long_is_an_error_that_names_the_limit(value: Any) -> None:
    with pytest.raises(ExpressionError, match="1000 digits"):
        value("long * long", {"long": Decimal("0." + "7" * 700)})
    with pytest.raises(ExpressionError, match="1000 digits"):
        value("long ^ 5", {"long": Decimal("0." + "7" * 700)})


@pytest.mark.parametrize("source", ["addDays('2026-11-28T00:00:00.000Z', near)", "formatEpoch(near)"])
def test_functions_on_dates_take_a_decimal(source: str, value: Any) -> None:
    assert isinstance(value(source, DATA), str)


@pytest.mark.parametrize("source", ["substring('abc', near)", "list[near]", "skip(list, near)", "near % 2"])
def test_a_decimal_with_a_fraction_is_no_whole_number(source: str, value: Any) -> None:
    with pytest.raises(ExpressionError, match="whole number"):
        value(source, DATA)
