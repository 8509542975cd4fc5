"""Schedules that repeat `every` duration: the nominal instants are anchor, anchor + every, anchor + 2 every, ...

A duration without calendar parts is a constant number of seconds, so instants are found by division. One with months
or days follows the calendar of the zone; each nominal instant is counted from the anchor, so that a month's end
does not drift.
"""

from datetime import UTC, datetime

from looply.definition import Duration
from looply.errors import DefinitionError

_NEVER = datetime.max.replace(tzinfo=UTC)
"""What lies past the last year of the calendar."""


def next_fire(
    every: Duration, anchor: datetime, after: datetime, zone: str, end: datetime | None = None
) -> datetime | None:
    """Returns the first nominal instant later than `after`, or None when it would lie past `end`."""
    instant = _nominal(every, anchor, _index_after(every, anchor, after, zone), zone)
    return instant if instant <= (end or _NEVER) and instant != _NEVER else None


def latest_fire(every: Duration, anchor: datetime, now: datetime, zone: str) -> datetime:
    """Returns the last nominal instant that is not later than `now`; the anchor when none is."""
    index = _index_after(every, anchor, now, zone)
    return _nominal(every, anchor, max(index - 1, 0), zone)


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
