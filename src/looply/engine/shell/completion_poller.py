"""The lookout: tells those who wait for an execution to come to rest that another process has stored it so."""

import asyncio
from collections.abc import Callable, Collection

from looply.clock import Clock
from looply.engine.ports.store import Reads
from looply.errors import LooplyError

_PAUSE_SECONDS = 0.025
_SHARE = 4
"""A look that takes long is followed by a pause of so many times as long: most of the time is for others."""

_BACK_OFF_SECONDS = 1.0


class CompletionPoller:
    """One look at the store for all who wait in this process, every few hundredths of a second while anybody does.

    `watched` returns the executions that are waited for; `told` is given one that does not run, and may be given one
    again until nobody waits for it.
    """

    def __init__(
        self, reads: Reads, clock: Clock, watched: Callable[[], Collection[str]], told: Callable[[str], None]
    ) -> None:
        self._reads = reads
        self._clock = clock
        self._watched = watched
        self._told = told
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Looks until nobody waits any more. Waking it twice is harmless."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Looks no more. Stopping twice is harmless."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while watched := self._watched():
            pause = await self._look(list(watched))
            await asyncio.sleep(pause)

    async def _look(self, execution_ids: list[str]) -> float:
        """Tells of what rests now; returns the seconds until the next look."""
        begun = self._clock.monotonic()
        try:
            resting = await self._reads.resting(execution_ids)
        except LooplyError:
            # Who waits looks for itself, and learns what is wrong.
            for execution_id in execution_ids:
                self._told(execution_id)
            return _BACK_OFF_SECONDS
        for execution_id in resting:
            self._told(execution_id)
        return max(_PAUSE_SECONDS, _SHARE * (self._clock.monotonic() - begun))
