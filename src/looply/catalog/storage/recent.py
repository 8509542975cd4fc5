"""What was read a moment ago, kept so that a busy trigger reads no rows."""

from collections.abc import Callable, Hashable
from typing import Final, Generic

import msgspec

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.sharing import Call, SingleFlight, Value
from looply.clock import Clock

# Changes end an entry at once; this is how long one of another process that works on the same file may stay unseen.
MAX_AGE_SECONDS: Final = 1.0
# Together with the size that callers allow, this bounds the memory.
MAX_ENTRIES: Final = 256


class _Entry(msgspec.Struct, Generic[Value], frozen=True):
    value: Value
    changes: int
    until: float


class ReadCache(Generic[Value]):
    """Keeps results of reads until something in the catalog changes, for `seconds` at most and `entries` of them.

    Guarantees: a read that begins after a change was answered sees the change, whichever process made it, where
    processes share the catalog (PostgreSQL); of a file that is this process's own (SQLite), where this process made it.
    Results are shared: nobody may alter them. Errors, and what `is_kept` declines, are not kept.
    """

    def __init__(
        self,
        database: CatalogDatabase,
        clock: Clock,
        is_kept: Callable[[Value], bool],
        *,
        seconds: float = MAX_AGE_SECONDS,
        entries: int = MAX_ENTRIES,
    ) -> None:
        self._database = database
        self._clock = clock
        self._is_kept = is_kept
        self._seconds = seconds
        self._most = entries
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._reads: SingleFlight[Value] = SingleFlight()

    async def get(self, key: Hashable, read: Call[Value]) -> Value:
        """Returns what `read` gives for `key`, or gave a moment ago. Raises: what `read` and a look at changes raise.

        `read` reads the catalog and nothing else, or a change of that is not seen.
        """
        # The count is taken before the read: a change in between makes the entry useless, never wrong.
        changes = await self._database.changes()
        entry = self._entries.get(key)
        if entry is not None and entry.changes == changes and self._clock.monotonic() < entry.until:
            return entry.value
        return await self._reads.get((key, changes), lambda: self._read(key, changes, read))

    async def _read(self, key: Hashable, changes: int, read: Call[Value]) -> Value:
        until = self._clock.monotonic() + self._seconds
        value = await read()
        # Taken out and put back, so that the first entry is always the one that was read longest ago.
        self._entries.pop(key, None)
        if self._is_kept(value):
            while len(self._entries) >= self._most:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = _Entry(value, changes, until)
        return value
