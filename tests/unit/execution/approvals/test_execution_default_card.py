"""The default card of an approval: the labels of the caller's values."""

from typing import Any

import pytest

from kit.execution.approvals import A, asked, card_of
from kit.execution.driver import Simulator
from kit.execution.workflows import step
from looply.definition import compile_definition
from looply.execution.approvals.default_card import label_of


def facts_of(simulator: Simulator) -> list[tuple[str, str]]:
    """Returns the labels and values that the first recipient sees, in their order."""
    return [(fact["title"], fact["value"]) for fact in card_of(simulator, A).body["body"][1]["facts"]]


def with_schema(schema: dict[str, Any], body: dict[str, Any]) -> Simulator:
    """Starts an execution whose trigger has a schema, and that asks for an approval."""
    document = {
        "workflow_name": "Test",
        "workflow_steps": [
            step("WorkflowStartState", "trigger", {"trigger_type": "REQUEST", "schema": schema}),
            step("ask", "approval", {"recipients": [A]}),
        ],
        "workflow_connections": [{"from": "WorkflowStartState", "to": "ask"}],
    }
    simulator = Simulator(compile_definition(document))
    simulator.start(body)
    return simulator


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("amount", "Amount"),
        ("requested_by", "Requested by"),
        ("supplierName", "Supplier name"),
        ("cost-center", "Cost center"),
        ("PO", "PO"),
        ("vatID", "Vat ID"),
        ("SAPOrder", "SAP order"),
        ("A_PurchaseOrder", "A purchase order"),
        ("line2", "Line2"),
        ("Total amount", "Total amount"),
        ("d:results", "d:results"),
        ("__metadata", "__metadata"),
        ("größe_in_m", "Größe in m"),
        ("", ""),
    ],
)
def test_a_name_is_split_into_words(name: str, label: str) -> None:
    assert label_of(name) == label


def test_the_card_shows_words_in_place_of_names() -> None:
    simulator = asked(body={"po": "1", "requested_by": "ann", "netAmount": 7})
    assert facts_of(simulator) == [("Po", "1"), ("Requested by", "ann"), ("Net amount", "7")]


def test_a_title_of_the_triggers_schema_is_the_label() -> None:
    schema = {"properties": {"po": {"title": "Purchase order *"}, "amount": {"title": " "}, "x": True}}
    simulator = with_schema(schema, {"po": 1, "amount": 2, "x": 3})
    assert facts_of(simulator) == [(r"Purchase order \*", "1"), ("Amount", "2"), ("X", "3")]


def test_a_value_of_the_caller_never_has_the_label_of_another_one() -> None:
    body = {"requested_by": "the board", "net_amount": 1, "netAmount": 1000}
    simulator = asked(body=body, requester="${'ann@example.com'}")
    assert facts_of(simulator) == [
        ("Requested by", "ann@example.com"),
        (r"payload.output.requested\_by", "the board"),
        ("Net amount", "1"),
        ("payload.output.netAmount", "1000"),
    ]


def test_the_requester_is_shown_once() -> None:
    simulator = asked(body={"requested_by": "ann@example.com", "po": 1}, requester="${payload.output.requested_by}")
    assert facts_of(simulator) == [("Requested by", "ann@example.com"), ("Po", "1")]


def test_of_a_large_payload_the_card_shows_twenty_values() -> None:
    simulator = asked(body={f"value_{number}": number for number in range(5000)})
    assert facts_of(simulator) == [(f"Value {number}", str(number)) for number in range(20)]
