"""The worker processes of one language: free ones, busy ones, and a spare one for the organization that calls next.

A process whose call uses much CPU time is lowered to the lowest priority of the operating system, so that it uses the
time that the server and quick code leave. Time in which a call waits for the CPU does not count: on a busy machine
quick code takes long too, and would take longer at the lowest priority. An ordinary process cannot raise a priority
again, so a lowered one serves code of organizations that is known to be slow. They leave the last free process of
normal priority to the others, so quick code does not wait until an interpreter has started.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

import structlog

from looply.errors import Unavailable

_log = structlog.get_logger(__name__)

SLOW_SECONDS: Final = 0.1
"""A call that uses more CPU time is slow."""

_LEAST_PAUSE_SECONDS: Final = 0.01

QUICK_CALLS: Final = 32
"""The number of quick calls in a row after which an owner with a slow call does not count as slow any more."""

_REMEMBERED: Final = 10_000
"""Slow owners that are remembered."""


class Worker(Protocol):
    """A process that runs one call at a time."""

    @property
    def is_alive(self) -> bool:
        """Whether it has not been seen to end."""
        ...

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that it has used, 0 once it has ended."""
        ...

    def lower(self) -> None:
        """Gives it the lowest priority of the operating system; again is harmless."""
        ...

    async def kill(self) -> None:
        """Ends it; again is harmless."""
        ...


Process = TypeVar("Process", bound=Worker)
Later: TypeAlias = Callable[[float, Callable[[], None]], asyncio.TimerHandle]


class Workers(Generic[Process]):
    """At most `limit` processes, all started by `start(is_lowered)` when they are needed.

    While a lowered process is being replaced there is one more. The caller ensures that at most `limit` calls run at
    once.
    """

    def __init__(self, start: Callable[[bool], Awaitable[Process]], limit: int) -> None:
        self._start = start
        self._limit = limit
        self._normal: list[Process] = []
        """Free processes of normal priority; the one that was used last comes last."""
        self._low: list[Process] = []
        self._lowered: set[Process] = set()
        self.all: set[Process] = set()
        self._starting = 0
        self._busy: Counter[str] = Counter()
        self._slow: OrderedDict[str, int] = OrderedDict()
        self._spare: asyncio.Task[None] | None = None
        self._is_closed = False

    async def acquire(self, owner: str) -> Process:
        """Returns a process for one call of an owner; `release` ends the call. Raises: Unavailable."""
        self._busy[owner] += 1
        process: Process | None = None
        try:
            while (process := self._pick(owner)) is None:
                if self._count < self._limit:
                    process = await self._started(is_lowered=owner in self._slow)
                    break
                assert self._spare is not None
                await asyncio.wait({self._spare})
        finally:
            if process is None:
                self._end_call(owner)
        self._prepare_spare()
        return process

    def lower(self, process: Process) -> None:
        """Lowers the process of a call that takes long."""
        if process in self.all and process not in self._lowered:
            self._lowered.add(process)
            process.lower()

    async def release(self, process: Process, owner: str, *, is_sound: bool, is_slow: bool) -> None:
        """Ends a call; `is_slow`: it used more CPU time than `SLOW_SECONDS`. A process that is not sound is killed."""
        self._end_call(owner)
        self._remember(owner, is_slow=is_slow)
        is_low = process in self._lowered
        if not is_sound or (is_low and self._count > self._limit):
            await self._drop(process)
        else:
            (self._low if is_low else self._normal).append(process)
        self._prepare_spare()

    async def close(self) -> None:
        """Kills all processes; closing twice is harmless."""
        self._is_closed = True
        if self._spare is not None:
            self._spare.cancel()
            await asyncio.wait({self._spare})
        await asyncio.gather(*(process.kill() for process in self.all))
        for each in (self.all, self._lowered, self._normal, self._low):
            each.clear()

    @property
    def _count(self) -> int:
        return len(self.all) + self._starting

    def _pick(self, owner: str) -> Process | None:
        """Removes and returns a free process for an owner, None when it should start one."""
        for free in (self._normal, self._low):
            dead = [process for process in free if not process.is_alive]
            for process in dead:
                free.remove(process)
                self._forget(process)
        is_full = self._count >= self._limit
        if owner in self._slow and self._low:
            return self._low.pop()
        # An owner that has a process already, or is known as slow, leaves the last one to others.
        leaves_one = owner in self._slow or self._busy[owner] > 1
        if len(self._normal) > (leaves_one and not is_full):
            return self._normal.pop()
        return self._low.pop() if is_full and self._low else None

    def _prepare_spare(self) -> None:
        """Starts a process in the background when no other organization would find a free one of normal priority."""
        if self._is_closed or self._normal or (self._spare is not None and not self._spare.done()):
            return
        has_only_low = len(self._lowered) == len(self.all) and bool(self._low) and self._limit > 1
        if self._count < self._limit or has_only_low:
            self._spare = asyncio.get_running_loop().create_task(self._add_spare())

    async def _add_spare(self) -> None:
        try:
            self._normal.append(await self._started(is_lowered=False))
        except Unavailable as error:
            # The next call that needs a process tries again, and reports it.
            _log.warning("function_process_unavailable", error=error.message)
            return
        if self._count > self._limit and self._low:
            await self._drop(self._low.pop())

    async def _started(self, *, is_lowered: bool) -> Process:
        self._starting += 1
        try:
            process = await self._start(is_lowered)
        finally:
            self._starting -= 1
        self.all.add(process)
        if is_lowered:
            self._lowered.add(process)
        return process

    def _end_call(self, owner: str) -> None:
        self._busy[owner] -= 1
        if not self._busy[owner]:
            del self._busy[owner]

    def _remember(self, owner: str, *, is_slow: bool) -> None:
        left = self._slow.pop(owner, 0)
        left = QUICK_CALLS if is_slow else left - 1
        if left > 0:
            self._slow[owner] = left
            if len(self._slow) > _REMEMBERED:
                self._slow.popitem(last=False)

    async def _drop(self, process: Process) -> None:
        self._forget(process)
        await process.kill()

    def _forget(self, process: Process) -> None:
        self.all.discard(process)
        self._lowered.discard(process)


class CallWatch:
    """Watches the CPU time of one call from now on, and calls `lower` once when the call becomes slow."""

    def __init__(self, process: Worker, lower: Callable[[], None], later: Later | None = None) -> None:
        """`later` calls a function after a number of seconds."""
        self._process = process
        self._lower = lower
        self._later = later or asyncio.get_running_loop().call_later
        self._begun = process.cpu_seconds
        self._is_slow = False
        self._timer = self._later(SLOW_SECONDS, self._look)

    def end(self) -> bool:
        """Ends the watch; returns whether the call was slow."""
        self._timer.cancel()
        return self._is_slow or self._left <= 0

    @property
    def _left(self) -> float:
        """The CPU seconds after which the call is slow."""
        return SLOW_SECONDS - (self._process.cpu_seconds - self._begun)

    def _look(self) -> None:
        if (left := self._left) > 0:
            self._timer = self._later(max(left, _LEAST_PAUSE_SECONDS), self._look)
        else:
            self._is_slow = True
            self._lower()
