"""The carrier: carries out effects that Temporal has given to this process, and collects what follows from each.

What follows from an outcome is offered while its unit is published, in a task that descends from the effect's own. So a
context variable identifies the effect that it follows from: another branch of the execution, which may run for minutes,
never delays it. By the same variable one following effect is begun here at once, where its target has a free slot: its
row is stored as running with the outcome before it, and no separate transaction is needed to mark it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import timedelta
from typing import Final

from looply.clock import Clock
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.effects.targets import KnownTargets
from looply.engine.ports.dispatch import EffectRef, Perform
from looply.engine.temporal.references import Reference
from looply.engine.temporal.settings import Serving
from looply.errors import EngineError
from looply.slots import Lane

HEARTBEAT_SECONDS: Final = 5.0
"""The interval of heartbeats to Temporal; most effects end before the first one."""

MOST_LINKS: Final = 100
"""The most effects of one chain that one process carries out; longer chains are shared by workers."""

LONGEST: Final = timedelta(seconds=60)
"""After this time a chain begins no further effect."""

WAITING_FACTOR: Final = 16
"""The most effects here for each one that may run at once: most wait for a busy target, and delay no others."""


class WorkerStopping(EngineError):
    """This process stops; another one must carry out the effect, or determine its outcome."""

    again_after = timedelta(seconds=1)
    """Not at once: Temporal might give the effect to this worker again, which is about to stop."""


class OrganizationAtCapacity(WorkerStopping):
    """The effects of the organization that wait here have reached their share."""

    again_after = timedelta(seconds=10)


OnLate = Callable[[str, Sequence[Reference]], None]


class _Carried:
    """One effect from its arrival to its end, shared by all tries of its activity that wait for it.

    `links` is how many effects of its chain came before it; the chain began at `begun_at`.
    """

    __slots__ = (
        "begun_at", "effect", "following", "has_begun", "has_successor",
        "is_done", "links", "outcome", "queue", "waiting",
    )  # fmt: skip

    def __init__(self, effect: EffectRef, queue: str, begun_at: float, links: int = 0) -> None:
        self.effect = effect
        self.queue = queue
        self.begun_at = begun_at
        self.links = links
        self.has_successor = False
        self.following: list[Reference] = []
        self.outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_begun = False
        self.is_done = False
        self.waiting = 0


_carried: ContextVar[_Carried | None] = ContextVar("looply_carried", default=None)


class Carrier:
    """Carries out effects within the limits of `serving`; those of one target wait in the order of arrival.

    `late` is called with what follows from an effect for which no activity waits any more.
    """

    def __init__(self, serving: Serving, late: OnLate, clock: Clock) -> None:
        self._clock = clock
        self.targets = KnownTargets()
        """The targets of lanes, all by their hashes."""
        self._slots = InProcessDispatcher(
            per_queue=serving.host_concurrency, total=serving.concurrency, targets=self.targets
        )
        self._late = late
        self._perform: Perform | None = None
        self._is_leaving = False
        self._carried: dict[tuple[str, int], _Carried] = {}
        self._most_of_owner = max(1, serving.concurrency * WAITING_FACTOR // 2)
        self._of_owner: Counter[str] = Counter()

    def start(self, perform: Perform) -> None:
        """Sets the function that performs effects."""
        self._perform = perform
        self._slots.start(self._run)

    @property
    def is_leaving(self) -> bool:
        """Whether this process takes no more effects."""
        return self._is_leaving

    async def carry(
        self, execution_id: str, reference: Reference, heartbeat: Callable[[], object]
    ) -> Sequence[Reference]:
        """Carries out an effect and returns what follows from it.

        `heartbeat` is called every few seconds. A second call for the same effect waits for the first to end. When the
        caller is cancelled, the effect continues. Raises: WorkerStopping when this process leaves before the end of the
        effect; OrganizationAtCapacity when the organization has half of all effects that may be here.
        """
        if self._is_leaving:
            raise WorkerStopping("the process takes no more effects")
        key = (execution_id, reference.seq)
        carried = self._carried.get(key)
        if carried is None:
            if self._of_owner.get(reference.owner, 0) >= self._most_of_owner:
                raise OrganizationAtCapacity("the organization has half of all effects that may wait here")
            carried = _Carried(_effect(execution_id, reference), reference.queue, self._clock.monotonic())
            self._hold(carried)
            self._slots.offer(carried.effect)
        carried.waiting += 1
        try:
            while not carried.outcome.done():
                await asyncio.wait({carried.outcome}, timeout=HEARTBEAT_SECONDS)
                if not carried.outcome.done():
                    heartbeat()
        finally:
            carried.waiting -= 1
        if not carried.is_done:
            raise WorkerStopping("the process leaves before the end of the effect")
        return carried.following

    def collect(self, execution_id: str, reference: Reference) -> bool:
        """Collects an effect that follows from the one in whose context it is called; false outside of any effect."""
        carried = _carried.get()
        if carried is None or carried.effect.execution_id != execution_id or not self._holds(carried):
            return False
        carried.following.append(reference)
        return True

    def reserve(self, reference: Reference) -> bool:
        """Takes a free slot for one effect that follows from the one in whose context it is called; else false.

        It is false as well where no effect may begin here, because the process leaves or the chain is long.
        """
        carried = _carried.get()
        if carried is None or carried.has_successor or self._is_leaving or not self._holds(carried):
            return False
        is_long = (
            carried.links + 1 >= MOST_LINKS or self._clock.monotonic() - carried.begun_at >= LONGEST.total_seconds()
        )
        if is_long or reference.queue != carried.queue or not self._slots.reserve(_lane(reference)):
            return False
        carried.has_successor = True
        return True

    def release(self, reference: Reference) -> None:
        """Releases a slot that was reserved and is not used."""
        self._slots.release(_lane(reference))
        if (carried := _carried.get()) is not None:
            carried.has_successor = False

    def launch(self, execution_id: str, reference: Reference) -> None:
        """Carries out an effect, whose row is running, in the slot that was reserved for it."""
        parent = _carried.get()
        assert parent is not None
        effect = _effect(execution_id, reference)
        successor = _Carried(effect, reference.queue, parent.begun_at, parent.links + 1)
        # It continues when this process leaves, as every running effect does: no other process could begin it.
        successor.has_begun = True
        self._hold(successor)
        self.collect(execution_id, reference)
        self._slots.launch(effect)

    def carries(self, execution_id: str, seq: int) -> bool:
        """Returns whether the effect has arrived here and has not ended."""
        return (execution_id, seq) in self._carried

    def leave(self) -> None:
        """Takes no more effects and releases the queued ones; running ones continue. Twice is harmless."""
        self._is_leaving = True
        for carried in [each for each in self._carried.values() if not each.has_begun]:
            self._end(carried)

    async def stop(self, drain: timedelta) -> None:
        """Leaves, lets running effects end within `drain`, then abandons them. Twice is harmless."""
        self.leave()
        await self._slots.stop(drain)

    def _hold(self, entry: _Carried) -> None:
        effect = entry.effect
        self._carried[effect.execution_id, effect.seq] = entry
        self._of_owner[effect.lane.owner] += 1

    def _holds(self, entry: _Carried) -> bool:
        return self._carried.get((entry.effect.execution_id, entry.effect.seq)) is entry

    async def _run(self, effect: EffectRef, is_running: bool) -> None:
        carried = self._carried.get((effect.execution_id, effect.seq))
        if carried is None or (not is_running and (carried.has_begun or self._is_leaving)):
            return
        assert self._perform is not None
        carried.has_begun = True
        _carried.set(carried)
        try:
            await self._perform(effect, is_running)
            carried.is_done = True
        finally:
            self._end(carried)

    def _end(self, entry: _Carried) -> None:
        effect = entry.effect
        del self._carried[effect.execution_id, effect.seq]
        self._of_owner[effect.lane.owner] -= 1
        if not self._of_owner[effect.lane.owner]:
            del self._of_owner[effect.lane.owner]
        if not entry.outcome.done():
            entry.outcome.set_result(None)
        if entry.following and not (entry.waiting and entry.is_done):
            self._late(effect.execution_id, entry.following)


def _effect(execution_id: str, reference: Reference) -> EffectRef:
    return EffectRef(execution_id, reference.seq, _lane(reference))


def _lane(reference: Reference) -> Lane:
    # Organization and target are known here only by their hashes; the row has the names.
    return Lane(reference.owner, reference.lane)
