"""What went wrong between this process and another system, in the terms of the port.

The client's errors are few, and quote headers. What a person needs is which part failed: the connection, the TLS
handshake and why, the answer and how it ended. `Progress` learns from the client's trace how far a request came.

A failure is one of the connection, not of the system, where another connection could succeed: what this side trusts,
which certificate it shows, which name it expects, and its proxy. The age of the system's certificate, and the versions
of TLS that it offers, are the same for all.
"""

import re
import ssl
from enum import IntEnum
from typing import Any, Final, TypeVar

import httpx2

from looply.connectors.outbound.causes import cause_of
from looply.connectors.outbound.routes import Route
from looply.errors import BadInput, OperationError, Rejected, Timeout, Unavailable

Failure = TypeVar("Failure", bound=OperationError)

CONNECT_SECONDS: Final = 5.0
"""How long a connection may take to be accepted, and its TLS handshake."""

# X509_V_ERR_* of OpenSSL.
_OTHER_HOST: Final = (62, 64)
_NOT_YET: Final = 9
_EXPIRED: Final = 10
_NO_AUTHORITY: Final = (2, 18, 19, 20, 21)

_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""Reasons of OpenSSL when the first bytes of the other side are no TLS."""
_ABOUT_CERTIFICATE: Final = (
    "CERTIFICATE_REQUIRED",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNKNOWN_CA",
    "ALERT_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_ACCESS_DENIED",
)
"""Reasons of OpenSSL when the other side refuses, or misses, the certificate of this side."""
_CUT: Final = "UNEXPECTED_EOF"
_VERSION: Final = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "INSUFFICIENT_SECURITY")

_LENGTHS: Final = re.compile(r"received (\d+) bytes, expected (\d+)")


class Phase(IntEnum):
    """How far a request came."""

    WAITING = 0
    """It waits in this process, whose connections are all used by other calls."""
    UNCONNECTED = 1
    CONNECTED = 2
    HANDSHAKE = 3
    SENT = 4
    ANSWERED = 5


_PHASES: Final = {
    "wait_line.started": Phase.WAITING,
    "wait_line.complete": Phase.UNCONNECTED,
    "connect_tcp.complete": Phase.CONNECTED,
    "start_tls.started": Phase.HANDSHAKE,
    "send_request_headers.started": Phase.SENT,
    "receive_response_headers.complete": Phase.ANSWERED,
}
"""The client's trace events, without the part of the client that they come from."""


class Progress:
    """Learns from the client's trace how far a request came."""

    def __init__(self) -> None:
        self.phase = Phase.UNCONNECTED

    @property
    def is_sent(self) -> bool:
        """Whether sending of the request has begun."""
        return self.phase >= Phase.SENT

    async def note(self, event: str, _info: dict[str, Any]) -> None:
        """Takes an event of the trace."""
        phase = _PHASES.get(event[event.find(".") + 1 :])
        if phase is not None:
            self.phase = phase


def timeout_error(host: str, seconds: float, progress: Progress, route: Route | None = None) -> Timeout:
    """Returns the error of a call whose time is over; `route` is the one that it took, if it has any."""
    match progress.phase:
        case Phase.WAITING:
            # The other system has no part in it, so it is not down.
            return Timeout(
                f"no connection to {host} became free within the {seconds:g} s of the call: other calls of this "
                "process used all of them; repeat it later"
            )
        case Phase.UNCONNECTED:
            text = f"{host} did not accept a connection within the {seconds:g} s of the call"
        case Phase.CONNECTED | Phase.HANDSHAKE:
            text = f"{host} did not finish the TLS handshake within the {seconds:g} s of the call"
        case Phase.SENT:
            text = f"{host} did not answer the call within {seconds:g} s"
        case _:
            text = f"{host} began to answer and did not end within {seconds:g} s"
    if progress.is_sent:
        return Timeout(text, sent=True)
    return _down(Timeout(text), of_connection=_is_before_tunnel(progress, route))


def operation_error(
    error: httpx2.HTTPError | ssl.SSLError, host: str, progress: Progress, route: Route | None = None
) -> OperationError:
    """Returns the error of the port for one of the client's. It does not quote the client, which may show headers.

    `route` is the one that the call took, if it has any.
    """
    fault = _tls_error(error, host, progress, route)
    if fault is None:
        fault = _client_error(error, host, progress)
    fault.is_of_connection = fault.is_of_connection or _is_before_tunnel(progress, route)
    return fault


def _is_before_tunnel(progress: Progress, route: Route | None) -> bool:
    """Returns whether a call came no further than its proxy."""
    return route is not None and bool(route.proxy) and progress.phase is Phase.UNCONNECTED


def _client_error(error: httpx2.HTTPError | ssl.SSLError, host: str, progress: Progress) -> OperationError:
    sent = progress.is_sent
    match error:
        case httpx2.ConnectTimeout() if progress.phase >= Phase.CONNECTED:
            text = f"{host} did not finish the TLS handshake within {CONNECT_SECONDS:g} s"
            return _down(Timeout(text, sent=sent))
        case httpx2.ConnectTimeout():
            return _down(Timeout(f"{host} did not accept a connection within {CONNECT_SECONDS:g} s", sent=sent))
        case httpx2.PoolTimeout():
            # The client raises it while it is closed, not when a time is over.
            return Timeout(f"the call of {host} was ended: this process closes its connections", sent=sent)
        case httpx2.TimeoutException():
            return Timeout(f"{host} did not answer in time", sent=True)
        case httpx2.ConnectError() if progress.phase is Phase.HANDSHAKE:
            return Unavailable(f"{host} ended the connection during the TLS handshake", sent=sent)
        case httpx2.ConnectError():
            return Unavailable(f"no connection to {host} could be made", sent=sent)
        case httpx2.LocalProtocolError() | httpx2.UnsupportedProtocol():
            return BadInput(f"the request to {host} is not valid HTTP", sent=sent)
        case _:
            return Unavailable(f"{host} {_broken(error, progress)}", sent=True)


def _down(error: Failure, *, of_connection: bool = False) -> Failure:
    """Returns an error of the kind `down`: the way to the system is closed, whatever the class says of a repeat."""
    error.kind = "down"
    error.is_of_connection = of_connection
    return error


def _broken(error: BaseException, progress: Progress) -> str:
    """Returns how a connection broke. Only this text is read from the client's, never a decision."""
    text = str(error)
    if isinstance(error, httpx2.WriteError):
        return "ended the connection while the request was sent"
    if isinstance(error, httpx2.RemoteProtocolError):
        if "incomplete chunked read" in text:
            return "ended the connection within a chunk of its answer"
        if (lengths := _LENGTHS.search(text)) is not None:
            return f"ended its answer after {lengths[1]} of the {lengths[2]} bytes that it announced"
        if "disconnected" in text:
            return "closed the connection without an answer"
        if progress.phase is Phase.ANSWERED:
            return "sent an answer whose body is not valid HTTP"
        return "sent something that is not an answer of HTTP"
    if progress.phase is Phase.ANSWERED:
        return "reset the connection within its answer"
    return "reset the connection before it answered"


def _tls_error(error: BaseException, host: str, progress: Progress, route: Route | None) -> OperationError | None:
    """Returns the error of a certificate or a handshake, None for any other cause."""
    verification = cause_of(error, ssl.SSLCertVerificationError)
    if verification is not None:
        text = f"the TLS certificate of {host} {_flaw(verification)}"
        # An authority of the connection's own may be what has expired.
        is_of_system = verification.verify_code in (_EXPIRED, _NOT_YET) and not (route is not None and route.ca)
        rejected = Rejected(text, code="TLS_CERTIFICATE", sent=progress.is_sent)
        return _down(rejected, of_connection=not is_of_system)
    found = cause_of(error, ssl.SSLError)
    reason = found.reason or "" if found is not None else ""
    if not reason or _CUT in reason or progress.phase is Phase.ANSWERED:
        return None
    if any(part in reason for part in _ABOUT_CERTIFICATE):
        # With TLS 1.3 the refusal comes after the request was written, which the other side has not read.
        text = (
            f"{host} asks for a client certificate, and did not accept what it got; set `tls.certificate` of the "
            "connection, and its secret `client_key`"
        )
        return _down(Rejected(text, code="TLS_CLIENT_CERTIFICATE", sent=False), of_connection=True)
    if progress.is_sent:
        return None
    if any(part in reason for part in _NO_TLS):
        return Unavailable(f"{host} does not speak TLS: the handshake got an answer that is none; call it by http://")
    is_version = any(part in reason for part in _VERSION)
    if is_version:
        text = f"the TLS handshake with {host} failed: it offers no version of TLS that is safe (TLS 1.2 or 1.3)"
    else:
        text = (
            f"the TLS handshake with {host} failed ({reason.lower().replace('_', ' ')}); compare what both sides "
            "accept, client certificates too"
        )
    return _down(Rejected(text, code="TLS_HANDSHAKE"), of_connection=not is_version)


def _flaw(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code in _OTHER_HOST:
        return "is for another host name; call the system by that name, or set `tls.server_name` of the connection"
    if code in _NO_AUTHORITY:
        return (
            "is signed by an authority that is not trusted; add the authority to `tls.ca` of the connection, or to "
            "those of the machine"
        )
    if code == _EXPIRED:
        return "has expired; install a new one there"
    if code == _NOT_YET:
        return "is not valid yet; compare the clocks of both machines"
    return f"is not valid ({error.verify_message})"
