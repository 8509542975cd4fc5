"""The check of any JSON value as a definition returns findings whose paths point into it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from looply.definition import (
    OPERATORS,
    STEP_TYPES,
    Duration,
    Findings,
    diff_definitions,
    parse_definition,
    parse_duration,
    parse_instant,
)
from looply.definition.schemas.settings_schema import SETTINGS
from looply.definition.values.choice import matches_pattern
from looply.definition.values.duration import find_moment
from looply.definition.values.pointer import join_pointer, points_into, split_pointer
from looply.errors import DefinitionError

FIELDS = sorted({field for schema in SETTINGS.values() for field in schema["properties"]})
WORDS = ["", "next", "a", "b", "WorkflowStartState", "GET", "send", "update", "first", "REQUEST", "SCHEDULED", "and"]
MARKS = ["${payload.output.x}", "${a.output}", "${", "${a b}", "P1D", "PT0S", "4xx", "https://a", "/output/x", "UTC"]
TEXTS = st.sampled_from([*WORDS, *MARKS, *OPERATORS, "2030-01-01T00:00:00Z"]) | st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*FIELDS, "id", "value", "operator", "variable"]) | st.text(max_size=3), inner, max_size=4
        )
    ),
    max_leaves=12,
)
IDS = st.sampled_from(["WorkflowStartState", "a", "b", "c", "payload"])


def settings_of(name: str) -> st.SearchStrategy[Any]:
    fields = dict.fromkeys(SETTINGS[name]["properties"], VALUES)
    return st.fixed_dictionaries({}, optional=fields)


STEPS = st.sampled_from(list(STEP_TYPES)).flatmap(
    lambda name: st.fixed_dictionaries(
        {"id": IDS, "type": st.just(name), "settings": settings_of(name)},
        optional={"retry": VALUES, "timeout": TEXTS, "on_unknown": TEXTS, "secret": st.lists(TEXTS, max_size=2)},
    )
)
EDGES = st.fixed_dictionaries({"from": IDS, "to": IDS}, optional={"branch": TEXTS})
DEFINITIONS = st.fixed_dictionaries(
    {
        "workflow_name": st.just("x") | VALUES,
        "workflow_steps": st.lists(STEPS, max_size=5) | VALUES,
        "workflow_connections": st.lists(EDGES, max_size=5) | VALUES,
    },
    optional={"workflow_settings": VALUES, "workflow_schema": VALUES, "workflow_integrations": VALUES},
)
MARKED = st.lists(st.sampled_from(["a", "b", "*", "\\", "\\*", "."]), max_size=8).map("".join)


def hold_together(document: Any, findings: Findings) -> None:
    assert (findings.workflow is None) == bool(findings.errors)
    for problem in (*findings.errors, *findings.warnings):
        assert problem.message
        assert points_into(document, problem.path), problem


@given(VALUES)
def test_any_json_value_gives_findings(document: Any) -> None:
    hold_together(document, parse_definition(document))


@given(DEFINITIONS)
def test_any_likely_definition_gives_findings_that_point_into_it(document: Any) -> None:
    findings = parse_definition(document)
    hold_together(document, findings)
    if findings.workflow is not None:
        assert diff_definitions(document, document) == ()


@given(st.lists(st.text() | st.integers(min_value=0), max_size=5))
def test_a_pointer_is_parsed_to_its_names(parts: list[Any]) -> None:
    assert split_pointer(join_pointer("", *parts)) == tuple(map(str, parts))


@given(st.text(max_size=12) | st.from_regex(r"P([0-9]{1,3}[YMWD]){0,3}(T([0-9]{1,3}[HMS]){0,3})?", fullmatch=True))
def test_a_text_is_a_duration_or_is_refused(text: str) -> None:
    try:
        duration = parse_duration(text)
    except DefinitionError:
        return
    assert text.startswith("P")
    start = datetime(2030, 3, 30, 12, tzinfo=UTC)
    assert duration.after(start, "Europe/Berlin") >= start
    assert duration.is_zero == (duration == Duration())


@given(st.datetimes(timezones=st.just(UTC)), st.integers(min_value=-1439, max_value=1439))
def test_an_instant_is_the_same_in_every_offset(instant: datetime, minutes: int) -> None:
    sign, hours, rest = "-" if minutes < 0 else "+", *divmod(abs(minutes), 60)
    try:
        local = instant.replace(tzinfo=None) + (datetime(2000, 1, 2) - datetime(2000, 1, 1)) * minutes / 1440  # noqa: DTZ001
    except OverflowError:
        return
    text = f"{local.isoformat()}{sign}{hours:02}:{rest:02}"
    assert parse_instant(text) == instant
    assert find_moment(text) == find_moment(instant.isoformat().replace("+00:00", "Z"))


def fits_slowly(text: str, pattern: str) -> bool:
    """The definition of a pattern, tried in every way."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(fits_slowly(text[start:], pattern[1:]) for start in range(len(text) + 1))
    literal, rest = (pattern[1], pattern[2:]) if pattern[0] == "\\" and len(pattern) > 1 else (pattern[0], pattern[1:])
    return text[:1] == literal and fits_slowly(text[1:], rest)


@given(st.text("ab*\\.", max_size=8), MARKED)
def test_a_pattern_matches_as_its_definition_says(text: str, pattern: str) -> None:
    assert matches_pattern(text, pattern) == fits_slowly(text, pattern)


# The first draw of a type builds a strategy from its schema, which is slow.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.parametrize("name", list(STEP_TYPES))
@given(data=st.data())
def test_one_step_of_any_type_gives_findings(name: str, data: st.DataObject) -> None:
    document = {
        "workflow_name": "x",
        "workflow_steps": [
            {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
            {"id": "a", "type": name, "settings": data.draw(settings_of(name))},
        ],
        "workflow_connections": [{"from": "WorkflowStartState", "to": "a"}],
    }
    hold_together(document, parse_definition(document))
