"""`sap.odata` against the mock server of SAP's Fiori elements: OData 2 and 4, ETags, counts, batches and metadata.

It reads URLs in its own way: keys with reserved characters, which others take, end there with a status of 500.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kit.servers.node_peer import FOLDER, PORT, running
from kit.servers.sap_gateway import METADATA, METADATA_4, SERVICE_2, SERVICE_4
from looply.clock import SystemClock
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.sap.checks import check_connection
from looply.connectors.sap.connector import CONNECTOR
from looply.connectors.sap.discovering.discovery import discover
from looply.connectors.sap.verdicts import judge
from looply.errors import Rejected

pytestmark = pytest.mark.proof

OPERATION = CONNECTOR.operations[0]
BOTH = pytest.mark.parametrize("service", [SERVICE_2, SERVICE_4])
BIG = "1234567890123456789012345678.120"
ORDERS = [
    {"Order": "4500000101", "Total": "22899.420", "Reference": "R-1", "Text": "Büro", "Status": "01"},
    {"Order": "4500000102", "Total": BIG, "Reference": "R-2", "Status": "01"},
    {"Order": "4500000103", "Total": "1", "Reference": "R-3", "Status": "01"},
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("orders")
    for version, metadata in (("v2", METADATA), ("v4", METADATA_4)):
        (folder / version).mkdir()
        (folder / version / "metadata.xml").write_text(metadata, "utf-8")
        (folder / version / "Orders.json").write_text(json.dumps(ORDERS), "utf-8")
    with running(FOLDER / "fe_mockserver.mjs", str(folder), PORT, ready=f"{SERVICE_2}/$metadata") as found:
        yield found


@pytest.fixture
def sap(address: str, wiring: Any, open_client: Any) -> Any:
    wiring.add("S4", "sap", {"base_url": address, "user": "BUYER"}, {"password": "hunter2-hunter2"})
    wiring.use(open_client())
    return wiring


async def call(wiring: Any, service: str, **input_: Any) -> dict[str, Any]:
    given = {"connection": "S4", "service_path": service, **input_}
    output: dict[str, Any] = await OPERATION.perform(wiring.context(), given)
    return output


def rows(output: dict[str, Any]) -> list[dict[str, Any]]:
    data = output["data"]
    found: list[dict[str, Any]] = data["d"]["results"] if "d" in data else data["value"]
    return found


def row(output: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = output["data"]
    found: dict[str, Any] = data.get("d", data)
    return found


@BOTH
async def test_orders_are_read_with_exact_amounts(service: str, sap: Any) -> None:
    found = rows(await call(sap, service, entity="Orders", params={"$orderby": "Order"}))
    assert [each["Order"] for each in found[:2]] == ["4500000101", "4500000102"]
    assert str(found[1]["Total"]) == BIG
    filtered = rows(await call(sap, service, entity="Orders", params={"$filter": "Reference eq 'R-1'"}))
    assert [(each["Order"], each["Total"], each["Text"]) for each in filtered] == [("4500000101", 22899.42, "Büro")]


@BOTH
async def test_an_amount_that_is_written_comes_back_unchanged(service: str, sap: Any) -> None:
    amount = Decimal("-9999999999999999999999999999.999")
    body = {"Order": "4600000001", "Total": amount, "Reference": "R-9", "Status": "01"}
    created = await call(sap, service, entity="Orders", method="POST", body=body)
    assert (created["status"], row(created)["Total"]) == ("201", amount)
    assert row(await call(sap, service, entity="Orders('4600000001')"))["Total"] == amount


@BOTH
async def test_an_order_is_changed_by_its_etag_and_not_by_an_old_one(service: str, sap: Any) -> None:
    read = await call(sap, service, entity="Orders('4500000103')")
    # With OData 2 it has the ETag in the body alone, under the name that it has in OData 4.
    old = {"If-Match": row(read)["@odata.etag"]}
    assert service == SERVICE_2 or read["headers"]["etag"] == old["If-Match"]
    change = {"entity": "Orders('4500000103')", "method": "PATCH", "headers": old}
    assert (await call(sap, service, **change, body={"Status": "05"}))["status"] == "200"
    refused = await call(sap, service, **change, body={"Status": "06"})
    verdict = judge({}, refused, sap.clock.now())
    assert verdict is not None
    assert (refused["status"], verdict.far.kind, verdict.far.code) == ("412", "conflict", "412001")
    assert row(await call(sap, service, entity="Orders('4500000103')"))["Status"] == "05"


@BOTH
async def test_an_order_that_does_not_exist_is_data(service: str, sap: Any) -> None:
    output = await call(sap, service, entity="Orders('none')")
    verdict = judge({}, output, sap.clock.now())
    assert verdict is not None
    assert (output["status"], output["data"], verdict.far.kind) == ("404", "", "rejected")


@BOTH
async def test_a_count_is_a_text(service: str, sap: Any) -> None:
    listed = rows(await call(sap, service, entity="Orders", pages={}))
    counted = await call(sap, service, entity="Orders/$count")
    assert (counted["status"], counted["data"]) == ("200", str(len(listed)))


async def test_a_batch_of_version_2_has_the_status_of_each_part(sap: Any) -> None:
    batch = [
        {"id": "a", "entity": "Orders('4500000102')"},
        {"id": "b", "group": "g", "method": "POST", "entity": "Orders", "body": {"Order": "4600000002", "Total": 1.5}},
        {"id": "c", "entity": "Orders('none')"},
    ]
    output = await call(sap, SERVICE_2, batch=batch)
    parts = output["data"]["parts"]
    assert [(part["id"], part["status"]) for part in parts] == [("a", "200"), ("b", "201"), ("c", "404")]
    assert str(row(parts[0])["Total"]) == BIG
    verdict = judge({"batch": batch}, output, sap.clock.now())
    assert verdict is not None
    assert (verdict.failure, verdict.far.target) == ("BATCH_PART_FAILED", "c")
    assert row(await call(sap, SERVICE_2, entity="Orders('4600000002')"))["Total"] == 1.5


async def test_a_batch_of_version_4_whose_parts_have_no_ids_is_no_success(sap: Any) -> None:
    """Its answer in JSON says 200, names no part, and has a status of 500 in each."""
    batch = [{"id": "a", "entity": "Orders('4500000101')"}, {"id": "b", "entity": "Orders('4500000102')"}]
    with pytest.raises(Rejected, match="part a has no answer") as caught:
        await call(sap, SERVICE_4, batch=batch)
    assert (caught.value.code, caught.value.sent) == ("BAD_RESPONSE", True)


@BOTH
async def test_the_connection_passes_its_test_and_its_service_is_discovered(service: str, sap: Any) -> None:
    dialer = GuardedDialer(EgressPolicy(("127.0.0.0/8",)))
    context = replace(sap.context(), dialer=dialer, clock=SystemClock())
    checks = {each.name: each.state for each in await check_connection(context, sap.connections["S4"], service)}
    skipped = {"tls": "skipped"}
    assert checks == {**dict.fromkeys(("dns", "tcp", "logon", "service", "csrf", "clock"), "ok"), **skipped}
    found = await discover(context, sap.connections["S4"], {"service": service})
    (orders,) = found["entity_sets"]
    assert (orders["name"], orders["keys"]) == ("Orders", ["Order"])
