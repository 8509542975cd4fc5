"""Fair scheduling of call slots: no owner and no slow target keeps the others waiting.

Pure: time is an argument, and nothing here runs work. An owner is an organization, a target is a system that it calls.
"""

from collections import OrderedDict, deque
from typing import Final, Generic, NamedTuple, TypeVar

Item = TypeVar("Item")

QUICK_SECONDS: Final = 1.0
"""A target is quick when its last call returned within this time, and no later call has been silent for longer."""

QUICK_SLOTS: Final = 16
"""Slots that stay free for targets that are quick, of all owners together; of few slots an eighth."""

_REMEMBERED: Final = 10_000
"""Idle targets that are remembered as quick."""


class Lane(NamedTuple):
    """A target of one owner, with a queue of its own. Equal targets of two owners are two lanes."""

    owner: str
    target: str


class _LaneState(Generic[Item]):
    """Running and queued work of one lane. `active_at`: when a call last began on an idle lane, or returned."""

    __slots__ = ("active_at", "is_quick", "queue", "running")

    def __init__(self) -> None:
        self.running = 0
        self.queue: deque[Item] = deque()
        self.is_quick = False
        self.active_at = 0.0


class _OwnerState(Generic[Item]):
    """The lanes of one owner. `unproven` counts its running work at targets that are not quick.

    `ready` holds the lanes with queued work and a free slot, by whether they are quick, in round-robin order.
    """

    __slots__ = ("lanes", "prefers_quick", "ready", "running", "unproven")

    def __init__(self) -> None:
        self.running = 0
        self.unproven = 0
        self.lanes: dict[str, _LaneState[Item]] = {}
        self.ready: dict[bool, OrderedDict[str, _LaneState[Item]]] = {True: OrderedDict(), False: OrderedDict()}
        self.prefers_quick = False


class FairSlots(Generic[Item]):
    """At most `total` slots at once, at most `per_lane` for one target of one owner.

    Guarantees: an owner takes a slot only while it holds fewer than are free, so it never holds more than half (rounded
    up), and the rest is left to other owners. Of its half at most three quarters are held at targets that are not
    known to be quick. Such targets leave `QUICK_SLOTS` free, but for one slot of an owner that holds no other. Queued
    work gets a slot before new work: first in, first out within a lane, round-robin among
    the lanes of an owner and among owners. Every operation takes time in proportion to the owners with queued work.
    """

    def __init__(self, *, total: int, per_lane: int) -> None:
        self._total = total
        self._per_lane = per_lane
        half = (total + 1) // 2
        self._most_unproven = max(1, half - half // 4)
        self._most_unproven_of_all = total - min(QUICK_SLOTS, total // 8)
        self._unproven = 0
        self._owners: dict[str, _OwnerState[Item]] = {}
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._quick: OrderedDict[Lane, None] = OrderedDict()
        self.count = 0

    def try_acquire(self, lane: Lane, now: float) -> bool:
        """Takes a slot at once; false when none is free for the lane, or when the lane has queued work."""
        owner = self._owners.get(lane.owner)
        state = owner.lanes.get(lane.target) if owner is not None else None
        if owner is None or state is None:
            owner, state = self._get_or_create(lane)
        self._demote_if_silent(owner, lane, state, now)
        if state.queue or state.running >= self._per_lane or not self._may_acquire(owner, is_quick=state.is_quick):
            self._drop_if_idle(lane)
            return False
        self._begin(owner, state, now)
        return True

    def put(self, lane: Lane, item: Item) -> None:
        """Appends an item to the queue of its lane."""
        owner, state = self._get_or_create(lane)
        state.queue.append(item)
        self._make_ready(lane, owner, state)

    def next(self, now: float) -> Item | None:
        """Takes a slot for the next queued item and returns the item; None when nothing may begin now."""
        if self.count >= self._total:
            return None
        for name in list(self._waiting):
            owner = self._owners[name]
            if (target := self._pick_target(name, owner, now)) is None:
                continue
            state = owner.lanes[target]
            item = state.queue.popleft()
            self._begin(owner, state, now)
            if state.queue and state.running < self._per_lane:
                owner.ready[state.is_quick][target] = state
            if any(owner.ready.values()):
                self._waiting.move_to_end(name)
            else:
                del self._waiting[name]
            return item
        return None

    def release(self, lane: Lane, now: float, seconds: float | None = None) -> None:
        """Releases a slot, after `seconds` of work; None: it was not used."""
        owner = self._owners[lane.owner]
        state = owner.lanes[lane.target]
        state.running -= 1
        owner.running -= 1
        self._count_unproven(owner, -(not state.is_quick))
        self.count -= 1
        if seconds is not None:
            state.active_at = now
            self._set_quick(owner, lane, state, is_quick=seconds <= QUICK_SECONDS)
        self._make_ready(lane, owner, state)
        self._drop_if_idle(lane)

    def clear(self) -> None:
        """Empties all queues; slots that are held remain held."""
        self._waiting.clear()
        for owner in self._owners.values():
            for state in owner.lanes.values():
                state.queue.clear()
            for group in owner.ready.values():
                group.clear()

    def _may_acquire(self, owner: _OwnerState[Item], *, is_quick: bool) -> bool:
        """Returns whether an owner may take a slot: while it holds fewer than are free, so also the last free one."""
        if owner.running >= self._total - self.count:
            return False
        if is_quick:
            return True
        is_crowded = self._unproven >= self._most_unproven_of_all
        return owner.unproven < self._most_unproven and not (is_crowded and owner.running)

    def _count_unproven(self, owner: _OwnerState[Item], change: int) -> None:
        owner.unproven += change
        self._unproven += change

    def _begin(self, owner: _OwnerState[Item], state: _LaneState[Item], now: float) -> None:
        if not state.running:
            state.active_at = now
        state.running += 1
        owner.running += 1
        self._count_unproven(owner, int(not state.is_quick))
        self.count += 1

    def _pick_target(self, name: str, owner: _OwnerState[Item], now: float) -> str | None:
        """Removes and returns the next target from the owner's ready lanes, quick and other lanes in alternation."""
        owner.prefers_quick = not owner.prefers_quick
        # A target that turns out to be slow moves to the other group, so that group is looked at once more.
        for is_quick in (owner.prefers_quick, not owner.prefers_quick, False):
            group = owner.ready[is_quick]
            while group and self._may_acquire(owner, is_quick=is_quick):
                target, state = group.popitem(last=False)
                self._demote_if_silent(owner, Lane(name, target), state, now)
                if state.is_quick == is_quick:
                    return target
                owner.ready[state.is_quick][target] = state
        return None

    def _demote_if_silent(self, owner: _OwnerState[Item], lane: Lane, state: _LaneState[Item], now: float) -> None:
        """Marks a target as not quick when its calls have returned nothing for too long, before they end."""
        if state.is_quick and state.running and now - state.active_at > QUICK_SECONDS:
            self._set_quick(owner, lane, state, is_quick=False)

    def _set_quick(self, owner: _OwnerState[Item], lane: Lane, state: _LaneState[Item], *, is_quick: bool) -> None:
        if state.is_quick is is_quick:
            return
        state.is_quick = is_quick
        self._count_unproven(owner, -state.running if is_quick else state.running)
        if owner.ready[not is_quick].pop(lane.target, None) is not None:
            owner.ready[is_quick][lane.target] = state

    def _get_or_create(self, lane: Lane) -> tuple[_OwnerState[Item], _LaneState[Item]]:
        owner = self._owners.get(lane.owner)
        if owner is None:
            owner = self._owners[lane.owner] = _OwnerState()
        state = owner.lanes.get(lane.target)
        if state is None:
            state = owner.lanes[lane.target] = _LaneState()
            state.is_quick = lane in self._quick
        return owner, state

    def _make_ready(self, lane: Lane, owner: _OwnerState[Item], state: _LaneState[Item]) -> None:
        if state.queue and state.running < self._per_lane:
            owner.ready[state.is_quick].setdefault(lane.target, state)
            self._waiting.setdefault(lane.owner, None)

    def _drop_if_idle(self, lane: Lane) -> None:
        """Removes an idle lane, and an owner without lanes; remembers only whether the target is quick."""
        owner = self._owners[lane.owner]
        state = owner.lanes[lane.target]
        if state.running or state.queue:
            return
        del owner.lanes[lane.target]
        if not owner.lanes:
            del self._owners[lane.owner]
        self._quick.pop(lane, None)
        if state.is_quick:
            self._quick[lane] = None
            if len(self._quick) > _REMEMBERED:
                self._quick.popitem(last=False)
