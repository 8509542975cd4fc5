"""A system that answers badly, on loopback: cut and reset connections, faults of TLS, and a proxy.

Each behaviour is a handler of `asyncio.start_server`; `tls_of` makes the contexts of servers with TLS.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kit.servers.certificates import Authority, Pair

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

HANDSHAKE_FAILURE: Final = bytes([21, 3, 3, 0, 2, 2, 40])
"""A fatal alert of TLS (RFC 8446 §6): no agreement on how to encrypt."""
PROTOCOL_VERSION: Final = bytes([21, 3, 1, 0, 2, 2, 70])
"""A fatal alert of TLS: no version of the caller is supported."""


class Recorder:
    """Answers every request on a connection with the same bytes, and records the heads of the requests."""

    def __init__(self, answer: bytes = OK) -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        self.connections += 1
        with _closing(writer):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(self.answer)
                await writer.drain()


def breaking(answer: bytes, *, resets: bool = False) -> Handler:
    """Returns a handler that sends these bytes after a request and then closes, or resets, the connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _closing(writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if resets:
                _reset_at_close(writer)

    return handle


def speaking(first: bytes) -> Handler:
    """Returns a handler that sends these bytes when the caller has spoken, whatever it said, and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _closing(writer):
            await reader.read(1)
            writer.write(first)
            await writer.drain()
            writer.write_eof()
            await reader.read()

    return handle


def asking(context: ssl.SSLContext) -> Handler:
    """Returns a handler that fails the handshake of a caller without a certificate, and waits for its end.

    A server that closes at once after its alert resets the connection, and the alert may be lost.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        with _closing(writer):
            while data := await reader.read(65_536):
                incoming.write(data)
                with suppress(ssl.SSLError):
                    tls.do_handshake()
                writer.write(outgoing.read())
                await writer.drain()

    return handle


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, reads everything and never answers."""
    with _closing(writer):
        await reader.read()


@contextmanager
def _closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    """Closes the connection at the end of its block, also when the test ends before; the caller may end at any time."""
    try:
        with suppress(asyncio.IncompleteReadError, OSError):
            yield
    finally:
        writer.close()


def _reset_at_close(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def tls_of(folder: Path, pair: Pair, *, clients: Authority | None = None, newest: bool = True) -> ssl.SSLContext:
    """Returns the TLS of a server; with `clients` it asks for a certificate of that authority.

    `newest` is TLS 1.3, else TLS 1.2, where a missing certificate is refused within the handshake.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair.written(folder, "server"))
    if not newest:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cafile=clients.written(folder, "clients"))
    return context


class Proxy:
    """A proxy that opens tunnels on loopback, and records what it was asked for. With `refusal` it opens none."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.refusal = refusal
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        with _closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            if self.refusal:
                writer.write(self.refusal)
                await writer.drain()
            else:
                await self._tunnel(head.split(b" ")[1].decode(), reader, writer)

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with _closing(writer):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
