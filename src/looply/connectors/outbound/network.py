"""The guarded transport: it resolves names, checks the addresses, and connects to permitted addresses only.

It replaces the layer of the HTTP client's library that opens sockets, so no operation of the client (keep-alive, TLS,
a new connection after a broken one) can bypass it. TLS and the `Host` header still use the name.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import httpcore2
import httpx2

from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.streams import BoundedStream
from looply.errors import Rejected, Unavailable

OWNER = "looply_owner"
"""The request extension with the organization of the call; organizations do not share connections."""
# The most addresses of one name that are tried: all of them share the connect timeout.
MAX_ADDRESSES = 4
FREE_PARTS = 10_000
"""The most pieces of a response, with one more for each `PART_BYTES`: chunks, and packets of the network."""
PART_BYTES = 64


class Resolver(Protocol):
    """Resolves host names."""

    async def addresses(self, host: str, port: int) -> list[str]:
        """Returns the addresses of a name, best first. Raises: OSError when it has none."""
        ...


class SystemResolver:
    """The resolver of the operating system, which also accepts addresses in all their spellings."""

    async def addresses(self, host: str, port: int) -> list[str]:
        """Returns the addresses of a name, best first. Raises: OSError when it has none."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to permitted addresses."""

    def __init__(
        self, policy: EgressPolicy, resolver: Resolver, backend: httpcore2.AsyncNetworkBackend | None = None
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._backend = backend if backend is not None else httpcore2.AnyIOBackend()
        self._turn = asyncio.Lock()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Returns a connection to an address of `host` that the policy permits.

        Raises: as `resolve_permitted`, before any connection; the library's ConnectError and ConnectTimeout.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await resolve_permitted(self._policy, self._resolver, host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout("name look-up") from error
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._connected(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._connected(addresses[-1], port, share, local_address, socket_options)

    async def _connected(self, *target: Any) -> httpcore2.AsyncNetworkStream:
        return BoundedStream(await self._backend.connect_tcp(*target), self._turn)

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        """Refuses: calls of workflows never use local sockets."""
        raise self._policy.refusal("a local socket", 0)

    async def sleep(self, seconds: float) -> None:
        """Waits; the library calls it between attempts to connect."""
        await self._backend.sleep(seconds)


async def resolve_permitted(
    policy: EgressPolicy, resolver: Resolver, host: str, port: int, usual_ports: frozenset[int] = frozenset()
) -> list[str]:
    """Returns the addresses of a name that the policy permits, best first, at most `MAX_ADDRESSES`.

    Raises: Rejected (code `EGRESS_DENIED`), the same error when it permits none and when the name does not exist;
    Unavailable when the resolver fails temporarily.
    """
    if policy.forbids_name(host):
        raise policy.refusal(host, port)
    try:
        found = await resolver.addresses(host, port)
    except (OSError, UnicodeError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            raise Unavailable(f"the host name {host} cannot be resolved at present") from error
        raise policy.refusal(host, port) from error
    permitted = [address for address in found if policy.permits(address, host, port, usual_ports)]
    if not permitted:
        raise policy.refusal(host, port)
    return permitted[:MAX_ADDRESSES]


class _OwnedOrigin(httpcore2.Origin):
    """An origin with an owner, an organization: its connections serve no calls of another owner."""

    def __init__(self, owner: str, origin: httpcore2.Origin) -> None:
        super().__init__(origin.scheme, origin.host, origin.port)
        self.owner = owner

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _OwnedOrigin) and other.owner == self.owner and super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]


class _OwnedURL(httpcore2.URL):
    """A URL whose origin has an owner."""

    def __init__(self, owner: str, url: httpx2.URL) -> None:
        super().__init__(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        self._owner = owner

    @property
    def origin(self) -> httpcore2.Origin:
        return _OwnedOrigin(self._owner, super().origin)


class _Connection(httpcore2.AsyncHTTPConnection):
    """A connection that expires when it has unread data, which could be mistaken for the next response."""

    def has_expired(self) -> bool:
        return super().has_expired() or (self.is_idle() and self._has_unread())

    def _has_unread(self) -> bool:
        inner = self._connection
        if not isinstance(inner, httpcore2.AsyncHTTP11Connection):
            return False
        # The library has no public method for it.
        data, _ = inner._h11_state.trailing_data
        stream = inner._network_stream
        return bool(data) or (isinstance(stream, BoundedStream) and stream.has_unread())


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
    """The HTTP client's transport over a pool of guarded connections. It uses no proxy and no environment."""

    def __init__(self, backend: GuardedBackend, tls: ssl.SSLContext, limits: httpx2.Limits, *, http2: bool) -> None:
        self._pool = _Pool(
            ssl_context=tls,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            http2=http2,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends one request; the response's body is read by the caller. Raises: httpx2's transport errors."""
        url = _OwnedURL(str(request.extensions.get(OWNER, "")), request.url)
        outgoing = httpcore2.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=_async_stream(request.stream),
            extensions=request.extensions,
        )
        with _client_errors():
            response = await self._pool.handle_async_request(outgoing)
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
