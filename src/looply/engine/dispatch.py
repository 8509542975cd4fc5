"""Dispatchers: who runs effects, when, and how many at once for each target."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple, Protocol


class EffectRef(NamedTuple):
    """An effect by what identifies it: the execution and the number of the event that scheduled the attempt."""

    execution_id: str
    seq: int
    queue: str


Perform = Callable[[EffectRef, bool], Awaitable[None]]
"""Runs one effect and reports its outcome; the flag says that its row is RUNNING already. Never raises."""


class Dispatcher(Protocol):
    """Runs effects. Each offered one is performed at least once; offering again is harmless: the row decides."""

    def reserve(self, queue: str) -> bool:
        """Takes a free slot of the target for an effect that is about to be stored; false when it must queue."""
        ...

    def release(self, queue: str) -> None:
        """Gives back a slot that was reserved and is not used."""
        ...

    def launch(self, effect: EffectRef) -> None:
        """Performs an effect in the slot that was reserved for it."""
        ...

    def offer(self, effect: EffectRef) -> None:
        """Performs a queued effect as soon as its target has a free slot, in the order of offering."""
        ...

    def start(self, perform: Perform) -> None:
        """Gives the function that performs effects; nothing runs before."""
        ...

    async def stop(self, drain: timedelta) -> None:
        """Takes nothing new, lets running effects end within `drain`, then abandons them. Twice is harmless."""
        ...


class InProcessDispatcher:
    """Runs effects as tasks of this process: at most `total` at once, at most `per_queue` for one target."""

    def __init__(self, *, per_queue: int = 16, total: int = 256) -> None:
        self._per_queue = per_queue
        self._total = total
        self._running: dict[str, int] = {}
        self._count = 0
        self._waiting: OrderedDict[str, deque[EffectRef]] = OrderedDict()
        self._in_line: set[EffectRef] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._perform: Perform | None = None
        self._idle = asyncio.Event()
        self._is_stopping = False
        self._is_stopped = False

    def reserve(self, queue: str) -> bool:
        """Takes a free slot of the target; false while others of the target queue, so that nobody is overtaken."""
        if self._perform is None or self._is_stopping or queue in self._waiting or not self._has_slot(queue):
            return False
        self._take(queue)
        return True

    def release(self, queue: str) -> None:
        """Gives a slot back and lets the next one of the line go."""
        left = self._running.get(queue, 0) - 1
        if left > 0:
            self._running[queue] = left
        else:
            self._running.pop(queue, None)
        self._count -= 1
        if not self._count:
            self._idle.set()
        self._run_waiting()

    def launch(self, effect: EffectRef) -> None:
        """Performs an effect in its reserved slot. After the stop it is left to the next process, which cannot tell."""
        if self._is_stopped:
            self.release(effect.queue)
        else:
            self._spawn(effect, is_running=True)

    def offer(self, effect: EffectRef) -> None:
        """Puts the effect in the line of its target, where it stands once however often it is offered."""
        if effect in self._in_line:
            return
        self._in_line.add(effect)
        self._waiting.setdefault(effect.queue, deque()).append(effect)
        self._run_waiting()

    def start(self, perform: Perform) -> None:
        """Gives the function that performs effects."""
        self._perform = perform
        self._run_waiting()

    async def stop(self, drain: timedelta) -> None:
        """Waits for running effects up to `drain`; what is left queued or running stays in the store.

        Effects whose unit is being stored have a slot already, so they are waited for as well.
        """
        self._is_stopping = True
        self._waiting.clear()
        self._in_line.clear()
        try:
            async with asyncio.timeout(drain.total_seconds()):
                while self._count:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            pass
        self._is_stopped = True
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _has_slot(self, queue: str) -> bool:
        return self._count < self._total and self._running.get(queue, 0) < self._per_queue

    def _take(self, queue: str) -> None:
        self._running[queue] = self._running.get(queue, 0) + 1
        self._count += 1

    def _run_waiting(self) -> None:
        """Starts what has a slot now, one of each target in turn, so that no target starves the others."""
        if self._perform is None or self._is_stopping:
            return
        is_moving = True
        while is_moving and self._waiting:
            is_moving = False
            for queue in list(self._waiting):
                if not self._has_slot(queue):
                    continue
                line = self._waiting[queue]
                effect = line.popleft()
                self._in_line.discard(effect)
                if line:
                    self._waiting.move_to_end(queue)
                else:
                    del self._waiting[queue]
                self._take(queue)
                self._spawn(effect, is_running=False)
                is_moving = True

    def _spawn(self, effect: EffectRef, *, is_running: bool) -> None:
        task = asyncio.get_running_loop().create_task(self._run(effect, is_running))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, effect: EffectRef, is_running: bool) -> None:
        assert self._perform is not None
        try:
            await self._perform(effect, is_running)
        finally:
            self.release(effect.queue)
