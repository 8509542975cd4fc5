"""The dispatcher of a shell: effects that the engine carries out itself run in this process, others are dispatched.

An operation on a datastore needs the store and nothing else, so no worker has to serve it: the process whose unit
schedules it carries it out. Where that process ends before, the row remains, and another process recovers the effect
like any other.
"""

import asyncio
from datetime import timedelta
from typing import Final

from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.ports.dispatch import Dispatcher, EffectRef, Perform
from looply.execution.facts.datastores import is_datastore_operation
from looply.slots import Lane

_AT_ONCE: Final = 256
_OF_ONE_AT_ONCE: Final = 16
"""The most of one operation on one datastore: those on a busy one wait for each other, and leave slots for others."""


class LocalFirstDispatcher:
    """See `looply.engine.ports.dispatch.Dispatcher`; the name of an effect's target begins with its operation."""

    def __init__(self, others: Dispatcher) -> None:
        self._others = others
        self._own = InProcessDispatcher(per_queue=_OF_ONE_AT_ONCE, total=_AT_ONCE)

    def reserve(self, lane: Lane) -> bool:
        """Takes a free slot of the target; false when the effect must queue."""
        return self._of(lane).reserve(lane)

    def release(self, lane: Lane) -> None:
        """Releases a slot that was reserved and is not used."""
        self._of(lane).release(lane)

    def launch(self, effect: EffectRef) -> None:
        """Performs an effect in the slot that was reserved for it."""
        self._of(effect.lane).launch(effect)

    def offer(self, effect: EffectRef) -> None:
        """Performs a queued effect as soon as its target has a free slot."""
        self._of(effect.lane).offer(effect)

    def start(self, perform: Perform) -> None:
        """Sets the function that performs effects; nothing runs before."""
        self._own.start(perform)
        self._others.start(perform)

    async def stop(self, drain: timedelta) -> None:
        """Accepts no more, lets running effects end within `drain`, then abandons them. Twice is harmless."""
        await asyncio.gather(self._others.stop(drain), self._own.stop(drain))

    def _of(self, lane: Lane) -> Dispatcher:
        return self._own if is_datastore_operation(lane.target) else self._others
