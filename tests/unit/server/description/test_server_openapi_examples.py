"""Each call of the description has examples, and they are what its schemas and the server accept."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec

from looply.definition import parse_definition
from looply.server.application import all_routes
from looply.server.description.examples import DEFINITION
from looply.server.description.openapi import describe

ROUTES = all_routes()
DOCUMENT: dict[str, Any] = json.loads(json.dumps(describe(ROUTES)))
JSON = "application/json"


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def media(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the body and the answer of an operation, as far as they are JSON."""
    for holder in (operation.get("requestBody", {}), operation["responses"].get("200", {})):
        if found := holder.get("content", {}).get(JSON):
            yield found


def misfits(schema: dict[str, Any], example: Any) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in jsonschema_rs.validator_for(whole).iter_errors(example)]


def test_every_body_and_every_answer_has_an_example() -> None:
    assert [name for name, operation in operations() for each in media(operation) if "example" not in each] == []


def test_every_example_is_valid_against_its_schema() -> None:
    wrong = {
        name: found
        for name, operation in operations()
        for each in media(operation)
        if (found := misfits(each["schema"], each["example"]))
    }
    assert wrong == {}


def test_every_parameter_that_a_call_needs_has_a_valid_example() -> None:
    wrong = [
        f"{name}: {parameter['name']}"
        for name, operation in operations()
        for parameter in operation["parameters"]
        if parameter["required"] and misfits(parameter["schema"], parameter["example"])
    ]
    assert wrong == []


def test_the_server_reads_every_example_of_a_body() -> None:
    for route in ROUTES:
        if isinstance(route.body, type) and issubclass(route.body, msgspec.Struct):
            operation = DOCUMENT["paths"][route.path][route.method.lower()]
            msgspec.convert(operation["requestBody"]["content"][JSON]["example"], route.body)


def test_the_definition_of_the_examples_has_no_error() -> None:
    assert parse_definition(DEFINITION).errors == ()
