"""Cron expressions: parsing, errors, fire times with daylight saving time, and the preview."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from looply.definition import DstRule, Schedule, parse_cron, parse_duration
from looply.errors import DefinitionError
from looply.schedule import delay_of, fires, next_change, next_fire, preview
from looply.schedule.zone_offsets import LAST

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def schedule(text: str, zone: str = "UTC", dst: DstRule = "once", **fields: object) -> Schedule:
    return Schedule(cron=parse_cron(text), timezone=zone, dst=dst, **fields)  # type: ignore[arg-type]


def first(plan: Schedule, count: int, after: datetime = BEGIN) -> list[str]:
    return [f"{at:%m-%dT%H:%M:%S}" for at in islice(fires(plan, after, after), count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 7 * * MON-FRI", ["01-01T07:30:00", "01-02T07:30:00", "01-05T07:30:00"]),
        ("0 0 L * *", ["01-31T00:00:00", "02-28T00:00:00", "03-31T00:00:00"]),
        ("0 0 LW * *", ["01-30T00:00:00", "02-27T00:00:00", "03-31T00:00:00"]),
        ("0 9 * * MON#1", ["01-05T09:00:00", "02-02T09:00:00", "03-02T09:00:00"]),
        ("0 9 * * 5L", ["01-30T09:00:00", "02-27T09:00:00", "03-27T09:00:00"]),
        ("0 9 13 * FRI", ["01-02T09:00:00", "01-09T09:00:00", "01-13T09:00:00"]),
        ("0 9 */10 * SUN", ["01-11T09:00:00", "02-01T09:00:00", "03-01T09:00:00"]),
        ("15 30 7 * * *", ["01-01T07:30:15", "01-02T07:30:15", "01-03T07:30:15"]),
        ("*/20 * * * * *", ["01-01T00:00:20", "01-01T00:00:40", "01-01T00:01:00"]),
        ("0 0 29 2 *", ["02-29T00:00:00", "02-29T00:00:00", "02-29T00:00:00"]),
    ],
)
def test_the_first_fires_of_an_expression(text: str, expected: list[str]) -> None:
    assert first(schedule(text), 3) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 25 * * *", "has the hour '25', expected 0 to 23"),
        ("0 0 * * FRI-MON", "has the day-of-week 'FRI-MON'"),
        ("0 0 30 2 *", "names a day that never occurs; use `L` for the last day of a month"),
        ("0 0 31 4,6,9,11 *", "names a day that never occurs"),
        ("@daily", "is a nickname; write '0 0 * * *'"),
        ("0 0 ? * MON", "has a `?`; write `*` instead"),
        ("* * * *", "has 4 fields, expected five: minute hour"),
        ("0 0 12 * * ? 2026", "has a `?`"),
        ("0 0 12 * * MON 2026", "years cannot be given, use `start` and `end`"),
        ("0 0 0 * *", "has the day-of-month '0', expected 1 to 31"),
        ("a b c d e", "has the minute 'A'"),
        ("1/0 * * * *", "has the minute '1/0'"),
        ("0 0 * * \u00b2L", "has the day-of-week"),
        ("", "has 0 fields"),
        ("1," * 200 + "1 * * * *", "has 409 characters; at most 256 are allowed"),
    ],
)
def test_an_invalid_expression_is_refused_with_its_problem(text: str, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_cron(text)
    assert message in caught.value.message
    assert caught.value.code == "INVALID_CRON"


def test_an_expression_of_six_fields_follows_the_rule_of_its_times_of_the_day() -> None:
    plan = schedule("0,30 30 2 * * *", "Europe/Berlin")
    assert first(plan, 3, datetime(2026, 3, 28, 12, tzinfo=UTC)) == [
        "03-29T01:00:00",
        "03-30T00:30:00",
        "03-30T00:30:30",
    ]


@pytest.mark.parametrize("dst", ["once", "skip", "twice"])
def test_an_interval_expression_follows_elapsed_time_under_each_rule(dst: DstRule) -> None:
    plan = schedule("*/30 * * * *", "Australia/Lord_Howe", dst)
    for change in (datetime(2026, 4, 4, 12, tzinfo=UTC), datetime(2026, 10, 3, 12, tzinfo=UTC)):
        found = list(islice(fires(plan, change, change), 20))
        assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=30)}


def test_a_skipped_midnight_fires_at_the_first_instant_of_the_day() -> None:
    assert first(schedule("0 0 * * *", "America/Havana"), 2, datetime(2026, 3, 7, 12, tzinfo=UTC)) == [
        "03-08T05:00:00",
        "03-09T04:00:00",
    ]


def test_an_expression_whose_times_are_always_skipped_has_ended() -> None:
    assert next_fire(schedule("0 2 * MAR 0L", "Europe/Berlin", "skip"), BEGIN, BEGIN) is None


def test_nothing_fires_before_the_start_and_after_the_end() -> None:
    plan = schedule("0 * * * *", start=BEGIN + timedelta(hours=3), end=BEGIN + timedelta(hours=4))
    assert list(fires(plan, BEGIN, BEGIN)) == [BEGIN + timedelta(hours=3), BEGIN + timedelta(hours=4)]


def test_a_preview_marks_the_effects_of_daylight_saving_time() -> None:
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)

    def marks(dst: DstRule, after: datetime) -> list[tuple[str, str]]:
        plan = schedule("30 2 * * *", "Europe/Berlin", dst)
        return [(f"{item.at:%dT%H:%M}", item.mark) for item in preview(plan, after, after, 2)]

    assert marks("once", spring) == [("29T01:00", "MOVED"), ("30T00:30", "")]
    assert marks("skip", spring) == [("29T01:00", "SKIPPED"), ("30T00:30", ""), ("31T00:30", "")]
    assert marks("once", autumn) == [("25T00:30", ""), ("25T01:30", "REPEATED"), ("26T01:30", "")]
    assert marks("twice", autumn) == [("25T00:30", ""), ("25T01:30", "SECOND")]


def test_a_preview_of_an_interval_shows_the_wall_time() -> None:
    plan = Schedule(every=parse_duration("P1D"), timezone="Europe/Berlin")
    items = preview(plan, datetime(2026, 3, 28, 6, tzinfo=UTC), datetime(2026, 3, 28, 6, tzinfo=UTC), 2)
    assert [(f"{item.at:%dT%H:%M}", f"{item.wall:%H:%M}") for item in items] == [
        ("29T05:00", "07:00"),
        ("30T05:00", "07:00"),
    ]


def test_a_preview_shows_no_instant_after_the_end() -> None:
    plan = schedule("0 * * * *", end=BEGIN + timedelta(hours=2))
    assert [item.at for item in preview(plan, BEGIN, BEGIN, 5)] == [BEGIN + timedelta(hours=1), plan.end]


def test_a_preview_shows_the_skipped_times_of_a_time_of_the_day_but_of_no_interval() -> None:
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    within = preview(schedule("0,30 2 * * *", "Europe/Berlin"), spring, spring, 2)
    assert [(f"{item.at:%dT%H:%M}", item.mark) for item in within] == [("29T01:00", "MOVED"), ("30T00:00", "")]
    interval = preview(schedule("*/30 * * * *", "Europe/Berlin"), spring, spring, 2)
    assert [(f"{item.at:%dT%H:%M}", f"{item.wall:%H:%M}") for item in interval] == [
        ("29T01:00", "03:00"),
        ("29T01:30", "03:30"),
    ]


def test_an_expression_fires_up_to_the_end_of_the_calendar() -> None:
    last = list(fires(schedule("0 * * * *"), BEGIN, LAST - timedelta(hours=3)))
    assert last == [LAST - timedelta(hours=2), LAST - timedelta(hours=1)]


def test_the_next_change_of_the_offset_is_found_and_is_none_where_it_never_changes() -> None:
    assert next_change("Europe/Berlin", BEGIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert next_change("Australia/Lord_Howe", BEGIN) == datetime(2026, 4, 4, 15, tzinfo=UTC)
    assert next_change("Asia/Kathmandu", BEGIN) is None


def test_jitter_is_a_function_of_workflow_and_instant_below_its_bound() -> None:
    plan = schedule("* * * * *", jitter=timedelta(seconds=30))
    delays = [delay_of(plan, "w", BEGIN + timedelta(minutes=count)) for count in range(500)]
    assert delays == [delay_of(plan, "w", BEGIN + timedelta(minutes=count)) for count in range(500)]
    assert timedelta(0) <= min(delays) < timedelta(seconds=2) < timedelta(seconds=28) < max(delays) < plan.jitter
    assert delay_of(plan, "w", BEGIN) != delay_of(plan, "v", BEGIN)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize("plan", [{"cron": parse_cron("0 * * * *")}, {"every": parse_duration("P1D")}])
def test_at_both_ends_of_the_calendar_there_are_fires_or_none(plan: dict[str, Any], zone: str) -> None:
    begin, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    whole = Schedule(timezone=zone, **plan)
    assert list(fires(whole, end, end - timedelta(hours=1))) == []
    assert preview(whole, end - timedelta(days=3), end - timedelta(milliseconds=1), 5) == []
    for after in (begin, begin + timedelta(hours=30)):
        assert len(list(islice(fires(whole, after, after), 2))) in (0, 2)
        assert next_change(zone, after) is None
    assert next_change(zone, end) is None
