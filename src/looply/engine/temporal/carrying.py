"""The carrier: carries out effects that were handed to this process, and collects what follows from each.

What follows from an outcome is offered while its unit is published, in a task that stems from the effect's own. So a
context variable tells whose it is: another branch of the execution, which may run for minutes, never holds it back.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import timedelta
from typing import Final

from looply.engine.dispatch import EffectRef, InProcessDispatcher, Perform
from looply.engine.temporal.references import Reference
from looply.engine.temporal.settings import Serving
from looply.errors import EngineError

BEAT_SECONDS: Final = 5.0
"""Temporal hears of an effect that takes so long; most are over before."""


class GivenBack(EngineError):
    """This process leaves; another one must carry the effect out, or find out what became of it."""


Late = Callable[[str, Sequence[Reference]], None]


class _Carried:
    """One effect from its arrival to its end, for all tries of its activity that wait for it."""

    __slots__ = ("effect", "following", "has_begun", "is_done", "outcome", "waiting")

    def __init__(self, effect: EffectRef) -> None:
        self.effect = effect
        self.following: list[Reference] = []
        self.outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_begun = False
        self.is_done = False
        self.waiting = 0


_carried: ContextVar[_Carried | None] = ContextVar("looply_carried", default=None)


class Carrier:
    """Carries out effects within the limits of `serving`; those of one target wait in the order of arrival.

    `late` is told what follows from an effect for which nobody waits any more.
    """

    def __init__(self, serving: Serving, late: Late) -> None:
        self._slots = InProcessDispatcher(per_queue=serving.host_concurrency, total=serving.concurrency)
        self._late = late
        self._perform: Perform | None = None
        self._is_leaving = False
        self._carried: dict[tuple[str, int], _Carried] = {}

    def start(self, perform: Perform) -> None:
        """Gives the function that performs effects."""
        self._perform = perform
        self._slots.start(self._run)

    @property
    def is_leaving(self) -> bool:
        """Whether this process takes no more effects."""
        return self._is_leaving

    async def carry(self, execution_id: str, reference: Reference, beat: Callable[[], object]) -> Sequence[Reference]:
        """Carries out an effect and returns what follows from it.

        `beat` is called every few seconds. A second call for the same effect waits for the first one's end. When the
        caller goes away, the effect goes on.
        Raises: GivenBack when this process leaves before the effect is at its end.
        """
        if self._is_leaving:
            raise GivenBack("the process takes no more effects")
        key = (execution_id, reference.seq)
        carried = self._carried.get(key)
        if carried is None:
            # The lane is all that is known of the target here; the row knows the rest.
            effect = EffectRef(execution_id, reference.seq, reference.lane)
            carried = self._carried[key] = _Carried(effect)
            self._slots.offer(effect)
        carried.waiting += 1
        try:
            while not carried.outcome.done():
                await asyncio.wait({carried.outcome}, timeout=BEAT_SECONDS)
                if not carried.outcome.done():
                    beat()
        finally:
            carried.waiting -= 1
        if not carried.is_done:
            raise GivenBack("the process leaves before the end of the effect")
        return carried.following

    def collect(self, execution_id: str, reference: Reference) -> bool:
        """Takes what follows from the effect in whose course it is called; false when it follows from none."""
        carried = _carried.get()
        if carried is None or carried.effect.execution_id != execution_id or not self._holds(carried):
            return False
        carried.following.append(reference)
        return True

    def carries(self, execution_id: str, seq: int) -> bool:
        """Returns whether the effect has arrived here and has not ended."""
        return (execution_id, seq) in self._carried

    def leave(self) -> None:
        """Takes nothing new and gives back what waits for its turn; what runs goes on. Twice is harmless."""
        self._is_leaving = True
        for carried in [each for each in self._carried.values() if not each.has_begun]:
            self._end(carried)

    async def stop(self, drain: timedelta) -> None:
        """Leaves, lets what runs end within `drain`, then abandons it. Twice is harmless."""
        self.leave()
        await self._slots.stop(drain)

    def _holds(self, carried: _Carried) -> bool:
        return self._carried.get((carried.effect.execution_id, carried.effect.seq)) is carried

    async def _run(self, effect: EffectRef, _is_running: bool) -> None:
        carried = self._carried.get((effect.execution_id, effect.seq))
        if carried is None or carried.has_begun or self._is_leaving:
            return
        assert self._perform is not None
        carried.has_begun = True
        _carried.set(carried)
        try:
            await self._perform(effect, False)
            carried.is_done = True
        finally:
            self._end(carried)

    def _end(self, carried: _Carried) -> None:
        del self._carried[carried.effect.execution_id, carried.effect.seq]
        if not carried.outcome.done():
            carried.outcome.set_result(None)
        if carried.following and not (carried.waiting and carried.is_done):
            self._late(carried.effect.execution_id, carried.following)
