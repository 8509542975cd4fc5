"""The recovery: resumes the work of processes that have ended, and retries what found no space at the start.

A single-process engine recovers once, when it starts: no other process can have left work. Where several processes
share a store, each of them sweeps regularly for processes whose leases have expired (`sweep`); the rows decide which
process recovers what. Each process also sweeps for work that it has dropped itself while it lives (`sweep_own`).
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import structlog

from looply.clock import Clock
from looply.engine.ports.store import EffectRow, Store
from looply.engine.records.spans import EVERYTHING
from looply.engine.records.startup import StartupState
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.quarantine import Quarantine, log_failed_command
from looply.errors import LooplyError, StoreUnreachable
from looply.execution.facts.commands import Continue, EffectLost

_log = structlog.get_logger(__name__)

_Report: TypeAlias = Literal["reported", "later", "never"]
"""What became of the report of a lost attempt; `never`: its execution cannot be read, or has no such attempt."""

_BATCH = 500
_SWEPT = 200
"""The most rows of each kind that one sweep recovers; the next one, perhaps of another process, continues."""


class Recovery:
    """Poisoned executions, lost effects, cut stretches and queued effects of one engine.

    All of this goes through the engine's `quarantine`.
    """

    def __init__(self, shell: Shell, store: Store, clock: Clock, quarantine: Quarantine) -> None:
        self._shell = shell
        self._store = store
        self._clock = clock
        self._quarantine = quarantine
        self._epoch = 0
        self._has_lost = False
        self._has_cut = False
        # Effects that were RUNNING for this process at the last sweep, and that no task performed.
        self._strays: frozenset[tuple[str, int]] = frozenset()

    @property
    def is_unfinished(self) -> bool:
        """Whether something found no space and must be repeated by `retry`."""
        return self._has_lost or self._has_cut or self._quarantine.has_held

    async def begin(self, startup: StartupState) -> None:
        """Recovers what was left: poisoned executions first, then lost effects, cut stretches and queued effects."""
        self._epoch = startup.epoch
        self._quarantine.begin(startup)
        await self._quarantine.open_incidents()
        if self._store.is_shared:
            # Queued effects belong to other processes, unless none begins them.
            await self.sweep()
            return
        self._has_lost = await self._lose_effects()
        self._has_cut = not await self._continue(EVERYTHING)
        after = ("", 0)
        while queued := await self._store.work.find_queued_effects(after, _BATCH):
            self._offer(queued)
            after = (queued[-1].execution_id, queued[-1].seq)

    async def retry(self) -> None:
        """Retries what found no space; does nothing when everything is recovered."""
        await self._quarantine.open_incidents()
        self._has_lost = self._has_lost and await self._lose_effects()
        self._has_cut = self._has_cut and not await self._continue(EVERYTHING)

    async def sweep(self) -> None:
        """Recovers the work of processes whose leases have expired; several processes may sweep at once."""
        self._quarantine.hold(await self._store.work.end_lost_processes())
        await self._quarantine.open_incidents()
        self._has_lost = await self._lose_effects()
        await self._continue(_SWEPT)
        self._offer(await self._store.work.overdue_effects(_SWEPT))

    async def sweep_own(self) -> None:
        """Recovers what this process itself dropped: effects that it could not begin, outcomes that it could not store.

        An effect that no task performs at two sweeps is lost: at one sweep its task may be about to begin, or to end.
        """
        for effect in self._shell.effects.take_unstarted():
            self._shell.dispatcher.offer(effect)
        strays = await self._find_strays()
        for execution_id, seq in sorted(strays & self._strays):
            _log.error("effect_let_go", execution_id=execution_id, seq=seq)
            await self._lose(execution_id, seq, ended_process=False)
        self._strays = strays

    async def _find_strays(self) -> frozenset[tuple[str, int]]:
        strays: list[tuple[str, int]] = []
        after = ("", 0)
        while running := await self._store.work.running_effects(self._epoch, after, _BATCH):
            # Checked after the rows were read: an effect that ends in between is gone by the next sweep.
            keys = [(row.execution_id, row.seq) for row in running]
            strays += [key for key in keys if not self._shell.effects.is_performing(*key)]
            after = keys[-1]
        return frozenset(strays)

    async def _continue(self, most: int) -> bool:
        """Continues stretches that were cut; returns whether all of those that may continue do."""
        cut = await self._store.work.continuations(most)
        await self._quarantine.refresh_suspects(cut)
        # One that is held continues by itself, if at all, once it has its incident.
        ready = [execution_id for execution_id in cut if not self._quarantine.holds(execution_id)]
        replies = [
            await self._quarantine.submit(execution_id, Continue(at=self._clock.now())) for execution_id in ready
        ]
        return None not in replies

    def _offer(self, queued: Sequence[EffectRow]) -> None:
        for row in queued:
            self._quarantine.offer(row.reference)

    async def _lose_effects(self) -> bool:
        """Reports effects as lost that were running when their process ended; returns whether to retry later."""
        while lost := await self._store.work.find_lost_effects(self._epoch, _BATCH):
            await self._quarantine.refresh_suspects(row.execution_id for row in lost)
            # Looked up before the first one is reported: an execution may have lost several at once.
            suspects = self._quarantine.suspects(row.execution_id for row in lost)
            results = [
                await self._lose(row.execution_id, row.seq, ended_process=row.execution_id in suspects) for row in lost
            ]
            is_left = "later" in results
            if self._store.is_shared:
                # Other processes report them too; the next sweep finds what is left.
                return is_left
            if "reported" not in results:
                _log.error("lost_effects_left", count=len(results))
                return is_left
        return False

    async def _lose(self, execution_id: str, seq: int, *, ended_process: bool) -> _Report:
        """Reports the outcome of an attempt as unknown."""
        if self._quarantine.holds(execution_id):
            return "later"
        try:
            return await self._quarantine.run(
                execution_id, lambda: self._report_lost(execution_id, seq, ended_process=ended_process)
            )
        except LooplyError as error:
            log_failed_command(execution_id, EffectLost, error)
            return "later"

    async def _report_lost(self, execution_id: str, seq: int, *, ended_process: bool) -> _Report:
        try:
            state = (await self._shell.executions.get(execution_id)).state
        except StoreUnreachable:
            return "later"
        except LooplyError as error:
            _log.error("execution_unreadable", execution_id=execution_id, error=error.message)
            return "never"
        opened = state.find_open_step(seq)
        if opened is None and self._store.is_shared:
            # Another process has reported it since the row was read.
            return "reported"
        if opened is None:
            _log.error("effect_row_without_effect", execution_id=execution_id, seq=seq)
            return "never"
        lost = EffectLost(
            at=self._clock.now(), address=opened.address, attempt=opened.attempt, ended_process=ended_process
        )
        await self._shell.submit(execution_id, lost)
        return "reported"
