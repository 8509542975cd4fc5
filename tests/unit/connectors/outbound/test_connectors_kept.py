"""Lines, which are kept between calls: what became of them is found before the next call is sent."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
import pytest

from looply.connectors.client import HttpClient
from looply.connectors.faults import Phase, Progress
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.kept import FRESH_SECONDS, WAIT_STARTED, Exchange, Lines
from looply.connectors.outbound.line import Outgoing, Place
from looply.connectors.outbound.network import GuardedBackend, SystemResolver
from looply.connectors.outbound.streams import BoundedStream
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest
from looply.errors import Timeout

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize("late", [_HEAD % 7 + b"unasked", b""])
async def test_what_comes_between_two_calls_is_given_to_neither(
    late: bytes, serve: Any, open_client: Callable[..., HttpClient]
) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(_HEAD % 5 + b"asked")

    client = open_client()
    request = HttpRequest(method="GET", url=parse_url(f"http://127.0.0.1:{await serve(peer)}/"))
    for calls in (1, 2, 3):
        response = await client.sender(timedelta(minutes=2)).send(request)
        assert (response.content, len(writers)) == (b"asked", calls)
        if late:
            writers[-1].write(late)
            await writers[-1].drain()
        else:
            writers[-1].close()
            await writers[-1].wait_closed()


LIMITS = httpx2.Limits(max_connections=2, max_keepalive_connections=2, keepalive_expiry=60.0)


def get(url: str, **more: Any) -> Outgoing:
    return Outgoing(method=b"GET", url=parse_url(url), headers=[(b"host", b"127.0.0.1")], **more)


class Peer:
    """A server that answers each request with the number of the connection that it came by."""

    def __init__(self) -> None:
        self.count = 0
        self.port = 0
        self.open = 0
        self.head = _HEAD
        self._changed = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        await self._set_open(self.open + 1)
        number = b"%d" % self.count
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(self.head % len(number) + number)
        await self._set_open(self.open - 1)
        writer.close()

    async def _set_open(self, count: int) -> None:
        async with self._changed:
            self.open = count
            self._changed.notify_all()

    async def ask(self, lines: Lines, owner: str = "a", *, needs_fresh: bool = False, **more: Any) -> Exchange:
        request = get(f"http://127.0.0.1:{self.port}/", **more)
        place = Place(owner, b"http", b"127.0.0.1", self.port)
        return await lines.send(place, request, needs_fresh=needs_fresh)

    async def number(self, lines: Lines, owner: str = "a", *, needs_fresh: bool = False, **extensions: Any) -> int:
        return await number_of(await self.ask(lines, owner, needs_fresh=needs_fresh, **extensions))

    async def until_open(self, count: int) -> None:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.open == count)


async def number_of(exchange: Exchange) -> int:
    try:
        return int(b"".join([part async for part in exchange.answer.body]))
    finally:
        await exchange.close()


@pytest.fixture
async def peer(serve: Any) -> Peer:
    found = Peer()
    found.port = await serve(found.serve)
    return found


class Queue:
    """Counts the calls that have begun to wait for a line, as the trace of each says."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = asyncio.Condition()

    async def note(self, event: str, info: dict[str, Any]) -> None:
        if event == WAIT_STARTED:
            async with self._changed:
                self.count += 1
                self._changed.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.count == count)


class Gate(httpcore2.AnyIOBackend):
    """A network in which no connection is made before the gate is opened."""

    def __init__(self) -> None:
        self.is_reached = asyncio.Event()
        self.is_open = asyncio.Event()

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        self.is_reached.set()
        await self.is_open.wait()
        return await super().connect_tcp(*args, **options)


def lines_of(
    fresh_seconds: float = FRESH_SECONDS, backend: httpcore2.AsyncNetworkBackend | None = None, **limits: Any
) -> Lines:
    all_limits = {
        "max_connections": LIMITS.max_connections,
        "max_keepalive_connections": LIMITS.max_keepalive_connections,
        "keepalive_expiry": LIMITS.keepalive_expiry,
        **limits,
    }
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Lines(tls, backend or httpcore2.AnyIOBackend(), httpx2.Limits(**all_limits), fresh_seconds=fresh_seconds)


async def test_the_last_used_connection_of_an_owner_is_taken_again(peer: Peer) -> None:
    lines = lines_of()
    first, second = await peer.ask(lines), await peer.ask(lines)
    assert (await number_of(first), await number_of(second)) == (1, 2)
    assert [await peer.number(lines) for _ in range(3)] == [2, 2, 2]
    assert await peer.number(lines, "another organization") == 3
    await lines.close()
    await peer.until_open(0)


@pytest.mark.parametrize(("fresh_seconds", "numbers"), [(60.0, [1, 1, 1]), (-1.0, [1, 2, 2])])
async def test_a_call_that_must_not_be_sent_twice_takes_a_connection_that_has_just_been_used(
    fresh_seconds: float, numbers: list[int], peer: Peer
) -> None:
    lines = lines_of(fresh_seconds)
    found = [await peer.number(lines, needs_fresh=needs_fresh) for needs_fresh in (False, True, False)]
    assert found == numbers
    await lines.close()


async def test_a_connection_that_was_idle_for_too_long_is_closed(peer: Peer) -> None:
    lines = lines_of(keepalive_expiry=0.0)
    assert [await peer.number(lines) for _ in range(3)] == [1, 2, 3]
    await lines.close()


async def test_a_connection_is_closed_when_its_time_is_over_without_another_call(peer: Peer) -> None:
    lines = lines_of(keepalive_expiry=0.05)
    held = [await peer.ask(lines) for _ in range(2)]
    assert await number_of(held[0]) == 1
    await peer.until_open(1)
    assert await number_of(held[1]) == 2
    await peer.until_open(0)
    assert await peer.number(lines) == 3
    await peer.until_open(0)
    await lines.close()


async def test_more_calls_than_connections_wait_and_each_gets_one(peer: Peer) -> None:
    lines = lines_of()
    held = [await peer.ask(lines) for _ in range(2)]
    queue = Queue()
    waiting = asyncio.create_task(peer.number(lines, note=queue.note))
    cancelled = asyncio.create_task(peer.number(lines, note=queue.note))
    await queue.until(2)
    cancelled.cancel()
    assert await number_of(held[0]) == 1
    assert await waiting == 1
    assert not lines.is_unused
    assert await number_of(held[1]) == 2
    assert lines.is_unused
    await lines.close()


async def test_an_idle_connection_of_another_place_makes_room(peer: Peer) -> None:
    lines = lines_of()
    assert await peer.number(lines, "a") == 1
    assert await peer.number(lines, "b") == 2
    assert await peer.number(lines, "c") == 3
    assert await peer.number(lines, "b") == 2
    await peer.until_open(2)
    assert await peer.number(lines, "a") == 4
    await lines.close()


async def test_of_too_many_idle_connections_the_oldest_is_closed(peer: Peer) -> None:
    lines = lines_of(max_keepalive_connections=1)
    held = [await peer.ask(lines) for _ in range(2)]
    assert [await number_of(each) for each in held] == [1, 2]
    await peer.until_open(1)
    assert await peer.number(lines) == 2
    await lines.close()


async def test_an_answer_that_was_not_read_leaves_no_connection_behind(peer: Peer) -> None:
    lines = lines_of(max_connections=1)
    exchange = await peer.ask(lines)
    await exchange.close()
    await exchange.close()
    assert lines.is_unused
    assert await peer.number(lines) == 2
    await lines.close()


async def test_a_call_that_is_cancelled_or_fails_gives_its_place_to_the_next(peer: Peer, serve: Any) -> None:
    arrived = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()
        writer.close()

    lines = lines_of(max_connections=1)
    mute = Peer()
    mute.port = await serve(silent)
    asking = asyncio.create_task(mute.ask(lines))
    await arrived.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    nowhere = Peer()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere.port = closed.getsockname()[1]
    with pytest.raises(httpcore2.ConnectError):
        await nowhere.ask(lines)
    assert await peer.number(lines) == 1
    await lines.close()


async def test_lines_are_used_while_a_call_waits_for_one_and_when_it_is_about_to_take_it(peer: Peer) -> None:
    lines = lines_of(max_connections=1)
    held = await peer.ask(lines)
    queue = Queue()
    waiting = asyncio.create_task(peer.number(lines, note=queue.note))
    await queue.until(1)
    await held.close()
    # The call has its turn, and did not run yet.
    assert not waiting.done()
    assert not lines.is_unused
    assert await waiting == 2
    assert lines.is_unused
    await lines.close()


async def test_closing_ends_the_calls_that_wait_and_opens_no_connection_for_them(peer: Peer) -> None:
    lines = lines_of(max_connections=1)
    held = await peer.ask(lines)
    queue = Queue()
    waiting = [asyncio.create_task(peer.ask(lines, note=queue.note)) for _ in range(2)]
    await queue.until(2)
    await lines.close()
    for call in waiting:
        with pytest.raises(httpcore2.PoolTimeout):
            await call
    with contextlib.suppress(httpcore2.ReadError):
        await held.close()
    with pytest.raises(httpcore2.PoolTimeout):
        await peer.ask(lines)
    await lines.close()
    await peer.until_open(0)
    assert (peer.count, lines.is_unused) == (1, True)


async def test_closing_ends_a_call_that_connects(peer: Peer) -> None:
    gate = Gate()
    lines = lines_of(backend=gate)
    connecting = asyncio.create_task(peer.ask(lines))
    await gate.is_reached.wait()
    await lines.close()
    gate.is_open.set()
    with pytest.raises(httpcore2.PoolTimeout):
        await connecting
    assert (peer.count, lines.is_unused) == (0, True)


async def test_a_line_that_is_released_after_closing_is_not_kept(peer: Peer) -> None:
    lines = lines_of()
    held = await peer.ask(lines)
    body = b"".join([part async for part in held.answer.body])
    await lines.close()
    await held.close()
    await peer.until_open(0)
    assert (body, lines.is_unused) == (b"1", True)


async def test_a_call_that_waits_for_a_connection_of_its_own_process_does_not_blame_the_system(
    serve: Any, open_client: Callable[..., HttpClient]
) -> None:
    reached, ended = asyncio.Event(), asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        writer.close()
        ended.set()

    client = open_client(connections=1)
    request = HttpRequest(method="GET", url=parse_url(f"http://127.0.0.1:{await serve(mute)}/"))
    first = asyncio.create_task(client.sender(timedelta(minutes=1)).send(request))
    await reached.wait()
    with pytest.raises(Timeout, match=r"no connection to .* became free within the 0\.2 s") as caught:
        await client.sender(timedelta(seconds=0.2)).send(request)
    assert (caught.value.kind, caught.value.sent, caught.value.is_of_connection) == ("transient", False, False)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await ended.wait()


async def test_a_call_that_got_its_connection_after_it_had_waited_waits_no_longer(peer: Peer) -> None:
    progress, phases, queue = Progress(), list[Phase](), Queue()

    async def note(event: str, info: dict[str, Any]) -> None:
        await progress.note(event, info)
        await queue.note(event, info)
        if progress.phase not in phases:
            phases.append(progress.phase)

    lines = lines_of(max_connections=1)
    held = await peer.ask(lines)
    waiting = asyncio.create_task(peer.ask(lines, note=note))
    await queue.until(1)
    assert phases == [Phase.WAITING]
    await held.close()
    assert await number_of(await waiting) == 2
    assert phases == [Phase.WAITING, Phase.UNCONNECTED, Phase.CONNECTED, Phase.SENT, Phase.ANSWERED]
    await lines.close()


@pytest.mark.parametrize("is_plain", [True, False])
async def test_the_private_attributes_that_are_read_of_the_library_are_there(
    is_plain: bool, serve: Any, certificate: Path
) -> None:
    """An update of the library without one of them would let what comes between two calls pass for an answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    server = Peer()
    server.head = _HEAD if is_plain else b"HTTP/1.1 200 OK\r\nX-Rare: \x01\r\nContent-Length: %d\r\n\r\n"
    server.port = await serve(server.serve, ssl=context)
    backend = GuardedBackend(EgressPolicy(("127.0.0.1",)), SystemResolver())
    lines = Lines(trusting, backend, LIMITS)
    request = get(f"https://127.0.0.1:{server.port}/")
    exchange = await lines.send(Place("a", b"https", b"127.0.0.1", server.port), request, needs_fresh=False)
    assert b"".join([part async for part in exchange.answer.body]) == b"1"
    library, stream = exchange._line._library, exchange._line._stream
    assert is_plain == (library is None)
    if library is not None:
        assert library._h11_state.trailing_data == (b"", False)
    assert isinstance(stream, BoundedStream)
    assert isinstance(stream._stream._stream._read_bio, ssl.MemoryBIO)  # type: ignore[attr-defined]
    assert not stream.has_unread()
    stream._stream._stream._read_bio.write(b"a packet that was not decrypted")  # type: ignore[attr-defined]
    assert stream.has_unread()
    assert exchange._line.is_spoiled()
    await exchange.close()
    await lines.close()
    await server.until_open(0)
