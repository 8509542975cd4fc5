"""Amounts that `sap.odata` returns and sends: single, on each page, in each part of a batch, and by a probe."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kit.servers.sap_gateway import SERVICE_2, SERVICE_4, StrictGateway
from looply.connectors.sap.batches.units import batch_requests
from looply.connectors.sap.calls.inputs import BatchPart, SapInput
from looply.connectors.sap.calls.requests import service_of
from looply.connectors.sap.calls.settings import SapConnectionSettings
from looply.errors import Rejected, Unsettled

EXACT = "1234567890123456789012345678.120"
"""A double would change it."""
BOTH = pytest.mark.parametrize("service", [SERVICE_2, SERVICE_4])

CREATE = {
    "entity": "Orders",
    "method": "POST",
    "body": {"Reference": "R-1"},
    "probe": {"entity": "Orders", "params": {"$filter": "Reference eq 'R-1'"}},
}


def entities(data: Any) -> list[Any]:
    """Returns the rows of a list, or the one entity, of either version."""
    inner = data.get("d", data)
    return inner.get("results", inner.get("value", [inner]))  # type: ignore[no-any-return]


def metadata_reads(gateway: StrictGateway) -> int:
    return sum(request.path.endswith("/$metadata") for request in gateway.requests)


@BOTH
async def test_the_amounts_of_every_page_are_exact_numbers(service: str, perform: Any, gateway: StrictGateway) -> None:
    for number in range(5):
        gateway.add(str(number), Total=EXACT if number == 4 else "22899.420")
    output = await perform(service_path=service, entity="Orders", pages={})
    amounts = [row["Total"] for row in entities(output["data"])]
    assert amounts == [22899.42] * 4 + [Decimal(EXACT)]
    assert metadata_reads(gateway) == 1


async def test_the_amounts_of_a_page_that_is_named_by_its_link_are_exact_numbers(
    perform: Any, gateway: StrictGateway
) -> None:
    for number in range(5):
        gateway.add(str(number), Total=EXACT)
    first = await perform(entity="Orders", pages={"max": 1})
    rest = await perform(next=first["next"])
    assert [row["Total"] for row in entities(rest["data"])] == [Decimal(EXACT)] * 2


@BOTH
async def test_the_amounts_of_every_part_of_a_batch_are_exact_numbers(
    service: str, perform: Any, gateway: StrictGateway
) -> None:
    gateway.add("1", Total="22899.420")
    gateway.add("2", Total=EXACT)
    output = await perform(
        service_path=service,
        batch=[
            {"id": "a", "entity": "Orders('1')"},
            {"id": "b", "entity": "Orders"},
            {"id": "c", "method": "POST", "entity": "Orders", "body": {"Reference": "R", "Total": Decimal(EXACT)}},
            {"id": "d", "entity": "Orders('none')"},
        ],
    )
    parts = output["data"]["parts"]
    amounts = [[row["Total"] for row in entities(part["data"])] for part in parts[:3]]
    assert amounts == [[22899.42], [22899.42, Decimal(EXACT)], [Decimal(EXACT)]]
    assert parts[3]["data"]["error"]["code"] == "Z/001"
    # The system got the text that its type is written as.
    assert [order["Total"] for order in gateway.orders.values() if order.get("Reference") == "R"] == [EXACT]
    assert metadata_reads(gateway) == 1


@BOTH
def test_a_part_of_a_batch_that_refers_to_an_earlier_one_has_its_types(service: str) -> None:
    given = SapInput(service_path=service)
    parts = [
        BatchPart(id="a", method="POST", entity="Orders", body={}),
        BatchPart(id="b", method="PATCH", entity="$a", body={"Total": 1}),
        BatchPart(id="c", entity="$a/to_Item"),
        BatchPart(id="d", entity="$b/to_Item", params={"$top": 1}),
    ]
    made = batch_requests(parts, service_of(given, SapConnectionSettings(base_url="https://s4.example")))
    assert [each.path for each in made] == ["Orders", "Orders(0)", "Orders(0)/to_Item", "Orders(0)/to_Item"]
    assert made[3].url == "$b/to_Item?$top=1"


@BOTH
async def test_texts_of_pages_and_parts_stay_with_raw(service: str, perform: Any, gateway: StrictGateway) -> None:
    gateway.add("1", Total=EXACT)
    read = await perform(service_path=service, entity="Orders", pages={}, output="raw")
    batch = await perform(service_path=service, batch=[{"id": "a", "entity": "Orders('1')"}], output="raw")
    shown = [*entities(read["data"]), *entities(batch["data"]["parts"][0]["data"])]
    assert [row["Total"] for row in shown] == [EXACT, EXACT]
    assert metadata_reads(gateway) == 0


@BOTH
async def test_the_amount_that_a_probe_finds_is_an_exact_number(
    service: str, perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    gateway.add("1", Total=EXACT, Reference="R-1")
    output = await perform(replace(strict.context(), is_unsettled=True), service_path=service, **CREATE)
    assert [row["Total"] for row in entities(output["data"])] == [Decimal(EXACT)]


async def test_a_probe_whose_amounts_cannot_be_read_leaves_the_call_to_an_operator(
    perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    gateway.add("1", Undeclared="1.50", Reference="R-1")
    with pytest.raises(Unsettled, match="/d/results/0/Undeclared"):
        await perform(replace(strict.context(), is_unsettled=True), **CREATE)
    assert not any(request.method == "POST" for request in gateway.requests)


@pytest.mark.parametrize("input_", [{"entity": "Orders", "pages": {}}, {"batch": [{"id": "a", "entity": "Orders"}]}])
async def test_an_amount_of_a_later_page_or_of_a_part_whose_type_is_not_known_fails_the_call(
    input_: Any, perform: Any, gateway: StrictGateway
) -> None:
    for number in range(3):
        gateway.add(str(number))
    gateway.orders["2" if "pages" in input_ else "1"]["Undeclared"] = "1.50"
    with pytest.raises(Rejected, match="/Undeclared of Orders") as caught:
        await perform(**input_)
    assert (caught.value.code, caught.value.sent) == ("SAP_METADATA", False)
