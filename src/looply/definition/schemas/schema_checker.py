"""Validation of values against an author's JSON Schema, with bounds on work, memory and the number of problems.

The validator stops at the first violation when only validity is asked for, but collects all errors at once when they
are: each of a hundred thousand items then has an error with a copy of the expected schema. So a value is measured
first. For a large one only the first violation is reported, by a variant of the schema in which the errors of
alternatives have no parts.
"""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from itertools import islice
from math import inf
from typing import Any, Final

import jsonschema_rs

from looply.definition.schemas.schema_problems import problems_of_error
from looply.definition.schemas.schema_weight import schema_weight
from looply.errors import Problem, say
from looply.jsontext import Json, encode_json

MAX_SCHEMA_BYTES: Final = 256 * 1024
MAX_PROBLEMS: Final = 20
"""Violations of an author's schema that are reported at most."""

MAX_CHECKS: Final = 5_000_000
"""The most checks of one value: values times the weight of the schema, and so on (`Weights`).

Larger ones are refused without running: the validator holds the interpreter until it has ended, in a thread too, and
so many checks take 25 milliseconds.
"""

LISTED_BYTES: Final = 32 * 1024 * 1024
"""The most memory for all errors of one value; when they would take more, only the first is created."""

_OF_AN_ERROR: Final = 1000
# Comparing a number digit by digit, because it is none of the processor, costs as much as this many checks.
_OF_A_HUGE_NUMBER: Final = 360
_HUGE: Final = 1e18
_CHARACTERS: Final = 8
"""The characters of a text are counted in pieces of this length."""
# The items of a list that must be unique are hashed whole, and compared where their hashes are equal.
_HASHED: Final = 14
_COMPARED: Final = 80
_DOUBLE: Final = 2**53
"""Integers from here on have the hash of the double that is next to them."""
_MAX_DOUBLE_BITS: Final = 1024
_COPIES: Final = 8
_PATTERNS: Final = jsonschema_rs.RegexOptions(size_limit=256 * 1024)
_ONE: Final = ("not", "if", "then", "else", "items", "contains", "propertyNames", "additionalProperties")
_MORE_ONE: Final = ("unevaluatedItems", "unevaluatedProperties")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")


class SchemaChecker:
    """The compiled schema. It never loads other documents.

    Raises: ValueError that says why the schema is not usable: it is invalid, is larger than `MAX_SCHEMA_BYTES`, or
    requires unbounded work (`schema_weight`).
    """

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        text = encode_json(schema)
        self._bytes = len(text)
        if self._bytes > MAX_SCHEMA_BYTES:
            raise ValueError(f"has {self._bytes} bytes, at most {MAX_SCHEMA_BYTES} are allowed")
        self._validator = _compile(schema)
        self.weights = schema_weight(schema)

    @property
    def titles(self) -> Mapping[str, str]:
        """The titles of the members of an object, by name, where its schema has them in `properties`."""
        members = self._schema.get("properties") if isinstance(self._schema, dict) else None
        found = members.items() if isinstance(members, dict) else ()
        titles = {name: member.get("title") for name, member in found if isinstance(member, dict)}
        return {name: title for name, title in titles.items() if isinstance(title, str)}

    def problems_of(self, value: Json, base: str = "") -> tuple[Problem, ...]:
        """Returns how a value violates the schema, at most `MAX_PROBLEMS`; for a large value the first violation only.

        `base` is the pointer of the value in the caller's document. A value that would need more than `MAX_CHECKS`
        checks is refused without checking it, with one problem that says so.
        """
        nodes = count_values(value)
        checks = self._count_checks(value, nodes)
        if checks > MAX_CHECKS:
            message = say(
                "TOO_LARGE_TO_CHECK",
                "is too large to be checked: {nodes} values, each against up to {weight} parts of the schema; "
                "{checks} checks, at most {limit} are allowed",
                nodes=nodes,
                weight=self.weights.values,
                checks=checks,
                limit=MAX_CHECKS,
            )
            return (Problem.of(base, message, say("SEND_LESS", "send less at once, or make the schema simpler")),)
        if self._validator.is_valid(value):
            return ()
        each = self.weights.values
        size = nodes * (_OF_AN_ERROR * each + self._bytes) + _COPIES * each * len(encode_json(value))
        if size > LISTED_BYTES:
            return self._first_break(value, base)
        errors = self._validator.iter_errors(value)
        found = (problem for error in errors for problem in problems_of_error(error, base, self._schema))
        return tuple(dict.fromkeys(islice(found, MAX_PROBLEMS)))

    def _count_checks(self, value: Json, nodes: int) -> int:
        """Returns how many checks a value of so many values needs; what is over `MAX_CHECKS` is not counted further."""
        values, characters, numbers, lists = self.weights
        checks = nodes * values
        if checks <= MAX_CHECKS and characters:
            checks += len(encode_json(value)) * characters // _CHARACTERS
        if checks <= MAX_CHECKS and numbers:
            checks += _OF_A_HUGE_NUMBER * numbers * count_huge(value)
        if checks <= MAX_CHECKS and lists:
            checks += lists * (_HASHED * count_within_lists(value) + count_comparisons(value, nodes))
        return checks

    def _first_break(self, value: Json, base: str) -> tuple[Problem, ...]:
        error = first_error(self._brief, value)
        if error is None:
            return (Problem.of(base, say("NOT_FITTING", "does not fit the schema")),)
        return tuple(islice(problems_of_error(error, base, None), MAX_PROBLEMS))

    @cached_property
    def _brief(self) -> jsonschema_rs.Draft202012Validator:
        return brief_validator(self._schema)


def brief_validator(schema: Json) -> jsonschema_rs.Draft202012Validator:
    """Returns a validator whose first error is small, no matter how many alternatives the schema has."""
    try:
        return _compile(_without_alternatives(schema))
    except ValueError:
        # A `$ref` leads into an alternative, which has moved: the error only says that the value does not fit.
        return _compile({"not": {}})


def first_error(validator: jsonschema_rs.Draft202012Validator, value: Json) -> jsonschema_rs.ValidationError | None:
    """Returns the first violation of a schema by a value, None when it is valid."""
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return error
    return None


def count_values(value: Json) -> int:
    """Returns how many values a JSON value holds, itself among them."""
    count, pending = 1, [value]
    while pending:
        item = pending.pop()
        kind = type(item)
        if kind is dict or kind is list:
            count += len(item)
            pending.extend(item.values() if kind is dict else item)
    return count


def count_within_lists(value: Json) -> int:
    """Returns how many values are in the lists of a JSON value, each once for every list around it."""
    count = 0
    pending: list[tuple[Json, int]] = [(value, 0)]
    while pending:
        item, lists = pending.pop()
        count += lists
        if isinstance(item, dict | list):
            around = lists + isinstance(item, list)
            pending.extend((each, around) for each in (item.values() if isinstance(item, dict) else item))
    return count


def count_comparisons(value: Json, nodes: int) -> int:
    """Returns the checks of comparing the large integers of a JSON value of so many values that have equal hashes."""
    equal: Counter[float] = Counter()
    pending: list[Json] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list):
            pending.extend(item.values() if isinstance(item, dict) else item)
        elif type(item) is int and abs(item) >= _DOUBLE:
            equal[float(item) if item.bit_length() < _MAX_DOUBLE_BITS else inf] += 1
    most = max(equal.values(), default=0)
    return sum(count * count for count in equal.values()) * max(_COMPARED, nodes // most) if most > 1 else 0


def count_huge(value: Json) -> int:
    """Returns how many numbers of a JSON value are compared and divided digit by digit: large ones and decimals."""
    count = 0
    pending: list[Json] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list):
            pending.extend(item.values() if isinstance(item, dict) else item)
        elif isinstance(item, Decimal) or (isinstance(item, int | float) and not -_HUGE < item < _HUGE):
            count += 1
    return count


def _compile(schema: Json) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, offline=True, pattern_options=_PATTERNS, validate_formats=True, mask="***"
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise ValueError(truncate(error.message)) from error


def truncate(text: str) -> str:
    """Returns the first 200 characters of a message."""
    return text if len(text) <= 200 else f"{text[:200]}..."


def _without_alternatives(schema: Json) -> Json:
    """Returns an equivalent schema: `anyOf` and `oneOf` are negated twice, so that their errors have no parts."""
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = dict(schema)
    for name in (*_ONE, *_MORE_ONE):
        if name in made:
            made[name] = _without_alternatives(made[name])
    for name in _LISTS:
        if isinstance(made.get(name), list):
            made[name] = [_without_alternatives(part) for part in made[name]]
    for name in _MAPS:
        if isinstance(made.get(name), dict):
            made[name] = {key: _without_alternatives(part) for key, part in made[name].items()}
    denied = [{"not": {"not": {name: made.pop(name)}}} for name in ("anyOf", "oneOf") if name in made]
    if denied:
        made["allOf"] = [*made.get("allOf", ()), *denied]
    return made
