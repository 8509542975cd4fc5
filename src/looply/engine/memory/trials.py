"""The trials of the memory store."""

from collections.abc import Collection, Mapping

from looply.engine.memory.commits import Commits
from looply.engine.memory.data import MemoryData


class MemoryTrials:
    """See `looply.engine.trials.Trials`."""

    def __init__(self, data: MemoryData, commits: Commits) -> None:
        self._data = data
        self._commits = commits

    async def suspects(self, execution_ids: Collection[str]) -> Mapping[str, int]:  # noqa: ARG002 - the port has it
        """Returns nothing: the start has named them."""
        return {}

    async def begin_trial(self, execution_id: str) -> bool:
        """Counts a load of a suspect that is about to be worked on."""
        return await self._commits.submit(lambda: self._data.begin_trial(execution_id))

    async def end_trial(self, execution_id: str) -> None:
        """Forgets the loads of an execution."""
        await self._commits.submit(lambda: self._data.end_trial(execution_id))
