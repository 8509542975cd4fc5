"""The raw ceiling: the maximum rate of any engine in this process layout. `... PORT FOLDER`

The same server stack as ours (uvicorn, httptools, uvloop), one writer thread, `synchronous=FULL`. A call's JSON
is decoded, its bytes become one row, and the answer leaves after the commit. All waiting rows go into one commit.
"""

import asyncio
import os
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import apsw
import msgspec
import uvicorn

_MOST: Final = 512
_INSERT: Final = "INSERT INTO item(id, body) VALUES (?, ?)"
_ANSWER: Final = b'{"message":"success"}'
_HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]

_Waiting = tuple[bytes, bytes, "asyncio.Future[None]"]


class GroupCommit:
    """Rows by group commit."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE item(id BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID")
        self._loop = loop
        self._queue: SimpleQueue[_Waiting] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, body: bytes) -> "asyncio.Future[None]":
        """Returns a future that is done when the row is on disk."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((os.urandom(16), body, future))
        return future

    def _run(self) -> None:
        while True:
            group = [self._queue.get()]
            try:
                while len(group) < _MOST:
                    group.append(self._queue.get_nowait())
            except Empty:
                pass
            self._connection.execute("BEGIN IMMEDIATE")
            for key, body, _ in group:
                self._connection.execute(_INSERT, (key, body))
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [future for _, _, future in group])


def _answer(futures: list["asyncio.Future[None]"]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Ceiling:
    """The ASGI application."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: GroupCommit | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one call after its row is on disk."""
        if self._rows is None:
            self._rows = GroupCommit(self._path, asyncio.get_running_loop())
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body", False):
            message = await receive()
            body += message.get("body", b"")
        msgspec.json.decode(body)
        await self._rows.put(body)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _ANSWER})


def main() -> None:
    """Serves until it is stopped."""
    uvicorn.run(
        Ceiling(Path(sys.argv[2]) / "ceiling.db"),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()
