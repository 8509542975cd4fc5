"""Effects over a Temporal server in a story: every process offers and serves, on task queues of the story's own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Timer
from typing import Final

from looply.clock import Clock
from looply.connectors.registry import load_connectors
from looply.engine.ports.dispatch import Dispatcher, EffectRef, Perform
from looply.engine.temporal import Serving, TemporalDispatcher, TemporalSettings
from looply.engine.temporal.worker import WorkerHooks
from looply.slots import Lane

_CONNECTORS: Final = tuple(connector.name for connector in load_connectors().connectors)
_AGAIN_SECONDS: Final = 2.0
"""So long, in real time, is an offer awaited before it is made once more."""


async def _really(seconds: float) -> None:
    """Waits in real time, on an event loop whose time is fake."""
    passed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wake() -> None:
        # The loop may have been closed at this very moment.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(passed.set)

    timer = Timer(seconds, wake)
    timer.daemon = True
    timer.start()
    try:
        await passed.wait()
    finally:
        timer.cancel()


class TemporalCarriage:
    """Counts an effect as moving from its offer until Temporal brings it to a process of the story.

    Temporal ignores the offer of an effect whose end it is just processing, as when a worker has released an effect
    that could not begin at the moment. So an effect that does not arrive is offered again, as the sweep of a shared
    store does.
    """

    capabilities: frozenset[str] = frozenset()
    crowd = 64

    def __init__(self, address: str, task_queue: str) -> None:
        self._settings = TemporalSettings(address=address, task_queue=task_queue)
        self._on_way: dict[tuple[str, int], Callable[[], None]] = {}
        self._arrived = asyncio.Event()

    @property
    def is_moving(self) -> bool:
        """Whether an effect that was offered has not arrived yet."""
        return bool(self._on_way)

    def make(self, clock: Clock, per_queue: int, total: int) -> Dispatcher:
        """Returns the dispatcher of a new process."""
        serving = Serving(connectors=_CONNECTORS, concurrency=total, host_concurrency=per_queue)
        return _Counted(
            TemporalDispatcher(self._settings, clock, serving=serving, hooks=WorkerHooks(self._arrive, _really)), self
        )

    async def arrive(self) -> None:
        """Returns when every effect that was offered has arrived."""
        repeating = asyncio.get_running_loop().create_task(self._offer_again_and_again())
        try:
            while self._on_way:
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            repeating.cancel()
            await asyncio.gather(repeating, return_exceptions=True)

    async def pause(self, dispatcher: Dispatcher) -> None:
        """Lets a process take nothing new."""
        assert isinstance(dispatcher, _Counted)
        dispatcher.inner.leave()
        self.forget()

    async def kill(self, dispatcher: Dispatcher) -> None:
        """Cancels what a process runs, and the reports that it would still send."""
        await dispatcher.stop(timedelta(0))

    def expect(self, effect: EffectRef, again: Callable[[], None]) -> None:
        """Counts an offer; `again` makes it once more."""
        self._on_way[effect.execution_id, effect.seq] = again

    def forget(self) -> None:
        """Stops counting the offers so far: their process has ended, and may not have reported their arrival."""
        self._on_way.clear()
        self._arrived.set()

    def _arrive(self, execution_id: str, seq: int) -> None:
        self._on_way.pop((execution_id, seq), None)
        self._arrived.set()

    async def _offer_again_and_again(self) -> None:
        while True:
            await _really(_AGAIN_SECONDS)
            for again in list(self._on_way.values()):
                again()


class _Counted:
    """A dispatcher whose offers are counted while its process lives."""

    def __init__(self, inner: TemporalDispatcher, carriage: TemporalCarriage) -> None:
        self.inner = inner
        self._carriage = carriage
        self._is_stopping = False

    def reserve(self, lane: Lane) -> bool:
        return self.inner.reserve(lane)

    def release(self, lane: Lane) -> None:
        self.inner.release(lane)

    def launch(self, effect: EffectRef) -> None:
        self.inner.launch(effect)

    def offer(self, effect: EffectRef) -> None:
        # Temporal ignores the offer of what a worker has, so that nothing would arrive.
        if not self._is_stopping and not self.inner.carries(effect):
            self._carriage.expect(effect, lambda: self.inner.offer(effect))
        self.inner.offer(effect)

    def start(self, perform: Perform) -> None:
        self.inner.start(perform)

    async def stop(self, drain: timedelta) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._carriage.forget()
        await self.inner.stop(drain)
