"""Compiles and validates the schedule of a trigger."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Final

from looply.definition.settings.reading import Reader
from looply.definition.settings.step_settings import Schedule
from looply.definition.values.cron import Cron, parse_cron
from looply.definition.values.duration import Duration, find_zone
from looply.errors import DefinitionError, say

ON_TIME: Final = timedelta(seconds=10)
"""A start that is no later than this was not missed: a restart takes as long."""

_WINDOW: Final = timedelta(hours=1)
_SHORTEST: Final = timedelta(seconds=1)
_COMPARED: Final = 500
"""Times of a cron expression that are compared to find the shortest interval between two."""


def compile_schedule(reader: Reader, zone: str) -> Schedule | None:
    """Returns the schedule; `zone` is that of the workflow, for a schedule without one. None when it is wrong."""
    every, cron = _every(reader), _cron(reader)
    if ("every" in reader) == ("cron" in reader):
        hint = say("SUCH_AS", "such as {example}", example='{"cron": "0 7 * * *"} or {"every": "PT1H"}')
        message = say("SCHEDULE_ONE", "a schedule needs exactly one of `cron` and `every`")
        reader.report.error(reader.path, message, hint)
    start, end = reader.instant("start"), reader.instant("end")
    if start is not None and end is not None and end <= start:
        reader.error("end", say("END_BEFORE_START", "must be later than `start`"))
    found = Schedule(
        every=every,
        cron=cron,
        timezone=check_zone(reader, "timezone", zone),
        start=start,
        end=end,
        jitter=_read_timedelta(reader, "jitter", timedelta(0)),
        overlap=reader.value.get("overlap", "skip"),
        catch_up=reader.value.get("catch_up", "last"),
        catch_up_window=_read_timedelta(reader, "catch_up_window", _WINDOW),
        dst=reader.value.get("dst", "once"),
    )
    _check_jitter(reader, found)
    _check_rules(reader, found)
    return found if every is not None or cron is not None else None


def check_zone(reader: Reader, name: str, default: str) -> str:
    """Returns the zone of a member, or the default when it is left out or unknown, which is reported."""
    if name not in reader:
        return default
    zone: str = reader.value[name]
    try:
        find_zone(zone)
    except DefinitionError as error:
        reader.error(name, say("ZONE_UNKNOWN", "{reason}", reason=error.message))
        return default
    return zone


def _every(reader: Reader) -> Duration | None:
    every = reader.duration("every")
    if every is not None and not every.has_calendar_parts and every.to_timedelta() < _SHORTEST:
        reader.error("every", say("EVERY_TOO_SHORT", "must be at least PT1S"))
    return every


def _cron(reader: Reader) -> Cron | None:
    if "cron" not in reader:
        return None
    try:
        return parse_cron(reader.value["cron"])
    except DefinitionError as error:
        reader.error("cron", say("CRON_INVALID", "{reason}", reason=error.message))
        return None


def _read_timedelta(reader: Reader, name: str, default: timedelta) -> timedelta:
    """Returns a duration of elapsed time, or the default when it is left out or wrong, which is reported."""
    duration = reader.duration(name, allows_zero=True)
    if duration is None:
        return default
    try:
        return duration.to_timedelta()
    except (DefinitionError, OverflowError):
        hint = say("WRITE_HOURS", "write PT24H rather than P1D")
        reader.error(name, say("DURATION_OF_DAYS", "must be hours, minutes and seconds"), hint)
        return default


def _check_jitter(reader: Reader, schedule: Schedule) -> None:
    between = _shortest_time(schedule)
    if between is not None and schedule.jitter > between:
        seconds = f"{between.total_seconds():g}"
        wording = "must not be longer than the shortest time between two starts, {seconds} seconds"
        hint = say("JITTER_AT_MOST", "write PT{seconds}S at most", seconds=seconds)
        reader.error("jitter", say("JITTER_TOO_LONG", wording, seconds=seconds), hint)


def _shortest_time(schedule: Schedule) -> timedelta | None:
    if schedule.cron is not None:
        begin = datetime(2001, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        walls = islice(schedule.cron.wall_times(begin, begin.replace(year=2051)), _COMPARED)
        return min((later - earlier for earlier, later in pairwise(walls)), default=None)
    if schedule.every is None or schedule.every.has_calendar_parts:
        return timedelta(days=1) if schedule.every is not None else None
    return schedule.every.to_timedelta()


def _check_rules(reader: Reader, schedule: Schedule) -> None:
    if "dst" in reader and "every" in reader and schedule.dst != "once":
        hint = say("LEAVE_DST_OUT", "leave it out: days keep the wall time, hours are elapsed time")
        reader.error("dst", say("DST_FOR_CRON", "`dst` is for `cron`"), hint)
    if "catch_up_window" in reader and schedule.catch_up_window < ON_TIME:
        hint = say("CATCH_UP_NONE", "set `catch_up` to none when missed starts should not be caught up")
        wording = "must be at least PT{seconds}S: a start up to that late is on time"
        reader.error("catch_up_window", say("WINDOW_TOO_SHORT", wording, seconds=ON_TIME.seconds), hint)
    if "catch_up_window" in reader and schedule.catch_up == "none":
        message = say("WINDOW_NO_EFFECT", "has no effect when `catch_up` is none")
        reader.warning("catch_up_window", message)
    if schedule.cron is not None and schedule.cron.follows_elapsed_time and schedule.dst != "once":
        hint = say("SET_MINUTE", "leave it out, or set minute and hour")
        message = say("DST_NO_EFFECT", "has no effect on a cron whose minute or hour begins with a star")
        reader.warning("dst", message, hint)
