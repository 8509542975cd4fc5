"""`sap.odata` against the mock server of SAP's Fiori elements: OData 2 and 4, CSRF tokens, ETags and batches."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.servers.node_peer import FOLDER, PORT, running
from kit.servers.sap_gateway import METADATA, METADATA_4, SERVICE_2, SERVICE_4
from looply.connectors.sap.connector import CONNECTOR

pytestmark = pytest.mark.proof

OPERATION = CONNECTOR.operations[0]
BOTH = pytest.mark.parametrize("service", [SERVICE_2, SERVICE_4])
ORDERS = [
    {"Order": "4500000101", "Total": "22899.420", "Reference": "R-1", "Text": "Büro", "Status": "01"},
    {"Order": "4500000102", "Total": "1234567890123456789012345678.120", "Reference": "R-2", "Status": "01"},
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("orders")
    for version, metadata in (("v2", METADATA), ("v4", METADATA_4)):
        (folder / version).mkdir()
        (folder / version / "metadata.xml").write_text(metadata, "utf-8")
        (folder / version / "Orders.json").write_text(json.dumps(ORDERS), "utf-8")
    with running(Path(FOLDER / "fe_mockserver.mjs"), str(folder), PORT, ready=f"{SERVICE_2}/$metadata") as found:
        yield found


@pytest.fixture
def sap(address: str, wiring: Any, open_client: Any) -> Any:
    wiring.add("S4", "sap", {"base_url": address, "user": "BUYER"}, {"password": "hunter2-hunter2"})
    wiring.use(open_client())
    return wiring


async def call(wiring: Any, **input_: Any) -> dict[str, Any]:
    return await OPERATION.perform(wiring.context(), {"connection": "S4", **input_})


def rows(output: dict[str, Any]) -> list[dict[str, Any]]:
    data = output["data"]
    found: list[dict[str, Any]] = data["d"]["results"] if "d" in data else data["value"]
    return found


@BOTH
async def test_orders_are_read_with_exact_amounts(service: str, sap: Any) -> None:
    found = rows(await call(sap, service_path=service, entity="Orders", params={"$orderby": "Order"}))
    assert [row["Order"] for row in found[:2]] == ["4500000101", "4500000102"]
    assert str(found[1]["Total"]) == "1234567890123456789012345678.120"
    filtered = rows(await call(sap, service_path=service, entity="Orders", params={"$filter": "Reference eq 'R-1'"}))
    assert [(row["Order"], row["Total"], row["Text"]) for row in filtered] == [("4500000101", 22899.42, "Büro")]
