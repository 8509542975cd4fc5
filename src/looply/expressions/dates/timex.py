"""TIMEX: dates, times, durations and ranges of them as language tools write them, such as `XXXX-10-31` or `PT2H`.

Sources: TIMEX3 (ISO 24617-1), in the part that Microsoft's recognizers read.
"""

import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.semantics import number_text

Timex = Mapping[str, float | str]
"""The fields of a TIMEX: `year`, `month`, `dayOfMonth`, `hour`, `years` and so on, only those that it has."""

_SEASON = "(?P<season>SP|SU|FA|WI)"
_YEAR, _MONTH = r"(?P<year>[0-9]{4})", r"(?P<month>[0-9]{2})"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}-{_MONTH}-(?P<dayOfMonth>[0-9]{{2}})",
        r"XXXX-WXX-(?P<dayOfWeek>[0-9])",
        rf"XXXX-{_MONTH}-(?P<dayOfMonth>[0-9]{{2}})",
        _YEAR,
        rf"{_YEAR}-{_MONTH}",
        _SEASON,
        rf"{_YEAR}-{_SEASON}",
        rf"{_YEAR}-W(?P<weekOfYear>[0-9]{{2}})(?P<weekend>-WE)?",
        rf"XXXX-{_MONTH}",
        rf"XXXX-{_MONTH}-W(?P<weekOfMonth>[0-9]{{2}})",
        rf"XXXX-{_MONTH}-WXX-(?P<weekOfMonth>[0-9])-(?P<dayOfWeek>[0-9])",
    )
)
_TIME = re.compile(
    r"T(?:(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?|(?P<partOfDay>DT|NI|MO|AF|EV))"
)
# An amount can be matched in one way only, without backtracking: the time is linear.
_AMOUNT = r"[0-9]++(?:\.[0-9]++)?|\.[0-9]++"
_PERIOD = re.compile(rf"P(?:(?P<date>{_AMOUNT})(?P<date_unit>[YMWD])|T(?P<time>{_AMOUNT})(?P<unit>[HMS]))")
_DATE_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}
_TIME_UNITS = {"H": "hours", "M": "minutes", "S": "seconds"}
_SECONDS: Mapping[str, int] = MappingProxyType(
    {
        "years": 31_536_000,
        "months": 2_592_000,
        "weeks": 604_800,
        "days": 86_400,
        "hours": 3_600,
        "minutes": 60,
        "seconds": 1,
    }
)
_WORDS = frozenset({"season", "partOfDay", "weekend"})
_EXACT_DIGITS = 15


def read_timex(text: str) -> Timex:
    """Returns the fields of a text; none when it is no TIMEX."""
    if text == "PRESENT_REF":
        return {"now": 1}
    if text.startswith("P"):
        return _read_period(text)
    if text.startswith("(") and text.endswith(")"):
        parts = text[1:-1].split(",", 3)
        return {**_read_date_time(parts[0]), **_read_period(parts[2])} if len(parts) == 3 else {}
    return _read_date_time(text)


def _read_period(text: str) -> Timex:
    match = _PERIOD.fullmatch(text)
    if match is None:
        return {}
    if match["date"] is not None:
        return {_DATE_UNITS[match["date_unit"]]: float(match["date"])}
    return {_TIME_UNITS[match["unit"]]: float(match["time"])}


def _read_date_time(text: str) -> Timex:
    date, mark, time = text.partition("T")
    found: dict[str, float | str] = {}
    match = next((match for each in _DATES if (match := each.fullmatch(date)) is not None), None)
    if match is not None:
        found |= _matched_fields(match)
    clock = _TIME.fullmatch(mark + time)
    if clock is not None:
        found |= _matched_fields(clock)
        if "hour" in found:
            found = {"minute": 0, "second": 0, **found}
    return found


def _matched_fields(match: re.Match[str]) -> dict[str, float | str]:
    return {
        name: value if name in _WORDS else int(value) for name, value in match.groupdict().items() if value is not None
    }


def is_definite(timex: Timex) -> bool:
    """Returns whether it is one day of one year."""
    return {"year", "month", "dayOfMonth"} <= timex.keys()


def is_date(timex: Timex) -> bool:
    """Returns whether it is a day, of any year or week."""
    return {"month", "dayOfMonth"} <= timex.keys() or "dayOfWeek" in timex


def is_date_range(timex: Timex) -> bool:
    """Returns whether it is a week, a month, a season or a year."""
    has_part = "year" in timex or "month" in timex
    return (has_part and "dayOfMonth" not in timex) or not timex.keys().isdisjoint(
        {"season", "weekOfYear", "weekOfMonth"}
    )


def is_time(timex: Timex) -> bool:
    """Returns whether it has a time of day."""
    return {"hour", "minute", "second"} <= timex.keys()


def is_time_range(timex: Timex) -> bool:
    """Returns whether it is a part of the day."""
    return "partOfDay" in timex


def is_duration(timex: Timex) -> bool:
    """Returns whether it has a length."""
    return not timex.keys().isdisjoint(_SECONDS)


def is_present(timex: Timex) -> bool:
    """Returns whether it is now."""
    return "now" in timex


def resolve(timex: Timex) -> str | None:
    """Returns the date, the time or the seconds of a TIMEX, None for a range.

    Raises: ExpressionError when it is none of these without a reference date.
    """
    has_length, has_time = is_duration(timex), is_time(timex)
    is_range = is_time_range(timex) or (has_time and has_length)
    if is_date(timex) and is_range:
        return None
    if is_definite(timex):
        date = f"{timex['year']:04}-{timex['month']:02}-{timex['dayOfMonth']:02}"
        if has_time:
            return f"{date} {_time_value(timex)}"
        return None if has_length else date
    if "season" in timex:
        return "not resolved"
    if "year" in timex or (is_range and not is_date_range(timex)):
        return None
    if has_length and not is_date(timex) and not is_date_range(timex):
        return _length(timex)
    if has_time and not is_date(timex) and not is_date_range(timex):
        return _time_value(timex)
    raise ExpressionError("expected a TIMEX that is a date, a time or a length by itself")


def _length(timex: Timex) -> str:
    unit = next(each for each in _SECONDS if each in timex)
    amount = float(timex[unit])
    shown = number_text(amount)
    if not math.isfinite(amount) or len(shown) > _EXACT_DIGITS or "e" in shown:
        raise ExpressionError(f"expected a length of at most {_EXACT_DIGITS} digits, without an exponent")
    return number_text(_SECONDS[unit] * amount)


def _time_value(timex: Timex) -> str:
    return f"{timex['hour']:02}:{timex['minute']:02}:{timex['second']:02}"


def time_timex(hour: int, minute: int, second: int) -> str:
    """Returns the TIMEX of a time of day, in its shortest form."""
    if second:
        return f"T{hour:02}:{minute:02}:{second:02}"
    return f"T{hour:02}:{minute:02}" if minute else f"T{hour:02}"
