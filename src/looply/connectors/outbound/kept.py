"""Connections that are kept between calls, each for one owner and one origin, the last used one first.

Theory of operation. Servers close idle connections at any time, and a request that is written into one that is closing
has an unknown outcome. So a connection is kept for a short time only, its socket is looked at right before a request is
written, and a request that must not be sent twice takes one that has just been used, or a new one.

The library's own pool looks at all of its connections several times a call, and knows no owners.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterable
from typing import Final, NamedTuple

import httpcore2
import httpx2

from looply.connectors.outbound.streams import BoundedStream

FRESH_SECONDS: Final = 0.2
"""How long a connection may have been idle for a call that must not be sent twice."""


class Place(NamedTuple):
    """An origin with an owner, an organization: its connections serve no calls of another owner."""

    owner: str
    scheme: bytes
    host: bytes
    port: int


class Connection(httpcore2.AsyncHTTPConnection):
    """A connection to one place. `idle_since` is when its last response ended."""

    def __init__(self, place: Place, tls: ssl.SSLContext | None, backend: httpcore2.AsyncNetworkBackend) -> None:
        origin = httpcore2.Origin(place.scheme, place.host, place.port)
        super().__init__(origin, ssl_context=tls, network_backend=backend)
        self.place = place
        self.idle_since = 0.0

    def is_kept(self) -> bool:
        """Returns whether it is open and has nothing left of the last exchange."""
        return self.is_idle() and not self.is_closed()

    def is_spoiled(self) -> bool:
        """Returns whether the server has closed it, or has sent what would be mistaken for the next response."""
        return self.has_expired() or self._has_unread()

    def _has_unread(self) -> bool:
        inner = self._connection
        if not isinstance(inner, httpcore2.AsyncHTTP11Connection):
            return False
        # The library has no public method for it.
        data, _ = inner._h11_state.trailing_data
        stream = inner._network_stream
        return bool(data) or (isinstance(stream, BoundedStream) and stream.has_unread())


class Exchange:
    """A response whose body is not read yet, and the connection that it comes by, which `close` releases."""

    def __init__(self, response: httpcore2.Response, connection: Connection, connections: "Connections") -> None:
        self.response = response
        self._connection = connection
        self._connections = connections
        self._is_closed = False

    @property
    def body(self) -> AsyncIterable[bytes]:
        """The pieces of the body, as they come."""
        stream = self.response.stream
        assert isinstance(stream, AsyncIterable)
        return stream

    async def close(self) -> None:
        """Ends the exchange; ending it twice is legal. Without the whole body the connection is closed."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self.response.aclose()
        finally:
            await self._connections.release(self._connection)


class Connections:
    """The connections of one route, within the limits: so many at once, and so many idle ones, each for so long."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        backend: httpcore2.AsyncNetworkBackend,
        limits: httpx2.Limits,
        *,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        assert limits.max_connections is not None
        assert limits.max_keepalive_connections is not None
        assert limits.keepalive_expiry is not None
        self._tls = tls
        self._backend = backend
        self._most = limits.max_connections
        self._most_idle = limits.max_keepalive_connections
        self._kept_seconds = limits.keepalive_expiry
        self._fresh_seconds = fresh_seconds
        self._free = asyncio.Semaphore(self._most)
        self._used: set[Connection] = set()
        # The one that has been idle for the longest time comes first, here and in each place.
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        self._places: dict[Place, list[Connection]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether no call uses any of them."""
        return not self._used

    async def send(self, place: Place, request: httpcore2.Request, *, needs_fresh: bool) -> Exchange:
        """Sends a request and returns when the head of its response has come; waits while all connections are used.

        Raises: the library's errors.
        """
        await self._free.acquire()
        connection = exchange = None
        try:
            connection = await self._take(place, needs_fresh=needs_fresh)
            exchange = Exchange(await connection.handle_async_request(request), connection, self)
            return exchange
        finally:
            if exchange is None:
                await self.release(connection)

    async def release(self, connection: Connection | None) -> None:
        """Takes back the connection of a call; one that is in no order is closed. None: the call had none yet."""
        self._free.release()
        if connection is None:
            return
        self._used.discard(connection)
        if not connection.is_kept():
            await connection.aclose()
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle[connection] = None
        self._places.setdefault(connection.place, []).append(connection)
        if len(self._idle) > self._most_idle:
            await self._close_oldest()

    async def close(self) -> None:
        """Closes all connections, also those that calls use."""
        while self._idle:
            await self._close_oldest()
        for connection in list(self._used):
            await connection.aclose()

    async def _take(self, place: Place, *, needs_fresh: bool) -> Connection:
        now = asyncio.get_running_loop().time()
        await self._close_expired(now)
        while (kept := self._places.get(place)) is not None:
            connection = kept[-1]
            if needs_fresh and now - connection.idle_since > self._fresh_seconds:
                break
            self._forget(connection)
            self._used.add(connection)
            if not connection.is_spoiled():
                return connection
            self._used.discard(connection)
            await connection.aclose()
        while self._idle and len(self._used) + len(self._idle) >= self._most:
            await self._close_oldest()
        connection = Connection(place, self._tls, self._backend)
        self._used.add(connection)
        return connection

    async def _close_expired(self, now: float) -> None:
        while self._idle and now - next(iter(self._idle)).idle_since > self._kept_seconds:
            await self._close_oldest()

    async def _close_oldest(self) -> None:
        connection = next(iter(self._idle))
        self._forget(connection)
        await connection.aclose()

    def _forget(self, connection: Connection) -> None:
        """Removes one from those that are idle."""
        del self._idle[connection]
        kept = self._places[connection.place]
        kept.remove(connection)
        if not kept:
            del self._places[connection.place]
