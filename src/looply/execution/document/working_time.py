"""Working time: instants computed with a calendar of working hours and holidays.

Theory of operation. A calendar is a document such as

    {"timezone": "Europe/Berlin",
     "hours": {"mon": ["08:00-12:00", "13:00-17:00"], "tue": ["08:00-17:00"], ...},
     "holidays": ["2026-12-25"]}

A span of a day is converted to two instants in the calendar's zone, so that changes of the clock are respected. Days of
a duration are working days: `P1D` from Friday 15:00 is Monday 15:00. Hours, minutes and seconds are working time, years
and months are calendar time. A duration that starts outside of working time starts with the next span.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from looply.definition.values.duration import Duration, find_zone
from looply.errors import DefinitionError, Refused
from looply.jsontext import Json

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_HOLIDAYS: Final = 5000
_MAX_SPANS: Final = 20
_MAX_DAYS: Final = 366 * 20
"""The longest duration in days, which also bounds the time to compute it."""
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_FIELDS: Final = ("timezone", "hours", "holidays")


class CalendarError(Refused):
    """A calendar document is invalid. The message names the field."""

    code = "CALENDAR"


class Span(NamedTuple):
    """Working time within one day, in minutes since midnight of the wall clock; `end` is at most 1440."""

    begin: int
    end: int


class WorkCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """Working hours by weekday (0 is Monday), and the days without work."""

    zone: str
    hours: Mapping[int, tuple[Span, ...]]
    holidays: frozenset[date] = frozenset()

    def spans_of(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """Returns the working time of a day as pairs of UTC instants, in order; a span that the clocks skip is left
        out."""
        if day in self.holidays:
            return ()
        zone = find_zone(self.zone)
        found = ((_instant(day, span.begin, zone), _instant(day, span.end, zone)) for span in self._hours(day))
        return tuple((begin, end) for begin, end in found if begin < end)

    def _hours(self, day: date) -> tuple[Span, ...]:
        return self.hours.get(day.weekday(), ())


def read_calendar(document: Json) -> WorkCalendar:
    """Returns the calendar that a document describes.

    Raises: CalendarError that names the field and the mistake.
    """
    if not isinstance(document, dict):
        raise CalendarError('a calendar is an object such as {"timezone": ..., "hours": ..., "holidays": [...]}')
    for name in document:
        if name not in _FIELDS:
            raise CalendarError(f"a calendar has no field {name!r}; its fields are {', '.join(_FIELDS)}")
    zone = document.get("timezone", "UTC")
    if not isinstance(zone, str):
        raise CalendarError(f"timezone must be an IANA name such as Europe/Berlin, not {zone!r}")
    try:
        find_zone(zone)
    except DefinitionError as error:
        raise CalendarError(f"timezone: {error.message}") from error
    hours = _read_hours(document.get("hours"))
    return WorkCalendar(zone=zone, hours=hours, holidays=_read_holidays(document.get("holidays", [])))


def working_instant(calendar: WorkCalendar, instant: datetime, duration: Duration) -> datetime:
    """Returns the UTC instant a duration of working time after an aware `instant`.

    Guarantees: never before `instant`, and within working time or at its end.
    Raises: CalendarError when the calendar has no working time within the longest search.
    """
    try:
        now = _next_working(calendar, _add_calendar_parts(calendar, instant, duration))
        for _ in range(duration.days):
            now = _same_time_next_day(calendar, now)
            if now - instant > timedelta(days=_MAX_DAYS):
                raise OverflowError
        return _add_work(calendar, now, timedelta(microseconds=int(duration.seconds * 1_000_000)))
    except (OverflowError, DefinitionError) as error:
        raise CalendarError("the duration leads past the end of the calendar") from error


def _add_calendar_parts(calendar: WorkCalendar, instant: datetime, duration: Duration) -> datetime:
    whole = Duration(years=duration.years, months=duration.months)
    return whole.after(instant, calendar.zone) if whole.has_calendar_parts else instant.astimezone(UTC)


def _next_working(calendar: WorkCalendar, instant: datetime) -> datetime:
    """Returns the instant itself if it is in working time, else the beginning of the next span."""
    begin, _ = next(_spans_from(calendar, instant))
    return max(begin, instant)


def _same_time_next_day(calendar: WorkCalendar, instant: datetime) -> datetime:
    """Returns the same wall time on the next working day, else the begin of its next span, or the end of its last."""
    zone = find_zone(calendar.zone)
    local = instant.astimezone(zone)
    day = local.date()
    for _ in range(_MAX_DAYS):
        day += timedelta(days=1)
        if spans := calendar.spans_of(day):
            same = datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)
            later = next(((begin, end) for begin, end in spans if end > same), None)
            return max(later[0], same) if later is not None else spans[-1][1]
    raise CalendarError("the calendar has no working time for twenty years")


def _add_work(calendar: WorkCalendar, instant: datetime, left: timedelta) -> datetime:
    if not left:
        return instant
    spans = _spans_from(calendar, instant)
    while True:
        begin, end = next(spans)
        start = max(begin, instant)
        if left <= end - start:
            return start + left
        left -= end - start


def _spans_from(calendar: WorkCalendar, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yields the spans that end after an instant, in order.

    Raises: CalendarError at their end.
    """
    day = instant.astimezone(find_zone(calendar.zone)).date() - timedelta(days=1)
    for _ in range(_MAX_DAYS):
        yield from ((begin, end) for begin, end in calendar.spans_of(day) if end > instant)
        day += timedelta(days=1)
    raise CalendarError("the calendar has no working time for twenty years")


@lru_cache(maxsize=4096)
def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Returns the instant of a wall time; for one that the clocks skip the instant of the change."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    while (instant := wall.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(tzinfo=None) != wall:
        wall += timedelta(minutes=1)
    return instant


def _read_hours(value: Json) -> dict[int, tuple[Span, ...]]:
    if not isinstance(value, dict) or not value:
        raise CalendarError('hours must be an object such as {"mon": ["08:00-12:00", "13:00-17:00"]}')
    hours: dict[int, tuple[Span, ...]] = {}
    for name, spans in value.items():
        if name not in DAYS:
            raise CalendarError(f"hours has no day {name!r}; the days are {', '.join(DAYS)}")
        if not isinstance(spans, list) or len(spans) > _MAX_SPANS:
            raise CalendarError(f"hours/{name} must be a list of at most {_MAX_SPANS} spans such as 08:00-17:00")
        hours[DAYS.index(name)] = _read_spans(name, spans)
    if not any(hours.values()):
        raise CalendarError("hours has no working time on any day")
    return hours


def _read_spans(name: str, values: list[Json]) -> tuple[Span, ...]:
    found: list[Span] = []
    for value in values:
        match = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise CalendarError(f"hours/{name} must hold spans such as 08:00-17:00, not {value!r}")
        begin = int(match[1]) * 60 + int(match[2])
        end = int(match[3]) * 60 + int(match[4]) if match[3] else 24 * 60
        if begin >= end:
            raise CalendarError(f"hours/{name}: {value} must end later than it begins, on the same day")
        if found and begin < found[-1].end:
            raise CalendarError(f"hours/{name}: {value} must begin after the span before it has ended")
        found.append(Span(begin, end))
    return tuple(found)


def _read_holidays(value: Json) -> frozenset[date]:
    if not isinstance(value, list) or len(value) > MAX_HOLIDAYS:
        raise CalendarError(f"holidays must be a list of at most {MAX_HOLIDAYS} dates such as 2026-12-25")
    days: set[date] = set()
    for item in value:
        try:
            days.add(date.fromisoformat(item if isinstance(item, str) and len(item) == 10 else ""))
        except ValueError as error:
            raise CalendarError(f"holidays must hold dates such as 2026-12-25, not {item!r}") from error
    return frozenset(days)
