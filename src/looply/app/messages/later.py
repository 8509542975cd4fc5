"""Work that a call begins and does not wait for, so that its answer takes the same time whatever the work is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from looply.errors import LooplyError

_log = structlog.get_logger(__name__)

MOST: Final = 100
"""Most works that are begun and not done; a further one is left out, with a line in the log."""


class Later:
    """Runs works at the same time. They end with the process, so what must not be lost is stored before."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begins a work; `name` is that of a failure in the log."""
        if len(self._tasks) >= MOST:
            _log.warning("work_left_out", work=name)
            return
        task = asyncio.get_running_loop().create_task(_run(name, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Returns when everything that was begun is done."""
        await asyncio.gather(*self._tasks)


async def _run(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except LooplyError as error:
        _log.warning("work_failed", work=name, code=error.code, error=error.message)
