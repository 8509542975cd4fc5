"""The card copies of the memory store."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from kit.memory.records.copy_rows import LONG_AGO, StoredCopy
from looply.engine.ports.card_channel import TryAgain
from looply.engine.records.copies import CHECKING, CopyMark, CopyRow
from looply.execution.facts.values.card_copy import CopyState


class MemoryCopies:
    """See `looply.engine.records.copies.Copies`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def take(self, now: datetime, until: datetime, limit: int, channels: Collection[str]) -> Sequence[CopyRow]:
        """Takes copies that are due."""

        def write() -> list[CopyRow]:
            due = [one for one in self._open(channels) if one.due <= now and one.taken <= now]
            taken = sorted(due, key=lambda one: (one.due, one.row.card_id))[:limit]
            for one in taken:
                one.taken, one.row = until, replace(one.row, takes=one.row.takes + 1)
            return [one.row for one in taken]

        found = await self._commits.submit(write)
        assert isinstance(found, list)
        return found

    async def find(self, card_id: str) -> CopyRow | None:
        """Returns a copy."""
        stored = self._data.copies.get(card_id)
        return stored.row if stored is not None else None

    async def record(self, card_id: str, known: str, mark: CopyMark) -> bool:
        """Records what became of a try, and releases the copy."""

        def write() -> bool:
            stored = self._data.copies.get(card_id)
            if stored is None or stored.row.handle != known:
                return False
            row = stored.row
            stored.row = replace(
                row,
                handle=mark.handle,
                shown=max(row.shown, mark.shown),
                attempts=mark.attempts,
                state=mark.state,
                code=mark.code,
                reason=mark.reason,
                since=mark.since,
                reminded=mark.reminded,
                doubt=mark.doubt,
                is_reported=mark.is_reported,
                takes=0,
            )
            stored.taken = mark.held or LONG_AGO
            if not (mark.shown and row.wanted > mark.shown):
                stored.due = mark.due
            return True

        return bool(await self._commits.submit(write))

    async def put_handle(self, card_id: str, known: str, handle: str, now: datetime) -> bool:
        """Records the handle of a copy that was seen."""

        def write() -> bool:
            stored = self._data.copies.get(card_id)
            if stored is None or stored.row.handle != known:
                return False
            row, stored.due = stored.row, now
            if row.takes == 0 and row.code != TryAgain.code:
                stored.taken = LONG_AGO
            is_new = row.state != "SHOWN"
            stored.row = replace(
                row,
                handle=handle,
                doubt=CHECKING,
                code="",
                reason="",
                state="SHOWN",
                since=now if is_new else row.since,
                is_reported=row.is_reported and not is_new,
            )
            return True

        return bool(await self._commits.submit(write))

    async def mark_reported(self, card_id: str, state: CopyState, code: str) -> None:
        """Records that the history says of a copy what its row says."""

        def write() -> None:
            stored = self._data.copies.get(card_id)
            if stored is not None and (stored.row.state, stored.row.code) == (state, code):
                stored.row = replace(stored.row, is_reported=True)

        await self._commits.submit(write)

    async def retry(self, card_ids: Sequence[str], now: datetime) -> None:
        """Makes copies due that could not be delivered."""

        def write() -> None:
            for card_id in card_ids:
                stored = self._data.copies.get(card_id)
                if stored is not None and stored.row.state in ("BLOCKED", "FAILED"):
                    stored.row, stored.due = replace(stored.row, shown=0, attempts=0), now

        await self._commits.submit(write)

    async def count_stale(self) -> int:
        """Returns how many copies are not up to date."""
        return sum(one.row.is_stale for one in self._data.copies.values())

    async def next_due(self, channels: Collection[str]) -> datetime | None:
        """Returns when a copy that no process has taken is due."""
        return min((max(one.due, one.taken) for one in self._open(channels)), default=None)

    async def of_execution(self, execution_id: str) -> Sequence[CopyRow]:
        """Returns the copies of an execution by card id."""
        rows = (one.row for one in self._data.copies.values() if one.row.execution_id == execution_id)
        return sorted(rows, key=lambda row: row.card_id)

    def _open(self, channels: Collection[str]) -> Iterator[StoredCopy]:
        for one in self._data.copies.values():
            row = one.row
            if row.channel in channels and (row.is_stale or row.doubt or not row.is_reported):
                yield one
