"""The port of dispatchers: they run effects and limit how many run at once for each target."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple, Protocol

from looply.slots import Lane


class EffectRef(NamedTuple):
    """The identity of an effect: its execution and the number of the event that scheduled the attempt.

    `lane` is the organization with the target that limits the effect.
    """

    execution_id: str
    seq: int
    lane: Lane


Perform = Callable[[EffectRef, bool], Awaitable[None]]
"""Runs one effect and reports its outcome; the flag says whether its row is RUNNING already. Never raises."""


class Dispatcher(Protocol):
    """Runs effects. An offered one is performed at least once; offering it again is harmless: the row decides."""

    def reserve(self, lane: Lane) -> bool:
        """Takes a free slot of the target for an effect that is about to be stored; false when it must queue."""
        ...

    def release(self, lane: Lane) -> None:
        """Releases a slot that was reserved and is not used."""
        ...

    def launch(self, effect: EffectRef) -> None:
        """Performs an effect in the slot that was reserved for it."""
        ...

    def offer(self, effect: EffectRef) -> None:
        """Performs a queued effect as soon as its target has a free slot, in the order of offering."""
        ...

    def start(self, perform: Perform) -> None:
        """Sets the function that performs effects; nothing runs before."""
        ...

    async def stop(self, drain: timedelta) -> None:
        """Accepts no more, lets running effects end within `drain`, then abandons them. Twice is harmless."""
        ...
