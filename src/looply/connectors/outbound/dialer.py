"""Connections for protocols other than HTTP, to addresses that the egress policy permits."""

import asyncio
import socket
import ssl
from contextlib import ExitStack
from typing import Protocol

from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.network import Resolver, SystemResolver, permitted_addresses
from looply.connectors.outbound.trust import machine_trust
from looply.errors import OperationError, Unavailable


class Dialer(Protocol):
    """Opens TCP connections."""

    @property
    def tls(self) -> ssl.SSLContext:
        """What certificates are checked with."""
        ...

    async def dial(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> socket.socket:
        """Returns a connected socket that does not block; the caller closes it and bounds the time.

        `usual_ports` are those that the protocol is meant for; others need an entry of `egress_allow` with the port.

        Raises: Rejected (code `EGRESS_DENIED`) before anything is connected, Unavailable.
        """
        ...


class GuardedDialer:
    """See `Dialer`: a name is resolved here, and connected is an address that was judged."""

    def __init__(
        self, policy: EgressPolicy, resolver: Resolver | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._policy = policy
        self._resolver = resolver if resolver is not None else SystemResolver()
        self._tls = tls

    @property
    def tls(self) -> ssl.SSLContext:
        """What certificates are checked with: the machine's authorities, unless others were given."""
        if self._tls is None:
            self._tls = machine_trust()
        return self._tls

    async def dial(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> socket.socket:
        """Returns a connected socket; see `Dialer.dial`."""
        for address in await permitted_addresses(self._policy, self._resolver, host, port, usual_ports):
            try:
                return await _connected(address, port)
            except OSError:
                continue
        raise Unavailable(f"no connection to {host}:{port} could be made")


class NoDialer:
    """The dialer of a process that reaches nothing."""

    @property
    def tls(self) -> ssl.SSLContext:
        """What certificates are checked with."""
        return machine_trust()

    async def dial(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> socket.socket:  # noqa: ARG002
        """Raises: OperationError, always."""
        raise OperationError(f"this process reaches nothing, and so not {host}:{port}")


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as stack:
        connection = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
        stack.pop_all()
    return connection
