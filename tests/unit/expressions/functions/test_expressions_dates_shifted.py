import pytest

from looply.expressions import ExpressionError, ExpressionSyntaxError
from looply.expressions.dates.windows_zones import WINDOWS_ZONES

AT = "'2018-03-15T13:27:36.123Z'"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("addDays('2018-02-28T00:00:00.000Z', 1, 'dd.MM.')", "01.03."),
        ("addDays(utcNow(), -15)", "2025-12-31T09:30:00.000Z"),
        (f"addDays({AT}, 1.9)", "2018-03-16T13:27:36.123Z"),
        ("addDays('2018-03-01T00:00:00.000Z', -1.5)", "2018-02-28T00:00:00.000Z"),
        (f"addHours({AT}, 11, 'yyyy-MM-dd HH')", "2018-03-16 00"),
        (f"addMinutes({AT}, -28)", "2018-03-15T12:59:36.123Z"),
        (f"addSeconds({AT}, 0.5)", "2018-03-15T13:27:36.123Z"),
        ("addDays('9999-12-31T00:00:00.000Z', 1)", "10000-01-01T00:00:00.000Z"),
        (f"addToTime({AT}, 1, 'Second')", "2018-03-15T13:27:37.123Z"),
        (f"addToTime({AT}, 1, 'Minute')", "2018-03-15T13:28:36.123Z"),
        (f"addToTime({AT}, 1, 'Hour')", "2018-03-15T14:27:36.123Z"),
        (f"addToTime({AT}, 1, 'Day')", "2018-03-16T13:27:36.123Z"),
        (f"addToTime({AT}, 2, 'Week')", "2018-03-29T13:27:36.123Z"),
        (f"addToTime({AT}, 11, 'Month')", "2019-02-15T13:27:36.123Z"),
        ("addToTime('2020-02-29T00:00:00.000Z', 1, 'Year', 'yyyy-MM-dd', 'en')", "2021-02-28"),
        (f"addToTime({AT}, 7, 'Fortnight')", "2018-03-15T13:27:36.130Z"),
        (f"subtractFromTime({AT}, 1, 'Week')", "2018-03-08T13:27:36.123Z"),
        ("subtractFromTime('2018-03-31T00:00:00.000Z', 1, 'Month')", "2018-02-28T00:00:00.000Z"),
        ("getFutureTime(2, 'Hour')", "2026-01-15T11:30:00.000Z"),
        ("getFutureTime(1, 'Month', 'MM/dd')", "02/15"),
        ("getPastTime(1, 'Year')", "2025-01-15T09:30:00.000Z"),
        (f"startOfDay({AT})", "2018-03-15T00:00:00.000Z"),
        (f"startOfHour({AT}, 'HH:mm')", "13:00"),
        (f"startOfMonth({AT}, 'yyyy-MM-dd', 'en')", "2018-03-01"),
        ("startOfDay('1969-12-31T13:27:36.123Z')", "1969-12-31T00:00:00.000Z"),
    ],
)
def test_timestamps_are_shifted(value, source, expected):
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"convertFromUTC({AT}, 'Europe/Berlin')", "2018-03-15T14:27:36.1230000"),
        (f"convertFromUTC({AT}, 'Pacific Standard Time', 'h:mm tt zzz')", "6:27 AM -07:00"),
        (f"convertFromUTC({AT}, 'UTC', '')", "2018-03-15T13:27:36.123Z"),
        (f"convertFromUTC({AT}, 'Nepal Standard Time', '%', 'en')", "2018-03-15T19:12:36+05:45"),
        (f"getTimeOfDay(convertFromUTC({AT}, 'Tokyo Standard Time'))", "night"),
        ("convertToUTC('2018-07-15T13:27:36.999', 'Europe/Berlin')", "2018-07-15T11:27:36.000Z"),
        ("convertToUTC('2018-01-15 13:27', 'Eastern Standard Time', 'HH:mm')", "18:27"),
        ("convertToUTC('20180115', 'Tokyo Standard Time')", "2018-01-14T15:00:00.000Z"),
        ("convertToUTC('2018', 'UTC')", "2018-01-01T00:00:00.000Z"),
        ("convertToUTC('2018-00-00', 'UTC')", "2017-11-30T00:00:00.000Z"),
        ("convertToUTC('15 Mar 2018', 'UTC')", "2018-03-15T00:00:00.000Z"),
        ("convertToUTC('2018-03-15T13:27:36Z', 'Asia/Tokyo')", "2018-03-15T04:27:36.000Z"),
    ],
)
def test_timestamps_are_converted_between_zones(value, source, expected):
    assert value(source) == expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2018-03-25T01:59:59", "2018-03-25T00:59:59.000Z"),
        ("2018-03-25T02:30:00", "2018-03-25T01:30:00.000Z"),
        ("2018-03-25T03:00:00", "2018-03-25T01:00:00.000Z"),
        ("2018-10-28T02:30:00", "2018-10-28T01:30:00.000Z"),
        ("2018-10-28T03:00:00", "2018-10-28T02:00:00.000Z"),
    ],
)
def test_skipped_and_repeated_times_have_one_instant(value, local, expected):
    assert value(f"convertToUTC('{local}', 'W. Europe Standard Time')") == expected


@pytest.mark.parametrize("name", sorted(WINDOWS_ZONES))
def test_every_windows_name_is_a_zone(value, name):
    shown = value(f"convertFromUTC({AT}, '{name}', 'yyyy-MM-ddTHH:mm:ss')")
    assert value(f"convertToUTC('{shown}', '{name}')") == "2018-03-15T13:27:36.000Z"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("addDays('2018-03-05', 1)", "expected a timestamp"),
        (f"addDays({AT}, '1')", "number"),
        (f"addDays({AT}, 1, 'D', '')", "expected a locale"),
        (f"addDays({AT}, 99999999999)", "more than 100,000,000 days from 1970"),
        (f"addDays({AT}, 10 ^ 60)", "more than 100,000,000 days from 1970"),
        (f"addToTime({AT}, 1.5, 'Day')", "a whole number as `amount`, found 1.5"),
        (f"addToTime({AT}, 9999999, 'Year')", "more than 100,000,000 days from 1970"),
        (f"subtractFromTime({AT}, 1, 'day')", "expected one of Second, Minute, Hour, Day, Week, Month, Year as `unit`"),
        ("getFutureTime(1, 'Fortnight')", "found 'Fortnight'"),
        ("getPastTime(1, missing)", "expects a text as `unit`, found null"),
        ("startOfMonth('-271821-04-20T00:00:00.000Z')", "more than 100,000,000 days from 1970"),
        (f"convertFromUTC({AT}, 'Mars/Base')", "expected a time zone such as 'Europe/Oslo', found 'Mars/Base'"),
        (f"convertFromUTC({AT}, '../etc/passwd')", "expected a time zone"),
        (f"convertFromUTC({AT}, 'pacific standard time')", "expected a time zone"),
        ("convertFromUTC('+012018-03-15T13:27:36.123Z', 'UTC')", "outside the years 1 to 9999"),
        ("convertToUTC('soon', 'UTC')", "expected a date and time such as '2026-03-15T13:00:00', found 'soon'"),
        ("convertToUTC('2018-03-05', 'Nowhere')", "expected a time zone"),
    ],
)
def test_shifting_functions_say_what_they_expect(value, source, reason):
    with pytest.raises((ExpressionError, ExpressionSyntaxError)) as caught:
        value(source)
    assert reason in caught.value.message
