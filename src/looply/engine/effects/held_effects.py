"""The effects that this process holds back because their system is not called at present.

Their rows stay QUEUED in the store, so nothing is lost with this process.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import NamedTuple

from looply.engine.ports.dispatch import EffectRef
from looply.slots import Lane

_Key = tuple[str, int]


class HeldEffect(NamedTuple):
    """An effect, and the monotonic instant from which on it is held."""

    effect: EffectRef
    since: float


class HeldEffects:
    """Effects by lane, each in the order in which they came; one that was let go in vain comes first again."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, OrderedDict[_Key, HeldEffect]] = {}
        self._unparked: OrderedDict[_Key, HeldEffect] = OrderedDict()

    @property
    def lanes(self) -> Collection[Lane]:
        """The lanes of which effects are held."""
        return tuple(self._lanes)

    def count(self, lane: Lane) -> int:
        """Returns how many effects of a lane are held."""
        return len(self._lanes.get(lane, ()))

    def put(self, effect: EffectRef, now: float, *, is_first: bool = False) -> None:
        """Holds an effect, once however often it is put."""
        held = self._lanes.setdefault(effect.lane, OrderedDict())
        key = (effect.execution_id, effect.seq)
        if key not in held:
            # One that comes first may be new: its offer was on the way while its system went down.
            held[key] = self._unparked[key] = HeldEffect(effect, now)
            if is_first:
                held.move_to_end(key, last=False)

    def take(self, lane: Lane, most: int) -> Sequence[EffectRef]:
        """Removes and returns the first effects of a lane."""
        held = self._lanes.get(lane)
        if held is None:
            return ()
        taken = [held.popitem(last=False) for _ in range(min(most, len(held)))]
        if not held:
            del self._lanes[lane]
        for key, _ in taken:
            self._unparked.pop(key, None)
        return [each.effect for _, each in taken]

    def remove(self, effect: EffectRef) -> None:
        """Holds an effect no more: its attempt is over."""
        held = self._lanes.get(effect.lane)
        if held is not None:
            held.pop((effect.execution_id, effect.seq), None)
            if not held:
                del self._lanes[effect.lane]

    def take_unparked(self, until: float, most: int) -> Sequence[EffectRef]:
        """Returns effects that are held since `until` or before and that no call of this method has returned yet."""
        found: list[EffectRef] = []
        while self._unparked and len(found) < most:
            key, held = next(iter(self._unparked.items()))
            if held.since > until:
                break
            del self._unparked[key]
            found.append(held.effect)
        return found

    def clear(self) -> None:
        """Holds nothing more: the store has the rows."""
        self._lanes.clear()
        self._unparked.clear()
