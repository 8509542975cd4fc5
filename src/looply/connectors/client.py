"""The one HTTP client of the process, and the bounded sender that each call of an operation is given."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterable
from datetime import timedelta
from pathlib import Path

import httpx2

from looply import __version__
from looply.connectors.faults import CONNECT_SECONDS, Progress, operation_error, timeout_error
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.outbound.line import Headers, Outgoing
from looply.connectors.outbound.network import GuardedBackend, Resolver, SystemResolver
from looply.connectors.outbound.transport import GuardedTransport, Reply, Transport
from looply.connectors.outbound.trust import machine_trust
from looply.connectors.outbound.urls import port_of
from looply.connectors.port import HttpRequest, HttpResponse
from looply.errors import Rejected, Unavailable
from looply.limits import DEFAULT_LIMITS, Limits

# Many servers close an idle connection after 5 s. This client must close it first: a request on a connection that the
# server is closing has an unknown outcome.
_KEPT_SECONDS = 2.0
_MOST_IDLE = 100
MOST_CONNECTIONS = 500
"""How many connections of one route there are at once, where nothing else is said."""
# Only encodings that are always available; the library's others depend on installed packages.
_DEFAULT_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": f"looply/{__version__}"}
# What the library decodes without further packages; the text of an answer in any other encoding would be no text.
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
_WITHOUT_BODY = (204, 304)
# Requests of these methods say that their body is empty (RFC 9110, 8.6).
_WITH_BODY = ("POST", "PUT", "PATCH", "QUERY")


class HttpClient:
    """Sends the requests of all calls by one transport. It keeps no cookies and reads no environment.

    It does not use the library's `AsyncClient`, which logs URLs that may contain secrets, keeps one cookie
    jar, which would carry sessions from one organization to another, and parses `Location` on its own.
    """

    def __init__(self, transport: Transport, limits: Limits = DEFAULT_LIMITS) -> None:
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
    tls: ssl.SSLContext | None = None,
    ca_file: Path | None = None,
    connections: int = MOST_CONNECTIONS,
) -> HttpClient:
    """Returns a client whose every connection is checked by `policy`.

    `tls` is the context of connections without settings of their own (default: the machine's authorities). `ca_file`
    (PEM) adds certificate authorities to it, for systems with a private one. Certificates are always checked.
    `connections` is how many of one route there are at once; further calls wait for one.
    """
    tls = machine_trust() if tls is None else tls
    if ca_file is not None:
        tls.load_verify_locations(cafile=ca_file)
    backend = GuardedBackend(policy, resolver if resolver is not None else SystemResolver())
    kept = httpx2.Limits(
        max_connections=connections, max_keepalive_connections=_MOST_IDLE, keepalive_expiry=_KEPT_SECONDS
    )
    return HttpClient(GuardedTransport(backend, tls, kept), limits)


class BoundedSender:
    """An `HttpSender`: bounds the time of all its requests together, and the size of each response."""

    def __init__(self, transport: Transport, timeout: timedelta, response_bytes: int, owner: str = "") -> None:
        self._transport = transport
        self._owner = owner
        self._timeout = timeout
        self._response_bytes = response_bytes
        self._deadline: float | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Sends one request and returns the whole response; see `HttpSender.send`."""
        progress = Progress()
        # A deadline of the loop's timers must be computed on the loop's own clock.
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout.total_seconds()
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._exchange(request, progress)
        except TimeoutError as error:
            seconds = self._timeout.total_seconds()
            raise timeout_error(_host_text(request), seconds, progress, request.route) from error
        except (httpx2.HTTPError, ssl.SSLError) as error:
            raise operation_error(error, _host_text(request), progress, request.route) from error

    async def _exchange(self, request: HttpRequest, progress: Progress) -> HttpResponse:
        # Reads and writes have no timeout of their own: the deadline of the call covers them.
        outgoing = Outgoing(
            method=request.method.upper().encode("ascii"),
            url=request.url,
            headers=_wire_headers(request),
            content=request.content,
            owner=self._owner,
            route=request.route,
            connect_seconds=CONNECT_SECONDS,
            note=progress.note,
        )
        reply = await self._transport.exchange(outgoing)
        try:
            status, reason, headers = reply.status, reply.reason.decode("ascii", "ignore"), _texts(reply.headers)
            content = await self._read(request, reply, HttpResponse(status=status, reason=reason, headers=headers))
            return HttpResponse(status=status, reason=reason, headers=headers, content=content)
        finally:
            await reply.body.aclose()

    async def _read(self, request: HttpRequest, reply: Reply, response: HttpResponse) -> bytes:
        if response.status < 200:
            raise Unavailable(f"{_host_text(request)} switched to another protocol, which was not requested", sent=True)
        announced = response.header("content-length") or ""
        if request.method != "HEAD" and announced.isdecimal() and int(announced) > self._response_bytes:
            raise self._too_large(request, response)
        encoding = response.header("content-encoding")
        parts: AsyncIterable[bytes] = reply.body
        if encoding is not None and encoding != "identity":
            self._check_encoding(request, response, encoding)
            parts = httpx2.Response(reply.status, headers=list(reply.headers), stream=reply.body).aiter_bytes()
        content = bytearray()
        try:
            async for part in parts:
                content += part
                if len(content) > self._response_bytes:
                    raise self._too_large(request, response)
        except httpx2.DecodingError as error:
            message = f"the compressed response of {_host_text(request)} cannot be read"
            raise Rejected(message, code="BAD_RESPONSE", sent=True, status=str(response.status)) from error
        return bytes(content)

    def _check_encoding(self, request: HttpRequest, response: HttpResponse, encoding: str) -> None:
        """Raises: Rejected for a body in an encoding that was not asked for and cannot be decoded."""
        if request.method == "HEAD" or response.status in _WITHOUT_BODY:
            return
        encodings = encoding.lower().split(",")
        unknown = next((name for name in map(str.strip, encodings) if name not in _ENCODINGS), None)
        if unknown is not None:
            raise Rejected(
                f"{_host_text(request)} compressed its response by {unknown[:50]!r}, which was not asked for",
                code="BAD_RESPONSE",
                sent=True,
                status=str(response.status),
            )

    def _too_large(self, request: HttpRequest, response: HttpResponse) -> Rejected:
        return Rejected(
            f"the response of {_host_text(request)} is larger than {self._response_bytes} bytes "
            "(limit response_bytes); request less, or raise the limit",
            code="RESPONSE_TOO_LARGE",
            sent=True,
            status=str(response.status),
        )


def _wire_headers(request: HttpRequest) -> Headers:
    given = {**_DEFAULT_HEADERS, **request.headers}
    fields = [] if "host" in given else [(b"Host", request.url.netloc)]
    fields += [(name.encode("ascii"), value.encode("utf-8")) for name, value in given.items()]
    is_framed = "content-length" in given or "transfer-encoding" in given
    if not is_framed and (request.content or request.method.upper() in _WITH_BODY):
        fields.append((b"Content-Length", b"%d" % len(request.content)))
    return fields


def _texts(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Returns headers as texts, with names in lower case: all of them in UTF-8, or else all in Latin-1."""
    try:
        return tuple([(name.decode("utf-8").lower(), value.decode("utf-8")) for name, value in headers])
    except UnicodeDecodeError:
        return tuple([(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers])


def _host_text(request: HttpRequest) -> str:
    return f"{request.url.raw_host.decode('ascii')}:{port_of(request.url)}"
