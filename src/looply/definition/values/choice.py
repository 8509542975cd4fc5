"""The rules of the conditional steps: the 24 Choice operators of the Amazon States Language.

A variable that is missing, or of another type than the operator compares, makes a rule false; only the `Is...` tests
look at presence and type themselves. `Not` negates the rule that is its value. Strings compare by code point.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from operator import eq, ge, gt, le, lt
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import msgspec

from looply.decimals import comparing
from looply.definition.values.duration import find_moment
from looply.expressions import Evaluation, Fuel, Template
from looply.jsontext import Json

Operand: TypeAlias = Literal["boolean", "number", "text", "time", "rule"]
_Test: TypeAlias = Callable[[bool, Json, Json], bool]
_Compare: TypeAlias = Callable[[Any, Any], bool]
_NUMBERS: Final = (int, float, Decimal)


class Operator(msgspec.Struct, frozen=True):
    """One operator: its title, the type that it compares, and its test of (is present, variable, value)."""

    name: str
    title: str
    operand: Operand
    test: _Test

    @property
    def is_type_test(self) -> bool:
        """Whether it is one of the `Is...` tests, which compare with true or false (true when left out)."""
        return self.name.startswith("Is")


class Rule(msgspec.Struct, frozen=True):
    """One comparison. For `Not`, `value` is the negated rule and `variable` is that rule's."""

    variable: Template
    operator: str
    value: "Template | Rule"

    def holds(self, evaluation: Evaluation) -> bool:
        """Returns whether the rule is true of the data.

        Raises: ExpressionError when an expression cannot be evaluated.
        """
        return self.holds_by(lambda template: template.lookup(evaluation), evaluation.fuel)

    def holds_by(self, look_up: "LookUp", fuel: Fuel | None) -> bool:
        """Returns whether the rule is true of the values that `look_up` returns; comparing them spends `fuel`.

        Raises: as `holds`.
        """
        if isinstance(self.value, Rule):
            return not self.value.holds_by(look_up, fuel)
        is_present, variable = look_up(self.variable)
        _, operand = look_up(self.value)
        if fuel is not None:
            fuel.spend(_work(self.operator, variable, operand))
        return OPERATORS[self.operator].test(is_present, variable, operand)


LookUp: TypeAlias = Callable[[Template], tuple[bool, Json]]
"""Returns whether the value of a template is present, and the value."""


def _work(operator: str, variable: Json, operand: Json) -> int:
    """Returns the units of work of a comparison, by the lengths of its texts and of its pattern."""
    units = 1
    for value in (variable, operand):
        if isinstance(value, str):
            units += len(value) >> 6
    if operator == "StringMatches" and isinstance(operand, str):
        units += len(operand) >> 2
    return units


def is_number(value: Json) -> bool:
    """Returns whether a value is a number; booleans are not."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def fits_operand(operand: Operand, value: Json) -> bool:
    """Returns whether a comparison with this constant can ever be true."""
    match operand:
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return is_number(value)
        case "time":
            return isinstance(value, str) and find_moment(value) is not None
        case _:
            return isinstance(value, str)


def matches_pattern(text: str, pattern: str) -> bool:
    """Returns whether the whole text matches a pattern in which `*` matches any characters.

    A backslash makes the next character literal. Takes time in proportion to the text.
    """
    first, *rest = _literals(pattern)
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for literal in middle:
        found = text.find(literal, position, end) if position <= end else -1
        if found < 0:
            return False
        position = found + len(literal)
    return position <= end


@lru_cache(maxsize=1024)
def _literals(pattern: str) -> tuple[str, ...]:
    """Returns the literals between the wildcards of a pattern, so always one more than there are wildcards."""
    literals = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            literals.append("")
        else:
            literals[-1] += next(characters, "\\") if character == "\\" else character
    return tuple(literals)


def _boolean_equals(is_present: bool, variable: Json, value: Json) -> bool:  # noqa: ARG001
    return isinstance(variable, bool) and isinstance(value, bool) and variable == value


def _string_matches(is_present: bool, variable: Json, value: Json) -> bool:  # noqa: ARG001
    return isinstance(variable, str) and isinstance(value, str) and matches_pattern(variable, value)


def _numbers(compare: _Compare) -> _Test:
    compare = comparing(compare)
    return lambda _, variable, value: is_number(variable) and is_number(value) and compare(variable, value)


def _texts(compare: _Compare) -> _Test:
    return lambda _, variable, value: isinstance(variable, str) and isinstance(value, str) and compare(variable, value)


def _times(compare: _Compare) -> _Test:
    def test(_: bool, variable: Json, value: Json) -> bool:
        if not isinstance(variable, str) or not isinstance(value, str):
            return False
        left, right = find_moment(variable), find_moment(value)
        return left is not None and right is not None and compare(left, right)

    return test


def _is(matches: Callable[[Json], bool]) -> _Test:
    return lambda is_present, variable, value: isinstance(value, bool) and (is_present and matches(variable)) == value


def _is_timestamp(value: Json) -> bool:
    return isinstance(value, str) and find_moment(value) is not None


def _never(is_present: bool, variable: Json, value: Json) -> bool:  # noqa: ARG001
    return False  # `Rule.holds` evaluates `Not`: it knows the rule that is negated


def _table() -> dict[str, Operator]:
    families: tuple[tuple[str, Operand, Callable[[_Compare], _Test]], ...] = (
        ("Numeric", "number", _numbers),
        ("String", "text", _texts),
        ("Timestamp", "time", _times),
    )
    comparisons: tuple[tuple[str, str, _Compare], ...] = (
        ("Equals", "equals", eq),
        ("GreaterThan", "is greater than", gt),
        ("GreaterThanEquals", "is greater than or equals", ge),
        ("LessThan", "is less than", lt),
        ("LessThanEquals", "is less than or equals", le),
    )
    table = [
        Operator("BooleanEquals", "Boolean equals", "boolean", _boolean_equals),
        Operator("IsBoolean", "Is boolean", "boolean", _is(lambda value: isinstance(value, bool))),
        Operator("IsNull", "Is null", "boolean", _is(lambda value: value is None)),
        Operator("IsNumeric", "Is numeric", "boolean", _is(is_number)),
        Operator("IsPresent", "Is present", "boolean", _is(lambda _: True)),
        Operator("IsString", "Is string", "boolean", _is(lambda value: isinstance(value, str))),
        Operator("IsTimestamp", "Is timestamp", "boolean", _is(_is_timestamp)),
        Operator("Not", "Not", "rule", _never),
        Operator("StringMatches", "String matches", "text", _string_matches),
    ]
    for family, operand, build in families:
        for name, title, compare in comparisons:
            table.append(Operator(f"{family}{name}", f"{family} {title}", operand, build(compare)))
    return {operator.name: operator for operator in sorted(table, key=lambda operator: operator.name)}


OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(_table())
"""The operators by name, in alphabetical order."""
