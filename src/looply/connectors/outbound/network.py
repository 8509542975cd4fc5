"""The guarded network: it resolves names, checks the addresses, and connects to permitted addresses only.

It replaces the layer of the HTTP client's library that opens sockets, so no operation of the client (keep-alive, TLS,
a new connection after a broken one) can bypass it. TLS and the `Host` header still use the name.
"""

import asyncio
import socket
from collections.abc import Iterable
from typing import Any, Protocol

import httpcore2

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
