"""The memory store behind a slow and unreliable disk, which several processes own in turn.

Writes wait for the next flush, which stores all of them as one group. The flush can find the disk full, fail before
or after it stored something, never answer, or be the moment at which the process dies.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from kit.memory import Fault, MemoryData, MemoryStore
from looply.engine.coding.dictionary import STARTER, starter_dictionary
from looply.engine.ports.port import ExecutionOverview, Fire
from looply.engine.ports.schedule_store import Schedules
from looply.engine.ports.store import Journal, Reads, Unit, WorkQueue
from looply.engine.records.absences import Absences
from looply.engine.records.copies import Copies
from looply.engine.records.datastores import Datastores
from looply.engine.records.decisions import Decisions
from looply.engine.records.figures.figures import Figures
from looply.engine.records.figures.survey import Survey
from looply.engine.records.letters import Letters
from looply.engine.records.pruning import Pruning
from looply.engine.records.startup import StartupState
from looply.engine.records.targets import Targets
from looply.engine.records.trials import Trials
from simulation.running.options import STORE_FAULTS
from simulation.running.outages import WatchedTargets
from simulation.running.pruning import OnKeysPruned, OnPruned, WatchedPruning

if TYPE_CHECKING:
    from simulation.running.process import Process

_STARTER = starter_dictionary()
_FLUSH_MS = (1, 0, 0, 4, 25)
_DELAY_MS = (0, 0, 1, 12)
_ANSWER_MS = (0, 0, 1, 12, 90)
_FAULTS: dict[str, Fault] = {
    "store_full": "FULL",
    "store_lost": "LOST_BEFORE",
    "ambiguous_commit": "LOST_AFTER",
}
_WRITES = (
    "put_definition", "mark_running", "drop_deliveries", "put", "drop", "skip", "trim", "take", "record",
    "put_handle", "mark_reported", "retry", "begin_trial", "end_trial", "prune", "drop_keys", "drop_decisions",
    "drop_ended", "fill",
)  # fmt: skip
"""Methods that wait for a flush; a missing one would wait for ever."""


class SimulatedData(MemoryData):
    """The rows, and the observers of their changes."""

    def __init__(
        self,
        on_unit: Callable[[Unit], None],
        on_fire: Callable[[Fire, str], None],
        on_gone: OnPruned,
        on_keys: OnKeysPruned,
    ) -> None:
        super().__init__(dictionaries={STARTER: _STARTER})
        self._on_unit = on_unit
        self._on_fire = on_fire
        self.on_gone = on_gone
        self.on_keys = on_keys

    def apply(self, unit: Unit) -> None:
        """Applies a unit whole, or raises and changes nothing."""
        super().apply(unit)
        self._on_unit(unit)

    def take_fire(self, fire: Fire, execution_id: str) -> None:
        """Takes a nominal instant."""
        super().take_fire(fire, execution_id)
        self._on_fire(fire, execution_id)


class SimulatedStore:
    """The store of one process."""

    def __init__(self, process: "Process", data: SimulatedData) -> None:
        self._process = process
        self._simulation = process.simulation
        self._inner = MemoryStore(process.simulation.clock, data)
        self._is_planned = False
        self._is_mute = False
        self._is_reordered = "reordered" in self._simulation.options.enabled
        self._is_slow = "slow_reads" in self._simulation.options.enabled
        self.journal = cast("Journal", _Side(self, self._inner.journal, Journal))
        self.journal.commit = self._commit  # type: ignore[method-assign]
        self.work = cast("WorkQueue", _Side(self, self._inner.work, WorkQueue))
        self.reads = cast("Reads", _Side(self, self._inner.reads, Reads))
        self.schedules = cast("Schedules", _Side(self, self._inner.schedules, Schedules))
        self.datastores = cast("Datastores", _Side(self, self._inner.datastores, Datastores))
        self.copies = cast("Copies", _Side(self, self._inner.copies, Copies))
        self.letters = cast("Letters", _Side(self, self._inner.letters, Letters))
        self.decisions = cast("Decisions", _Side(self, self._inner.decisions, Decisions))
        self.absences = cast("Absences", _Side(self, self._inner.absences, Absences))
        self.trials = cast("Trials", _Side(self, self._inner.trials, Trials))
        pruning = WatchedPruning(data, self._inner.commits, data.on_gone, data.on_keys)
        self.pruning = cast("Pruning", _Side(self, pruning, Pruning))
        targets = WatchedTargets(data, self._inner.commits, process.simulation.trace)
        # Where no system is ever down its rows are read at once, so that saved runs have the same choices.
        has_outages = process.simulation.pool.has_outages
        self.targets = cast("Targets", _Side(self, targets, Targets)) if has_outages else targets
        self.survey = cast("Survey", _Side(self, self._inner.survey, Survey))
        self.figures = cast("Figures", _Side(self, self._inner.figures, Figures))
        self.overview = cast("ExecutionOverview", _Side(self, self._inner.overview, ExecutionOverview))

    async def open(self) -> StartupState:
        """Takes over the store."""
        await self._process.reach("during_recovery")
        boot = await self._inner.open()
        self._inner.commits.hold()
        return boot

    async def close(self) -> None:
        """Stores the queued units and releases the store."""
        await self._inner.close()

    @property
    def is_shared(self) -> bool:
        """Whether other processes store units too; they own the disk in turn."""
        return self._inner.is_shared

    @property
    def is_short_of_space(self) -> bool:
        """Whether the disk is nearly full, as it is before it is full and a while after."""
        return self._simulation.is_short_of_space

    def failure(self) -> Exception | None:
        """Returns the error after which the store takes no more units."""
        return self._inner.failure()

    async def read(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Forwards a read, perhaps late."""
        if self._process.is_recovering:
            await self._process.reach("during_recovery")
        if self._is_slow and (late := self._simulation.delay("read", _DELAY_MS)):
            await asyncio.sleep(late / 1000)
        return await method(*args, **kwargs)

    async def write(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Forwards a write, which waits for the next flush."""
        if self._process.is_recovering:
            await self._process.reach("during_recovery")
        # Units of one execution come one at a time; those of several may overtake each other.
        if self._is_reordered and (late := self._simulation.delay("write", _DELAY_MS)):
            await asyncio.sleep(late / 1000)
        self._plan()
        result = await method(*args, **kwargs)
        if self._is_mute:
            await asyncio.get_running_loop().create_future()
        if self._is_reordered and (late := self._simulation.delay("stored", _ANSWER_MS)):
            await asyncio.sleep(late / 1000)
        return result

    async def _commit(self, unit: Unit) -> None:
        await self.write(self._inner.journal.commit, unit)

    def _plan(self) -> None:
        if not self._is_planned:
            self._is_planned = True
            self._process.later(self._simulation.delay("flush", _FLUSH_MS), self._flush)

    def _flush(self) -> None:
        self._is_planned = False
        simulation, commits = self._simulation, self._inner.commits
        if self._process.dies("before_commit"):
            return
        fault = next((name for name in STORE_FAULTS if simulation.fault_occurs(name)), "")
        if simulation.is_disk_full and not fault:
            fault = "store_full"
            simulation.hit("full_disk")
        # A round of pruning that finds nothing leaves nothing to store.
        if fault in _FAULTS and commits.waiting:
            commits.fail_next(_FAULTS[fault])
        self._is_mute = self._is_mute or fault == "commit_without_answer"
        commits.release()
        # The waiters of the group are notified after this, so a process that dies here has acknowledged nothing.
        asyncio.get_running_loop().call_soon(self._after_flush)

    def _after_flush(self) -> None:
        commits = self._inner.commits
        commits.hold()
        if self._process.dies("after_commit_before_ack"):
            return
        if commits.waiting:
            self._plan()
        if self._is_mute or commits.failure is not None:
            self._process.gives_up()


class _Side:
    """One port of the store, whose calls take time."""

    def __init__(self, store: SimulatedStore, inner: object, port: type) -> None:
        for name in vars(port):
            if not name.startswith("_"):
                way = store.write if name in _WRITES else store.read
                setattr(self, name, partial(way, getattr(inner, name)))
