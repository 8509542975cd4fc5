"""A gate before a PostgreSQL server that encrypts, whatever the server behind it was built with.

A session begins with a request for encryption in the clear, which the gate answers itself (PostgreSQL's protocol, "SSL
Session Encryption"); behind the handshake it passes on what it reads.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

from kit.servers.certificates import Pair

_REQUEST: Final = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_PIECE: Final = 64 * 1024
_VERSION: Final = re.compile(rb"(?<=server_version\0)\d\d(?=[.\0 ])")
"""The major version, in the message with which a server reports it at the begin of a session."""


class PostgresGate:
    """Lets sessions through to the socket of a server. Without a certificate it says that it cannot encrypt.

    With `version`, two digits, the server reports that major version in place of its own.
    `encrypted` counts the sessions that came through a handshake, `plain` those that came without one.
    """

    def __init__(self, socket: Path, server: Pair | None, folder: Path, *, version: str = "") -> None:
        self._socket = socket
        self._version = version.encode()
        self._context: ssl.SSLContext | None = None
        if server is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*server.written(folder, "gate"))
        self._tasks: set[asyncio.Task[None]] = set()
        self.encrypted = 0
        self.plain = 0
        self.port = 0

    async def __aenter__(self) -> "PostgresGate":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._pass_on(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            # Who does not like what it sees goes away, mostly in the midst of the handshake.
            return
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begin = await reader.readexactly(len(_REQUEST))
        if begin == _REQUEST and self._context is None:
            writer.write(b"N")
            begin = await reader.readexactly(len(_REQUEST))
        if begin == _REQUEST:
            writer.write(b"S")
            assert self._context is not None
            await writer.start_tls(self._context)
            self.encrypted += 1
            begin = b""
        else:
            self.plain += 1
        inner_reader, inner_writer = await asyncio.open_unix_connection(self._socket)
        try:
            inner_writer.write(begin)
            flows = [
                asyncio.create_task(_flow(reader, inner_writer, bytes)),
                asyncio.create_task(_flow(inner_reader, writer, self._with_version)),
            ]
            try:
                await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for flow in flows:
                    flow.cancel()
                await asyncio.gather(*flows, return_exceptions=True)
        finally:
            inner_writer.transport.abort()

    def _with_version(self, piece: bytes) -> bytes:
        return _VERSION.sub(self._version, piece, count=1) if self._version else piece


async def _flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, changed: Callable[[bytes], bytes]) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(changed(piece))
        await writer.drain()
