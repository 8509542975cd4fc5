"""Effects over a Temporal server in a story: every process offers and serves, on task queues of the story's own."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from threading import Timer
from typing import Final

from looply.clock import Clock
from looply.engine.dispatch import Dispatcher, EffectRef, Perform
from looply.engine.temporal import Serving, TemporalDispatcher, TemporalSettings
from looply.engine.temporal.worker import Senses

_CONNECTORS: Final = ("http", "sap", "function", "email")
_CONCURRENCY: Final = 256


async def _really(seconds: float) -> None:
    """Lets real time pass, on a loop whose time stands still."""
    passed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        # The loop may have been closed at this very moment.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(passed.set)

    timer = Timer(seconds, tell)
    timer.daemon = True
    timer.start()
    try:
        await passed.wait()
    finally:
        timer.cancel()


class TemporalCarriage:
    """Counts an effect as moving from its offer until Temporal brings it to a process of the story."""

    capabilities: frozenset[str] = frozenset()
    crowd = 64

    def __init__(self, address: str, task_queue: str) -> None:
        self._settings = TemporalSettings(address=address, task_queue=task_queue)
        self._on_way: set[tuple[str, int]] = set()
        self._arrived = asyncio.Event()

    @property
    def is_moving(self) -> bool:
        """Whether an effect that was offered has not arrived yet."""
        return bool(self._on_way)

    def make(self, clock: Clock, per_queue: int) -> Dispatcher:
        """Returns the dispatcher of a new process."""
        serving = Serving(connectors=_CONNECTORS, concurrency=_CONCURRENCY, host_concurrency=per_queue)
        return _Counted(
            TemporalDispatcher(self._settings, clock, serving=serving, senses=Senses(self._arrive, _really)), self
        )

    async def arrive(self) -> None:
        """Returns when every effect that was offered has arrived."""
        while self._on_way:
            self._arrived.clear()
            await self._arrived.wait()

    async def pause(self, dispatcher: Dispatcher) -> None:
        """Lets a process take nothing new."""
        assert isinstance(dispatcher, _Counted)
        dispatcher.inner.leave()
        self.forget()

    async def kill(self, dispatcher: Dispatcher) -> None:
        """Cuts off what a process runs, and what it would still tell."""
        await dispatcher.stop(timedelta(0))

    def expect(self, effect: EffectRef) -> None:
        """Counts an offer."""
        self._on_way.add((effect.execution_id, effect.seq))

    def forget(self) -> None:
        """Counts nothing any more of what was offered: its process is gone, and may not have told of it."""
        self._on_way.clear()
        self._arrived.set()

    def _arrive(self, execution_id: str, seq: int) -> None:
        self._on_way.discard((execution_id, seq))
        self._arrived.set()


class _Counted:
    """A dispatcher whose offers are counted while its process lives."""

    def __init__(self, inner: TemporalDispatcher, carriage: TemporalCarriage) -> None:
        self.inner = inner
        self._carriage = carriage
        self._is_stopping = False

    def reserve(self, queue: str) -> bool:
        return self.inner.reserve(queue)

    def release(self, queue: str) -> None:
        self.inner.release(queue)

    def launch(self, effect: EffectRef) -> None:
        self.inner.launch(effect)

    def offer(self, effect: EffectRef) -> None:
        # Temporal ignores the offer of what a worker has, so that nothing would arrive.
        if not self._is_stopping and not self.inner.carries(effect):
            self._carriage.expect(effect)
        self.inner.offer(effect)

    def start(self, perform: Perform) -> None:
        self.inner.start(perform)

    async def stop(self, drain: timedelta) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._carriage.forget()
        await self.inner.stop(drain)
