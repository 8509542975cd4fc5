"""The completion poller: notifies waiting calls that another process has stored the settled state of an execution."""

import asyncio
from collections.abc import Callable, Collection

from looply.clock import Clock
from looply.engine.ports.store import Reads
from looply.errors import LooplyError

_PAUSE_SECONDS = 0.025
_SHARE = 4
"""The pause after a slow poll, as a multiple of the poll's time: most of the time is left for other work."""

_BACK_OFF_SECONDS = 1.0


class CompletionPoller:
    """Polls the store once for all waiting calls of this process, every few hundredths of a second while there are any.

    `execution_ids` returns the executions with waiting calls; `notify` is called with one that does not run, repeatedly
    until no call waits for it.
    """

    def __init__(
        self, reads: Reads, clock: Clock, execution_ids: Callable[[], Collection[str]], notify: Callable[[str], None]
    ) -> None:
        self._reads = reads
        self._clock = clock
        self._execution_ids = execution_ids
        self._notify = notify
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Polls until no call waits. Waking it twice is harmless."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stops polling. Stopping twice is harmless."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while watched := self._execution_ids():
            pause = await self._poll(list(watched))
            await asyncio.sleep(pause)

    async def _poll(self, execution_ids: list[str]) -> float:
        """Notifies the calls whose executions do not run; returns the seconds until the next poll."""
        begun = self._clock.monotonic()
        try:
            resting = await self._reads.find_settled(execution_ids)
        except LooplyError:
            # Waiting calls read for themselves, and get the error.
            for execution_id in execution_ids:
                self._notify(execution_id)
            return _BACK_OFF_SECONDS
        for execution_id in resting:
            self._notify(execution_id)
        return max(_PAUSE_SECONDS, _SHARE * (self._clock.monotonic() - begun))
