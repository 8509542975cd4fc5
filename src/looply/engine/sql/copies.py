"""The card copies of a store with tables; several processes take different ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from looply.engine.coding.rows import COPY_COLUMNS, copy_from
from looply.engine.records.copies import CopyRow
from looply.engine.sql.sessions import Session, Sessions
from looply.instants import instant_or_none, to_ms

_TAKE: Final = (
    "UPDATE card_copy SET taken_ms = :until WHERE id IN (SELECT c.id FROM card_copy c WHERE c.shown < c.wanted"
    " AND c.due_ms <= :now AND c.taken_ms <= :now ORDER BY c.due_ms, c.id LIMIT :limit FOR UPDATE SKIP LOCKED)"
    f" RETURNING {COPY_COLUMNS}"
)
_SETTLE: Final = (
    "UPDATE card_copy SET shown = greatest(shown, :shown), handle = :handle, attempts = 0, taken_ms = 0 WHERE id = :id"
)
_POSTPONE: Final = "UPDATE card_copy SET attempts = attempts + 1, due_ms = :due, taken_ms = 0 WHERE id = :id"
_STALE: Final = "SELECT count(*) FROM card_copy WHERE shown < wanted"
_NEXT: Final = "SELECT min(greatest(due_ms, taken_ms)) FROM card_copy WHERE shown < wanted"
_OF: Final = f"SELECT {COPY_COLUMNS} FROM card_copy WHERE execution_id = :execution:uuid ORDER BY id"


class SqlCopies:
    """See `looply.engine.records.copies.Copies`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def take(self, now: datetime, until: datetime, limit: int) -> Sequence[CopyRow]:
        """Takes stale copies that are due and that no other process has taken."""
        parameters = {"until": to_ms(until), "now": to_ms(now), "limit": limit}

        async def write(session: Session) -> list[CopyRow]:
            return [copy_from(row) for row in await session.rows(_TAKE, parameters)]

        # A copy that is taken twice is shown twice, which is harmless: the second try needs no proof of the first.
        return await self._sessions.write(write)

    async def mark_shown(self, card_id: str, shown: int, handle: str) -> None:
        """Records what a copy looks like, and releases it."""
        await self._write(_SETTLE, {"id": card_id, "shown": shown, "handle": handle})

    async def postpone(self, card_id: str, due: datetime) -> None:
        """Releases a copy after a failed try."""
        await self._write(_POSTPONE, {"id": card_id, "due": to_ms(due)})

    async def count_stale(self) -> int:
        """Returns how many copies do not look as they have to."""
        return int(await self._sessions.value(_STALE))

    async def next_due(self) -> datetime | None:
        """Returns when the next stale copy that no process has taken is due, or None."""
        return instant_or_none(await self._sessions.value(_NEXT))

    async def of_execution(self, execution_id: str) -> Sequence[CopyRow]:
        """Returns the copies of an execution by card id."""
        return await self._sessions.select(copy_from, _OF, {"execution": self._sessions.key(execution_id)})

    async def _write(self, statement: str, parameters: dict[str, Any]) -> None:
        await self._sessions.change(statement, parameters, [("copy", parameters["id"])])
