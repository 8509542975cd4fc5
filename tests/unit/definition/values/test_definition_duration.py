"""Durations and instants."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from looply.definition import Duration, find_zone, parse_duration, parse_instant
from looply.definition.values.duration import find_moment
from looply.errors import DefinitionError

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1Y2M3W4DT5H6M7S", Duration(years=1, months=2, days=25, seconds=Decimal(18367))),
        ("P2W", Duration(days=14)),
        ("PT0.5S", Duration(seconds=Decimal("0.5"))),
        ("PT0,25H", Duration(seconds=Decimal(900))),
        ("PT1.5M", Duration(seconds=Decimal(90))),
        ("PT36H", Duration(seconds=Decimal(129600))),
        ("PT0S", Duration()),
    ],
)
def test_a_duration_keeps_its_exact_parts(text: str, expected: Duration) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "p1d",
        "-P1D",
        "P-1D",
        "P1.5D",
        "PT1.5H3M",
        "PT1S1M",
        "P1S",
        "PT1,S",
        "P1D ",
        "3 days",
        "P1D\n",
        "PT1234567890S",
        "P\N{ARABIC-INDIC DIGIT ONE}D",
        "P1D" * 100,
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DefinitionError, match="is not an ISO 8601 duration such as") as caught:
        parse_duration(text)
    assert caught.value.code == "INVALID_DURATION"
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("start", "duration", "zone", "end"),
    [
        ("2030-01-31T12:00:00Z", "P1M", "UTC", "2030-02-28T12:00:00Z"),
        ("2032-02-29T00:00:00Z", "P1Y", "UTC", "2033-02-28T00:00:00Z"),
        ("2030-11-30T00:00:00Z", "P14M1D", "UTC", "2032-01-31T00:00:00Z"),
        # Clocks go forward on 2030-03-31 at 02:00 and back on 2030-10-27 at 03:00.
        ("2030-03-30T12:00:00+01:00", "P1D", BERLIN, "2030-03-31T12:00:00+02:00"),
        ("2030-03-30T12:00:00+01:00", "PT24H", BERLIN, "2030-03-31T13:00:00+02:00"),
        ("2030-03-30T02:30:00+01:00", "P1D", BERLIN, "2030-03-31T03:30:00+02:00"),
        ("2030-10-26T02:30:00+02:00", "P1D", BERLIN, "2030-10-27T02:30:00+02:00"),
        ("2030-10-27T02:30:00+01:00", "P1D", BERLIN, "2030-10-28T02:30:00+01:00"),
        ("2030-10-27T02:30:00+02:00", "PT1H", BERLIN, "2030-10-27T02:30:00+01:00"),
        ("2030-10-26T02:30:00+02:00", "P1DT1H", BERLIN, "2030-10-27T02:30:00+01:00"),
        ("2030-01-01T00:00:00Z", "PT0.001S", BERLIN, "2030-01-01T00:00:00.001Z"),
    ],
)
def test_date_parts_are_calendar_arithmetic_and_time_parts_are_elapsed(
    start: str, duration: str, zone: str, end: str
) -> None:
    moved = parse_duration(duration).after(at(start), zone)
    assert moved == at(end)
    assert moved.tzinfo is UTC
    assert parse_duration(duration).after(at(start), ZoneInfo(zone)) == moved


@pytest.mark.parametrize("text", ["P8000Y", "P999999999D", "PT999999999H", "P999999999Y", "P999999999M"])
def test_a_duration_past_the_year_9999_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match="after the year 9999"):
        parse_duration(text).after(at("2030-01-01T00:00:00Z"), "UTC")


def test_only_a_duration_without_date_parts_has_a_fixed_length() -> None:
    assert parse_duration("PT1H0.5S").to_timedelta() == timedelta(seconds=3600.5)
    with pytest.raises(DefinitionError, match="write PT24H rather than P1D"):
        parse_duration("P1D").to_timedelta()


def test_a_duration_says_whether_it_is_zero() -> None:
    assert parse_duration("PT0S").is_zero
    assert not parse_duration("P1D").is_zero
    assert not parse_duration("PT1S").is_zero


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-01-31T09:00:00Z", "2030-01-31T09:00:00+00:00"),
        ("2030-01-31t09:00:00.123456789z", "2030-01-31T09:00:00.123456+00:00"),
        ("2030-01-31T09:00:00+05:30", "2030-01-31T03:30:00+00:00"),
        ("2030-01-31T09:00:00-00:30", "2030-01-31T09:30:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00+00:00"),
    ],
)
def test_an_instant_is_read_exactly(text: str, expected: str) -> None:
    assert parse_instant(text) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2030-01-31",
        "2030-01-31T09:00:00",
        "2030-02-30T09:00:00Z",
        "2030-13-01T00:00:00Z",
        "2030-01-01T24:00:00Z",
        "2030-01-01T00:60:00Z",
        "2030-01-01T00:00:61Z",
        "2030-01-01T12:00:60Z",
        "2030-01-01 00:00:00Z",
        "2030-01-01T00:00:00+24:00",
        "2030-01-01T00:00:00+01:60",
        "0000-01-01T00:00:00Z",
        "2030-00-01T00:00:00Z",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    assert find_moment(text) is None
    with pytest.raises(DefinitionError, match="is not an RFC 3339 time") as caught:
        parse_instant(text)
    assert caught.value.code == "INVALID_INSTANT"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_an_instant_outside_the_calendar_can_be_compared_but_not_used(text: str) -> None:
    assert find_moment(text) is not None
    with pytest.raises(DefinitionError, match="outside the years 1 to 9999"):
        parse_instant(text)


@pytest.mark.parametrize("name", ["", "Europe/Berln", "../etc/passwd", "America", "\0", "x" * 500, "zone.tab"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match="is not an IANA time zone") as caught:
        find_zone(name)
    assert caught.value.code == "INVALID_ZONE"


def test_an_unknown_zone_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(DefinitionError, match="did you mean 'Europe/Berlin'"):
        parse_duration("P1D").after(at("2030-01-01T00:00:00Z"), "Europe/Berln")
