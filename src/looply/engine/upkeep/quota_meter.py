"""The quota meter: the loop that counts and measures for the quotas of one process."""

from typing import Final

from looply.clock import Clock
from looply.engine.processing.quotas import Quotas
from looply.engine.upkeep.loop import Loop

COUNT_SECONDS: Final = 15.0
"""The pause between two counts of open executions."""
MEASURE_SECONDS: Final = 60.0
"""The pause between two measurements of stored bytes."""
_IDLE_SHARE: Final = 20
"""A slow count or slice runs less often: the pause is at least its time multiplied by this number."""


class QuotaMeter(Loop):
    """Counts and measures for the quotas of one process, in the background."""

    failed_event = "quotas_failed"

    def __init__(self, quotas: Quotas, clock: Clock) -> None:
        super().__init__()
        self._quotas = quotas
        self._clock = clock
        self._count_at = 0.0
        self._measure_at = 0.0
        self._is_measured = False

    async def round(self) -> float:
        """Counts and measures a slice, as each is due; returns the seconds until the next one is."""
        start = self._clock.monotonic()
        if start >= self._count_at:
            await self._quotas.count()
            self._count_at = self._after(start, COUNT_SECONDS)
        start = self._clock.monotonic()
        if start >= self._measure_at:
            is_last = await self._quotas.measure_slice()
            self._is_measured |= is_last
            # The first measurement does not pause between slices: until it is done, this quota refuses no start.
            rest = self._after(start, 0.0) if self._is_measured else start
            self._measure_at = self._after(start, MEASURE_SECONDS) if is_last else rest
        return max(min(self._count_at, self._measure_at) - self._clock.monotonic(), 0.0)

    def _after(self, start: float, seconds: float) -> float:
        """Returns when work that began at an instant is due again: after `seconds`, or later where it took long."""
        now = self._clock.monotonic()
        return now + max(seconds, (now - start) * _IDLE_SHARE)
