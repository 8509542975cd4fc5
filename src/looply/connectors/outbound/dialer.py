"""Connections for protocols other than HTTP, to addresses that the egress policy permits."""

import asyncio
import socket
import ssl
from contextlib import ExitStack
from typing import Protocol

from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.network import Resolver, SystemResolver, resolve_permitted
from looply.connectors.outbound.trust import machine_trust
from looply.errors import OperationError, Unavailable


class Dialer(Protocol):
    """Opens TCP connections."""

    @property
    def tls(self) -> ssl.SSLContext:
        """The TLS context that certificates are checked with."""
        ...

    async def resolve(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> list[str]:
        """Returns the addresses of a name that may be connected to, best first.

        Raises: Rejected (code `EGRESS_DENIED`) when there is none, Unavailable.
        """
        ...

    async def dial(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> socket.socket:
        """Returns a connected, non-blocking socket; the caller closes it and bounds the time.

        `usual_ports` are those of the protocol; others need an entry of `egress_allow` with the port.

        Raises: Rejected (code `EGRESS_DENIED`) before any connection is made, Unavailable.
        """
        ...


class GuardedDialer:
    """See `Dialer`: resolves the name itself, and connects only to an address that the policy permits."""

    def __init__(
        self, policy: EgressPolicy, resolver: Resolver | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._policy = policy
        self._resolver = resolver if resolver is not None else SystemResolver()
        self._tls = tls

    @property
    def tls(self) -> ssl.SSLContext:
        """The TLS context: the machine's certificate authorities, unless another context was given."""
        if self._tls is None:
            self._tls = machine_trust()
        return self._tls

    async def resolve(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> list[str]:
        """Returns the addresses of a name; see `Dialer.resolve`."""
        return await resolve_permitted(self._policy, self._resolver, host, port, usual_ports)

    async def dial(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> socket.socket:
        """Returns a connected socket; see `Dialer.dial`."""
        for address in await self.resolve(host, port, usual_ports):
            try:
                return await _connect(address, port)
            except OSError:
                continue
        raise Unavailable(f"no connection to {host}:{port} could be made")


class NoDialer:
    """The dialer of a process that makes no connections."""

    @property
    def tls(self) -> ssl.SSLContext:
        """The TLS context that certificates are checked with."""
        return machine_trust()

    async def resolve(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> list[str]:  # noqa: ARG002
        """Raises: OperationError, always."""
        raise OperationError(f"a process without outbound network cannot resolve {host}:{port}")

    async def dial(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> socket.socket:  # noqa: ARG002
        """Raises: OperationError, always."""
        raise OperationError(f"a process without outbound network cannot connect to {host}:{port}")


async def _connect(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as stack:
        connection = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
        stack.pop_all()
    return connection
