"""Rate limiting by token buckets, one per owner, within this process. Pure: time is an argument."""

from collections import OrderedDict
from typing import Final

_MINUTE: Final = 60.0
_OWNERS: Final = 10_000
"""Owners whose buckets are kept; the bucket of an owner that was evicted is full again."""


class RateLimiter:
    """One token bucket for each owner: it starts with `most` tokens, its maximum, and gains as many per minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        # By owner: the remaining tokens, and the time at which they were counted.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, owner: str, now: float) -> float:
        """Takes one token and returns 0; without a token takes none and returns the seconds until there is one."""
        left = self._refill(owner, now)
        if left >= 1:
            self._keep(owner, left - 1, now)
            return 0.0
        self._keep(owner, left, now)
        return self._seconds_for(left)

    def reserve(self, owner: str, now: float) -> float | None:
        """Takes one token, if necessary one of the next minute, and returns the seconds until the owner may use it.

        Returns None and takes no token when all those of the next minute are taken.
        """
        left = self._refill(owner, now)
        has_one = left >= 1 - self._most
        self._keep(owner, left - has_one, now)
        return self._seconds_for(left) if has_one else None

    def _refill(self, owner: str, now: float) -> float:
        left, then = self._left.pop(owner, (float(self._most), now))
        return min(self._most, left + (now - then) * self._most / _MINUTE)

    def _keep(self, owner: str, left: float, now: float) -> None:
        self._left[owner] = (left, now)
        if len(self._left) > _OWNERS:
            self._left.popitem(last=False)

    def _seconds_for(self, left: float) -> float:
        """Returns the seconds until one token is there, with `left` tokens now."""
        return max(1 - left, 0.0) * _MINUTE / self._most
