"""A server that answers every call at once: shows the maximum of the load generator. `... PORT [BYTES]`

Its answer is an empty object, or a JSON text of so many bytes.
"""

import asyncio
import sys

from bench.harness.load import run

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Answering(asyncio.Protocol):
    """Answers each complete request."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._buffer = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the socket."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers when head and body are there."""
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        start = self._buffer.find(_LENGTH, 0, end)
        size = int(self._buffer[start + len(_LENGTH) : self._buffer.index(b"\r", start)]) if start >= 0 else 0
        if end >= 0 and len(self._buffer) >= end + 4 + size:
            self._buffer = b""
            self._transport.write(self._answer)  # type: ignore[union-attr]


async def main() -> None:
    """Serves for ever."""
    port, *sizes = map(int, sys.argv[1:])
    body = b'"%s"' % (b"n" * (sizes[0] - 2)) if sizes else b"{}"
    answer = _HEAD % len(body) + body
    server = await asyncio.get_running_loop().create_server(lambda: Answering(answer), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    run(main())
