"""Connections that are kept between calls: what became of them is found before the next call is sent."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpcore2
import httpx2
import pytest

from looply.connectors.client import HttpClient
from looply.connectors.outbound.kept import FRESH_SECONDS, Connections, Exchange, Place
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest

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


class Peer:
    """A server that answers each request with the number of the connection that it came by."""

    def __init__(self) -> None:
        self.count = 0
        self.port = 0
        self.open = 0
        self._changed = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        await self._set_open(self.open + 1)
        number = b"%d" % self.count
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(_HEAD % len(number) + number)
        await self._set_open(self.open - 1)
        writer.close()

    async def _set_open(self, count: int) -> None:
        async with self._changed:
            self.open = count
            self._changed.notify_all()

    async def ask(self, connections: Connections, owner: str = "a", *, needs_fresh: bool = False) -> Exchange:
        url = httpcore2.URL(f"http://127.0.0.1:{self.port}/")
        request = httpcore2.Request("GET", url, headers=[(b"host", b"127.0.0.1")])
        place = Place(owner, b"http", b"127.0.0.1", self.port)
        return await connections.send(place, request, needs_fresh=needs_fresh)

    async def number(self, connections: Connections, owner: str = "a", *, needs_fresh: bool = False) -> int:
        return await number_of(await self.ask(connections, owner, needs_fresh=needs_fresh))

    async def until_open(self, count: int) -> None:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.open == count)


async def number_of(exchange: Exchange) -> int:
    try:
        return int(b"".join([part async for part in exchange.body]))
    finally:
        await exchange.close()


@pytest.fixture
async def peer(serve: Any) -> Peer:
    found = Peer()
    found.port = await serve(found.serve)
    return found


def connections_of(fresh_seconds: float = FRESH_SECONDS, **limits: Any) -> Connections:
    all_limits = {
        "max_connections": LIMITS.max_connections,
        "max_keepalive_connections": LIMITS.max_keepalive_connections,
        "keepalive_expiry": LIMITS.keepalive_expiry,
        **limits,
    }
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    backend = httpcore2.AnyIOBackend()
    return Connections(tls, backend, httpx2.Limits(**all_limits), fresh_seconds=fresh_seconds)


async def test_the_last_used_connection_of_an_owner_is_taken_again(peer: Peer) -> None:
    connections = connections_of()
    first, second = await peer.ask(connections), await peer.ask(connections)
    assert (await number_of(first), await number_of(second)) == (1, 2)
    assert [await peer.number(connections) for _ in range(3)] == [2, 2, 2]
    assert await peer.number(connections, "another organization") == 3
    await connections.close()
    await peer.until_open(0)


@pytest.mark.parametrize(("fresh_seconds", "numbers"), [(60.0, [1, 1, 1]), (-1.0, [1, 2, 2])])
async def test_a_call_that_must_not_be_sent_twice_takes_a_connection_that_has_just_been_used(
    fresh_seconds: float, numbers: list[int], peer: Peer
) -> None:
    connections = connections_of(fresh_seconds)
    found = [await peer.number(connections, needs_fresh=needs_fresh) for needs_fresh in (False, True, False)]
    assert found == numbers
    await connections.close()


async def test_a_connection_that_was_idle_for_too_long_is_closed(peer: Peer) -> None:
    connections = connections_of(keepalive_expiry=0.0)
    assert [await peer.number(connections) for _ in range(3)] == [1, 2, 3]
    await peer.until_open(1)
    await connections.close()


async def test_more_calls_than_connections_wait_and_each_gets_one(peer: Peer) -> None:
    connections = connections_of()
    held = [await peer.ask(connections) for _ in range(2)]
    waiting = asyncio.create_task(peer.number(connections))
    cancelled = asyncio.create_task(peer.number(connections))
    assert not (await asyncio.wait({waiting, cancelled}, timeout=0.05))[0]
    cancelled.cancel()
    assert await number_of(held[0]) == 1
    assert await waiting == 1
    assert not connections.is_idle
    assert await number_of(held[1]) == 2
    assert connections.is_idle
    await connections.close()


async def test_an_idle_connection_of_another_place_makes_room(peer: Peer) -> None:
    connections = connections_of()
    assert await peer.number(connections, "a") == 1
    assert await peer.number(connections, "b") == 2
    assert await peer.number(connections, "c") == 3
    assert await peer.number(connections, "b") == 2
    await peer.until_open(2)
    assert await peer.number(connections, "a") == 4
    await connections.close()


async def test_of_too_many_idle_connections_the_oldest_is_closed(peer: Peer) -> None:
    connections = connections_of(max_keepalive_connections=1)
    held = [await peer.ask(connections) for _ in range(2)]
    assert [await number_of(each) for each in held] == [1, 2]
    await peer.until_open(1)
    assert await peer.number(connections) == 2
    await connections.close()


async def test_an_answer_that_was_not_read_leaves_no_connection_behind(peer: Peer) -> None:
    connections = connections_of(max_connections=1)
    exchange = await peer.ask(connections)
    await exchange.close()
    await exchange.close()
    assert connections.is_idle
    assert await peer.number(connections) == 2
    await connections.close()


async def test_a_call_that_is_cancelled_or_fails_gives_its_place_to_the_next(peer: Peer, serve: Any) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    connections = connections_of(max_connections=1)
    mute = Peer()
    mute.port = await serve(silent)
    asking = asyncio.create_task(mute.ask(connections))
    assert not (await asyncio.wait({asking}, timeout=0.05))[0]
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    nowhere = Peer()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere.port = closed.getsockname()[1]
    with pytest.raises(httpcore2.ConnectError):
        await nowhere.ask(connections)
    assert await peer.number(connections) == 1
    await connections.close()
