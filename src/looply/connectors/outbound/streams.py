"""Streams of connections to other systems, whose answers cost no more work than what they carry is worth.

A peer chooses in how many pieces its answer comes: chunks of one byte, or interim responses without end. The HTTP
library handles each piece of what was read before it lets anything else run. So little is read at once here where
much may be in it, and by one connection after the other.
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Any, Final

import httpcore2

READ_BYTES: Final = 65_536
"""The number of bytes that are handed out at once, unless there are many lines in them."""

MANY_LINES: Final = 512
"""Each chunk and each interim response has two line ends; with more lines than this, `SMALL_BYTES` are handed out."""

SMALL_BYTES: Final = 4096
"""In chunks of one byte these are about 700 pieces."""

UNSENT_BYTES: Final = 65_536
"""The most bytes of a request that wait to be sent together."""

HEAD_BYTES: Final = 128 * 1024
"""The most bytes before the head of a response is complete, interim responses (RFC 9110 §15.2) included."""

# More than a transport of the event loop delivers at once (256 KiB), so that nothing stays behind in the library.
_PACKET_BYTES: Final = 1024 * 1024


def acknowledge(connected: socket.socket | None) -> None:
    """Acknowledges at once what has come, where the system can.

    A server that writes the head of an answer and its body one after the other often waits with the body until the head
    is acknowledged (Nagle's algorithm, RFC 9293 §3.7.4), and Linux does that 40 ms later, with the next request.
    """
    if connected is not None and hasattr(socket, "TCP_QUICKACK"):
        with suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class BoundedStream(httpcore2.AsyncNetworkStream):
    """A stream that hands out little at once, and bounds what precedes a body.

    What is written waits for the read that follows: the library writes the head of a request and its body one after the
    other, and each would be a system call and a packet of its own.

    `turn` is shared by all streams of an event loop: in one round of the loop one of them hands out, and everything
    else that is ready runs before the next one.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream, turn: asyncio.Lock) -> None:
        self._stream = stream
        self._turn = turn
        self._rest = memoryview(b"")
        self._unsent = b""
        self._skips_request = False
        self._is_reading = False
        self._has_come = False
        self._head_left: int | None = HEAD_BYTES

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - the library's
        """Returns what came, at most `READ_BYTES`, empty at the end.

        Raises: the library's errors; RemoteProtocolError when no head is complete after `HEAD_BYTES`.
        """
        await self._fill(timeout)
        async with self._turn:
            await asyncio.sleep(0)
        part = bytes(self._rest[: min(max_bytes, READ_BYTES)])
        if part.count(b"\n") > MANY_LINES:
            part = part[:SMALL_BYTES]
        self._rest = self._rest[len(part) :]
        if self._head_left is not None:
            self._head_left -= len(part)
            if self._head_left < 0:
                raise httpcore2.RemoteProtocolError("too much came before the response")
        return part

    async def take(self) -> bytes:
        """Returns all that came, without a turn: for a reader to whom it is no work. Empty at the end.

        Raises: the library's errors.
        """
        await self._fill(None)
        part, self._rest = bytes(self._rest), memoryview(b"")
        return part

    def put_back(self, part: bytes, *, skips_request: bool = False) -> None:
        """Takes back what the next reader is to get. `skips_request`: it writes the request that was sent already."""
        self._rest = memoryview(part + self._rest)
        self._skips_request = skips_request

    def begin_body(self) -> None:
        """Says that the head of the response is complete. What is written next is another request."""
        self._head_left = None

    def has_unread(self) -> bool:
        """Returns whether data arrived that was not read, apart from the data that the socket still holds."""
        # The library does not report either that it keeps packets of TLS that were not decrypted yet.
        packets = getattr(getattr(self._stream, "_stream", None), "_read_bio", None)
        tls = self.get_extra_info("ssl_object")
        return (
            bool(self._rest)
            or (isinstance(packets, ssl.MemoryBIO) and packets.pending > 0)
            or (tls is not None and tls.pending() > 0)
        )

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the library's
        """Sends bytes of a request, at the latest with the next read; at once while another task reads."""
        self._head_left = HEAD_BYTES
        if self._skips_request:
            return
        self._has_come = False
        if self._is_reading or len(self._unsent) + len(buffer) > UNSENT_BYTES:
            await self._send(timeout)
            await self._stream.write(buffer, timeout)
        else:
            self._unsent += buffer

    async def _fill(self, timeout: float | None) -> None:  # noqa: ASYNC109 - the library's
        """Sends what waits, and reads from the network unless something is left of what came before."""
        self._skips_request = False
        # The other side may have answered before it closed, so that the answer is read although nothing can be sent.
        with suppress(httpcore2.WriteError):
            await self._send(timeout)
        if not self._rest:
            if self._has_come:
                acknowledge(self.get_extra_info("socket"))
            self._is_reading = True
            try:
                self._rest = memoryview(await self._stream.read(_PACKET_BYTES, timeout))
            finally:
                self._is_reading = False
            self._has_come = True

    async def _send(self, timeout: float | None) -> None:  # noqa: ASYNC109 - the library's
        unsent, self._unsent = self._unsent, b""
        if unsent:
            await self._stream.write(unsent, timeout)

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's
    ) -> httpcore2.AsyncNetworkStream:
        """Returns the stream over TLS. The connection is closed when the handshake fails or its time is over."""
        secured = None
        try:
            secured = await self._stream.start_tls(ssl_context, server_hostname, timeout)
            return BoundedStream(secured, self._turn)
        finally:
            if secured is None:
                # The library does not close it when the call is cancelled.
                await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        """Returns what the library asks for: the TLS object, addresses, whether the socket is readable."""
        return self._stream.get_extra_info(info)
