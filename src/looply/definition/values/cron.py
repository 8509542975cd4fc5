"""Cron expressions, as the library cronsim parses them: five fields, or six with the seconds first.

Fields are minute, hour, day of the month, month, day of the week; names (`MON`, `JAN`), lists, ranges, steps, `L` (last
day, `LW` last weekday, `5L` last Friday) and `#` (`MON#2`). When day of the month or day of the week begins with a
star, both must hold, else one of them, as in Debian's cron.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec
from cronsim import CronSim, CronSimError

from looply.errors import DefinitionError

LONGEST: Final = 256
"""Characters of one expression: far more than needed, and few enough for fast parsing."""

_FIELDS: Final = (
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day-of-month", "1 to 31, L or LW"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day-of-week", "0 to 7 (0 and 7 are Sunday), SUN to SAT, with L or # at the end"),
)
_ORDER: Final = "minute hour day-of-month month day-of-week, six with the second before them"
_NICKNAMES: Final = {
    "@HOURLY": "0 * * * *",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@WEEKLY": "0 0 * * 0",
    "@MONTHLY": "0 0 1 * *",
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
}
_BASE: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a wall time
_DAY: Final = timedelta(days=1)
SEARCH_HORIZON: Final = timedelta(days=366 * 50)
"""A date that does not occur within fifty years never does: the rarest, a leap day on a given weekday, takes forty."""


class Cron(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A cron expression and its wall times.

    `follows_elapsed_time`: minute or hour begins with a star, so the expression is an interval rather than a time of
    day, and changes of the clocks do not affect it.
    """

    text: str
    follows_elapsed_time: bool
    times: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    """The hours, minutes and seconds, ascending."""
    months: frozenset[int]
    days: Any
    """The library's matcher of days."""

    def wall_times(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yields the wall times (without a zone) from `start`, included, to `end`, excluded, in ascending order."""
        day, last = start.date(), end.date()
        first = self._index(start)
        while day <= last:
            if day.month not in self.months:
                if (day.year, day.month) == (last.year, last.month):
                    return
                day = _next_month(day)
            else:
                if self.days.match_day(day):
                    for wall in self._wall_times_of(day, first if day == start.date() else (0, 0, 0)):
                        if wall >= end:
                            return
                        if wall >= start:
                            yield wall
                day += _DAY

    def _index(self, start: datetime) -> tuple[int, int, int]:
        """Returns the indexes of the first time of day that is not before `start`."""
        hours, minutes, seconds = self.times
        hour = bisect_left(hours, start.hour)
        if hour == len(hours) or hours[hour] != start.hour:
            return hour, 0, 0
        minute = bisect_left(minutes, start.minute)
        if minute == len(minutes) or minutes[minute] != start.minute:
            return hour, minute, 0
        return hour, minute, bisect_left(seconds, start.second)

    def _wall_times_of(self, day: date, first: tuple[int, int, int]) -> Iterator[datetime]:
        hours, minutes, seconds = self.times
        from_hour, from_minute, from_second = first
        for hour in hours[from_hour:]:
            for minute in minutes[from_minute:]:
                for second in seconds[from_second:]:
                    yield datetime.combine(day, time(hour, minute, second))
                from_second = 0
            from_minute = from_second = 0


@lru_cache(maxsize=1024)
def parse_cron(text: str) -> Cron:
    """Returns the cron expression of a text.

    Raises: DefinitionError (code `INVALID_CRON`) that names the field and its allowed values, also for a date that
    never occurs, such as 30 February; the hint is part of the message.
    """
    parts = text.upper().split()
    _check_words(text, parts)
    try:
        parsed = CronSim(text, _BASE)
    except (CronSimError, AssertionError, TypeError, ValueError) as error:
        raise _cron_error(text, _wrong_field(parts)) from error
    full = parts if len(parts) == len(_FIELDS) else ["0", *parts]
    cron = Cron(
        text=text,
        follows_elapsed_time=full[1].startswith("*") or full[2].startswith("*"),
        times=(tuple(sorted(parsed.hours)), tuple(sorted(parsed.minutes)), tuple(sorted(parsed.seconds))),
        months=frozenset(parsed.months),
        days=parsed,
    )
    if not _has_any_date(cron):
        raise _cron_error(text, _NEVER)
    return cron


_NEVER: Final = "names a day that never occurs; use `L` for the last day of a month"


def _check_words(text: str, parts: list[str]) -> None:
    if len(text) > LONGEST:
        raise _cron_error(text, f"has {len(text)} characters; at most {LONGEST} are allowed")
    if len(parts) == 1 and parts[0] in _NICKNAMES:
        raise _cron_error(text, f"is a nickname; write {_NICKNAMES[parts[0]]!r}")
    if "?" in text:
        raise _cron_error(text, "has a `?`; write `*` instead")
    if len(parts) not in (len(_FIELDS) - 1, len(_FIELDS)):
        years = "; years cannot be given, use `start` and `end`" if len(parts) > len(_FIELDS) else ""
        raise _cron_error(text, f"has {len(parts)} fields, expected five: {_ORDER}{years}")


def _wrong_field(parts: list[str]) -> str:
    """Returns why the library rejects an expression: each field is tried alone."""
    full = parts if len(parts) == len(_FIELDS) else ["0", *parts]
    for index, (name, takes) in enumerate(_FIELDS):
        alone = ["*"] * len(_FIELDS)
        alone[index] = full[index]
        try:
            CronSim(" ".join(alone), _BASE)
        except (CronSimError, AssertionError, TypeError, ValueError):
            days = full[index].isdigit() and name == "day-of-month" and 1 <= int(full[index][:3]) <= 31
            return _NEVER if days else f"has the {name} {full[index]!r}, expected {takes}"
    return _NEVER


def _has_any_date(cron: Cron) -> bool:
    day = _BASE.date()
    return any(
        candidate.month in cron.months and cron.days.match_day(candidate)
        for candidate in (day + _DAY * count for count in range(SEARCH_HORIZON.days))
    )


def _next_month(day: date) -> date:
    return (day.replace(day=1) + 32 * _DAY).replace(day=1)


def _cron_error(text: str, reason: str) -> DefinitionError:
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    return DefinitionError(f"the cron expression {shown!r} {reason}", code="INVALID_CRON")
