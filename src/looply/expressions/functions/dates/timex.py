"""Functions on TIMEX expressions, which are texts such as `XXXX-10-31`, `T15:28` or `PT2H`."""

import re
from calendar import isleap
from collections.abc import Callable

from looply.expressions.dates.dotnet import Moment, moment_of
from looply.expressions.dates.instants import civil_of, instant_of, instant_of_datetime
from looply.expressions.dates.time_zones import offset_at, zone_of
from looply.expressions.dates.timex import (
    Timex,
    is_date,
    is_date_range,
    is_definite,
    is_duration,
    is_present,
    is_time,
    is_time_range,
    read_timex,
    resolve,
    time_timex,
)
from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import kind_of
from looply.jsontext import Json

_MINUTES = re.compile(r"TXX:[0-5][0-9]:[0-5][0-9]")


def _timex(value: Json) -> Timex:
    if isinstance(value, str):
        return read_timex(value)
    if isinstance(value, list) and value:
        return {}
    if isinstance(value, dict) and value:
        return {"minute": 0, "second": 0, **value} if "hour" in value else value
    raise ExpressionError(f"expected a TIMEX such as 'XXXX-10-31', found {kind_of(value)}")


def _predicate(question: Callable[[Timex], bool]) -> Callable[[Run, Json], bool]:
    return lambda _, value: question(_timex(value))


def _resolve(_: Run, timex: str) -> str | None:
    return resolve(read_timex(timex))


def _now(run: Run, arguments: tuple[Json, ...]) -> Moment:
    """Returns the current local time of a zone; a zone that is no text counts as not given."""
    now = instant_of_datetime(run.evaluation.now)
    zone = arguments[0] if arguments else None
    return moment_of(now, offset_at(now, zone_of(zone)) if isinstance(zone, str) else 0)


def _viable_date(step: int) -> Callable[..., str]:
    def call(run: Run, timex: str, *given: Json) -> str:
        fields = read_timex(timex)
        month, day = int(fields.get("month", 0)), int(fields.get("dayOfMonth", 0))
        if fields.get("year") or not (month and day):
            raise ExpressionError(f"expected a TIMEX of month and day such as 'XXXX-10-31', found {timex[:40]!r}")
        at = _now(run, given).at
        is_before = (month, day) < (at.month, at.day)
        year = at.year + (step if is_before == (step > 0) else 0)
        while (month, day) == (2, 29) and not isleap(year):
            year += step
        found = civil_of(instant_of(year, month, day))
        return f"{found.year:04}-{found.month:02}-{found.day:02}"

    return call


def _viable_time(step: int) -> Callable[..., str]:
    def call(run: Run, timex: str, *given: Json) -> str:
        fields = read_timex(timex.replace("XX", "00", 1)) if _MINUTES.search(timex) is not None else {}
        if not is_time(fields):
            raise ExpressionError(f"expected a TIMEX of minute and second such as 'TXX:15:28', found {timex[:40]!r}")
        minute, second = int(fields["minute"]), int(fields["second"])
        at = _now(run, given).at
        is_before = (minute, second) < (at.minute, at.second)
        hour = at.hour + (step if is_before == (step > 0) else 0)
        return time_timex(hour % 24, minute, second)

    return call


def _question(name: str, question: Callable[[Timex], bool], summary: str, example: str) -> Function:
    arguments = (Argument("timex"),)
    return Function(
        name, "dates", arguments, Type.BOOLEAN, summary, (f"{name}('{example}')", True), _predicate(question)
    )


def _viable(name: str, call: Callable[..., str], summary: str, example: tuple[str, str]) -> Function:
    arguments = (Argument("timex", Kind.PRESENT_TEXT), Argument("zone", is_optional=True, type=Type.TEXT))
    return Function(name, "dates", arguments, Type.TEXT, summary, (f"{name}('{example[0]}')", example[1]), call)


TIMEX_FUNCTIONS = (
    _question("isDefinite", is_definite, "Returns whether a TIMEX is one day of one year.", "2026-03-15"),
    _question("isDate", is_date, "Returns whether a TIMEX is a day.", "XXXX-10-31"),
    _question("isDateRange", is_date_range, "Returns whether a TIMEX is a week, month, season or year.", "2026-03"),
    _question("isTime", is_time, "Returns whether a TIMEX has a time of day.", "T15:28"),
    _question("isTimeRange", is_time_range, "Returns whether a TIMEX is a part of the day.", "TMO"),
    _question("isDuration", is_duration, "Returns whether a TIMEX has a length.", "PT2H"),
    _question("isPresent", is_present, "Returns whether a TIMEX is now.", "PRESENT_REF"),
    Function(
        "resolve",
        "dates",
        (Argument("timex", Kind.PRESENT_TEXT, type=Type.ANY),),
        Type.TEXT,
        "Returns the date, the time or the seconds of a TIMEX; null for a range.",
        ("resolve('2026-03-15T14')", "2026-03-15 14:00:00"),
        _resolve,
    ),
    _viable(
        "getNextViableDate",
        _viable_date(1),
        "Returns the next date that a TIMEX of month and day can be, today included.",
        ("XXXX-01-10", "2027-01-10"),
    ),
    _viable(
        "getPreviousViableDate",
        _viable_date(-1),
        "Returns the last date before today that a TIMEX of month and day can be.",
        ("XXXX-01-15", "2025-01-15"),
    ),
    _viable(
        "getNextViableTime",
        _viable_time(1),
        "Returns the next time that a TIMEX of minute and second can be, now included.",
        ("TXX:15:28", "T10:15:28"),
    ),
    _viable(
        "getPreviousViableTime",
        _viable_time(-1),
        "Returns the last time before now that a TIMEX of minute and second can be.",
        ("TXX:15:00", "T09:15"),
    ),
)
