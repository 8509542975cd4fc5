"""The card copies of the SQLite store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import apsw

from looply.clock import to_ms
from looply.engine.coding.rows import COPY_COLUMNS, copy_from, find_id, optional_instant
from looply.engine.records.copies import CopyRow, CopyWish
from looply.engine.sqlite.file.threads import Threads

_WISH: Final = (
    "INSERT INTO card_copy(id, execution_id, channel, wanted, due_ms) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET wanted = excluded.wanted, due_ms = excluded.due_ms, attempts = 0"
)
_TAKE: Final = (
    "UPDATE card_copy SET taken_ms = ? WHERE id IN (SELECT id FROM card_copy WHERE shown < wanted AND due_ms <= ?"
    " AND taken_ms <= ? ORDER BY due_ms, id LIMIT ?)"
    " RETURNING id, execution_id, channel, wanted, shown, handle, attempts"
)
_SETTLE: Final = "UPDATE card_copy SET shown = max(shown, ?), handle = ?, attempts = 0, taken_ms = 0 WHERE id = ?"
_POSTPONE: Final = "UPDATE card_copy SET attempts = attempts + 1, due_ms = ?, taken_ms = 0 WHERE id = ?"
_STALE: Final = "SELECT count(*) FROM card_copy WHERE shown < wanted"
_NEXT: Final = "SELECT min(max(due_ms, taken_ms)) FROM card_copy WHERE shown < wanted"
_OF: Final = f"SELECT {COPY_COLUMNS} FROM card_copy WHERE execution_id = ? ORDER BY id"  # noqa: S608 - columns of our own


def wish_copies(connection: apsw.Connection, key: bytes, wishes: Sequence[CopyWish]) -> None:
    """Notes what copies have to look like, within the unit that changes them."""
    for wish in wishes:
        connection.execute(_WISH, (wish.card_id, key, wish.channel, wish.wanted, to_ms(wish.due)))


class SqliteCopies:
    """See `looply.engine.records.copies.Copies`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def take(self, now: datetime, until: datetime, limit: int) -> Sequence[CopyRow]:
        """Takes stale copies that are due."""
        arguments = (to_ms(until), to_ms(now), to_ms(now), limit)
        return await self._threads.write(
            lambda connection: [copy_from(row) for row in connection.execute(_TAKE, arguments)]
        )

    async def settle(self, card_id: str, shown: int, handle: str) -> None:
        """Notes what a copy looks like."""
        await self._write(_SETTLE, (shown, handle, card_id))

    async def postpone(self, card_id: str, due: datetime) -> None:
        """Gives a copy back after a failed try."""
        await self._write(_POSTPONE, (to_ms(due), card_id))

    async def count_stale(self) -> int:
        """Returns how many copies do not look as they have to."""
        return int(await self._threads.read(lambda connection: connection.execute(_STALE).get))

    async def next_due(self) -> datetime | None:
        """Returns when a stale copy is due that nobody has taken."""
        return optional_instant(await self._threads.read(lambda connection: connection.execute(_NEXT).get))

    async def of_execution(self, execution_id: str) -> Sequence[CopyRow]:
        """Returns the copies of an execution by card id."""
        key = find_id(execution_id)
        return await self._threads.read(lambda connection: [copy_from(row) for row in connection.execute(_OF, (key,))])

    async def _write(self, statement: str, arguments: tuple[str | int, ...]) -> None:
        def write(connection: apsw.Connection) -> None:
            connection.execute(statement, arguments)

        await self._threads.write(write)
