"""The operation `http.request`."""

import json
from base64 import b64encode
from typing import Any

import httpx2
import pytest

from looply.connectors.http.connector import CONNECTOR
from looply.errors import BadInput, Rejected, Timeout, Unavailable

OPERATION = CONNECTOR.operations[0]
KIND = CONNECTOR.connection_kinds[0]
OK = httpx2.Response(200, json={"ok": True})
TOKEN = "hunter2-hunter2"


async def call(wiring: Any, **input_: Any) -> dict[str, Any]:
    return await OPERATION.perform(wiring.context(), input_)


async def test_a_request_is_sent_as_written(wiring: Any) -> None:
    wiring.answer(OK)
    output = await call(
        wiring,
        method="post",
        url="https://api.example/orders?a=1",
        params={"b": ["x", "y"], "none": None},
        headers={"X-Number": 7, "X-None": None},
        body={"po": "4500000101"},
    )
    sent = wiring.requests[0]
    assert (sent.method, str(sent.url)) == ("POST", "https://api.example/orders?a=1&b=x&b=y")
    assert json.loads(sent.content) == {"po": "4500000101"}
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-number"] == "7"
    assert "x-none" not in sent.headers
    assert output["status"] == "200"
    assert output["data"] == {"ok": True}


async def test_a_call_identifies_its_step(wiring: Any) -> None:
    wiring.answer(OK)
    await call(wiring, url="https://api.example/")
    headers = wiring.requests[0].headers
    assert headers["idempotency-key"] == "exe-1:httpRequest_1:1"
    assert headers["x-looply-depth"] == "1"
    assert (headers["x-execution-id"], headers["x-step"], headers["x-attempt"]) == ("exe-1", "httpRequest_1", "2")


async def test_a_status_that_is_no_success_is_data(wiring: Any) -> None:
    wiring.answer(httpx2.Response(429, headers={"Retry-After": "7"}, text="slow down"))
    output = await call(wiring, url="https://api.example/")
    assert (output["status"], output["statusText"], output["data"]) == ("429", "Too Many Requests", "slow down")
    assert output["headers"]["retry-after"] == "7"


async def test_the_author_may_choose_content_type_and_idempotency_key(wiring: Any) -> None:
    wiring.answer(OK, OK)
    own = {"Content-Type": "application/vnd.x+json", "Idempotency-Key": "mine"}
    await call(wiring, method="POST", url="https://api.example/", headers=own, body={})
    assert wiring.requests[0].headers["content-type"] == "application/vnd.x+json"
    assert wiring.requests[0].headers["idempotency-key"] == "mine"
    await call(wiring, method="POST", url="https://api.example/", headers=own, body={"a": 1}, body_type="multipart")
    assert "boundary=" in wiring.requests[1].headers["content-type"]


@pytest.mark.parametrize(
    "input_",
    [
        {},
        {"url": 7},
        {"url": "https://h/", "method": "TRACE"},
        {"url": "https://h/", "headers": {"X": "a\r\nb: c"}},
        {"url": "https://h/", "headers": {"X": "a\x00"}},
        {"url": "https://h/", "headers": {"X y": "a"}},
        {"url": "https://h/", "headers": {"": "a"}},
        {"url": "https://h/", "headers": {"X": ["a"]}},
        {"url": "https://h/", "headers": {"X-A": "1", "x-a": "2"}},
        {"url": "https://h/", "headers": {"Host": "evil.example"}},
        {"url": "https://h/", "headers": {"content-length": "0"}},
        {"url": "https://h/", "headers": {"Transfer-Encoding": "chunked"}},
        {"url": "https://h/", "headers": {"Connection": "close"}},
        {"url": "https://h/", "params": {"a": {"b": 1}}},
        {"url": "https://h/", "auth": {"type": "digest"}},
        {"url": "https://h/", "auth": {"type": "basic", "user": "a:b", "password": "c"}},
        {"url": "https://h/", "auth": {"type": "bearer", "token": "a\nb"}},
        {"url": "https://h/", "auth": {"type": "bearer", "token": "a"}, "headers": {"Authorization": "b"}},
        {"url": "https://h/", "auth": {"type": "bearer", "token": "a"}, "connection": "crm"},
        {"url": "https://h/", "connection": "missing"},
        {"url": "file:///etc/passwd"},
        {"url": "https://u:p@h/"},
    ],
)
async def test_inputs_that_cannot_be_sent_are_bad_input_and_nothing_is_sent(input_: Any, wiring: Any) -> None:
    wiring.answer(OK)
    with pytest.raises(BadInput) as caught:
        await call(wiring, **input_)
    assert not caught.value.sent
    assert wiring.requests == []


async def test_credentials_of_the_input_are_sent(wiring: Any) -> None:
    wiring.answer(OK, OK)
    await call(wiring, url="https://api.example/", auth={"type": "bearer", "token": TOKEN})
    await call(wiring, url="https://api.example/", auth={"type": "basic", "user": "u", "password": "p\u00e4ss"})
    assert wiring.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert wiring.requests[1].headers["authorization"] == "Basic " + b64encode("u:p\u00e4ss".encode()).decode()


@pytest.mark.parametrize(
    ("input_", "echo"),
    [
        ({"auth": {"type": "bearer", "token": TOKEN}}, f"Bearer {TOKEN}"),
        ({"auth": {"type": "basic", "user": "u", "password": TOKEN}}, b64encode(f"u:{TOKEN}".encode()).decode()),
        ({"headers": {"Authorization": f"Token {TOKEN}"}}, TOKEN),
        ({"headers": {"X-Api-Key": TOKEN}}, TOKEN),
        ({"url": "", "connection": "crm"}, TOKEN),
    ],
)
async def test_a_peer_that_echoes_credentials_shows_nothing(input_: Any, echo: str, wiring: Any) -> None:
    settings = {"base_url": "https://api.example", "auth": "api_key", "header": "X-Key"}
    wiring.add("crm", "http", settings, {"token": TOKEN})
    wiring.answer(httpx2.Response(400, json={"you sent": echo, echo: 1}, headers={"x-echo": echo}))
    output = await call(wiring, **{"url": "https://api.example/", **input_})
    assert TOKEN not in json.dumps(output)
    assert echo not in json.dumps(output)
    assert "***" in output["data"]["you sent"]


@pytest.mark.parametrize(
    ("settings", "secrets", "header", "value"),
    [
        ({"auth": "basic", "user": "u"}, {"password": "p"}, "authorization", "Basic dTpw"),
        ({"auth": "bearer"}, {"token": TOKEN}, "authorization", f"Bearer {TOKEN}"),
        ({"auth": "api_key"}, {"token": TOKEN}, "x-api-key", TOKEN),
    ],
)
async def test_a_connection_gives_address_and_credentials(
    settings: Any, secrets: Any, header: str, value: str, wiring: Any
) -> None:
    wiring.add("crm", "http", {"base_url": "https://crm.example/api", **settings}, secrets)
    wiring.answer(OK)
    await call(wiring, url="/orders", connection="crm", params={"a": 1})
    assert str(wiring.requests[0].url) == "https://crm.example/api/orders?a=1"
    assert wiring.requests[0].headers[header] == value


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://crm.example/",
        "https://crm.example:8443/",
        "https://crm.example.evil.example/",
        "//evil.example/",
        "../../x",
        "https://crm.example@evil.example/",
    ],
)
async def test_credentials_of_a_connection_go_to_its_host_only(url: str, wiring: Any) -> None:
    wiring.add("crm", "http", {"base_url": "https://crm.example/api", "auth": "bearer"}, {"token": TOKEN})
    wiring.answer(OK)
    with pytest.raises(BadInput):
        await call(wiring, url=url, connection="crm")
    assert wiring.requests == []


@pytest.mark.parametrize("url", ["https://crm.example/other", "https://files.example/x", "https://up.example:8443/"])
async def test_a_connection_may_allow_further_hosts(url: str, wiring: Any) -> None:
    settings = {"base_url": "https://crm.example/api", "allowed_hosts": ["files.example", "up.example:8443"]}
    wiring.add("crm", "http", settings)
    wiring.answer(OK)
    await call(wiring, url=url, connection="crm")
    assert str(wiring.requests[0].url) == url


@pytest.mark.parametrize(
    ("kind", "settings", "header"),
    [
        ("sap", {"base_url": "https://s4.example"}, {}),
        ("http", {"base": "https://crm.example"}, {}),
        ("http", {"base_url": "crm.example"}, {}),
        ("http", {"base_url": "https://crm.example", "allowed_hosts": ["a/b@c"]}, {}),
        ("http", {"base_url": "https://crm.example", "auth": "api_key", "header": "a b"}, {}),
        ("http", {"base_url": "https://crm.example", "auth": "bearer"}, {"Authorization": "mine"}),
    ],
)
async def test_a_connection_that_does_not_fit_is_bad_input(kind: str, settings: Any, header: Any, wiring: Any) -> None:
    wiring.add("crm", kind, settings, {"token": TOKEN})
    wiring.answer(OK)
    with pytest.raises(BadInput):
        await call(wiring, connection="crm", headers=header)


def redirect(location: str, status: int = 302) -> httpx2.Response:
    return httpx2.Response(status, headers={"location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_get_follows_redirects(status: int, wiring: Any) -> None:
    wiring.answer(redirect("/b?x=1", status), OK)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert (await call(wiring, url="https://api.example/a", headers=headers))["status"] == "200"
    assert str(wiring.requests[1].url) == "https://api.example/b?x=1"
    assert wiring.requests[1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "location", ["https://other.example/", "//other.example/", "http://api.example/", "https://api.example:444/"]
)
async def test_credentials_are_dropped_towards_another_origin(location: str, wiring: Any) -> None:
    wiring.answer(redirect(location), OK)
    headers = {"Authorization": "Bearer a", "Cookie": "a=b", "X-Api-Key": "c", "X-Own": "d", "Accept": "text/plain"}
    await call(wiring, url="https://api.example/a", headers=headers)
    followed = wiring.requests[1].headers
    assert followed["accept"] == "text/plain"
    for name in ("authorization", "cookie", "x-api-key", "x-own", "idempotency-key", "x-execution-id"):
        assert name not in followed


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_other_methods_return_the_redirect(method: str, wiring: Any) -> None:
    wiring.answer(redirect("/b", 307))
    assert (await call(wiring, url="https://api.example/a", method=method))["status"] == "307"


async def test_five_redirects_are_followed_and_a_sixth_is_not(wiring: Any) -> None:
    wiring.answer(*[redirect("/loop") for _ in range(5)], OK)
    assert (await call(wiring, url="https://api.example/"))["status"] == "200"
    wiring.answer(*[redirect("/loop") for _ in range(6)])
    with pytest.raises(Rejected, match="more than 5") as caught:
        await call(wiring, url="https://api.example/")
    assert caught.value.sent
    assert len(wiring.requests) == 12


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://h/", "ftp://h/", "http://a@h/", "http://[bad"])
async def test_a_redirect_to_no_acceptable_url_is_rejected(location: str, wiring: Any) -> None:
    wiring.answer(redirect(location))
    with pytest.raises(Rejected) as caught:
        await call(wiring, url="https://api.example/")
    assert (caught.value.code, caught.value.status) == ("REDIRECT_REFUSED", "302")


async def test_a_redirect_does_not_leave_the_origins_of_a_connection(wiring: Any) -> None:
    wiring.add("crm", "http", {"base_url": "https://crm.example", "auth": "bearer"}, {"token": TOKEN})
    wiring.answer(redirect("https://evil.example/"))
    assert (await call(wiring, url="/a", connection="crm"))["status"] == "302"
    assert len(wiring.requests) == 1


async def test_a_hop_that_fails_counts_as_sent(wiring: Any) -> None:
    wiring.answer(redirect("/b"), httpx2.ConnectError("refused"))
    with pytest.raises(Unavailable) as caught:
        await call(wiring, url="https://api.example/")
    assert caught.value.sent


async def test_every_hop_is_checked_by_the_egress_policy(wiring: Any, serve: Any, open_client: Any) -> None:
    heads: list[bytes] = []

    async def redirecting(reader: Any, writer: Any) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:%d/\r\nContent-Length: 0\r\n\r\n" % port)
        writer.close()

    port = await serve(redirecting)
    wiring.use(open_client(allow=("127.0.0.1",)))
    with pytest.raises(Rejected) as caught:
        await call(wiring, url=f"http://127.0.0.1:{port}/")
    assert caught.value.code == "EGRESS_DENIED"
    assert len(heads) == 1


@pytest.mark.parametrize(
    ("error", "kind", "sent"),
    [
        (httpx2.ConnectError("x"), Unavailable, False),
        (httpx2.ConnectTimeout("x"), Timeout, False),
        (httpx2.PoolTimeout("x"), Timeout, False),
        (httpx2.ReadTimeout("x"), Timeout, True),
        (httpx2.WriteTimeout("x"), Timeout, True),
        (httpx2.ReadError("x"), Unavailable, True),
        (httpx2.WriteError("x"), Unavailable, True),
        (httpx2.RemoteProtocolError("x"), Unavailable, True),
        (httpx2.LocalProtocolError("x"), BadInput, False),
    ],
)
async def test_failures_report_whether_it_was_sent(error: Exception, kind: type, sent: bool, wiring: Any) -> None:
    wiring.answer(error)
    with pytest.raises(kind) as caught:
        await call(wiring, method="POST", url=f"https://{TOKEN}.example/", headers={"x-api-key": TOKEN})
    assert caught.value.sent is sent
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("input_", "repeat"),
    [
        ({}, "always"),
        ({"method": "get"}, "always"),
        ({"method": "PUT"}, "always"),
        ({"method": "DELETE"}, "always"),
        ({"method": "head"}, "always"),
        ({"method": "OPTIONS"}, "always"),
        ({"method": "POST"}, "never"),
        ({"method": "PATCH"}, "never"),
        ({"method": None}, "never"),
        ({"method": "${payload.output.method}"}, "never"),
    ],
)
def test_the_method_says_whether_a_request_may_be_repeated(input_: Any, repeat: str) -> None:
    assert OPERATION.repeat_of(input_) == repeat


def test_an_operation_describes_its_input_and_output() -> None:
    text = json.dumps([OPERATION.input_schema, OPERATION.output_schema])
    assert all(name in text for name in ("body_type", "connection", "bearer", "statusText"))


def test_connections_are_checked_when_they_are_saved() -> None:
    good = {"base_url": "https://crm.example", "auth": "bearer"}
    assert KIND.problems(good, {"token": TOKEN}) == ()
    assert [p.path for p in KIND.problems({"base_url": "crm"}, {})] == ["/settings/base_url"]
    assert [p.path for p in KIND.problems({"base_url": "http://h/?x"}, {})] == ["/settings/base_url"]
    found = KIND.problems({"auth": "none of these", "extra": 1}, {"token": 12345678})
    assert {problem.path for problem in found} == {"/settings", "/settings/auth", "/secrets/token"}
    assert "12345678" not in str(found)


def test_secrets_are_not_shown(wiring: Any) -> None:
    wiring.add("crm", "http", {"base_url": "https://h"}, {"token": TOKEN})
    values = wiring.connections["crm"]
    assert TOKEN not in f"{values!r} {values.secrets!r} {values.secrets}"
    assert dict(values.secrets) == {"token": TOKEN}
