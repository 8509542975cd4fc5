"""A client of an event stream, directly at the application."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from looply.server.http.boundary import Boundary
from looply.server.http.events import StreamIntervals

BOUND = 30.0
"""Seconds after which a test that waits in vain ends."""
FAST = StreamIntervals(heartbeat_seconds=0.01, check_seconds=0.01)


class Stream:
    """One client of a stream, directly at the application."""

    def __init__(self, app: Boundary, key: str, name: str, headers: dict[str, str], query: dict[str, str]) -> None:
        sent = {"x-api-key": key, **headers} if key else headers
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": f"/v2/workflows/{name}",
            "query_string": urlencode(query).encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "scheme": "https",
        }
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.rest = b""
        self.has_begun = asyncio.Event()
        self.has_sent = asyncio.Event()
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self.sent = 0
        self.reads = asyncio.Event()
        """While it is not set the client does not read, and the sender waits."""
        self.reads.set()
        self._frames: list[bytes] = []
        self.task = asyncio.get_running_loop().create_task(app(self.scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            self.has_begun.set()
            return
        self.sent += 1
        self.has_sent.set()
        await self.reads.wait()
        self._parts.put_nowait(message["body"])
        if not message.get("more_body", False):
            self._parts.put_nowait(None)

    async def frame(self) -> dict[str, str] | None:
        """Returns the fields of the next frame, None at the end of the stream."""
        while b"\n\n" not in self.rest:
            part = await asyncio.wait_for(self._parts.get(), BOUND)
            if part is None:
                return None
            self.rest += part
        text, _, self.rest = self.rest.partition(b"\n\n")
        lines = [line.partition(": ") for line in text.decode().split("\n")]
        return {name: value for name, _, value in lines}

    async def entry(self) -> dict[str, Any]:
        """Returns the next event with its id; comments are skipped."""
        while True:
            found = await self.frame()
            assert found is not None, "the stream has ended"
            if "data" in found:
                return {"id": found["id"], "event": found.get("event", "message"), **json.loads(found["data"])}

    async def entries(self, count: int) -> list[dict[str, Any]]:
        return [await self.entry() for _ in range(count)]

    async def all(self) -> list[dict[str, Any]]:
        """Returns the events up to the end of the stream."""
        found = []
        while (each := await self.frame()) is not None:
            if "data" in each:
                found.append({"id": each["id"], "event": each.get("event", "message"), **json.loads(each["data"])})
        return found

    async def leave(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self.task, BOUND)


async def wait_for_head(stream: Stream) -> None:
    """Returns when the stream has begun: its head has been sent."""
    await asyncio.wait_for(stream.has_begun.wait(), BOUND)
    assert stream.status == 200
