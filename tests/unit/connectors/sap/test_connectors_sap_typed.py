"""`sap.odata` with typed values: when it reads the metadata, what it does without, and `output: raw`."""

import asyncio
import json
import re
import tracemalloc
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from kit.memory.mock_transport import MockTransport
from kit.sap_metadata import V2, V4
from looply.connectors.client import HttpClient
from looply.connectors.sap.connector import CONNECTOR
from looply.connectors.sap.types import metadata as reader
from looply.errors import Rejected, Unavailable
from looply.limits import Limits

OPERATION = CONNECTOR.operations[0]
SERVICE = "/sap/opu/odata/sap/API_PO"
SERVICE_4 = "/sap/opu/odata4/sap/api_po"
BIG = "1234567890123456789012345678.120"
JSON_TEXTS = "application/json;odata.metadata=minimal;IEEE754Compatible=true"


class Gateway:
    """A service whose metadata and answers a test sets."""

    def __init__(self, wiring: Any) -> None:
        self.requests: list[httpx2.Request] = []
        self.metadata: httpx2.Response | Exception = httpx2.Response(200, content=V2)
        self.answer = httpx2.Response(200, json={"d": {"Order": "1"}})
        self.wiring = wiring
        wiring.add("S4", "sap", {"base_url": "https://s4.example", "user": "BUYER"}, {"password": "hunter2-hunter2"})
        wiring.use(HttpClient(MockTransport(self.handle)))

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.path.endswith("/$metadata"):
            if isinstance(self.metadata, Exception):
                raise self.metadata
            return self.metadata
        if request.url.path == f"{SERVICE}/":
            return httpx2.Response(200, headers={"x-csrf-token": "token-0001"}, json={})
        return self.answer

    def answers(self, data: Any, content_type: str = "application/json") -> None:
        self.answer = httpx2.Response(200, content=json.dumps(data).encode(), headers={"content-type": content_type})

    async def call(self, entity: str = "Orders('1')", **input_: Any) -> Any:
        given = {"connection": "S4", "service_path": SERVICE, "entity": entity, **input_}
        return (await OPERATION.perform(self.wiring.context(), given))["data"]

    @property
    def reads(self) -> int:
        """How often the metadata was read."""
        return sum(request.url.path.endswith("/$metadata") for request in self.requests)


@pytest.fixture
def gateway(wiring: Any) -> Gateway:
    return Gateway(wiring)


async def test_an_amount_of_version_2_is_a_number(gateway: Gateway) -> None:
    gateway.answers({"d": {"Order": "4500000101", "Amount": "22899.420"}})
    assert await gateway.call() == {"d": {"Order": "4500000101", "Amount": 22899.42}}
    read = next(request for request in gateway.requests if request.url.path.endswith("/$metadata"))
    assert read.headers["authorization"].startswith("Basic ")
    assert read.headers["accept"] == "application/xml"


async def test_an_amount_of_version_4_is_asked_for_as_a_text_and_is_a_number(gateway: Gateway) -> None:
    gateway.metadata = httpx2.Response(200, content=V4)
    gateway.answers({"@odata.context": "x", "value": [{"Id": "1", "Amount": BIG}]}, JSON_TEXTS)
    assert (await gateway.call("Orders", service_path=SERVICE_4))["value"] == [{"Id": "1", "Amount": Decimal(BIG)}]
    assert "IEEE754Compatible=true" in gateway.requests[0].headers["accept"]


async def test_numbers_of_version_4_that_are_no_texts_need_no_metadata(gateway: Gateway) -> None:
    gateway.answer = httpx2.Response(
        200, content=f'{{"Id":"4500000101","Amount":{BIG}}}'.encode(), headers={"content-type": "application/json"}
    )
    assert (await gateway.call())["Amount"] == Decimal(BIG)
    assert gateway.reads == 0


async def test_what_is_computed_is_not_asked_for_as_a_text(gateway: Gateway) -> None:
    await gateway.call("Orders", service_path=SERVICE_4, params={"$apply": "aggregate(Amount with sum as Total)"})
    assert "IEEE754" not in gateway.requests[0].headers["accept"]


async def test_the_metadata_is_read_once_for_calls_at_once_and_kept(gateway: Gateway) -> None:
    gateway.answers({"d": {"Order": "1", "Amount": "1.50"}})
    await asyncio.gather(*(gateway.call() for _ in range(24)))
    assert gateway.reads == 1
    gateway.wiring.clock.seconds += 3601
    await gateway.call()
    assert gateway.reads == 2


async def test_other_credentials_read_the_metadata_themselves(gateway: Gateway) -> None:
    gateway.answers({"d": {"Order": "1", "Amount": "1.50"}})
    await gateway.call()
    gateway.wiring.add("OTHER", "sap", {"base_url": "https://s4.example", "user": "OTHER"}, {"password": "other-other"})
    await gateway.call(connection="OTHER")
    assert gateway.reads == 2


async def test_a_body_is_written_by_the_metadata(gateway: Gateway) -> None:
    gateway.answer = httpx2.Response(204)
    await gateway.call(method="PATCH", body={"Amount": Decimal(BIG), "OrderedOn": "2026-11-05"})
    assert json.loads(gateway.requests[-1].content) == {"Amount": BIG, "OrderedOn": "/Date(1793836800000)/"}
    assert gateway.requests[-1].headers["content-type"] == "application/json"
    gateway.metadata = httpx2.Response(200, content=V4)
    await gateway.call(service_path=f"{SERVICE}4", method="PATCH", body={"Amount": Decimal(BIG)})
    assert json.loads(gateway.requests[-1].content) == {"Amount": BIG}
    assert gateway.requests[-1].headers["content-type"] == "application/json;IEEE754Compatible=true"


async def test_a_raw_call_leaves_everything_as_it_is(gateway: Gateway) -> None:
    order = {"d": {"Order": "1", "Amount": "22899.420", "OrderedOn": "/Date(1793836800000)/"}}
    gateway.answers(order)
    assert await gateway.call(output="raw", method="POST", body={"Amount": 1.5}) == order
    assert gateway.reads == 0
    await gateway.call(service_path=SERVICE_4, output="raw")
    assert not any("IEEE754" in request.headers["accept"] for request in gateway.requests)
    assert json.loads(gateway.requests[-2].content) == {"Amount": 1.5}


@pytest.mark.parametrize(
    "metadata",
    [
        httpx2.Response(404),
        httpx2.Response(403),
        httpx2.Response(200, text="<html>logon</html>"),
        httpx2.Response(200, content=b"<!DOCTYPE a [<!ENTITY b 'x'>]><a/>"),
        httpx2.Response(200, headers={"content-length": str(50 * 1024 * 1024)}, content=b"x"),
        httpx2.Response(302, headers={"location": "https://elsewhere.example/"}),
    ],
    ids=lambda response: f"{response.status_code}-{len(response.content)}",
)
async def test_an_amount_without_metadata_fails_the_call(metadata: httpx2.Response, gateway: Gateway) -> None:
    gateway.metadata = metadata
    gateway.answers({"d": {"Order": "1", "Amount": "22899.420"}})
    with pytest.raises(Rejected) as caught:
        await gateway.call()
    assert (caught.value.code, caught.value.sent) == ("SAP_METADATA", False)
    assert "`output` to `raw`" in caught.value.message
    # A service without metadata is not asked for it again by each call.
    with pytest.raises(Rejected):
        await gateway.call()
    assert gateway.reads == 1


async def test_dates_of_version_2_show_their_type_themselves(gateway: Gateway) -> None:
    gateway.metadata = httpx2.Response(404)
    gateway.answers({"d": {"Name": "x", "OrderedOn": "/Date(1793836800000)/"}})
    assert await gateway.call() == {"d": {"Name": "x", "OrderedOn": "2026-11-05T00:00:00.000Z"}}


async def test_metadata_that_cannot_be_read_now_is_a_transient_failure(gateway: Gateway) -> None:
    gateway.answers({"d": {"Order": "1", "Amount": "22899.420"}})
    for failure in (httpx2.ConnectError("x"), httpx2.Response(503)):
        gateway.metadata = failure
        with pytest.raises(Unavailable) as caught:
            await gateway.call()
        assert not caught.value.sent
    gateway.metadata = httpx2.Response(200, content=V2)
    assert (await gateway.call())["d"]["Amount"] == 22899.42


async def test_a_change_is_not_sent_while_its_types_cannot_be_read(gateway: Gateway) -> None:
    gateway.metadata = httpx2.ConnectError("x")
    with pytest.raises(Unavailable) as caught:
        await gateway.call("Orders", method="POST", body={"Amount": 1.5})
    assert not caught.value.sent
    assert {request.url.path for request in gateway.requests} == {f"{SERVICE}/$metadata"}


BATCH = {"batch": [{"id": "a", "entity": "Orders"}, {"id": "b", "entity": "Orders", "method": "POST", "body": {}}]}
CHANGES = {
    "creation": {"entity": "Orders", "method": "POST", "body": {"Name": "x"}},
    "update": {"entity": "Orders('1')", "method": "PATCH", "body": {"Name": "x"}},
    "action": {"entity": "Release", "method": "POST", "params": {"Order": "'1'"}},
    "batch": {"entity": "", **BATCH},
}
UNREADABLE = {
    "refused": httpx2.Response(403),
    "missing": httpx2.Response(404),
    "a logon page": httpx2.Response(200, text="<html>logon</html>"),
    "cut": httpx2.Response(200, content=V2[: len(V2) // 2]),
    "entities": httpx2.Response(200, content=b"<!DOCTYPE a [<!ENTITY b 'x'>]><a/>"),
    "too large": httpx2.Response(200, headers={"content-length": str(50 * 1024 * 1024)}, content=b"x"),
    "elsewhere": httpx2.Response(302, headers={"location": "https://elsewhere.example/"}),
}


@pytest.mark.parametrize("service", [SERVICE, SERVICE_4])
@pytest.mark.parametrize("metadata", UNREADABLE)
@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_whose_answer_could_not_be_read_is_not_sent(
    change: str, metadata: str, service: str, gateway: Gateway
) -> None:
    gateway.metadata = UNREADABLE[metadata]
    gateway.answers({"d": {"Order": "1", "Amount": "22899.420"}})
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            await gateway.call(service_path=service, **CHANGES[change])
        assert (caught.value.code, caught.value.sent) == ("SAP_METADATA", False)
        assert f"{service}/$metadata" in caught.value.message
        assert "Nothing was sent" in caught.value.message
        assert "`output` to `raw`" in caught.value.message
    assert {request.method for request in gateway.requests} <= {"GET", "HEAD"}
    assert gateway.reads == 1


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_waits_until_the_metadata_can_be_read_again(change: str, gateway: Gateway) -> None:
    for failure in (httpx2.ConnectError("x"), httpx2.Response(503)):
        gateway.metadata = failure
        with pytest.raises(Unavailable) as caught:
            await gateway.call(**CHANGES[change])
        assert not caught.value.sent
    assert {request.method for request in gateway.requests} <= {"GET", "HEAD"}


async def test_a_deletion_and_a_raw_change_need_no_metadata(gateway: Gateway) -> None:
    gateway.metadata = httpx2.Response(403)
    gateway.answer = httpx2.Response(204)
    await gateway.call(method="DELETE")
    await gateway.call(**CHANGES["creation"], output="raw")
    assert [request.method for request in gateway.requests if request.method in ("DELETE", "POST")] == [
        "DELETE",
        "POST",
    ]
    assert gateway.reads == 0


async def test_the_answer_to_a_change_is_read_by_the_metadata_that_was_opened_before_it(gateway: Gateway) -> None:
    answer = gateway.handle

    def handle(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            gateway.wiring.clock.seconds += 3601
            gateway.metadata = httpx2.Response(503)
        return answer(request)

    gateway.wiring.use(HttpClient(MockTransport(handle)))
    gateway.answers({"d": {"Order": "1", "Amount": "22899.420"}})
    assert (await gateway.call(**CHANGES["creation"]))["d"]["Amount"] == 22899.42


async def test_a_change_whose_answer_has_an_undeclared_number_was_sent_once_and_says_with_what_status(
    gateway: Gateway,
) -> None:
    gateway.answer = httpx2.Response(201, json={"d": {"Order": "1", "Tax": "1.50"}})
    for metadata in (httpx2.Response(200, content=V2), httpx2.Response(503)):
        with pytest.raises(Rejected, match="/d/Tax") as caught:
            await gateway.call(**CHANGES["creation"])
        error = caught.value
        assert (error.code, error.sent, error.status) == ("SAP_METADATA", True, "201")
        # The newer metadata, which may declare it, is no longer there.
        gateway.metadata = metadata
        gateway.wiring.clock.seconds += 61
    assert [request.method for request in gateway.requests].count("POST") == 2


async def test_a_batch_whose_answer_is_cut_was_sent_and_says_with_what_status(gateway: Gateway) -> None:
    gateway.answer = httpx2.Response(202, content=b"--x", headers={"content-type": "multipart/mixed; boundary=x"})
    with pytest.raises(Rejected) as caught:
        await gateway.call(**CHANGES["batch"])
    assert (caught.value.code, caught.value.sent, caught.value.status) == ("BAD_RESPONSE", True, "202")


async def test_a_number_that_the_metadata_does_not_declare_is_looked_for_in_newer_metadata(gateway: Gateway) -> None:
    gateway.answers({"d": {"Order": "1", "Tax": "1.50"}})
    with pytest.raises(Rejected, match="/d/Tax"):
        await gateway.call()
    gateway.metadata = httpx2.Response(200, content=V2.replace(b'Name="Rate"', b'Name="Tax"'))
    gateway.wiring.clock.seconds += 61
    assert (await gateway.call())["d"]["Tax"] == 1.5


async def test_failures_batches_and_counts_are_not_typed(gateway: Gateway) -> None:
    gateway.metadata = httpx2.Response(404)
    gateway.answer = httpx2.Response(400, json={"error": {"code": "005", "message": {"value": "22899.420"}}})
    assert (await gateway.call())["error"]["code"] == "005"
    gateway.answers({"d": {"Amount": "22899.420"}})
    assert (await gateway.call("$batch"))["d"]["Amount"] == "22899.420"
    assert gateway.reads == 0


async def test_a_decimal_of_very_many_digits_is_an_error(gateway: Gateway) -> None:
    gateway.answers({"d": {"Order": "1", "Amount": f"0.{'7' * 10_000}"}})
    with pytest.raises(Rejected, match="decimal_digits"):
        await gateway.call()


async def test_large_metadata_is_read_off_the_loop(gateway: Gateway) -> None:
    types = "".join(
        f'<EntityType Name="T{number}">'
        + "".join(f'<Property Name="P{place}" Type="Edm.Decimal" Scale="3"/>' for place in range(40))
        + "</EntityType>"
        for number in range(500)
    )
    text = V2.replace(b"<EntityContainer", types.encode() + b"<EntityContainer")
    assert len(text) > 1_000_000
    gateway.metadata = httpx2.Response(200, content=text)
    gateway.answers({"d": {"Order": "1", "Amount": "1.50"}})
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(beat())
    assert (await gateway.call())["d"]["Amount"] == 1.5
    task.cancel()
    # While a megabyte is read on the loop, nothing else runs on it.
    assert beats > 100
    assert len(reader.read_metadata(text).structures) == 503


class Flood:
    """A gateway whose metadata is larger than any service needs, sent part by part."""

    SIZE = 50 * 1024 * 1024
    PART = b" " * 65_536

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.sent = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.lines.append(head.partition(" HTTP")[0])
                length = re.search(r"content-length: (\d+)", head.lower())
                await reader.readexactly(int(length[1]) if length else 0)
                if "/$metadata" in self.lines[-1]:
                    await self._flood(writer)
                else:
                    body = b'{"d": {"Order": "1", "Amount": "22899.420"}}'
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                    writer.write(f"{head}X-CSRF-Token: token-0001\r\n\r\n".encode() + body)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(self.SIZE // len(self.PART)):
            writer.write(b"%x\r\n%s\r\n" % (len(self.PART), self.PART))
            await writer.drain()
            self.sent += len(self.PART)
        writer.write(b"0\r\n\r\n")


@pytest.mark.parametrize("response_bytes", [Limits().response_bytes, 64 * 1024 * 1024])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_metadata_of_fifty_megabytes_is_read_no_further_than_the_limit_and_no_change_is_sent(
    method: str, response_bytes: int, wiring: Any, serve: Any, open_client: Any
) -> None:
    flood = Flood()
    address = f"http://127.0.0.1:{await serve(flood)}"
    wiring.add("S4", "sap", {"base_url": address, "user": "BUYER"}, {"password": "hunter2-hunter2"})
    wiring.use(open_client(limits=Limits(response_bytes=response_bytes)))
    body = {"body": {"Amount": Decimal(BIG), "OrderedOn": "2026-11-05"}} if method == "POST" else {}
    given = {"connection": "S4", "service_path": SERVICE, "entity": "Orders", "method": method, **body}
    tracemalloc.start()
    try:
        for _ in range(2):
            with pytest.raises(Rejected) as caught:
                await OPERATION.perform(wiring.context(), given)
            error = caught.value
            assert (error.code, error.sent) == ("SAP_METADATA", False)
            assert "metadata" in error.message
            assert "bytes" in error.message
            assert "`output` to `raw`" in error.message
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not any(line.startswith("POST") for line in flood.lines)
    assert sum("/$metadata" in line for line in flood.lines) == 1, "it is not asked for again at once"
    if response_bytes < flood.SIZE:
        # What was on its way when the connection was closed is more than what was read.
        assert flood.sent < response_bytes + 16 * 1024 * 1024
        assert peak < 3 * response_bytes
    else:
        assert peak < 3 * flood.SIZE
