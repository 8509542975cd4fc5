"""The clock of processes that share a database: it follows the database's clock, not the machine's."""

from datetime import datetime, timedelta

from looply.clock import Clock
from looply.instants import from_ms, to_ms


class DatabaseClock:
    """The time of the database as it was last measured, advanced by the monotonic clock of the process.

    Until the first measurement it is that of `base`. A step of the machine's clock does not move it.
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

    def follow(self, measured: datetime, asked_at: float) -> None:
        """Sets the clock to the database's answer; `asked_at` is the monotonic clock when it was asked."""
        self._measured_at = self._base.monotonic()
        # The database read its clock at some time between request and answer.
        self._measured = measured + timedelta(seconds=(self._measured_at - asked_at) / 2)
