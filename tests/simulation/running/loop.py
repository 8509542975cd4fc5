"""An event loop in simulated time, on which processes can be killed and stopped as the kernel does it.

A callback belongs to the process that scheduled it, by the context that asyncio hands from task to task. The callbacks
of a dead process are dropped: nothing is unwound, no `finally` runs, as after `kill -9`. Those of a stopped one wait
until it continues, as after SIGSTOP. Time does not advance while a callback can run, and then jumps to the next one;
callbacks of the same millisecond are ordered by their tie-breaks.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from heapq import heappop, heappush
from math import ceil
from typing import Any, Literal, Protocol


class Owner(Protocol):
    """A process, as far as the loop knows it. `stopped` are callbacks that wait until it continues."""

    life: Literal["UP", "STOPPED", "DEAD"]
    stopped: "deque[Handle]"


class Endless(Exception):
    """There were too many callbacks, at one instant or in all, for the run to come to rest."""


OWNER: ContextVar[Owner | None] = ContextVar("OWNER", default=None)
"""The process that runs now, None outside of all processes."""


class Handle:
    """A callback that waits for its turn."""

    __slots__ = ("args", "callback", "context", "is_cancelled", "when_ms")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...], context: Context, when_ms: int) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.is_cancelled = False
        self.when_ms = when_ms

    def cancel(self) -> None:
        """Cancels the callback."""
        self.is_cancelled = True

    def cancelled(self) -> bool:
        """Returns whether it was cancelled."""
        return self.is_cancelled

    def when(self) -> float:
        """Returns when it is due, in the loop's seconds."""
        return self.when_ms / 1000


class EndlessLoop(asyncio.AbstractEventLoop):
    """What asyncio asks of a loop that runs as long as it is asked, and reports nothing by itself."""

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Ignores what asyncio reports when a task is collected."""


class SimulatedLoop(EndlessLoop):
    """See the module. `turns` counts the callbacks that were called, `ms` is the simulated time."""

    def __init__(self) -> None:
        self.ms = 0
        self.turns = 0
        self.tasks: list[asyncio.Task[Any]] = []
        self._ready: deque[Handle] = deque()
        self._timers: list[tuple[int, int, int, Handle]] = []
        self._count = 0
        self._is_over = False

    def time(self) -> float:
        return self.ms / 1000

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[Any]":
        if self._is_over:
            coro.close()
            return self.create_future()  # type: ignore[return-value]
        task = asyncio.Task(coro, loop=self, name=name, context=context)  # type: ignore[call-arg]
        # This reference keeps the garbage collector from unwinding a task of a dead process.
        self.tasks.append(task)
        return task

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        handle = Handle(callback, args, context or copy_context(), self.ms)
        if not self._is_over:
            self._ready.append(handle)
        return handle

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        return self.at(max(ceil(when * 1000 - 1e-6), self.ms), 1, callback, *args, context=context)

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def at(self, when_ms: int, tie: int, callback: Any, *args: Any, context: Context | None = None) -> Handle:
        """Calls back at an instant; of those that are due together the one with the lowest tie-break comes first."""
        handle = Handle(callback, args, context or copy_context(), when_ms)
        if not self._is_over:
            self._count += 1
            heappush(self._timers, (when_ms, tie, self._count, handle))
        return handle

    def run_until(self, is_met: Callable[[], bool], until_ms: int, most_turns: int) -> bool:
        """Runs until a condition is met (True) or the time is over (False).

        The condition is checked whenever time would advance.
        Raises: Endless after `most_turns`.
        """
        asyncio._set_running_loop(self)
        limit = self.turns + most_turns
        try:
            while True:
                self._run_ready(limit)
                if is_met():
                    return True
                while self._timers and self._timers[0][3].is_cancelled:
                    heappop(self._timers)
                if not self._timers or self._timers[0][0] > until_ms:
                    self.ms = max(self.ms, until_ms)
                    return False
                self.ms = max(self.ms, self._timers[0][0])
                self._ready.append(heappop(self._timers)[3])
        finally:
            asyncio._set_running_loop(None)

    def continue_process(self, owner: Owner) -> None:
        """Queues the callbacks of a stopped process again."""
        owner.life = "UP"
        self._ready.extend(owner.stopped)
        owner.stopped.clear()

    def broken(self) -> list[BaseException]:
        """Returns the errors of tasks, oldest first, which nothing else reports."""
        ended = [task for task in self.tasks if task.done() and not task.cancelled()]
        return [error for task in ended if (error := task.exception()) is not None]

    def close(self) -> None:
        """Unwinds the remaining tasks without running them."""
        self._is_over = True
        self._ready.clear()
        self._timers.clear()
        asyncio._set_running_loop(self)
        try:
            for task in self.tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]
                    # Errors of tasks of a dead process do not matter.
                    with contextlib.suppress(BaseException):
                        task.get_coro().close()  # type: ignore[union-attr]
        finally:
            asyncio._set_running_loop(None)
        self.tasks.clear()

    def _run_ready(self, limit: int) -> None:
        ready = self._ready
        while ready:
            handle = ready.popleft()
            if handle.is_cancelled:
                continue
            owner = handle.context.get(OWNER)
            if owner is not None and owner.life != "UP":
                if owner.life == "STOPPED":
                    owner.stopped.append(handle)
                continue
            self.turns += 1
            if self.turns >= limit:
                raise Endless
            handle.context.run(handle.callback, *handle.args)
