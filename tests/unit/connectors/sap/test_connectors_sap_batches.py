"""Batches and pages, against the strict gateway."""

from typing import Any

import httpx2
import pytest

from kit.servers.sap_gateway import SERVICE_2, SERVICE_4, StrictGateway
from looply.connectors.port import HttpResponse
from looply.connectors.sap.batches.json_batch import read_json_batch
from looply.connectors.sap.batches.multipart import encode_multipart, read_multipart, units_of
from looply.connectors.sap.batches.units import BatchRequest
from looply.connectors.sap.connector import CONNECTOR
from looply.errors import BadInput, Rejected
from looply.limits import Limits

OPERATION = CONNECTOR.operations[0]
BOTH = pytest.mark.parametrize("service", [SERVICE_2, SERVICE_4])


def part(id_: str, **given: Any) -> dict[str, Any]:
    return {"id": id_, **given}


@BOTH
async def test_each_part_of_a_batch_has_its_status_and_its_body(
    service: str, perform: Any, gateway: StrictGateway
) -> None:
    gateway.add("1", Total="12.500")
    output = await perform(
        service_path=service,
        batch=[
            part("a", entity="Orders('1')"),
            part("b", method="POST", entity="Orders", body={"Reference": "R-1", "Text": "M\u00fcller"}),
            part("c", method="PATCH", entity="Orders('1')", headers={"If-Match": "*"}, body={"Total": "13.000"}),
            part("d", entity="Orders('none')"),
        ],
    )
    parts = output["data"]["parts"]
    assert [(each["id"], each["status"]) for each in parts] == [("a", "200"), ("b", "201"), ("c", "204"), ("d", "404")]
    read = parts[0]["data"].get("d", parts[0]["data"])
    assert (read["Total"], parts[0]["headers"]["etag"]) == (12.5, 'W/"1"')
    assert parts[3]["data"]["error"]["code"] == "Z/001"
    assert gateway.orders["1"]["Total"] == "13.000"
    (created,) = (order for order in gateway.orders.values() if order.get("Reference") == "R-1")
    assert created["Text"] == "M\u00fcller"


async def test_the_parts_of_a_group_take_effect_together_or_not_at_all(perform: Any, gateway: StrictGateway) -> None:
    gateway.add("1", Total="1.000")
    change = {"method": "MERGE", "headers": {"If-Match": "*"}, "body": {"Total": "2.000"}}
    output = await perform(
        batch=[
            part("a", group="g", entity="Orders('1')", **change),
            part("b", group="g", entity="Orders('none')", **change),
            part("c", entity="Orders('1')"),
        ]
    )
    parts = output["data"]["parts"]
    assert [(each["id"], each["status"]) for each in parts] == [("a", "404"), ("b", "404"), ("c", "200")]
    assert gateway.orders["1"]["Total"] == "1.000"


async def test_what_follows_a_part_that_failed_was_not_processed(perform: Any, gateway: StrictGateway) -> None:
    output = await perform(
        service_path=SERVICE_4,
        batch=[part("a", entity="Orders('none')"), part("b", method="POST", entity="Orders", body={})],
    )
    assert [(each["id"], each["status"]) for each in output["data"]["parts"]] == [("a", "404"), ("b", "0")]
    assert gateway.orders == {}


@BOTH
async def test_an_answer_that_was_cut_is_a_clear_error(service: str, perform: Any, gateway: StrictGateway) -> None:
    gateway.cuts_batches = True
    with pytest.raises(Rejected, match="cannot be read") as caught:
        await perform(service_path=service, batch=[part("a", method="POST", entity="Orders", body={})])
    assert (caught.value.code, caught.value.sent) == ("BAD_RESPONSE", True)


@pytest.mark.parametrize(
    "parts",
    [
        [part("a"), part("a")],
        [part("a b")],
        [part("a", group="g")],
        [part("a", method="POST", group="g"), part("b", method="POST"), part("c", method="POST", group="g")],
        [part("a", entity="../x")],
        [part("a", headers={"Cookie": "x"})],
        [part(str(number)) for number in range(1001)],
    ],
)
async def test_a_batch_that_cannot_be_sent_is_bad_input(parts: Any, perform: Any, gateway: StrictGateway) -> None:
    with pytest.raises(BadInput):
        await perform(batch=parts)
    assert gateway.requests == []


def request(id_: str, method: str = "GET", group: str = "") -> BatchRequest:
    return BatchRequest(id=id_, method=method, url="Orders", path="Orders", headers={}, body=None, group=group)


def test_groups_are_units_and_everything_else_is_alone() -> None:
    requests = [request("1"), request("2", "POST", "g"), request("3", "POST", "g"), request("4"), request("5", "POST")]
    assert [[each.id for each in unit] for unit in units_of(requests)] == [["1"], ["2", "3"], ["4"], ["5"]]


def test_a_batch_has_lines_that_end_with_crlf_and_the_length_of_each_part() -> None:
    body, kind = encode_multipart([request("1"), request("2", "POST")], "key")
    assert kind.startswith("multipart/mixed; boundary=batch_")
    assert body.count(b"\n") == body.count(b"\r\n")
    assert body.count(b"Content-Length") == 4
    assert encode_multipart([request("1"), request("2", "POST")], "key") == (body, kind)


ANSWER = (
    b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b'Content-Length: 7\r\n\r\n{"a":1}\r\n--b--\r\n'
)


def answered(body: bytes, kind: str = "multipart/mixed; boundary=b") -> HttpResponse:
    return HttpResponse(status=202, reason="", headers=(("content-type", kind),), content=body)


def test_an_answer_of_one_part_is_read() -> None:
    (found,) = read_multipart(answered(ANSWER), [request("1")], Limits())
    assert (found["id"], found["status"], found["data"]) == ("1", "200", {"a": 1})


@pytest.mark.parametrize("size", range(0, len(ANSWER) - 4, 7))
def test_an_answer_that_ends_anywhere_is_an_error(size: int) -> None:
    with pytest.raises(Rejected, match="look up in the system"):
        read_multipart(answered(ANSWER[:size]), [request("1")], Limits())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        ANSWER.replace(b"Content-Length: 7", b"Content-Length: 70"),
        ANSWER.replace(b"HTTP/1.1 200 OK", b"HELLO"),
        ANSWER.replace(b"--b--\r\n", b"--b\r\n\r\n--b--\r\n"),
        ANSWER[:-7] + ANSWER,
    ],
)
def test_an_answer_that_is_none_is_an_error(body: bytes) -> None:
    with pytest.raises(Rejected):
        read_multipart(answered(body), [request("1")], Limits())
    with pytest.raises(Rejected):
        read_multipart(answered(ANSWER, "text/plain"), [request("1")], Limits())


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"responses": [{"id": "1"}]}',
        b'{"responses": [{"id": "2", "status": 200}]}',
        b'{"responses": [{"id": "1", "sta',
        b'{"responses": [{"id": "1", "status": true}]}',
    ],
)
def test_json_that_answers_no_batch_is_an_error(body: bytes) -> None:
    with pytest.raises(Rejected):
        read_json_batch(answered(body, "application/json"), [request("1")])


def test_one_answer_to_a_group_is_that_of_all_its_parts() -> None:
    body = b'{"responses": [{"id": "g", "status": 412, "atomicityGroup": "g"}]}'
    found = read_json_batch(answered(body), [request("1", "POST", "g"), request("2", "POST", "g")])
    assert [(each["id"], each["status"]) for each in found] == [("1", "412"), ("2", "412")]


@BOTH
async def test_all_pages_of_a_list_are_read(service: str, perform: Any, gateway: StrictGateway) -> None:
    for number in range(5):
        gateway.add(str(number))
    output = await perform(service_path=service, entity="Orders", pages={})
    rows = output["data"]["d"]["results"] if service == SERVICE_2 else output["data"]["value"]
    assert [row["Order"] for row in rows] == list("01234")
    assert (output["truncated"], output["next"]) == (False, None)
    assert "nextLink" not in str(output["data"])
    assert "__next" not in str(output["data"])


async def test_pages_end_at_their_bounds_and_continue_from_the_link(perform: Any, gateway: StrictGateway) -> None:
    for number in range(5):
        gateway.add(str(number))
    first = await perform(entity="Orders", pages={"max": 1})
    assert (len(first["data"]["d"]["results"]), first["truncated"]) == (2, True)
    rest = await perform(next=first["next"], pages={})
    assert [row["Order"] for row in rest["data"]["d"]["results"]] == list("234")
    some = await perform(entity="Orders", pages={"rows": 3})
    assert (len(some["data"]["d"]["results"]), some["truncated"]) == (4, True)
    alone = await perform(entity="Orders")
    assert "truncated" not in alone


def link(target: str) -> dict[str, Any]:
    return {"d": {"results": [{"Order": "PO-1"}], "__next": target}}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("https://evil.example/sap/opu/odata/sap/Z_ORDERS_SRV/Orders", "leads out of its service"),
        ("/sap/opu/odata/sap/OTHER_SRV/Orders", "leads out of its service"),
        ("https://s4.example/sap/opu/odata/sap/Z_ORDERS_SRV/Orders?sap-client=100", "in a circle"),
    ],
)
async def test_a_link_that_leads_away_or_back_is_an_error(second: str, message: str, wiring: Any) -> None:
    wiring.add("S4", "sap", {"base_url": "https://s4.example", "user": "U", "client": "100"}, {"password": "p"})
    wiring.answer(httpx2.Response(200, json=link(second)))
    with pytest.raises(Rejected, match=message) as caught:
        await OPERATION.perform(
            wiring.context(), {"connection": "S4", "service_path": SERVICE_2, "entity": "Orders", "pages": {}}
        )
    assert (caught.value.code, len(wiring.requests)) == ("BAD_RESPONSE", 1)


async def test_a_page_that_fails_is_what_the_step_gets(wiring: Any) -> None:
    wiring.add("S4", "sap", {"base_url": "https://s4.example", "user": "U"}, {"password": "p"})
    wiring.answer(httpx2.Response(200, json=link("Orders?$skiptoken=2")), httpx2.Response(503, text="busy"))
    given = {"connection": "S4", "service_path": SERVICE_2, "entity": "Orders", "pages": {}}
    output = await OPERATION.perform(wiring.context(), given)
    assert (output["status"], output["truncated"], output["next"]) == ("503", True, "Orders?$skiptoken=2")


async def test_an_entity_has_no_pages(perform: Any, gateway: StrictGateway) -> None:
    gateway.add("1")
    read = await perform(entity="Orders('1')", pages={})
    assert (read["data"]["d"]["Order"], read["truncated"], read["next"]) == ("1", False, None)
