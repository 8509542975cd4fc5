"""The changes of a zone's clocks: stretches of time in which its offset from UTC is the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from looply.definition import find_zone

LAST: Final = datetime(9999, 12, 29, tzinfo=UTC)
"""Where the calendar ends: beyond it not every zone has a wall time."""

FIRST: Final = datetime(1, 1, 5, tzinfo=UTC)
"""Where it begins."""

_SAMPLE: Final = timedelta(hours=6)
"""No zone has changed twice within so short a time."""
_SECOND: Final = timedelta(seconds=1)
_TEN_YEARS: Final = timedelta(days=3653)
_LONGEST: Final = timedelta(days=2)
"""No clock was ever set by so much: a zone that crossed the date line changed by a day."""


class Stretch(NamedTuple):
    """From `start` to before `end` (UTC) the zone has the `offset`, which it has had since `since`; before, `former`.

    A stretch may end without a change, so that the search for one has a bound.
    """

    start: datetime
    end: datetime
    offset: timedelta
    since: datetime
    former: timedelta

    @property
    def is_after_a_change(self) -> bool:
        """Whether the clocks were set at its start."""
        return self.start == self.since and self.offset != self.former


def stretches(zone: str, start: datetime) -> Iterator[Stretch]:
    """Yields the stretches from the one that `start` lies in to the end of the calendar, oldest first."""
    tz = find_zone(zone)
    begin = since = max(start, FIRST) - _LONGEST
    offset = former = _offset(tz, begin)
    for year in range(begin.year, LAST.year + 1):
        for at, following in (*_changes(zone, year), (min(datetime(year, 12, 31, tzinfo=UTC), LAST), None)):
            if at <= begin:
                continue
            if at > start:
                yield Stretch(begin, at, offset, since, former)
            begin = at
            if following is not None:
                since, former, offset = at, offset, following


def next_change(zone: str, after: datetime) -> datetime | None:
    """Returns when the clocks of a zone are set next, within ten years; None when they are not."""
    tenth = min(after, LAST - _TEN_YEARS) + _TEN_YEARS
    for stretch in stretches(zone, after):
        if stretch.start > tenth:
            break
        if stretch.is_after_a_change and stretch.start > after:
            return stretch.start
    return None


@lru_cache(maxsize=4096)
def _changes(zone: str, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """Returns (instant, offset from then on) of the changes in the year that ends with the beginning of 31 December.

    So it begins on that day of the year before: the years of a zone have no instant in common, and no gap.
    """
    tz = find_zone(zone)
    at = datetime(year - 1, 12, 31, tzinfo=UTC) if year > 1 else datetime(1, 1, 3, tzinfo=UTC)
    end = datetime(year, 12, 31, tzinfo=UTC) if year < LAST.year else LAST
    found, offset = [], _offset(tz, at)
    while at < end:
        following = min(at + _SAMPLE, end)
        if (now := _offset(tz, following)) != offset:
            found.append((_first(tz, at, following, now), now))
            offset = now
        at = following
    return tuple(found)


def _first(tz: tzinfo, low: datetime, high: datetime, offset: timedelta) -> datetime:
    """Returns the first whole second after `low` and up to `high` at which the zone has the offset."""
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        low, high = (low, middle) if _offset(tz, middle) == offset else (middle, high)
    return high


def _offset(tz: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(tz).utcoffset() or timedelta(0)
