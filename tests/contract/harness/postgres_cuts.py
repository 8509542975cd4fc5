"""A proxy to the PostgreSQL server that a test can break: it is between a store and the server.

    async with Road(server) as road:
        store = PostgresStore(road.address("tests"), clock)
        road.cut_next("AFTER")

A cut befalls the session that sends the next unit: BEFORE the server has received it, UNHEARD after it was sent and
without waiting for an answer, AFTER it was answered, which the store does not hear any more.
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, TypeAlias

from kit.servers.postgres_server import PostgresServer

Cut: TypeAlias = Literal["BEFORE", "UNHEARD", "AFTER"]

SOCKET: Final = ".s.PGSQL.5432"
_UNIT: Final = b'"modified_by"'
_IDLE: Final = b"Z\x00\x00\x00\x05I"


class Road:
    """Forwards bytes in both directions, until a test cuts it."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._folder = tempfile.TemporaryDirectory(prefix="looply-road-")
        self._cuts: list[Cut] = []
        self._listener: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.made = 0
        """Cuts that were made."""
        self.broken = asyncio.Event()
        """Set by the first cut."""
        self.broken_name = ""
        """The name that the session of the latest cut gave itself."""
        self.marker = _UNIT
        """What is in the message whose session is cut."""

    async def __aenter__(self) -> "Road":
        self._listener = await asyncio.start_unix_server(self._accept, Path(self._folder.name) / SOCKET)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        self._folder.cleanup()

    def address(self, database: str) -> str:
        """Returns the address of a database on this road."""
        return self._server.address(database).replace(str(self._server.folder), self._folder.name)

    def cut_next(self, *cuts: Cut) -> None:
        """Cuts the sessions of the next units in these ways, one each."""
        self._cuts.extend(cuts)

    def close_to_others(self) -> None:
        """Takes no new session from now on; those that are under way stay."""
        assert self._listener is not None
        self._listener.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        task.add_done_callback(self._sessions.discard)
        self._writers.add(writer)
        try:
            to = await asyncio.open_unix_connection(self._server.folder / SOCKET)
        except OSError:
            writer.close()
            return
        back = asyncio.get_running_loop().create_task(_pass_on(to[0], writer))
        try:
            await self._pass_units(reader, to, back)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            self._writers.discard(writer)
            for each in (writer, to[1]):
                each.close()
                with contextlib.suppress(OSError):
                    await each.wait_closed()

    async def _pass_units(
        self,
        client: asyncio.StreamReader,
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        back: "asyncio.Task[None]",
    ) -> None:
        name = ""
        while data := await _read(client):
            name = name or _name_of(data)
            cut = self._cuts.pop(0) if self._cuts and self.marker in data else None
            if cut is not None:
                self.made += 1
                self.broken_name = name
                self.broken.set()
                # What the server sends from now on is dropped.
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
            if cut != "BEFORE":
                server[1].write(data)
                await server[1].drain()
            if cut == "AFTER":
                while not (await _read(server[0])).endswith(_IDLE):
                    continue
            if cut is not None:
                return


def _name_of(greeting: bytes) -> str:
    """Returns the application's name in the first message of a session: names and values, each ended by a zero."""
    facts = greeting[8:].split(b"\0")
    return facts[facts.index(b"application_name") + 1].decode()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await _read(reader):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(1 << 20)
    except OSError:
        return b""
