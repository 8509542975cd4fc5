"""`getScheduleCalendar`: what came of past fires, and the planned ones, within bounds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from server_kit import SCHEDULED, Caller, definition, note_step, wait_step

from looply.app.monitoring.fire_calendar import MAX_OF_ONE
from looply.catalog import Catalog
from looply.engine.upkeep.pump import Pump
from looply.instants import to_ms
from looply.testing.clock import FakeClock

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def scheduled(*steps: dict[str, Any], **schedule: Any) -> dict[str, Any]:
    trigger = {"trigger_type": "SCHEDULED", "schedule": schedule}
    return definition(*(steps or (note_step(),)), trigger=trigger)


async def read(caller: Caller, begin: datetime, end: datetime, **query: str) -> dict[str, Any]:
    answer = await caller.get("getScheduleCalendar", **{"from": str(to_ms(begin)), "to": str(to_ms(end)), **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_past_fires_are_those_of_the_ledger_and_later_ones_are_planned(
    mine: Caller, pump: Pump, clock: FakeClock
) -> None:
    workflow_id = await mine.create(SCHEDULED)
    begin = clock.now()
    clock.advance(HOUR)
    await pump.tick()
    clock.advance(HOUR / 2)
    found = await read(mine, begin, begin + 3 * HOUR)
    past, planned = found["items"]
    assert (past["on"], past["outcome"], past["workflow_id"]) == (to_ms(begin + HOUR), "STARTED", workflow_id)
    assert (past["mark"], past["wall"], past["count"]) == ("", None, 1)
    execution = await mine.item(workflow_id, past["workflow_execution_id"])
    assert execution["workflow_trigger_type"] == "SCHEDULED"
    assert (planned["on"], planned["outcome"]) == (to_ms(begin + 2 * HOUR), "PLANNED")
    assert planned["workflow_execution_id"] is None
    (schedule,) = found["schedules"]
    assert (schedule["timezone"], schedule["overlap"], schedule["is_running"]) == ("UTC", "skip", False)
    assert (schedule["more_before"], schedule["more_after"]) == (None, None)


async def test_an_instant_that_is_due_and_not_decided_is_planned_still(mine: Caller, clock: FakeClock) -> None:
    await mine.create(SCHEDULED)
    begin = clock.now()
    clock.advance(1.5 * HOUR)
    found = await read(mine, begin, begin + 2 * HOUR)
    assert [(item["on"], item["outcome"]) for item in found["items"]] == [(to_ms(begin + HOUR), "PLANNED")]


async def test_the_range_ends_before_its_last_instant(mine: Caller, pump: Pump, clock: FakeClock) -> None:
    await mine.create(SCHEDULED)
    begin = clock.now()
    clock.advance(HOUR)
    await pump.tick()
    assert (await read(mine, begin, begin + HOUR))["items"] == []
    assert len((await read(mine, begin + HOUR, begin + 2 * HOUR))["items"]) == 1


async def test_a_schedule_of_every_second_says_that_there_are_more(mine: Caller, pump: Pump, clock: FakeClock) -> None:
    document = scheduled(every="PT1S", overlap="allow", catch_up="all", catch_up_window="PT1H")
    await mine.create(document)
    begin = clock.now()
    for _ in range(MAX_OF_ONE + 5):
        clock.advance(timedelta(seconds=1))
        await pump.tick()
    found = await read(mine, begin, begin + DAY)
    past = [item["on"] for item in found["items"] if item["outcome"] != "PLANNED"]
    planned = [item["on"] for item in found["items"] if item["outcome"] == "PLANNED"]
    assert len(past) == len(planned) == MAX_OF_ONE
    (schedule,) = found["schedules"]
    assert schedule["more_before"] == past[0] == to_ms(begin) + 6_000
    assert schedule["more_after"] == planned[-1] + 1_000


async def test_a_time_that_a_clock_change_skips_is_marked_with_the_time_that_the_schedule_names(
    mine: Caller, clock: FakeClock
) -> None:
    clock.advance(datetime(2030, 3, 30, 12, tzinfo=UTC) - clock.now())
    await mine.create(scheduled(cron="30 2 * * *", timezone="Europe/Berlin"))
    found = await read(mine, clock.now(), clock.now() + DAY)
    (item,) = found["items"]
    assert (item["on"], item["mark"]) == (to_ms(datetime(2030, 3, 31, 1, tzinfo=UTC)), "MOVED")
    assert item["wall"] == "2030-03-31T02:30:00"
    assert found["schedules"][0]["timezone"] == "Europe/Berlin"


async def test_a_paused_schedule_plans_nothing(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await mine.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    found = await read(mine, clock.now(), clock.now() + DAY)
    assert found["items"] == []
    assert [schedule["status"] for schedule in found["schedules"]] == ["PAUSED"]


async def test_a_schedule_that_has_ended_plans_nothing(mine: Caller, pump: Pump, clock: FakeClock) -> None:
    end = (clock.now() + HOUR).isoformat()
    await mine.create(scheduled(every="PT1H", end=end))
    begin = clock.now()
    clock.advance(HOUR)
    await pump.tick()
    found = await read(mine, begin, begin + DAY)
    assert [item["outcome"] for item in found["items"]] == ["STARTED"]


async def test_an_open_last_execution_is_reported_with_the_rule_of_overlap(
    mine: Caller, pump: Pump, clock: FakeClock
) -> None:
    await mine.create(scheduled(wait_step(), note_step(), every="PT1H", overlap="queue"))
    begin = clock.now()
    clock.advance(HOUR)
    await pump.tick()
    (schedule,) = (await read(mine, begin, begin + DAY))["schedules"]
    assert (schedule["overlap"], schedule["is_running"]) == ("queue", True)
    execution_id = schedule["last_execution_id"]
    ended = await mine.post(f"terminateWorkflow/{execution_id}")
    assert ended.status_code == 200, ended.text
    (schedule,) = (await read(mine, begin, begin + DAY))["schedules"]
    assert not schedule["is_running"]


async def test_pages_are_of_schedules(mine: Caller, clock: FakeClock) -> None:
    workflow_ids = sorted([await mine.create(SCHEDULED) for _ in range(3)])
    begin, end = clock.now(), clock.now() + 2 * HOUR
    first = await read(mine, begin, end, limit="2")
    assert [each["workflow_id"] for each in first["schedules"]] == workflow_ids[:2]
    assert {item["workflow_id"] for item in first["items"]} == set(workflow_ids[:2])
    rest = await read(mine, begin, end, limit="2", **first["lastKey"])
    assert [each["workflow_id"] for each in rest["schedules"]] == workflow_ids[2:]
    assert "lastKey" not in rest
    one = await read(mine, begin, end, workflow_id=workflow_ids[1].upper())
    assert [each["workflow_id"] for each in one["schedules"]] == workflow_ids[1:2]


async def test_a_version_that_cannot_be_read_says_that_its_instants_are_not_listed(
    mine: Caller, clock: FakeClock, catalog: Catalog
) -> None:
    workflow_id = await mine.create(SCHEDULED)
    await catalog.workflows.delete(mine.organization_id, workflow_id)
    found = await read(mine, clock.now(), clock.now() + DAY)
    (schedule,) = found["schedules"]
    assert (schedule["timezone"], schedule["overlap"]) == (None, None)
    assert schedule["more_after"] == to_ms(clock.now())
    assert found["items"] == []


async def test_schedules_of_another_organization_are_not_shown(mine: Caller, theirs: Caller, clock: FakeClock) -> None:
    foreign = await theirs.create(SCHEDULED)
    for query in ({}, {"workflow_id": foreign}):
        found = await read(mine, clock.now(), clock.now() + DAY, **query)
        assert (found["schedules"], found["items"]) == ([], [])


@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [
        ("0", "0", "BAD_SPAN"),
        ("1", "0", "BAD_SPAN"),
        ("0", str(63 * 24 * 3_600_000), "BAD_SPAN"),
        ("yesterday", "0", "BAD_TIME"),
        ("0", "99999999999999999", "BAD_TIME"),
    ],
)
async def test_a_range_that_is_none_is_refused(mine: Caller, begin: str, end: str, code: str) -> None:
    answer = await mine.get("getScheduleCalendar", **{"from": begin, "to": end})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_changed_key_of_a_page_is_refused(mine: Caller) -> None:
    answer = await mine.get("getScheduleCalendar", **{"from": "0", "to": "1", "after": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_CURSOR")
