"""The guarded client against real sockets: destinations, deadlines, sizes, and whether a request was sent."""

import asyncio
import contextlib
import logging
import socket
import ssl
import zlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from looply.connectors.client import HttpClient
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.network import GuardedBackend
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.errors import BadInput, OperationError, Rejected, Timeout, Unavailable
from looply.limits import Limits

OpenClient = Callable[..., HttpClient]
HALF_A_SECOND = timedelta(milliseconds=500)
TIMES = [HALF_A_SECOND * 4**n for n in range(4)]
"""Timeouts of a call that is to time out only after another event: longer ones serve a busy machine."""


class FakeResolver:
    """Returns its answers in turn, then the last one always."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def addresses(self, host: str, port: int) -> list[str]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if not answer:
            raise OSError("no such name")
        return answer


class RecordingBackend(httpcore2.AsyncMockBackend):
    """Records the connected addresses; those in `dead` refuse."""

    def __init__(self, dead: Iterable[str] = ()) -> None:
        super().__init__([b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"])
        self.dead = set(dead)
        self.connected: list[str] = []

    async def connect_tcp(self, host: str, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        self.connected.append(host)
        if host in self.dead:
            raise httpcore2.ConnectError("refused")
        return await super().connect_tcp(host, *args, **options)


class Peer:
    """A server that counts its connections, reads a request's head and then answers as configured."""

    def __init__(self, answer: bytes = b"", *, drip: bytes = b"", hold: bool = False) -> None:
        self.answer = answer
        self.drip = drip
        self.hold = hold
        self.connections = 0
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await self._head(reader):
                self.heads.append(head)
                writer.write(self.answer)
                await writer.drain()
                while self.drip:
                    writer.write(self.drip)
                    await writer.drain()
                    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.02)
                if not self.hold:
                    break
        except OSError:
            pass
        finally:
            writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""


def answer(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def filling(size: int) -> bytes:
    """Returns an answer of so many bytes altogether."""
    return answer(b"x" * (size - len(answer(b"x" * (size - 1000))) + size - 1000))


class Rounds:
    """Counts the rounds of the event loop."""

    def __init__(self) -> None:
        self.count = 0
        self._is_over = False

    def begin(self) -> None:
        if not self._is_over:
            self.count += 1
            asyncio.get_running_loop().call_soon(self.begin)

    def end(self) -> None:
        self._is_over = True


async def get(client: HttpClient, url: str, within: timedelta = timedelta(minutes=2), **more: Any) -> HttpResponse:
    return await client.sender(within).send(HttpRequest(method="GET", url=parse_url(url), **more))


async def timed_out(peer: Peer, serve: Any, client: HttpClient) -> Timeout:
    """Returns the error of a call that the peer received and that timed out."""
    url = f"http://127.0.0.1:{await serve(peer)}/"
    for within in TIMES:
        with pytest.raises(Timeout) as caught:
            await get(client, url, within)
        if peer.heads:
            return caught.value
    raise AssertionError("the peer got no call")


async def sender_after(url: str, client: HttpClient) -> HttpSender:
    """Returns a sender that has sent a request, was answered in time and has a little time left."""
    for within in TIMES:
        sender = client.sender(within)
        with contextlib.suppress(Timeout):
            await sender.send(HttpRequest(method="GET", url=parse_url(url)))
            return sender
    raise AssertionError("no call was answered in time")


async def test_an_allowed_peer_is_called(serve: Any, open_client: OpenClient) -> None:
    peer = Peer(answer(b"hello", "X-A: 1", "x-a: 2"))
    response = await get(open_client(), f"http://127.0.0.1:{await serve(peer)}/p?q=1", headers={"x-step": "s\u00e4"})
    assert (response.status, response.reason, response.content) == (200, "OK", b"hello")
    assert response.header("x-a") == "1, 2"
    assert peer.heads[0].startswith(b"GET /p?q=1 HTTP/1.1\r\n")
    assert "x-step: s\u00e4".encode() in peer.heads[0]
    assert b"user-agent: looply/" in peer.heads[0].lower()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0", "[::ffff:127.0.0.1]"],
)
async def test_no_spelling_of_this_machine_is_connected(host: str, serve: Any, open_client: OpenClient) -> None:
    peer = Peer(answer(b""))
    with pytest.raises(OperationError) as caught:
        await get(open_client(allow=()), f"http://{host}:{await serve(peer)}/")
    assert not caught.value.sent
    assert peer.connections == 0


async def test_open_and_closed_ports_of_refused_hosts_look_the_same(serve: Any, open_client: OpenClient) -> None:
    port = await serve(Peer(answer(b"")))
    texts = []
    for tried in (port, 1):
        with pytest.raises(Rejected) as caught:
            await get(open_client(allow=()), f"http://127.0.0.1:{tried}/")
        assert caught.value.code == "EGRESS_DENIED"
        texts.append(str(caught.value).replace(f":{tried}", ":PORT"))
    assert texts[0] == texts[1]


async def test_a_metadata_name_is_refused_before_it_is_looked_up(open_client: OpenClient) -> None:
    resolver = FakeResolver(["8.8.8.8"])
    with pytest.raises(Rejected, match="egress_allow"):
        await get(open_client(resolver=resolver), "http://metadata.google.internal/computeMetadata/v1/")
    assert resolver.asked == 0


async def test_a_name_that_changes_its_answer_is_connected_at_the_checked_address() -> None:
    for _ in range(50):
        inner = RecordingBackend()
        resolver = FakeResolver(["8.8.8.8"], ["127.0.0.1"])
        backend = GuardedBackend(EgressPolicy(), resolver, inner)
        await backend.connect_tcp("rebind.example", 80, timeout=5)
        assert inner.connected == ["8.8.8.8"]
        with pytest.raises(Rejected):
            await backend.connect_tcp("rebind.example", 80, timeout=5)
        assert inner.connected == ["8.8.8.8"]


async def test_of_mixed_answers_only_permitted_addresses_are_tried() -> None:
    inner = RecordingBackend(dead=["2606:4700::1"])
    resolver = FakeResolver(["127.0.0.1", "2606:4700::1", "::1", "8.8.8.8", "10.0.0.1"])
    await GuardedBackend(EgressPolicy(), resolver, inner).connect_tcp("mixed.example", 80, timeout=5)
    assert inner.connected == ["2606:4700::1", "8.8.8.8"]


async def test_local_sockets_are_refused() -> None:
    with pytest.raises(Rejected):
        await GuardedBackend(EgressPolicy(), FakeResolver([]), RecordingBackend()).connect_unix_socket("/run/x.sock")


async def test_names_that_do_not_exist_and_internal_names_get_the_same_error(open_client: OpenClient) -> None:
    refusals = []
    for resolver in (FakeResolver([]), FakeResolver(["10.0.0.1"]), FakeResolver(["169.254.169.254"])):
        with pytest.raises(Rejected) as caught:
            await get(open_client(resolver=resolver), "http://some.example/")
        refusals.append((caught.value.code, str(caught.value), caught.value.sent))
    assert refusals == [("EGRESS_DENIED", refusals[0][1], False)] * 3


async def test_a_temporary_failure_of_the_resolver_is_unavailable(open_client: OpenClient) -> None:
    class Away:
        async def addresses(self, host: str, port: int) -> list[str]:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(Unavailable, match="cannot be resolved at present") as caught:
        await get(open_client(resolver=Away()), "http://some.example/")
    assert not caught.value.sent


async def test_a_connection_is_kept_for_the_next_call_of_the_same_organization_alone(
    serve: Any, open_client: OpenClient
) -> None:
    peer = Peer(answer(b"ok"), hold=True)
    url, client = f"http://127.0.0.1:{await serve(peer)}/", open_client()
    for owner, connections in (("a", 1), ("a", 1), ("b", 2), ("a", 2), ("b", 2)):
        await client.sender(timedelta(minutes=2), owner).send(HttpRequest(method="GET", url=parse_url(url)))
        assert peer.connections == connections


async def test_an_unrequested_response_is_given_to_no_call(serve: Any, open_client: OpenClient) -> None:
    peer = Peer(answer(b"asked") + answer(b"unasked"), hold=True)
    url, client = f"http://127.0.0.1:{await serve(peer)}/", open_client()
    for calls in (1, 2, 3):
        response = await get(client, url)
        assert response.content == b"asked"
        assert peer.connections == calls


@pytest.mark.parametrize("packet", [65_536, 16_384])
async def test_an_unasked_answer_that_begins_a_packet_is_given_to_no_call(
    packet: int, serve: Any, open_client: OpenClient
) -> None:
    peer = Peer(filling(packet) + answer(b"unasked"), hold=True)
    url, client = f"http://127.0.0.1:{await serve(peer)}/", open_client()
    for calls in (1, 2, 3):
        assert set((await get(client, url)).content) == set(b"x")
        assert peer.connections == calls


async def test_an_unasked_answer_in_a_record_of_its_own_is_given_to_no_call(
    certificate: Path, serve: Any, open_client: OpenClient
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    peer = Peer(filling(16_384) + answer(b"unasked"), hold=True)  # a record of TLS has 16 KiB at most
    url, client = f"https://127.0.0.1:{await serve(peer, ssl=tls)}/", open_client(ca_file=certificate)
    for calls in (1, 2, 3):
        assert set((await get(client, url)).content) == set(b"x")
        assert peer.connections == calls


@pytest.mark.parametrize(("came", "largest"), [(b"x" * 131_072, 65_536), (b"1\r\nx\r\n" * 20_000, 4096)])
async def test_little_is_handed_out_at_once_where_many_lines_came(came: bytes, largest: int) -> None:
    inner = httpcore2.AsyncMockBackend([came])
    stream = await GuardedBackend(EgressPolicy(), FakeResolver(["8.8.8.8"]), inner).connect_tcp("some.example", 80)
    parts = []
    while part := await stream.read(1 << 20):
        parts.append(part)
    assert b"".join(parts) == came
    assert max(map(len, parts)) == largest


async def test_in_one_round_of_the_loop_one_connection_hands_out() -> None:
    backend = GuardedBackend(EgressPolicy(), FakeResolver(["8.8.8.8"]), httpcore2.AsyncMockBackend([b"x\n" * 50_000]))
    rounds = Rounds()
    handed: list[int] = []

    async def read_all() -> None:
        stream = await backend.connect_tcp("some.example", 80)
        while await stream.read(1 << 20):
            handed.append(rounds.count)

    rounds.begin()
    await asyncio.gather(*(read_all() for _ in range(5)))
    rounds.end()
    assert len(handed) > 100
    assert len(set(handed)) == len(handed)


async def test_a_response_in_too_many_pieces_is_refused(serve: Any, open_client: OpenClient) -> None:
    head, client = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", open_client()
    rows = Peer(head + (b"64\r\n" + b"r" * 100 + b"\r\n") * 20_000 + b"0\r\n\r\n")
    assert len((await get(client, f"http://127.0.0.1:{await serve(rows)}/")).content) == 2_000_000
    crumbs = Peer(head + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n")
    with pytest.raises(Rejected, match="pieces") as caught:
        await get(client, f"http://127.0.0.1:{await serve(crumbs)}/")
    assert (caught.value.code, caught.value.sent, caught.value.status) == ("RESPONSE_TOO_LARGE", True, "200")


async def test_endless_interim_responses_are_refused(serve: Any, open_client: OpenClient) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    client = open_client()
    few, many = (Peer(interim * count + answer(b"ok"), hold=True) for count in (10, 20_000))
    url = f"http://127.0.0.1:{await serve(few)}/"
    for _ in range(2):
        assert (await get(client, url)).content == b"ok"
    assert few.connections == 1
    with pytest.raises(Unavailable) as caught:
        await get(client, f"http://127.0.0.1:{await serve(many)}/")
    assert caught.value.sent


async def test_a_refused_connection_is_unavailable_and_not_sent(serve: Any, open_client: OpenClient) -> None:
    with pytest.raises(Unavailable) as caught:
        await get(open_client(allow=("127.0.0.1:1",)), "http://127.0.0.1:1/")
    assert (caught.value.sent, caught.value.code) == (False, "CONNECTION")


async def test_a_peer_that_never_answers_times_out_as_sent(serve: Any, open_client: OpenClient) -> None:
    assert (await timed_out(Peer(hold=True), serve, open_client())).sent


async def test_a_slow_name_server_times_out_as_not_sent(open_client: OpenClient) -> None:
    class Silent:
        async def addresses(self, host: str, port: int) -> list[str]:
            return await asyncio.get_running_loop().create_future()

    with pytest.raises(Timeout) as caught:
        await get(open_client(resolver=Silent()), "http://slow.example/", HALF_A_SECOND)
    assert not caught.value.sent


async def test_a_peer_that_only_drips_is_cut_off_by_the_deadline(serve: Any, open_client: OpenClient) -> None:
    assert (await timed_out(Peer(b"HTTP/1.1 200 OK\r\n\r\n", drip=b"x"), serve, open_client())).sent


async def test_the_deadline_covers_all_requests_of_a_call(serve: Any, open_client: OpenClient) -> None:
    quick = f"http://127.0.0.1:{await serve(Peer(answer(b'')))}/"
    slow = f"http://127.0.0.1:{await serve(Peer(hold=True))}/"
    sender = await sender_after(quick, open_client())
    with pytest.raises(Timeout):
        await sender.send(HttpRequest(method="GET", url=parse_url(slow)))
    with pytest.raises(Timeout) as caught:
        await sender.send(HttpRequest(method="GET", url=parse_url(quick)))
    assert not caught.value.sent


@pytest.mark.parametrize("broken", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"garbage\r\n\r\n"])
async def test_a_broken_answer_is_unavailable_and_sent(broken: bytes, serve: Any, open_client: OpenClient) -> None:
    with pytest.raises(Unavailable) as caught:
        await get(open_client(), f"http://127.0.0.1:{await serve(Peer(broken))}/")
    assert caught.value.sent


@pytest.mark.parametrize("length", ["-1", "1e3", "10, 11"])
async def test_an_impossible_length_is_unavailable(length: str, serve: Any, open_client: OpenClient) -> None:
    peer = Peer(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabc".encode())
    with pytest.raises(Unavailable):
        await get(open_client(), f"http://127.0.0.1:{await serve(peer)}/")


async def test_a_switch_of_protocols_is_refused(serve: Any, open_client: OpenClient) -> None:
    peer = Peer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    with pytest.raises(Unavailable):
        await get(open_client(), f"http://127.0.0.1:{await serve(peer)}/")


async def test_endless_headers_are_refused(serve: Any, open_client: OpenClient) -> None:
    peer = Peer(b"HTTP/1.1 200 OK\r\n" + b"x-a: 1\r\n" * 30_000)
    with pytest.raises(Unavailable):
        await get(open_client(), f"http://127.0.0.1:{await serve(peer)}/")


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"x" * 2001),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 3
        + b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2001,
        answer(zlib.compress(b"\0" * 10_000_000), "Content-Encoding: deflate"),
    ],
    ids=["announced", "chunked", "until close", "bomb"],
)
async def test_a_response_over_the_limit_is_refused(raw: bytes, serve: Any, open_client: OpenClient) -> None:
    client = open_client(limits=Limits(response_bytes=20_000 if b"deflate" in raw else 2000))
    with pytest.raises(Rejected, match="response_bytes") as caught:
        await get(client, f"http://127.0.0.1:{await serve(Peer(raw))}/")
    assert (caught.value.code, caught.value.sent, caught.value.status) == ("RESPONSE_TOO_LARGE", True, "200")


async def test_a_response_at_the_limit_is_accepted(serve: Any, open_client: OpenClient) -> None:
    client = open_client(limits=Limits(response_bytes=2000))
    response = await get(client, f"http://127.0.0.1:{await serve(Peer(answer(b'x' * 2000)))}/")
    assert len(response.content) == 2000


async def test_a_damaged_compression_is_rejected(serve: Any, open_client: OpenClient) -> None:
    peer = Peer(answer(b"not gzip", "Content-Encoding: gzip"))
    with pytest.raises(Rejected) as caught:
        await get(open_client(), f"http://127.0.0.1:{await serve(peer)}/")
    assert caught.value.code == "BAD_RESPONSE"


async def test_connections_are_kept_and_cookies_are_not(serve: Any, open_client: OpenClient) -> None:
    peer = Peer(answer(b"", "Set-Cookie: session=abc; path=/"), hold=True)
    client, port = open_client(), await serve(peer)
    await get(client, f"http://127.0.0.1:{port}/")
    await get(client, f"http://127.0.0.1:{port}/")
    assert peer.connections == 1
    assert b"cookie:" not in peer.heads[1].lower()


async def test_redirects_are_not_followed_and_their_location_is_not_parsed(serve: Any, open_client: OpenClient) -> None:
    peer = Peer(b"HTTP/1.1 302 Found\r\nLocation: http://xn--0.\x80/\r\nContent-Length: 0\r\n\r\n")
    assert (await get(open_client(), f"http://127.0.0.1:{await serve(peer)}/")).status == 302


async def test_proxies_of_the_environment_are_ignored(
    serve: Any, open_client: OpenClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Peer(answer(b"proxy"))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{await serve(proxy)}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{await serve(proxy)}")
    response = await get(open_client(), f"http://127.0.0.1:{await serve(Peer(answer(b'direct')))}/")
    assert (response.content, proxy.connections) == (b"direct", 0)


async def test_nothing_of_a_request_is_logged(
    serve: Any, open_client: OpenClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        port = await serve(Peer(answer(b"", "Set-Cookie: canary-1")))
        headers = {"authorization": "Bearer canary-2"}
        await get(open_client(), f"http://127.0.0.1:{port}/?token=canary-3", headers=headers)
    assert "canary" not in caplog.text


async def test_an_invalid_request_is_bad_input(serve: Any, open_client: OpenClient) -> None:
    with pytest.raises(BadInput) as caught:
        await get(open_client(), f"http://127.0.0.1:{await serve(Peer())}/", headers={"x-a": "b\r\nx-evil: 1"})
    assert "evil" not in str(caught.value)


async def test_certificates_are_checked_and_authorities_can_be_added(
    certificate: Path, serve: Any, open_client: OpenClient
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    peer = Peer(answer(b"secret"))
    port = await serve(peer, ssl=tls)
    with pytest.raises(Rejected) as caught:
        await get(open_client(), f"https://127.0.0.1:{port}/")
    assert (caught.value.code, caught.value.sent) == ("TLS_CERTIFICATE", False)
    assert peer.heads == []
    response = await get(open_client(ca_file=certificate), f"https://127.0.0.1:{port}/")
    assert response.content == b"secret"
    with pytest.raises(Rejected):
        await get(open_client(ca_file=certificate), f"https://localhost:{port}/")


async def test_authorities_of_the_environment_are_not_trusted(
    certificate: Path, serve: Any, open_client: OpenClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with pytest.raises(Rejected) as caught:
        await get(open_client(), f"https://127.0.0.1:{await serve(Peer(answer(b'')), ssl=tls)}/")
    assert caught.value.code == "TLS_CERTIFICATE"


async def test_a_peer_without_tls_is_unavailable_and_not_sent(serve: Any, open_client: OpenClient) -> None:
    async def talk_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n")
        writer.close()

    with pytest.raises(Unavailable) as caught:
        await get(open_client(), f"https://127.0.0.1:{await serve(talk_plainly)}/")
    assert not caught.value.sent
