"""The workflow of the demo: it passes our own checks, and its cards show the data of the SAP-like system."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from looply.connectors.sap.types.reading import read_without_metadata
from looply.definition import START, parse_definition
from looply.demo import sap
from looply.demo.orders import LARGE_ORDER, SMALL_ORDER
from looply.demo.story import load_definition
from looply.execution.approvals.card_form import read_form
from looply.expressions import Evaluation, parse_card, parse_template

# Elements, inputs and actions of schema version 1.5 that the inbox and Teams can show.
KNOWN = {
    "AdaptiveCard", "TextBlock", "RichTextBlock", "TextRun", "Image", "ImageSet", "Container", "ColumnSet", "Column",
    "FactSet", "Table", "TableRow", "TableCell", "ActionSet", "Input.Text", "Input.Number", "Input.Date", "Input.Time",
    "Input.Toggle", "Input.ChoiceSet", "Action.Submit", "Action.Execute", "Action.OpenUrl", "Action.ShowCard",
    "Action.ToggleVisibility",
}  # fmt: skip
STEPS = {step["id"]: step for step in load_definition()["workflow_steps"]}
CARDS = {name: step["settings"]["card"] for name, step in STEPS.items() if step["type"] == "adaptiveCard"}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(child)


def document(answer: dict[str, str]) -> dict[str, Any]:
    """Returns the data document after both reads from the SAP-like system."""
    data: dict[str, Any] = {"payload": {"output": {"po": LARGE_ORDER}}}
    with sap.serving() as url, httpx2.Client(base_url=url, auth=(sap.USER, sap.PASSWORD), timeout=60) as client:
        for name in ("sapRequest_1", "sapRequest_2"):
            settings = STEPS[name]["settings"]
            entity = parse_template(settings["entity"]).evaluate(evaluation(data))
            response = client.get(f"{settings['service_path']}/{entity}", params=settings.get("params"))
            data[name] = {
                "output": {"status": str(response.status_code), "data": read_without_metadata(response.json())}
            }
    data["adaptiveCard_1"] = {"output": {"response": {"user": "manager@example.com", "data": answer}}}
    return data


def evaluation(data: dict[str, Any]) -> Evaluation:
    return Evaluation(data=data, now=datetime(2026, 11, 24, tzinfo=UTC), chance=lambda: bytes(16))


def texts(card: Any) -> list[str]:
    shown = [item[key] for item in objects(card) for key in ("text", "title", "value") if key in item]
    assert all(isinstance(text, str) for text in shown)
    return shown


def test_the_definition_has_neither_errors_nor_warnings() -> None:
    findings = parse_definition(load_definition())
    assert (findings.errors, findings.warnings) == ((), ())


def test_every_step_but_the_start_is_reached() -> None:
    edges = load_definition()["workflow_connections"]
    assert {edge["to"] for edge in edges} == set(STEPS) - {START}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_of_version_1_5_and_of_known_types(name: str) -> None:
    card = CARDS[name]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.5")
    assert {item["type"] for item in objects(card) if "type" in item} <= KNOWN


def test_the_card_that_asks_offers_both_decisions_and_needs_a_comment_to_reject() -> None:
    form = read_form(CARDS["adaptiveCard_1"])
    approve, reject = form.actions
    assert (approve.data, reject.data) == ({"action": "approve"}, {"action": "reject"})
    comment = form.inputs["comment"]
    assert comment.definition["isRequired"] is True
    assert (approve.needs(comment), reject.needs(comment)) == (False, True)


def test_cards_that_show_the_outcome_have_no_inputs() -> None:
    for name in ("adaptiveCard_2", "adaptiveCard_3"):
        assert "actions" not in CARDS[name]
        assert not [item for item in objects(CARDS[name]) if str(item.get("type", "")).startswith("Input.")]


def test_the_card_shows_the_order_as_sap_has_it() -> None:
    shown = texts(parse_card(CARDS["adaptiveCard_1"]).expand(evaluation(document({}))))
    expected = {
        "Purchase order 4500000101",
        "Northwater Pumps GmbH (1000201)",
        "17,010.00 EUR",
        "{{DATE(2026-11-02T12:00:00Z, SHORT)}}",
        "E1",
        "Centrifugal pump CP-200, 15 kW",
        "Cost center 17101902",
        "Cost center 17101301",
        "12 PC",
        "2,304.00",
    }
    assert expected <= set(shown)
    assert not [text for text in shown if "${" in text]


@pytest.mark.parametrize(("answer", "comments"), [({"comment": "Go ahead."}, 1), ({}, 0)])
def test_the_outcome_shows_the_comment_when_there_is_one(answer: dict[str, str], comments: int) -> None:
    shown = texts(parse_card(CARDS["adaptiveCard_2"]).expand(evaluation(document(answer))))
    assert "Approved by manager@example.com and released in SAP" in shown
    assert sum("Go ahead." in text for text in shown) == comments


@pytest.mark.parametrize(("order", "amount"), [(LARGE_ORDER, 17010), (SMALL_ORDER, 249)])
def test_the_amount_that_decides_comes_from_sap(order: str, amount: float) -> None:
    with sap.serving() as url, httpx2.Client(base_url=url, auth=(sap.USER, sap.PASSWORD), timeout=60) as client:
        read = client.get(f"{sap.SERVICE_PATH}/A_PurchaseOrder('{order}')").json()
    variable = STEPS["conditional_1"]["settings"]["rules"][0]["variable"]
    assert parse_template(variable).evaluate(evaluation({"sapRequest_1": {"output": {"data": read}}})) == amount
