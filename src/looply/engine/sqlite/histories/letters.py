"""The dead letters of the SQLite store."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import apsw

from looply.engine.coding.rows import LETTER_COLUMNS, LETTER_REASONS, find_id, letter_columns, letter_from
from looply.engine.records.letters import LetterFilter, LetterIndex, LetterKey, LetterRow, choose_index
from looply.engine.sqlite.file.names import find_number
from looply.engine.sqlite.file.threads import Threads

_PUT: Final = (
    "INSERT OR REPLACE INTO letter(execution_id, seq, org, workflow, process_id, reason, source, sender, kept_ms,"
    " action, settled_by, settled_ms, note) VALUES (:execution, :seq, :org, :workflow, :process_id, :reason, :source,"
    " :sender, :kept_ms, :action, :settled_by, :settled_ms, :note)"
)
_JOINED: Final = "letter l JOIN name o ON o.n = l.org JOIN name w ON w.n = l.workflow"
_FROM: Final = f"SELECT {LETTER_COLUMNS} FROM {_JOINED}"  # noqa: S608 - columns of our own
_ONE: Final = f"{_FROM} WHERE l.execution_id = ? AND l.seq = ?"
_OF: Final = f"{_FROM} WHERE l.execution_id = ? ORDER BY l.seq"
_WAITING: Final = "SELECT count(*) FROM letter WHERE action = 0"

_FITS: Final = (
    " AND (l.execution_id < :after_id OR (l.execution_id = :after_id AND l.seq < :after_seq))"
    " AND :reason IN (0, l.reason) AND (:settled IS NULL OR :settled = (l.action <> 0))"
    " ORDER BY l.execution_id DESC, l.seq DESC LIMIT :limit"
)
_LISTS: Final[Mapping[LetterIndex, str]] = {
    "EXECUTION": (
        f"{_FROM} WHERE l.execution_id = :execution AND l.org = :org AND :workflow IN (0, l.workflow)"
        f" AND :process IN ('', l.process_id){_FITS}"
    ),
    "PROCESS": f"{_FROM} WHERE l.org = :org AND l.process_id = :process AND :workflow IN (0, l.workflow){_FITS}",
    "WORKFLOW": f"{_FROM} WHERE l.workflow = :workflow AND l.org = :org{_FITS}",
    "OPEN": f"{_FROM} WHERE l.org = :org AND l.action = 0{_FITS}",
    "ALL": f"{_FROM} WHERE l.org = :org{_FITS}",
}

_AFTER_ALL: Final = b"\xff" * 17


def put_letters(
    connection: apsw.Connection, key: bytes, numbers: tuple[int, int], letters: Sequence[LetterRow]
) -> None:
    """Notes the letters that a unit makes or settles; `numbers` are those of organization and workflow."""
    org, workflow = numbers
    for letter in letters:
        connection.execute(_PUT, {"execution": key, "org": org, "workflow": workflow, **letter_columns(letter)})


class SqliteLetters:
    """See `looply.engine.records.letters.Letters`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def list(
        self, organization_id: str, wanted: LetterFilter, after: LetterKey | None, limit: int
    ) -> Sequence[LetterRow]:
        """Returns a page of letters, newest first."""
        return await self._threads.read(lambda connection: _page(connection, organization_id, wanted, after, limit))

    async def find(self, execution_id: str, seq: int) -> LetterRow | None:
        """Returns a letter, or None."""
        found = await self._rows(_ONE, (find_id(execution_id), seq))
        return found[0] if found else None

    async def of_execution(self, execution_id: str) -> Sequence[LetterRow]:
        """Returns the letters of an execution, oldest first."""
        return await self._rows(_OF, (find_id(execution_id),))

    async def count_unsettled(self) -> int:
        """Returns how many letters wait to be settled."""
        return int(await self._threads.read(lambda connection: connection.execute(_WAITING).get))

    async def _rows(self, statement: str, arguments: tuple[Any, ...]) -> Sequence[LetterRow]:
        return await self._threads.read(
            lambda connection: [letter_from(row) for row in connection.execute(statement, arguments)]
        )


def _page(
    connection: apsw.Connection, organization_id: str, wanted: LetterFilter, after: LetterKey | None, limit: int
) -> list[LetterRow]:
    facts = {
        "org": find_number(connection, organization_id),
        "workflow": find_number(connection, wanted.workflow_id) if wanted.workflow_id else 0,
        "execution": find_id(wanted.execution_id),
        "process": wanted.process_id,
        "reason": LETTER_REASONS.index(wanted.reason),
        "settled": wanted.is_settled,
        "after_id": find_id(after[0]) if after is not None else _AFTER_ALL,
        "after_seq": after[1] if after is not None else 0,
        "limit": limit,
    }
    return [letter_from(row) for row in connection.execute(_LISTS[choose_index(wanted)], facts)]
