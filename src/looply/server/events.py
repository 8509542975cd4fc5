"""Server-sent events (HTML Living Standard, 9.2): how a stream leaves, and when it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from looply.jsontext import Json, encode_json

EVENT_STREAM: Final = b"text/event-stream; charset=utf-8"

HEARTBEAT_SECONDS: Final = 15.0
"""So often something is sent when nothing happens: proxies close what is silent for a minute."""


class EventStream:
    """The body of an answer that goes on: `frames` yields bytes to send, `close` gives back what the stream holds.

    `place` tells where the stream stands when nothing was sent for a while, so that whoever comes back goes on there.
    """

    def __init__(self, frames: AsyncIterator[bytes], close: Callable[[], None], place: Callable[[], str]) -> None:
        self.frames = frames
        self.place = place
        self._close = close

    async def aclose(self) -> None:
        """Ends the stream."""
        close = getattr(self.frames, "aclose", None)
        try:
            if close is not None:
                await close()
        finally:
            self._close()


def frame(cursor: str, data: Json, event: str = "") -> bytes:
    """Returns one event as it is sent. JSON text has no line breaks."""
    named = b"event: %s\n" % event.encode() if event else b""
    return b"%sid: %s\ndata: %s\n\n" % (named, cursor.encode(), encode_json(data))


def heartbeat(place: str) -> bytes:
    """Returns a comment, and the place of the stream, which is no event."""
    return b": \nid: %s\n\n" % place.encode() if place else b": \n\n"


async def send_stream(
    send: Callable[[Any], Awaitable[None]],
    receive: Callable[[], Awaitable[Any]],
    stream: EventStream,
    draining: Awaitable[None],
    check: Callable[[], Awaitable[object]],
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> None:
    """Sends the frames of a stream until it ends, the caller leaves, the server stops or `check` raises.

    A heartbeat is sent when nothing else was for `heartbeat_seconds`; so often `check` is called, however much is sent.
    A caller that does not read holds up this stream only, and is cut off by the connection.
    """
    now = asyncio.get_running_loop().time
    ends = [asyncio.ensure_future(_until_gone(receive)), asyncio.ensure_future(draining)]
    following: asyncio.Task[bytes] | None = None
    checked_at = now()
    try:
        while True:
            following = following or asyncio.ensure_future(_next(stream.frames))
            done, _ = await asyncio.wait(
                {following, *ends}, timeout=heartbeat_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if any(end in done for end in ends):
                break
            if following not in done or now() - checked_at >= heartbeat_seconds:
                await check()
                checked_at = now()
            if following not in done:
                await _part(send, heartbeat(stream.place()))
                continue
            data = following.result()
            if not data:
                break
            following = None
            await _part(send, data)
    finally:
        left = [*ends, *([following] if following is not None else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    await send({"type": "http.response.body", "body": b""})


async def _next(frames: AsyncIterator[bytes]) -> bytes:
    return await anext(frames, b"")


async def _part(send: Callable[[Any], Awaitable[None]], data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _until_gone(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
