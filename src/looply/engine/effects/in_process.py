"""The dispatcher that runs effects as tasks of this process."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from looply.engine.effects.targets import KnownTargets
from looply.engine.ports.dispatch import EffectRef, Perform
from looply.slots import FairSlots, Lane


class InProcessDispatcher:
    """Runs effects as tasks of this process: at most `total` at once, at most `per_queue` for one target.

    Slots are shared among organizations and among their targets as `looply.slots.FairSlots` says. `targets` know which
    lanes lead to the same system.
    """

    def __init__(self, *, per_queue: int = 16, total: int = 256, targets: KnownTargets | None = None) -> None:
        self._slots: FairSlots[EffectRef] = FairSlots(total=total, per_lane=per_queue)
        self._targets = targets if targets is not None else KnownTargets()
        # The targets of slots: a lane may lead to another target by the time its slot is released.
        self._reserved: defaultdict[Lane, list[Lane]] = defaultdict(list)
        self._queued: dict[EffectRef, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._perform: Perform | None = None
        # The clock of the event loop distinguishes quick targets from slow ones; nothing runs before there is a loop.
        self._now: Callable[[], float] = float
        self._idle = asyncio.Event()
        self._is_stopping = False
        self._is_stopped = False

    def reserve(self, lane: Lane) -> bool:
        """Takes a free slot of the target; false while effects of the target are queued, so that none is overtaken."""
        if self._perform is None or self._is_stopping:
            return False
        system = self._targets.lane_of(lane)
        if not self._slots.try_acquire(system, self._now()):
            return False
        self._reserved[lane].append(system)
        return True

    def release(self, lane: Lane) -> None:
        """Releases a slot and starts the next queued effect."""
        self._free_slot(self._take_reserved(lane))

    def launch(self, effect: EffectRef) -> None:
        """Performs an effect in its reserved slot. After the stop it is left to the next process, outcome unknown."""
        if self._is_stopped:
            self.release(effect.lane)
        else:
            self._spawn(effect, self._take_reserved(effect.lane), is_running=True)

    def offer(self, effect: EffectRef) -> None:
        """Queues the effect for its target, once however often it is offered."""
        if effect in self._queued:
            return
        system = self._queued[effect] = self._targets.lane_of(effect.lane)
        self._slots.put(system, effect)
        self._run_waiting()

    def start(self, perform: Perform) -> None:
        """Sets the function that performs effects."""
        self._now = asyncio.get_running_loop().time
        self._perform = perform
        self._run_waiting()

    async def stop(self, drain: timedelta) -> None:
        """Waits for running effects up to `drain`; what is left queued or running stays in the store.

        Effects whose unit is being stored have a slot already, so they are waited for as well.
        """
        self._is_stopping = True
        self._slots.clear()
        self._queued.clear()
        try:
            async with asyncio.timeout(drain.total_seconds()):
                while self._slots.count:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            pass
        self._is_stopped = True
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _take_reserved(self, lane: Lane) -> Lane:
        reserved = self._reserved[lane]
        system = reserved.pop()
        if not reserved:
            del self._reserved[lane]
        return system

    def _free_slot(self, lane: Lane, seconds: float | None = None) -> None:
        self._slots.release(lane, self._now(), seconds)
        if not self._slots.count:
            self._idle.set()
        self._run_waiting()

    def _run_waiting(self) -> None:
        """Starts the queued effects that have a slot now."""
        if self._perform is None or self._is_stopping:
            return
        while (effect := self._slots.next(self._now())) is not None:
            self._spawn(effect, self._queued.pop(effect), is_running=False)

    def _spawn(self, effect: EffectRef, system: Lane, *, is_running: bool) -> None:
        task = asyncio.get_running_loop().create_task(self._run(effect, system, is_running))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, effect: EffectRef, system: Lane, is_running: bool) -> None:
        assert self._perform is not None
        begun = self._now()
        try:
            await self._perform(effect, is_running)
        finally:
            self._free_slot(system, self._now() - begun)
