"""The pump: fires what is due, after the recovery of what an earlier process left.

`tick` does what is due now and is all that tests need; the loop calls it whenever something falls due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from looply.clock import Clock
from looply.engine.ports.port import ChildTargetOf
from looply.engine.ports.store import Store, TimerRow
from looply.engine.records.startup import StartupState
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.admissions import Admitter
from looply.engine.upkeep.deliveries import Deliverer
from looply.engine.upkeep.loop import BACK_OFF_SECONDS, Loop, run_few_at_once
from looply.engine.upkeep.quarantine import Quarantine
from looply.engine.upkeep.recovery import Recovery
from looply.engine.upkeep.scheduling import ProfileOf, Scheduling
from looply.execution.facts.commands import Done, FireTimer

_log = structlog.get_logger(__name__)

_BATCH = 500
"""The most timers that are fired in one round."""
_SHARED_BATCH = 200
"""The most timers that one process leases at a time: no other process fires these."""

_SWEEP_SECONDS = 5.0
"""Between two looks, in a shared store, for what processes that have ended left behind."""
_OWN_SWEEP_SECONDS = 60.0
"""Between two looks for what this process itself dropped."""
_LONGEST_SLEEP_SECONDS = 60.0
"""Between two rounds at most."""
_CLOCK_STEP = timedelta(minutes=5)
"""A clock that moves by more than this against the monotonic one was set: what falls due is held for a while."""
_HOLD_SECONDS = 60.0
"""How long: enough for the clock to be set right again."""
_START_SECONDS = 0.02
"""Delayed starts of this time are made together."""


class Pump(Loop):
    """Timers, schedules, deliveries and admissions of one engine, and its recovery."""

    failed_event = "pump_failed"

    def __init__(
        self, shell: Shell, store: Store, clock: Clock, profile_of: ProfileOf, child_target_of: ChildTargetOf
    ) -> None:
        super().__init__()
        self._shell = shell
        self._store = store
        self._clock = clock
        self._scheduling = Scheduling(shell, store, profile_of)
        self._planned: datetime | None = None
        self._is_stuck = False
        self._quarantine = Quarantine(shell, store, clock)
        self._recovery = Recovery(shell, store, clock, self._quarantine)
        self.deliverer = Deliverer(shell, store, clock, child_target_of, self._quarantine)
        """Applies the deliveries of this engine; also one by one."""
        self._admitter = Admitter(shell, store, clock, self._quarantine)
        self._late: set[tuple[str, int]] = set()
        self._seen = (clock.now(), clock.monotonic())
        self._held_until = 0.0
        self._sweep_at = 0.0
        self._own_sweep_at = 0.0
        self._batch = _SHARED_BATCH if store.is_shared else _BATCH
        shell.observers.on_timer = self._on_timer

    async def recover(self, startup: StartupState) -> None:
        """Recovers what an earlier process left; see `Recovery.begin`."""
        self._sweep_at = self._clock.monotonic() + _SWEEP_SECONDS
        self._own_sweep_at = self._clock.monotonic() + _OWN_SWEEP_SECONDS
        await self._recovery.begin(startup)

    async def tick(self, now: datetime | None = None) -> None:
        """Does everything that is due, now or at `now`. What fails delays nothing else.

        It fires timers and schedules, applies what executions sent to each other, and admits queued executions.
        """
        now = now or self._clock.now()
        # What found no space at the start would otherwise stay open until the next start.
        await self._recover_more()
        self._is_stuck = self._recovery.is_unfinished
        settled: set[tuple[str, int]] = set()
        while rows := await self._due(now, settled):
            replies = await run_few_at_once(lambda row: self._fire_timer(row, now, settled), rows, self._shell.turns)
            if not all(replies):
                self._is_stuck = True
                break
        if not await self._scheduling.tick(now, self._batch):
            self._is_stuck = True
        if not await self._apply_and_admit():
            self._is_stuck = True

    async def round(self) -> float:
        """Fires what is due, and returns the seconds until something falls due."""
        # The instant that was checked is the one that fires: the clock may be set in between.
        if self._is_held(now := self._clock.now()):
            # Deliveries and admissions do not depend on the wall clock.
            await self._apply_and_admit()
            return BACK_OFF_SECONDS
        await self.tick(now)
        return await self._pause()

    async def _apply_and_admit(self) -> bool:
        """Applies deliveries, then admits queued executions; returns whether nothing is left to be tried again."""
        is_applied = await self.deliverer.apply_due()
        return await self._admitter.admit_due() and is_applied

    async def _recover_more(self) -> None:
        now = self._clock.monotonic()
        if self._store.is_shared and now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_SECONDS
            await self._recovery.sweep()
        else:
            await self._recovery.retry()
        if now >= self._own_sweep_at:
            self._own_sweep_at = now + _OWN_SWEEP_SECONDS
            await self._recovery.sweep_own()

    def _on_timer(self, due: datetime | None) -> None:
        if due is None or self._planned is None or due < self._planned:
            self.wake()

    async def _pause(self) -> float:
        """Returns the seconds until something falls due."""
        pause = await self._timer_pause()
        start = self.deliverer.next_start()
        return pause if start is None else min(pause, max(start, _START_SECONDS))

    async def _timer_pause(self) -> float:
        """Returns the seconds until a timer, a schedule, or something that must be tried again is due."""
        # A timer that is stored while the earliest one is looked up may be missed there, so it must wake.
        self._planned = None
        if self._recovery.is_unfinished:
            return BACK_OFF_SECONDS
        instants = [
            instant
            for instant in (await self._store.work.next_due(), await self._store.schedules.next_due())
            if instant is not None
        ]
        self._planned = min(instants, default=None)
        # Units of other processes do not wake this loop, nor does the end of an execution that a queued start waits
        # for.
        is_notified = not self._store.is_shared and not self._scheduling.has_queued
        most = _LONGEST_SLEEP_SECONDS if is_notified else BACK_OFF_SECONDS
        if self._planned is None:
            return BACK_OFF_SECONDS if self._is_stuck else most
        left = (self._planned - self._clock.now()).total_seconds()
        # A row that does not go away must not make a busy loop.
        least = BACK_OFF_SECONDS if self._late or self._is_stuck else 0.001
        return min(max(left, least), BACK_OFF_SECONDS if self._is_stuck else most)

    def _is_held(self, now: datetime) -> bool:
        """Holds firing for a minute after the wall clock was set by more than five: an operator may set it back."""
        monotonic = self._clock.monotonic()
        drift = (now - self._seen[0]) - timedelta(seconds=monotonic - self._seen[1])
        self._seen = (now, monotonic)
        if abs(drift) > _CLOCK_STEP:
            _log.error("clock_stepped", seconds=drift.total_seconds(), held_seconds=_HOLD_SECONDS)
            self._held_until = monotonic + _HOLD_SECONDS
        return monotonic < self._held_until

    async def _due(self, now: datetime, settled: set[tuple[str, int]]) -> Sequence[TimerRow]:
        """Returns rows that are due, without those whose execution has answered that it has no such timer."""
        rows = await self._store.work.due_timers(now, self._batch)
        for row in rows:
            key = (row.execution_id, row.seq)
            if key in settled and key not in self._late:
                _log.error("timer_row_without_timer", execution_id=row.execution_id, seq=row.seq)
                self._late.add(key)
        fit = [row for row in rows if (row.execution_id, row.seq) not in self._late]
        await self._quarantine.refresh_suspects(row.execution_id for row in fit)
        return [row for row in fit if not self._quarantine.holds(row.execution_id)]

    async def _fire_timer(self, row: TimerRow, now: datetime, settled: set[tuple[str, int]]) -> bool:
        reply = await self._quarantine.submit(row.execution_id, FireTimer(at=now, timer=row.seq))
        if isinstance(reply, Done) and reply.is_late:
            # Often the row was read just before the unit that removed it was stored.
            settled.add((row.execution_id, row.seq))
        return reply is not None
