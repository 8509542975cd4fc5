"""What a person reads when a call breaks: which part failed, why, and whether anything was sent."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit.servers.certificates import Authority
from kit.servers.nasty import (
    CHUNKED,
    HANDSHAKE_FAILURE,
    PROTOCOL_VERSION,
    Recorder,
    asking,
    breaking,
    silent,
    speaking,
    tls_of,
)
from looply.connectors.client import HttpClient
from looply.connectors.http.connector import CONNECTOR
from looply.connectors.outbound.routes import Route
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest, HttpResponse
from looply.errors import OperationError, Rejected, Timeout, Unavailable

OpenClient = Callable[..., HttpClient]
OPERATION = CONNECTOR.operations[0]
LONG = timedelta(minutes=2)
SHORT = timedelta(milliseconds=500)


async def send(client: HttpClient, url: str, within: timedelta = LONG, **more: Any) -> HttpResponse:
    return await client.sender(within).send(HttpRequest(**{"method": "GET", "url": parse_url(url), **more}))


async def failure(client: HttpClient, url: str, within: timedelta = LONG, **more: Any) -> OperationError:
    with pytest.raises(OperationError) as caught:
        await send(client, url, within, **more)
    return caught.value


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("An authority of tests")


@pytest.mark.parametrize(
    ("answer", "resets", "text"),
    [
        (b"", False, "closed the connection without an answer"),
        (b"", True, "reset the connection before it answered"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", False, "after 3 of the 10 bytes that it announced"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", True, "reset the connection within its answer"),
        (CHUNKED + b"5\r\nab", False, "within a chunk of its answer"),
        (CHUNKED + b"zz\r\nab\r\n", False, "whose body is not valid HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", False, "not an answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", False, "not an answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x-a: 1\r\n" * 30_000, False, "not an answer of HTTP"),
    ],
)
async def test_the_ways_in_which_an_answer_breaks_are_distinguished(
    answer: bytes, resets: bool, text: str, serve: Any, open_client: OpenClient
) -> None:
    port = await serve(breaking(answer, resets=resets))
    error = await failure(open_client(), f"http://127.0.0.1:{port}/")
    assert isinstance(error, Unavailable)
    assert (error.code, error.sent, error.kind, error.is_of_connection) == ("CONNECTION", True, "down", False)
    assert text in error.message
    assert f"127.0.0.1:{port}" in error.message


async def test_a_decimal_of_ten_thousand_digits_is_a_bad_response(
    serve: Any, open_client: OpenClient, wiring: Any
) -> None:
    wiring.use(open_client())
    for digits, is_taken in ((1000, True), (10_000, False)):
        body = b'{"order": "1", "amount": 0.' + b"7" * digits + b"}"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        url = f"http://127.0.0.1:{await serve(Recorder(head + body))}/"
        if is_taken:
            output = await OPERATION.perform(wiring.context(), {"url": url})
            assert output["data"]["amount"] == Decimal(f"0.{'7' * digits}")
            continue
        with pytest.raises(Rejected) as caught:
            await OPERATION.perform(wiring.context(), {"url": url})
        assert (caught.value.code, caught.value.sent, caught.value.status) == ("BAD_RESPONSE", True, "200")
        assert "1000" in caught.value.message


@pytest.mark.parametrize("length", [0, 3, 500])
async def test_an_answer_with_chunks_and_a_length_ends_with_its_chunks(
    length: int, serve: Any, open_client: OpenClient
) -> None:
    for head in (
        b"Content-Length: %d\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: %d",
    ):
        peer = Recorder(b"HTTP/1.1 200 OK\r\n" + head % length + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        client, url = open_client(), f"http://127.0.0.1:{await serve(peer)}/"
        assert [(await send(client, url)).content for _ in range(2)] == [b"hello", b"hello"]


async def test_thousands_of_headers_are_taken(serve: Any, open_client: OpenClient) -> None:
    lines = b"".join(b"x-%d: 1\r\n" % number for number in range(5_000))
    peer = Recorder(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + lines + b"\r\nok")
    response = await send(open_client(), f"http://127.0.0.1:{await serve(peer)}/")
    assert (response.content, response.header("x-4999")) == (b"ok", "1")


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br"])
async def test_an_encoding_that_was_not_asked_for_is_a_bad_response(
    encoding: str, serve: Any, open_client: OpenClient
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: {encoding}\r\n\r\n".encode()
    error = await failure(open_client(), f"http://127.0.0.1:{await serve(Recorder(head + b'abc'))}/")
    assert isinstance(error, Rejected)
    assert (error.code, error.sent, error.status) == ("BAD_RESPONSE", True, "200")
    assert encoding.rpartition(" ")[2] in error.message


async def test_an_encoding_of_an_answer_without_a_body_does_not_matter(serve: Any, open_client: OpenClient) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: br\r\n\r\n"
    response = await send(open_client(), f"http://127.0.0.1:{await serve(Recorder(head))}/", method="HEAD")
    assert (response.status, response.content) == (200, b"")


async def test_an_authority_that_is_not_trusted_is_named_and_can_be_added(
    authority: Authority, tmp_path: Path, serve: Any, open_client: OpenClient
) -> None:
    peer, client = Recorder(), open_client()
    url = f"https://127.0.0.1:{await serve(peer, ssl=tls_of(tmp_path, authority.issue('localhost')))}/"
    error = await failure(client, url)
    assert (error.code, error.sent, error.kind, error.is_of_connection) == ("TLS_CERTIFICATE", False, "down", True)
    assert "authority that is not trusted" in error.message
    assert peer.heads == []
    route = Route(ca=authority.certificate.decode())
    assert (await send(client, url, route=route)).content == b"ok"


async def test_a_certificate_for_another_host_is_distinguished_and_its_name_can_be_stated(
    authority: Authority, tmp_path: Path, serve: Any, open_client: OpenClient
) -> None:
    pair = authority.issue("s4.example.com", is_local=False)
    peer, client, ca = Recorder(), open_client(), authority.certificate.decode()
    url = f"https://127.0.0.1:{await serve(peer, ssl=tls_of(tmp_path, pair))}/"
    error = await failure(client, url, route=Route(ca=ca), headers={"authorization": "Bearer hunter2-hunter2"})
    assert (error.code, error.sent, error.is_of_connection) == ("TLS_CERTIFICATE", False, True)
    assert "is for another host name" in error.message
    assert peer.heads == []
    assert (await send(client, url, route=Route(ca=ca, server_name="s4.example.com"))).content == b"ok"


async def test_a_certificate_that_has_expired_is_distinguished(
    authority: Authority, tmp_path: Path, serve: Any, open_client: OpenClient
) -> None:
    pair = authority.issue("localhost", lasts=timedelta(hours=-1))
    url = f"https://127.0.0.1:{await serve(Recorder(), ssl=tls_of(tmp_path, pair))}/"
    error = await failure(open_client(), url, route=Route(ca=authority.certificate.decode()))
    # Here the authority of the connection may be what has expired; else it is the system's certificate.
    assert (error.code, error.is_of_connection) == ("TLS_CERTIFICATE", True)
    assert "has expired" in error.message
    trusting = open_client(ca_file=authority.written(tmp_path, "machine"))
    error = await failure(trusting, url)
    assert "has expired" in error.message
    assert (error.kind, error.is_of_connection) == ("down", False)


async def test_a_client_certificate_that_is_asked_for_is_named_and_can_be_given(
    authority: Authority, tmp_path: Path, serve: Any, open_client: OpenClient
) -> None:
    tls = tls_of(tmp_path, authority.issue("localhost"), clients=authority)
    client, ca = open_client(), authority.certificate.decode()
    url = f"https://127.0.0.1:{await serve(asking(tls))}/"
    error = await failure(client, url, route=Route(ca=ca), method="POST", content=b"once")
    assert (error.code, error.sent, error.is_of_connection) == ("TLS_CLIENT_CERTIFICATE", False, True)
    assert "`client_key`" in error.message
    own = authority.issue("looply")
    url = f"https://127.0.0.1:{await serve(Recorder(), ssl=tls)}/"
    route = Route(ca=ca, certificate=own.certificate.decode(), key=own.key.decode())
    assert (await send(client, url, route=route)).content == b"ok"


async def test_a_client_certificate_that_the_handshake_of_tls_12_misses_is_a_failed_handshake(
    authority: Authority, tmp_path: Path, serve: Any, open_client: OpenClient
) -> None:
    tls = tls_of(tmp_path, authority.issue("localhost"), clients=authority, newest=False)
    url = f"https://127.0.0.1:{await serve(asking(tls))}/"
    error = await failure(open_client(), url, route=Route(ca=authority.certificate.decode()))
    assert (error.code, error.sent) == ("TLS_HANDSHAKE", False)
    assert "client certificates" in error.message


@pytest.mark.parametrize(
    ("alert", "text", "of_connection"),
    [
        (HANDSHAKE_FAILURE, "handshake failure", True),
        (PROTOCOL_VERSION, "no version of TLS that is safe", False),
    ],
)
async def test_a_handshake_without_agreement_says_why(
    alert: bytes, text: str, of_connection: bool, serve: Any, open_client: OpenClient
) -> None:
    error = await failure(open_client(), f"https://127.0.0.1:{await serve(speaking(alert))}/")
    assert isinstance(error, Rejected)
    assert (error.code, error.sent, error.kind) == ("TLS_HANDSHAKE", False, "down")
    assert error.is_of_connection is of_connection
    assert text in error.message


async def test_a_port_without_tls_says_so(serve: Any, open_client: OpenClient) -> None:
    url = f"https://127.0.0.1:{await serve(speaking(b'HTTP/1.1 400 Bad Request' + b' ' * 50))}/"
    error = await failure(open_client(), url)
    assert isinstance(error, Unavailable)
    assert not error.sent
    assert "does not speak TLS" in error.message


async def test_a_connection_that_ends_in_the_handshake_says_so(serve: Any, open_client: OpenClient) -> None:
    error = await failure(open_client(), f"https://127.0.0.1:{await serve(speaking(b''))}/")
    assert isinstance(error, Unavailable)
    assert not error.sent
    assert "during the TLS handshake" in error.message


@pytest.mark.parametrize(
    ("scheme", "text", "sent"), [("https", "did not finish the TLS handshake", False), ("http", "did not answer", True)]
)
async def test_a_silent_system_says_where_it_fell_quiet(
    scheme: str, text: str, sent: bool, serve: Any, open_client: OpenClient
) -> None:
    error = await failure(open_client(), f"{scheme}://127.0.0.1:{await serve(silent)}/", SHORT)
    assert isinstance(error, Timeout)
    assert error.sent is sent
    assert text in error.message


async def used(client: HttpClient, peer: Recorder, url: str, idle: float) -> None:
    """Makes a connection that has then been idle for so long."""
    await send(client, url)
    assert peer.connections == 1
    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=idle)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_call_that_must_not_be_sent_twice_takes_no_connection_that_was_idle(
    method: str, serve: Any, open_client: OpenClient
) -> None:
    peer, client = Recorder(), open_client()
    url = f"http://127.0.0.1:{await serve(peer)}/"
    await used(client, peer, url, 0.3)
    await send(client, url, method=method)
    assert peer.connections == 2
    for _ in range(10):
        await send(client, url, method=method)
    assert peer.connections < 12  # one of them, at least, came in time for the connection of the one before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_a_call_that_may_be_repeated_takes_an_idle_connection(
    method: str, serve: Any, open_client: OpenClient
) -> None:
    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    peer, client = Recorder(answer), open_client()
    url = f"http://127.0.0.1:{await serve(peer)}/"
    await used(client, peer, url, 0.3)
    await send(client, url, method=method)
    assert peer.connections == 1
