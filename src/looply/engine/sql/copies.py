"""The card copies of a store with tables; several processes take different ones."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from looply.engine.coding.columns import mark_columns
from looply.engine.coding.rows import COPY_COLUMNS, copy_from
from looply.engine.ports.card_channel import TryAgain
from looply.engine.records.copies import CopyMark, CopyRow
from looply.engine.sql.dialects import Variants
from looply.engine.sql.sessions import Session, Sessions
from looply.execution.facts.values.card_copy import CopyState
from looply.instants import instant_or_none, to_ms

_IS_OPEN: Final = "(c.shown < c.wanted OR c.doubt > 0 OR c.reported = 0)"
_IN_CHANNELS: Final = Variants("IN (SELECT value FROM json_each(:channels))", "= ANY (:channels:text[])")
_IN_CARDS: Final = Variants("IN (SELECT value FROM json_each(:cards))", "= ANY (:cards:text[])")


def _variants(before: str, within: Variants, after: str = "") -> Variants:
    return Variants(*(f"{before} {words} {after}" for words in within))


_TAKE: Final = _variants(
    "UPDATE card_copy SET taken_ms = :until, takes = takes + 1 WHERE id IN"
    f" (SELECT c.id FROM card_copy c WHERE {_IS_OPEN} AND c.due_ms <= :now AND c.taken_ms <= :now AND c.channel",
    _IN_CHANNELS,
    f"ORDER BY c.due_ms, c.id LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING {COPY_COLUMNS}",
)
_RECORD: Final = (
    "UPDATE card_copy SET shown = greatest(shown, :shown), handle = :handle, attempts = :attempts,"
    " taken_ms = :held_ms, state = :state, code = :code, reason = :reason, since_ms = :since_ms, reminded = :reminded,"
    " doubt = :doubt, reported = :reported, takes = 0,"
    " due_ms = CASE WHEN :shown > 0 AND :shown < wanted THEN due_ms ELSE :due_ms END"
    " WHERE id = :id AND handle = :known"
)
_PUT_HANDLE: Final = (
    "UPDATE card_copy SET handle = :handle, doubt = 2, due_ms = :now, code = '', reason = '', state = 'SHOWN',"
    " taken_ms = CASE WHEN takes = 0 AND code <> :pause THEN 0 ELSE taken_ms END,"
    " since_ms = CASE state WHEN 'SHOWN' THEN since_ms ELSE :now END,"
    " reported = CASE state WHEN 'SHOWN' THEN reported ELSE 0 END WHERE id = :id AND handle = :known"
)
_REPORTED: Final = "UPDATE card_copy SET reported = 1 WHERE id = :id AND state = :state AND code = :code"
_RETRY: Final = _variants(
    "UPDATE card_copy SET shown = 0, attempts = 0, due_ms = :now WHERE state IN ('BLOCKED', 'FAILED') AND id", _IN_CARDS
)
_STALE: Final = "SELECT count(*) FROM card_copy WHERE shown < wanted"
_NEXT: Final = _variants(
    f"SELECT min(greatest(c.due_ms, c.taken_ms)) FROM card_copy c WHERE {_IS_OPEN} AND c.channel", _IN_CHANNELS
)
_FIND: Final = f"SELECT {COPY_COLUMNS} FROM card_copy WHERE id = :id"
_OF: Final = f"SELECT {COPY_COLUMNS} FROM card_copy WHERE execution_id = :execution:uuid ORDER BY id"


class SqlCopies:
    """See `looply.engine.records.copies.Copies`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def take(self, now: datetime, until: datetime, limit: int, channels: Collection[str]) -> Sequence[CopyRow]:
        """Takes copies that are due and that no other process has taken."""
        parameters = {
            "until": to_ms(until),
            "now": to_ms(now),
            "limit": limit,
            "channels": self._sessions.keys(sorted(channels)),
        }

        async def write(session: Session) -> list[CopyRow]:
            return [copy_from(row) for row in await session.rows(_TAKE, parameters)]

        # Copies whose taking broke are free again after their lease.
        return await self._sessions.write(write)

    async def find(self, card_id: str) -> CopyRow | None:
        """Returns a copy."""
        return await self._sessions.find(copy_from, _FIND, {"id": card_id})

    async def record(self, card_id: str, known: str, mark: CopyMark) -> bool:
        """Records what became of a try, and releases the copy."""
        return await self._change(_RECORD, {"id": card_id, "known": known, **mark_columns(mark)})

    async def put_handle(self, card_id: str, known: str, handle: str, now: datetime) -> bool:
        """Records the handle of a copy that was seen."""
        seen = {"id": card_id, "known": known, "handle": handle, "now": to_ms(now), "pause": TryAgain.code}
        return await self._change(_PUT_HANDLE, seen)

    async def mark_reported(self, card_id: str, state: CopyState, code: str) -> None:
        """Records that the history says of a copy what its row says."""
        await self._change(_REPORTED, {"id": card_id, "state": state, "code": code})

    async def retry(self, card_ids: Sequence[str], now: datetime) -> None:
        """Makes copies due that could not be delivered."""
        parameters = {"cards": self._sessions.keys(card_ids), "now": to_ms(now)}
        await self._sessions.change(_RETRY, parameters, [("copy", each) for each in card_ids])

    async def count_stale(self) -> int:
        """Returns how many copies do not look as they have to."""
        return int(await self._sessions.value(_STALE))

    async def next_due(self, channels: Collection[str]) -> datetime | None:
        """Returns when the next copy that no process has taken is due, or None."""
        parameters = {"channels": self._sessions.keys(sorted(channels))}
        return instant_or_none(await self._sessions.value(_NEXT, parameters))

    async def of_execution(self, execution_id: str) -> Sequence[CopyRow]:
        """Returns the copies of an execution by card id."""
        return await self._sessions.select(copy_from, _OF, {"execution": self._sessions.key(execution_id)})

    async def _change(self, statement: str, parameters: dict[str, Any]) -> bool:
        async def write(session: Session) -> bool:
            return await session.change(statement, parameters) > 0

        return await self._sessions.write(write, [("copy", parameters["id"])])
