"""Functions that parse, format and decompose timestamps. A timestamp is a text; a format is one of .NET's."""

import math
from collections.abc import Callable

from looply.decimals import Number
from looply.expressions.dates.dotnet import DAYS, LOCAL, MONTHS, moment_of, print_moment
from looply.expressions.dates.instants import (
    MILLISECONDS,
    civil_of,
    day_of_week,
    find_instant,
    instant_of,
    instant_of_datetime,
    read_instant,
    require_in_range,
)
from looply.expressions.dates.javascript import read_date
from looply.expressions.functions.dates.timestamps import FORMATTED, TIMESTAMP, format_moment, read_lenient
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import is_whole, kind_of, number
from looply.jsontext import Json

_TICKS = 10_000
"""Ticks of .NET in a millisecond."""
_FIRST_TICK = 621_355_968_000_000_000
"""The ticks from the year 1 to 1970."""
# The names are those of Microsoft's package, including its spelling of the second month.
_MONTHS = (MONTHS[0], "Februrary", *MONTHS[2:])
_NEAR = {0: "today", 1: "tomorrow", -1: "yesterday"}
_WEEKS = {0: "this", 1: "next", -1: "last"}
_ENDINGS = {"1": "st", "2": "nd", "3": "rd"}


def _utc_now(run: Run, *given: Json) -> str:
    return format_moment(run, moment_of(instant_of_datetime(run.evaluation.now)), given)


def _format_date_time(run: Run, timestamp: str, *given: Json) -> str:
    instant = read_lenient(run, timestamp)
    if not timestamp.endswith("Z"):
        # Without a zone it is UTC, in every format that has a zone letter.
        in_utc = read_date(f"{timestamp}Z")
        instant = instant if in_utc is None else in_utc
    return format_moment(run, moment_of(instant), given)


def _format_epoch(run: Run, given_seconds: Number, *given: Json) -> str:
    seconds = given_seconds if isinstance(given_seconds, int) else float(given_seconds)
    if abs(seconds) > 1e13:
        raise ExpressionError(f"formatEpoch() expects seconds that are a date, found {seconds}")
    return format_moment(run, moment_of(require_in_range(math.trunc(seconds * 1_000))), given)


def _format_ticks(run: Run, ticks: Json, *given: Json) -> str:
    past = _whole_ticks(ticks) - _FIRST_TICK
    instant = past // _TICKS if past >= 0 else -(-past // _TICKS)
    return format_moment(run, moment_of(require_in_range(instant)), given)


def _whole_ticks(ticks: Json) -> int:
    if is_whole(ticks):
        return int(ticks)
    if isinstance(ticks, str):
        try:
            return int(ticks or "0")
        except ValueError:
            pass
    raise ExpressionError(f"formatTicks() expects a whole number as `ticks`, found {kind_of(ticks)}")


def _ticks(_: Run, timestamp: str) -> int:
    return _FIRST_TICK + read_instant(timestamp) * _TICKS


def _ticks_in(unit: str) -> Callable[[Run, int], Json]:
    ticks_of_unit = float(MILLISECONDS[unit] * _TICKS)

    def call(run: Run, ticks: int) -> Json:
        try:
            return number(run, float(ticks) / ticks_of_unit)
        except OverflowError as error:
            raise ExpressionError("the result is not a finite number") from error

    return call


def _difference(_: Run, left: str, right: str) -> int:
    return (read_instant(left) - read_instant(right)) * _TICKS


def _day_of_month(_: Run, timestamp: str) -> int:
    return civil_of(read_instant(timestamp)).day


def _day_of_week(_: Run, timestamp: str) -> int:
    return day_of_week(read_instant(timestamp))


def _day_of_year(_: Run, timestamp: str) -> int:
    instant = read_instant(timestamp)
    return (instant - instant_of(civil_of(instant).year)) // MILLISECONDS["day"] + 1


def _month(_: Run, timestamp: str) -> int:
    return civil_of(read_instant(timestamp)).month


def _year(_: Run, timestamp: str) -> int:
    return civil_of(read_instant(timestamp)).year


def _date(_: Run, timestamp: str) -> str:
    return print_moment(moment_of(read_instant(timestamp)), "M/DD/YYYY")


def _date_read_back(_: Run, reference: str, timestamp: str) -> str:
    today, day = (read_instant(text) // MILLISECONDS["day"] for text in (reference, timestamp))
    if (near := _NEAR.get(day - today)) is not None:
        return near
    instant = day * MILLISECONDS["day"]
    weekday = day_of_week(instant)
    # 1970 began on a Thursday, weeks begin on Sundays.
    weeks = (day + 4) // 7 - (today + 4) // 7
    if weeks in _WEEKS:
        return f"{_WEEKS[weeks]} {DAYS[weekday]}"
    at = civil_of(instant)
    if not 0 <= at.year <= 9_999:
        return ""
    ending = _ENDINGS.get(str(at.day)[-1], "th")
    return f"{at.day}{ending} {_MONTHS[at.month - 1]} {at.year}"


def _get_time_of_day(run: Run, timestamp: str) -> str | None:
    moment = moment_of(read_lenient(run, timestamp))
    if find_instant(timestamp) is None and print_moment(moment, LOCAL) != timestamp:
        return None
    minutes = moment.at.hour * 60 + moment.at.minute
    if minutes in (0, 12 * 60):
        return "noon" if minutes else "midnight"
    if minutes < 12 * 60:
        return "morning"
    if minutes < 18 * 60:
        return "afternoon"
    return "evening" if minutes <= 22 * 60 else "night"


def _part(name: str, summary: str, result: int, call: Callable[[Run, str], int]) -> Function:
    example = (f"{name}('2026-03-15T13:27:36.123Z')", result)
    return Function(name, "dates", (TIMESTAMP,), Type.NUMBER, summary, example, call)


def _ticks_function(name: str, unit: str, example: tuple[str, Json]) -> Function:
    summary = f"Converts ticks to {unit}s; a tick is a ten-millionth of a second."
    return Function(name, "dates", (Argument("ticks", Kind.WHOLE),), Type.NUMBER, summary, example, _ticks_in(unit))


DATE_FUNCTIONS = (
    Function(
        "utcNow",
        "dates",
        FORMATTED,
        Type.TEXT,
        "Returns the instant of the current event, not of the machine's clock.",
        ("utcNow()", "2026-01-15T09:30:00.000Z"),
        _utc_now,
    ),
    Function(
        "formatDateTime",
        "dates",
        (TIMESTAMP, *FORMATTED),
        Type.TEXT,
        "Formats a timestamp, or nearly any text that is a date, in a .NET format.",
        ("formatDateTime('2026-03-15T13:00:00Z', 'dd.MM.yyyy')", "15.03.2026"),
        _format_date_time,
    ),
    Function(
        "formatEpoch",
        "dates",
        (Argument("seconds", Kind.NUMBER), *FORMATTED),
        Type.TEXT,
        "Formats an instant that is given in seconds since 1970.",
        ("formatEpoch(1521118800)", "2018-03-15T13:00:00.000Z"),
        _format_epoch,
    ),
    Function(
        "formatTicks",
        "dates",
        (Argument("ticks", type=Type.NUMBER), *FORMATTED),
        Type.TEXT,
        "Formats an instant that is given in ticks since the year 1.",
        ("formatTicks(637243624200000000)", "2020-05-06T11:47:00.000Z"),
        _format_ticks,
    ),
    _part("dayOfMonth", "Returns the day of the month, in UTC.", 15, _day_of_month),
    _part("dayOfWeek", "Returns the day of the week, in UTC; Sunday is 0.", 0, _day_of_week),
    _part("dayOfYear", "Returns the day of the year, in UTC; the first is 1.", 74, _day_of_year),
    _part("month", "Returns the month, in UTC; January is 1.", 3, _month),
    _part("year", "Returns the year, in UTC.", 2026, _year),
    Function(
        "date",
        "dates",
        (TIMESTAMP,),
        Type.TEXT,
        "Returns the date of a timestamp as `M/dd/yyyy`.",
        ("date('2026-03-05T13:27:36.123Z')", "3/05/2026"),
        _date,
    ),
    Function(
        "dateReadBack",
        "dates",
        (Argument("reference", Kind.TIMESTAMP), TIMESTAMP),
        Type.TEXT,
        "Describes in words the day of a timestamp relative to another one.",
        ("dateReadBack('2026-03-15T13:00:00.000Z', '2026-03-16T08:00:00.000Z')", "tomorrow"),
        _date_read_back,
    ),
    Function(
        "getTimeOfDay",
        "dates",
        (TIMESTAMP,),
        Type.TEXT,
        "Returns midnight, morning, noon, afternoon, evening (from 18:00 to 22:00) or night.",
        ("getTimeOfDay('2026-03-15T13:27:36.123Z')", "afternoon"),
        _get_time_of_day,
    ),
    Function(
        "ticks",
        "dates",
        (TIMESTAMP,),
        Type.NUMBER,
        "Returns the ticks since the year 1; a tick is a ten-millionth of a second.",
        ("ticks('2026-03-15T13:27:36.123Z')", 639_091_780_561_230_000),
        _ticks,
    ),
    _ticks_function("ticksToDays", "day", ("ticksToDays(2193385800000000)", 2_538.6409722222224)),
    _ticks_function("ticksToHours", "hour", ("ticksToHours(2193385800000000)", 60_927.38333333333)),
    _ticks_function("ticksToMinutes", "minute", ("ticksToMinutes(2193385800000000)", 3_655_643)),
    Function(
        "dateTimeDiff",
        "dates",
        (Argument("left", Kind.TIMESTAMP), Argument("right", Kind.TIMESTAMP)),
        Type.NUMBER,
        "Returns the ticks from the right timestamp to the left one.",
        ("dateTimeDiff('2026-03-15T13:00:01.000Z', '2026-03-15T13:00:00.000Z')", 10_000_000),
        _difference,
    ),
)
