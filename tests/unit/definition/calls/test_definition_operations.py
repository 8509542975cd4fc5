"""Steps of type `operation`: their compiled settings, and the checks against installed operations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import pytest
from settings_kit import Check, Of, compiled, one

from kit.calls import calls_within
from looply.definition import CallSettings, Findings, parse_definition
from looply.definition.calls.external_names import external_names
from looply.definition.calls.operations import freeze_operations
from looply.definition.values.repeat import Repeat

Build = Callable[..., dict[str, Any]]
INPUT = {
    "type": "object",
    "properties": {
        "connection": {"type": "string"},
        "sku": {"type": "string"},
        "quantity": {"type": "integer"},
        "kind": {"enum": ["a", "b"]},
        "parts": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "uniqueItems": True},
    },
    "required": ["connection", "sku"],
}


@dataclass(frozen=True)
class Installed:
    """An operation as a connector would declare it."""

    repeat: Repeat = "with_key"
    connection_kind: str = "warehouse"
    other_kinds: tuple[str, ...] = ()
    input_schema: dict[str, Any] = field(default_factory=lambda: {"$ref": "#/$defs/In", "$defs": {"In": INPUT}})
    output_schema: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {"id": {}}})

    def repeat_of(self, input_: Any) -> Repeat:
        return "never" if "${" in str(input_.get("kind", "")) else self.repeat


RESERVE = MappingProxyType({"warehouse.reserve": Installed()})
GOOD = {"operation": "warehouse.reserve", "connection": "W", "input": {"sku": "A", "quantity": 2}}


def found(definition: Build, settings: dict[str, Any], operations: Any = RESERVE, **fields: Any) -> Findings:
    step = {"id": "o", "type": "operation", "settings": settings, **fields}
    return parse_definition(definition(step), operations=operations)


def paths(findings: Findings) -> list[str]:
    return [problem.path.removeprefix("/workflow_steps/1/settings") for problem in findings.errors]


def test_its_input_is_sent_with_the_connection_in_it(check_step: Check, evaluation: Of) -> None:
    settings = {**GOOD, "connection": "${payload.output.w}", "input": {"sku": "${payload.output.sku}"}}
    step = compiled(check_step("operation", settings))
    assert step.settings == CallSettings(operation="warehouse.reserve", fail_on=(), input_setting="/input")
    assert step.input is not None
    values = evaluation(payload={"output": {"w": "W", "sku": "A"}})
    assert step.input.evaluate(values) == {"sku": "A", "connection": "W"}


def test_secrets_of_its_input_are_named_as_they_are_written(check_step: Check) -> None:
    step = compiled(check_step("operation", GOOD, secret=["/input/sku", "/connection", "/output/id"]))
    assert step.input_secrets == ("/sku", "/connection")
    assert step.output_secrets == ("/output/id",)


def test_credentials_in_its_input_are_secret_unasked(check_step: Check) -> None:
    given = {"sku": "A", "auth": {"type": "basic", "user": "u", "password": "${payload.output.p}"}}
    assert compiled(check_step("operation", {**GOOD, "input": given})).input_secrets == ("/auth/password",)
    made = {"sku": "A", "auth": "${payload.output.auth}"}
    assert compiled(check_step("operation", {**GOOD, "input": made})).input_secrets == ("/auth",)


@pytest.mark.parametrize(
    ("repeat", "on_unknown"), [("always", "retry"), ("with_key", "retry"), ("never", "incident"), (None, "incident")]
)
def test_what_was_declared_at_save_decides_about_an_unknown_outcome(
    check_step: Check, repeat: str | None, on_unknown: str
) -> None:
    settings = {**GOOD, **({"repeat": repeat} if repeat else {})}
    assert compiled(check_step("operation", settings)).on_unknown == on_unknown
    assert compiled(check_step("operation", settings, on_unknown="retry")).on_unknown == "retry"
    assert compiled(check_step("operation", settings, on_unknown="incident")).on_unknown == "incident"


def test_operations_of_the_engine_are_no_operations_of_a_connector(check_step: Check) -> None:
    problem = one(check_step("operation", {"operation": "datastore.set", "input": {}}).errors)
    assert problem.hint == "use a step of type datastore"


def test_a_connection_is_named_once(check_step: Check) -> None:
    problem = one(check_step("operation", {**GOOD, "input": {"connection": "X"}}).errors)
    assert problem.path.endswith("/settings/connection")


def test_a_name_without_a_connector_is_refused(check_step: Check) -> None:
    assert "the name of an operation" in one(check_step("operation", {"operation": "reserve"}).errors).message


def test_a_syntax_error_is_reported_once_at_its_path(check_step: Check) -> None:
    problem = one(check_step("operation", {**GOOD, "input": {"sku": "${payload."}}).errors)
    assert problem.path.endswith("/settings/input/sku")


def test_an_input_that_fits_has_no_findings(definition: Build) -> None:
    findings = found(definition, GOOD)
    assert (findings.errors, findings.warnings) == ((), ())


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"input": {"sku": 7, "quantity": "many"}}, ["/input/sku", "/input/quantity"]),
        ({"input": {"sku": "A", "kind": "c"}}, ["/input/kind"]),
        ({"input": {"sku": "A", "parts": []}}, ["/input/parts"]),
        ({"input": {"sku": "A", "parts": [1, "x"]}}, ["/input/parts/1"]),
        ({"input": {"quantity": 1}}, ["/input"]),
        ({"connection": 7}, ["/connection"]),
    ],
)
def test_a_constant_that_violates_the_schema_is_an_error_at_its_path(
    definition: Build, settings: dict[str, Any], expected: list[str]
) -> None:
    assert sorted(paths(found(definition, {**GOOD, **settings}))) == sorted(expected)


@pytest.mark.parametrize(("count", "problems", "lists"), [(10, 10, 1), (9000, 1, 0)], ids=["few", "many"])
def test_of_many_violations_of_an_input_the_first_one_is_reported(
    definition: Build, count: int, problems: int, lists: int
) -> None:
    settings = {**GOOD, "input": {"sku": "A", "parts": [f"x{index}" for index in range(count)]}}
    with calls_within("looply.definition.calls.operations") as calls:
        assert len(paths(found(definition, settings))) == problems
    assert calls["iter_errors"] == lists


def test_a_missing_connection_is_an_error_of_the_input(definition: Build) -> None:
    problem = one(found(definition, {"operation": "warehouse.reserve", "input": {"sku": "A"}}).errors)
    assert problem.message == "the field 'connection' is missing"
    bare = one(found(definition, {"operation": "warehouse.reserve", "connection": "W"}).errors)
    assert (bare.path, bare.message) == ("/workflow_steps/1/settings", "the field 'sku' is missing")


@pytest.mark.parametrize(
    "given",
    [
        {"sku": "A", "quantity": "${payload.output.n}"},
        {"sku": "A", "kind": "${payload.output.k}"},
        {"sku": "A", "parts": "${payload.output.parts}"},
        {"sku": "A", "parts": ["${payload.output.a}", "${payload.output.a}"]},
    ],
)
def test_the_value_of_an_expression_is_checked_at_the_time_of_the_call(
    definition: Build, given: dict[str, Any]
) -> None:
    assert found(definition, {**GOOD, "input": given}).errors == ()


def test_a_large_input_has_its_first_problem_only(definition: Build) -> None:
    findings = found(definition, {**GOOD, "input": {"sku": "A", "parts": ["x"] * 3000}})
    assert len(findings.errors) == 1


def test_a_field_that_the_operation_does_not_have_is_a_warning_with_the_one_that_was_meant(definition: Build) -> None:
    findings = found(definition, {**GOOD, "input": {"sku": "A", "quantitty": 2}})
    (warning,) = findings.warnings
    assert warning.path.endswith("/settings/input/quantitty")
    assert "quantity" in warning.hint


def test_statuses_of_an_output_that_has_none_are_a_warning(definition: Build) -> None:
    (warning,) = found(definition, {**GOOD, "fail_on": ["4xx"]}).warnings
    assert warning.path.endswith("/settings/fail_on")


def test_an_operation_that_has_a_type_of_step_is_a_warning(definition: Build) -> None:
    operations = {"http.request": Installed(connection_kind="", input_schema={}, output_schema={})}
    (warning,) = found(definition, {"operation": "http.request"}, operations).warnings
    assert warning.hint == "use the step type httpRequest"


def test_nothing_is_checked_of_an_operation_that_is_not_installed(definition: Build) -> None:
    findings = found(definition, {**GOOD, "input": {"sku": 7}}, {})
    assert (findings.errors, findings.warnings) == ((), ())


class TestFreezing:
    def frozen(self, definition: Build, settings: Any, operations: Any = RESERVE) -> Any:
        document = definition({"id": "o", "type": "operation", "settings": settings})
        return freeze_operations(document, operations)["workflow_steps"][1]["settings"]

    def test_what_the_operation_declares_is_kept_in_the_definition(self, definition: Build) -> None:
        assert self.frozen(definition, GOOD) == {**GOOD, "repeat": "with_key"}

    def test_the_input_decides_as_it_is_written(self, definition: Build) -> None:
        settings = {**GOOD, "input": {"sku": "A", "kind": "${payload.output.kind}"}}
        assert self.frozen(definition, settings)["repeat"] == "never"

    def test_what_an_author_wrote_is_replaced_with_a_warning(self, definition: Build) -> None:
        settings = {**GOOD, "repeat": "always"}
        assert self.frozen(definition, settings)["repeat"] == "with_key"
        (warning,) = found(definition, settings).warnings
        assert warning.path.endswith("/settings/repeat")

    def test_a_step_of_an_operation_that_is_not_installed_declares_nothing(self, definition: Build) -> None:
        assert self.frozen(definition, {**GOOD, "repeat": "always"}, {}) == GOOD

    def test_other_definitions_stay_as_they_are(self, definition: Build) -> None:
        document = definition({"id": "w", "type": "wait"})
        assert freeze_operations(document, RESERVE) is document

    @pytest.mark.parametrize("settings", [None, 7, [], {}, {"operation": 7, "input": []}])
    def test_a_broken_step_is_left_as_it_is(self, definition: Build, settings: Any) -> None:
        assert self.frozen(definition, settings) == settings

    def test_the_definition_that_was_given_is_not_changed(self, definition: Build) -> None:
        document = definition({"id": "o", "type": "operation", "settings": dict(GOOD)})
        freeze_operations(document, RESERVE)
        assert "repeat" not in cast("Any", document)["workflow_steps"][1]["settings"]


def test_the_operation_and_its_connection_are_external_names(definition: Build) -> None:
    document = definition({"id": "o", "type": "operation", "settings": GOOD})
    names = [(name.kind, name.name, name.detail) for name in external_names(document, RESERVE)]
    assert names == [("operation", "warehouse.reserve", None), ("connection", "W", "warehouse")]
    assert [name.detail for name in external_names(document)] == [None, None]
