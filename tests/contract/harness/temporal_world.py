"""A process with a store in memory whose effects go over Temporal, in real time: for tests of what goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from kit.driver import start_of
from kit.memory import MemoryData, MemoryStore
from looply.clock import Clock, SystemClock, SystemEntropy
from looply.engine.coding.codec import Codec
from looply.engine.effects.worker import Worker
from looply.engine.processing.observers import Observers
from looply.engine.shell.parts import Parts
from looply.engine.shell.shell import Shell
from looply.engine.temporal import Serving, TemporalDispatcher, TemporalSettings
from looply.engine.temporal.worker import WorkerHooks
from looply.sealing import Sealer
from looply.testing.world import NoNetwork, World


class Process:
    """A shell on a store of its own, or on the data of another one, whose effects travel over Temporal."""

    def __init__(
        self, settings: TemporalSettings, *, world: World | None = None, data: MemoryData | None = None, **facts: Any
    ) -> None:
        self.clock: Clock = SystemClock()
        self.world = world or World()
        self.moved = asyncio.Event()
        self.data = data or MemoryData()
        self.store = MemoryStore(self.clock, self.data)
        self.arrived: list[tuple[str, int]] = []
        facts.setdefault("serving", Serving(connectors=("http", "sap")))
        facts.setdefault("hooks", WorkerHooks(self._arrive))
        self.dispatcher = TemporalDispatcher(settings, self.clock, **facts)
        entropy = SystemEntropy()
        parts = Parts(
            store=self.store,
            codec=Codec(Sealer(bytes(32), entropy)),
            dispatcher=self.dispatcher,
            worker=Worker(self.world.registry, self.world.connections, NoNetwork, self.clock),
            clock=self.clock,
            entropy=entropy,
            observers=Observers(on_change=lambda _change: self.moved.set()),
        )
        self.shell = Shell(parts)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Process"]:
        """Opens the process and lets effects run until the end of the block."""
        await self.shell.open()
        self.shell.begin()
        try:
            yield self
        finally:
            await self.shell.close(timedelta(seconds=10))

    async def trigger(self, workflow: Any, body: Any = None) -> str:
        """Triggers a workflow and returns the id of the execution."""
        return (await self.shell.start(start_of(workflow, body))).execution_id

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Returns when it is so; looked at after each unit that is stored, and each effect that arrives."""
        while not is_so():
            self.moved.clear()
            await self.moved.wait()

    async def until_arrived(self, count: int) -> None:
        """Returns when Temporal has brought so many effects to the process."""
        await self.until(lambda: len(self.arrived) >= count)

    async def closed(self, *execution_ids: str) -> None:
        """Returns when these executions have ended."""
        for execution_id in execution_ids:
            while (await self.shell.executions.get(execution_id)).state.closed is None:
                self.moved.clear()
                await self.moved.wait()

    async def reached(self, execution_id: str, status: str) -> None:
        """Returns when the execution has this status."""
        while (await self.shell.executions.get(execution_id)).state.status != status:
            self.moved.clear()
            await self.moved.wait()

    def _arrive(self, execution_id: str, seq: int) -> None:
        self.arrived.append((execution_id, seq))
        self.moved.set()

    async def sweep(self) -> None:
        """Offers everything again that is queued, as the sweep of the store does."""
        for row in await self.store.work.find_queued_effects(("", 0), 1_000_000):
            self.dispatcher.offer(row.reference)
