"""The systems of the memory store that are not called as usual."""

from collections import Counter
from collections.abc import Sequence

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.records.targets import TargetRow
from looply.slots import Lane


class MemoryTargets:
    """See `looply.engine.records.targets.Targets`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def all(self) -> Sequence[TargetRow]:
        """Returns all rows, by organization and target."""
        return [row for _, row in sorted(self._data.targets.items())]

    async def put(self, row: TargetRow) -> bool:
        """Stores a row in place of the one of the revision before, or as the first one."""
        key = (row.organization_id, row.target)

        def write() -> bool:
            former = self._data.targets.get(key)
            if (former.revision if former is not None else 0) != row.revision - 1:
                return False
            self._data.targets[key] = row
            return True

        return await self._commits.submit(write)

    async def drop(self, row: TargetRow) -> bool:
        """Removes a row of this revision."""
        key = (row.organization_id, row.target)

        def write() -> bool:
            former = self._data.targets.get(key)
            if former is None or former.revision != row.revision:
                return False
            del self._data.targets[key]
            return True

        return await self._commits.submit(write)

    async def count_queued(self, organization_id: str, workflow_id: str = "") -> Sequence[tuple[Lane, int]]:
        """Returns how many effects of each lane of an organization are QUEUED; with a workflow, of its executions."""
        rows = [row for row in self._data.effects.values() if row.state == "QUEUED"]
        if workflow_id:
            heads = self._data.heads
            rows = [row for row in rows if heads[row.execution_id].workflow_id == workflow_id]
        counts = Counter(row.lane for row in rows if row.organization_id == organization_id)
        return sorted(counts.items())
