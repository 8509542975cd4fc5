"""`sap.odata` against mock-sap, an independent gateway: a purchase order is read and released."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from mocksap import Config, make_server
from mocksap.schema import ENTITY_TYPES

from looply.connectors.sap.connector import CONNECTOR

OPERATION = CONNECTOR.operations[0]
SERVICE = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
SERVICE_V4 = "/sap/opu/odata4/sap/api_purchaseorder/srvd_a2x/sap/api_purchaseorder/0001"


@pytest.fixture
def mock_url() -> Iterator[str]:
    """Starts a gateway in a thread; a purchase order's status can be changed and determines its ETag."""
    status = ENTITY_TYPES["A_PurchaseOrder"].prop("PurchasingProcessingStatus")
    before = (status.updatable, status.concurrency)
    status.updatable = status.concurrency = True
    server = make_server(Config(port=0, basic_auth="BUYER:hunter2-hunter2", require_if_match=True, quiet=True))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
    server.mock.close()
    status.updatable, status.concurrency = before


@pytest.fixture
def sap(mock_url: str, wiring: Any, open_client: Any) -> Any:
    settings = {"base_url": mock_url, "user": "BUYER", "client": "100"}
    wiring.add("S4", "sap", settings, {"password": "hunter2-hunter2"})
    wiring.add("S4-wrong", "sap", settings, {"password": "not the password"})
    wiring.use(open_client())
    return wiring


async def call(wiring: Any, **input_: Any) -> dict[str, Any]:
    return await OPERATION.call(wiring.context(), {"connection": "S4", "service_path": SERVICE, **input_})


async def first_order(sap: Any) -> str:
    listed = await call(sap, entity="A_PurchaseOrder", params={"$top": 1, "$orderby": "PurchaseOrder desc"})
    return listed["data"]["d"]["results"][0]["PurchaseOrder"]


async def test_an_order_is_read_and_released_with_its_etag(sap: Any) -> None:
    entity = f"A_PurchaseOrder('{await first_order(sap)}')"
    read = await call(sap, entity=entity)
    etag = read["headers"]["etag"]
    assert read["status"] == "200"
    assert etag == read["data"]["d"]["__metadata"]["etag"]

    change = {"entity": entity, "method": "PATCH", "body": {"PurchasingProcessingStatus": "05"}}
    assert (await call(sap, **change))["status"] == "428"
    released = await call(sap, **change, headers={"If-Match": etag})
    assert (released["status"], released["statusText"]) == ("204", "No Content")
    again = await call(sap, **change, headers={"If-Match": etag})
    assert again["status"] == "412"
    assert "error" in again["data"]
    assert (await call(sap, entity=entity))["data"]["d"]["PurchasingProcessingStatus"] == "05"


async def test_the_fourth_version_of_odata_gives_its_etag_too(sap: Any) -> None:
    number = await first_order(sap)
    read = await call(sap, service_path=SERVICE_V4, entity=f"PurchaseOrder('{number}')")
    assert read["status"] == "200"
    assert read["headers"]["etag"] == read["data"]["@odata.etag"]


async def test_a_filter_with_blanks_and_quotes_arrives(sap: Any) -> None:
    number = await first_order(sap)
    found = await call(sap, entity="A_PurchaseOrder", params={"$filter": f"PurchaseOrder eq '{number}'"})
    assert [order["PurchaseOrder"] for order in found["data"]["d"]["results"]] == [number]


async def test_an_unknown_order_is_data(sap: Any) -> None:
    missing = await call(sap, entity="A_PurchaseOrder('9999999999')")
    assert missing["status"] == "404"
    assert missing["data"]["error"]["message"]


async def test_a_wrong_password_is_a_failed_token(sap: Any) -> None:
    read = await call(sap, connection="S4-wrong", entity="A_PurchaseOrder")
    assert read["status"] == "401"
    change = await call(sap, connection="S4-wrong", entity="A_PurchaseOrder('1')", method="PATCH", body={})
    assert (change["status"], change["data"]) == ("401", "CSRF Token fetch failed")


async def test_the_response_of_a_gateway_that_refuses_every_token_is_returned(sap: Any) -> None:
    entity = f"A_PurchaseOrder('{await first_order(sap)}')"
    headers = {"If-Match": "*", "sap-mock-scenario": "csrf"}
    refused = await call(sap, entity=entity, method="PATCH", headers=headers, body={})
    assert refused["status"] == "403"
    assert refused["headers"]["x-csrf-token"] == "Required"
