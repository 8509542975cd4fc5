"""Slots for work that runs at once, shared so that no owner and no slow target keeps the others waiting.

Pure: time is an argument, nothing here runs anything. An owner is an organization, a target a system that it calls.
"""

from collections import OrderedDict, deque
from typing import Final, Generic, NamedTuple, TypeVar

Item = TypeVar("Item")

QUICK_SECONDS: Final = 1.0
"""A target is quick when its last call came back within this time, and none has kept silent for longer since."""

_REMEMBERED: Final = 10_000
"""So many targets with nothing to do are remembered as quick."""


class Lane(NamedTuple):
    """A target as one owner calls it. Equal targets of two owners have nothing in common."""

    owner: str
    target: str


class _Lane(Generic[Item]):
    """What runs and what waits for one target of one owner. `heard_at`: when something last began or came back."""

    __slots__ = ("heard_at", "is_quick", "line", "running")

    def __init__(self) -> None:
        self.running = 0
        self.line: deque[Item] = deque()
        self.is_quick = False
        self.heard_at = 0.0


class _Owner(Generic[Item]):
    """The lanes of one owner. `unproven` of what runs is at targets that are not quick.

    The lanes of `ready` have something in line and room for it, by whether they are quick, next one first.
    """

    __slots__ = ("lanes", "ready", "running", "turn", "unproven")

    def __init__(self) -> None:
        self.running = 0
        self.unproven = 0
        self.lanes: dict[str, _Lane[Item]] = {}
        self.ready: dict[bool, OrderedDict[str, _Lane[Item]]] = {True: OrderedDict(), False: OrderedDict()}
        self.turn = False


class FairSlots(Generic[Item]):
    """At most `total` slots at once, at most `per_lane` for one target of one owner.

    Guarantees: an owner takes a slot only while it holds fewer than are free, so it never holds more than half (rounded
    up), and what others need is left to them. Of its half at most three quarters are held at targets that are not
    known to be quick. Who waits gets a slot before who comes: first in, first out for one target, in turns for the
    targets of an owner and for the owners. Every operation takes time in proportion to the owners that wait.
    """

    def __init__(self, *, total: int, per_lane: int) -> None:
        self._total = total
        self._per_lane = per_lane
        half = (total + 1) // 2
        self._most_unproven = max(1, half - half // 4)
        self._owners: dict[str, _Owner[Item]] = {}
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._quick: OrderedDict[Lane, None] = OrderedDict()
        self.count = 0

    def take(self, lane: Lane, now: float) -> bool:
        """Takes a slot at once; false where there is none for the lane, or where others of the lane wait."""
        owner = self._owners.get(lane.owner)
        known = owner.lanes.get(lane.target) if owner is not None else None
        if owner is None or known is None:
            owner, known = self._opened(lane)
        self._judge(owner, lane, known, now)
        if known.line or known.running >= self._per_lane or not self._may_take(owner, is_quick=known.is_quick):
            self._forget(lane)
            return False
        self._begin(owner, known, now)
        return True

    def put(self, lane: Lane, item: Item) -> None:
        """Puts an item at the end of its lane's line."""
        owner, known = self._opened(lane)
        known.line.append(item)
        self._make_ready(lane, owner, known)

    def next(self, now: float) -> Item | None:
        """Takes a slot for the item whose turn it is, and returns the item; None when nothing may begin now."""
        if self.count >= self._total:
            return None
        for name in list(self._waiting):
            owner = self._owners[name]
            if (target := self._chosen(name, owner, now)) is None:
                continue
            known = owner.lanes[target]
            item = known.line.popleft()
            self._begin(owner, known, now)
            if known.line and known.running < self._per_lane:
                owner.ready[known.is_quick][target] = known
            if any(owner.ready.values()):
                self._waiting.move_to_end(name)
            else:
                del self._waiting[name]
            return item
        return None

    def release(self, lane: Lane, now: float, seconds: float | None = None) -> None:
        """Gives a slot back, after `seconds` of work; without them it was not used."""
        owner = self._owners[lane.owner]
        known = owner.lanes[lane.target]
        known.running -= 1
        owner.running -= 1
        owner.unproven -= not known.is_quick
        self.count -= 1
        if seconds is not None:
            known.heard_at = now
            self._set_quick(owner, lane, known, is_quick=seconds <= QUICK_SECONDS)
        self._make_ready(lane, owner, known)
        self._forget(lane)

    def clear(self) -> None:
        """Empties all lines; what holds a slot holds it."""
        self._waiting.clear()
        for owner in self._owners.values():
            for known in owner.lanes.values():
                known.line.clear()
            for group in owner.ready.values():
                group.clear()

    def _may_take(self, owner: _Owner[Item], *, is_quick: bool) -> bool:
        """An owner holds fewer than are free; with all slots but one held by others, it still gets that one."""
        if owner.running >= self._total - self.count:
            return False
        return is_quick or owner.unproven < self._most_unproven

    def _begin(self, owner: _Owner[Item], known: _Lane[Item], now: float) -> None:
        if not known.running:
            known.heard_at = now
        known.running += 1
        owner.running += 1
        owner.unproven += not known.is_quick
        self.count += 1

    def _chosen(self, name: str, owner: _Owner[Item], now: float) -> str | None:
        """Returns the target whose turn it is among those of an owner, taken out of those that are ready."""
        owner.turn = not owner.turn
        # A target that turns out to be slow has changed its group, so that one is looked at once more.
        for is_quick in (owner.turn, not owner.turn, False):
            group = owner.ready[is_quick]
            while group and self._may_take(owner, is_quick=is_quick):
                target, known = group.popitem(last=False)
                self._judge(owner, Lane(name, target), known, now)
                if known.is_quick == is_quick:
                    return target
                owner.ready[known.is_quick][target] = known
        return None

    def _judge(self, owner: _Owner[Item], lane: Lane, known: _Lane[Item], now: float) -> None:
        """A target from which nothing came back for long is quick no more, though its calls have not ended."""
        if known.is_quick and known.running and now - known.heard_at > QUICK_SECONDS:
            self._set_quick(owner, lane, known, is_quick=False)

    def _set_quick(self, owner: _Owner[Item], lane: Lane, known: _Lane[Item], *, is_quick: bool) -> None:
        if known.is_quick is is_quick:
            return
        known.is_quick = is_quick
        owner.unproven += -known.running if is_quick else known.running
        if owner.ready[not is_quick].pop(lane.target, None) is not None:
            owner.ready[is_quick][lane.target] = known

    def _opened(self, lane: Lane) -> tuple[_Owner[Item], _Lane[Item]]:
        owner = self._owners.get(lane.owner)
        if owner is None:
            owner = self._owners[lane.owner] = _Owner()
        known = owner.lanes.get(lane.target)
        if known is None:
            known = owner.lanes[lane.target] = _Lane()
            known.is_quick = lane in self._quick
        return owner, known

    def _make_ready(self, lane: Lane, owner: _Owner[Item], known: _Lane[Item]) -> None:
        if known.line and known.running < self._per_lane:
            owner.ready[known.is_quick].setdefault(lane.target, known)
            self._waiting.setdefault(lane.owner, None)

    def _forget(self, lane: Lane) -> None:
        """Lets go of a lane that has nothing to do, and of an owner without lanes; only who is quick is remembered."""
        owner = self._owners[lane.owner]
        known = owner.lanes[lane.target]
        if known.running or known.line:
            return
        del owner.lanes[lane.target]
        if not owner.lanes:
            del self._owners[lane.owner]
        self._quick.pop(lane, None)
        if known.is_quick:
            self._quick[lane] = None
            if len(self._quick) > _REMEMBERED:
                self._quick.popitem(last=False)
