"""RateLimiter: how often an owner may do something in a minute, counted in this process. Pure: time is an argument."""

from collections import OrderedDict
from typing import Final

_MINUTE: Final = 60.0
_OWNERS: Final = 10_000
"""So many owners are remembered; one that is forgotten begins anew, with all that it may do in a minute."""


class RateLimiter:
    """One bucket of tokens for each owner: `most` at first and at most, and as many again in each minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        # By owner: the tokens that were left, and when that was.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, owner: str, now: float) -> float:
        """Takes one token. Returns 0, or after how many seconds there is one; then none was taken."""
        left = self._filled(owner, now)
        has_one = left >= 1
        self._keep(owner, left - has_one, now)
        return self._seconds_for(left)

    def reserve(self, owner: str, now: float) -> float | None:
        """Takes one token, if need be one of the next minute. Returns after how many seconds the owner may use it.

        None when all of the next minute are taken; then none was taken.
        """
        left = self._filled(owner, now)
        has_one = left >= 1 - self._most
        self._keep(owner, left - has_one, now)
        return self._seconds_for(left) if has_one else None

    def _filled(self, owner: str, now: float) -> float:
        left, then = self._left.pop(owner, (float(self._most), now))
        return min(self._most, left + (now - then) * self._most / _MINUTE)

    def _keep(self, owner: str, left: float, now: float) -> None:
        self._left[owner] = (left, now)
        if len(self._left) > _OWNERS:
            self._left.popitem(last=False)

    def _seconds_for(self, left: float) -> float:
        """Returns after how many seconds one of so many tokens is there."""
        return max(1 - left, 0.0) * _MINUTE / self._most
