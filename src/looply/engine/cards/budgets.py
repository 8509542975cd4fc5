"""What one process asks of a channel: a bucket of calls that fills with time, and pauses that the channel asks for."""

from datetime import datetime, timedelta

from looply.engine.ports.card_channel import Budget


class Allowance:
    """The calls that a process may make to one channel."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._most = max(1.0, budget.per_second)
        self._calls = self._most
        self._filled: datetime | None = None
        self._paused_until: datetime | None = None

    def available(self, now: datetime) -> int:
        """Returns how many calls may begin now."""
        if self._paused_until is not None and now < self._paused_until:
            return 0
        if self._filled is None or now > self._filled:
            passed = (now - self._filled).total_seconds() if self._filled is not None else 0.0
            self._calls = min(self._most, self._calls + passed * self._budget.per_second)
            self._filled = now
        return int(self._calls)

    def spend(self, calls: int) -> None:
        """Counts calls that begin."""
        self._calls -= calls

    def pause(self, now: datetime, span: timedelta) -> None:
        """Allows no call before this time has passed. A longer pause that was asked for before stays."""
        until = now + span
        if self._paused_until is None or until > self._paused_until:
            self._paused_until = until
