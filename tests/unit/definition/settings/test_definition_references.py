"""Syntax errors of expressions, and the references of expressions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from looply.definition import Findings, compile_definition, definition_hash, diff_definitions, parse_definition
from looply.definition.settings.reading import BROKEN, read_template
from looply.definition.values.report import Report
from looply.errors import Problem

Check = Callable[..., Findings]
Build = Callable[..., dict[str, Any]]

EXAMPLE = json.loads((Path(__file__).parent / "purchase_order.json").read_text())
SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"price": {}}}},
        "free": {"type": "object"},
    },
}


def one(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def reading(check: Check, expression: str, **fields: Any) -> tuple[Problem, ...]:
    """Returns the warnings about an expression that a step sets the payload with."""
    parameters = [{"name": "x", "value": expression}]
    findings = check(
        {"id": "wait_1", "type": "wait"},
        {"id": "set_1", "type": "overridePayload", "settings": {"parameters": parameters}},
        **fields,
    )
    assert not findings.errors
    return findings.warnings


def test_the_example_of_the_contract_compiles() -> None:
    findings = parse_definition(EXAMPLE)
    assert not findings.errors
    assert [warning.path for warning in findings.warnings] == ["/workflow_steps/4"]
    workflow = findings.workflow
    assert workflow is not None
    assert workflow.name == "Purchase order approval"
    assert list(workflow.steps) == [step["id"] for step in EXAMPLE["workflow_steps"]]
    assert workflow.waiting_steps == ("adaptiveCard_1",)
    assert workflow.next("WorkflowStartState") == "conditional_1"
    assert workflow.next("adaptiveCard_1", "timeout") == "terminate_2"
    assert workflow.next("sapRequest_2") is None


def test_the_hash_is_that_of_the_content() -> None:
    workflow = compile_definition(EXAMPLE)
    reordered = dict(reversed(EXAMPLE.items()))
    assert workflow.hash == definition_hash(reordered)
    assert len(workflow.hash) == 32
    assert workflow.hash != definition_hash({**EXAMPLE, "workflow_name": "Other"})
    assert workflow.definition == EXAMPLE


def test_every_syntax_error_is_reported_with_its_path(check: Check) -> None:
    card = {
        "type": "AdaptiveCard",
        "body": [{"type": "TextBlock", "text": "${a +}"}, {"text": "${b)}", "$when": "${a b}"}],
    }
    findings = check(
        {
            "id": "h",
            "type": "httpRequest",
            "settings": {"url": "https://a/${b c}", "body": {"x/y": ["${nope()}"], "n": 5}},
        },
        {"id": "c", "type": "adaptiveCard", "settings": {"recipients": ["${"], "card": card}},
    )
    assert [problem.path for problem in findings.errors] == [
        "/workflow_steps/1/settings/url",
        "/workflow_steps/1/settings/body/x~1y/0",
        "/workflow_steps/2/settings/card/body/0/text",
        "/workflow_steps/2/settings/card/body/1/text",
        "/workflow_steps/2/settings/card/body/1/$when",
        "/workflow_steps/2/settings/recipients/0",
    ]
    assert all("position" in problem.message for problem in findings.errors)


def test_expressions_are_checked_even_where_the_settings_break_the_schema(check: Check) -> None:
    findings = check(
        {
            "id": "h",
            "type": "httpRequest",
            "settings": {"uri": 1, "url": "${a b}", "card": {"x": "${a b}"}, "schema": {"x": "${a b}"}},
        },
    )
    assert {problem.path for problem in findings.errors} >= {
        "/workflow_steps/1/settings/url",
        "/workflow_steps/1/settings/card/x",
    }
    assert "/workflow_steps/1/settings/schema/x" not in {problem.path for problem in findings.errors}


@pytest.mark.parametrize(
    ("type_", "settings", "path"),
    [
        ("wait", {"timeout": "${a b}"}, "/timeout"),
        ("delay", {"until": "${a b}"}, "/until"),
        ("conditional", {"rules": [{"variable": "${a b}", "operator": "IsNull"}]}, "/rules/0/variable"),
        (
            "conditional",
            {"rules": [{"variable": "${payload}", "operator": "StringEquals", "value": "${"}]},
            "/rules/0/value",
        ),
        ("httpRequest", {"method": "${a b}", "url": "https://a", "fail_on": ["4xx"]}, "/method"),
    ],
)
def test_a_syntax_error_is_reported_once(check_step: Check, type_: str, settings: dict[str, Any], path: str) -> None:
    findings = check_step(type_, settings)
    assert one(findings.errors).path == f"/workflow_steps/1/settings{path}"


@pytest.mark.parametrize(
    "expression",
    [
        "${payload.output.anything}",
        "${payload.description}",
        "${payload}",
        "${PAYLOAD.Output.x}",
        "${environment.url}",
        "${error.message}",
        "${waits.wait_1}",
        "${waits}",
        "${wait_1.output.source}",
        "${WAIT_1.description}",
        "${WorkflowStartState}",
        "${WorkflowStartState.x}",
        "${$root.payload.output.x}",
        "${1 + 1}",
        "${string($root)}",
        "${wait_1}",
        "${wait_1[payload.output.key]}",
    ],
)
def test_names_of_the_data_document_are_known(check: Check, expression: str) -> None:
    assert not reading(check, expression)


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("${wait_2.output}", "there is no step 'wait_2': this is null", "did you mean 'wait_1'?"),
        ("${$root.wiat_1.output}", "there is no step 'wiat_1': this is null", "did you mean 'wait_1'?"),
        ("${paylod.output.x}", "there is no step 'paylod': this is null", "did you mean 'payload'?"),
        ("${waits.set_1}", "'set_1' is no step that waits: this is null", "did you mean 'wait_1'?"),
        (
            "${wait_1.data}",
            "a step has output and description, and no 'data': this is null",
            "write wait_1.output.data",
        ),
        ("${payload.x}", "`payload` has output and description, and no 'x': this is null", "write payload.output.x"),
    ],
)
def test_what_can_only_be_null_is_a_warning(check: Check, expression: str, message: str, hint: str) -> None:
    warning = one(reading(check, expression))
    assert warning.path == "/workflow_steps/2/settings/parameters/0/value"
    assert warning.message.startswith(f"{message} (at position ")
    assert warning.message.endswith(f" of: {expression[2:-1]})")
    if "is no step that waits" not in message:
        assert warning.hint == hint


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("${payload.output.amuont}", "amuont"),
        ("${payload.output.lines[0].prise}", "lines.0.prise"),
        ("${payload.output.AMOUNT}", None),
        ("${payload.output.lines[0].price.anything}", None),
        ("${payload.output.free.anything}", None),
        ("${payload.output.executor}", None),
        ("${payload.output.x}", "x"),
    ],
)
def test_a_field_that_the_payload_schema_does_not_have_is_a_warning(
    check: Check, expression: str, missing: str | None
) -> None:
    warnings = reading(check, expression, workflow_schema=SCHEMA)
    if missing is None:
        assert not warnings
    else:
        position = expression.index(missing.rpartition(".")[2]) - 2
        message = f"the payload's schema has no {missing!r} (at position {position} of: {expression[2:-1]})"
        assert one(warnings).message == message
        assert one(warnings).hint.startswith("did you mean") or missing == "x"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("${payload.output.amount.anything}", "`payload.output.amount` is a number, which has no names"),
        ("${payload.output[0]}", "`payload.output` is an object, which has no items"),
        ("${payload.output.lines.price}", "`payload.output.lines` is a list, which has no names"),
    ],
)
def test_a_step_into_what_has_no_such_parts_is_a_warning(check: Check, expression: str, message: str) -> None:
    assert one(reading(check, expression, workflow_schema=SCHEMA)).message.startswith(f"{message}: this is null")


def test_a_body_that_is_no_object_lies_under_body(check: Check) -> None:
    assert not reading(check, "${payload.output.body[0]}", workflow_schema={"type": "array"})
    assert "no 'y'" in one(reading(check, "${payload.output.y}", workflow_schema={"type": "array"})).message


def test_a_schema_without_fields_says_nothing_about_them(check: Check) -> None:
    assert not reading(check, "${payload.output.y}", workflow_schema={"type": "object"})
    assert not reading(check, "${payload.output.lines[0]}", workflow_schema={"properties": {"lines": True}})
    assert not reading(check, "${payload.output.lines[0][1].x}", workflow_schema={"properties": {"lines": True}})


def test_a_payload_that_is_replaced_may_have_any_field_from_there_on(check: Check) -> None:
    reads = {"y": "${payload.output.other}"}
    findings = check(
        {"id": "a", "type": "overridePayload", "settings": {"payload": reads}},
        {"id": "b", "type": "overridePayload", "settings": {"payload": reads}},
        {"id": "c", "type": "overridePayload", "settings": {"parameters": [5, {"name": 5}]}},
        workflow_schema=SCHEMA,
    )
    assert one(findings.warnings).path == "/workflow_steps/1/settings/payload/y"


def test_a_name_that_a_step_sets_is_known_behind_it(check: Check) -> None:
    def setting(id_: str, name: str) -> dict[str, Any]:
        parameters = [{"name": name, "value": "${payload.output.new.part}"}]
        return {"id": id_, "type": "overridePayload", "settings": {"parameters": parameters}}

    findings = check(setting("a", "new.part"), setting("b", "other"), workflow_schema=SCHEMA)
    assert one(findings.warnings).path == "/workflow_steps/1/settings/parameters/0/value"


def test_a_schema_that_is_none_is_a_warning(check: Check) -> None:
    warning = one(reading(check, "${payload.output.y}", workflow_schema={"type": "text"}))
    assert warning.path == "/workflow_schema"


@pytest.mark.parametrize(
    ("expression", "is_read"),
    [
        ("${call_1.output.status}", True),
        ("${CALL_1.Output.Status}", True),
        ("${call_1.output}", True),
        ("${call_1}", True),
        ("${string($root)}", True),
        ("${call_1.output.data}", False),
        ("${call_1.description}", False),
        ("${other_1.output.status}", False),
    ],
)
def test_a_status_that_no_expression_reads_is_a_warning(check: Check, expression: str, is_read: bool) -> None:
    findings = check(
        {"id": "call_1", "type": "httpRequest", "settings": {"url": "https://a"}},
        {"id": "set_1", "type": "overridePayload", "settings": {"payload": expression}},
    )
    warned = [warning for warning in findings.warnings if "status of 'call_1'" in warning.message]
    assert bool(warned) is not is_read


def test_one_reference_is_reported_once(check: Check) -> None:
    assert one(reading(check, "${no_step.output} and ${no_step.output}")).message.startswith("there is no step")


def test_a_card_may_read_the_status(check: Check) -> None:
    card = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "${call_1.output.status}"}]}
    findings = check(
        {"id": "call_1", "type": "httpRequest", "settings": {"url": "https://a"}},
        {"id": "card_1", "type": "adaptiveCard", "settings": {"recipients": ["a"], "card": card}},
    )
    assert not findings.warnings


def test_hints_end_after_many_of_them() -> None:
    report = Report()
    hints = [report.suggest("wiat", ["wait"]) for _ in range(101)]
    assert hints[99]
    assert not hints[100]


def test_the_difference_of_two_definitions_is_by_step_edge_and_field() -> None:
    after = json.loads(json.dumps(EXAMPLE))
    after["workflow_name"] = "Order approval"
    after["workflow_steps"][1]["settings"]["rules"][0]["value"] = True
    after["workflow_steps"][5]["retry"]["max_attempts"] = 6
    after["workflow_steps"][5]["timeout"] = "PT10S"
    del after["workflow_steps"][7]
    after["workflow_connections"] = [
        {"from": "adaptiveCard_1", "to": "terminate_1", "branch": "timeout"} if "timeout" in edge.values() else edge
        for edge in reversed(after["workflow_connections"])
    ]
    changes = diff_definitions(EXAMPLE, after)
    assert [(c.kind, c.subject, c.name, c.path) for c in changes] == [
        ("changed", "step", "conditional_1", "/settings/rules"),
        ("changed", "step", "sapRequest_2", "/retry/max_attempts"),
        ("added", "step", "sapRequest_2", "/timeout"),
        ("removed", "step", "terminate_2", ""),
        ("changed", "edge", "adaptiveCard_1/timeout", ""),
        ("changed", "workflow", "workflow_name", ""),
    ]
    assert (changes[1].before, changes[1].after) == (5, 6)
    assert (changes[2].before, changes[2].after) == (None, "PT10S")
    assert changes[3].after is None


def test_a_definition_does_not_differ_from_itself() -> None:
    assert diff_definitions(EXAMPLE, json.loads(json.dumps(EXAMPLE))) == ()


def test_a_template_that_is_too_deep_as_a_whole_is_reported_at_its_path() -> None:
    value: Any = "${payload}"
    for _ in range(300):
        value = [value]
    report = Report()
    assert read_template(value, "/at", report) is BROKEN
    assert "nested too deeply" in report.errors[0].message
    assert report.errors[0].path == "/at"
