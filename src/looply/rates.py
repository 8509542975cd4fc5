"""Rates: token buckets and turns of heavy work by owner in this process, pauses that grow, threads for large work.

`RateLimiter` and `growing_pause` are pure: time is an argument. `Turns` waits on the clock.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, NamedTuple, TypeVar

from looply.clock import Clock

Made = TypeVar("Made")

SMALL_BYTES: Final = 64 * 1024
"""Work on at most this number of bytes takes less time than the handover to a thread."""

_MINUTE_SECONDS: Final = 60.0
_MAX_DOUBLINGS: Final = 20
"""A pause of seconds is more than a week by then."""
_OWNERS: Final = 10_000
"""Owners whose buckets are kept; the bucket of an owner that was evicted is full again."""


def growing_pause(first: timedelta, longest: timedelta, failures: int) -> timedelta:
    """Returns the pause before the next try: `first`, doubled for each of the earlier `failures`, `longest` at most."""
    return min(first * (1 << min(failures, _MAX_DOUBLINGS)), longest)


class RateLimiter:
    """One token bucket for each owner: it starts with `limit` tokens, its maximum, and gains as many per minute."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
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
        has_one = left >= 1 - self._limit
        self._keep(owner, left - has_one, now)
        return self._seconds_for(left) if has_one else None

    def _refill(self, owner: str, now: float) -> float:
        left, then = self._left.pop(owner, (float(self._limit), now))
        return min(self._limit, left + (now - then) * self._limit / _MINUTE_SECONDS)

    def _keep(self, owner: str, left: float, now: float) -> None:
        self._left[owner] = (left, now)
        if len(self._left) > _OWNERS:
            self._left.popitem(last=False)

    def _seconds_for(self, left: float) -> float:
        """Returns the seconds until one token is there, with `left` tokens now."""
        return max(1 - left, 0.0) * _MINUTE_SECONDS / self._limit


HEAVY_BYTES: Final = 16 * 1024
"""JSON of fewer bytes takes less than a millisecond and is not paced."""

UNITS_PER_SECOND: Final = 300_000
"""The pace of one owner: a tenth of the event loop at most, at 0.1 to 0.3 microseconds of it for a unit."""


class Kind(NamedTuple):
    """A kind of work that takes turns, and how many of its units one owner may use in a second.

    Work that has to wait begins at whole multiples of `beat_seconds`, so that what waits begins together and shares
    one commit; 0: each piece begins by itself.
    """

    name: str
    per_second: float
    beat_seconds: float = 0.0


LARGE_JSON: Final = Kind("large JSON", UNITS_PER_SECOND)
"""JSON rich in values; its units are those of `looply.jsontext.work_units`."""

_ALONE_SECONDS: Final = 60.0
"""An owner is alone when no other one has been seen for this time."""

_NO_OWNER: Final = ("", float("-inf"))


MAX_WAIT_SECONDS: Final = 30.0
"""Seconds that work which cannot be refused waits at most."""


class Turns:
    """Turns of work on the event loop while several owners use the process: of large JSON, requests, child starts.

    Each piece of work is followed by a pause of its owner in proportion to its units, in which the loop is left to
    other owners. An owner that is alone has no pauses. Work of one kind does not wait for that of another one.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`sleep` waits for a number of seconds."""
        self._clock = clock
        self._sleep = sleep
        # By owner and kind of work: when the next one may begin.
        self._free_at: OrderedDict[tuple[str, Kind], float] = OrderedDict()
        # The two owners that were seen last, and when.
        self._latest = self._former = _NO_OWNER

    def note(self, owner: str) -> bool:
        """Records that an owner uses the process; returns whether no other one does."""
        if self._latest[0] != owner:
            self._former = self._latest
        now = self._clock.monotonic()
        self._latest = (owner, now)
        return now - self._former[1] > _ALONE_SECONDS

    @property
    def is_shared(self) -> bool:
        """Whether several owners use the process."""
        return not self._is_alone(self._latest[0], self._clock.monotonic())

    def wait_seconds(self, owner: str, kind: Kind = LARGE_JSON) -> float:
        """Returns the seconds until further work of this kind may begin for the owner."""
        return self._wait_seconds((owner, kind), self._clock.monotonic())

    def reserve(self, owner: str, units: float, kind: Kind = LARGE_JSON) -> float:
        """Reserves the next time of the owner for work of `units` units; returns the seconds until it begins."""
        key, now = (owner, kind), self._clock.monotonic()
        wait = self._wait_seconds(key, now)
        if not self._is_alone(owner, now):
            self._free_at.pop(key, None)
            self._free_at[key] = now + wait + units / kind.per_second
            if len(self._free_at) > _OWNERS:
                self._free_at.popitem(last=False)
        return wait

    async def wait(self, owner: str, units: float, kind: Kind = LARGE_JSON) -> None:
        """Returns when work of `units` units may begin. It waits `MAX_WAIT_SECONDS` at most."""
        if seconds := self.reserve(owner, units, kind):
            await self._sleep(min(self._until_beat(seconds, kind.beat_seconds), MAX_WAIT_SECONDS))

    def _until_beat(self, seconds: float, beat_seconds: float) -> float:
        """Returns the seconds until the first beat that is not earlier than in `seconds`."""
        if not beat_seconds:
            return seconds
        now = self._clock.monotonic()
        return math.ceil((now + seconds) / beat_seconds) * beat_seconds - now

    def _wait_seconds(self, key: tuple[str, Kind], now: float) -> float:
        return max(self._free_at.get(key, now) - now, 0.0)

    def _is_alone(self, owner: str, now: float) -> bool:
        _, seen = self._former if self._latest[0] == owner else self._latest
        return now - seen > _ALONE_SECONDS


async def offload_if_large(size: int, work: Callable[[], Made]) -> Made:
    """Returns the result of work on `size` bytes of JSON text, done in a thread when they are more than `SMALL_BYTES`.

    The work must not share mutable data. Raises: what the work raises.
    """
    return await asyncio.to_thread(work) if size > SMALL_BYTES else work()
