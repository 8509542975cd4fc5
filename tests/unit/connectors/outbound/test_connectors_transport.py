"""The transport: the lines of each route, how many routes it keeps, and that they do not wait for each other."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from kit.servers.certificates import Authority
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.line import Outgoing
from looply.connectors.outbound.network import GuardedBackend, Resolver
from looply.connectors.outbound.routes import Route
from looply.connectors.outbound.transport import MAX_ROUTES, GuardedTransport, Reply
from looply.connectors.outbound.urls import parse_url

LIMITS = httpx2.Limits(max_connections=2, max_keepalive_connections=2, keepalive_expiry=60.0)
AUTHORITY = Authority("ours").certificate.decode()


class Here(Resolver):
    """Resolves addresses only, without a thread."""

    async def addresses(self, host: str, port: int) -> list[str]:
        return [host]


class Peer:
    """A server that counts its open connections and answers each request."""

    def __init__(self) -> None:
        self.port = 0
        self.open = 0
        self._changed = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._add(1)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()
        await self._add(-1)

    async def _add(self, count: int) -> None:
        async with self._changed:
            self.open += count
            self._changed.notify_all()

    async def until_open(self, count: int) -> None:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.open == count)

    def request(self, route: Route) -> Outgoing:
        url = parse_url(f"http://127.0.0.1:{self.port}/")
        return Outgoing(method=b"GET", url=url, headers=[(b"Host", url.netloc)], route=route)


@pytest.fixture
async def peer(serve: Any) -> Peer:
    found = Peer()
    found.port = await serve(found.serve)
    return found


@pytest.fixture
async def transport() -> AsyncIterator[GuardedTransport]:
    backend = GuardedBackend(EgressPolicy(("127.0.0.1",)), Here())
    made = GuardedTransport(backend, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), LIMITS)
    yield made
    await made.aclose()


async def read(reply: Reply) -> bytes:
    try:
        return b"".join([part async for part in reply.body])
    finally:
        await reply.body.aclose()


class BusyThread(ThreadPoolExecutor):
    """A thread that is busy until it is released. `is_asked` is set when work was submitted for it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.is_asked = asyncio.Event()
        self._released = threading.Event()
        super().submit(self._released.wait, 30)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        self.is_asked.set()
        return super().submit(fn, *args, **options)

    def release(self) -> None:
        self._released.set()


@pytest.fixture
async def busy_thread() -> AsyncIterator[BusyThread]:
    """The only thread of the loop is busy until it is released."""
    executor = BusyThread()
    asyncio.get_running_loop().set_default_executor(executor)
    yield executor
    executor.release()


async def test_no_more_routes_are_kept_than_may_be_once_those_above_are_unused(
    transport: GuardedTransport, peer: Peer
) -> None:
    routes = [Route(server_name=f"s{number}.internal") for number in range(MAX_ROUTES + 10)]
    held = [await transport.exchange(peer.request(route)) for route in routes]
    await peer.until_open(MAX_ROUTES + 10)
    assert [await read(response) for response in held] == [b"ok"] * len(held)
    another = await transport.exchange(peer.request(Route(server_name="another.internal")))
    await peer.until_open(MAX_ROUTES)
    assert await read(another) == b"ok"
    # Those that were used last are still there.
    assert await read(await transport.exchange(peer.request(routes[-1]))) == b"ok"
    await peer.until_open(MAX_ROUTES)
    await transport.aclose()
    await peer.until_open(0)


async def test_a_route_whose_certificates_are_read_holds_no_other_one(
    transport: GuardedTransport, peer: Peer, busy_thread: BusyThread
) -> None:
    reading = [asyncio.create_task(transport.exchange(peer.request(Route(ca=AUTHORITY)))) for _ in range(2)]
    await busy_thread.is_asked.wait()
    async with asyncio.timeout(10):
        other = await transport.exchange(peer.request(Route(server_name="other.internal")))
    assert await read(other) == b"ok"
    busy_thread.release()
    assert [await read(await each) for each in reading] == [b"ok", b"ok"]
    await transport.aclose()
    await peer.until_open(0)


async def test_a_call_whose_certificates_are_read_while_the_transport_is_closed_opens_no_connection(
    transport: GuardedTransport, peer: Peer, busy_thread: BusyThread
) -> None:
    reading = asyncio.create_task(transport.exchange(peer.request(Route(ca=AUTHORITY))))
    await busy_thread.is_asked.wait()
    await transport.aclose()
    busy_thread.release()
    with pytest.raises(httpx2.PoolTimeout):
        await reading
    assert peer.open == 0
