"""The clock of processes that share a database: it goes with the database's, whatever the machine's own says."""

from datetime import datetime, timedelta

from looply.clock import Clock, from_ms, to_ms


class DatabaseClock:
    """Tells the time of the database, as it was measured last, moved on by the monotonic clock of the process.

    Until the first measurement it tells that of `base`. A step of the machine's clock does not move it.
    """

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._measured = base.now()
        self._measured_at = base.monotonic()

    def now(self) -> datetime:
        """Returns the database's instant, whole milliseconds, UTC; exact to half a round trip."""
        passed = timedelta(seconds=self._base.monotonic() - self._measured_at)
        return from_ms(to_ms(self._measured + passed))

    def monotonic(self) -> float:
        """Returns the monotonic clock of the process in seconds."""
        return self._base.monotonic()

    def follow(self, told: datetime, asked_at: float) -> None:
        """Takes over what the database has told; `asked_at` is the monotonic clock when it was asked."""
        self._measured_at = self._base.monotonic()
        # It looked at its clock somewhere between question and answer.
        self._measured = told + timedelta(seconds=(self._measured_at - asked_at) / 2)
