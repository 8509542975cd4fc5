"""Date arithmetic: functions that shift a timestamp, round it down to a period, or convert it between zones."""

import math
from collections.abc import Callable

from looply.decimals import Number
from looply.expressions.dates.dotnet import LOCAL, moment_of
from looply.expressions.dates.instants import (
    MILLISECONDS,
    civil_of,
    instant_of,
    instant_of_datetime,
    read_instant,
    require_in_range,
    with_months,
)
from looply.expressions.dates.time_zones import instant_in, offset_at, read_local, zone_of
from looply.expressions.functions.dates.timestamps import FORMATTED, TIMESTAMP, format_moment
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.jsontext import Json

_UNITS = ("Second", "Minute", "Hour", "Day", "Week", "Month", "Year")
_FIXED = {unit.capitalize(): length for unit, length in MILLISECONDS.items()} | {"Week": 7 * MILLISECONDS["day"]}
_MONTHS = {"Month": 1, "Year": 12}


def _adder(unit: str) -> Callable[..., str]:
    length = MILLISECONDS[unit]

    def call(run: Run, timestamp: str, given_amount: Number, *given: Json) -> str:
        amount = given_amount if isinstance(given_amount, int) else float(given_amount)
        if not math.isfinite(amount):
            raise ExpressionError("the date is more than 100,000,000 days from 1970")
        instant = read_instant(timestamp)
        # The resulting date is truncated, not the amount: half a day less than the 1st is still the 1st.
        shown = getattr(civil_of(instant), unit)
        whole = amount if isinstance(amount, int) else math.trunc(shown + amount) - shown
        return format_moment(run, moment_of(require_in_range(instant + whole * length)), given)

    return call


def _shift(instant: int, amount: int, unit: str) -> int:
    if unit in _MONTHS:
        return require_in_range(with_months(instant, amount * _MONTHS[unit]))
    return require_in_range(instant + amount * _FIXED.get(unit, 1))


def _check_unit(unit: str) -> None:
    if unit not in _UNITS:
        raise ExpressionError(f"expected one of {', '.join(_UNITS)} as `unit`, found {unit[:40]!r}")


def _add_to_time(run: Run, timestamp: str, amount: int, unit: str, *given: Json) -> str:
    # An unknown unit counts milliseconds here, and only here, as in Microsoft's.
    return format_moment(run, moment_of(_shift(read_instant(timestamp), amount, unit)), given)


def _subtract_from_time(run: Run, timestamp: str, amount: int, unit: str, *given: Json) -> str:
    _check_unit(unit)
    return format_moment(run, moment_of(_shift(read_instant(timestamp), -amount, unit)), given)


def _from_now(sign: int) -> Callable[..., str]:
    def call(run: Run, amount: int, unit: str, *given: Json) -> str:
        _check_unit(unit)
        return format_moment(
            run, moment_of(_shift(instant_of_datetime(run.evaluation.now), sign * amount, unit)), given
        )

    return call


def _start_of(unit: str) -> Callable[..., str]:
    def call(run: Run, timestamp: str, *given: Json) -> str:
        instant = read_instant(timestamp)
        in_month = instant - instant_of(*civil_of(instant)[:2])
        start = instant - (in_month if unit == "month" else instant % MILLISECONDS[unit])
        return format_moment(run, moment_of(require_in_range(start)), given)

    return call


def _convert_from_utc(run: Run, timestamp: str, zone: str, *given: Json) -> str:
    instant = read_instant(timestamp)
    return format_moment(run, moment_of(instant, offset_at(instant, zone_of(zone))), given, LOCAL)


def _convert_to_utc(run: Run, timestamp: str, zone: str, *given: Json) -> str:
    run.spend(2 * len(timestamp))
    local = read_local(timestamp)
    if local is None:
        raise ExpressionError(f"expected a date and time such as '2026-03-15T13:00:00', found {timestamp[:40]!r}")
    instant = instant_in(local, zone_of(zone), instant_of_datetime(run.evaluation.now))
    return format_moment(run, moment_of(instant - instant % 1_000), given)


def _add_function(name: str, unit: str, summary: str, example: tuple[str, Json]) -> Function:
    arguments = (TIMESTAMP, Argument(f"{unit}s", Kind.NUMBER), *FORMATTED)
    return Function(name, "dates", arguments, Type.TEXT, summary, example, _adder(unit))


def _start_function(name: str, unit: str, result: str) -> Function:
    summary = f"Returns the instant at which the {unit} of a timestamp begins, in UTC."
    example = (f"{name}('2026-03-15T13:27:36.123Z')", result)
    return Function(name, "dates", (TIMESTAMP, *FORMATTED), Type.TEXT, summary, example, _start_of(unit))


_AMOUNT = (Argument("amount", Kind.WHOLE), Argument("unit", Kind.PRESENT_TEXT))
_ZONE = Argument("zone", Kind.PRESENT_TEXT)

SHIFTING_FUNCTIONS = (
    _add_function(
        "addDays",
        "day",
        "Moves a timestamp by days of 24 hours.",
        ("addDays('2026-03-15T13:00:00.000Z', -20)", "2026-02-23T13:00:00.000Z"),
    ),
    _add_function(
        "addHours",
        "hour",
        "Moves a timestamp by hours.",
        ("addHours('2026-03-15T13:00:00.000Z', 12)", "2026-03-16T01:00:00.000Z"),
    ),
    _add_function(
        "addMinutes",
        "minute",
        "Moves a timestamp by minutes.",
        ("addMinutes('2026-03-15T13:00:00.000Z', 90)", "2026-03-15T14:30:00.000Z"),
    ),
    _add_function(
        "addSeconds",
        "second",
        "Moves a timestamp by seconds.",
        ("addSeconds('2026-03-15T13:00:00.000Z', -1)", "2026-03-15T12:59:59.000Z"),
    ),
    Function(
        "addToTime",
        "dates",
        (TIMESTAMP, *_AMOUNT, *FORMATTED),
        Type.TEXT,
        "Moves a timestamp by an amount of `Second`, `Minute`, `Hour`, `Day`, `Week`, `Month` or `Year`.",
        ("addToTime('2026-01-31T13:00:00.000Z', 1, 'Month')", "2026-02-28T13:00:00.000Z"),
        _add_to_time,
    ),
    Function(
        "subtractFromTime",
        "dates",
        (TIMESTAMP, *_AMOUNT, *FORMATTED),
        Type.TEXT,
        "Moves a timestamp back, by the units of `addToTime`.",
        ("subtractFromTime('2026-03-15T13:00:00.000Z', 2, 'Week')", "2026-03-01T13:00:00.000Z"),
        _subtract_from_time,
    ),
    Function(
        "getFutureTime",
        "dates",
        (*_AMOUNT, *FORMATTED),
        Type.TEXT,
        "Returns the instant so far after `utcNow()`, by the units of `addToTime`.",
        ("getFutureTime(1, 'Year')", "2027-01-15T09:30:00.000Z"),
        _from_now(1),
    ),
    Function(
        "getPastTime",
        "dates",
        (*_AMOUNT, *FORMATTED),
        Type.TEXT,
        "Returns the instant so far before `utcNow()`, by the units of `addToTime`.",
        ("getPastTime(10, 'Hour')", "2026-01-14T23:30:00.000Z"),
        _from_now(-1),
    ),
    _start_function("startOfDay", "day", "2026-03-15T00:00:00.000Z"),
    _start_function("startOfHour", "hour", "2026-03-15T13:00:00.000Z"),
    _start_function("startOfMonth", "month", "2026-03-01T00:00:00.000Z"),
    Function(
        "convertFromUTC",
        "dates",
        (TIMESTAMP, _ZONE, *FORMATTED),
        Type.TEXT,
        "Converts a timestamp to the local time of a zone, given by its Windows or IANA name.",
        ("convertFromUTC('2026-07-15T13:00:00.000Z', 'Europe/Berlin')", "2026-07-15T15:00:00.0000000"),
        _convert_from_utc,
    ),
    Function(
        "convertToUTC",
        "dates",
        (Argument("timestamp", Kind.PRESENT_TEXT), _ZONE, *FORMATTED),
        Type.TEXT,
        "Converts a local date and time of a zone to UTC.",
        ("convertToUTC('2026-01-15T13:00:00', 'Pacific Standard Time')", "2026-01-15T21:00:00.000Z"),
        _convert_to_utc,
    ),
)
