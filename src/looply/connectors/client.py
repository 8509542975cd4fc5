"""The one HTTP client of the process, and the bounded sender that each call of an operation is given."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from looply import __version__
from looply.connectors.outbound.causes import is_certificate_error
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.network import GuardedBackend, Resolver, SystemResolver
from looply.connectors.outbound.transport import OWNER, ROUTE, GuardedTransport
from looply.connectors.outbound.trust import machine_trust
from looply.connectors.outbound.urls import port_of
from looply.connectors.port import HttpRequest, HttpResponse
from looply.errors import BadInput, OperationError, Rejected, Timeout, Unavailable
from looply.limits import DEFAULT_LIMITS, Limits

CONNECT_SECONDS = 5.0
# Many servers close an idle connection after 5 s. This client must close it first: a request on a connection that the
# server is closing has an unknown outcome.
_POOL = httpx2.Limits(max_connections=500, max_keepalive_connections=100, keepalive_expiry=2.0)
# Reads and writes have no timeout of their own: the deadline of the call covers them.
_TIMEOUT = httpx2.Timeout(None, connect=CONNECT_SECONDS)
# Only encodings that are always available; the library's others depend on installed packages.
_DEFAULT_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": f"looply/{__version__}"}
# Errors of the client before a byte of the request has left.
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class HttpClient:
    """Shares one pool of connections among all calls. It keeps no cookies and reads no environment.

    It uses the library's transport, not its `AsyncClient`, which logs URLs that may contain secrets, keeps one cookie
    jar, which would carry sessions from one organization to another, and parses `Location` on its own.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport, limits: Limits = DEFAULT_LIMITS) -> None:
        # At DEBUG the library logs the headers of requests and responses.
        logging.getLogger("httpcore2").setLevel(logging.WARNING)
        self._transport = transport
        self._limits = limits

    def sender(self, timeout: timedelta, owner: str = "") -> "BoundedSender":
        """Returns the sender for one call of an operation; `timeout` runs from its first request.

        Calls of different owners, which are ids of organizations, never share a connection.
        """
        return BoundedSender(self._transport, timeout, self._limits.response_bytes, owner)

    async def close(self) -> None:
        """Closes all connections; closing twice is legal."""
        await self._transport.aclose()


def build_client(
    policy: EgressPolicy,
    limits: Limits = DEFAULT_LIMITS,
    *,
    resolver: Resolver | None = None,
    ca_file: Path | None = None,
    http2: bool = False,
) -> HttpClient:
    """Returns a client whose every connection is checked by `policy`.

    `ca_file` (PEM) adds certificate authorities to the machine's own, for systems with a private one. Certificates
    are always checked. `http2` needs the library's extra.
    """
    tls = machine_trust()
    if ca_file is not None:
        tls.load_verify_locations(cafile=ca_file)
    backend = GuardedBackend(policy, resolver if resolver is not None else SystemResolver())
    return HttpClient(GuardedTransport(backend, tls, _POOL, http2=http2), limits)


class BoundedSender:
    """An `HttpSender`: bounds the time of all its requests together, and the size of each response."""

    def __init__(
        self, transport: httpx2.AsyncBaseTransport, timeout: timedelta, response_bytes: int, owner: str = ""
    ) -> None:
        self._transport = transport
        self._owner = owner
        self._timeout = timeout
        self._response_bytes = response_bytes
        self._deadline: float | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Sends one request and returns the whole response; see `HttpSender.send`."""
        progress = _Progress()
        # A deadline of the loop's timers must be computed on the loop's own clock.
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout.total_seconds()
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._exchange(request, progress)
        except TimeoutError as error:
            seconds = self._timeout.total_seconds()
            message = f"{_host_text(request)} did not answer the call within {seconds:g} s"
            raise Timeout(message, sent=progress.is_sent) from error
        except httpx2.HTTPError as error:
            raise _operation_error(error, request, progress) from error

    async def _exchange(self, request: HttpRequest, progress: "_Progress") -> HttpResponse:
        outgoing = httpx2.Request(
            request.method,
            request.url,
            headers=_wire_headers({**_DEFAULT_HEADERS, **request.headers}),
            content=request.content,
            extensions={
                "timeout": _TIMEOUT.as_dict(),
                "trace": progress.note,
                OWNER: self._owner,
                **({} if request.route is None else {ROUTE: request.route}),
            },
        )
        response = await self._transport.handle_async_request(outgoing)
        try:
            return HttpResponse(
                status=response.status_code,
                reason=response.reason_phrase,
                headers=tuple((name.lower(), value) for name, value in response.headers.multi_items()),
                content=await self._read(request, response),
            )
        finally:
            await response.aclose()

    async def _read(self, request: HttpRequest, response: httpx2.Response) -> bytes:
        if response.status_code < 200:
            raise Unavailable(f"{_host_text(request)} switched to another protocol, which was not requested", sent=True)
        announced = response.headers.get("content-length", "")
        if request.method != "HEAD" and announced.isdecimal() and int(announced) > self._response_bytes:
            raise self._too_large(request, response)
        content = bytearray()
        async for part in response.aiter_bytes():
            content += part
            if len(content) > self._response_bytes:
                raise self._too_large(request, response)
        return bytes(content)

    def _too_large(self, request: HttpRequest, response: httpx2.Response) -> Rejected:
        return Rejected(
            f"the response of {_host_text(request)} is larger than {self._response_bytes} bytes "
            "(limit response_bytes); request less, or raise the limit",
            code="RESPONSE_TOO_LARGE",
            sent=True,
            status=str(response.status_code),
        )


def _wire_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers.items()]


class _Progress:
    """Learns from the client's trace whether sending of a request has begun."""

    def __init__(self) -> None:
        self.is_sent = False

    async def note(self, event: str, _info: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.is_sent = True


def _operation_error(error: httpx2.HTTPError, request: HttpRequest, progress: _Progress) -> OperationError:
    """Returns the error of the port for one of the client's. It does not quote the client, which may show headers."""
    host = _host_text(request)
    sent = progress.is_sent or not isinstance(error, _NEVER_SENT)
    match error:
        case httpx2.ConnectTimeout():
            return Timeout(f"{host} did not accept a connection within {CONNECT_SECONDS:g} s", sent=sent)
        case httpx2.PoolTimeout():
            return Timeout(f"no connection to {host} became free in time", sent=sent)
        case httpx2.TimeoutException():
            return Timeout(f"{host} did not answer in time", sent=sent)
        case httpx2.ConnectError() if is_certificate_error(error):
            return Rejected(
                f"the TLS certificate of {host} is not valid for it; install a valid one, or add its authority "
                "to the trusted ones",
                code="TLS_CERTIFICATE",
                sent=sent,
            )
        case httpx2.ConnectError():
            return Unavailable(f"no connection to {host} could be made", sent=sent)
        case httpx2.LocalProtocolError() | httpx2.UnsupportedProtocol():
            return BadInput(f"the request to {host} is not valid HTTP", sent=progress.is_sent)
        case httpx2.DecodingError():
            return Rejected(f"the compressed response of {host} cannot be read", code="BAD_RESPONSE", sent=True)
        case _:
            return Unavailable(f"the connection to {host} broke before the response was complete", sent=sent)


def _host_text(request: HttpRequest) -> str:
    return f"{request.url.raw_host.decode('ascii')}:{port_of(request.url)}"
