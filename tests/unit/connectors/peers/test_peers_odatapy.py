"""`sap.odata` against a strict service of OData 4.01 by other authors: what it asks for, reads and writes."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kit.servers.odata_service import PATH, OrderService
from looply.connectors.sap.connector import CONNECTOR
from looply.connectors.sap.verdicts import judge

OPERATION = CONNECTOR.operations[0]
BIG = "1234567890123456789012345678.123"
PDF = b"%PDF-1.7\n\x00\xff\xfe binary"


@pytest.fixture(scope="module")
def shared() -> Iterator[OrderService]:
    with OrderService() as service:
        for number, total in (("1", "22899.420"), ("2", BIG), ("3", "0.001"), ("4", "-1.5"), ("O'N/x?#%& ä", "7")):
            service.add(number, total)
        service.attach("order.pdf", PDF, "application/pdf")
        yield service


@pytest.fixture
def service(shared: OrderService, wiring: Any, open_client: Any) -> OrderService:
    wiring.add("S4", "sap", {"base_url": shared.address, "user": "BUYER"}, {"password": "hunter2-hunter2"})
    wiring.use(open_client())
    shared.requests.clear()
    return shared


@pytest.fixture
def call(service: OrderService, wiring: Any, blobs: Any) -> Any:
    async def perform(**input_: Any) -> dict[str, Any]:
        given = {"connection": "S4", "service_path": PATH, **input_}
        return await OPERATION.perform(replace(wiring.context(), blobs=blobs), given)

    return perform


async def test_amounts_are_asked_for_as_texts_and_keep_every_digit(service: OrderService, call: Any) -> None:
    read = await call(entity="Orders('2')")
    assert (read["status"], str(read["data"]["Total"])) == ("200", BIG)
    accept = next(accept for method, path, accept in service.requests if path.startswith(f"{PATH}/Orders"))
    assert "IEEE754Compatible=true" in accept


async def test_an_amount_that_is_written_comes_back_unchanged(call: Any) -> None:
    amount = Decimal("-9999999999999999999999999999.999")
    read = await call(entity="Orders('3')")
    headers = {"If-Match": read["headers"]["etag"]}
    written = await call(entity="Orders('3')", method="PATCH", headers=headers, body={"Total": amount})
    assert written["status"] in ("200", "204")
    assert (await call(entity="Orders('3')"))["data"]["Total"] == amount
    stale = await call(entity="Orders('3')", method="PATCH", headers=headers, body={"Total": 1})
    assert (stale["status"], (await call(entity="Orders('3')"))["data"]["Total"]) == ("412", amount)


async def test_a_count_is_asked_for_as_a_text(service: OrderService, call: Any) -> None:
    counted = await call(entity="Orders/$count")
    assert (counted["status"], counted["data"]) == ("200", "5")
    assert "application/json" not in service.requests[-1][2]


async def test_all_pages_are_read_and_each_row_has_its_etag(service: OrderService, call: Any) -> None:
    listed = await call(entity="Orders", pages={})
    assert [row["Order"] for row in listed["data"]["value"]][:4] == ["1", "2", "3", "4"]
    assert listed["truncated"] is False
    assert all(row["@odata.etag"].startswith('W/"') for row in listed["data"]["value"])
    assert sum(path.startswith(f"{PATH}/Orders") for _, path, _ in service.requests) == 3


async def test_a_key_with_reserved_characters_is_found(call: Any) -> None:
    read = await call(entity="Orders('O''N/x?#%& ä')")
    assert (read["status"], read["data"]["Order"], read["data"]["Total"]) == ("200", "O'N/x?#%& ä", 7)


async def test_media_pass_both_ways_byte_by_byte(call: Any, blobs: Any) -> None:
    read = await call(entity="Attachments('order.pdf')/$value")
    assert (read["data"]["type"], blobs.kept[-1].content) == ("application/pdf", PDF)
    changed = await call(entity="Attachments('order.pdf')/$value", method="PUT", body_type="raw", body=read["data"])
    assert changed["status"] in ("200", "204")
    again = await call(entity="Attachments('order.pdf')/$value")
    assert (again["status"], blobs.kept[-1].content) == ("200", PDF)


async def test_a_batch_has_the_status_of_each_part_and_fails_by_one_that_failed(wiring: Any, call: Any) -> None:
    batch = [{"id": "a", "entity": "Orders('2')"}, {"id": "b", "entity": "Orders('none')"}]
    output = await call(batch=batch)
    parts = output["data"]["parts"]
    assert [(part["id"], part["status"]) for part in parts] == [("a", "200"), ("b", "404")]
    assert str(parts[0]["data"]["Total"]) == BIG
    verdict = judge({"batch": batch}, output, wiring.clock.now())
    assert verdict is not None
    assert verdict.failure == "BATCH_PART_FAILED"
