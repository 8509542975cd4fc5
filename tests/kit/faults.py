"""A store with accidents: the same for every store, so that every engine meets the same ones.

`FaultyStore` wraps a real store and forwards every call, until a test makes it hold commits, be full, lose the answer
of a commit, or fail. It also counts the calls that are in progress, by which a test knows that nothing moves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from looply.engine.ports.port import ExecutionOverview
from looply.engine.ports.schedule_store import Schedules
from looply.engine.ports.store import Journal, Reads, Store, Unit, WorkQueue
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
from looply.errors import EngineError, StoreFull, StoreLost

_WRITES = frozenset(
    {
        "commit",
        "mark_running",
        "put",
        "drop",
        "skip",
        "put_definition",
        "drop_deliveries",
        "begin_trial",
        "end_trial",
        "prune",
        "drop_keys",
        "drop_decisions",
        "drop_ended",
        "fill",
        "release_space",
        "fold",
        "correct",
        "drop_rollups",
    }
)


class Faults:
    """The switches of a `FaultyStore`.

    `is_short_of_space`: the disk is nearly full, and what is stored still finds space.
    `is_full`: every write raises StoreFull and does nothing. `is_dead`: the process is gone, and every call fails.
    `fails` holds errors that the next commits raise, one each, without doing anything, and `unmarked` those of the next
    marks of effects. `lost_answers` counts commits that are stored and whose answer never comes. `units` are those that
    were stored, `held` those that wait for `let_go`; `refused` counts writes that found no space. `unheard` are names
    of writes that find none, each time.
    """

    def __init__(self, units: list[Unit]) -> None:
        self.is_full = False
        self.is_short_of_space = False
        self.is_dead = False
        self.fails: list[EngineError] = []
        self.unmarked: list[EngineError] = []
        self.refused = 0
        self.unheard: set[str] = set()
        self.lost_answers = 0
        self.units = units
        self.failure: StoreLost | None = None
        self.held: list[Unit] = []
        self._left: int | None = None
        self._broken = 0
        self._is_broken_stored = False
        self._gate = asyncio.Event()
        self._gate.set()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._arrived = asyncio.Event()

    def hold(self) -> None:
        """Holds commits from now on: they are neither stored nor refused until `let_go`."""
        self._gate.clear()

    def let_go(self) -> None:
        """Lets held commits be stored, in the order in which they came."""
        self._gate.set()

    def break_fsync(self, *, is_stored: bool, units: int = 1) -> None:
        """Lets the flush of the next group of so many units fail. `is_stored` says what is found after a restart."""
        self._broken, self._is_broken_stored = units, is_stored

    def die_after(self, units: int) -> None:
        """Ends the process when so many more units are stored: the last one gets no answer."""
        self._left = units
        self.is_dead = units == 0

    async def holding(self, count: int) -> None:
        """Waits until so many commits are held."""
        while len(self.held) < count:
            self._arrived.clear()
            await self._arrived.wait()

    async def idle(self) -> None:
        """Returns when no call is under way; held ones and those without an answer do not count."""
        while self._under_way:
            self._idle.clear()
            await self._idle.wait()

    @property
    def is_idle(self) -> bool:
        """Whether no call is under way."""
        return self._under_way == 0

    async def opened(self, call: Callable[[], Awaitable[StartupState]]) -> StartupState:
        """Passes an opening on: it is under way like any other call."""
        boot: StartupState = await self._counted(call)
        return boot

    async def passed(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Passes a call on, unless an accident is due."""
        if self.is_dead:
            raise StoreLost(f"a dead process used {name} of its store")
        if name in _WRITES and self.failure is not None:
            raise self.failure
        if (name in _WRITES and self.is_full) or name in self.unheard:
            self.refused += 1
            raise StoreFull("no space left on the disk")
        if name == "mark_running" and self.unmarked:
            raise self.unmarked.pop(0)
        return await self._counted(call)

    async def committed(self, unit: Unit, call: Callable[[], Awaitable[Any]]) -> None:
        """Passes a commit on, unless an accident is due."""
        if not self._gate.is_set():
            await self._held_back(unit)
        if self.fails:
            raise self.fails.pop(0)
        if self._broken:
            self._broken -= 1
            await self._flush_failed(unit, call)
        await self.passed("commit", call)
        self.units.append(unit)
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self.is_dead = True
                await asyncio.get_running_loop().create_future()
        if self.lost_answers:
            self.lost_answers -= 1
            await asyncio.get_running_loop().create_future()

    async def _held_back(self, unit: Unit) -> None:
        self.held.append(unit)
        self._arrived.set()
        try:
            await self._gate.wait()
        finally:
            self.held.remove(unit)

    async def _flush_failed(self, unit: Unit, call: Callable[[], Awaitable[Any]]) -> None:
        self.failure = StoreLost("the flush failed; whether the unit is stored shows at the next start")
        if self._is_broken_stored:
            # Units that lose to another one are not in the group, whatever becomes of it.
            with suppress(EngineError):
                await self._counted(call)
                self.units.append(unit)

    async def _counted(self, call: Callable[[], Awaitable[Any]]) -> Any:
        self._under_way += 1
        try:
            return await call()
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()


class _Side:
    """One side of a store, every call of which passes the faults."""

    def __init__(self, store: Store, name: str, faults: Faults) -> None:
        self._store = store
        self._name = name
        self._faults = faults

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        # A store has its sides only while it is open: they are looked up with each call.
        async def call(*args: Any, **kwargs: Any) -> Any:
            method = getattr(getattr(self._store, self._name), name)
            return await self._faults.passed(name, lambda: method(*args, **kwargs))

        return call

    async def commit(self, unit: Unit) -> None:
        """Passes a unit on."""
        await self._faults.committed(unit, lambda: self._store.journal.commit(unit))


class MortalStore(Store, Protocol):
    """A store that can end as the end of a process ends it."""

    async def abandon(self) -> None:
        """Ends at once: what is queued is not stored, nothing is put in order, and another process can take over."""
        ...


class FaultyStore:
    """A store that fails when a test wants it to."""

    def __init__(self, inner: MortalStore, faults: Faults) -> None:
        self.inner = inner
        self.faults = faults
        self.journal = cast("Journal", _Side(inner, "journal", faults))
        self.work = cast("WorkQueue", _Side(inner, "work", faults))
        self.reads = cast("Reads", _Side(inner, "reads", faults))
        self.schedules = cast("Schedules", _Side(inner, "schedules", faults))
        self.datastores = cast("Datastores", _Side(inner, "datastores", faults))
        self.copies = cast("Copies", _Side(inner, "copies", faults))
        self.letters = cast("Letters", _Side(inner, "letters", faults))
        self.decisions = cast("Decisions", _Side(inner, "decisions", faults))
        self.absences = cast("Absences", _Side(inner, "absences", faults))
        self.targets = cast("Targets", _Side(inner, "targets", faults))
        self.trials = cast("Trials", _Side(inner, "trials", faults))
        self.pruning = cast("Pruning", _Side(inner, "pruning", faults))
        self.survey = cast("Survey", _Side(inner, "survey", faults))
        self.figures = cast("Figures", _Side(inner, "figures", faults))
        self.overview = cast("ExecutionOverview", _Side(inner, "overview", faults))

    async def open(self) -> StartupState:
        """Acquires the store."""
        return await self.faults.opened(self.inner.open)

    async def close(self) -> None:
        """Releases the store."""
        await self.inner.close()

    @property
    def is_shared(self) -> bool:
        """Whether other processes store units too."""
        return self.inner.is_shared

    @property
    def is_short_of_space(self) -> bool:
        """Whether the disk is nearly full: as the faults say, or as the store does."""
        return self.faults.is_short_of_space or self.inner.is_short_of_space

    def failure(self) -> Exception | None:
        """Returns the error after which the store accepts no more units."""
        return self.faults.failure or self.inner.failure()
