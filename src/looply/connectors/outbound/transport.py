"""The HTTP client's transport: pools of guarded connections, one for each route (`routes.py`)."""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import httpcore2
import httpx2

from looply.connectors.outbound.network import GuardedBackend
from looply.connectors.outbound.proxies import TunnelBackend
from looply.connectors.outbound.routes import Route, tls_context
from looply.connectors.outbound.streams import BoundedStream
from looply.errors import Rejected

OWNER = "looply_owner"
"""The request extension with the organization of the call; organizations do not share connections."""
ROUTE: Final = "looply_route"
"""The request extension with the `Route` of the call; without it, the route of all connections that have none."""
MAX_ROUTES: Final = 64
"""The most routes whose connections are kept; the least recently used one that is idle is closed for another."""
FREE_PARTS = 10_000
"""The most pieces of a response, with one more for each `PART_BYTES`: chunks, and packets of the network."""
PART_BYTES = 64


FRESH_SECONDS: Final = 0.2
"""How long a connection may have been idle for a call that must not be sent twice.

Servers close idle connections at any time. A call that is written into one that is closing has an unknown outcome, so
such a call takes a connection that has just been used, or a new one.
"""
LOOK_SECONDS: Final = 1.0
"""How often the pool looks at the socket of an idle connection, so that it closes those that the server has closed.

The pool asks all of its connections twice a call, and each look is a system call. Before a call is sent, its own
connection is looked at in any case.
"""
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class _OwnedOrigin(httpcore2.Origin):
    """An origin with an owner, an organization: its connections serve no calls of another owner.

    `needs_fresh`: of the request that asks for a connection; it may not take one that has been idle for long.
    """

    def __init__(self, owner: str, origin: httpcore2.Origin, *, needs_fresh: bool) -> None:
        super().__init__(origin.scheme, origin.host, origin.port)
        self.owner = owner
        self.needs_fresh = needs_fresh

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _OwnedOrigin) and other.owner == self.owner and super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]


class _OwnedURL(httpcore2.URL):
    """A URL whose origin has an owner."""

    def __init__(self, owner: str, url: httpx2.URL, method: str) -> None:
        super().__init__(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        self._owner = owner
        self._needs_fresh = method not in _REPEATABLE

    @property
    def origin(self) -> httpcore2.Origin:
        return _OwnedOrigin(self._owner, super().origin, needs_fresh=self._needs_fresh)


class _Connection(httpcore2.AsyncHTTPConnection):
    """A connection that expires when it has unread data, which could be mistaken for the next response.

    A request that must not be sent twice gets it only when it has just been used.
    """

    _spoiled = False
    _next_look = 0.0
    _is_chosen = False

    def can_handle_request(self, origin: httpcore2.Origin) -> bool:
        # The library asks once more when it sends: time has passed since the pool has chosen.
        is_usable = self._is_chosen or not (_needs_fresh(origin) and self._is_stale())
        return super().can_handle_request(origin) and is_usable

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        if self.is_idle() and self._is_spoiled():
            # The server has closed it or has sent something since the pool has looked.
            self._spoiled = True
            raise httpcore2.ConnectionNotAvailable
        if self._is_stale() and _needs_fresh(request.url.origin):
            # It was chosen in time and has become stale since; the pool chooses again.
            raise httpcore2.ConnectionNotAvailable
        self._is_chosen = True
        try:
            return await super().handle_async_request(request)
        finally:
            self._is_chosen = False

    def _is_stale(self) -> bool:
        inner = self._connection
        if not isinstance(inner, httpcore2.AsyncHTTP11Connection) or self._keepalive_expiry is None:
            return False
        # The library has no public method for the instant at which the last response ended.
        ends = inner._expire_at
        return ends is not None and asyncio.get_running_loop().time() > ends - self._keepalive_expiry + FRESH_SECONDS

    def has_expired(self) -> bool:
        if not self.is_idle():
            return super().has_expired()
        now = asyncio.get_running_loop().time()
        if not self._spoiled and now >= self._next_look:
            self._spoiled = self._is_spoiled()
            self._next_look = now + LOOK_SECONDS
        return self._spoiled

    def _is_spoiled(self) -> bool:
        return super().has_expired() or self._has_unread()

    def _has_unread(self) -> bool:
        inner = self._connection
        if not isinstance(inner, httpcore2.AsyncHTTP11Connection):
            return False
        # The library has no public method for it.
        data, _ = inner._h11_state.trailing_data
        stream = inner._network_stream
        return bool(data) or (isinstance(stream, BoundedStream) and stream.has_unread())


def _needs_fresh(origin: httpcore2.Origin) -> bool:
    return isinstance(origin, _OwnedOrigin) and origin.needs_fresh


class _Pool(httpcore2.AsyncConnectionPool):
    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        return _Connection(
            origin=origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            http1=self._http1,
            http2=self._http2,
            retries=self._retries,
            local_address=self._local_address,
            uds=self._uds,
            network_backend=self._network_backend,
            socket_options=self._socket_options,
        )


class GuardedTransport(httpx2.AsyncBaseTransport):
    """The HTTP client's transport over pools of guarded connections. It uses no environment."""

    def __init__(self, backend: GuardedBackend, tls: ssl.SSLContext, limits: httpx2.Limits, *, http2: bool) -> None:
        self._backend = backend
        self._tls = tls
        self._limits = limits
        self._http2 = http2
        self._pool = self._make_pool(tls, backend)
        self._routed: OrderedDict[Route, _Pool] = OrderedDict()
        self._building = asyncio.Lock()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends one request; the response's body is read by the caller.

        Raises: httpx2's transport errors; BadInput for a route whose certificates cannot be used; as `TunnelBackend`.
        """
        url = _OwnedURL(str(request.extensions.get(OWNER, "")), request.url, request.method)
        route = request.extensions.get(ROUTE)
        pool, extensions = self._pool, request.extensions
        if isinstance(route, Route):
            pool = await self._pool_of(route)
            if route.server_name:
                extensions = {**extensions, "sni_hostname": route.server_name}
        outgoing = httpcore2.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=_async_stream(request.stream),
            extensions=extensions,
        )
        with _client_errors():
            response = await pool.handle_async_request(outgoing)
        stream = response.extensions.get("network_stream")
        if isinstance(stream, BoundedStream):
            stream.begin_body()
        return httpx2.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._pool.aclose()
        while self._routed:
            await self._routed.popitem()[1].aclose()

    async def _pool_of(self, route: Route) -> "_Pool":
        """Returns the pool of a route, made at its first use. Raises: BadInput as `tls_context`."""
        async with self._building:
            pool = self._routed.get(route)
            if pool is None:
                # Reading the machine's authorities takes tens of milliseconds.
                tls = await asyncio.to_thread(tls_context, route) if route.has_own_tls else self._tls
                backend = TunnelBackend(self._backend, route) if route.proxy else self._backend
                pool = self._routed[route] = self._make_pool(tls, backend)
                await self._drop_idle_route()
            self._routed.move_to_end(route)
            return pool

    async def _drop_idle_route(self) -> None:
        if len(self._routed) <= MAX_ROUTES:
            return
        idle = (route for route, pool in self._routed.items() if all(each.is_idle() for each in pool.connections))
        # The newest one has no connection yet, and is about to be used.
        oldest = next(idle, None)
        if oldest is not None and oldest != next(reversed(self._routed)):
            await self._routed.pop(oldest).aclose()

    def _make_pool(self, tls: ssl.SSLContext, backend: httpcore2.AsyncNetworkBackend) -> "_Pool":
        return _Pool(
            ssl_context=tls,
            max_connections=self._limits.max_connections,
            max_keepalive_connections=self._limits.max_keepalive_connections,
            keepalive_expiry=self._limits.keepalive_expiry,
            http2=self._http2,
            network_backend=backend,
        )


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = size = 0
        with _client_errors():
            async for part in self._response.aiter_stream():
                parts, size = parts + 1, size + len(part)
                if parts > FREE_PARTS + size // PART_BYTES:
                    raise self._too_many_parts(parts, size)
                yield part

    def _too_many_parts(self, parts: int, size: int) -> Rejected:
        return Rejected(
            f"the response comes in too many pieces, {parts} for {size} bytes; have it sent in larger chunks",
            code="RESPONSE_TOO_LARGE",
            sent=True,
            status=str(self._response.status),
        )

    async def aclose(self) -> None:
        await self._response.aclose()


def _async_stream(stream: object) -> httpx2.AsyncByteStream:
    assert isinstance(stream, httpx2.AsyncByteStream)
    return stream


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


@contextmanager
def _client_errors() -> Iterator[None]:
    try:
        yield
    except tuple(_ERRORS) as error:
        raise _ERRORS[type(error)](str(error)) from error
