import pytest

from looply.expressions.dates.instants import civil_of, find_instant, instant_of, iso_text, with_months
from looply.expressions.dates.javascript import read_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018", "2018-01-01T00:00:00.000Z"),
        ("2018-03", "2018-03-01T00:00:00.000Z"),
        ("2018-03-05", "2018-03-05T00:00:00.000Z"),
        ("2018-02-30", "2018-03-02T00:00:00.000Z"),
        ("2018-03-05T13:04", "2018-03-05T13:04:00.000Z"),
        ("2018-03-05t13:04:05.5z", "2018-03-05T13:04:05.500Z"),
        ("2018-03-05T13:04:05.123456789Z", "2018-03-05T13:04:05.123Z"),
        ("2018-03-05T13:04:05.12Z", "2018-03-05T13:04:05.120Z"),
        ("2018-03-05T13:04:05+02:00", "2018-03-05T11:04:05.000Z"),
        ("2018-03-05T13:04:05-0130", "2018-03-05T14:34:05.000Z"),
        ("2018-03-05T24:00:00.000Z", "2018-03-06T00:00:00.000Z"),
        ("+012018-03-05T13:04:05Z", "+012018-03-05T13:04:05.000Z"),
        ("-000044-03-15", "-000044-03-15T00:00:00.000Z"),
        ("0000", "0000-01-01T00:00:00.000Z"),
    ],
)
def test_iso_dates_are_read(text, expected):
    assert iso_text(read_date(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-03-05Z", "2018-03-05T00:00:00.000Z"),
        ("2018-03-05 13:04:05.5", "2018-03-05T13:04:05.500Z"),
        ("2018-3-5", "2018-03-05T00:00:00.000Z"),
        ("2018-40", None),
        ("-2018-03-05", "2018-03-05T00:00:00.000Z"),
        ("-002018 5", "-002018-05-01T00:00:00.000Z"),
        ("-000000-01-01", "2001-01-01T00:00:00.000Z"),
        ("3/5/2018", "2018-03-05T00:00:00.000Z"),
        ("3/5/18 13:04", "2018-03-05T13:04:00.000Z"),
        ("3/5/49", "2049-03-05T00:00:00.000Z"),
        ("3/5/50", "1950-03-05T00:00:00.000Z"),
        ("3/5", "2001-03-05T00:00:00.000Z"),
        ("March 5, 2018 1:04 PM", "2018-03-05T13:04:00.000Z"),
        ("5-Mar-2018 12:04 am", "2018-03-05T00:04:00.000Z"),
        ("2018 5 March", "2018-03-05T00:00:00.000Z"),
        ("Mon, 05 Mar 2018 13:04:05 GMT", "2018-03-05T13:04:05.000Z"),
        ("Mon Mar 05 2018 13:04:05 GMT+0200 (a (nested) name)", "2018-03-05T11:04:05.000Z"),
        ("5 Mar 2018 13:04:05 EST", "2018-03-05T18:04:05.000Z"),
        ("5 Mar 2018 13:04 GMT-1", "2018-03-05T14:04:00.000Z"),
        ("5 Mar 2018 13:04 +2:30", "2018-03-05T10:34:00.000Z"),
        ("5 Mar 2018 13:: UTC", "2018-03-05T13:00:00.000Z"),
        ("5 Mar 2018 13:.4", "2018-03-05T13:04:00.000Z"),
        ("5 Mar 2018 24:00", "2018-03-06T00:00:00.000Z"),
        ("Due_date: 5 Mar 2018 (unclosed", "2018-03-05T00:00:00.000Z"),
        ("000000000005 Mar 2018", "2018-03-05T00:00:00.000Z"),
    ],
)
def test_dates_as_people_write_them_are_read(text, expected):
    instant = read_date(text)
    assert (None if instant is None else iso_text(instant)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bad",
        "Z",
        "March",
        "x5",
        "5 Mar 2018 foo",
        "2018-03-05T5:00",
        "2018-03-05T25:00",
        "2018-03-05T24:01",
        "2018-03-05T13:04+25:00",
        "2018T",
        "13/5/2018",
        "3/32/2018",
        "1/2/3/4",
        "5 Mar 2018 13:04 PM",
        "5 Mar 2018 25:00",
        "5 Mar 2018 13:04:05 +12345",
        "5 Mar 2018 +1",
        "5 Mar 2018 )",
        "5 Mar 2018 1:2:3:4:5:6",
        "5 Mar 2018 1:00 2::",
        "5 Mar 2018 1:2.x",
        "5 Mar 2018 1:02x",
        "+275760-09-13T00:00:00.001Z",
        "5 Mar 999999",
    ],
)
def test_a_text_that_is_no_date_is_refused(text):
    assert read_date(text) is None


@pytest.mark.parametrize("text", ["", "2018-03-05", "2018-03-05T13:04:05Z", "2018-13-01T00:00:00.000Z", "5 Mar 2018"])
def test_only_the_one_exact_form_is_an_instant(text):
    assert find_instant(text) is None


def test_every_day_is_its_own_date():
    for day in range(-800_000, 800_000, 97):
        at = civil_of(day * 86_400_000)
        assert instant_of(at.year, at.month, at.day) == day * 86_400_000
        assert find_instant(iso_text(day * 86_400_000)) == day * 86_400_000


def test_a_month_later_is_the_same_day_or_the_last_one():
    assert iso_text(with_months(instant_of(2020, 1, 31), 1)) == "2020-02-29T00:00:00.000Z"
    assert iso_text(with_months(instant_of(2020, 2, 29, 5), -12)) == "2019-02-28T00:00:00.005Z"
    assert iso_text(with_months(instant_of(2020, 12, 31), 2)) == "2021-02-28T00:00:00.000Z"
