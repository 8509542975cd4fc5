"""Functions that move a timestamp along, to the start of a period, or from one zone's clocks to another's."""

import math
from collections.abc import Callable

from looply.expressions.dates.dotnet import LOCAL, moment_of
from looply.expressions.dates.instants import (
    MILLISECONDS,
    checked,
    civil_of,
    instant_of,
    of_datetime,
    read_instant,
    with_months,
)
from looply.expressions.dates.time_zones import instant_in, offset_at, read_local, zone_of
from looply.expressions.errors import ExpressionError
from looply.expressions.evaluation import Run
from looply.expressions.functions.dates.timestamps import FORMATTED, TIMESTAMP, printed
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.jsontext import Json

_UNITS = ("Second", "Minute", "Hour", "Day", "Week", "Month", "Year")
_FIXED = {unit.capitalize(): length for unit, length in MILLISECONDS.items()} | {"Week": 7 * MILLISECONDS["day"]}
_MONTHS = {"Month": 1, "Year": 12}


def _adder(unit: str) -> Callable[..., str]:
    length = MILLISECONDS[unit]

    def call(run: Run, timestamp: str, amount: float, *given: Json) -> str:
        instant = read_instant(timestamp)
        # Not the amount is cut off but what the clock would show: half a day less than the 1st is still the 1st.
        shown = getattr(civil_of(instant), unit)
        whole = amount if isinstance(amount, int) else math.trunc(shown + amount) - shown
        return printed(run, moment_of(checked(instant + whole * length)), given)

    return call


def _moved(instant: int, amount: int, unit: str) -> int:
    if unit in _MONTHS:
        return checked(with_months(instant, amount * _MONTHS[unit]))
    return checked(instant + amount * _FIXED.get(unit, 1))


def _check_unit(unit: str) -> None:
    if unit not in _UNITS:
        raise ExpressionError(f"expected one of {', '.join(_UNITS)} as `unit`, found {unit[:40]!r}")


def _add_to_time(run: Run, timestamp: str, amount: int, unit: str, *given: Json) -> str:
    # A unit that is none counts milliseconds here, and only here: so do Microsoft's.
    return printed(run, moment_of(_moved(read_instant(timestamp), amount, unit)), given)


def _subtract_from_time(run: Run, timestamp: str, amount: int, unit: str, *given: Json) -> str:
    _check_unit(unit)
    return printed(run, moment_of(_moved(read_instant(timestamp), -amount, unit)), given)


def _from_now(sign: int) -> Callable[..., str]:
    def call(run: Run, amount: int, unit: str, *given: Json) -> str:
        _check_unit(unit)
        return printed(run, moment_of(_moved(of_datetime(run.evaluation.now), sign * amount, unit)), given)

    return call


def _start_of(unit: str) -> Callable[..., str]:
    def call(run: Run, timestamp: str, *given: Json) -> str:
        instant = read_instant(timestamp)
        in_month = instant - instant_of(*civil_of(instant)[:2])
        start = instant - (in_month if unit == "month" else instant % MILLISECONDS[unit])
        return printed(run, moment_of(checked(start)), given)

    return call


def _convert_from_utc(run: Run, timestamp: str, zone: str, *given: Json) -> str:
    instant = read_instant(timestamp)
    return printed(run, moment_of(instant, offset_at(instant, zone_of(zone))), given, LOCAL)


def _convert_to_utc(run: Run, timestamp: str, zone: str, *given: Json) -> str:
    run.spend(2 * len(timestamp))
    local = read_local(timestamp)
    if local is None:
        raise ExpressionError(f"expected a date and time such as '2026-03-15T13:00:00', found {timestamp[:40]!r}")
    instant = instant_in(local, zone_of(zone), of_datetime(run.evaluation.now))
    return printed(run, moment_of(instant - instant % 1_000), given)


def _adding(name: str, unit: str, summary: str, example: tuple[str, Json]) -> Function:
    arguments = (TIMESTAMP, Argument(f"{unit}s", Kind.NUMBER), *FORMATTED)
    return Function(name, "dates", arguments, Type.TEXT, summary, example, _adder(unit))


def _starting(name: str, unit: str, result: str) -> Function:
    summary = f"Gives the instant at which the {unit} of a timestamp begins, in UTC."
    example = (f"{name}('2026-03-15T13:27:36.123Z')", result)
    return Function(name, "dates", (TIMESTAMP, *FORMATTED), Type.TEXT, summary, example, _start_of(unit))


_AMOUNT = (Argument("amount", Kind.WHOLE), Argument("unit", Kind.PRESENT_TEXT))
_ZONE = Argument("zone", Kind.PRESENT_TEXT)

MOVING_FUNCTIONS = (
    _adding(
        "addDays",
        "day",
        "Moves a timestamp by days of 24 hours.",
        ("addDays('2026-03-15T13:00:00.000Z', -20)", "2026-02-23T13:00:00.000Z"),
    ),
    _adding(
        "addHours",
        "hour",
        "Moves a timestamp by hours.",
        ("addHours('2026-03-15T13:00:00.000Z', 12)", "2026-03-16T01:00:00.000Z"),
    ),
    _adding(
        "addMinutes",
        "minute",
        "Moves a timestamp by minutes.",
        ("addMinutes('2026-03-15T13:00:00.000Z', 90)", "2026-03-15T14:30:00.000Z"),
    ),
    _adding(
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
        "Moves a timestamp by so many `Second`, `Minute`, `Hour`, `Day`, `Week`, `Month` or `Year`.",
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
        "Gives the instant that lies so far after `utcNow()`, by the units of `addToTime`.",
        ("getFutureTime(1, 'Year')", "2027-01-15T09:30:00.000Z"),
        _from_now(1),
    ),
    Function(
        "getPastTime",
        "dates",
        (*_AMOUNT, *FORMATTED),
        Type.TEXT,
        "Gives the instant that lies so far before `utcNow()`, by the units of `addToTime`.",
        ("getPastTime(10, 'Hour')", "2026-01-14T23:30:00.000Z"),
        _from_now(-1),
    ),
    _starting("startOfDay", "day", "2026-03-15T00:00:00.000Z"),
    _starting("startOfHour", "hour", "2026-03-15T13:00:00.000Z"),
    _starting("startOfMonth", "month", "2026-03-01T00:00:00.000Z"),
    Function(
        "convertFromUTC",
        "dates",
        (TIMESTAMP, _ZONE, *FORMATTED),
        Type.TEXT,
        "Gives what the clocks of a zone show, which is named as Windows or as IANA does.",
        ("convertFromUTC('2026-07-15T13:00:00.000Z', 'Europe/Berlin')", "2026-07-15T15:00:00.0000000"),
        _convert_from_utc,
    ),
    Function(
        "convertToUTC",
        "dates",
        (Argument("timestamp", Kind.PRESENT_TEXT), _ZONE, *FORMATTED),
        Type.TEXT,
        "Gives the instant at which the clocks of a zone show a date and time.",
        ("convertToUTC('2026-01-15T13:00:00', 'Pacific Standard Time')", "2026-01-15T21:00:00.000Z"),
        _convert_to_utc,
    ),
)
