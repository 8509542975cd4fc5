"""The settings of a `datastore`: what is an error, what is a warning, and where."""

from typing import Any

import pytest

from looply.definition import DatastoreSettings, parse_definition
from looply.definition.graph.model import START
from looply.errors import Problem


def found(settings: dict[str, Any], **fields: Any) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    step = {"id": "d", "type": "datastore", "settings": settings, **fields}
    start = {"id": START, "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
    document = {
        "workflow_name": "Story",
        "workflow_steps": [start, step],
        "workflow_connections": [{"from": START, "to": "d"}],
    }
    findings = parse_definition(document)
    return findings.errors, findings.warnings


@pytest.mark.parametrize(
    "settings",
    [
        {"operation": "get", "name": "prices"},
        {"operation": "get", "name": "a" * 128, "path": "/a~1b/0", "if_revision": 0},
        {"operation": "set", "name": "${payload.output.name}", "path": "${payload.output.path}", "value": None},
        {"operation": "merge", "name": "prices", "value": {"a": None}, "if_revision": "${payload.output.n}"},
        {"operation": "merge", "name": "prices", "value": "${payload.output.patch}"},
        {"operation": "delete", "name": "prices", "path": "/a/${payload.output.key}"},
    ],
)
def test_good_settings_have_no_errors(settings: dict[str, Any]) -> None:
    errors, _ = found(settings)
    assert errors == ()


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"name": "prices"}, "/settings"),
        ({"operation": "get"}, "/settings"),
        ({"operation": "add", "name": "prices"}, "/settings/operation"),
        ({"operation": "set", "name": "prices"}, "/settings"),
        ({"operation": "merge", "name": "prices"}, "/settings"),
        ({"operation": "get", "name": "prices", "value": 1}, "/settings/value"),
        ({"operation": "delete", "name": "prices", "value": 1}, "/settings/value"),
        ({"operation": "merge", "name": "prices", "value": [1]}, "/settings/value"),
        ({"operation": "get", "name": ""}, "/settings/name"),
        ({"operation": "get", "name": "a" * 129}, "/settings/name"),
        ({"operation": "get", "name": " a"}, "/settings/name"),
        ({"operation": "get", "name": "a\n"}, "/settings/name"),
        ({"operation": "get", "name": "prices", "path": "a"}, "/settings/path"),
        ({"operation": "get", "name": "prices", "path": "/a~2"}, "/settings/path"),
        ({"operation": "get", "name": "prices", "if_revision": -1}, "/settings/if_revision"),
        ({"operation": "get", "name": "prices", "if_revision": "1"}, "/settings/if_revision"),
        ({"operation": "get", "name": "prices", "revision": 1}, "/settings/revision"),
    ],
)
def test_bad_settings_are_errors_at_their_path(settings: dict[str, Any], path: str) -> None:
    errors, _ = found(settings)
    assert [error.path for error in errors] == [f"/workflow_steps/1{path}"]
    assert errors[0].message


def test_secrets_belong_into_connections() -> None:
    settings = {"operation": "set", "name": "prices", "value": {"pin": "1234"}}
    errors, _ = found(settings, secret=["/value/pin"])
    assert [(error.path, error.hint) for error in errors] == [
        ("/workflow_steps/1/secret/0", "store it in a connection")
    ]
    assert found({"operation": "get", "name": "prices"}, secret=["/output/value/pin"])[0] == ()


@pytest.mark.parametrize("field", [{"retry": {"max_attempts": 2}}, {"timeout": "PT1S"}, {"on_unknown": "incident"}])
def test_what_has_no_effect_is_a_warning(field: dict[str, Any]) -> None:
    errors, warnings = found({"operation": "get", "name": "prices"}, **field)
    assert errors == ()
    assert f"/workflow_steps/1/{next(iter(field))}" in [warning.path for warning in warnings]


def test_the_output_has_value_and_revision() -> None:
    step = {"id": "d", "type": "datastore", "settings": {"operation": "get", "name": "prices"}}
    note = {
        "id": "n",
        "type": "overridePayload",
        "settings": {"parameters": [{"name": "x", "value": "${d.output.version}"}]},
    }
    start = {"id": START, "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
    edges = [{"from": START, "to": "d"}, {"from": "d", "to": "n"}]
    document = {"workflow_name": "Story", "workflow_steps": [start, step, note], "workflow_connections": edges}
    findings = parse_definition(document)
    assert any("version" in each.message for each in (*findings.errors, *findings.warnings))
    settings = parse_definition(document | {"workflow_steps": [start, step], "workflow_connections": edges[:1]})
    assert settings.workflow is not None
    assert settings.workflow.steps["d"].settings == DatastoreSettings(operation="get")
