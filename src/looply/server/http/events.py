"""Server-sent events (HTML Living Standard, 9.2): how a stream is sent, and when it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NamedTuple

from looply.jsontext import Json, encode_json

EVENT_STREAM: Final = b"text/event-stream; charset=utf-8"


class StreamIntervals(NamedTuple):
    """How often a stream sends heartbeats and checks its key.

    An idle stream sends a heartbeat every `heartbeat_seconds`, because proxies close connections that are idle for a
    minute. The key is checked every `check_seconds`: a stream ends within 5 seconds of its revocation or expiry.
    """

    heartbeat_seconds: float = 15.0
    check_seconds: float = 3.0


DEFAULT_INTERVALS: Final = StreamIntervals()


class EventStream:
    """The body of a streaming answer: `frames` yields bytes to send, `close` releases the resources of the stream.

    `cursor` returns the current cursor. Heartbeats carry it, so that a client that reconnects resumes there.
    """

    def __init__(self, frames: AsyncIterator[bytes], close: Callable[[], None], cursor: Callable[[], str]) -> None:
        self.frames = frames
        self.cursor = cursor
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


def heartbeat(cursor: str) -> bytes:
    """Returns a comment and the cursor of the stream; clients receive no event."""
    return b": \nid: %s\n\n" % cursor.encode() if cursor else b": \n\n"


async def send_stream(
    send: Callable[[Any], Awaitable[None]],
    receive: Callable[[], Awaitable[Any]],
    stream: EventStream,
    draining: Awaitable[None],
    check: Callable[[], Awaitable[object]],
    intervals: StreamIntervals = DEFAULT_INTERVALS,
) -> None:
    """Sends the frames of a stream until it ends, the caller disconnects, the server stops or `check` raises.

    An idle stream sends heartbeats. A timer of its own calls `check`, so it can end the stream whether events flow,
    none come, or the caller does not read. A caller that does not read blocks this stream only, and the connection
    closes it.
    """
    working = [
        asyncio.ensure_future(each)
        for each in (_send_frames(send, stream, intervals), _check_periodically(check, intervals))
    ]
    others = [asyncio.ensure_future(each) for each in (_wait_for_disconnect(receive), draining)]
    try:
        done, _ = await asyncio.wait([*working, *others], return_when=asyncio.FIRST_COMPLETED)
        for task in working:
            if task in done:
                task.result()
    finally:
        for each in (*working, *others):
            each.cancel()
        await asyncio.gather(*working, *others, return_exceptions=True)
    await send({"type": "http.response.body", "body": b""})


async def _send_frames(send: Callable[[Any], Awaitable[None]], stream: EventStream, intervals: StreamIntervals) -> None:
    following: asyncio.Task[bytes] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(_next(stream.frames))
            done, _ = await asyncio.wait({following}, timeout=intervals.heartbeat_seconds)
            if not done:
                await _send_part(send, heartbeat(stream.cursor()))
                continue
            data = following.result()
            following = None
            if not data:
                return
            await _send_part(send, data)
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _check_periodically(check: Callable[[], Awaitable[object]], intervals: StreamIntervals) -> None:
    while True:
        await asyncio.sleep(intervals.check_seconds)
        await check()


async def _next(frames: AsyncIterator[bytes]) -> bytes:
    return await anext(frames, b"")


async def _send_part(send: Callable[[Any], Awaitable[None]], data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _wait_for_disconnect(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
