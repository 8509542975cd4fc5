"""Connections with authorities, certificates, host names and proxies of their own."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.servers.certificates import Authority
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.network import GuardedBackend
from looply.connectors.outbound.routes import (
    PEM_CHARACTERS,
    ProxySettings,
    Route,
    TlsSettings,
    route_manner,
    route_of,
    route_problems,
)
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest
from looply.errors import BadInput, OperationError, Rejected, Unavailable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OURS = Authority("ours")
OTHER = Authority("other")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


async def ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()
    writer.close()


def server_tls(folder: Path, *, asks_for: Authority | None = None) -> ssl.SSLContext:
    certificate, key = OURS.issue("s4.internal").written(folder, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if asks_for is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=asks_for.certificate.decode())
    return context


def get(port: int, route: Route | None, scheme: str = "https") -> HttpRequest:
    return HttpRequest(method="GET", url=parse_url(f"{scheme}://127.0.0.1:{port}/"), route=route)


@pytest.fixture
def fetch(open_client: Any) -> Any:
    """Sends requests with one client and returns their statuses."""
    client = open_client()

    async def once(request: HttpRequest) -> int:
        return int((await client.sender(timedelta(seconds=10)).send(request)).status)

    return once


async def test_an_authority_of_a_connection_is_trusted_by_it_alone(serve: Any, tmp_path: Path, fetch: Any) -> None:
    port = await serve(ok, ssl=server_tls(tmp_path))
    assert await fetch(get(port, Route(ca=OURS.certificate.decode()))) == 200
    for route in (None, Route(ca=OTHER.certificate.decode())):
        with pytest.raises(Rejected) as caught:
            await fetch(get(port, route))
        assert caught.value.code == "TLS_CERTIFICATE"


async def test_the_name_in_a_certificate_may_be_another_one(serve: Any, tmp_path: Path, fetch: Any) -> None:
    port = await serve(ok, ssl=server_tls(tmp_path))
    ca = OURS.certificate.decode()
    assert await fetch(get(port, Route(ca=ca, server_name="s4.internal"))) == 200
    with pytest.raises(Rejected):
        await fetch(get(port, Route(ca=ca, server_name="another.internal")))


async def test_a_client_certificate_is_shown(serve: Any, tmp_path: Path, fetch: Any) -> None:
    port = await serve(ok, ssl=server_tls(tmp_path, asks_for=OTHER))
    pair = OTHER.issue("looply")
    ca = OURS.certificate.decode()
    shown = Route(ca=ca, certificate=pair.certificate.decode(), key=pair.key.decode())
    assert await fetch(get(port, shown)) == 200
    with pytest.raises(OperationError):
        await fetch(get(port, Route(ca=ca)))


@pytest.mark.parametrize("part", ["ca", "certificate", "key", "locked"])
async def test_what_is_no_certificate_is_bad_input(part: str, fetch: Any) -> None:
    pair = OTHER.issue("looply")
    given = {"certificate": pair.certificate.decode(), "key": pair.key.decode()}
    changed = {
        "ca": {"ca": "no PEM"},
        "certificate": {**given, "certificate": "no PEM"},
        "key": {**given, "key": OTHER.issue("looply").key.decode()},
        "locked": {**given, "key": pair.locked("a password").decode()},
    }
    with pytest.raises(BadInput) as caught:
        await fetch(get(1, Route(**changed[part])))
    assert not caught.value.sent
    assert "PRIVATE KEY" not in caught.value.message


class Proxy:
    """A proxy that opens tunnels, and counts them."""

    def __init__(self, reply: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.reply = reply
        self.heads: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        writer.write(self.reply)
        await writer.drain()
        if b" 200 " not in self.reply:
            writer.close()
            return
        host, _, port = head.split(" ")[1].rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_calls_go_through_the_tunnel_of_a_proxy(scheme: str, serve: Any, tmp_path: Path, fetch: Any) -> None:
    proxy = Proxy()
    options = {"ssl": server_tls(tmp_path)} if scheme == "https" else {}
    port, entry = await serve(ok, **options), await serve(proxy)
    route = Route(ca=OURS.certificate.decode(), proxy=f"http://127.0.0.1:{entry}", proxy_user="u", proxy_password="p")
    assert await fetch(get(port, route, scheme)) == 200
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")
    assert "Proxy-Authorization: Basic dTpw\r\n" in head


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno", "407"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "status 403"),
        (b"SSH-2.0-OpenSSH\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 2\r\n\r\n", "no answer of HTTP"),
        (b"", "instead of opening a tunnel|no answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000, "no answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nearly", "no answer of HTTP"),
    ],
)
async def test_a_proxy_that_refuses_is_reported_and_nothing_was_sent(
    reply: bytes, says: str, serve: Any, fetch: Any
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    entry = await serve(refuse)
    with pytest.raises(Unavailable, match=says) as caught:
        await fetch(
            get(18080, Route(proxy=f"http://127.0.0.1:{entry}", proxy_user="u", proxy_password="hunter2"), "http")
        )
    assert (caught.value.sent, "hunter2" in caught.value.message) == (False, False)


@pytest.mark.parametrize("target", ["169.254.169.254", "10.1.2.3", "metadata.google.internal"])
async def test_a_proxy_opens_no_target_that_the_policy_forbids(target: str, serve: Any, fetch: Any) -> None:
    proxy = Proxy()
    route = Route(proxy=f"http://127.0.0.1:{await serve(proxy)}")
    with pytest.raises(Rejected) as caught:
        await fetch(HttpRequest(method="GET", url=parse_url(f"http://{target}/"), route=route))
    assert (caught.value.code, proxy.heads) == ("EGRESS_DENIED", [])


async def test_a_proxy_that_the_policy_forbids_is_not_reached(serve: Any, open_client: Any) -> None:
    proxy = Proxy()
    entry = await serve(proxy)
    client = open_client(allow=(f"127.0.0.1:{await serve(ok)}",))
    with pytest.raises(Rejected) as caught:
        await client.sender(timedelta(seconds=5)).send(
            HttpRequest(method="GET", url=parse_url("http://8.8.8.8/"), route=Route(proxy=f"http://127.0.0.1:{entry}"))
        )
    assert (caught.value.code, proxy.heads) == ("EGRESS_DENIED", [])


class NoNames:
    """A resolver that knows no name."""

    async def addresses(self, host: str, port: int) -> list[str]:
        raise OSError("unknown")


async def test_a_name_that_only_the_proxy_knows_must_be_allowed_by_name() -> None:
    backend = GuardedBackend(EgressPolicy(("erp.corp", "db.corp:5432")), NoNames())
    await backend.check("erp.corp", 443)
    await backend.check("db.corp", 5432)
    for host, port in (("other.corp", 443), ("erp.corp", 22), ("db.corp", 443)):
        with pytest.raises(Rejected):
            await backend.check(host, port)


async def test_routes_do_not_share_connections(serve: Any, fetch: Any) -> None:
    opened = 0

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    port = await serve(keep)
    for route in (None, None, Route(server_name="a"), Route(server_name="a"), Route(server_name="b")):
        assert await fetch(get(port, route, "http")) == 200
    assert opened == 3


def test_settings_become_a_route() -> None:
    assert route_of(None, None, {}) is None
    route = route_of(
        TlsSettings(ca="A", certificate="C"), ProxySettings(url="http://p:1", user="u"), {"client_key": "K"}
    )
    assert route == Route(ca="A", certificate="C", key="K", proxy="http://p:1", proxy_user="u")
    assert "K" not in repr(route)
    assert route.to_another_origin() == Route(ca="A", proxy="http://p:1", proxy_user="u")
    assert Route(certificate="C", key="K").to_another_origin() is None
    for tls, secrets in ((TlsSettings(certificate="C"), {}), (TlsSettings(), {"client_key": "K"})):
        with pytest.raises(BadInput, match="half of a client certificate"):
            route_of(tls, None, secrets)


def test_secrets_are_bound_to_what_decides_who_reads_them() -> None:
    assert route_manner(None, None) == {}
    one = route_manner(TlsSettings(ca="A"), ProxySettings(url="http://p:1"))
    assert one == {"ca": "A", "proxy": "http://p:1"}


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"tls": {"ca": "no PEM"}}, "/settings/tls/ca"),
        ({"tls": {"ca": "x" * (PEM_CHARACTERS + 1)}}, "/settings/tls/ca"),
        ({"tls": {"certificate": "no PEM"}}, "/settings/tls/certificate"),
        ({"tls": {"server_name": "a/b"}}, "/settings/tls/server_name"),
        ({"proxy": {"url": "socks5://p:1"}}, "/settings/proxy/url"),
        ({"proxy": {"url": "http://p:1/path"}}, "/settings/proxy/url"),
        ({"proxy": {"url": "http://p:1", "user": "a:b"}}, "/settings/proxy/user"),
    ],
)
def test_wrong_settings_are_found_when_a_connection_is_saved(settings: Any, path: str) -> None:
    assert [problem.path for problem in route_problems(settings)] == [path]


def test_right_settings_have_no_problem() -> None:
    tls = {"ca": OURS.certificate.decode(), "server_name": "s4.internal"}
    assert route_problems({"tls": tls, "proxy": {"url": "http://proxy.example:3128"}}) == ()
    assert route_problems({}) == ()
