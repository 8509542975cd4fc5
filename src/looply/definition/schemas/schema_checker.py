"""An author's JSON Schema, compiled: it says how values break it, with a bound on the work, the memory and the answer.

The validator stops at the first break when it is only asked whether a value fits, and makes all errors at once when it
is asked for them: each of a hundred thousand items then has an error with a copy of what was expected. So a value is
measured first, and of one that is large only the first break is looked for, by a form of the schema in which
alternatives say no more than that none of them fits.
"""

from functools import cached_property
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from looply.definition.schemas.schema_problems import problems_of_error
from looply.definition.schemas.schema_weight import schema_weight
from looply.errors import Problem
from looply.jsontext import Json, encode_json

MAX_SCHEMA_BYTES: Final = 256 * 1024
MAX_PROBLEMS: Final = 20
"""Breaks of an author's schema that one answer names."""

MAX_CHECKS: Final = 10_000_000
"""Values times the weight of the schema: more are refused without a look, because they would take seconds."""

LISTED_BYTES: Final = 32 * 1024 * 1024
"""What all errors of one value may take in memory, at most, for them to be made at once."""

_OF_AN_ERROR: Final = 1000
# A huge number is divided digit by digit, at the price of so many checks.
_OF_A_HUGE_NUMBER: Final = 1000
_HUGE: Final = 1e18
_COPIES: Final = 8
_PATTERNS: Final = jsonschema_rs.RegexOptions(size_limit=256 * 1024)
_ONE: Final = ("not", "if", "then", "else", "items", "contains", "propertyNames", "additionalProperties")
_MORE_ONE: Final = ("unevaluatedItems", "unevaluatedProperties")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")


class SchemaChecker:
    """The compiled schema. Nothing outside the schema is ever read.

    Raises: ValueError that says what is wrong with the schema: it is none, is larger than `MAX_SCHEMA_BYTES`, or asks
    for work without a bound (`schema_weight`).
    """

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        text = encode_json(schema)
        self._bytes = len(text)
        self._divides = b'"multipleOf"' in text
        if self._bytes > MAX_SCHEMA_BYTES:
            raise ValueError(f"has {self._bytes} bytes, at most {MAX_SCHEMA_BYTES} are allowed")
        self._validator = _compiled(schema)
        self.weight = schema_weight(schema)

    def problems_of(self, value: Json, base: str = "") -> tuple[Problem, ...]:
        """Returns how a value breaks the schema, `MAX_PROBLEMS` at most; of a large value the first break only.

        `base` is the pointer of the value in the document that the caller knows. A value that would need more than
        `MAX_CHECKS` is refused unseen, by one problem that says so.
        """
        nodes = count_values(value)
        checks = nodes * self.weight
        if checks <= MAX_CHECKS and self._divides:
            checks += _OF_A_HUGE_NUMBER * count_huge(value)
        if checks > MAX_CHECKS:
            message = (
                f"is too much to be checked: {nodes} values, each against up to {self.weight} parts of the schema; "
                f"{checks} checks, and there may be {MAX_CHECKS}"
            )
            return (Problem(path=base, message=message, hint="send less at once, or make the schema simpler"),)
        if self._validator.is_valid(value):
            return ()
        size = nodes * (_OF_AN_ERROR * self.weight + self._bytes) + _COPIES * self.weight * len(encode_json(value))
        if size > LISTED_BYTES:
            return self._first_break(value, base)
        errors = self._validator.iter_errors(value)
        found = (problem for error in errors for problem in problems_of_error(error, base, self._schema))
        return tuple(dict.fromkeys(islice(found, MAX_PROBLEMS)))

    def _first_break(self, value: Json, base: str) -> tuple[Problem, ...]:
        error = first_error(self._brief, value)
        if error is None:
            return (Problem(path=base, message="does not fit the schema"),)
        return tuple(islice(problems_of_error(error, base, None), MAX_PROBLEMS))

    @cached_property
    def _brief(self) -> jsonschema_rs.Draft202012Validator:
        return brief_validator(self._schema)


def brief_validator(schema: Json) -> jsonschema_rs.Draft202012Validator:
    """Returns a validator whose first error is small, however many alternatives the schema has."""
    try:
        return _compiled(_without_alternatives(schema))
    except ValueError:
        # A `$ref` leads into an alternative, which has moved: all that is said is that the value does not fit.
        return _compiled({"not": {}})


def first_error(validator: jsonschema_rs.Draft202012Validator, value: Json) -> jsonschema_rs.ValidationError | None:
    """Returns the first way in which a value breaks a schema, None when it fits."""
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


def count_huge(value: Json) -> int:
    """Returns how many numbers of a JSON value are so large that a division of them takes long."""
    count, pending = 0, [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list):
            pending.extend(item.values() if isinstance(item, dict) else item)
        elif isinstance(item, int | float) and abs(item) >= _HUGE:
            count += 1
    return count


def _compiled(schema: Json) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, offline=True, pattern_options=_PATTERNS, validate_formats=True, mask="***"
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise ValueError(cut(error.message)) from error


def cut(text: str) -> str:
    """Returns the first 200 characters of a message."""
    return text if len(text) <= 200 else f"{text[:200]}..."


def _without_alternatives(schema: Json) -> Json:
    """Returns an equal schema: `anyOf` and `oneOf` are denied twice, so that their errors have no parts."""
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
