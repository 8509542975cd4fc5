"""The end of streams, on a clock that the test advances."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from looply.errors import Forbidden
from looply.server.http.events import EventStream, frame, send_stream
from looply.testing.clock import FakeTimeLoop, fake_loop

SECOND = timedelta(seconds=1)

Send = Callable[[Any], Awaitable[None]]


async def silent() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def busy() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0.1)
        yield frame("a", {})


async def taken(message: Any) -> None:
    """Accepts and drops what is sent."""


async def stalled(message: Any) -> None:
    if message.get("more_body"):
        await asyncio.Event().wait()


async def seconds_until_the_end(frames: AsyncIterator[bytes], send: Send, revoked_after: int) -> int:
    """Returns how many seconds after the revocation of its key a stream has ended."""
    loop, is_revoked, for_ever = fake_loop(), False, asyncio.Event()

    async def check() -> None:
        if is_revoked:
            raise Forbidden("Forbidden")

    stream = EventStream(frames, lambda: None, lambda: "a")
    task = asyncio.ensure_future(send_stream(send, for_ever.wait, stream, for_ever.wait(), check))
    for second in range(revoked_after + 30):
        await loop.quiet()
        if task.done():
            assert isinstance(task.exception(), Forbidden)
            await stream.aclose()
            return second - revoked_after
        is_revoked = second >= revoked_after
        for _ in range(10):
            loop.clock.advance(SECOND / 10)
            await loop.quiet()
    raise AssertionError("the stream has not ended")


@pytest.mark.parametrize("revoked_after", [0, 1, 2, 14, 15, 100])
@pytest.mark.parametrize("send", [taken, stalled])
@pytest.mark.parametrize("frames", [silent, busy])
def test_a_stream_ends_within_5_seconds_of_the_revocation_of_its_key(
    frames: Callable[[], AsyncIterator[bytes]], send: Send, revoked_after: int
) -> None:
    with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        assert runner.run(seconds_until_the_end(frames(), send, revoked_after)) <= 5
