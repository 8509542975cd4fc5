"""The record of decisions of the memory store."""

from collections.abc import Sequence

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.definition.settings.mail import person_of
from looply.engine.records.decisions import (
    DecisionFilter,
    DecisionKey,
    DecisionRow,
    decider,
    in_order,
    key_of,
)


class MemoryDecisions:
    """See `looply.engine.records.decisions.Decisions`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def list(
        self, organization_id: str, query: DecisionFilter, after: DecisionKey | None, limit: int
    ) -> Sequence[DecisionRow]:
        """Returns a page of decisions, newest first."""
        rows = (row for row in self._data.decisions.values() if row.organization_id == organization_id)
        found = [row for row in rows if _fits(row, query) and (after is None or key_of(row) < after)]
        return sorted(found, key=key_of, reverse=True)[:limit]

    async def of_execution(self, execution_id: str) -> Sequence[DecisionRow]:
        """Returns the decisions of an execution, stored or pruned."""
        return in_order(row for row in self._data.decisions.values() if row.execution_id == execution_id)


def _fits(row: DecisionRow, query: DecisionFilter) -> bool:
    decided_on = row.decision.on
    return (
        query.workflow_id in ("", row.workflow_id)
        and query.step in ("", row.decision.step)
        and (not query.user or person_of(query.user) == decider(row))
        and query.process_id in ("", row.process_id)
        and query.execution_id in ("", row.execution_id)
        and (query.decided_from is None or decided_on >= query.decided_from)
        and (query.decided_to is None or decided_on < query.decided_to)
    )
