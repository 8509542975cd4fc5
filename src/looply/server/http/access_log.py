"""The access log: one log line for each request, for operators.

It never holds what a caller sends: no query, no header, no body, and of the path only the template of its route, since
a path may hold the token of a card.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import structlog

from looply.catalog.tenants.principal import Principal
from looply.clock import Clock
from looply.server.callers.client_addresses import ClientAddresses
from looply.server.http.call import Route

_log = structlog.get_logger(__name__)

NO_ROUTE: Final = "(none)"
"""Logged as route and method of a request that matches no route. The log never holds the caller's own text."""

OnRefused: TypeAlias = Callable[[Any, int, str, int], None]
"""Observer of requests that never reach the application: peer, status, request id, bytes of the answer."""


class AccessLog:
    """Writes the log lines. `addresses` finds the address of each caller."""

    def __init__(self, clock: Clock, addresses: ClientAddresses) -> None:
        self._clock = clock
        self._addresses = addresses

    def now(self) -> float:
        """Returns the monotonic time to pass to `log_answer` as `begun`."""
        return self._clock.monotonic()

    def log_answer(
        self, scope: Any, request_id: str, start: float, *, route: Route | None, status: int, size: int
    ) -> None:
        """Logs a request whose answer has ended. Status 0: the caller disconnected before the answer began."""
        principal: Principal | None = scope["state"].get("principal")
        _log.info(
            "request",
            address=self._addresses.address(scope),
            method=route.method if route is not None else NO_ROUTE,
            route=route.path if route is not None else NO_ROUTE,
            status=status,
            duration_ms=round((self._clock.monotonic() - start) * 1000, 1),
            bytes=size,
            key_id=principal.key_id or None if principal is not None else None,
            user_id=principal.person.user_id if principal is not None and principal.person is not None else None,
            request_id=request_id,
        )

    def log_refusal(self, client: Any, status: int, request_id: str, size: int) -> None:
        """Logs a request that the connection refused before the application saw it; its headers were not read."""
        address = self._addresses.address({"client": client, "headers": ()})
        _log.info(
            "request",
            address=address,
            method=NO_ROUTE,
            route=NO_ROUTE,
            status=status,
            duration_ms=None,
            bytes=size,
            key_id=None,
            user_id=None,
            request_id=request_id,
        )
