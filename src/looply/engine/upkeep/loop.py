"""A loop: background work, round after round, until the process drains.

Theory of operation. A loop pauses between its rounds for as long as the last one returned, or until it is woken. A
round that the store refuses or cannot serve now is logged and tried again: that is no reason to end a process. Any
other error is a defect. It ends the loop, and with it the process, which otherwise would look healthy and do only a
part of its work.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import ClassVar, Final, TypeVar

import structlog

from looply.errors import LooplyError
from looply.rates import Turns

_log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

BACK_OFF_SECONDS: Final = 1.0
"""The pause after a round that failed."""

LOOK_SECONDS: Final = 15.0
"""The interval at which an idle process looks for the work of others: one read of a table that is nearly empty."""

AT_ONCE: Final = 16
"""Pieces of a round that run at once. Their units are flushed together."""

AT_ONCE_IF_SHARED: Final = 4
"""The same while several organizations use the process.

All of them may be ready at the same moment, and then a call that comes in is handled after them.
"""


class Loop(ABC):
    """One loop of a process. A subclass defines a round, and the log event for one that failed."""

    failed_event: ClassVar[str]

    def __init__(self) -> None:
        self._signal = asyncio.Event()
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called: a long round may end early then."""
        return self._is_stopping

    async def run(self) -> None:
        """Runs rounds until `stop`. Raises: what a round raises that is no LooplyError."""
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
        """Pauses for this time, or until the loop is woken or stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._signal.wait(), seconds)

    def wake(self) -> None:
        """Starts the next round now: something may be due earlier than the last round expected."""
        self._signal.set()

    def stop(self) -> None:
        """Ends `run` after the current round. Stopping twice, or before `run`, is harmless."""
        self._is_stopping = True
        self._signal.set()


class PollingLoop(Loop):
    """A loop over work that all processes store: steady rounds while there is some, a look a few times a minute else.

    `notify` says that this process has stored new work. It is looked at now, but running work is not sped up.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_idle = False
        self._has_new = False

    async def round(self) -> float:
        """Does one tick, and returns the seconds until the next one."""
        self._has_new = False
        self._is_idle = not await self.tick()
        if not self._is_idle:
            return self.pause_seconds
        return 0.0 if self._has_new else LOOK_SECONDS

    @abstractmethod
    async def tick(self) -> int:
        """Does what is allowed in one second, and returns on how many pieces of work: 0 where there are none."""

    @property
    def pause_seconds(self) -> float:
        """The seconds between two ticks while there is work."""
        return 1.0

    def notify(self) -> None:
        """Ends the pause of an idle loop; work that is stored during a look is not missed."""
        self._has_new = True
        if self._is_idle:
            self.wake()


@asynccontextmanager
async def running_loops(loops: Sequence[Loop], on_end: Callable[[], None]) -> AsyncIterator[None]:
    """Runs loops concurrently, started in their order; at the end of the block they are stopped, the last one first.

    `on_end` is called when a loop ends, also by an error: then the process must end too. Raises: the error of the first
    loop that failed, after all have ended.
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


async def run_few_at_once(
    work: Callable[[Item], Awaitable[Result]], items: Iterable[Item], turns: Turns | None
) -> list[Result]:
    """Does a piece of background work for each item, few at a time; returns the results in order.

    `turns` know whether several organizations use the process; None: none but one does.

    Raises: the error of the first piece that failed.
    """
    free = asyncio.Semaphore(AT_ONCE_IF_SHARED if turns is not None and turns.is_shared else AT_ONCE)

    async def run(item: Item) -> Result:
        async with free:
            return await work(item)

    return await asyncio.gather(*map(run, items))
