"""Rates: how often an owner may do something in a minute, counted in this process. Pure: time is an argument."""

from collections import OrderedDict
from typing import Final

_MINUTE: Final = 60.0
_OWNERS: Final = 10_000
"""So many owners are remembered; one that is forgotten begins anew, with all that it may do in a minute."""


class Rates:
    """One bucket of tokens for each owner: `most` at first and at most, and as many again in each minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        # By owner: the tokens that were left, and when that was.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, owner: str, now: float) -> float:
        """Takes one token. Returns 0, or after how many seconds there is one; then none was taken."""
        left, then = self._left.pop(owner, (float(self._most), now))
        left = min(self._most, left + (now - then) * self._most / _MINUTE)
        has_one = left >= 1
        self._left[owner] = (left - has_one, now)
        if len(self._left) > _OWNERS:
            self._left.popitem(last=False)
        return 0.0 if has_one else (1 - left) * _MINUTE / self._most
