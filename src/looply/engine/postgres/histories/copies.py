"""The card copies of the PostgreSQL store: several processes take different ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from looply.clock import to_ms
from looply.engine.coding.rows import COPY_COLUMNS, copy_from, find_id, optional_instant
from looply.engine.postgres.database.connections import Connection, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.records.copies import CopyRow, CopyWish

WISH: Final = "wish_copies(%s::uuid, %s::jsonb)"
"""The call that notes what copies have to look like; `wish_facts` gives its second argument."""

_TAKE: Final = (
    "UPDATE card_copy SET taken_ms = %s WHERE id IN (SELECT c.id FROM card_copy c WHERE c.shown < c.wanted"
    " AND c.due_ms <= %s AND c.taken_ms <= %s ORDER BY c.due_ms, c.id LIMIT %s FOR UPDATE SKIP LOCKED)"
    f" RETURNING {COPY_COLUMNS}"
)
_SETTLE: Final = (
    "UPDATE card_copy SET shown = greatest(shown, %s), handle = %s, attempts = 0, taken_ms = 0 WHERE id = %s"
)
_POSTPONE: Final = "UPDATE card_copy SET attempts = attempts + 1, due_ms = %s, taken_ms = 0 WHERE id = %s"
_STALE: Final = "SELECT count(*) FROM card_copy WHERE shown < wanted"
_NEXT: Final = "SELECT min(greatest(due_ms, taken_ms)) FROM card_copy WHERE shown < wanted"
_OF: Final = f"SELECT {COPY_COLUMNS} FROM card_copy WHERE execution_id = %s::uuid ORDER BY id"


def wish_facts(wishes: Sequence[CopyWish]) -> list[dict[str, Any]]:
    """Returns the wishes as the database's function takes them."""
    return [
        {"id": wish.card_id, "channel": wish.channel, "wanted": wish.wanted, "due_ms": to_ms(wish.due)}
        for wish in wishes
    ]


class PostgresCopies:
    """See `looply.engine.records.copies.Copies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, now: datetime, until: datetime, limit: int) -> Sequence[CopyRow]:
        """Takes stale copies that are due and that nobody else is taking."""
        arguments = (to_ms(until), to_ms(now), to_ms(now), limit)

        async def write(connection: Connection) -> list[CopyRow]:
            return [copy_from(each) for each in await rows(connection, _TAKE, arguments)]

        # Taken twice is shown twice, which is harmless: the second try needs no proof of the first.
        return await self._database.write(write)

    async def settle(self, card_id: str, shown: int, handle: str) -> None:
        """Notes what a copy looks like."""
        await self._write(_SETTLE, (shown, handle, card_id))

    async def postpone(self, card_id: str, due: datetime) -> None:
        """Gives a copy back after a failed try."""
        await self._write(_POSTPONE, (to_ms(due), card_id))

    async def count_stale(self) -> int:
        """Returns how many copies do not look as they have to."""
        found = await self._database.read(lambda connection: row(connection, _STALE))
        return int(found[0]) if found is not None else 0

    async def next_due(self) -> datetime | None:
        """Returns when a stale copy is due that nobody has taken."""
        found = await self._database.read(lambda connection: row(connection, _NEXT))
        return optional_instant(found[0] if found is not None else None)

    async def of_execution(self, execution_id: str) -> Sequence[CopyRow]:
        """Returns the copies of an execution by card id."""
        if find_id(execution_id) is None:
            return []
        found = await self._database.read(lambda connection: rows(connection, _OF, (execution_id,)))
        return [copy_from(each) for each in found]

    async def _write(self, statement: str, arguments: tuple[Any, ...]) -> None:
        async def write(connection: Connection) -> None:
            await connection.execute(statement, arguments)

        await self._database.write(write, [("copy", arguments[-1])])
