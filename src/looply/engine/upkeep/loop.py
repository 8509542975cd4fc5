"""A loop: what goes on beside all calls, round after round, until the process drains.

Theory of operation. A loop rests between its rounds for as long as the last one said, or until it is woken. A round
that the store refuses or cannot take now is told in the log and tried again: that is no reason to end a process. Any
other error is a defect. It ends the loop, and with it the process, which would else look healthy and do only a part of
its work.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import ClassVar, Final

import structlog

from looply.errors import LooplyError

_log = structlog.get_logger(__name__)

BACK_OFF_SECONDS: Final = 1.0
"""The rest after a round that failed."""


class Loop(ABC):
    """One loop of a process. A subclass says what a round is, and gives the event of the log for one that failed."""

    failed_event: ClassVar[str]

    def __init__(self) -> None:
        self._signal = asyncio.Event()
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called: a round that is long may end early then."""
        return self._is_stopping

    async def run(self) -> None:
        """Does round after round until `stop`. Raises: what a round raises that is no LooplyError."""
        while not self._is_stopping:
            self._signal.clear()
            try:
                pause = await self.round()
            except LooplyError as error:
                _log.error(self.failed_event, error=error.message)
                pause = BACK_OFF_SECONDS
            await self.rest(pause)

    @abstractmethod
    async def round(self) -> float:
        """Does what is due and returns the seconds until the next round. Raises: LooplyError, which is tried again."""

    async def rest(self, seconds: float) -> None:
        """Returns after this time, or as soon as the loop is woken or stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._signal.wait(), seconds)

    def wake(self) -> None:
        """Says that something may be due earlier than the last round thought."""
        self._signal.set()

    def stop(self) -> None:
        """Ends `run` after what it is doing. Stopping twice, or before `run`, is harmless."""
        self._is_stopping = True
        self._signal.set()


@asynccontextmanager
async def running_loops(loops: Sequence[Loop], on_end: Callable[[], None]) -> AsyncIterator[None]:
    """Runs loops side by side, started in their order; at the end of the block they are stopped, the last one first.

    `on_end` is called when a loop ends, also one that broke: then the process has to end too.
    Raises: what the first one of those that broke has raised, after all have ended.
    """
    tasks = [asyncio.create_task(loop.run(), name=type(loop).__name__) for loop in loops]
    for task in tasks:
        task.add_done_callback(lambda _: on_end())
    try:
        yield
    finally:
        for loop in reversed(loops):
            loop.stop()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
