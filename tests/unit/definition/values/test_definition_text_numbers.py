"""Rules and arithmetic on values that are or may be texts where numbers are meant."""

import itertools
from typing import Any

import pytest

from looply.definition import parse_definition
from looply.errors import Problem

START: dict[str, Any] = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
SAP: dict[str, Any] = {
    "id": "sap_1",
    "type": "sapRequest",
    "settings": {"connection": "S4", "service_path": "/x", "entity": "A", "fail_on": ["4xx", "5xx"], "output": "raw"},
}
V2 = "OData V2 writes decimals as texts"


def findings(*steps: dict[str, Any], **document: Any) -> tuple[Problem, ...]:
    ids = [START["id"], *(step["id"] for step in steps)]
    edges = [{"from": one, "to": two} for one, two in itertools.pairwise(ids)]
    found = parse_definition(
        {
            "workflow_name": "w",
            "workflow_steps": [START, *steps],
            "workflow_connections": [*edges],
            **document,
        }
    )
    return (*found.errors, *found.warnings)


def ruled(variable: str, operator: str = "NumericGreaterThan", value: Any = 10, **document: Any) -> list[str]:
    """Returns the findings of a rule after a SAP request, each with its hint."""
    rule = {"variable": variable, "operator": operator, "value": value}
    step = {"id": "if_1", "type": "conditional", "settings": {"rules": [rule]}}
    found = findings(SAP, step, **document)
    return [
        f"{each.message}; {each.hint}" for each in found if each.path.startswith("/workflow_steps/2/settings/rules")
    ]


def computed(expression: str, **document: Any) -> list[str]:
    """Returns the findings of an expression after a SAP request."""
    settings = {"parameters": [{"name": "made", "value": f"${{{expression}}}"}]}
    step = {"id": "set_1", "type": "overridePayload", "settings": settings}
    return [each.message.split(" (at")[0] for each in findings(SAP, step, **document) if "/2/settings" in each.path]


def schema(**properties: Any) -> dict[str, Any]:
    return {"workflow_schema": {"type": "object", "properties": properties}}


@pytest.mark.parametrize(
    "path",
    [
        "sap_1.output.data.d.Amount",
        "sap_1.output.data.d.results[0].Amount",
        "first(sap_1.output.data.d.results).Amount",
        "last(sortBy(sap_1.output.data.d.results, 'Date')).to_Item.results[0].Amount",
        "coalesce(sap_1.output.data.d.Amount, 0)",
    ],
)
def test_a_number_of_odata_v2_in_a_numeric_rule_is_a_finding_with_a_hint(path: str) -> None:
    message = f"`{path}` may be a text ({V2}), and then NumericGreaterThan is false"
    assert ruled(f"${{{path}}}") == [f"{message}; write ${{float({path})}}"]


@pytest.mark.parametrize("operator", ["NumericEquals", "NumericLessThan", "NumericLessThanEquals"])
def test_every_numeric_operator_is_checked_on_both_sides(operator: str) -> None:
    (found,) = ruled("${payload.output.limit}", operator, "${sap_1.output.data.d.Amount}")
    assert found.startswith(f"`sap_1.output.data.d.Amount` may be a text ({V2}), and then {operator} is false")


def test_the_rule_within_not_is_checked() -> None:
    negated = {"operator": "NumericGreaterThan", "value": 10}
    (found,) = ruled("${sap_1.output.data.d.Amount}", "Not", negated)
    assert "may be a text" in found


def test_a_branch_of_the_other_conditional_steps_is_checked() -> None:
    path = "${sap_1.output.data.d.Amount}"
    branch = {"id": "a", "label": "A", "value": 10}
    settings = {"variable": path, "operator": "NumericEquals", "branches": [branch, {**branch, "id": "b", "value": 5}]}
    found = findings(SAP, {"id": "branch_1", "type": "branchConditional", "settings": settings})
    assert [each.path for each in found if "may be a text" in each.message] == ["/workflow_steps/2/settings/variable"]
    condition = {"variable": path, "operator": "NumericEquals", "value": 1}
    advanced = {"branches": [{"id": "a", "label": "A", "conditions": [condition]}]}
    found = findings(SAP, {"id": "branch_1", "type": "advancedConditional", "settings": advanced})
    assert [each.path for each in found if "may be a text" in each.message] == [
        "/workflow_steps/2/settings/branches/0/conditions/0/variable"
    ]


def test_an_item_of_a_loop_over_odata_v2_is_checked() -> None:
    loop = {"id": "each_1", "type": "forEach", "settings": {"items": "${sap_1.output.data.d.results}"}}
    rule = {"variable": "${item.Amount}", "operator": "NumericGreaterThan", "value": 1}
    inner = {"id": "if_1", "type": "conditional", "settings": {"rules": [rule]}}
    edges = [
        {"from": "WorkflowStartState", "to": "sap_1"},
        {"from": "sap_1", "to": "each_1"},
        {"from": "each_1", "to": "if_1", "branch": "each"},
    ]
    found = findings(SAP, loop, inner, workflow_connections=edges)
    assert [each.hint for each in found if "may be a text" in each.message] == ["write ${float(item.Amount)}"]


@pytest.mark.parametrize(
    "path",
    [
        "float(sap_1.output.data.d.Amount)",
        "int(sap_1.output.data.d.Count)",
        "sap_1.output.data.Amount",  # OData V4 writes numbers
        "sap_1.output.data.value[0].Amount",
        "length(sap_1.output.data.d.results)",
        "payload.output.amount",
        "environment.limit",
    ],
)
def test_a_number_and_what_nothing_is_known_of_are_no_finding(path: str) -> None:
    assert ruled(f"${{{path}}}") == []


def test_rules_that_compare_texts_of_odata_v2_are_no_finding() -> None:
    assert ruled("${sap_1.output.data.d.Supplier}", "StringEquals", "4711") == []
    assert ruled("${sap_1.output.data.d.Amount}", "IsNumeric", True) == []


@pytest.mark.parametrize(
    ("path", "operator", "value", "kind", "function"),
    [
        ("payload.output.amount", "NumericEquals", 1, "a text", "float"),
        ("sap_1.output.status", "NumericEquals", 404, "a text", "float"),
        ("payload.output.count", "StringEquals", "1", "a number", "string"),
        ("payload.output.count", "TimestampEquals", "2026-01-01T00:00:00Z", "a number", "string"),
        ("payload.output.amount", "BooleanEquals", True, "a text", ""),
    ],
)
def test_a_value_that_an_operator_never_compares_is_a_finding(
    path: str, operator: str, value: Any, kind: str, function: str
) -> None:
    known = schema(amount={"type": "string"}, count={"type": "integer"})
    hint = f"write ${{{function}({path})}}" if function else ""
    expected = f"`{path}` is {kind}, which {operator} never compares; {hint}"
    assert ruled(f"${{{path}}}", operator, value, **known) == [expected]


def test_an_expression_with_text_around_it_is_a_text() -> None:
    expected = "`no ${payload.output.count}` is a text, which NumericEquals never compares; "
    assert ruled("no ${payload.output.count}", "NumericEquals", 1) == [expected]


def test_what_a_schema_allows_to_be_a_text_is_a_finding() -> None:
    known = schema(amount={"type": ["number", "string"]})
    (found,) = ruled("${payload.output.amount}", **known)
    assert found.startswith("`payload.output.amount` may be a text (its schema says so)")


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        ("sap_1.output.data.d.Amount > 10", "`>` compares character by character or fails"),
        ("less(sap_1.output.data.d.Amount, payload.output.limit)", "`<` compares character by character or fails"),
        ("sap_1.output.data.d.Amount == 0", "`==` is false for every number"),
        ("sap_1.output.data.d.Amount != 0", "`!=` is true for every number"),
        ("sap_1.output.data.d.Amount + 1", "`+` concatenates texts"),
        ("add(sap_1.output.data.d.Amount, payload.output.tax)", "`+` concatenates texts"),
        ("sap_1.output.data.d.Amount * 2", "`*` fails"),
        ("sub(sap_1.output.data.d.Amount, 2)", "sub() fails"),
        ("mul(sap_1.output.data.d.Amount, 2)", "mul() fails"),
        ("div(sap_1.output.data.d.Amount, 2)", "div() fails"),
        ("round(sap_1.output.data.d.Amount)", "round() fails"),
        ("max(sap_1.output.data.d.Amount, 2)", "max() fails"),
        ("sap_1.output.data.d.Amount >= 10", "`>=` compares character by character or fails"),
        ("sap_1.output.data.d.Amount <= 10", "`<=` compares character by character or fails"),
        ("mod(sap_1.output.data.d.Amount, 2)", "mod() fails"),
        ("-sap_1.output.data.d.Amount", "`-` fails"),
    ],
)
def test_operators_and_functions_on_numbers_of_odata_v2_are_findings(expression: str, outcome: str) -> None:
    (found,) = computed(expression)
    assert f"`sap_1.output.data.d.Amount` may be a text ({V2}), and then {outcome}" in found


def test_the_sum_of_a_list_of_odata_v2_is_a_finding() -> None:
    (found,) = computed("sum(foreach(sap_1.output.data.d.results, line, line.Amount))")
    assert f"may be a text ({V2}), and then sum() fails" in found


def test_both_operands_are_checked() -> None:
    found = computed("sap_1.output.data.d.Gross < sap_1.output.data.d.Net")
    assert ["Gross" in found[0], "Net" in found[1], len(found)] == [True, True, 2]


def test_a_number_beside_a_text_is_a_finding_of_plus() -> None:
    known = schema(amount={"type": "string"}, tax={"type": "number"})
    (found,) = computed("payload.output.amount + payload.output.tax", **known)
    assert "`payload.output.amount` is a text, so `+` concatenates" in found


@pytest.mark.parametrize(
    "expression",
    [
        "'Order ' + sap_1.output.data.d.Number",
        "'Order ' + 5",
        "concat(sap_1.output.data.d.Number, 5)",
        "sap_1.output.data.d.Status == 'OPEN'",
        "sap_1.output.data.d.Status == payload.output.status",
        "sap_1.output.data.d.Date < '2026-01-01'",
        "payload.output.a + payload.output.b",
        "payload.output.a > 5",
        "sap_1.output.data.Amount * 2",
        "sum(payload.output.list)",
        "float(sap_1.output.data.d.Amount) + float(sap_1.output.data.d.Tax)",
    ],
)
def test_texts_and_what_nothing_is_known_of_are_no_finding(expression: str) -> None:
    assert [found for found in computed(expression) if "text" in found] == []


def test_a_typed_answer_of_sap_has_numbers_where_numbers_are_meant() -> None:
    rule = {"variable": "${sap_1.output.data.d.Amount}", "operator": "NumericGreaterThan", "value": 10}
    step = {"id": "if_1", "type": "conditional", "settings": {"rules": [rule]}}
    typed = {**SAP, "settings": {name: value for name, value in SAP["settings"].items() if name != "output"}}
    assert [each for each in findings(typed, step) if "/rules" in each.path] == []
    assert [each for each in findings(SAP, step) if "/rules" in each.path] != []
