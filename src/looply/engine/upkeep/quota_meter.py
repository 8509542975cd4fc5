"""The loop that counts and measures for the quotas of one process."""

from typing import Final

from looply.clock import Clock
from looply.engine.processing.quotas import Quotas
from looply.engine.upkeep.loop import Loop

COUNT_SECONDS: Final = 15.0
"""Between two counts of what is open."""
MEASURE_SECONDS: Final = 60.0
"""Between two measurements of what is stored."""
_IDLE_SHARE: Final = 20
"""A count or a slice that takes long is made less often: it rests so many times as long as it took."""


class QuotaMeter(Loop):
    """Counts and measures for the quotas of one process, beside all work."""

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
        begun = self._clock.monotonic()
        if begun >= self._count_at:
            await self._quotas.count()
            self._count_at = self._after(begun, COUNT_SECONDS)
        begun = self._clock.monotonic()
        if begun >= self._measure_at:
            is_last = await self._quotas.measure_slice()
            self._is_measured |= is_last
            # The first measurement makes haste: until it is done, this quota refuses nobody.
            rest = self._after(begun, 0.0) if self._is_measured else begun
            self._measure_at = self._after(begun, MEASURE_SECONDS) if is_last else rest
        return max(min(self._count_at, self._measure_at) - self._clock.monotonic(), 0.0)

    def _after(self, begun: float, seconds: float) -> float:
        """Returns when the next one is due of what began at an instant: after so long, or longer where it took long."""
        now = self._clock.monotonic()
        return now + max(seconds, (now - begun) * _IDLE_SHARE)
