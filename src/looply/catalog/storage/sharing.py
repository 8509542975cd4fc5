"""Calls that are made once for all who ask for the same thing."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
Call = Callable[[], Coroutine[Any, Any, Value]]


class SingleFlight(Generic[Value]):
    """Makes one call for all that ask for the same thing while it is under way.

    A caller that is cancelled does not stop the call for the others.
    """

    def __init__(self) -> None:
        self._calls: dict[Hashable, asyncio.Task[Value]] = {}

    async def get(self, key: Hashable, call: Call[Value]) -> Value:
        """Returns what `call` returns; raises what it raises. A finished call is never joined."""
        task = self._calls.get(key)
        if task is None or task.done():
            task = asyncio.create_task(call())
            self._calls[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: Hashable, done: asyncio.Task[Value]) -> None:
        if self._calls.get(key) is done:
            del self._calls[key]
        _hear(done)


class CoalescedReads(Generic[Value]):
    """Looks at something that others change, as seldom as is exact: each look begins after all who share it asked.

    A look that is under way may have seen what was there before the caller asked, so nobody joins it: those who come
    meanwhile share the next one. However many ask, one look at a time is under way and one waits.
    """

    def __init__(self, look: Call[Value]) -> None:
        self._look = look
        self._current: asyncio.Task[Value] | None = None
        self._next: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """Returns what a look gives that begins after this call; raises what it raises."""
        task = self._next
        if task is None and self._current is not None:
            task = self._next = self._started(self._after(self._current))
        elif task is None:
            task = self._current = self._started(self._look())
        return await asyncio.shield(task)

    async def _after(self, before: asyncio.Task[Value]) -> Value:
        await asyncio.wait((before,))
        # From here on it is under way, and takes no more callers.
        self._current, self._next = self._next, None
        return await self._look()

    def _started(self, look: Coroutine[Any, Any, Value]) -> asyncio.Task[Value]:
        task = asyncio.create_task(look)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, done: asyncio.Task[Value]) -> None:
        if self._current is done:
            self._current = None
        _hear(done)


def _hear(done: asyncio.Task[Any]) -> None:
    # Every caller may have been cancelled: an error that nobody awaits is not a defect.
    if not done.cancelled():
        done.exception()
