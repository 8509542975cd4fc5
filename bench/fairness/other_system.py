"""The systems that workflows of the fairness measurement call: `python -m bench.fairness.other_system PORT`.

One server on the addresses 127.0.0.1 to 127.0.0.9, each of which is a system of its own. The path says how it answers:
`/quick` at once, `/hang` never, `/rich` with as many values as a response may have, `/large` with 7 MiB of texts.
"""

import asyncio
import sys
from typing import Any, Final

from bench.harness.load import run
from looply.limits import DEFAULT_LIMITS

HOSTS: Final = tuple(f"127.0.0.{number}" for number in range(1, 10))
_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
EMPTY_LISTS: Final = DEFAULT_LIMITS.json_nodes // 2 - 1
"""Lists in a response rich in values; an empty one counts as two, since only its text is looked at."""
_TEXTS: Final = 7 * 1024
"""Texts of 1 KiB each in a large response."""


def _answer(body: bytes) -> bytes:
    return _HEAD % len(body) + body


_ANSWERS: Final = {
    b"/quick": _answer(b"{}"),
    b"/rich": _answer(b"[%s]" % b",".join([b"[]"] * EMPTY_LISTS)),
    b"/large": _answer(b"[%s]" % b",".join([b'"%s"' % (b"words " * 170)] * _TEXTS)),
}


class Answering(asyncio.Protocol):
    """Answers each complete request of a GET; one to `/hang` is kept waiting until its caller ends."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the socket."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers when the head is there."""
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            return
        answer = _ANSWERS.get(self._buffer.split(b" ", 2)[1])
        self._buffer = b""
        if answer is not None:
            self._transport.write(answer)


async def main() -> None:
    """Serves for ever."""
    server = await asyncio.get_running_loop().create_server(Answering, HOSTS, int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    run(main())
