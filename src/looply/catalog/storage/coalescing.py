"""Coalescing of concurrent calls for the same thing."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
Call = Callable[[], Coroutine[Any, Any, Value]]


class SingleFlight(Generic[Value]):
    """Makes one call for all callers that ask for the same key while it is in flight.

    Cancelling a caller does not cancel the call for the others.
    """

    def __init__(self) -> None:
        self._calls: dict[Hashable, asyncio.Task[Value]] = {}

    async def get(self, key: Hashable, call: Call[Value]) -> Value:
        """Returns the result of `call`, or raises its error. A finished call is never joined."""
        task = self._calls.get(key)
        if task is None or task.done():
            task = asyncio.create_task(call())
            self._calls[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: Hashable, done: asyncio.Task[Value]) -> None:
        if self._calls.get(key) is done:
            del self._calls[key]
        _retrieve_error(done)


class CoalescedReads(Generic[Value]):
    """Coalesces reads of a value that others change: each read begins after all callers that share it have asked.

    A read in flight may have seen the value from before a call, so no further caller joins it: callers that come in
    the meantime share the next read. However many callers there are, one read is in flight and one is pending.
    """

    def __init__(self, read: Call[Value]) -> None:
        self._read = read
        self._current: asyncio.Task[Value] | None = None
        self._next: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """Returns the result of a read that begins after this call, or raises its error."""
        task = self._next
        if task is None and self._current is not None:
            task = self._next = self._start(self._after(self._current))
        elif task is None:
            task = self._current = self._start(self._read())
        return await asyncio.shield(task)

    async def _after(self, before: asyncio.Task[Value]) -> Value:
        await asyncio.wait((before,))
        # From here on it is in flight, and no more callers may join.
        self._current, self._next = self._next, None
        return await self._read()

    def _start(self, read: Coroutine[Any, Any, Value]) -> asyncio.Task[Value]:
        task = asyncio.create_task(read)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, done: asyncio.Task[Value]) -> None:
        if self._current is done:
            self._current = None
        _retrieve_error(done)


def _retrieve_error(done: asyncio.Task[Any]) -> None:
    # All callers may have been cancelled; asyncio would log an error that is never retrieved.
    if not done.cancelled():
        done.exception()
