"""Messages that SAP notes beside an answer that is a success: warnings and success texts."""

import json
from typing import Any

import httpx2
import pytest

from looply.connectors.sap.connector import CONNECTOR
from looply.connectors.sap.messages import MOST_MESSAGES, read_messages, with_messages

OPERATION = CONNECTOR.operations[0]
SAVED = {"severity": "success", "code": "ME/080", "message": "Order 4500000101 was saved", "target": ""}
PRICE = {"severity": "warning", "code": "ME/664", "message": "Price differs by \u20ac 3", "target": "/NetPrice"}
V2 = json.dumps({**SAVED, "details": [PRICE]})
V4 = json.dumps([{"code": "ME/664", "message": PRICE["message"], "target": "/NetPrice", "numericSeverity": 3}])


async def call(wiring: Any, header: str, text: str, **input_: Any) -> dict[str, Any]:
    wiring.add("S4", "sap", {"base_url": "https://s4.example", "user": "BUYER"}, {"password": "hunter2-hunter2"})
    wiring.answer(httpx2.Response(200, headers={header: text}, json={"d": {"Name": "x"}}))
    given = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "Orders('1')", **input_}
    output: dict[str, Any] = await OPERATION.perform(wiring.context(), given)
    return output


@pytest.mark.parametrize(
    ("header", "text", "messages"), [("sap-message", V2, [SAVED, PRICE]), ("sap-messages", V4, [PRICE])]
)
async def test_the_messages_of_a_success_are_in_the_output(
    header: str, text: str, messages: list[dict[str, str]], wiring: Any
) -> None:
    output = await call(wiring, header, text)
    assert (output["status"], output["messages"]) == ("200", messages)


async def test_an_answer_without_messages_has_no_list_of_them(wiring: Any) -> None:
    assert "messages" not in await call(wiring, "x-other", V2)


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", '"text"', "7", "[]", "null", '["a", 1]', '{"details"', "[" * 5_000, b"\xff".decode("latin-1")],
)
def test_a_header_that_has_no_messages_adds_nothing(text: str) -> None:
    output: dict[str, Any] = {"status": "200", "headers": {"sap-message": text}, "data": 1}
    assert with_messages(output) == output


def test_messages_are_bounded_and_their_fields_are_texts() -> None:
    noted = [{"code": 7, "message": {"value": "x"}, "target": ["a"], "numericSeverity": "9"} for _ in range(200)]
    found = read_messages({"sap-messages": json.dumps(noted)})
    assert found == [{"severity": "", "code": "7", "message": "x", "target": ""}] * MOST_MESSAGES
    assert read_messages({"sap-message": json.dumps({"details": "none"})}) == [dict.fromkeys(SAVED, "")]


async def test_credentials_that_a_message_repeats_are_masked(wiring: Any) -> None:
    output = await call(wiring, "sap-message", json.dumps({**SAVED, "message": "hunter2-hunter2 is weak"}))
    assert output["messages"][0]["message"] == "*** is weak"
