"""The periods of a time zone in which its offset from UTC is constant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from looply.definition import find_zone

LAST: Final = datetime(9999, 12, 29, tzinfo=UTC)
"""The end of the calendar: after it not every zone has a wall time."""

FIRST: Final = datetime(1, 1, 5, tzinfo=UTC)
"""The beginning of the calendar."""

_SAMPLE: Final = timedelta(hours=6)
"""No zone has changed twice within so short a time."""
_SECOND: Final = timedelta(seconds=1)
_TEN_YEARS: Final = timedelta(days=3653)
_LONGEST: Final = timedelta(days=2)
"""No offset ever changed by more: a zone that crossed the date line changed by a day."""


class OffsetPeriod(NamedTuple):
    """From `start` to before `end` (UTC) the zone has the `offset`, in force since `since`; before, it had `former`.

    A period may end without a change of the offset, so that the search for one is bounded.
    """

    start: datetime
    end: datetime
    offset: timedelta
    since: datetime
    former: timedelta

    @property
    def is_after_a_change(self) -> bool:
        """Whether the offset changed at its start."""
        return self.start == self.since and self.offset != self.former


def offset_periods(zone: str, start: datetime) -> Iterator[OffsetPeriod]:
    """Yields the periods from the one that contains `start` to the end of the calendar, oldest first."""
    tz = find_zone(zone)
    begin = since = max(start, FIRST) - _LONGEST
    offset = former = _offset(tz, begin)
    for year in range(begin.year, LAST.year + 1):
        for at, following in (*_offset_changes(zone, year), (min(datetime(year, 12, 31, tzinfo=UTC), LAST), None)):
            if at <= begin:
                continue
            if at > start:
                yield OffsetPeriod(begin, at, offset, since, former)
            begin = at
            if following is not None:
                since, former, offset = at, offset, following


def next_change(zone: str, after: datetime) -> datetime | None:
    """Returns the next change of a zone's offset, within ten years; None when there is none."""
    tenth = min(after, LAST - _TEN_YEARS) + _TEN_YEARS
    for period in offset_periods(zone, after):
        if period.start > tenth:
            break
        if period.is_after_a_change and period.start > after:
            return period.start
    return None


@lru_cache(maxsize=4096)
def _offset_changes(zone: str, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """Returns (instant, offset from then on) of the changes in the year that ends at the beginning of 31 December.

    It begins on that day of the year before, so that the years of a zone have neither overlaps nor gaps.
    """
    tz = find_zone(zone)
    at = datetime(year - 1, 12, 31, tzinfo=UTC) if year > 1 else datetime(1, 1, 3, tzinfo=UTC)
    end = datetime(year, 12, 31, tzinfo=UTC) if year < LAST.year else LAST
    found, offset = [], _offset(tz, at)
    while at < end:
        following = min(at + _SAMPLE, end)
        if (now := _offset(tz, following)) != offset:
            found.append((_first_instant_with(tz, at, following, now), now))
            offset = now
        at = following
    return tuple(found)


def _first_instant_with(tz: tzinfo, low: datetime, high: datetime, offset: timedelta) -> datetime:
    """Returns the first whole second after `low` and up to `high` at which the zone has the offset."""
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        low, high = (low, middle) if _offset(tz, middle) == offset else (middle, high)
    return high


def _offset(tz: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(tz).utcoffset() or timedelta(0)
