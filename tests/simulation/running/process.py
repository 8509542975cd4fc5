"""One incarnation of the server in a simulation, and the clocks of the machine."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from kit.callees import FakeCallees
from looply.app.context.services import Signal
from looply.app.inbox.absence_runner import AbsenceRunner
from looply.engine.cards.reconciler import Reconciler
from looply.engine.coding.codec import Codec
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.effects.outages import BreakerSettings
from looply.engine.effects.worker import Worker
from looply.engine.processing.feed import FeedBounds
from looply.engine.shell.parts import Parts
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pruner import Pruner
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.target_watch import TargetWatch
from looply.jsontext import Json
from looply.sealing import Sealer
from looply.testing.clock import START_TIME, SerialEntropy
from looply.testing.world import NoNetwork
from simulation.pools.pools import CHANNEL
from simulation.running.cards import SimulatedChannel
from simulation.running.choice import choose
from simulation.running.loop import OWNER, Handle, SimulatedLoop
from simulation.running.store import SimulatedStore
from simulation.running.world import REGISTRY, NoConnections

if TYPE_CHECKING:
    from simulation.running.life import Simulation

CODEC = Codec(Sealer(bytes(32), SerialEntropy()))
_EXIT_MS = (1, 50, 900)
_DRAIN = timedelta(seconds=25)
_FEED = FeedBounds(page=4, per_watcher=2, kept_batches=6)
"""So few that a stream changes from memory to the store and back within a short run."""
_RETENTIONS = (None, timedelta(seconds=30), timedelta(minutes=5))


class SimulatedClock:
    """The machine's clocks: the wall clock can be wrong by `skew_ms`."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop
        self.skew_ms = 0
        self._most_ms = 0
        self._peak_ms = 0

    def now(self) -> datetime:
        """Returns the wall clock's instant."""
        return START_TIME + timedelta(milliseconds=self._loop.ms + self.skew_ms)

    def monotonic(self) -> float:
        """Returns the monotonic clock in seconds."""
        return self._loop.ms / 1000

    def set(self, by_ms: int) -> None:
        """Sets the wall clock forward or back."""
        self._peak_ms = max(self._peak_ms, self._loop.ms + self.skew_ms)
        self.skew_ms += by_ms
        self._most_ms = max(self._most_ms, self.skew_ms)

    def latest(self) -> datetime:
        """Returns the latest instant that the wall clock has shown."""
        return START_TIME + timedelta(milliseconds=max(self._peak_ms, self._loop.ms + self.skew_ms))

    def settle(self) -> None:
        """Sets the wall clock to no earlier than the last event: histories never go back in time."""
        self.skew_ms = self._most_ms


class Process:
    """One incarnation of the server. `callers` wait for its answers."""

    def __init__(self, simulation: "Simulation", number: int) -> None:
        self.simulation = simulation
        self.number = number
        self.life: Literal["UP", "STOPPED", "DEAD"] = "UP"
        self.stopped: deque[Handle] = deque()
        self.epoch = 0
        self.is_ready = False
        self.is_recovering = True
        self.is_leaving = False
        self.is_giving_up = False
        self.calls_in_flight = 0
        self.callers: list[asyncio.Future[Any]] = []
        self.context = copy_context()
        self.context.run(OWNER.set, self)
        options = simulation.options
        self.store = SimulatedStore(self, simulation.data)
        dispatcher = InProcessDispatcher(per_queue=options.per_queue)
        parts = Parts(
            store=self.store,
            codec=CODEC,
            dispatcher=dispatcher,
            worker=Worker(REGISTRY, NoConnections(), NoNetwork, simulation.clock),
            clock=simulation.clock,
            entropy=simulation.entropy,
            limits=options.limits,
            cache_bytes=options.cache_bytes,
            feed_bounds=_FEED,
            channels=frozenset({CHANNEL} if simulation.pool.has_channel else ()),
            breaker=BreakerSettings() if simulation.pool.has_outages else None,
        )
        self.shell = Shell(parts)
        callees = FakeCallees()
        for workflow_id, workflow in simulation.pool.callees().items():
            callees.put(workflow_id, workflow)
        self.pump = Pump(self.shell, self.store, simulation.clock, _no_profile, callees.find)
        self.pruner = self._pruner()
        self.absences = self._absence_runner()
        self.targets = self._target_watch()
        self.reconciler = self._reconciler()
        self.spawn(self._live())

    def spawn(self, work: Any) -> "asyncio.Task[Any]":
        """Runs an action within the process."""
        return self.simulation.loop.create_task(work, context=self.context)

    def later(self, delay_ms: int, callback: Callable[[], None]) -> None:
        """Calls back within the process, if it lives then."""
        loop = self.simulation.loop
        loop.at(loop.ms + delay_ms, self.simulation.tie(), callback, context=self.context)

    def dies(self, point: str) -> bool:
        """Returns whether the process has just been killed at a named point."""
        if not self.simulation.kills(point):
            return False
        self.simulation.kill(self, point)
        return True

    async def reach(self, point: str) -> None:
        """Passes a named point, or never returns because the process died there."""
        if self.dies(point):
            await self.simulation.loop.create_future()

    def gives_up(self) -> None:
        """Makes the process end soon: its store accepts no more units, and only a new process can read the store."""
        if not self.is_giving_up:
            self.is_giving_up = True
            simulation = self.simulation
            simulation.outside_later(simulation.delay("exit", _EXIT_MS), lambda: simulation.kill(self, "exit"))

    async def leave(self) -> None:
        """Ends in an orderly way."""
        self.is_leaving, self.is_ready = True, False
        self.pump.stop()
        if self.pruner is not None:
            self.pruner.stop()
        if self.absences is not None:
            self.absences.stop()
        if self.targets is not None:
            self.targets.stop()
        if self.reconciler is not None:
            self.reconciler.stop()
        await asyncio.gather(*self.callers, return_exceptions=True)
        await self.shell.close(_DRAIN)
        self.simulation.outside_later(0, lambda: self.simulation.kill(self, "graceful_restart"))

    async def _live(self) -> None:
        boot = await self.shell.open()
        self.epoch = boot.epoch
        self.shell.begin()
        await self.pump.recover(boot)
        self.is_recovering = False
        self.is_ready = not self.is_leaving
        if self.pruner is not None:
            self.spawn(self.pruner.run())
        if self.absences is not None:
            self.spawn(self.absences.run())
        if self.targets is not None:
            self.spawn(self.targets.run())
        if self.reconciler is not None:
            self.spawn(self.reconciler.run())
        await self.pump.run()

    def _absence_runner(self) -> AbsenceRunner | None:
        if not self.simulation.pool.is_rich:
            return None
        services: Any = SimpleNamespace(engine=self.shell, clock=self.simulation.clock, absence_signal=Signal())
        return AbsenceRunner(services)

    def _reconciler(self) -> Reconciler | None:
        if not self.simulation.pool.has_channel:
            return None
        channel = SimulatedChannel(self.simulation, self)
        reconciler = Reconciler(self.shell, self.store.copies, {CHANNEL: channel}, self.simulation.clock)
        self.shell.observers.on_copies = reconciler.wake
        return reconciler

    def _target_watch(self) -> TargetWatch | None:
        if not self.simulation.pool.has_outages:
            return None
        trace = self.simulation.trace

        def count(_row: object) -> None:
            trace.alarms += 1

        self.shell.gate.on_outage = count
        return TargetWatch(self.shell, self.store, self.simulation.clock)

    def _pruner(self) -> Pruner | None:
        if not self.simulation.pool.forgets:
            return None
        retention = choose(self.simulation.choice, "retention", _RETENTIONS)
        return Pruner(self.shell.pruning, self.simulation.clock, retention)


async def _no_profile(_organization_id: str, _workflow_id: str) -> tuple[str, Json]:
    return "", None
