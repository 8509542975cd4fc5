"""Schedules that repeat `every` duration: the nominal instants are anchor, anchor + every, anchor + 2 every, ...

A duration without calendar parts is a constant number of seconds, so instants are found by division. One with months
or days follows the calendar of the zone; each nominal instant is counted from the anchor, so that a month's end
does not drift.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from looply.definition import Duration
from looply.errors import DefinitionError
from looply.schedule.zone_offsets import LAST

_NEVER = datetime.max.replace(tzinfo=UTC)
"""An instant after the end of the calendar."""


def interval_fires(every: Duration, anchor: datetime, after: datetime, zone: str) -> Iterator[datetime]:
    """Yields the nominal instants later than `after`, ascending, to the end of the calendar."""
    count = _index_after(every, anchor, after, zone)
    while (instant := _nominal(every, anchor, count, zone)) < LAST:
        yield instant
        count += 1


def _index_after(every: Duration, anchor: datetime, after: datetime, zone: str) -> int:
    """Returns the smallest count whose nominal instant is later than `after`."""
    if after < anchor:
        return 0
    low, high = 0, 1
    while _nominal(every, anchor, high, zone) <= after:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _nominal(every, anchor, middle, zone) <= after else (low, middle)
    return high


def _nominal(every: Duration, anchor: datetime, count: int, zone: str) -> datetime:
    if count == 0:
        return anchor
    scaled = Duration(
        years=every.years * count, months=every.months * count, days=every.days * count, seconds=every.seconds * count
    )
    try:
        return scaled.after(anchor, zone)
    except DefinitionError:
        return _NEVER
