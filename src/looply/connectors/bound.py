"""Senders and dialers that are restricted to the targets of a call's connections.

A connector decides itself where it sends credentials. This is a second check: after a call has opened a connection
with secrets, every request and every dial of the call, including the reads and redirects that a protocol adds by
itself, must go to a target that such a connection names.
"""

import socket
import ssl

from looply.connectors.outbound.dialer import Dialer
from looply.connectors.outbound.urls import origin
from looply.connectors.port import ConnectionValues, HttpRequest, HttpResponse, HttpSender, Target
from looply.errors import Rejected


class Bounds:
    """The targets that one call may send to: all, until it opens a connection with secrets."""

    def __init__(self) -> None:
        self._targets: frozenset[Target] | None = None

    def add(self, values: ConnectionValues) -> None:
        """Restricts the call to the targets of this connection and of those added before."""
        if values.targets is not None:
            self._targets = values.targets | (self._targets or frozenset())

    def check(self, target: Target) -> None:
        """Raises: Rejected (code `CREDENTIAL_BOUND`) for a target that is not allowed; nothing was sent."""
        if self._targets is not None and target not in self._targets:
            scheme, host, port = target
            raise Rejected(
                f"the credentials of this call's connection are not for {scheme}://{host}:{port}; nothing was sent",
                code="CREDENTIAL_BOUND",
                sent=False,
            )


class BoundSender:
    """See `HttpSender`: sends within the bounds of its call."""

    def __init__(self, sender: HttpSender, bounds: Bounds) -> None:
        self._sender = sender
        self._bounds = bounds

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Sends one request. Raises: as `Bounds.check` and `HttpSender.send`."""
        self._bounds.check(origin(request.url))
        return await self._sender.send(request)


class BoundDialer:
    """See `Dialer`: connects within the bounds of its call. It dials mail servers only."""

    def __init__(self, dialer: Dialer, bounds: Bounds) -> None:
        self._dialer = dialer
        self._bounds = bounds

    @property
    def tls(self) -> ssl.SSLContext:
        """The TLS context that certificates are checked with."""
        return self._dialer.tls

    async def resolve(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> list[str]:
        """Returns the addresses of a name. Raises: as `Bounds.check` and `Dialer.resolve`."""
        self._bounds.check(("smtp", host.lower(), port))
        return await self._dialer.resolve(host, port, usual_ports)

    async def dial(self, host: str, port: int, usual_ports: frozenset[int] = frozenset()) -> socket.socket:
        """Returns a connected socket. Raises: as `Bounds.check` and `Dialer.dial`."""
        self._bounds.check(("smtp", host.lower(), port))
        return await self._dialer.dial(host, port, usual_ports)
