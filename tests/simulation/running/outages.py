"""The rows of systems in a simulation: each change is recorded in the trace."""

from collections.abc import Sequence

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from kit.memory.records.targets import MemoryTargets
from looply.engine.effects.outages import PROBE_LEASE
from looply.engine.records.targets import TargetRow
from looply.slots import Lane
from simulation.running.trace import Trace


class WatchedTargets:
    """See `looply.engine.records.targets.Targets`."""

    def __init__(self, data: MemoryData, commits: Commits, trace: Trace) -> None:
        self._data = data
        self._inner = MemoryTargets(data, commits)
        self._trace = trace

    async def all(self) -> Sequence[TargetRow]:
        """Returns all rows, by organization and target."""
        return await self._inner.all()

    async def put(self, row: TargetRow) -> bool:
        """Stores a row in place of the one of the revision before, or as the first one."""
        former = self._data.targets.get((row.organization_id, row.target))
        is_down = former is not None and former.state == "OPEN"
        # Counted before it is stored: a process that dies with the answer has opened the system all the same.
        # A system that was only in maintenance has no reason: what follows that is an outage of its own.
        if row.state == "OPEN" and not is_down and (former is None or former.state == "CLOSED" or not former.reason):
            self._trace.openings += 1
        if former is not None and is_down and row.state == "OPEN" and row.next_on - former.next_on >= PROBE_LEASE / 2:
            self._trace.probes += 1
        return await self._inner.put(row)

    async def drop(self, row: TargetRow) -> bool:
        """Removes a row of this revision."""
        return await self._inner.drop(row)

    async def count_queued(self, organization_id: str, workflow_id: str = "") -> Sequence[tuple[Lane, int]]:
        """Returns how many effects of each lane of an organization are QUEUED."""
        return await self._inner.count_queued(organization_id, workflow_id)
