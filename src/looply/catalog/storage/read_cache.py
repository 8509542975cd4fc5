"""A cache of reads of the catalog, so that a busy trigger reads no rows."""

from collections.abc import Callable, Hashable
from typing import Final, Generic

import msgspec

from looply.catalog.storage.coalescing import Call, SingleFlight, Value
from looply.catalog.storage.database import CatalogDatabase
from looply.clock import Clock

# Changes invalidate an entry at once; only a change by another process on the same file may be unseen for this time.
MAX_AGE_SECONDS: Final = 1.0
# Together with the size limit of each caller, this bounds the memory.
MAX_ENTRIES: Final = 256


class _Entry(msgspec.Struct, Generic[Value], frozen=True):
    value: Value
    changes: int
    until: float


class ReadCache(Generic[Value]):
    """Caches results of reads until anything in the catalog changes, for at most `seconds`, at most `entries` of them.

    Guarantees: a read that begins after a change was acknowledged sees the change: on a shared catalog (PostgreSQL)
    that of any process, on a file (SQLite) that of this process.
    Results are shared and must not be modified. Errors, and results that `is_cacheable` declines, are not cached.
    """

    def __init__(
        self,
        database: CatalogDatabase,
        clock: Clock,
        is_cacheable: Callable[[Value], bool],
        *,
        seconds: float = MAX_AGE_SECONDS,
        entries: int = MAX_ENTRIES,
    ) -> None:
        self._database = database
        self._clock = clock
        self._is_cacheable = is_cacheable
        self._seconds = seconds
        self._most = entries
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._reads: SingleFlight[Value] = SingleFlight()

    async def get(self, key: Hashable, read: Call[Value]) -> Value:
        """Returns the cached result for `key`, else that of `read`. Raises: as `read` and `CatalogDatabase.changes`.

        `read` must read the catalog only: other changes do not invalidate the entry.
        """
        # The count is read first: a change in between makes the entry useless, but never stale.
        changes = await self._database.changes()
        entry = self._entries.get(key)
        if entry is not None and entry.changes == changes and self._clock.monotonic() < entry.until:
            return entry.value
        return await self._reads.get((key, changes), lambda: self._read(key, changes, read))

    async def _read(self, key: Hashable, changes: int, read: Call[Value]) -> Value:
        until = self._clock.monotonic() + self._seconds
        value = await read()
        # Removed and inserted again, so that the first entry is always the oldest.
        self._entries.pop(key, None)
        if self._is_cacheable(value):
            while len(self._entries) >= self._most:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = _Entry(value, changes, until)
        return value
