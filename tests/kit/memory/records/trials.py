"""The trials of the memory store: which executions are suspects, and which trials have begun."""

from collections.abc import Collection, Mapping
from datetime import datetime

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from looply.engine.records.trials import LARGEST_BATCH, MAX_CRASH_COUNT


def suspects(data: MemoryData, now: datetime) -> tuple[frozenset[str], list[str]]:
    """Returns the suspects with work to do, and those of them that ended too many processes.

    After a crash every execution that the process may have worked on is a suspect.
    """
    begun = {key[0] for key, row in data.effects.items() if row.state == "RUNNING"} | data.continuations
    due = sorted((timer.due, *key) for key, timer in data.timers.items() if timer.due <= now)
    targets = sorted({row.target for row in data.deliveries})
    if not data.is_clean:
        front = {execution_id for _, execution_id, _ in due[:LARGEST_BATCH]} | {
            *targets[:LARGEST_BATCH],
            *data.admissible(),
        }
        for execution_id in (begun | front) & data.heads.keys():
            data.crash_counts[execution_id] = max(data.crash_counts[execution_id], 1)
    runnable = {*begun, *(execution_id for _, execution_id, _ in due), *targets, *data.places}
    poisoned = sorted(key for key in runnable if data.crash_counts.get(key, 0) > MAX_CRASH_COUNT)
    return frozenset(key for key in runnable if data.crash_counts.get(key, 0)) - {*poisoned}, poisoned


class MemoryTrials:
    """See `looply.engine.records.trials.Trials`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def suspects(self, execution_ids: Collection[str]) -> Mapping[str, int]:
        """Returns nothing: the start has named them."""
        return {}

    async def begin_trial(self, execution_id: str) -> bool:
        """Raises the crash count of a suspect that is about to be worked on."""

        def write() -> bool:
            counts = self._data.crash_counts
            if execution_id in counts:
                counts[execution_id] += 1
            return execution_id in counts

        return await self._commits.submit(write)

    async def end_trial(self, execution_id: str) -> None:
        """Forgets the crash count of an execution."""

        def write() -> None:
            if execution_id in self._data.crash_counts:
                self._data.crash_counts[execution_id] = 0

        await self._commits.submit(write)
