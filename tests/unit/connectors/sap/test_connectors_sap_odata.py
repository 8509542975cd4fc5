"""The operation `sap.odata`, against scripted responses and against a gateway whose token is bound to its session."""

import asyncio
import json
from base64 import b64encode
from typing import Any

import httpx2
import pytest

from looply.connectors.sap.connector import CONNECTOR
from looply.errors import BadInput, Timeout, Unavailable

OPERATION = CONNECTOR.operations[0]
KIND = CONNECTOR.connection_kinds[0]
SERVICE = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"
PASSWORD = "hunter2-hunter2"
SETTINGS = {"base_url": "https://s4.example:44300", "user": "BUYER", "system_id": "S4H", "client": "100"}


@pytest.fixture
def sap(wiring: Any) -> Any:
    wiring.add("S4", "sap", SETTINGS, {"password": PASSWORD})
    return wiring


async def call(wiring: Any, **input_: Any) -> dict[str, Any]:
    given = {"connection": "S4", "service_path": SERVICE, "output": "raw", **input_}
    return await OPERATION.perform(wiring.context(), given)


def token(value: str = "token-0001") -> httpx2.Response:
    headers = [("x-csrf-token", value), ("set-cookie", f"SAP_SESSIONID_S4H_100={value}-session; path=/; secure")]
    return httpx2.Response(200, headers=[*headers, ("set-cookie", "sap-usercontext=sap-client=100; path=/")], json={})


async def test_a_read_goes_to_the_entity_with_client_and_credentials(sap: Any) -> None:
    sap.answer(httpx2.Response(200, json={"d": {"PurchaseOrder": "PO-1"}}))
    output = await call(sap, entity="A_PurchaseOrder('4500000101')", params={"$select": "PurchaseOrder"})
    sent = sap.requests[0]
    assert str(sent.url) == (
        f"https://s4.example:44300{SERVICE}/A_PurchaseOrder('4500000101')?$select=PurchaseOrder&sap-client=100"
    )
    assert sent.headers["authorization"] == "Basic " + b64encode(f"BUYER:{PASSWORD}".encode()).decode()
    assert sent.headers["accept"] == "application/json, text/plain;q=0.5, */*;q=0.1"
    assert sent.headers["maxdataserviceversion"] == "2.0"
    assert sent.headers["x-step"] == "httpRequest_1"
    assert output["data"] == {"d": {"PurchaseOrder": "PO-1"}}


async def test_a_change_fetches_a_token_and_the_next_one_uses_it(sap: Any) -> None:
    sap.answer(token(), httpx2.Response(204), httpx2.Response(204))
    for _ in range(2):
        await call(sap, entity="A('1')", method="patch", headers={"If-Match": 'W/"02"'}, body={"Status": "05"})
    fetch, first, second = sap.requests
    assert (fetch.method, fetch.url.path, fetch.headers["x-csrf-token"]) == ("HEAD", f"{SERVICE}/", "Fetch")
    assert fetch.url.params["sap-client"] == "100"
    assert "idempotency-key" not in fetch.headers
    for change in (first, second):
        assert change.method == "PATCH"
        assert change.headers["x-csrf-token"] == "token-0001"
        assert change.headers["cookie"] == "SAP_SESSIONID_S4H_100=token-0001-session; sap-usercontext=sap-client=100"
        assert change.headers["if-match"] == 'W/"02"'
        assert change.headers["idempotency-key"] == "exe-1:httpRequest_1:1"
        assert json.loads(change.content) == {"Status": "05"}


async def test_a_failed_fetch_is_the_output(sap: Any) -> None:
    refused = httpx2.Response(400, headers={"content-type": "text/html", "sap-server": "true"}, text="<html/>")
    sap.answer(httpx2.Response(405), refused, httpx2.Response(400), httpx2.Response(400))
    output = await call(sap, entity="A", method="POST", body={})
    assert output["data"] == "CSRF Token fetch failed"
    assert (output["status"], output["statusText"]) == ("400", "Bad Request")
    assert output["headers"]["sap-server"] == "true"
    assert [request.method for request in sap.requests] == ["HEAD", "GET", "GET", "GET"]


async def test_an_odata_error_is_data(sap: Any) -> None:
    error = {"error": {"code": "PO/001", "message": {"lang": "en", "value": "locked"}}}
    sap.answer(token(), httpx2.Response(412, json=error))
    output = await call(sap, entity="A('1')", method="PATCH", body={})
    assert (output["status"], output["data"]) == ("412", error)


@pytest.mark.parametrize(
    ("data", "headers", "etag"),
    [
        ({"d": {"__metadata": {"etag": 'W/"02"'}}}, {}, 'W/"02"'),
        ({"@odata.etag": 'W/"03"'}, {}, 'W/"03"'),
        ({"d": {"__metadata": {"etag": 'W/"02"'}}}, {"ETag": 'W/"01"'}, 'W/"01"'),
        ({"d": {"results": []}}, {}, None),
        ({"d": []}, {}, None),
        ([], {}, None),
    ],
)
async def test_the_etag_of_a_read_is_in_its_headers(data: Any, headers: Any, etag: str | None, sap: Any) -> None:
    sap.answer(httpx2.Response(200, json=data, headers=headers))
    assert (await call(sap, entity="A('1')"))["headers"].get("etag") == etag


async def test_credentials_token_and_session_are_masked(sap: Any) -> None:
    echo = {"auth": f"BUYER:{PASSWORD}", "token": "token-0001", "cookie": "token-0001-session"}
    based = b64encode(f"BUYER:{PASSWORD}".encode()).decode()
    cookie = "SAP_SESSIONID_S4H_100=token-0002-session; path=/"
    sap.answer(token(), httpx2.Response(200, json={**echo, "b": based}, headers={"set-cookie": cookie}))
    text = json.dumps(await call(sap, entity="A", method="POST", body={}))
    for secret in (PASSWORD, based, "token-0001", "token-0002-session"):
        assert secret not in text


async def test_the_usercontext_cookie_stays_readable(sap: Any) -> None:
    sap.answer(httpx2.Response(200, headers={"set-cookie": "sap-usercontext=sap-client=100; path=/"}))
    output = await call(sap, entity="A")
    assert output["headers"]["set-cookie"] == "sap-usercontext=sap-client=100; path=/"


async def test_a_timeout_of_the_token_is_not_sent_and_one_of_the_call_is(sap: Any) -> None:
    sap.answer(httpx2.ReadTimeout("x"))
    with pytest.raises(Timeout) as caught:
        await call(sap, entity="A", method="POST", body={})
    assert not caught.value.sent
    sap.answer(token(), httpx2.ReadTimeout("x"))
    with pytest.raises(Timeout) as caught:
        await call(sap, entity="A", method="POST", body={})
    assert caught.value.sent


async def test_a_broken_refetch_after_a_refusal_is_not_sent(sap: Any) -> None:
    required = httpx2.Response(403, headers={"x-csrf-token": "Required"})
    sap.answer(token(), required, httpx2.ReadError("x"))
    with pytest.raises(Unavailable) as caught:
        await call(sap, entity="A", method="POST", body={})
    assert not caught.value.sent


@pytest.mark.parametrize("location", ["https://evil.example/", "http://s4.example:44300/", "//evil.example/sap"])
async def test_nothing_leaves_the_configured_origin(location: str, sap: Any) -> None:
    away = httpx2.Response(302, headers={"location": location})
    sap.answer(away, away)
    assert (await call(sap, entity="A"))["status"] == "302"
    output = await call(sap, entity="A", method="POST", body={})
    assert (output["status"], output["data"]) == ("302", "CSRF Token fetch failed")
    assert {request.url.host for request in sap.requests} == {"s4.example"}


async def test_a_system_is_found_by_its_id_and_client(sap: Any) -> None:
    sap.answer(httpx2.Response(200))
    await OPERATION.call(sap.context(), {"system_id": "S4H", "client": 100, "service_path": SERVICE, "entity": "A"})
    assert sap.requests[0].url.host == "s4.example"


@pytest.mark.parametrize(
    "input_",
    [
        {"connection": None},
        {"connection": None, "system_id": "S4H"},
        {"connection": None, "system_id": "XXX", "client": "100"},
        {"connection": None, "system_id": "S4H", "client": "1000"},
        {"connection": "S4", "system_id": "S4H", "client": "100"},
        {"connection": "missing"},
        {"connection": "web"},
        {"connection": "odd"},
        {"client": "200"},
        {"params": {"sap-client": "200"}},
        {"service_path": ""},
        {"service_path": "/sap/../../x"},
        {"entity": "A?$filter=x"},
        {"headers": {"X-CSRF-Token": "mine"}},
        {"headers": {"Cookie": "a=b"}},
        {"headers": {"Authorization": "Bearer x"}},
        {"method": "TRACE"},
        {"next": "https://s4.example:44300/other/Orders", "entity": "", "method": "GET"},
        {"next": "A?$skiptoken=2", "method": "POST"},
        {"batch": [], "method": "GET"},
        {"batch": [{"id": "1"}], "entity": "A"},
        {"body_type": "xml", "body": {"a": 1}},
    ],
)
async def test_inputs_that_cannot_be_sent_are_bad_input_and_nothing_is_sent(input_: Any, sap: Any) -> None:
    sap.add("web", "http", {"base_url": "https://h"})
    sap.add("odd", "sap", {"base_url": "https://h"})
    sap.answer(httpx2.Response(200))
    with pytest.raises(BadInput):
        await call(sap, **{"method": "POST", **input_})
    assert sap.requests == []


async def test_a_connection_without_client_takes_that_of_the_call(wiring: Any) -> None:
    wiring.add("S4", "sap", {"base_url": "https://s4.example", "user": "U", "language": "DE"}, {"password": "p"})
    wiring.answer(httpx2.Response(200), httpx2.Response(200))
    await call(wiring, entity="A", client=7)
    await call(wiring, entity="A", params={"sap-language": "FR"})
    assert str(wiring.requests[0].url.query, "ascii") == "sap-client=007&sap-language=DE"
    assert str(wiring.requests[1].url.query, "ascii") == "sap-language=FR"


async def test_sessions_belong_to_their_credentials(sap: Any) -> None:
    sap.add("S4-other", "sap", {**SETTINGS, "user": "OTHER"}, {"password": PASSWORD})
    sap.answer(token(), httpx2.Response(204), token("token-0002"), httpx2.Response(204))
    await call(sap, entity="A", method="POST", body={})
    await call(sap, connection="S4-other", entity="A", method="POST", body={})
    assert "cookie" not in sap.requests[2].headers
    assert sap.requests[3].headers["x-csrf-token"] == "token-0002"


def test_connections_are_checked_when_they_are_saved() -> None:
    assert KIND.problems(SETTINGS, {"password": PASSWORD}) == ()
    found = KIND.problems({**SETTINGS, "base_url": "s4", "client": "1", "user": "a:b"}, {"password": PASSWORD})
    assert [problem.path for problem in found] == ["/settings/base_url", "/settings/client", "/settings/user"]
    assert [problem.path for problem in KIND.problems(SETTINGS, {})] == ["/secrets/password"]
    (wrong,) = KIND.problems({**SETTINGS, "auth": "oauth2"}, {"password": PASSWORD})
    assert (wrong.path, wrong.message.startswith("is not one of")) == ("/settings/auth", True)


class SessionGateway:
    """A gateway that accepts a token only with the cookie of its session."""

    def __init__(self) -> None:
        self.sessions: dict[str, str] = {}
        self.fetches = 0
        self.changes: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        writer.write(self._answer(request.split(" ")[0], headers, body))
        await writer.drain()
        writer.close()

    def _answer(self, method: str, headers: dict[str, str], body: bytes) -> bytes:
        if method == "HEAD" and headers.get("x-csrf-token") == "Fetch":
            self.fetches += 1
            session, csrf = f"session-{self.fetches:08}", f"token-{self.fetches:08}"
            self.sessions[session] = csrf
            return self._response("200 OK", f"x-csrf-token: {csrf}", f"set-cookie: SAP_SESSIONID={session}; path=/")
        session = headers.get("cookie", "").partition("SAP_SESSIONID=")[2].partition(";")[0]
        if session not in self.sessions or self.sessions[session] != headers.get("x-csrf-token"):
            return self._response("403 Forbidden", "x-csrf-token: Required")
        self.changes.append(body)
        return self._response("204 No Content")

    def _response(self, status: str, *headers: str) -> bytes:
        length = () if status.startswith("204") else ("content-length: 0",)
        return "\r\n".join([f"HTTP/1.1 {status}", *headers, *length, "connection: close", "", ""]).encode()


async def test_a_token_that_is_bound_to_its_session_works_and_survives_its_end(
    wiring: Any, serve: Any, open_client: Any
) -> None:
    gateway = SessionGateway()
    settings = {"base_url": f"http://127.0.0.1:{await serve(gateway)}", "user": "BUYER"}
    wiring.add("S4", "sap", settings, {"password": PASSWORD})
    wiring.use(open_client())
    change = {"entity": "A('1')", "method": "PATCH", "body": {"Status": "05"}}
    assert [(await call(wiring, **change))["status"] for _ in range(3)] == ["204"] * 3
    assert gateway.fetches == 1
    gateway.sessions.clear()
    assert (await call(wiring, **change))["status"] == "204"
    assert gateway.fetches == 2
    assert len(gateway.changes) == 4


async def test_many_calls_at_once_each_take_effect_once(wiring: Any, serve: Any, open_client: Any) -> None:
    gateway = SessionGateway()
    settings = {"base_url": f"http://127.0.0.1:{await serve(gateway)}", "user": "BUYER"}
    wiring.add("S4", "sap", settings, {"password": PASSWORD})
    wiring.use(open_client())
    bodies = [{"n": n} for n in range(10)]
    outputs = await asyncio.gather(*[call(wiring, entity="A", method="POST", body=body) for body in bodies])
    assert {output["status"] for output in outputs} == {"204"}
    assert sorted(gateway.changes) == sorted(json.dumps(body, separators=(",", ":")).encode() for body in bodies)
