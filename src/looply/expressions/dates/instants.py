"""Instants as ECMAScript counts them: whole milliseconds since 1970 in UTC, 100 million days either way.

The calendar is the Gregorian one for all years, before 1582 and before the year 1 too.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from looply.expressions.values.errors import ExpressionError

MILLISECONDS = {"day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1_000, "millisecond": 1}
"""The length of each unit of fixed length."""
_DAY = MILLISECONDS["day"]
_LAST = 100_000_000 * _DAY
_ERA_DAYS = 146_097
"""The days of 400 years, the period of the calendar."""
_ISO = re.compile(
    r"(?P<year>[0-9]{4}|\+[0-9]{6}|-[0-9]{6})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})\.(?P<millisecond>[0-9]{3})Z"
)


class Civil(NamedTuple):
    """A date and a time of day in some zone."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    millisecond: int


def instant_of(year: int, month: int = 1, day: int = 1, time: int = 0) -> int:
    """Returns the instant of a date in UTC and the milliseconds since its midnight.

    Every part may be any number: month 13 is January of the next year.
    """
    year, month = year + (month - 1) // 12, (month - 1) % 12
    return (_first_day(year, month) + day - 1) * _DAY + time


def time_of(hour: int, minute: int, second: int, millisecond: int) -> int:
    """Returns the milliseconds from midnight to a time of day."""
    return ((hour * 60 + minute) * 60 + second) * 1_000 + millisecond


def _first_day(year: int, month: int) -> int:
    """Returns the day, counted from 1970, on which a month begins; months count from 0."""
    # In a year that begins in March the leap day is the last day, and the month lengths follow a formula.
    year, month = (year, month - 2) if month >= 2 else (year - 1, month + 10)
    era, of_era = divmod(year, 400)
    return era * _ERA_DAYS + of_era * 365 + of_era // 4 - of_era // 100 + (153 * month + 2) // 5 - 719_468


def civil_of(instant: int) -> Civil:
    """Returns the date and time of an instant in UTC."""
    days, rest = divmod(instant, _DAY)
    era, of_era = divmod(days + 719_468, _ERA_DAYS)
    years = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    hours, rest = divmod(rest, MILLISECONDS["hour"])
    minutes, rest = divmod(rest, MILLISECONDS["minute"])
    return Civil(
        era * 400 + years + (month <= 2),
        month,
        of_year - (153 * shifted + 2) // 5 + 1,
        hours,
        minutes,
        *divmod(rest, 1_000),
    )


def day_of_week(instant: int) -> int:
    """Returns the day of the week in UTC; Sunday is 0."""
    return (instant // _DAY + 4) % 7


def clip_to_range(instant: int) -> int | None:
    """Returns the instant, None when it is out of range."""
    return instant if -_LAST <= instant <= _LAST else None


def require_in_range(instant: int) -> int:
    """Returns the instant. Raises: ExpressionError when it is out of range."""
    if not -_LAST <= instant <= _LAST:
        raise ExpressionError("the date is more than 100,000,000 days from 1970")
    return instant


def instant_of_datetime(instant: datetime) -> int:
    """Returns the instant of an aware datetime; microseconds are truncated."""
    local = instant.astimezone(UTC)
    time = time_of(local.hour, local.minute, local.second, local.microsecond // 1_000)
    return instant_of(local.year, local.month, local.day, time)


def find_instant(text: str) -> int | None:
    """Returns the instant of a timestamp in its one exact form, UTC with three digits after the point; else None."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, *time = (int(part) for part in match.groups())
    instant = clip_to_range(instant_of(year, month, day, time_of(*time)))
    return instant if instant is not None and iso_text(instant) == text else None


def read_instant(text: str) -> int:
    """Returns the instant of a timestamp in its one exact form. Raises: ExpressionError for every other text."""
    instant = find_instant(text)
    if instant is None:
        raise ExpressionError(f"expected a timestamp such as '2026-03-15T13:00:00.000Z', found {text[:40]!r}")
    return instant


def iso_text(instant: int) -> str:
    """Returns the timestamp of an instant, with a sign and six digits for years of more than four."""
    at = civil_of(instant)
    year = f"{at.year:04}" if 0 <= at.year <= 9_999 else f"{at.year:+07}"
    return f"{year}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}.{at.millisecond:03}Z"


def with_months(instant: int, months: int) -> int:
    """Returns the instant `months` months later; a day that the month does not have becomes its last one."""
    at = civil_of(instant)
    first = instant_of(at.year, at.month + months)
    days = (instant_of(at.year, at.month + months + 1) - first) // _DAY
    return first + (min(at.day, days) - 1) * _DAY + instant % _DAY
