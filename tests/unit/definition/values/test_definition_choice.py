"""The 24 Choice operators."""

from collections.abc import Callable
from typing import Any

import pytest

from looply.definition import OPERATORS, Rule
from looply.definition.values.choice import matches_pattern
from looply.expressions import Evaluation, parse_template

Of = Callable[..., Evaluation]
WRONG_TYPES: list[Any] = [None, True, 1, 1.5, "text", "2030-01-01T00:00:00Z", [], {}]


def rule(operator: str, value: Any, variable: str = "${payload.x}") -> Rule:
    return Rule(parse_template(variable), operator, parse_template(value))


def holds(evaluation: Of, operator: str, variable: Any, value: Any) -> bool:
    return rule(operator, value).holds(evaluation(payload={"x": variable}))


def test_there_are_the_24_operators_of_the_amazon_states_language() -> None:
    assert len(OPERATORS) == 24
    assert list(OPERATORS) == sorted(OPERATORS)


@pytest.mark.parametrize(
    ("operator", "variable", "value", "expected"),
    [
        ("BooleanEquals", True, True, True),
        ("BooleanEquals", False, True, False),
        ("BooleanEquals", 1, True, False),
        ("BooleanEquals", True, 1, False),
        ("NumericEquals", 1, 1.0, True),
        ("NumericEquals", 2**64, 2**64 + 1, False),
        ("NumericEquals", True, 1, False),
        ("NumericEquals", 1, True, False),
        ("NumericEquals", "1", 1, False),
        ("NumericGreaterThan", 2, 1, True),
        ("NumericGreaterThan", 1, 1, False),
        ("NumericGreaterThanEquals", 1, 1, True),
        ("NumericLessThan", 1, 2, True),
        ("NumericLessThan", 1, 1, False),
        ("NumericLessThanEquals", 1, 1, True),
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", 1, "1", False),
        ("StringGreaterThan", "\U0001f600", "\uffee", True),
        ("StringGreaterThan", "a", "B", True),
        ("StringGreaterThanEquals", "a", "a", True),
        ("StringLessThan", "", "a", True),
        ("StringLessThan", "a", "a", False),
        ("StringLessThanEquals", "a", "a", True),
        ("StringMatches", "log-2030.txt", "log-*.txt", True),
        ("StringMatches", "log-2030.csv", "log-*.txt", False),
        ("StringMatches", 1, "*", False),
        ("StringMatches", "a", 1, False),
        ("TimestampEquals", "2030-01-01T00:00:00Z", "2030-01-01T01:00:00+01:00", True),
        ("TimestampEquals", "2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00.500Z", True),
        ("TimestampEquals", "2030-01-01", "2030-01-01", False),
        ("TimestampEquals", 1, "2030-01-01T00:00:00Z", False),
        ("TimestampGreaterThan", "2030-01-01T00:00:00.0000000001Z", "2030-01-01T00:00:00Z", True),
        ("TimestampGreaterThanEquals", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00-00:00", True),
        ("TimestampLessThan", "2029-12-31T23:59:59.99Z", "2029-12-31T23:59:59.999Z", True),
        ("TimestampLessThan", "2030-01-01T00:00:00Z", "never", False),
        ("TimestampLessThanEquals", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z", True),
        ("IsNull", None, True, True),
        ("IsNull", 0, True, False),
        ("IsNull", 0, False, True),
        ("IsBoolean", False, True, True),
        ("IsBoolean", 0, True, False),
        ("IsNumeric", 1.5, True, True),
        ("IsNumeric", True, True, False),
        ("IsString", "", True, True),
        ("IsString", None, True, False),
        ("IsTimestamp", "2030-01-01T00:00:00Z", True, True),
        ("IsTimestamp", "tomorrow", True, False),
        ("IsTimestamp", 5, False, True),
        ("IsPresent", None, True, True),
        ("IsPresent", None, False, False),
        ("IsPresent", 1, "true", False),
    ],
)
def test_an_operator_compares_as_the_amazon_states_language_does(
    evaluation: Of, operator: str, variable: Any, value: Any, expected: bool
) -> None:
    assert holds(evaluation, operator, variable, value) is expected


@pytest.mark.parametrize("operator", [name for name in OPERATORS if not name.startswith("Is") and name != "Not"])
def test_a_missing_variable_makes_a_comparison_false(evaluation: Of, operator: str) -> None:
    for value in WRONG_TYPES:
        assert not rule(operator, value).holds(evaluation(payload={}))


@pytest.mark.parametrize("operator", [name for name in OPERATORS if name.startswith("Is")])
def test_a_missing_variable_has_no_type_and_is_not_present(evaluation: Of, operator: str) -> None:
    assert not rule(operator, True).holds(evaluation(payload={}))
    assert rule(operator, False).holds(evaluation(payload={}))


def test_a_variable_that_is_more_than_a_path_is_always_present(evaluation: Of) -> None:
    nothing = evaluation(payload={})
    assert rule("IsPresent", True, "${coalesce(payload.x, payload.y)}").holds(nothing)
    assert rule("IsPresent", True, "x").holds(nothing)


def test_not_negates_its_rule(evaluation: Of) -> None:
    inner = rule("StringEquals", "a")
    outer = Rule(inner.variable, "Not", inner)
    assert not outer.holds(evaluation(payload={"x": "a"}))
    assert outer.holds(evaluation(payload={"x": 1}))
    assert outer.holds(evaluation(payload={}))


def test_the_value_may_be_an_expression(evaluation: Of) -> None:
    assert rule("NumericLessThan", "${payload.limit}").holds(evaluation(payload={"x": 1, "limit": 2}))
    assert not rule("NumericLessThan", "${payload.limit}").holds(evaluation(payload={"x": 1}))


def test_the_table_itself_never_decides_not() -> None:
    assert not OPERATORS["Not"].test(True, 1, 1)


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("", "", True),
        ("a", "", False),
        ("", "*", True),
        ("abc", "a*c", True),
        ("ac", "a*c", True),
        ("a", "a*a", False),
        ("aa", "a*a", True),
        ("abab", "*ab*ab", True),
        ("ab", "*ab*ab", False),
        ("abcabd", "a*b*d", True),
        ("aXbYc", "a*b*c*d", False),
        ("ab", "ab*b", False),
        ("a*c", r"a\*c", True),
        ("abc", r"a\*c", False),
        ("a\\c", r"a\\c", True),
        ("a\\", "a\\", True),
        ("ab", r"a\b", True),
        ("a\nb", "a*b", True),
        ("a", "**", True),
        ("aba", "ab*ba", False),
        ("aXa", "a*aXa*a", False),
    ],
)
def test_a_star_matches_anything_and_a_backslash_makes_literal(text: str, pattern: str, expected: bool) -> None:
    assert matches_pattern(text, pattern) is expected


def test_a_hostile_pattern_takes_linear_time() -> None:
    assert not matches_pattern("a" * 100_000, "*a" * 5_000 + "*b*")
