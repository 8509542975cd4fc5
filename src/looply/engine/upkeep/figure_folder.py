"""The folder of figures: the loop that folds the changes of units into counters and roll-ups.

Where several processes share a store, each runs it, and one at a time folds.
"""

from typing import Final

from looply.clock import Clock
from looply.engine.records.figures.figures import GRAINS, KEPT, Figures
from looply.engine.upkeep.loop import Loop

SLICE: Final = 500
"""The most changes that one write folds, in some 1.5 ms: it must not hold up the units behind it."""
_BETWEEN_SECONDS: Final = 0.01
_DROP_SECONDS: Final = 3600.0
"""The pause between two removals of old roll-ups."""


class FigureFolder(Loop):
    """The folder of one process; see the module."""

    failed_event = "figures_failed"

    def __init__(self, figures: Figures, clock: Clock, pause_seconds: float) -> None:
        """`pause_seconds`: the pause when nothing is left; figures are late by this time."""
        super().__init__()
        self._figures = figures
        self._clock = clock
        self._pause_seconds = pause_seconds
        self._drop_at = 0.0

    async def round(self) -> float:
        """Folds one slice, and removes old roll-ups when that is due; returns the pause."""
        folded = await self._figures.fold(SLICE)
        if self._clock.monotonic() >= self._drop_at:
            now = self._clock.now()
            for grain in GRAINS:
                await self._figures.drop_rollups(grain, now - KEPT[grain])
            self._drop_at = self._clock.monotonic() + _DROP_SECONDS
        return _BETWEEN_SECONDS if folded == SLICE else self._pause_seconds
