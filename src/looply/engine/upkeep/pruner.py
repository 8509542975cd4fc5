"""The pruner: removes ended executions after their retention, slowly, in the background.

Theory of operation. A round goes once over everything that may have expired, slice by slice, and pauses before each one
while units wait or the disk is behind. What a round leaves, because something held it or because the process ended, the
next one finds. Where several processes share a store, only one of them prunes at a time, and the others skip the round.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from looply.clock import Clock
from looply.engine.records.pruning import Pruning, RetentionFilter, Slice, plan, prune_round
from looply.engine.upkeep.loop import Loop
from looply.errors import LooplyError

_log = structlog.get_logger(__name__)

_FIRST_SECONDS: Final = 90.0
"""The pause before the first round: a process that starts has more urgent work."""
_ROUND_SECONDS: Final = 3600.0
"""The pause between two rounds."""
_PAUSE_SECONDS: Final = 0.02
"""The pause between two slices, and between two checks whether units wait."""
_MOST_POSTPONED: Final = 250
"""How often a slice is postponed at most; a store that is never quiet must be pruned too."""


class Pruner(Loop):
    """The rounds of one process; see the module.

    `retention` is for workflows without one of their own, `decision_retention` for the record of decisions (None: for
    ever).
    """

    failed_event = "pruner_failed"

    def __init__(
        self,
        pruning: Pruning,
        clock: Clock,
        retention: timedelta | None,
        decision_retention: timedelta | None = None,
    ) -> None:
        super().__init__()
        self._pruning = pruning
        self._clock = clock
        self._retention = retention
        self._decision_retention = decision_retention
        self._round: AsyncIterator[Slice] | None = None
        self._report = Slice()
        self._postponed = 0

    async def tick(self) -> bool:
        """Removes one slice, and returns whether the round is over."""
        if self._round is None:
            now, retention = self._clock.now(), self._decision_retention
            decided_before = now - retention if retention is not None else None
            self._round = prune_round(self._pruning, plan(now, self._retention), decided_before=decided_before)
            self._report = Slice()
        try:
            result = await anext(self._round, None)
        except LooplyError:
            self._round = None
            raise
        if result is not None:
            self._report = add_slices(self._report, result)
            return False
        self._round = None
        if self._report.executions or self._report.keys or self._report.decisions:
            counts = {name: getattr(self._report, name) for name in ("executions", "size", "held", "keys", "decisions")}
            _log.info("pruned", **counts)
        return True

    async def run(self) -> None:
        """Runs rounds until `stop`, after a first pause."""
        await self.rest(_FIRST_SECONDS)
        await super().run()

    async def round(self) -> float:
        """Removes a slice, or pauses while units wait; returns the seconds until the next one."""
        if self._postponed < _MOST_POSTPONED and await self._pruning.is_busy():
            self._postponed += 1
            return _PAUSE_SECONDS
        self._postponed = 0
        return _ROUND_SECONDS if await self.tick() else _PAUSE_SECONDS


async def prune_now(
    pruning: Pruning,
    filters: Sequence[RetentionFilter],
    *,
    decided_before: datetime | None = None,
    is_dry: bool = False,
    report: Callable[[Slice], None] = lambda _so_far: None,
) -> Slice:
    """Runs one round at once, for a caller that waits for it; returns all that was removed, or would be.

    `report` is called after each slice with the sum so far.

    Raises: StoreFull, StoreUnreachable, StoreLost.
    """
    total = Slice()
    async for each in prune_round(pruning, filters, decided_before=decided_before, is_dry=is_dry):
        total = add_slices(total, each)
        report(total)
    return total


def add_slices(first: Slice, second: Slice) -> Slice:
    """Returns the sum of two slices."""
    return Slice(
        executions=first.executions + second.executions,
        size=first.size + second.size,
        held=first.held + second.held,
        keys=first.keys + second.keys,
        decisions=first.decisions + second.decisions,
        is_elsewhere=first.is_elsewhere or second.is_elsewhere,
    )
