"""The dead letters of the memory store."""

from collections.abc import Sequence

from kit.memory.data import MemoryData
from looply.engine.records.letters import LetterFilter, LetterKey, LetterRow


class MemoryLetters:
    """See `looply.engine.records.letters.Letters`."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data

    async def list(
        self, organization_id: str, query: LetterFilter, after: LetterKey | None, limit: int
    ) -> Sequence[LetterRow]:
        """Returns a page of letters, newest first."""
        keys = sorted(self._data.letters, reverse=True)
        rows = (self._data.letters[key] for key in keys if after is None or key < after)
        return [row for row in rows if row.organization_id == organization_id and _fits(row, query)][:limit]

    async def find(self, execution_id: str, seq: int) -> LetterRow | None:
        """Returns a letter, or None."""
        return self._data.letters.get((execution_id, seq))

    async def of_execution(self, execution_id: str) -> Sequence[LetterRow]:
        """Returns the letters of an execution, oldest first."""
        return [row for key, row in sorted(self._data.letters.items()) if key[0] == execution_id]

    async def count_unsettled(self) -> int:
        """Returns how many letters are not settled."""
        return sum(not row.action for row in self._data.letters.values())


def _fits(row: LetterRow, query: LetterFilter) -> bool:
    return (
        query.workflow_id in ("", row.workflow_id)
        and query.execution_id in ("", row.execution_id)
        and query.process_id in ("", row.process_id)
        and query.reason in ("", row.reason)
        and query.is_settled in (None, bool(row.action))
    )
