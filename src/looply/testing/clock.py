"""A fake clock that a test advances, an event loop that follows it, and deterministic entropy.

On a `FakeTimeLoop` nothing sleeps in real time: `asyncio.sleep`, `wait_for` and `call_later` wait until the test
advances the loop's clock. Threads still run in real time, so a store with a writer thread works as in production.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVarTuple

Arguments = TypeVarTuple("Arguments")

START_TIME = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
"""The instant at which a fake clock starts: a Monday."""


class FakeClock:
    """A clock that a test advances; its wall clock can be set independently of the monotonic one."""

    def __init__(self, start: datetime = START_TIME) -> None:
        self._wall = start
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """Returns the wall clock's instant."""
        return self._wall

    def monotonic(self) -> float:
        """Returns the monotonic clock in seconds."""
        return self._monotonic

    def advance(self, span: timedelta) -> None:
        """Advances both clocks. Raises: ValueError when the span is negative."""
        if span < timedelta(0):
            raise ValueError("time passes forward; set_wall moves the wall clock alone")
        self._wall += span
        self._monotonic += span.total_seconds()

    def set_wall(self, span: timedelta) -> None:
        """Sets the wall clock forward or back, as an operator does; the monotonic clock does not change."""
        self._wall += span


class SerialEntropy:
    """Deterministic entropy, a counter: no token is returned twice, and a repeated test gets the same tokens.

    `before` is the number before the first one, so that tests which share a server can use ranges of their own.
    """

    def __init__(self, before: int = 0) -> None:
        self.count = before
        """The number of the last token."""

    def token(self, size: int) -> bytes:
        """Returns `size` bytes that hold the number of this call. Raises: OverflowError past the last number."""
        self.count += 1
        return self.count.to_bytes(size, "big")


class FakeTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a `FakeClock`, and which can report that no callback is left to run."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self._callbacks = 0
        self.threads: set[asyncio.Future[Any]] = set()
        """Work that `asyncio.to_thread` has not finished yet."""
        super().__init__()

    def time(self) -> float:
        """Returns the fake clock's monotonic seconds."""
        return self.clock.monotonic()

    def call_soon(
        self, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedules a callback and counts it."""
        self._callbacks += 1
        return super().call_soon(callback, *args, context=context)

    def call_soon_threadsafe(
        self, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedules a callback from any thread and counts it."""
        self._callbacks += 1
        return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Any], *args: *Arguments
    ) -> asyncio.Future[Any]:
        """Runs a function in a thread."""
        future = super().run_in_executor(executor, func, *args)
        if executor is None:
            self.threads.add(future)
            future.add_done_callback(self.threads.discard)
        return future

    async def quiet(self) -> None:
        """Returns when no callback is left to run; it does not wait for threads and timers."""
        quiet_rounds = 0
        while quiet_rounds < 3:
            before = self._callbacks
            await asyncio.sleep(0)
            # One callback is this task's own. Timers that are due become ready in the next round: hence three.
            quiet_rounds = quiet_rounds + 1 if self._callbacks == before + 1 else 0


def fake_loop() -> FakeTimeLoop:
    """Returns the running loop. Raises: TypeError when the test does not run on a `FakeTimeLoop`."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, FakeTimeLoop):
        raise TypeError("the test must run on a FakeTimeLoop; see pytest_asyncio_loop_factories")
    return loop
