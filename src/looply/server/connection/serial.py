"""One request at a time on a connection, and no trailers among the headers.

uvicorn parses everything that a packet holds: each pipelined request costs an object of the server, and bytes that are
not HTTP spoil a pending answer. Here the bytes after a request stay unparsed until its answer is complete.
"""

import asyncio
import re
from typing import Any, Final, Literal, TypeAlias

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

PIECE_BYTES: Final = 4096
"""Most bytes of a head or a chunked body that the parser receives at once."""

Phase: TypeAlias = Literal["IDLE", "HEAD", "BODY"]
"""The part that the parser is in: none, the head of a request, or its body with any trailers."""

_BLANK_LINE: Final = b"\r\n\r\n"
"""The end of heads and of chunked bodies."""

_EMPTY_LINE: Final = b"\r\n"
_EMPTY_LINES: Final = re.compile(rb"(?:\r\n)*+")
"""Empty lines before a request, which are ignored (RFC 9112 §2.2)."""


class SerialProtocol(HttpToolsProtocol):
    """A connection of uvicorn that parses the next request after the previous one is answered."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state, _loop=_loop)
        self.phase: Phase = "IDLE"
        self.is_refused = False
        """Whether the connection itself has refused a request; nothing more is parsed then."""
        self._ahead = b""  # bytes after the request that is being answered
        self._tail = b""  # the last bytes of an unfinished head or chunked body: a blank line may come in two packets
        self.piece_bytes = 0
        """The size of the piece of a head or of a chunked body that is being parsed."""
        self.blank_lines = 0
        """Pieces of the current request that ended at a blank line; each costs a call, however short it is."""
        self._body_size = 0  # of chunked bodies
        self._body_left: int | None = 0  # None: the body is chunked

    @property
    def is_answering(self) -> bool:
        """Whether the answer to a request that has reached the application is incomplete."""
        current: RequestResponseCycle | None = self.cycle
        return current is not None and not current.response_complete

    @property
    def is_over(self) -> bool:
        """Whether nothing more is read from the connection."""
        return self.is_refused or self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Parses the bytes of the current request and keeps the rest for later."""
        arrived, self._ahead = self._ahead + data, b""
        at = 0
        while at < len(arrived) and not self.is_refused:
            if self.phase == "IDLE":
                if self.is_answering:
                    self._ahead = arrived[at:]
                    self.flow.pause_reading()
                    return
                if arrived.startswith(_EMPTY_LINE, at):
                    at = _skip_empty_lines(arrived, at)
                    continue
            at = self._parse_piece(arrived, at)

    def on_piece(self, size: int, body_size: int) -> None:
        """A hook that is called after each piece of a head (`body_size` 0) or of a chunked body, with its sizes."""

    def on_response_complete(self) -> None:
        """Parses the request that arrived after the one whose answer is now complete."""
        super().on_response_complete()
        # Nothing reads the rest of the body any more.
        self.cycle.body = bytearray()
        if self._ahead:
            # In the next iteration of the event loop, when the whole answer has been written.
            self.loop.call_soon(self._parse_ahead)

    def on_message_begin(self) -> None:
        """Records that a request begins."""
        self.phase = "HEAD"
        self.blank_lines = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begins the request."""
        self.phase = "BODY"
        self._body_left = _declared_body_size(self.headers)
        super().on_headers_complete()
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Passes a part of the body on."""
        if self.is_refused:
            return
        if self._body_left is None:
            self._body_size += len(body)
        else:
            self._body_left -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Records that the request has arrived completely."""
        if not self.is_refused:
            self.phase = "IDLE"
            super().on_message_complete()

    def _parse_ahead(self) -> None:
        if self._ahead and not self.is_over:
            self.data_received(b"")

    def _parse_piece(self, data: bytes, at: int) -> int:
        """Parses the piece that begins at `at` and returns its end. No piece extends beyond the end of a request."""
        phase, body_size = self.phase, self._body_size
        if phase == "BODY" and self._body_left is not None:
            end = min(len(data), at + max(self._body_left, 1))
            super().data_received(data[at:end])
            return end
        piece = data[at : at + PIECE_BYTES]
        if (found := (self._tail + piece).find(_BLANK_LINE)) >= 0:
            self.blank_lines += 1
            piece = piece[: found + len(_BLANK_LINE) - len(self._tail)]
        self.piece_bytes = len(piece)
        super().data_received(piece)
        is_unfinished = self.phase == "HEAD" or (self.phase == "BODY" and self._body_left is None)
        self._tail = (self._tail + piece)[1 - len(_BLANK_LINE) :] if is_unfinished else b""
        if phase == "BODY":
            # The parser calls `on_header` for trailers too, which are no headers (RFC 9110 §6.5.1).
            self.headers = []
        if self.phase == "HEAD" or (phase == "BODY" and self._body_left is None):
            self.on_piece(len(piece), self._body_size - body_size)
        return at + len(piece)


def request_of(protocol: HttpToolsProtocol) -> RequestResponseCycle | None:
    """Returns the last request that reached the application, None before the first one."""
    return protocol.cycle


def _skip_empty_lines(data: bytes, at: int) -> int:
    found = _EMPTY_LINES.match(data, at)
    return found.end() if found else at


def _declared_body_size(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Returns the body size that the accepted head declares, None for a chunked body."""
    size = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            size = int(value)
    return size
