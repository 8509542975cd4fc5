"""The dispatcher behind the gate: effects of a system that is not called at present stay queued."""

from datetime import timedelta

from looply.engine.effects.gate import TargetGate
from looply.engine.ports.dispatch import Dispatcher, EffectRef, Perform
from looply.slots import Lane


class GatedDispatcher:
    """See `looply.engine.ports.dispatch.Dispatcher`. `looply.engine.upkeep.target_watch` lets held effects go."""

    def __init__(self, gate: TargetGate, others: Dispatcher) -> None:
        self._gate = gate
        self._others = others

    def reserve(self, lane: Lane) -> bool:
        """Takes a free slot of the target; false when the effect must queue, or its system is not called."""
        return not self._gate.stops(lane) and self._others.reserve(lane)

    def release(self, lane: Lane) -> None:
        """Releases a slot that was reserved and is not used."""
        self._others.release(lane)

    def launch(self, effect: EffectRef) -> None:
        """Performs an effect in the slot that was reserved for it."""
        self._others.launch(effect)

    def offer(self, effect: EffectRef) -> None:
        """Performs a queued effect as soon as its target has a free slot, and its system is called."""
        if not self._gate.hold(effect):
            self._others.offer(effect)

    def let_go(self, effect: EffectRef) -> None:
        """Offers an effect that was held: it asks for its turn when it is about to begin, unless it is given up."""
        self._gate.held.remove(effect)
        self._others.offer(effect)

    def start(self, perform: Perform) -> None:
        """Sets the function that performs effects; nothing runs before."""
        self._others.start(perform)

    async def stop(self, drain: timedelta) -> None:
        """Accepts no more, lets running effects end within `drain`, then abandons them. Twice is harmless."""
        self._gate.held.clear()
        await self._others.stop(drain)
