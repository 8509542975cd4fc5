"""The starts that are due after any downtime: none is lost, none is repeated, and the work is bounded."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looply.definition import ON_TIME, CatchUp, Schedule, parse_cron, parse_duration
from looply.schedule import delay_of, fires, plan
from looply.schedule.catch_up import MAX_COUNTED, MAX_STARTS

BEGIN = datetime(2026, 3, 27, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def due(schedule: Schedule, first: datetime, now: datetime) -> list[datetime]:
    """Returns all instants that are due, by enumeration."""
    found = takewhile(lambda at: at <= now, fires(schedule, BEGIN, first - timedelta(microseconds=1)))
    return [at for at in found if at + delay_of(schedule, "w", at) <= now]


@settings(deadline=None)
@given(
    text=st.sampled_from(["*/5 * * * *", "30 2 * * *", "0 */2 * * *", "15,45 1-3 * * *", "*/30 * * * * *"]),
    catch_up=st.sampled_from(["last", "none", "all"]),
    window=st.integers(10, 20_000),
    jitter=st.integers(0, 29),
    downtime=st.integers(0, 3 * 86_400),
)
def test_every_due_instant_starts_or_is_missed_and_the_rule_says_which(
    text: str, catch_up: CatchUp, window: int, jitter: int, downtime: int
) -> None:
    schedule = Schedule(
        cron=parse_cron(text),
        timezone="Europe/Berlin",
        catch_up=catch_up,
        catch_up_window=window * SECOND,
        jitter=jitter * SECOND,
    )
    first = next(fires(schedule, BEGIN, BEGIN))
    now = first + downtime * SECOND
    found, expected = plan(schedule, "w", BEGIN, first, now), due(schedule, first, now)
    started = [start.nominal for start in found.starts]
    missed = found.missed.count if found.missed is not None else 0
    assert len(started) + missed == len(expected)
    assert started == expected[missed:]
    assert found.missed is None or found.missed.last == expected[missed - 1]
    assert found.next == next(at for at in fires(schedule, BEGIN, first - SECOND) if at not in expected)
    lateness = {at: now - at - delay_of(schedule, "w", at) for at in expected}
    on_time = [at for at in expected if lateness[at] <= ON_TIME]
    within = [at for at in expected if lateness[at] <= window * SECOND]
    assert started == {"none": on_time, "last": on_time or within[-1:], "all": within or on_time}[catch_up]
    assert [start.nominal for start in found.starts if not start.is_late] == on_time


@pytest.mark.parametrize("catch_up", ["last", "none", "all"])
def test_years_of_downtime_of_a_schedule_of_each_second_take_bounded_work(
    catch_up: Literal["last", "none", "all"],
) -> None:
    schedule = Schedule(
        every=parse_duration("PT1S"), timezone="UTC", catch_up=catch_up, catch_up_window=timedelta(days=3650)
    )
    now = BEGIN + timedelta(days=3000)
    found = plan(schedule, "w", BEGIN, BEGIN + SECOND, now)
    assert found.missed is not None
    assert found.missed.count == MAX_COUNTED
    assert len(found.starts) == {"last": 11, "none": 11, "all": MAX_STARTS}[catch_up]
    assert (found.starts[-1].nominal, found.next) == (now, now + SECOND)


def test_a_schedule_that_ended_during_downtime_catches_up_its_last_start() -> None:
    schedule = Schedule(every=parse_duration("PT1H"), timezone="UTC", end=BEGIN + timedelta(hours=2))
    hour = timedelta(hours=1)
    found = plan(schedule, "w", BEGIN, BEGIN + hour, BEGIN + 2.5 * hour)
    assert ([start.nominal for start in found.starts], found.next) == ([BEGIN + 2 * hour], None)
