"""What the tests of connections share: named checks in their order, and those of the network.

A test runs in the process that makes the calls, and looks at one thing after the other, so that the first one that
fails is the one to fix. What comes after a failed check is skipped.
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from looply.clock import Clock
from looply.connectors.outbound.routes import Route, tls_context
from looply.connectors.outbound.urls import parse_url, port_of
from looply.connectors.port import CallContext, Check, CheckState, HttpResponse
from looply.errors import BadInput, LooplyError, OperationError

HTTP_CHECKS: Final = ("dns", "tcp", "tls", "logon", "service", "clock")
SAP_CHECKS: Final = ("dns", "tcp", "tls", "logon", "service", "csrf", "clock")
SMTP_CHECKS: Final = ("dns", "tcp", "tls", "logon")

STEP_SECONDS: Final = 10.0
"""The time of each check of the network."""
_EXPIRES_SOON: Final = timedelta(days=14)
"""A certificate that ends within this time is reported: enough to have another one issued."""
_CLOCK_SECONDS: Final = 60.0
"""Clocks that differ by more are reported: tokens are refused then."""

# X509_V_ERR_* of OpenSSL.
_EXPIRED, _NOT_YET = 10, 9
_WRONG_HOST: Final = frozenset({62, 64})


class Checks:
    """Collects checks by name. After one that failed, the rest are skipped."""

    def __init__(self, clock: Clock, names: tuple[str, ...]) -> None:
        self._clock = clock
        self._names = names
        self._found: dict[str, Check] = {}

    @property
    def has_failed(self) -> bool:
        """Whether a check failed."""
        return any(check.state == "failed" for check in self._found.values())

    def begin(self) -> float:
        """Returns the instant from which a check counts its time."""
        return self._clock.monotonic()

    def add(self, name: str, state: CheckState, start: float, text: str = "", fix: str = "") -> None:
        """Adds the result of a check."""
        ms = round((self._clock.monotonic() - start) * 1000)
        self._found[name] = Check(name=name, state=state, ms=ms, text=text, fix=fix)

    def skip(self, name: str, text: str) -> None:
        """Adds a check that has nothing to look at."""
        self._found[name] = Check(name=name, state="skipped", text=text)

    def fail(self, name: str, start: float, error: LooplyError, fix: str = "") -> None:
        """Adds a check that failed by an error."""
        self.add(name, "failed", start, error.message, fix)

    def results(self) -> tuple[Check, ...]:
        """Returns all checks in their order."""
        rest = "an earlier check failed" if self.has_failed else "there was nothing to check"
        return tuple(self._found.get(name) or Check(name=name, state="skipped", text=rest) for name in self._names)


async def check_network(ctx: CallContext, checks: Checks, url: httpx2.URL, route: Route | None) -> None:
    """Adds `dns`, `tcp` and `tls` for a URL. With a proxy, the first two are about the proxy."""
    first = parse_url(route.proxy) if route is not None and route.proxy else url
    what = "the proxy " if first is not url else ""
    connection = await check_connect(ctx, checks, first.host, port_of(first), what=what)
    if connection is None:
        return
    try:
        if first is not url:
            checks.skip("tls", "it is checked through the proxy, by the first call")
        elif url.scheme == "http":
            checks.skip("tls", "the address begins with http://, so nothing is encrypted")
        else:
            await _check_tls(checks, connection, url.host, route, ctx.clock)
    finally:
        connection.close()


async def check_connect(
    ctx: CallContext,
    checks: Checks,
    host: str,
    port: int,
    *,
    usual_ports: frozenset[int] = frozenset(),
    what: str = "",
) -> socket.socket | None:
    """Adds `dns` and `tcp`; returns the connection, which the caller closes, or None when a check failed."""
    begun = checks.begin()
    try:
        async with asyncio.timeout(STEP_SECONDS):
            addresses = await ctx.dialer.resolve(host, port, usual_ports)
    except TimeoutError:
        checks.add("dns", "failed", begun, f"{what}{host} was not resolved in {STEP_SECONDS:g} s", "check the DNS")
        return None
    except OperationError as error:
        fix = "correct the host, or allow its address with the setting egress_allow"
        checks.fail("dns", begun, error, fix)
        return None
    checks.add("dns", "ok", begun, f"{what}{host} is {', '.join(addresses)}")
    begun = checks.begin()
    fix = f"check that this machine may reach {host}:{port}: firewall, routing, and whether the system runs"
    try:
        async with asyncio.timeout(STEP_SECONDS):
            connection = await ctx.dialer.dial(host, port, usual_ports)
    except TimeoutError:
        checks.add("tcp", "failed", begun, f"{what}{host}:{port} did not answer in {STEP_SECONDS:g} s", fix)
        return None
    except OperationError as error:
        checks.fail("tcp", begun, error, fix)
        return None
    checks.add("tcp", "ok", begun, f"{what}{host}:{port} accepts connections")
    return connection


async def _check_tls(checks: Checks, connection: socket.socket, host: str, route: Route | None, clock: Clock) -> None:
    begun = checks.begin()
    name = route.server_name if route is not None and route.server_name else host
    try:
        context = await asyncio.to_thread(tls_context, route if route is not None else Route())
    except BadInput as error:
        checks.fail("tls", begun, error, "correct `tls` of the connection, and its secret `client_key`")
        return
    try:
        async with asyncio.timeout(STEP_SECONDS):
            _, writer = await asyncio.open_connection(sock=connection.dup(), ssl=context, server_hostname=name)
    except TimeoutError:
        checks.add("tls", "failed", begun, f"no TLS handshake in {STEP_SECONDS:g} s", "check that the port speaks TLS")
        return
    except ssl.SSLCertVerificationError as error:
        checks.add("tls", "failed", begun, *_certificate_finding(error, name))
        return
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        fix = "check that the port speaks TLS 1.2 or later, and whether it asks for a client certificate"
        checks.add("tls", "failed", begun, f"the TLS handshake failed: {reason}", fix)
        return
    certificate: dict[str, Any] = writer.get_extra_info("peercert") or {}
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    with suppress(OSError, ssl.SSLError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    text = f"{version}; the certificate is valid until {ends:%Y-%m-%d}"
    if ends - clock.now() < _EXPIRES_SOON:
        checks.add("tls", "warning", begun, text, "have the certificate renewed")
        return
    checks.add("tls", "ok", begun, text)


def _certificate_finding(error: ssl.SSLCertVerificationError, name: str) -> tuple[str, str]:
    text = f"the certificate is not accepted: {error.verify_message}"
    if error.verify_code in _WRONG_HOST:
        return f"the certificate is not for {name}", "correct the host, or set `tls.server_name` to the name in it"
    if error.verify_code in (_EXPIRED, _NOT_YET):
        return text, "have the certificate renewed; check the clock of this machine"
    return text, "add the certificate authority that issued it to `tls.ca` of the connection"


def check_clock(checks: Checks, response: HttpResponse, clock: Clock) -> None:
    """Adds `clock`: how far the clock of the other system, by its `Date` header, is from ours."""
    begun = checks.begin()
    try:
        date = parsedate_to_datetime(response.header("date") or "")
    except (TypeError, ValueError):
        checks.skip("clock", "the answer has no `Date`")
        return
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    seconds = (date - clock.now()).total_seconds()
    text = f"the other clock is {abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'}"
    if abs(seconds) > _CLOCK_SECONDS:
        checks.add("clock", "warning", begun, text, "set both clocks by NTP: tokens and repeated calls depend on it")
        return
    checks.add("clock", "ok", begun, text)


def is_logon_page(response: HttpResponse) -> bool:
    """Returns whether an answer is for a browser: a redirect elsewhere, or a page of HTML in place of data."""
    kind = (response.header("content-type") or "").lower()
    return 300 <= response.status < 400 or (response.status == 200 and kind.startswith("text/html"))
