"""What was read a moment ago, kept so that a busy trigger reads no database."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection

from looply.catalog.database import CatalogDatabase
from looply.clock import Clock

Value = TypeVar("Value")

# Changes of this process end an entry at once; this is how long one of another process may stay unseen.
RECENT_SECONDS = 1.0
# Together with the size that callers allow, this bounds the memory.
RECENT_ENTRIES = 256


class SharedCalls(Generic[Value]):
    """Makes one call for all that ask for the same thing while it is under way.

    A caller that is cancelled does not stop the call for the others.
    """

    def __init__(self) -> None:
        self._calls: dict[Hashable, asyncio.Task[Value]] = {}

    async def get(self, key: Hashable, call: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
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
        # Every caller may have been cancelled: an error that nobody awaits is not a defect.
        if not done.cancelled():
            done.exception()


class _Entry(msgspec.Struct, Generic[Value], frozen=True):
    value: Value
    changes: int
    until: float


class RecentReads(Generic[Value]):
    """Keeps results of reads until something in the catalog changes, at most one second and 256 of them.

    Guarantees: a read that begins after a change of this process was answered sees the change. Results are shared:
    nobody may alter them. Errors are not kept.
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, is_kept: Callable[[Value], bool]) -> None:
        self._database = database
        self._clock = clock
        self._is_kept = is_kept
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._reads: SharedCalls[Value] = SharedCalls()

    async def get(self, key: Hashable, read: Callable[[Connection], Value]) -> Value:
        """Returns what `read` gives for `key`, or gave a moment ago."""
        # The count is taken before the read: a change in between makes the entry useless, never wrong.
        changes = self._database.changes
        entry = self._entries.get(key)
        if entry is not None and entry.changes == changes and self._clock.monotonic() < entry.until:
            return entry.value
        return await self._reads.get((key, changes), lambda: self._read(key, changes, read))

    async def _read(self, key: Hashable, changes: int, read: Callable[[Connection], Value]) -> Value:
        until = self._clock.monotonic() + RECENT_SECONDS
        value = await self._database.read(read)
        self._entries.pop(key, None)
        if self._is_kept(value):
            while len(self._entries) >= RECENT_ENTRIES:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = _Entry(value, changes, until)
        return value
