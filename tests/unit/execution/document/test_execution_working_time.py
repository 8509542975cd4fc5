"""Working time: weekends, holidays, breaks, and the days on which the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from looply.definition import parse_duration
from looply.execution.document.working_time import CalendarError, read_calendar, working_instant

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {
    "timezone": "Europe/Berlin",
    "hours": {day: ["08:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-12-25", "2027-01-01"],
}


def due(start: str, span: str, calendar=None) -> str:
    """Returns the wall time in Berlin a duration of working time after another one."""
    begin = datetime.fromisoformat(start).replace(tzinfo=BERLIN)
    end = working_instant(read_calendar(calendar or OFFICE), begin, parse_duration(span))
    assert end.utcoffset() == timedelta(0)
    assert end >= begin
    return end.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-11-25T09:00", "PT2H", "2026-11-25 11:00:00"),
        ("2026-11-25T11:00", "PT2H", "2026-11-25 14:00:00"),  # over the break
        ("2026-11-25T08:00", "PT8H", "2026-11-25 17:00:00"),  # the end of a day belongs to it
        ("2026-11-25T16:00", "PT90M", "2026-11-26 08:30:00"),
        ("2026-11-27T16:30", "PT1H", "2026-11-30 08:30:00"),  # over the weekend
        ("2026-11-28T10:00", "PT1H", "2026-11-30 09:00:00"),  # begins on a Saturday
        ("2026-11-25T12:30", "PT30M", "2026-11-25 13:30:00"),  # begins in the break
        ("2026-11-25T22:00", "PT0.5S", "2026-11-26 08:00:00"),
        ("2026-12-24T16:00", "PT2H", "2026-12-28 09:00:00"),  # over a holiday and a weekend
        ("2026-11-27T15:00", "P1D", "2026-11-30 15:00:00"),
        ("2026-11-27T15:00", "P2D", "2026-12-01 15:00:00"),
        ("2026-11-27T12:00", "P1D", "2026-11-30 13:00:00"),  # a duration that starts in the break starts after it
        ("2026-12-24T10:00", "P1D", "2026-12-28 10:00:00"),
        ("2026-11-27T15:00", "P1DT3H", "2026-12-01 09:00:00"),
        ("2026-11-25T09:00", "P1W", "2026-12-04 09:00:00"),  # seven working days
        ("2026-11-25T09:00", "P1M", "2026-12-28 08:00:00"),  # the 25th of December is a holiday
        ("2026-11-25T09:00", "PT200H", "2026-12-31 09:00:00"),
    ],
)
def test_a_duration_counts_working_time(start, span, end):
    assert due(start, span).startswith(end)


NIGHT = {"timezone": "Europe/Berlin", "hours": {day: ["00:00-24:00"] for day in ("sat", "sun", "mon")}}


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-03-28T22:00", "PT6H", "2026-03-29 05:00:00"),  # the night has an hour less
        ("2026-10-24T22:00", "PT6H", "2026-10-25 03:00:00"),  # and here one more
        ("2026-03-28T02:30", "P1D", "2026-03-29 03:30:00"),  # 02:30 does not exist
        ("2026-10-24T02:30", "P1D", "2026-10-25 02:30:00"),
        ("2026-03-29T00:00", "PT23H", "2026-03-30 00:00:00"),
        ("2026-10-25T00:00", "PT25H", "2026-10-26 00:00:00"),
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(start, span, end):
    assert due(start, span, NIGHT) == end


def test_office_hours_keep_their_wall_time_when_the_clocks_change():
    assert due("2026-03-27T16:00", "PT2H") == "2026-03-30 09:00:00"
    assert due("2026-10-23T16:00", "P1D") == "2026-10-26 16:00:00"


def test_a_span_that_the_clocks_skip_is_no_working_time():
    calendar = {"timezone": "Europe/Berlin", "hours": {"sun": ["02:10-02:50"]}}
    assert due("2026-03-28T12:00", "PT10M", calendar) == "2026-04-05 02:20:00"


def test_a_calendar_without_a_zone_is_in_utc():
    calendar = read_calendar({"hours": {"wed": ["09:00-10:00"]}})
    begin = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert working_instant(calendar, begin, parse_duration("PT1H")) == datetime(2026, 12, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("span", ["P99999D", "PT999999999H", "P9999Y"])
def test_a_duration_past_the_end_of_the_calendar_is_refused(span):
    with pytest.raises(CalendarError):
        due("2026-11-25T09:00", span, {"timezone": "Europe/Berlin", "hours": {"mon": ["09:00-09:01"]}})


@pytest.mark.parametrize(
    ("document", "word"),
    [
        (None, "an object such as"),
        ([], "an object such as"),
        ({}, "hours must be"),
        ({"hours": {}}, "hours must be"),
        ({"hours": {"mon": []}}, "no working time on any day"),
        ({"hours": {"monday": ["08:00-12:00"]}}, "no day 'monday'"),
        ({"hours": {"mon": "08:00-12:00"}}, "hours/mon must be a list"),
        ({"hours": {"mon": ["8-12"]}}, "not '8-12'"),
        ({"hours": {"mon": [8]}}, "not 8"),
        ({"hours": {"mon": ["12:00-08:00"]}}, "end later than it begins"),
        ({"hours": {"mon": ["08:00-12:00", "11:00-13:00"]}}, "begin after the span before"),
        ({"hours": {"mon": ["08:00-12:00"]}, "timezone": "Berlin"}, "timezone:"),
        ({"hours": {"mon": ["08:00-12:00"]}, "timezone": 1}, "timezone must be"),
        ({"hours": {"mon": ["08:00-12:00"]}, "holidays": "2026-12-25"}, "holidays must be a list"),
        ({"hours": {"mon": ["08:00-12:00"]}, "holidays": ["25.12.2026"]}, "not '25.12.2026'"),
        ({"hours": {"mon": ["08:00-12:00"]}, "holidays": [1]}, "not 1"),
        ({"hours": {"mon": ["08:00-12:00"]}, "holiday": []}, "no field 'holiday'"),
    ],
)
def test_an_invalid_calendar_is_refused_with_its_field(document, word):
    with pytest.raises(CalendarError, match=word) as refused:
        read_calendar(document)
    assert refused.value.code == "CALENDAR"


def test_a_calendar_that_ends_before_the_duration_is_refused():
    with pytest.raises(CalendarError, match="no working time for twenty years"):
        due("2026-11-25T09:00", "PT100000H")
    sundays = [(date(2026, 12, 6) + timedelta(weeks=week)).isoformat() for week in range(1100)]
    closed = {"timezone": "Europe/Berlin", "hours": {"sun": ["08:00-12:00"]}, "holidays": sundays}
    with pytest.raises(CalendarError, match="no working time for twenty years"):
        due("2026-11-29T09:00", "P1D", closed)
