"""Checks a definition against its JSON Schema, one step at a time, so that few errors are in memory at once."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import jsonschema_rs

from looply.definition.schemas.schema import definition_schema
from looply.definition.schemas.schema_checker import (
    MAX_CHECKS,
    brief_validator,
    count_comparisons,
    count_values,
    first_error,
)
from looply.definition.schemas.schema_problems import Patterns, problems_of_error
from looply.definition.values.pointer import join_pointer
from looply.errors import Problem, say
from looply.jsontext import Json

MAX_PROBLEMS: Final = 1000
"""Problems that are reported at most; a hostile document could have a hundred thousand."""

LISTED_VALUES: Final = 2000
"""For a part of a definition with more values only the first problem is reported."""

_SCHEMA: Final = definition_schema()
_LISTS: Final[Mapping[str, str]] = {"workflow_steps": "step", "workflow_connections": "edge"}
"""List of a definition -> the schema of its items."""


class _Part:
    """The schema of a whole definition, or of an item of one of its lists."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self._validator = jsonschema_rs.Draft202012Validator(
            schema, pattern_options=jsonschema_rs.RegexOptions(), mask="***"
        )
        self._brief: jsonschema_rs.Draft202012Validator | None = None

    def problems(self, value: Json, base: str, patterns: Patterns) -> Iterator[Problem]:
        """Yields how a value violates the schema; for a large value only the first violation."""
        if self._validator.is_valid(value):
            return
        if count_values(value) <= LISTED_VALUES:
            for error in self._validator.iter_errors(value):
                yield from problems_of_error(error, base, self._schema, patterns)
            return
        self._brief = self._brief or brief_validator(self._schema)
        if first := first_error(self._brief, value):
            yield from problems_of_error(first, base, None, patterns)


_WHOLE: Final = _Part(_SCHEMA)
_ITEMS: Final = {name: _Part({"$ref": f"#/$defs/{kind}", "$defs": _SCHEMA["$defs"]}) for name, kind in _LISTS.items()}


def document_problems(document: Json, patterns: Patterns) -> tuple[Problem, ...]:
    """Returns how a definition violates its JSON Schema, at most `MAX_PROBLEMS`: of the document, then of its items.

    `patterns` is passed to `problems_of_error`. A document that would take too long to be checked has one problem that
    says so.
    """
    lists = list(_unique_lists(document))
    if lists and count_comparisons(lists, count_values(lists)) > MAX_CHECKS:
        message = say("LARGE_INTEGERS", "has too many large integers of nearly the same value to be checked")
        return (Problem.of("", message, say("WRITE_AS_TEXTS", "write them as texts")),)
    return tuple(islice(_distinct(_problems(document, patterns)), MAX_PROBLEMS))


def _unique_names(schema: Json) -> Iterator[str]:
    """Yields the names of the members of a schema whose lists may have no item twice."""
    pending: list[Json] = [schema]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            members = item.get("properties")
            if isinstance(members, dict):
                yield from (name for name, each in members.items() if isinstance(each, dict) and "uniqueItems" in each)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


_UNIQUE: Final = frozenset(_unique_names(_SCHEMA))


def _unique_lists(document: Json) -> Iterator[Json]:
    """Yields the lists of a definition whose items the schema compares, by their names wherever these are."""
    pending: list[Json] = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield from (item[name] for name in _UNIQUE if isinstance(item.get(name), list))
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _distinct(problems: Iterator[Problem]) -> Iterator[Problem]:
    seen: set[Problem] = set()
    for problem in problems:
        if problem not in seen:
            seen.add(problem)
            yield problem


def _problems(document: Json, patterns: Patterns) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield from _WHOLE.problems(document, "", patterns)
        return
    # A list keeps its first item, so that the schema's own rule for it, not to be empty, still applies.
    lists = {name: document[name] for name in _LISTS if isinstance(document.get(name), list)}
    heads = {name: items[:1] for name, items in lists.items()}
    own = _WHOLE.problems({**document, **heads}, "", patterns)
    within = tuple(f"/{name}/0" for name in lists)
    yield from (problem for problem in own if not problem.path.startswith(within))
    for name, items in lists.items():
        for index, item in enumerate(items):
            yield from _ITEMS[name].problems(item, join_pointer("", name, index), patterns)
