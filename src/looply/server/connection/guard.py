"""Deadlines and size limits of connections that uvicorn does not provide.

The head of a request has a deadline and a size limit, its body has a deadline, and a reader that stalls is
disconnected. A request that arrives in one packet, as nearly all do, costs no timer.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from looply.jsontext import encode_json
from looply.server.connection.serial import SerialProtocol, request_of
from looply.server.http.access_log import OnRefused
from looply.server.http.problems import error_body

MAX_HEADERS: Final = 200
"""Most headers of one request."""

MAX_BLANK_LINES: Final = 1000
"""Most blank lines within the chunked body of one request."""

_VERSIONS: Final = ("1.0", "1.1")
_STREAMED: Final = b"transfer-encoding: chunked\r\n\r\n"
"""The end of a head that uvicorn writes before a body of unknown length; the next piece may be far away."""

_TOO_LARGE: Final = ("the head of the request is too large (setting header_bytes)", "HEADERS_TOO_LARGE")
_TOO_MUCH_FRAMING: Final = (
    "the chunk sizes, chunk extensions and trailers of the body are too large (setting header_bytes)",
    "HEADERS_TOO_LARGE",
)
_TOO_MANY_BLANK_LINES: Final = (
    f"the body comes in chunks and has more than {MAX_BLANK_LINES} blank lines; send it with Content-Length",
    "MALFORMED_HTTP",
)
_TOO_SLOW: Final = ("the request did not arrive in time", "REQUEST_TIMEOUT")
_MALFORMED: Final = ("the request is not valid HTTP", "MALFORMED_HTTP")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of a connection. Times are seconds.

    `head_bytes` limits the request line with the headers, and the framing between two bytes of a chunked body.
    """

    head_seconds: float = 10.0
    head_bytes: int = 16_384
    body_seconds: float = 30.0


def _never_draining() -> bool:
    """The default: the server never drains."""
    return False


def _no_request_id() -> str:
    """The default: requests have no id."""
    return ""


def _ignore_refusal(client: Any, status: int, request_id: str, size: int) -> None:
    """The default: refused requests are not observed."""


class GuardedProtocol(SerialProtocol):
    """A connection that enforces `bounds`; `make_protocol` makes a class with other bounds.

    Once `is_draining` returns true, each answer is the last one of its connection.
    """

    bounds = Bounds()
    is_draining = staticmethod(_never_draining)
    next_id = staticmethod(_no_request_id)
    on_refused: OnRefused = staticmethod(_ignore_refusal)

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state, _loop=_loop)
        self._messages = 0
        self._head_size = 0  # of the pieces of an unfinished head
        self._framing_size = 0
        self._deadline = _Deadline(self.loop)
        self._stall = _Deadline(self.loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Sets the deadline of the first request."""
        super().connection_made(transport)
        self._deadline.set((self.phase, self._messages), self.bounds.head_seconds, self._expire)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancels the timers."""
        self._deadline.drop()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses the data, then sets a deadline for an unfinished request."""
        super().data_received(data)
        if self.phase == "IDLE" and self.is_answering:
            self._deadline.drop()
            return
        if self.is_over:
            return
        # Blank lines before a request are not part of one, but they end uvicorn's keep-alive timeout.
        seconds = self.bounds.body_seconds if self.phase == "BODY" else self.bounds.head_seconds
        self._deadline.set((self.phase, self._messages), seconds, self._expire)

    def on_headers_complete(self) -> None:
        """Refuses a head that exceeds the bounds, else begins the request."""
        size, self._head_size, self._framing_size = self._head_size + self.piece_bytes, 0, 0
        if size > self.bounds.head_bytes or len(self.headers) > MAX_HEADERS:
            self._refuse(431, *_TOO_LARGE)
            return
        if not _is_plain(self.parser.get_http_version(), self.url, self.headers):
            self._refuse(400, *_MALFORMED)
            return
        self._messages += 1
        super().on_headers_complete()
        if not self.expect_100_continue and self.cycle.scope["method"] != "HEAD":
            # uvicorn declares the full transport type and calls these methods only.
            self.cycle.transport = CoalescingTransport(self.transport)  # type: ignore[assignment]
        if self.is_draining():
            self.finish()

    def on_piece(self, size: int, body_size: int) -> None:
        """Refuses a head over `head_bytes`, and as much framing between two parts of a body."""
        if self.phase == "HEAD":
            self._head_size += size
            if self._head_size > self.bounds.head_bytes or len(self.headers) > MAX_HEADERS:
                self._refuse(431, *_TOO_LARGE)
            return
        self._framing_size = size - body_size + (0 if body_size else self._framing_size)
        if self._framing_size > self.bounds.head_bytes:
            self._refuse(431, *_TOO_MUCH_FRAMING)
        elif self.blank_lines > MAX_BLANK_LINES:
            self._refuse(400, *_TOO_MANY_BLANK_LINES)

    @property
    def is_new(self) -> bool:
        """Whether no request has come yet."""
        return self._messages == 0

    def finish(self) -> None:
        """Makes the answer that has not begun yet the last one, with `Connection: close`."""
        current = request_of(self)
        if current is not None and not current.response_started:
            current.keep_alive = False

    def pause_writing(self) -> None:
        """Sets the deadline of a reader that has stalled."""
        super().pause_writing()
        self._stall.set("READER", self.bounds.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Cancels the deadline: the reader reads again."""
        self._stall.drop()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answers a request that the parser refuses, in the error format of the API."""
        self._refuse(400, *_MALFORMED)

    def _expire(self) -> None:
        if self.phase == "IDLE":
            self.transport.close()
        else:
            self._refuse(408, *_TOO_SLOW)

    def _refuse(self, status: int, message: str, code: str) -> None:
        """Answers a request that never reaches the application, and closes the connection.

        A request whose answer has begun, or was sent before its body was complete, gets no second answer.
        """
        if self.is_over:
            return
        self.is_refused = True
        self.headers = []
        self._deadline.drop()
        current = request_of(self)
        if self.phase != "BODY" or current is None or not current.response_started:
            request_id = self.next_id()
            response = _response(status, message, code, request_id)
            self.transport.write(response)
            self.on_refused(self.client, status, request_id, len(response))
        if current is not None:
            current.disconnected = True
            current.message_event.set()
        self.transport.close()


class _Deadline:
    """One timer of a connection, and the subject that it limits."""

    __slots__ = ("_handle", "_loop", "_subject")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._subject: Hashable = None
        self._handle: asyncio.TimerHandle | None = None

    def set(self, subject: Hashable, seconds: float, act: Callable[[], None]) -> None:
        """Schedules a call of `act` after `seconds`. A pending deadline of the same subject keeps its time."""
        if self._handle is not None:
            if subject == self._subject:
                return
            self._handle.cancel()
        self._subject = subject
        self._handle = self._loop.call_later(seconds, act)

    def drop(self) -> None:
        """Cancels the deadline. Harmless when there is none."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class CoalescingTransport:
    """The writing side of one answer: its head is sent with its body, in one system call.

    The application sends a body of known length right after the head; the head of a stream is sent alone.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = b""

    def write(self, data: bytes) -> None:
        """Writes, except that the head of a body of known length is held back."""
        if self._head == b"" and not data.endswith(_STREAMED):
            self._head = data
            return
        self._transport.write((self._head or b"") + data)
        self._head = None

    def is_closing(self) -> bool:
        """Returns whether the connection is closing."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Closes the connection after everything written is sent."""
        if self._head:
            self._transport.write(self._head)
        self._transport.close()


def _is_plain(version: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
    """Returns whether a request names a path and, from HTTP/1.1 on, one host (RFC 9112 §3.2); this is not a proxy.

    The only transfer coding is `chunked` (§6.1), which HTTP/1.0 does not know.
    """
    hosts = 0
    codings = []
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding":
            codings.append(value.strip().lower())
    if codings and (codings != [b"chunked"] or version == "1.0"):
        return False
    return version in _VERSIONS and target[:1] == b"/" and hosts <= 1 and (hosts == 1 or version == "1.0")


def make_protocol(
    bounds: Bounds, is_draining: Callable[[], bool], next_id: Callable[[], str], on_refused: OnRefused | None = None
) -> type[GuardedProtocol]:
    """Returns the protocol class with these bounds.

    `is_draining` returns whether the server drains, `next_id` returns an id for a request that is refused here, and
    `on_refused` observes each refusal.
    """
    own = {
        "bounds": bounds,
        "is_draining": staticmethod(is_draining),
        "next_id": staticmethod(next_id),
        "on_refused": staticmethod(on_refused or _ignore_refusal),
    }
    return type("BoundedProtocol", (GuardedProtocol,), own)


def _response(status: int, message: str, code: str, request_id: str) -> bytes:
    body = encode_json(error_body(message, code, (), request_id))
    return b"".join(
        (
            STATUS_LINE[status],
            b"content-type: application/json\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n",
            f"x-request-id: {request_id}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode(),
            body,
        )
    )
