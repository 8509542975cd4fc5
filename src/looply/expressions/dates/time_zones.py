"""Time zones by their Windows or IANA name, and conversions to and from local time."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from looply.expressions.dates.instants import instant_of, time_of
from looply.expressions.dates.javascript import read_date
from looply.expressions.dates.windows_zones import WINDOWS_ZONES
from looply.expressions.values.errors import ExpressionError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000
# The format in which Day.js reads a time without a zone; every part but the year may be missing.
_LOCAL = re.compile(
    r"([0-9]{4})[-/]?([0-9]{1,2})?[-/]?([0-9]{0,2})[Tt\s]*([0-9]{1,2})?:?([0-9]{1,2})?:?([0-9]{1,2})?[.:]?([0-9]+)?\Z"
)
_LONGEST = 100
"""A longer text is no date; the pattern would take long for a text that is nearly one."""


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_of(name: str) -> ZoneInfo:
    """Returns the zone of a name, which is case-sensitive. Raises: ExpressionError when there is none."""
    name = WINDOWS_ZONES.get(name, name)
    if name not in _known_zones():
        raise ExpressionError(f"expected a time zone such as 'Europe/Oslo', found {name[:40]!r}")
    return ZoneInfo(name)


def offset_at(instant: int, zone: ZoneInfo) -> int:
    """Returns the seconds by which the zone is ahead of UTC.

    Raises: ExpressionError for an instant outside the years 1 to 9999.
    """
    try:
        local = (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone)
    except OverflowError as error:
        raise ExpressionError("the date is outside the years 1 to 9999, in which zones are known") from error
    return (local.utcoffset() or timedelta()) // timedelta(seconds=1)


def read_local(text: str) -> int | None:
    """Returns a date and time without a zone as if it were UTC, None when it is no date; with a zone, its instant.

    A final `Z` is ignored later, as everywhere in Microsoft's function.
    """
    match = None if text[-1:] in ("Z", "z") or len(text) > _LONGEST else _LOCAL.match(text)
    if match is None:
        return read_date(text)
    year, month, day, hour, minute, second, fraction = match.groups()
    time = time_of(int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0")[:3]))
    return instant_of(int(year), int(month or 1), int(day or 1), time)


def instant_in(local: int, zone: ZoneInfo, now: int) -> int:
    """Returns the instant of a local time in a zone.

    For a time that is repeated, it is the one with the offset that the zone has `now`, else the later one; a time that
    is skipped is read with the smaller offset.
    """
    first = offset_at(now, zone)
    guess = local - first * _SECOND
    second = offset_at(guess, zone)
    if first == second:
        return guess
    guess -= (second - first) * _SECOND
    third = offset_at(guess, zone)
    return guess if second == third else local - min(second, third) * _SECOND
