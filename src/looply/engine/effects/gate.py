"""The gate before systems: holds back the effects of a system that is down or in maintenance, and judges outcomes.

Theory of operation. Where no system is down the gate costs one look at an empty mapping. An effect is stopped at three
places: it is not begun in the unit that schedules it (`stops`), it is held when it is offered (`hold`), and a process
that is about to mark it as running asks once more (`enter`), since the offer may have come from another process. Of an
outcome the gate counts whether the system is down (`leave`); the rules are in `outages.py`.
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
    Tally,
    Turn,
    after_turns,
    allowance,
    down_reason,
    drain_target,
    next_probe,
    open_target,
    outage_text,
    postpone_probe,
    reopen_target,
    says_nothing,
)
from looply.engine.effects.target_rows import TargetRows
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
        self._tallies: dict[Lane, Tally] = {}
        self.turns: dict[tuple[str, int], Turn] = {}
        """The turns of effects that are about to begin or in flight; one that does not begin is removed."""
        # Turns that were taken from the store at once and not used yet.
        self._pocket: Counter[Lane] = Counter()
        self._changing = asyncio.Lock()

    def row_of(self, lane: Lane) -> TargetRow | None:
        """Returns the row of the system that a lane leads to, None when it is called as usual or is not known."""
        return self.rows.find(self.known.lane_of(lane))

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
        turn = None if self.is_unknown(effect.lane) else await self._take_turn(self.known.lane_of(effect.lane))
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
        lane = self.known.lane_of(effect.lane)
        if "://" not in lane.target or self._settings is None:
            return outcome
        reason = down_reason(outcome)
        if turn is not None:
            await self._judge_turn(lane, turn, outcome, reason)
        elif self._counts(lane, is_failure=bool(reason), is_answer=not says_nothing(outcome)):
            await self._open(lane, reason)
        row = self.rows.find(lane)
        if not reason or row is None or not self.is_stopped(row):
            return outcome
        return replace(outcome, outage=self.outage_of(row))

    def outage_of(self, row: TargetRow) -> Outage:
        """Returns the outage as an execution records it that waits for a system."""
        return Outage(row.target, outage_text(row, self._clock.now()))

    def _counts(self, lane: Lane, *, is_failure: bool, is_answer: bool) -> bool:
        """Counts a usual call; returns whether the system must be opened."""
        row = self.rows.find(lane)
        if row is not None and row.state != "CLOSED":
            return False  # it began before the outage
        tally = self._tallies.get(lane)
        if not is_failure and (tally is None or not is_answer):
            return False
        if tally is None:
            tally = self._tallies[lane] = Tally()
        is_down = tally.count(self._clock.monotonic(), is_failure=is_failure)
        if is_down or tally.is_clean:
            del self._tallies[lane]
        return is_down

    async def _open(self, lane: Lane, reason: str) -> None:
        async with self._changing:
            former = self.rows.find(lane)
            if former is not None and former.state != "CLOSED":
                return
            row = open_target(lane.owner, lane.target, self._clock.now(), reason, former)
            if await self.rows.put(row):
                _log.error("target_down", organization_id=lane.owner, target=lane.target, reason=reason)
                self.on_outage(row)

    async def _take_turn(self, lane: Lane) -> Turn | None:
        async with self._changing:
            row = self.rows.find(lane)
            if row is None or not self.is_stopped(row):
                return None
            now = self._clock.now()
            is_probe = row.state == "OPEN"
            if not is_probe and not row.is_paused(now) and self._pocket[lane]:
                self._pocket[lane] -= 1
                return Turn(is_probe=False)
            count = allowance(row, now)
            if not count:
                return None
            if not await self.rows.put(next_probe(row, now) if is_probe else after_turns(row, now, count)):
                return None
            self._pocket[lane] = 0 if is_probe else count - 1
            return Turn(is_probe=is_probe)

    async def _judge_turn(self, lane: Lane, turn: Turn, outcome: EffectDone | EffectFailed, reason: str) -> None:
        """Changes the row by the outcome of an attempt that was let go, unless another one has changed it."""
        async with self._changing:
            row = self.rows.find(lane)
            if row is None or row.state != ("OPEN" if turn.is_probe else "HALF"):
                return
            now = self._clock.now()
            if reason:
                self._pocket[lane] = 0
                await self.rows.put(reopen_target(row, now, reason))
            elif turn.is_probe and says_nothing(outcome):
                await self.rows.put(postpone_probe(row, now))
            elif turn.is_probe:
                await self.rows.put(drain_target(row, now, self.drain_rate))
