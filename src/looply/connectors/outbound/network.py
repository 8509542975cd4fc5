"""The guarded network: it resolves names, checks the addresses, and connects to permitted addresses only.

It replaces the layer of the HTTP client's library that opens sockets, so no operation of the client (keep-alive, TLS,
a new connection after a broken one) can bypass it. TLS and the `Host` header still use the name.
"""

import asyncio
import select
import socket
import ssl
from collections.abc import Iterable
from typing import Any, Protocol

import anyio
import httpcore2
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.streams import BoundedStream
from looply.errors import Unavailable

# The most addresses of one name that are tried: all of them share the connect timeout.
MAX_ADDRESSES = 4


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


class SocketStream(httpcore2.AsyncNetworkStream):
    """A connection. The library's own makes a scope of cancellation for each read and write, also without a time."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._socket = stream.extra(SocketAttribute.raw_socket, None)  # noqa: S610 - AnyIO's

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the library's
        """Returns what came, empty at the end. Raises: the library's ReadError and ReadTimeout."""
        try:
            if timeout is None:
                return await self._stream.receive(max_bytes)
            async with asyncio.timeout(timeout):
                return await self._stream.receive(max_bytes)
        except anyio.EndOfStream:
            return b""
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(error) from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise httpcore2.ReadError(error) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the library's
        """Sends bytes. Raises: the library's WriteError and WriteTimeout."""
        try:
            if timeout is None:
                await self._stream.send(buffer)
            else:
                async with asyncio.timeout(timeout):
                    await self._stream.send(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(error) from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream) as error:
            raise httpcore2.WriteError(error) from error

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's
    ) -> httpcore2.AsyncNetworkStream:
        """Returns the stream over TLS. Raises: the library's ConnectError and ConnectTimeout."""
        try:
            async with asyncio.timeout(timeout):
                secured = await TLSStream.wrap(
                    self._stream, ssl_context=ssl_context, hostname=server_hostname, standard_compatible=False
                )
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(error) from error
        except (anyio.BrokenResourceError, anyio.EndOfStream, ssl.SSLError) as error:
            raise httpcore2.ConnectError(error) from error
        return SocketStream(secured)

    def get_extra_info(self, info: str) -> Any:
        """Returns the TLS object (`ssl_object`), the `socket`, or whether that is readable (`is_readable`)."""
        match info:
            case "ssl_object":
                return self._stream.extra(TLSAttribute.ssl_object, None)  # noqa: S610 - AnyIO's
            case "socket":
                return self._socket
            case "is_readable":
                return _is_readable(self._socket)
        return None


def _is_readable(connected: socket.socket | None) -> bool:
    """Returns whether a read would return at once; so it does from a socket that is closed."""
    descriptor = -1 if connected is None else connected.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class SocketBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections to addresses."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 - none are given
    ) -> httpcore2.AsyncNetworkStream:
        """Returns a connection. Raises: the library's ConnectError and ConnectTimeout."""
        try:
            async with asyncio.timeout(timeout):
                return SocketStream(await anyio.connect_tcp(host, port, local_host=local_address))
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(error) from error
        except (OSError, anyio.BrokenResourceError) as error:
            raise httpcore2.ConnectError(error) from error

    async def sleep(self, seconds: float) -> None:
        """Waits; the library calls it between attempts to connect."""
        await asyncio.sleep(seconds)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to permitted addresses."""

    def __init__(
        self, policy: EgressPolicy, resolver: Resolver, backend: httpcore2.AsyncNetworkBackend | None = None
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._backend = backend if backend is not None else SocketBackend()
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

    async def check(self, host: str, port: int) -> None:
        """Returns when the policy permits a target that a proxy connects to.

        A name that only the proxy can resolve must be an entry of `egress_allow`.

        Raises: as `resolve_permitted`.
        """
        if self._policy.permits_name(host, port) and not await self._resolves(host, port):
            return
        await resolve_permitted(self._policy, self._resolver, host, port)

    async def _resolves(self, host: str, port: int) -> bool:
        try:
            return bool(await self._resolver.addresses(host, port))
        except (OSError, UnicodeError):
            return False

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
