"""Findings of the JSON Schema, and their messages."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from looply.definition import STEP_TYPES, Findings, compile_definition, definition_schema, parse_definition
from looply.definition.compile import PATTERN_MESSAGES
from looply.definition.schemas.schema_checker import SchemaChecker
from looply.definition.schemas.schema_problems import quote_value, type_word
from looply.errors import DefinitionError, Problem, say
from looply.limits import Limits

Check = Callable[..., Findings]
Build = Callable[..., dict[str, Any]]


def paths(findings: Findings) -> list[str]:
    return [problem.path for problem in findings.errors]


def one(findings: Findings) -> Problem:
    assert len(findings.errors) == 1, findings.errors
    assert findings.workflow is None
    return findings.errors[0]


def test_the_schema_is_valid_and_knows_every_step_type() -> None:
    schema = definition_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["$defs"].keys() >= STEP_TYPES.keys()


def patterns_of(schema: Any) -> set[str]:
    """Returns every `pattern` of a schema and of those within it."""
    within = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = {schema["pattern"]} if isinstance(schema, dict) and isinstance(schema.get("pattern"), str) else set()
    return own.union(*(patterns_of(each) for each in within))


def test_every_message_about_a_pattern_is_of_one_that_the_schema_has() -> None:
    assert len(PATTERN_MESSAGES) == 10
    assert PATTERN_MESSAGES.keys() - patterns_of(definition_schema()) == set()


def test_a_caller_cannot_change_the_schema() -> None:
    definition_schema()["$defs"].clear()
    assert definition_schema()["$defs"]


@pytest.mark.parametrize("document", [None, 1, 1.5, "x", True, []])
def test_a_definition_must_be_an_object(document: Any) -> None:
    problem = one(parse_definition(document))
    assert problem.path == ""
    assert problem.message.startswith("must be an object, not ")


def test_missing_fields_are_reported_at_their_parent() -> None:
    assert {(p.path, p.message) for p in parse_definition({}).errors} >= {
        ("", "the field 'workflow_name' is missing"),
        ("", "the field 'workflow_steps' is missing"),
        ("", "the field 'workflow_connections' is missing"),
    }


def test_an_unknown_field_is_reported_with_the_closest_known_one(definition: Build) -> None:
    problem = one(parse_definition({**definition({"id": "w", "type": "wait"}), "workflow_setings": {}}))
    assert problem == Problem(
        path="/workflow_setings",
        message="unknown field 'workflow_setings'",
        hint="did you mean 'workflow_settings'?",
        code="FIELD_UNKNOWN",
        hint_code="DID_YOU_MEAN",
        values=(("name", "workflow_setings"), ("suggestion", "workflow_settings")),
    )


def test_an_unknown_field_like_no_other_is_reported_with_the_known_ones(check_step: Check) -> None:
    problem = one(check_step("delay", {"for": "PT1S", "zzz": 1}))
    assert problem.path == "/workflow_steps/1/settings/zzz"
    assert problem.hint == "known fields are for and until"
    assert (problem.hint_code, dict(problem.values)) == ("KNOWN_FIELDS", {"name": "zzz", "names": "for, until"})


def test_a_wrong_type_is_named_as_json_schema_names_it(check_step: Check) -> None:
    problem = one(check_step("delay", {"for": 5}))
    assert (problem.code, dict(problem.values)) == ("WRONG_TYPE", {"expected": "string", "found": "number"})


def test_ten_mistakes_give_ten_problems(check: Check) -> None:
    findings = check(
        {"id": "1", "type": "wait"},
        {"id": "b", "type": "httpReqest"},
        {"id": "c", "type": "httpRequest", "settings": {"method": "get", "url": "https://a", "fail_on": ["4XX"]}},
        {"id": "d", "type": "conditional", "settings": {"rules": []}},
        {"id": "e", "type": "delay", "settings": {"for": "3 days"}},
        {"id": "f", "type": "wait", "settings": {"sources": ["SAPP"]}},
        {"id": "g", "type": "redirect", "settings": {"target": "nowhere"}},
        edges=[{"from": "WorkflowStartState", "to": "b"}, {"from": "d", "to": "e", "branch": "maybe"}],
        workflow_settings={"max_concurrency": 0},
    )
    assert len(findings.errors) == 10
    assert len(set(paths(findings))) == 10


@pytest.mark.parametrize(
    ("type_", "settings", "path", "message", "hint"),
    [
        ("httpRequest", {"url": "https://a", "method": "get"}, "/method", '"get" is not known here', "'GET'"),
        ("httpRequest", {"url": "https://a", "method": 5}, "/method", "must be a text, not a number", ""),
        ("httpRequest", {"url": 5}, "/url", "must be a text, not a number", ""),
        ("httpRequest", {"url": "https://a", "params": []}, "/params", "must be an object or a text, not a list", ""),
        ("httpRequest", {"url": "https://a", "params": "a=b"}, "/params", '"a=b" is not an expression', ""),
        ("httpRequest", {"url": "https://a", "auth": {"type": "basic"}}, "/auth", "field 'user' is missing", ""),
        ("httpRequest", {"url": "https://a", "fail_on": ["4xx", "4xx"]}, "/fail_on", "has an item twice", ""),
        ("conditional", {"rules": []}, "/rules", "must not be empty", ""),
        ("conditional", {"rules": {}}, "/rules", "must be a list, not an object", ""),
        ("adaptiveCard", {"wait": {"for": 0}}, "/wait/for", "0 is less than 1", ""),
        ("adaptiveCard", {"wait": {"for": True}}, "/wait/for", "or a whole number, not true or false", ""),
        ("wait", {"sources": ["MAIL"]}, "/sources/0", '"MAIL" is not one of "SAP" or "TEAMS"', ""),
        ("redirect", {"target": ""}, "/target", '"" is not an id', ""),
    ],
)
def test_a_broken_setting_is_reported_with_the_expected_value(
    check_step: Check, type_: str, settings: dict[str, Any], path: str, message: str, hint: str
) -> None:
    found = [p for p in check_step(type_, settings).errors if p.path == f"/workflow_steps/1/settings{path}"]
    assert found
    assert message in found[0].message
    assert hint in found[0].hint


def test_a_name_is_between_1_and_200_characters_long(definition: Build) -> None:
    step = {"id": "w", "type": "wait"}
    too_long = parse_definition(definition(step, workflow_name="x" * 201))
    assert one(too_long).message == "has 201 characters; at most 200 are allowed"
    assert "visible character" in one(parse_definition(definition(step, workflow_name="  "))).message
    assert parse_definition(definition(step, workflow_name="")).errors[0].message == "must not be empty"
    assert parse_definition(definition(step, workflow_name="x" * 200)).workflow is not None


def test_at_most_ten_search_fields_are_allowed(check: Check) -> None:
    findings = check(
        {"id": "w", "type": "wait"}, workflow_settings={"search_fields": [f"/payload/output/{i}" for i in range(11)]}
    )
    assert one(findings).message == "has 11 items; at most 10 are allowed"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("retry", {"max_attempts": 1001}, "1001 is more than 1000"),
        ("retry", {"on": ["nothing"]}, "is not one of connection, timeout"),
        ("retry", {"interval": "soon"}, "is not an ISO 8601 duration"),
        ("retry", {"interval": "P1D"}, "write PT24H rather than P1D"),
        ("retry", {"interval": "PT5S", "max_interval": "PT1S"}, "is shorter than `interval`"),
        ("timeout", "PT0S", "must be longer than zero"),
        ("on_unknown", "pause", "is not one of"),
        ("secret", ["token"], "is not a JSON Pointer"),
    ],
)
def test_fields_of_the_step_besides_settings_are_checked(
    check_step: Check, field: str, value: Any, message: str
) -> None:
    findings = check_step("httpRequest", {"url": "https://a", "fail_on": ["4xx"]}, **{field: value})
    assert message in one(findings).message


def test_a_definition_over_the_size_limit_is_refused(definition: Build) -> None:
    problem = one(parse_definition(definition({"id": "w", "type": "wait"}), Limits(definition_bytes=50)))
    assert "the limit definition_bytes is 50" in problem.message


def test_too_many_steps_are_refused(definition: Build) -> None:
    problem = one(parse_definition(definition({"id": "w", "type": "wait"}), Limits(definition_steps=1)))
    assert problem.path == "/workflow_steps"
    assert "the limit definition_steps is 1" in problem.message


def test_a_definition_that_is_nested_too_deeply_is_refused() -> None:
    document: Any = {}
    for _ in range(100_000):
        document = [document]
    assert "nested deeper" in one(parse_definition(document)).message


def test_a_lone_surrogate_is_refused() -> None:
    assert "surrogate" in one(parse_definition({"workflow_name": "\ud800"})).message


def test_compiling_raises_all_problems() -> None:
    with pytest.raises(DefinitionError, match=r"the definition is not valid: the document: .* more problems") as caught:
        compile_definition({})
    assert len(caught.value.problems) > 2
    with pytest.raises(DefinitionError, match=r"must be an object, not null$"):
        compile_definition(None)


def test_a_hostile_document_gives_a_bounded_number_of_structural_problems() -> None:
    assert len(parse_definition({f"field_{i}": i for i in range(5000)}).errors) <= 1001


@pytest.mark.parametrize(
    ("value", "word"),
    [(None, "null"), (True, "true or false"), ("", "a text"), ([], "a list"), ({}, "an object"), (1.5, "a number")],
)
def test_kinds_of_values_have_words(value: Any, word: str) -> None:
    assert type_word(value) == word


def test_a_long_value_is_shown_in_part() -> None:
    assert quote_value("x" * 100) == '"' + "x" * 59 + "..."


def test_keywords_without_own_messages_have_those_of_the_validator() -> None:
    checker = SchemaChecker({"multipleOf": 2, "maxProperties": 0, "minLength": 3, "minItems": 2, "const": {}})
    assert [p.message for p in checker.problems_of(3)] == ["{} was expected", "*** is not a multiple of 2"]
    short = say("TOO_SHORT", "must have at least {limit} characters", limit=3)
    assert Problem.of("/at", short) in checker.problems_of("a", "/at")
    assert Problem.of("", say("TOO_FEW", "must have at least {limit} items", limit=2)) in checker.problems_of([1])
    (long,) = SchemaChecker({"const": "y" * 1000}).problems_of("x" * 1000)
    assert len(long.message) <= 200
    assert long.message.endswith("...")


@pytest.mark.parametrize("schema", [{"type": "x"}, {"$ref": "https://example.com/schema"}, {"pattern": "("}, 5])
def test_a_schema_that_is_none_or_reaches_outside_is_refused(schema: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        SchemaChecker(schema)


def test_unknown_fields_of_an_unknown_schema_have_no_hint() -> None:
    checker = SchemaChecker({"additionalProperties": False})
    assert checker.problems_of({"a": 1})[0].hint == ""
