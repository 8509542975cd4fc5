"""The effects that this process holds back because their system is not called at present.

Their rows stay QUEUED in the store, so nothing is lost with this process.
"""

import heapq
from collections import OrderedDict
from collections.abc import Collection, Sequence
from itertools import islice, takewhile
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from looply.engine.ports.dispatch import EffectRef
from looply.slots import Lane

_Key: TypeAlias = tuple[str, int]


class HeldEffect(NamedTuple):
    """An effect, and the monotonic instant from which on it is held, or waits to be looked at."""

    effect: EffectRef
    since: float


_Lanes: TypeAlias = dict[Lane, OrderedDict[_Key, HeldEffect]]


class HeldEffects:
    """Effects by lane, each in the order in which they came; one that was let go in vain comes first again.

    An effect is to be looked at once for each time that it is put: whether it is recorded that it waits, and whether it
    still may. That is so also where it is held already, since another process may have changed its execution.
    """

    def __init__(self) -> None:
        self._lanes: _Lanes = {}
        self._unseen: _Lanes = {}
        # Those that could not be looked at, by the instants at which that is tried again.
        self._later: OrderedDict[_Key, HeldEffect] = OrderedDict()

    @property
    def lanes(self) -> Collection[Lane]:
        """The lanes of which effects are held."""
        return tuple(self._lanes)

    def count(self, lane: Lane) -> int:
        """Returns how many effects of a lane are held."""
        return len(self._lanes.get(lane, ()))

    def put(self, effect: EffectRef, now: float, *, is_first: bool = False) -> None:
        """Holds an effect, once however often it is put, and has it looked at."""
        held = self._lanes.setdefault(effect.lane, OrderedDict())
        key = _key_of(effect)
        if key not in held:
            # One that comes first may be new: its offer was on the way while its system went down.
            held[key] = HeldEffect(effect, now)
            if is_first:
                held.move_to_end(key, last=False)
        if key not in self._later:
            self._unseen.setdefault(effect.lane, OrderedDict()).setdefault(key, HeldEffect(effect, now))

    def take(self, lane: Lane, most: int) -> Sequence[EffectRef]:
        """Removes and returns the first effects of a lane."""
        taken = [each.effect for each in islice(self._lanes.get(lane, OrderedDict()).values(), most)]
        for effect in taken:
            self.remove(effect)
        return taken

    def remove(self, effect: EffectRef) -> None:
        """Holds an effect no more: it is let go, or its attempt is over."""
        _drop(self._lanes, effect)
        _drop(self._unseen, effect)
        self._later.pop(_key_of(effect), None)

    def take_unseen(self, lanes: Collection[Lane], until: float, most: int) -> Sequence[EffectRef]:
        """Returns effects of these lanes that were put at `until` or before and not looked at since, oldest first."""
        while self._later and (first := next(iter(self._later.values()))).since <= until:
            del self._later[_key_of(first.effect)]
            self.put(first.effect, first.since)
        unseen = [self._unseen[lane].values() for lane in lanes if lane in self._unseen]
        due = takewhile(lambda each: each.since <= until, heapq.merge(*unseen, key=attrgetter("since")))
        found = [each.effect for each in islice(due, most)]
        for effect in found:
            _drop(self._unseen, effect)
        return found

    def look_later(self, effect: EffectRef, at: float) -> None:
        """Has an effect looked at from an instant on, which is later than those of all other calls, if it is held."""
        key = _key_of(effect)
        if key in self._lanes.get(effect.lane, ()):
            self._later.pop(key, None)
            self._later[key] = HeldEffect(effect, at)

    def clear(self) -> None:
        """Holds nothing more: the store has the rows."""
        self._lanes.clear()
        self._unseen.clear()
        self._later.clear()


def _key_of(effect: EffectRef) -> _Key:
    return effect.execution_id, effect.seq


def _drop(lanes: _Lanes, effect: EffectRef) -> None:
    held = lanes.get(effect.lane)
    if held is not None:
        held.pop(_key_of(effect), None)
        if not held:
            del lanes[effect.lane]
