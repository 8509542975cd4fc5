"""The dead letters of the PostgreSQL store."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from looply.engine.coding.rows import LETTER_COLUMNS, LETTER_REASONS, Row, find_id, letter_from
from looply.engine.postgres.database.connections import Connection, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.records.letters import LetterFilter, LetterIndex, LetterKey, LetterRow, choose_index

PUT_LETTERS: Final = "put_letters(%s::uuid, %s::integer, %s::integer, %s::jsonb)"
"""The call that notes letters; its last argument is a list of `letter_columns`."""

_FROM: Final = f"SELECT {LETTER_COLUMNS} FROM letter l JOIN name o ON o.n = l.org JOIN name w ON w.n = l.workflow"
_ONE: Final = f"{_FROM} WHERE l.execution_id = %(execution)s::uuid AND l.seq = %(seq)s"
_OF: Final = f"{_FROM} WHERE l.execution_id = %(execution)s::uuid ORDER BY l.seq"
_WAITING: Final = "SELECT count(*) FROM letter WHERE action = 0"

_FITS: Final = (
    " AND (l.execution_id, l.seq) < (%(after_id)s::uuid, %(after_seq)s)"
    " AND %(reason)s::integer IN (0, l.reason)"
    " AND (%(settled)s::boolean IS NULL OR %(settled)s::boolean = (l.action <> 0))"
    " ORDER BY l.execution_id DESC, l.seq DESC LIMIT %(limit)s"
)
_LISTS: Final[Mapping[LetterIndex, str]] = {
    "EXECUTION": (
        f"{_FROM} WHERE l.execution_id = %(execution)s::uuid AND l.org = %(org)s"
        f" AND %(workflow)s::integer IN (0, l.workflow) AND %(process)s::text IN ('', l.process_id){_FITS}"
    ),
    "PROCESS": (
        f"{_FROM} WHERE l.org = %(org)s AND l.process_id = %(process)s"
        f" AND %(workflow)s::integer IN (0, l.workflow){_FITS}"
    ),
    "WORKFLOW": f"{_FROM} WHERE l.workflow = %(workflow)s AND l.org = %(org)s{_FITS}",
    "OPEN": f"{_FROM} WHERE l.org = %(org)s AND l.action = 0{_FITS}",
    "ALL": f"{_FROM} WHERE l.org = %(org)s{_FITS}",
}

_AFTER_ALL: Final = ("ffffffff-ffff-ffff-ffff-ffffffffffff", 2**62)


class PostgresLetters:
    """See `looply.engine.records.letters.Letters`."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def list(
        self, organization_id: str, wanted: LetterFilter, after: LetterKey | None, limit: int
    ) -> Sequence[LetterRow]:
        """Returns a page of letters, newest first."""
        if wanted.execution_id and find_id(wanted.execution_id) is None:
            return []
        after_id, after_seq = after or _AFTER_ALL

        async def read(connection: Connection) -> list[Row]:
            sought = [organization_id, *([wanted.workflow_id] if wanted.workflow_id else [])]
            org, *rest = await self._names.find(connection, *sought)
            facts = {
                "org": org,
                "workflow": rest[0] if rest else 0,
                "execution": wanted.execution_id or None,
                "process": wanted.process_id,
                "reason": LETTER_REASONS.index(wanted.reason),
                "settled": wanted.is_settled,
                "after_id": after_id,
                "after_seq": after_seq,
                "limit": limit,
            }
            return await rows(connection, _LISTS[choose_index(wanted)], facts)

        return [letter_from(each) for each in await self._database.read(read)]

    async def find(self, execution_id: str, seq: int) -> LetterRow | None:
        """Returns a letter, or None."""
        found = await self._of(_ONE, {"execution": execution_id, "seq": seq})
        return found[0] if found else None

    async def of_execution(self, execution_id: str) -> Sequence[LetterRow]:
        """Returns the letters of an execution, oldest first."""
        return await self._of(_OF, {"execution": execution_id})

    async def count_unsettled(self) -> int:
        """Returns how many letters wait to be settled."""
        found = await self._database.read(lambda connection: row(connection, _WAITING))
        return int(found[0]) if found is not None else 0

    async def _of(self, statement: str, facts: dict[str, Any]) -> Sequence[LetterRow]:
        if find_id(facts["execution"]) is None:
            return []
        found = await self._database.read(lambda connection: rows(connection, statement, facts))
        return [letter_from(each) for each in found]
