"""The card copies of the memory store."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from kit.memory.records.copy_rows import LONG_AGO, StoredCopy
from looply.engine.records.copies import CopyRow


class MemoryCopies:
    """See `looply.engine.records.copies.Copies`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def take(self, now: datetime, until: datetime, limit: int) -> Sequence[CopyRow]:
        """Takes stale copies that are due."""

        def write() -> list[CopyRow]:
            due = [one for one in self._stale() if one.due <= now and one.taken <= now]
            taken = sorted(due, key=lambda one: (one.due, one.row.card_id))[:limit]
            for one in taken:
                one.taken = until
            return [one.row for one in taken]

        found = await self._commits.submit(write)
        assert isinstance(found, list)
        return found

    async def mark_shown(self, card_id: str, shown: int, handle: str) -> None:
        """Records what a copy shows."""

        def write() -> None:
            stored = self._data.copies[card_id]
            row = stored.row
            stored.row = replace(row, shown=max(row.shown, shown), handle=handle, attempts=0)
            stored.taken = LONG_AGO

        await self._commits.submit(write)

    async def postpone(self, card_id: str, due: datetime) -> None:
        """Releases a copy after a failed try."""

        def write() -> None:
            stored = self._data.copies[card_id]
            stored.row = replace(stored.row, attempts=stored.row.attempts + 1)
            stored.due, stored.taken = due, LONG_AGO

        await self._commits.submit(write)

    async def count_stale(self) -> int:
        """Returns how many copies are not up to date."""
        return sum(1 for _ in self._stale())

    async def next_due(self) -> datetime | None:
        """Returns when a stale copy that no process has taken is due."""
        return min((max(one.due, one.taken) for one in self._stale()), default=None)

    async def of_execution(self, execution_id: str) -> Sequence[CopyRow]:
        """Returns the copies of an execution by card id."""
        rows = (one.row for one in self._data.copies.values() if one.row.execution_id == execution_id)
        return sorted(rows, key=lambda row: row.card_id)

    def _stale(self) -> Iterator[StoredCopy]:
        return (one for one in self._data.copies.values() if one.row.shown < one.row.wanted)
