"""Child starts: how many executions the steps of each organization start in a minute, counted in this process.

A start over the rate is delayed: it gets a time within the next minute, in the order in which starts came. Only a start
that would be later than that is refused, so that executions which start each other without end stay bounded. While
several organizations use the process, the starts that each of them may make in a minute are spread evenly over it, so
that those of one organization leave time to the others in between, and the last one may come two minutes later. A
delayed start is nothing but the row that requests it, as after a crash: the times are kept in memory only, and assigned
again then.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

from looply.errors import Refused
from looply.execution.facts.deliveries import DeliveryKey
from looply.rates import Kind, RateLimiter, Turns

_KEPT_SECONDS: Final = 60.0
"""How long the time of a row is kept when the row does not come again: another process has applied it."""


class ChildStarts:
    """The rate of each organization, and the starts that are delayed by it.

    `limit` is `child_starts_per_minute` of the limits. `turns` know whether an organization is alone; None: all of
    them are. Every operation takes time in proportion to the starts that have become due, except `find_delayed`, which
    copies a list.
    """

    def __init__(self, limit: int, turns: Turns | None = None) -> None:
        self._limit = limit
        self._rates = RateLimiter(limit)
        self._turns = turns
        self._kind = Kind("child start", limit / 60)
        # By target: the delayed rows, and their times with the earliest first.
        self._delayed: dict[str, DeliveryKey] = {}
        self._times: list[tuple[float, DeliveryKey]] = []
        # Rows whose time has come, with that time, the earliest first.
        self._due: dict[DeliveryKey, float] = {}

    def find_delayed(self, now: float) -> Sequence[str]:
        """Returns the executions whose start is delayed beyond this moment of the monotonic clock."""
        self._advance(now)
        return list(self._delayed)

    def list_due(self, now: float) -> Sequence[DeliveryKey]:
        """Returns the delayed rows whose time has come and that were not admitted yet, the earliest first."""
        self._advance(now)
        return list(self._due)

    def next_due(self, now: float) -> float | None:
        """Returns the seconds until the next delayed start is due; None when there is none."""
        self._advance(now)
        return self._times[0][0] - now if self._times else None

    def is_delayed(self, row: DeliveryKey, now: float) -> bool:
        """Returns whether the start that a row asks for is delayed beyond this moment."""
        self._advance(now)
        return self._delayed.get(row.target) == row

    def admit(self, row: DeliveryKey, organization_id: str, now: float) -> bool:
        """Returns whether the execution may be started now; if not, it is delayed from now on.

        Raises: Refused (code `CHILD_RATE`) when the rate of the next minute is used up.
        """
        if self.is_delayed(row, now):
            return False
        if self._due.pop(row, None) is not None:
            return True
        seconds = self._rates.reserve(organization_id, now)
        if seconds is None:
            message = f"steps of the organization start {self._limit} executions in this minute and in the next one"
            raise Refused(f"{message}; the limit child_starts_per_minute is {self._limit}", code="CHILD_RATE")
        if self._turns is not None:
            spacing = self._turns.reserve(organization_id, 1, self._kind)
            seconds = max(seconds, spacing)
        if seconds:
            self._delayed[row.target] = row
            heappush(self._times, (now + seconds, row))
        return not seconds

    def _advance(self, now: float) -> None:
        """Makes the starts due whose time has come, and drops the times of rows that have not come again."""
        while self._times and self._times[0][0] <= now:
            due, row = heappop(self._times)
            del self._delayed[row.target]
            self._due[row] = due
        while self._due and next(iter(self._due.values())) + _KEPT_SECONDS < now:
            del self._due[next(iter(self._due))]
