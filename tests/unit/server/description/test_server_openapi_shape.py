"""The OpenAPI document is in the form that client generators understand: each rule lists its violations."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from looply.definition import definition_schema
from looply.server.application import all_routes
from looply.server.description.openapi import describe
from looply.server.description.openapi_schemas import components_of, make_explicit

ROUTES = all_routes()
DOCUMENT: dict[str, Any] = json.loads(json.dumps(describe(ROUTES)))
VALUES = ("enum", "const", "examples", "example")
SUCCESS = re.compile("[23]..")
NUMBERS = ("limit", "from", "to", "at", "opened_on", "nominal_on", "card_version", "record_id")
FLAGS = ("incomplete", "settled", "test")


def schemas(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields every schema of a document with its path; example and enum values are not schemas."""
    if isinstance(node, list):
        for number, each in enumerate(node):
            yield from schemas(each, f"{path}/{number}")
    if isinstance(node, dict):
        if not path.endswith(("/properties", "/schemas")):
            yield path, node
        for name, each in node.items():
            if name not in VALUES or path.endswith("/properties"):
                yield from schemas(each, f"{path}/{name}")


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def is_free_and_silent(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "object" and not schema.keys() & {"properties", "additionalProperties"}


def is_list_of_nothing(schema: dict[str, Any]) -> bool:
    types = schema.get("type")
    return "array" in (types if isinstance(types, list) else [types]) and not schema.keys() & {"items", "prefixItems"}


def has_definitions_inside(schema: dict[str, Any]) -> bool:
    return "$defs" in schema or str(schema.get("$ref", "#/components/schemas/x")).count("/") != 3


def is_choice_that_a_list_of_types_says(schema: dict[str, Any]) -> bool:
    choices = schema.get("anyOf", [])
    return {"type": "null"} in choices and any(each.keys() == {"type"} and each["type"] != "null" for each in choices)


def is_choice_of_texts_without_a_type(schema: dict[str, Any]) -> bool:
    return "enum" in schema and "type" not in schema


def has_a_default(schema: dict[str, Any]) -> bool:
    return "default" in schema


@pytest.mark.parametrize(
    "breaks",
    [
        is_free_and_silent,
        is_list_of_nothing,
        has_definitions_inside,
        is_choice_that_a_list_of_types_says,
        is_choice_of_texts_without_a_type,
        has_a_default,
    ],
)
def test_no_schema_of_the_description(breaks: Callable[[dict[str, Any]], bool]) -> None:
    assert [path for path, schema in schemas(DOCUMENT) if breaks(schema)] == []


def test_the_walk_finds_violations_of_the_rules() -> None:
    broken = {
        "paths": {"/x": {"schema": {"type": "object"}}},
        "components": {
            "schemas": {"A": {"properties": {"enum": {"type": ["array", "null"]}, "b": {"$ref": "#/$defs/b"}}}}
        },
    }
    found = dict(schemas(broken))
    assert is_free_and_silent(found["/paths/x/schema".replace("/x", "//x")])
    assert is_list_of_nothing(found["/components/schemas/A/properties/enum"])
    assert has_definitions_inside(found["/components/schemas/A/properties/b"])


def test_every_refusal_has_a_schema() -> None:
    named = {"401": "SignedOutAnswer", "403": "ForbiddenAnswer", "409": "ConflictAnswer"}
    wrong = [
        f"{name}: {status}"
        for name, operation in operations()
        for status, answer in operation["responses"].items()
        if SUCCESS.fullmatch(status) is None
        if answer["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
        != named.get(status, "ErrorAnswer")
    ]
    assert wrong == []


def test_numbers_and_booleans_in_queries_declare_their_types() -> None:
    types = dict.fromkeys(NUMBERS, "integer") | dict.fromkeys(FLAGS, "boolean")
    wrong = [
        f"{name}: {parameter['name']}"
        for name, operation in operations()
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and parameter["name"] in types
        if parameter["schema"]["type"] != types[parameter["name"]]
    ]
    assert wrong == []


def test_a_name_of_an_operation_is_an_identifier_that_comes_from_its_path_alone() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert [name for name in names if re.fullmatch("[a-zA-Z][A-Za-z0-9_]*", name) is None] == []
    # Generators change the names: to lower case, with and without underscores.
    assert [name for name, count in Counter(name.replace("_", "").lower() for name in names).items() if count > 1] == []
    of_today = {route.path: route.name for route in ROUTES if route.path.startswith("/v") and not route.path_values}
    operation_ids = {path: methods[next(iter(methods))]["operationId"] for path, methods in DOCUMENT["paths"].items()}
    assert {path: operation_ids[path] for path in of_today} == of_today


def test_no_two_components_have_one_title() -> None:
    titles = Counter(schema.get("title", name) for name, schema in DOCUMENT["components"]["schemas"].items())
    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object"}, {"type": "object", "additionalProperties": True}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        (
            {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
            {"type": ["string", "null"], "maxLength": 3},
        ),
        ({"enum": ["a"]}, {"enum": ["a"], "type": "string"}),
        ({"enum": ["a", 1]}, {"enum": ["a", 1]}),
        ({"type": "integer", "default": 3}, {"type": "integer", "description": "Default: 3."}),
        (
            {"type": "string", "default": "", "description": "A.\n\n    B."},
            {"type": "string", "description": "A.\n\nB."},
        ),
        (
            {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "number", "minimum": 2}]},
            {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "number", "minimum": 2}]},
        ),
        (
            {"anyOf": [{"enum": ["a"]}, {"type": "null"}]},
            {"anyOf": [{"enum": ["a"], "type": "string"}, {"type": "null"}]},
        ),
        ({"properties": {"default": {"type": "array"}}}, {"properties": {"default": {"type": "array", "items": {}}}}),
    ],
)
def test_the_implicit_defaults_of_json_schema_are_made_explicit(schema: Mapping[str, Any], said: object) -> None:
    assert make_explicit(schema) == said


def test_the_components_of_a_definition_accept_what_its_schema_accepts() -> None:
    components = components_of(definition_schema(), "WorkflowDefinition", "Definition")
    ours = jsonschema_rs.validator_for(
        {"components": {"schemas": components}, "$ref": "#/components/schemas/WorkflowDefinition"}
    )
    theirs = jsonschema_rs.validator_for(definition_schema())
    start = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
    whole = {"workflow_name": "A", "workflow_steps": [start], "workflow_connections": []}
    given = [
        whole,
        {**whole, "workflow_steps": [{**start, "settings": {"trigger_type": "NEVER"}}]},
        {**whole, "workflow_steps": [start, {"id": "d", "type": "delay", "settings": {"duration": "PT1S"}}]},
        {**whole, "workflow_steps": [start, {"id": "d", "type": "delay", "settings": {"duration": 1}}]},
        {**whole, "workflow_steps": [{**start, "retry": {"interval": "soon"}}]},
        {**whole, "more": 1},
        {},
    ]
    assert [ours.is_valid(each) for each in given] == [theirs.is_valid(each) for each in given]
    assert {ours.is_valid(each) for each in given} == {True, False}
