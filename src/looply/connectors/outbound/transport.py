"""The HTTP client's transport: guarded connections, the lines of each route (`kept.py`, `routes.py`)."""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol
from weakref import WeakValueDictionary

import httpcore2
import httpx2

from looply.connectors.outbound.kept import Exchange, Lines
from looply.connectors.outbound.line import Headers, Outgoing, Place
from looply.connectors.outbound.network import GuardedBackend
from looply.connectors.outbound.proxies import TunnelBackend
from looply.connectors.outbound.routes import Route, tls_context
from looply.connectors.outbound.urls import port_of
from looply.errors import Rejected

MAX_ROUTES: Final = 64
"""The most routes whose lines are kept; those that are unused are closed for another, the longest unused first."""
FREE_PARTS = 10_000
"""The most pieces of a response, with one more for each `PART_BYTES`: chunks, and packets of the network."""
PART_BYTES = 64


_REPEATABLE: Final = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A response whose body is not read yet. Header names are as they came."""

    status: int
    reason: bytes
    headers: Headers
    body: httpx2.AsyncByteStream
    """Closing it ends the exchange, also without the whole body, and as often as one likes."""


class Transport(Protocol):
    """Sends requests."""

    async def exchange(self, request: Outgoing) -> Reply:
        """Sends one request and returns when the head of its response has come; the body is read by the caller.

        Raises: httpx2's transport errors; BadInput for a route whose certificates cannot be used; as `TunnelBackend`.
        """
        ...

    async def aclose(self) -> None:
        """Closes all connections, and ends the calls that have no response yet."""
        ...


class GuardedTransport:
    """The HTTP client's transport over guarded connections. It uses no environment."""

    def __init__(self, backend: GuardedBackend, tls: ssl.SSLContext, limits: httpx2.Limits) -> None:
        self._backend = backend
        self._tls = tls
        self._limits = limits
        self._unrouted = Lines(tls, backend, limits)
        self._routed: OrderedDict[Route, Lines] = OrderedDict()
        # The lock of a route while its lines are made: the calls of all others pass.
        self._building: WeakValueDictionary[Route, asyncio.Lock] = WeakValueDictionary()
        self._is_closed = False

    async def exchange(self, request: Outgoing) -> Reply:
        """Sends one request; see `Transport.exchange`."""
        url, route = request.url, request.route
        place = Place(request.owner, url.raw_scheme, url.raw_host, port_of(url))
        lines = self._unrouted if route is None else await self._lines_of(route)
        try:
            exchange = await lines.send(place, request, needs_fresh=request.method not in _REPEATABLE)
        except _CORE_ERRORS as error:
            raise _client_error(error) from error
        answer = exchange.answer
        return Reply(answer.status, answer.reason, answer.headers, _Body(exchange))

    async def aclose(self) -> None:
        """Closes all connections, and ends the calls that have no response yet."""
        self._is_closed = True
        await self._unrouted.close()
        while self._routed:
            await self._routed.popitem()[1].close()

    async def _lines_of(self, route: Route) -> Lines:
        """Returns the lines of a route, made at its first use. Raises: BadInput as `tls_context`.

        Nothing may be awaited between this and `Lines.send`: only there the lines become used.
        """
        found = self._routed.get(route) or await self._make_lines(route)
        if route in self._routed:
            self._routed.move_to_end(route)
        return found

    async def _make_lines(self, route: Route) -> Lines:
        lock = self._building.setdefault(route, asyncio.Lock())
        async with lock:
            found = self._routed.get(route)
            if found is not None:
                return found
            # Reading the machine's authorities takes tens of milliseconds.
            tls = await asyncio.to_thread(tls_context, route) if route.has_own_tls else self._tls
            backend = TunnelBackend(self._backend, route) if route.proxy else self._backend
            await self._drop_unused_routes()
            lines = Lines(tls, backend, self._limits)
            if self._is_closed:
                await lines.close()
            else:
                self._routed[route] = lines
            return lines

    async def _drop_unused_routes(self) -> None:
        """Closes the lines of unused routes until there is room for another."""
        while len(self._routed) >= MAX_ROUTES:
            oldest = next((route for route, lines in self._routed.items() if lines.is_unused), None)
            if oldest is None:
                return
            await self._routed.pop(oldest).close()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = size = 0
        try:
            async for part in self._exchange.answer.body:
                parts, size = parts + 1, size + len(part)
                if parts > FREE_PARTS + size // PART_BYTES:
                    raise self._too_many_parts(parts, size)
                yield part
        except _CORE_ERRORS as error:
            raise _client_error(error) from error

    def _too_many_parts(self, parts: int, size: int) -> Rejected:
        return Rejected(
            f"the response comes in too many pieces, {parts} for {size} bytes; have it sent in larger chunks",
            code="RESPONSE_TOO_LARGE",
            sent=True,
            status=str(self._exchange.answer.status),
        )

    async def aclose(self) -> None:
        await self._exchange.close()


# Both libraries use the same error names; httpx2 has this table for its own transport only.
_ERRORS: dict[type[Exception], type[httpx2.TransportError]] = {
    httpcore2.ConnectTimeout: httpx2.ConnectTimeout,
    httpcore2.ReadTimeout: httpx2.ReadTimeout,
    httpcore2.WriteTimeout: httpx2.WriteTimeout,
    httpcore2.PoolTimeout: httpx2.PoolTimeout,
    httpcore2.ConnectError: httpx2.ConnectError,
    httpcore2.ReadError: httpx2.ReadError,
    httpcore2.WriteError: httpx2.WriteError,
    httpcore2.LocalProtocolError: httpx2.LocalProtocolError,
    httpcore2.RemoteProtocolError: httpx2.RemoteProtocolError,
    httpcore2.UnsupportedProtocol: httpx2.UnsupportedProtocol,
}


_CORE_ERRORS: Final = tuple(_ERRORS)


def _client_error(error: Exception) -> httpx2.TransportError:
    return _ERRORS[type(error)](str(error))
