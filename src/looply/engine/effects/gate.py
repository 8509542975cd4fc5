"""The gate before systems: holds back the effects of a system that is down or in maintenance, and judges outcomes.

Theory of operation. Where no system is down the gate costs one look at an empty mapping. An effect is stopped at three
places: it is not begun in the unit that schedules it (`stops`), it is held when it is offered (`hold`), and a process
that is about to mark it as running asks once more (`enter`), since the offer may have come from another process. Of an
outcome the gate counts whether the system is down (`leave`); the rules are in `outages.py`.

Beside the row of its system, the row of its connection's own way may stop an effect. One of the two decides (`row_of`):
while the way is closed its effects neither probe the system nor take the turns of others; but in a maintenance of the
system nothing is called.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import structlog
from msgspec.structs import replace

from looply.clock import Clock
from looply.engine.effects.held_effects import HeldEffects
from looply.engine.effects.outages import (
    BreakerSettings,
    HealthSign,
    Tallies,
    Turn,
    after_turns,
    allowance,
    down_reason,
    drain_target,
    is_of_connection,
    next_probe,
    open_target,
    outage_text,
    postpone_probe,
    reopen_target,
    sign_of_system,
    sign_of_way,
)
from looply.engine.effects.target_rows import TargetRows, lane_of
from looply.engine.effects.targets import KnownTargets
from looply.engine.ports.dispatch import EffectRef
from looply.engine.processing.observers import ignore
from looply.engine.records.targets import TargetRow, Targets
from looply.execution.facts.commands import EffectDone, EffectFailed, Outage
from looply.slots import Lane

_log = structlog.get_logger(__name__)

Outcome = TypeVar("Outcome", bound=EffectDone | EffectFailed)


class TargetGate:
    """Decides which effects may begin. Without `settings` no outage is found; maintenance holds all the same.

    `on_outage` is called once for each outage, by the process that found it; `on_unknown` when an effect is held until
    its connection was looked up.
    """

    def __init__(
        self, stored: Targets, known: KnownTargets, clock: Clock, settings: BreakerSettings | None = None
    ) -> None:
        self.rows = TargetRows(stored)
        self.held = HeldEffects()
        self.on_outage: Callable[[TargetRow], None] = ignore
        self.on_unknown: Callable[[], None] = ignore
        self.known = known
        self._clock = clock
        self._settings = settings
        self.drain_rate = (settings or BreakerSettings()).drain_rate
        """Attempts a second that are let go at first after an outage."""
        self._tallies = Tallies()
        self.turns: dict[tuple[str, int], Turn] = {}
        """The turns of effects that are about to begin or in flight; one that does not begin is removed."""
        # Turns that were taken from the store at once and not used yet.
        self._pocket: Counter[Lane] = Counter()
        self._changing = asyncio.Lock()

    def row_of(self, lane: Lane) -> TargetRow | None:
        """Returns the row that decides about a lane: that of its system, or of its connection's way to it.

        None when both are as usual, or not known.
        """
        system = self.rows.find(self.known.lane_of(lane))
        way = self.known.way_of(lane)
        closed = self.rows.find(way) if way is not None else None
        if closed is None:
            return system
        now = self._clock.now()
        is_closed = closed.state == "OPEN" or closed.is_paused(now)
        if system is not None and (system.is_paused(now) or (not is_closed and self.is_stopped(system))):
            return system
        return closed

    def is_unknown(self, lane: Lane) -> bool:
        """Returns whether it must be looked up which system a lane leads to, since one of its organization is down."""
        return self.rows.has_any_of(lane.owner) and not self.known.knows(lane)

    def stops(self, lane: Lane) -> bool:
        """Returns whether effects of a lane may not begin now, unless they are let go."""
        if not self.rows:
            return False
        row = self.row_of(lane)
        return self.is_unknown(lane) if row is None else self.is_stopped(row)

    def is_stopped(self, row: TargetRow) -> bool:
        """Returns whether a system is not called as usual now; its maintenance may be yet to come."""
        return row.state != "CLOSED" or row.is_paused(self._clock.now())

    def hold(self, effect: EffectRef) -> bool:
        """Holds an effect back if its lane is stopped; returns whether it is held."""
        if not self.stops(effect.lane):
            return False
        self._hold(effect)
        return True

    def _hold(self, effect: EffectRef, *, is_first: bool = False) -> None:
        self.held.put(effect, self._clock.monotonic(), is_first=is_first)
        if self.is_unknown(effect.lane):
            self.on_unknown()

    async def enter(self, effect: EffectRef) -> bool:
        """Returns whether an effect may begin now; if not, it is held. A turn that it takes is stored before."""
        if not self.stops(effect.lane):
            return True
        turn = None if self.is_unknown(effect.lane) else await self._take_turn(effect.lane)
        if turn is None and self.stops(effect.lane):
            self._hold(effect, is_first=True)
            return False
        if turn is not None:
            self.turns[effect.execution_id, effect.seq] = turn
        return True

    def concerns(self, outcome: EffectDone | EffectFailed) -> bool:
        """Returns whether `leave` has anything to do for an outcome: hardly ever, while all systems work."""
        return bool(self.rows or self._tallies or (self._settings is not None and down_reason(outcome)))

    async def leave(self, effect: EffectRef, outcome: Outcome) -> Outcome:
        """Counts an outcome, and returns it with the outage that it is due to, if its system is not called now."""
        turn = self.turns.pop((effect.execution_id, effect.seq), None)
        system, way = self.known.lane_of(effect.lane), self.known.way_of(effect.lane)
        if "://" not in system.target or self._settings is None:
            return outcome
        reason, is_own = down_reason(outcome), is_of_connection(outcome)
        await self._judge(system, turn, sign_of_system(outcome), "" if is_own else reason)
        if way is not None:
            await self._judge(way, turn, sign_of_way(outcome), reason)
        # A call that names its system by a URL has no way of its own: its failure is that of its step.
        at_fault = way if is_own else system
        if not reason or at_fault is None:
            return outcome
        # A turn may meet another fault than the one that it was to find out about.
        lanes = [at_fault] if turn is None else [at_fault, Lane(system.owner, turn.target)]
        stopped = (row for lane in lanes if (row := self.rows.find(lane)) is not None and self.is_stopped(row))
        row = next(stopped, None)
        return outcome if row is None else replace(outcome, outage=self.outage_of(row))

    async def _judge(self, lane: Lane, turn: Turn | None, sign: HealthSign, reason: str) -> None:
        """Takes what an outcome says of a system or a way: by the turn that was taken from its row, or as a count."""
        if turn is not None and turn.target == lane.target:
            await self._judge_turn(lane, turn, sign, reason)
            return
        row = self.rows.find(lane)
        # A call that began before an outage counts no more.
        is_usual = row is None or row.state == "CLOSED"
        if is_usual and self._tallies.count(lane, self._clock.monotonic(), sign):
            await self._open(lane, reason)

    def outage_of(self, row: TargetRow) -> Outage:
        """Returns the outage as an execution records it that waits for a system."""
        return Outage(row.target, outage_text(row, self._clock.now()))

    async def _open(self, lane: Lane, reason: str) -> None:
        async with self._changing:
            former = self.rows.find(lane)
            if former is not None and former.state != "CLOSED":
                return
            row = open_target(lane.owner, lane.target, self._clock.now(), reason, former)
            if await self.rows.put(row):
                _report(row, self.on_outage)

    async def _take_turn(self, lane: Lane) -> Turn | None:
        async with self._changing:
            row = self.row_of(lane)
            if row is None or not self.is_stopped(row):
                return None
            now, stopped = self._clock.now(), lane_of(row)
            is_probe = row.state == "OPEN"
            if not is_probe and not row.is_paused(now) and self._pocket[stopped]:
                self._pocket[stopped] -= 1
                return Turn(row.target, is_probe=False)
            count = allowance(row, now)
            if not count:
                return None
            if not await self.rows.put(next_probe(row, now) if is_probe else after_turns(row, now, count)):
                return None
            self._pocket[stopped] = 0 if is_probe else count - 1
            return Turn(row.target, is_probe=is_probe)

    async def _judge_turn(self, lane: Lane, turn: Turn, sign: HealthSign, reason: str) -> None:
        """Changes the row by the outcome of an attempt that was let go, unless another one has changed it."""
        async with self._changing:
            row = self.rows.find(lane)
            if row is None or row.state != ("OPEN" if turn.is_probe else "HALF"):
                return
            now = self._clock.now()
            if sign == "down":
                self._pocket[lane] = 0
                opened = reopen_target(row, now, reason)
                # Without a reason the turn was one after a maintenance: then this is the first that is known of it.
                if await self.rows.put(opened) and not row.reason:
                    _report(opened, self.on_outage)
            elif turn.is_probe and sign == "works":
                await self.rows.put(drain_target(row, now, self.drain_rate))
            elif turn.is_probe:
                # With a reason it is a way whose system is down: it is not tried to its end before that is back.
                await self.rows.put(reopen_target(row, now, "") if reason else postpone_probe(row, now))


def _report(row: TargetRow, on_outage: Callable[[TargetRow], None]) -> None:
    _log.error("target_down", organization_id=row.organization_id, target=row.target, reason=row.reason)
    on_outage(row)
