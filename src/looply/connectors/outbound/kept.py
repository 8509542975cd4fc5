"""Kept lines: connections (`line.py`) that are kept between calls, each for one owner and one origin.

Theory of operation. Servers close idle connections at any time, and a request that is written into one that is closing
has an unknown outcome. So a line is kept for a short time only, its socket is looked at right before a request is
written, and a request that must not be sent twice takes one that has just been used, or a new one. Of those that fit,
the last used one is taken.

Why the library's own pool is not used, and which of the library's private attributes are read: ADR 58.
"""

import asyncio
import ssl
from collections import OrderedDict
from typing import Final

import httpcore2
import httpx2

from looply.connectors.outbound.line import Answer, Line, Outgoing, Place

FRESH_SECONDS: Final = 0.2
"""How long a line may have been idle for a call that must not be sent twice."""

WAIT_STARTED: Final = "kept.wait_line.started"
"""The trace event of a request that waits because calls use all lines; `WAIT_COMPLETE` follows when one is free."""
WAIT_COMPLETE: Final = "kept.wait_line.complete"

_CLOSED: Final = "the client is closed"


class Exchange:
    """A response whose body is not read yet, and the line that it comes by, which `close` releases."""

    def __init__(self, answer: Answer, line: Line, lines: "Lines") -> None:
        self.answer = answer
        self._line = line
        self._lines = lines
        self._is_closed = False

    async def close(self) -> None:
        """Ends the exchange; ending it twice is legal. Without the whole body the line is closed."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self.answer.close()
        finally:
            await self._lines.release(self._line)


class Lines:
    """The lines of one route, within the limits: so many at once, and so many idle ones, each for so long."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        backend: httpcore2.AsyncNetworkBackend,
        limits: httpx2.Limits,
        *,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        assert limits.max_connections is not None
        assert limits.max_keepalive_connections is not None
        assert limits.keepalive_expiry is not None
        self._tls = tls
        self._backend = backend
        self._most = limits.max_connections
        self._most_idle = limits.max_keepalive_connections
        self._kept_seconds = limits.keepalive_expiry
        self._fresh_seconds = fresh_seconds
        self._free = asyncio.Semaphore(self._most)
        self._is_closed = False
        self._closer: asyncio.Task[None] | None = None
        # Those that wait, take a line, connect or send: each until the head of its response has come.
        self._calls: set[asyncio.Timeout] = set()
        self._used: set[Line] = set()
        # The one that has been idle for the longest time comes first, here and in each place.
        self._idle: OrderedDict[Line, None] = OrderedDict()
        self._places: dict[Place, list[Line]] = {}

    @property
    def is_unused(self) -> bool:
        """Whether no call waits for any of them, takes one or uses one."""
        return not self._calls and not self._used

    async def send(self, place: Place, request: Outgoing, *, needs_fresh: bool) -> Exchange:
        """Sends a request and returns when the head of its response has come; waits while all lines are used.

        Raises: the library's errors; PoolTimeout when `close` was called, before or in between.
        """
        if self._is_closed:
            raise httpcore2.PoolTimeout(_CLOSED)
        try:
            async with asyncio.timeout(None) as call:
                self._calls.add(call)
                try:
                    return await self._exchange(place, request, needs_fresh=needs_fresh)
                finally:
                    self._calls.discard(call)
        except TimeoutError as error:
            raise httpcore2.PoolTimeout(_CLOSED) from error

    async def release(self, line: Line | None) -> None:
        """Takes back the line of a call; one that is in no order is closed. None: the call had none yet."""
        self._free.release()
        if line is None:
            return
        self._used.discard(line)
        if self._is_closed or not line.is_kept():
            await line.aclose()
            return
        line.idle_since = asyncio.get_running_loop().time()
        self._idle[line] = None
        self._places.setdefault(line.place, []).append(line)
        if self._closer is None or self._closer.done():
            self._closer = asyncio.create_task(self._close_in_time())
        if len(self._idle) > self._most_idle:
            await self._close_oldest()

    async def close(self) -> None:
        """Closes all lines, also those that calls use, and ends the calls that wait for one or connect.

        No call is sent afterwards; closing twice is legal.
        """
        self._is_closed = True
        if self._closer is not None:
            self._closer.cancel()
        while self._calls:
            self._calls.pop().reschedule(asyncio.get_running_loop().time())
        while self._idle:
            await self._close_oldest()
        for line in list(self._used):
            await line.aclose()

    async def _exchange(self, place: Place, request: Outgoing, *, needs_fresh: bool) -> Exchange:
        note = request.note if self._free.locked() else None
        if note is not None:
            await note(WAIT_STARTED, {})
        await self._free.acquire()
        line = exchange = None
        try:
            if note is not None:
                await note(WAIT_COMPLETE, {})
            line = await self._take(place, needs_fresh=needs_fresh)
            exchange = Exchange(await line.send(request), line, self)
            return exchange
        finally:
            if exchange is None:
                await self.release(line)

    async def _take(self, place: Place, *, needs_fresh: bool) -> Line:
        now = asyncio.get_running_loop().time()
        await self._close_expired(now)
        while (kept := self._places.get(place)) is not None:
            line = kept[-1]
            if needs_fresh and now - line.idle_since > self._fresh_seconds:
                break
            self._forget(line)
            self._used.add(line)
            if not line.is_spoiled():
                return line
            self._used.discard(line)
            await line.aclose()
        while self._idle and len(self._used) + len(self._idle) >= self._most:
            await self._close_oldest()
        line = Line(place, self._tls, self._backend)
        self._used.add(line)
        return line

    async def _close_in_time(self) -> None:
        """Closes each idle line when its time is over, also without a further call, and ends when none is left."""
        loop, left = asyncio.get_running_loop(), self._kept_seconds
        while True:
            await asyncio.sleep(left)
            await self._close_expired(loop.time())
            if not self._idle:
                return
            left = next(iter(self._idle)).idle_since + self._kept_seconds - loop.time()

    async def _close_expired(self, now: float) -> None:
        while self._idle and now - next(iter(self._idle)).idle_since > self._kept_seconds:
            await self._close_oldest()

    async def _close_oldest(self) -> None:
        line = next(iter(self._idle))
        self._forget(line)
        await line.aclose()

    def _forget(self, line: Line) -> None:
        """Removes one from those that are idle."""
        del self._idle[line]
        kept = self._places[line.place]
        kept.remove(line)
        if not kept:
            del self._places[line.place]
