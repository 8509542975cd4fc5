"""The guarded way out: names are resolved and judged here, and connections go to judged addresses only.

It stands below the HTTP client, where its library opens sockets, so nothing that the client does (keep-alive, TLS,
a new connection after a broken one) can go round it. The name stays the one of TLS and of the `Host` header.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import httpcore2
import httpx2

from looply.connectors.egress import EgressPolicy
from looply.errors import Unavailable

# More addresses than this of one name are not tried: the connect timeout is shared by all of them.
MAX_ADDRESSES = 4


class Resolver(Protocol):
    """Looks up names."""

    async def addresses(self, host: str, port: int) -> list[str]:
        """Returns the addresses of a name, best first. Raises: OSError when it has none."""
        ...


class SystemResolver:
    """The machine's resolver, which also reads addresses in all their spellings."""

    async def addresses(self, host: str, port: int) -> list[str]:
        """Returns the addresses of a name, best first. Raises: OSError when it has none."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to allowed addresses."""

    def __init__(
        self, policy: EgressPolicy, resolver: Resolver, backend: httpcore2.AsyncNetworkBackend | None = None
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._backend = backend if backend is not None else httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Returns a connection to an address of `host` that the policy permits.

        Raises: Rejected (code `EGRESS_DENIED`) when it permits none, before anything is connected; Unavailable when
        the name cannot be resolved; the library's ConnectError and ConnectTimeout.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._permitted(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout("name look-up") from error
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        """Refuses: no call of a workflow goes to a socket of this machine."""
        raise self._policy.refusal("a local socket", 0)

    async def sleep(self, seconds: float) -> None:
        """Waits; the library does so between attempts to connect."""
        await self._backend.sleep(seconds)

    async def _permitted(self, host: str, port: int) -> list[str]:
        if self._policy.forbids_name(host):
            raise self._policy.refusal(host, port)
        try:
            found = await self._resolver.addresses(host, port)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"the host name {host} cannot be resolved") from error
        permitted = [address for address in found if self._policy.permits(address, host, port)]
        if not permitted:
            raise self._policy.refusal(host, port)
        return permitted[:MAX_ADDRESSES]


class GuardedTransport(httpx2.AsyncBaseTransport):
    """The HTTP client's transport over a pool of guarded connections. It uses no proxy and no environment."""

    def __init__(self, backend: GuardedBackend, tls: ssl.SSLContext, limits: httpx2.Limits, *, http2: bool) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            http2=http2,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends one request; the response's body is read by the caller. Raises: httpx2's transport errors."""
        url = request.url
        outgoing = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=_async_stream(request.stream),
            extensions=request.extensions,
        )
        with _client_errors():
            response = await self._pool.handle_async_request(outgoing)
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
        with _client_errors():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._response.aclose()


def _async_stream(stream: object) -> httpx2.AsyncByteStream:
    assert isinstance(stream, httpx2.AsyncByteStream)
    return stream


# Both libraries name their errors alike; httpx2 makes this table for its own transport only.
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
