"""Child starts: how many executions the steps of each organization start in a minute, counted in this process.

A start over the rate is delayed: it gets a time within the next minute, in the order in which starts came. Only a start
that would be later than that is refused, so that executions which start each other without end stay bounded. A delayed
start is nothing but the row that requests it, as after a crash: the times are kept in memory only, and assigned again
then.
"""

from collections.abc import Sequence
from typing import Final

from looply.errors import Refused
from looply.execution.facts.deliveries import DeliveryKey
from looply.rates import RateLimiter

_KEPT_SECONDS: Final = 60.0
"""How long the time of a row is kept when the row does not come again: another process has applied it."""


class ChildStarts:
    """The rate of each organization, and the starts that are delayed by it.

    `limit` is `child_starts_per_minute` of the limits.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rates = RateLimiter(limit)
        self._delayed: dict[DeliveryKey, float] = {}

    def find_delayed(self, now: float) -> Sequence[str]:
        """Returns the executions whose start is delayed beyond this moment of the monotonic clock."""
        over = [row for row, due in self._delayed.items() if due + _KEPT_SECONDS < now]
        for row in over:
            del self._delayed[row]
        return [row.target for row, due in self._delayed.items() if due > now]

    def is_delayed(self, row: DeliveryKey, now: float) -> bool:
        """Returns whether the start that a row asks for is delayed beyond this moment."""
        return self._delayed.get(row, now) > now

    def admit(self, row: DeliveryKey, organization_id: str, now: float) -> bool:
        """Returns whether the execution may be started now; if not, it is delayed from now on.

        Raises: Refused (code `CHILD_RATE`) when the rate of the next minute is used up.
        """
        if row in self._delayed:
            if self.is_delayed(row, now):
                return False
            del self._delayed[row]
            return True
        seconds = self._rates.reserve(organization_id, now)
        if seconds is None:
            message = f"steps of the organization start {self._limit} executions in this minute and in the next one"
            raise Refused(f"{message}; the limit child_starts_per_minute is {self._limit}", code="CHILD_RATE")
        if seconds:
            self._delayed[row] = now + seconds
        return not seconds
