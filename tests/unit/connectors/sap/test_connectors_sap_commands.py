"""A call of an OData service as a command line."""

import shlex
from typing import Any

import pytest

from looply.connectors.sap.connector import CONNECTOR

OPERATION = CONNECTOR.operations[0]
SETTINGS = {"base_url": "https://s4.example.com", "client": "100", "auth": "basic", "user": "ALICE"}
SERVICE = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"


def command(settings: dict[str, Any] | None = None, /, **input_: Any) -> str:
    given = {"connection": "S4", "service_path": SERVICE, **input_}
    return OPERATION.command_of(given, SETTINGS if settings is None else settings)


def test_a_read_names_the_entity_and_the_client() -> None:
    words = shlex.split(command(entity="A_PurchaseOrder('1')", params={"$select": "PurchaseOrder"}))
    url = f"https://s4.example.com{SERVICE}/A_PurchaseOrder('1')?$select=PurchaseOrder&sap-client=100"
    assert words[:4] == ["curl", "-X", "GET", url]
    assert "maxdataserviceversion: 2.0" in words
    assert not [word for word in words if word.startswith(("idempotency-key", "x-step", "authorization"))]


def test_a_change_has_its_body() -> None:
    words = shlex.split(command(method="post", entity="A_PurchaseOrder", body={"Note": "it's"}))
    assert words[-2:] == ["--data-raw", '{"Note":"it\'s"}']
    assert "content-type: application/json" in words


@pytest.mark.parametrize(
    ("settings", "input_"),
    [
        (None, {"batch": [{"id": "a", "entity": "A_PurchaseOrder"}]}),
        (None, {"connection": None, "system_id": "S4H", "client": "100"}),
        (None, {"client": "200"}),
        ({}, {}),
    ],
)
def test_what_is_no_single_request_of_a_known_system_has_no_command(settings: Any, input_: dict[str, Any]) -> None:
    assert command(settings, **input_) == ""
