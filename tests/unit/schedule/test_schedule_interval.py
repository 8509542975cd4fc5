"""The nominal instants of schedules that repeat after a duration."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from looply.definition import Duration, Schedule, parse_duration
from looply.schedule import next_fire as next_of
from looply.schedule.catch_up import plan

ANCHOR = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def next_fire(
    every: Duration, anchor: datetime, after: datetime, zone: str, end: datetime | None = None
) -> datetime | None:
    return next_of(Schedule(every=every, timezone=zone, end=end), anchor, after)


def latest_fire(every: Duration, anchor: datetime, now: datetime, zone: str) -> datetime:
    """Returns the one due instant that starts an execution."""
    schedule = Schedule(every=every, timezone=zone, catch_up_window=timedelta(days=5000))
    return plan(schedule, "", anchor, anchor, now).starts[-1].nominal


def instants(every: str, anchor: datetime, count: int, zone: str = "UTC") -> list[datetime]:
    found = [anchor]
    while len(found) < count:
        following = next_fire(parse_duration(every), anchor, found[-1], zone)
        assert following is not None
        found.append(following)
    return found


@pytest.mark.parametrize(
    ("after", "expected"),
    [(-HOUR, 0), (timedelta(0), 1), (HOUR / 2, 1), (HOUR, 2), (1000 * HOUR, 1001)],
)
def test_the_next_instant_is_the_first_one_later(after: timedelta, expected: int) -> None:
    assert next_fire(parse_duration("PT1H"), ANCHOR, ANCHOR + after, "UTC") == ANCHOR + expected * HOUR


@pytest.mark.parametrize(("now", "expected"), [(HOUR / 2, 0), (HOUR, 1), (99.5 * HOUR, 99)])
def test_the_latest_instant_is_the_last_one_that_has_come(now: timedelta, expected: int) -> None:
    assert latest_fire(parse_duration("PT1H"), ANCHOR, ANCHOR + now, "UTC") == ANCHOR + expected * HOUR


def test_the_anchor_itself_is_an_instant_when_it_lies_ahead() -> None:
    assert next_fire(parse_duration("PT1H"), ANCHOR, ANCHOR - 5 * HOUR, "UTC") == ANCHOR


def test_nothing_comes_after_the_end() -> None:
    every, end = parse_duration("PT1H"), ANCHOR + 2 * HOUR
    assert next_fire(every, ANCHOR, ANCHOR + HOUR, "UTC", end) == end
    assert next_fire(every, ANCHOR, end, "UTC", end) is None


def test_the_end_of_a_month_does_not_drift() -> None:
    anchor = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
    assert [at.day for at in instants("P1M", anchor, 5)] == [31, 28, 31, 30, 31]


def test_a_day_keeps_the_wall_time_when_the_clocks_change() -> None:
    anchor = datetime(2030, 3, 30, 8, 0, tzinfo=UTC)  # 09:00 in Berlin
    assert [at.hour for at in instants("P1D", anchor, 3, "Europe/Berlin")] == [8, 7, 7]
    anchor = datetime(2030, 10, 26, 7, 0, tzinfo=UTC)
    assert [at.hour for at in instants("P1D", anchor, 3, "Europe/Berlin")] == [7, 8, 8]


def test_hours_are_elapsed_time_also_when_the_clocks_change() -> None:
    anchor = datetime(2030, 3, 30, 20, 0, tzinfo=UTC)
    steps = instants("PT6H", anchor, 4, "Europe/Berlin")
    assert [later - earlier for earlier, later in pairwise(steps)] == [6 * HOUR] * 3


def test_a_time_in_the_gap_gives_an_instant_and_the_days_after_are_as_before() -> None:
    anchor = datetime(2030, 3, 30, 1, 30, tzinfo=UTC)  # 02:30 in Berlin; on the 31st that time does not exist
    assert [(at.day, at.hour, at.minute) for at in instants("P1D", anchor, 3, "Europe/Berlin")] == [
        (30, 1, 30),
        (31, 1, 30),
        (1, 0, 30),
    ]


@pytest.mark.parametrize("every", ["PT1S", "PT7M", "P1D", "P1M", "P1Y", "P1M1DT1H"])
def test_latest_and_next_agree_with_counting(every: str) -> None:
    steps = instants(every, ANCHOR, 40, "Europe/Berlin")
    duration = parse_duration(every)
    for earlier, later in pairwise(steps):
        middle = earlier + (later - earlier) / 2
        assert earlier < later
        assert latest_fire(duration, ANCHOR, middle, "Europe/Berlin") == earlier
        assert next_fire(duration, ANCHOR, middle, "Europe/Berlin") == later


def test_a_schedule_whose_next_instant_lies_past_the_calendar_has_ended() -> None:
    assert next_fire(parse_duration("P9000Y"), ANCHOR, ANCHOR, "UTC") is None


def test_far_instants_are_found_without_counting_to_them() -> None:
    now = ANCHOR + timedelta(days=3650)
    assert latest_fire(parse_duration("PT1S"), ANCHOR, now, "UTC") == now
