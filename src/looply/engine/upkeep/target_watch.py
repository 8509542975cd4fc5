"""The watch of systems that are not called as usual: lets their effects go when it is time, and says that they wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from msgspec.structs import replace

from looply.clock import Clock
from looply.engine.effects.gate import TargetGate
from looply.engine.effects.outages import allowance, drain_target, is_over
from looply.engine.effects.target_rows import lane_of
from looply.engine.ports.dispatch import EffectRef
from looply.engine.ports.store import Store
from looply.engine.records.targets import TargetRow
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.loop import Loop, run_few_at_once
from looply.errors import LooplyError
from looply.execution.facts.commands import ParkEffect
from looply.slots import Lane

_log = structlog.get_logger(__name__)

TICK_SECONDS: Final = 0.1
"""Between two rounds while attempts are let go."""
_IDLE_SECONDS: Final = 1.0
"""Between two rounds at most."""
_LOOK_UP_SECONDS: Final = 5.0
"""Connections of effects that are held are read again so often: they may lead to another system by then."""

UNREADABLE_FOR: Final = timedelta(minutes=1)
"""For so long a system counts as one that is waited for while connections cannot be read that may lead to it."""

_PARKED_AFTER_SECONDS: Final = 1.0
"""An effect that is held for a shorter time leaves no trace in its execution."""

_PARKED_IN_DRAIN_AFTER_SECONDS: Final = 10.0
"""The same while attempts are let go at a rate: then most of them begin soon."""

_LOOK_AGAIN_SECONDS: Final = 10.0
"""After so long an effect is looked at again of which it could not be recorded that it waits."""

_AT_A_TICK: Final = 100
"""The most effects of one lane that are let go at a tick."""

_LOOKS_AT_A_TICK: Final = 5
"""Of one lane so often at a tick others are taken in place of effects that other processes have begun."""

PARKED_AT_A_TICK: Final = 10
"""The most executions that record at a tick that they wait.

When a system goes down thousands may begin to wait at once: all at a tick would hold up the calls of others.
"""


class TargetWatch(Loop):
    """Systems that are not called as usual, as one process sees them; see `looply.engine.effects.gate`."""

    failed_event = "target_watch_failed"

    def __init__(self, shell: Shell, store: Store, clock: Clock) -> None:
        super().__init__()
        self._shell = shell
        self._gate = shell.gate
        self._store = store
        self._clock = clock
        self._refresh_at = 0.0
        self._look_up_at = 0.0
        self._has_more_to_park = False
        # For each system that nothing else is known to wait for.
        self._unreadable_since: dict[Lane, datetime] = {}
        self._gate.on_unknown = self.wake

    async def round(self) -> float:
        """Does what is due, and returns the seconds until the next round."""
        await self.tick()
        return self._pause()

    async def tick(self) -> None:
        """Reads what other processes have changed, ends what is over, lets effects go, and records that others wait."""
        now = self._clock.monotonic()
        if self._store.is_shared and (now >= self._refresh_at or _lets_go(self._gate)):
            self._refresh_at = now + _IDLE_SECONDS
            await self._gate.rows.refresh()
        if self._gate.held.lanes:
            await self._look_up(now)
        for row in self._gate.rows.all:
            await self._settle(row)
        await self._let_go()
        await self._park(now)

    def _pause(self) -> float:
        """Returns the seconds until something may be due: short ones only while effects are let go, or many wait."""
        now, pause = self._clock.now(), TICK_SECONDS if self._has_more_to_park else _IDLE_SECONDS
        for lane in self._gate.held.lanes:
            row = self._gate.row_of(lane)
            if row is None or not self._gate.is_stopped(row) or row.state == "HALF":
                return TICK_SECONDS
            if row.state == "OPEN" and not row.is_paused(now):
                pause = min(pause, max((row.next_on - now).total_seconds(), TICK_SECONDS))
        return pause

    async def _look_up(self, now: float) -> None:
        """Reads which systems the held effects belong to: all from time to time, unknown ones at once."""
        is_time = now >= self._look_up_at
        if is_time:
            self._look_up_at = now + _LOOK_UP_SECONDS
        for lane in self._gate.held.lanes:
            if is_time or self._gate.is_unknown(lane):
                await self._shell.worker.look_up_target(lane)

    async def _settle(self, row: TargetRow) -> None:
        """Ends a maintenance whose time is over, and removes the row of a system that is called as usual again."""
        now = self._clock.now()
        if row.maintenance is not None and row.maintenance.until <= now:
            without = replace(row, maintenance=None)
            if row.state == "CLOSED":
                await self._gate.rows.put(drain_target(without, now, self._gate.drain_rate))
            else:
                await self._gate.rows.put(replace(without, revision=row.revision + 1))
        elif is_over(row, now, has_waiting=True) or (
            is_over(row, now, has_waiting=False) and not await self._has_waiting(row)
        ):
            if row.maintenance is not None:
                closed = replace(row, revision=row.revision + 1, state="CLOSED", changed_on=now, reason="")
                await self._gate.rows.put(closed)
            elif await self._gate.rows.drop(row):
                self._unreadable_since.pop(lane_of(row), None)
                _log.info("target_up", organization_id=row.organization_id, target=row.target)

    async def _has_waiting(self, row: TargetRow) -> bool:
        if any(_decides(self._gate, row, lane) for lane in self._gate.held.lanes):
            return True
        queued = await self._store.targets.count_queued(row.organization_id)
        for lane, _ in queued:
            if self._gate.is_unknown(lane):
                # Another process holds these.
                await self._shell.worker.look_up_target(lane)
        if any(_decides(self._gate, row, lane) for lane, _ in queued):
            return True
        if any(self._gate.is_unknown(lane) for lane, _ in queued):
            # They count as connections to this system, but only for a while.
            now, since = self._clock.now(), self._unreadable_since.get(lane_of(row))
            if since is None or since < row.changed_on:
                since = self._unreadable_since[lane_of(row)] = now
            return now - since < UNREADABLE_FOR
        self._unreadable_since.pop(lane_of(row), None)
        return False

    async def _let_go(self) -> None:
        """Offers held effects: all of systems that are called as usual, of others those that are due."""
        now = self._clock.now()
        left: dict[Lane, int] = {}
        for lane in self._gate.held.lanes:
            if self._gate.is_unknown(lane):
                continue
            row = self._gate.row_of(lane)
            if row is None or not self._gate.is_stopped(row):
                count = _AT_A_TICK
            else:
                count = left.setdefault(lane_of(row), allowance(row, now))
            effects = await _take(self._gate, self._store, lane, count)
            if row is not None:
                left[lane_of(row)] = count - len(effects)
            for effect in effects:
                self._shell.let_go(effect)

    async def _park(self, now: float) -> None:
        stopped, draining = _lanes_by_state(self._gate, self._clock.now())
        effects = list(self._gate.held.take_unseen(stopped, now - _PARKED_AFTER_SECONDS, PARKED_AT_A_TICK))
        left = PARKED_AT_A_TICK - len(effects)
        effects += self._gate.held.take_unseen(draining, now - _PARKED_IN_DRAIN_AFTER_SECONDS, left)
        self._has_more_to_park = len(effects) == PARKED_AT_A_TICK
        await run_few_at_once(self._park_one, effects, self._shell.turns)

    async def _park_one(self, effect: EffectRef) -> None:
        """Records that an effect waits, unless that is recorded, or lets it go where its wait is over."""
        try:
            state = (await self._shell.executions.get(effect.execution_id)).state
            opened = state.find_open_step(effect.seq)
            if opened is None or not opened.is_in_flight:
                self._gate.held.remove(effect)
                return
            # While an incident is open it does not begin to wait: it is offered again when the last one is closed.
            if state.has_incident:
                return
            if opened.is_given_up:
                # The process that fired its timer has ended before it let the effect go, or could not mark it.
                self._shell.let_go(effect)
                return
            if opened.parked is not None:
                return
            row = self._gate.row_of(effect.lane)
            if row is None or not self._gate.is_stopped(row):
                # The system is called again since the effect was chosen: it is about to be let go.
                self._gate.held.look_later(effect, self._clock.monotonic() + _LOOK_AGAIN_SECONDS)
                return
            command = ParkEffect(
                at=self._clock.now(),
                address=opened.address,
                attempt=opened.attempt,
                outage=self._gate.outage_of(row),
            )
            await self._shell.submit(effect.execution_id, command)
        except LooplyError as error:
            _log.error("effect_not_parked", execution_id=effect.execution_id, seq=effect.seq, error=error.message)
            self._gate.held.look_later(effect, self._clock.monotonic() + _LOOK_AGAIN_SECONDS)


def _lanes_by_state(gate: TargetGate, now: datetime) -> tuple[Sequence[Lane], Sequence[Lane]]:
    """Returns the lanes of held effects that are not called at all, and those whose effects are let go at a rate.

    Those of systems that are called as usual, or are not known yet, are neither.
    """
    stopped, draining = list[Lane](), list[Lane]()
    for lane in gate.held.lanes:
        row = gate.row_of(lane)
        if row is not None and (row.state == "OPEN" or row.is_paused(now)):
            stopped.append(lane)
        elif row is not None and row.state == "HALF":
            draining.append(lane)
    return stopped, draining


def _lets_go(gate: TargetGate) -> bool:
    """Returns whether effects that are held here are let go at a rate, of which other processes take turns too."""
    rows = (gate.row_of(lane) for lane in gate.held.lanes)
    return any(row is not None and row.state == "HALF" for row in rows)


def _decides(gate: TargetGate, row: TargetRow, lane: Lane) -> bool:
    # The rows may have been read again in the meantime: then an equal one has taken the place of this one.
    deciding = gate.row_of(lane)
    return deciding is not None and lane_of(deciding) == lane_of(row)


async def _take(gate: TargetGate, store: Store, lane: Lane, most: int) -> Sequence[EffectRef]:
    """Takes the first held effects of a lane, without those that other processes have begun since.

    In a long outage each process comes to hold nearly all that wait, and an offer costs a task of a worker.
    """
    effects = list(gate.held.take(lane, most))
    if not store.is_shared:
        return effects
    waiting: list[EffectRef] = []
    for _ in range(_LOOKS_AT_A_TICK):
        if not effects:
            break
        try:
            queued = await store.work.find_still_queued([(each.execution_id, each.seq) for each in effects])
        except LooplyError:
            # Whether they are queued is decided when one is marked, too.
            break
        waiting += [each for each in effects if (each.execution_id, each.seq) in queued]
        effects = list(gate.held.take(lane, most - len(waiting)))
    return [*waiting, *effects]
