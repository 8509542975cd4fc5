"""The dead letters of a store with tables."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.engine.coding.rows import LETTER_COLUMNS, LETTER_REASONS, id_text, letter_from
from looply.engine.records.letters import LetterFilter, LetterIndex, LetterKey, LetterRow, choose_index
from looply.engine.records.spans import HIGHEST_ID
from looply.engine.sql.sessions import Session, Sessions

_FROM: Final = f"SELECT {LETTER_COLUMNS} FROM letter l JOIN name o ON o.n = l.org JOIN name w ON w.n = l.workflow"
_ONE: Final = f"{_FROM} WHERE l.execution_id = :execution:uuid AND l.seq = :seq"
_OF: Final = f"{_FROM} WHERE l.execution_id = :execution:uuid ORDER BY l.seq"
_WAITING: Final = "SELECT count(*) FROM letter WHERE action = 0"

_FITS: Final = (
    " AND (l.execution_id, l.seq) < (:after_id:uuid, :after_seq) AND :reason:integer IN (0, l.reason)"
    " AND (:settled:boolean IS NULL OR :settled:boolean = (l.action <> 0))"
    " ORDER BY l.execution_id DESC, l.seq DESC LIMIT :limit"
)
_LISTS: Final[Mapping[LetterIndex, str]] = {
    "EXECUTION": (
        f"{_FROM} WHERE l.execution_id = :execution:uuid AND l.org = :org"
        f" AND :workflow:integer IN (0, l.workflow) AND :process:text IN ('', l.process_id){_FITS}"
    ),
    "PROCESS": (
        f"{_FROM} WHERE l.org = :org AND l.process_id = :process AND :workflow:integer IN (0, l.workflow){_FITS}"
    ),
    "WORKFLOW": f"{_FROM} WHERE l.workflow = :workflow AND l.org = :org{_FITS}",
    "OPEN": f"{_FROM} WHERE l.org = :org AND l.action = 0{_FITS}",
    "ALL": f"{_FROM} WHERE l.org = :org{_FITS}",
}

_NEWEST: Final[LetterKey] = (id_text(HIGHEST_ID), 1 << 62)


class SqlLetters:
    """See `looply.engine.records.letters.Letters`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def list(
        self, organization_id: str, query: LetterFilter, after: LetterKey | None, limit: int
    ) -> Sequence[LetterRow]:
        """Returns a page of letters, newest first."""
        after_id, after_seq = after or _NEWEST
        parameters = {
            "execution": self._sessions.key(query.execution_id),
            "process": query.process_id,
            "reason": LETTER_REASONS.index(query.reason),
            "settled": query.is_settled,
            "after_id": self._sessions.key(after_id),
            "after_seq": after_seq,
            "limit": limit,
        }

        async def read(session: Session) -> list[LetterRow]:
            org, workflow = await session.numbers(organization_id, query.workflow_id)
            found = await session.rows(_LISTS[choose_index(query)], {**parameters, "org": org, "workflow": workflow})
            return [letter_from(row) for row in found]

        return await self._sessions.read(read)

    async def find(self, execution_id: str, seq: int) -> LetterRow | None:
        """Returns a letter, or None."""
        return await self._sessions.find(letter_from, _ONE, {"execution": self._sessions.key(execution_id), "seq": seq})

    async def of_execution(self, execution_id: str) -> Sequence[LetterRow]:
        """Returns the letters of an execution, oldest first."""
        return await self._sessions.select(letter_from, _OF, {"execution": self._sessions.key(execution_id)})

    async def count_unsettled(self) -> int:
        """Returns how many letters wait to be settled."""
        return int(await self._sessions.value(_WAITING))
