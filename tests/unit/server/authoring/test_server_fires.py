"""`getScheduleFires`, `previewSchedule`, and the missed starts in `getSchedules`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from server_kit import COMPUTING, SCHEDULED, Caller, definition, note_step

from looply.engine.upkeep.pump import Pump
from looply.instants import to_ms
from looply.testing.clock import FakeClock

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
HOUR = timedelta(hours=1)
MARCH, OCTOBER = (to_ms(datetime(2026, month, 1, tzinfo=UTC)) for month in (3, 10))


def berlin(**rules: Any) -> dict[str, Any]:
    return {"cron": "30 2 * * *", "timezone": "Europe/Berlin", **rules}


async def test_the_ledger_of_a_schedule_is_read_newest_first_over_pages(
    mine: Caller, pump: Pump, clock: FakeClock
) -> None:
    workflow_id = await mine.create(SCHEDULED)
    begin = clock.now()
    for _ in range(3):
        clock.advance(HOUR)
        await pump.tick()
    page = (await mine.get("getScheduleFires", workflow_id=workflow_id, limit="2")).json()
    assert [item["nominal_on"] for item in page["items"]] == [to_ms(begin + 3 * HOUR), to_ms(begin + 2 * HOUR)]
    assert page["items"][0]["outcome"] == "STARTED"
    assert page["items"][0]["decided_on"] == to_ms(clock.now())
    started = page["items"][0]["workflow_execution_id"]
    assert (await mine.item(workflow_id, started))["workflow_trigger_type"] == "SCHEDULED"
    rest = (await mine.get("getScheduleFires", workflow_id=workflow_id, limit="2", **page["lastKey"])).json()
    assert [item["nominal_on"] for item in rest["items"]] == [to_ms(begin + HOUR)]
    assert "lastKey" not in rest


async def test_missed_fires_are_counted_in_the_list_of_schedules(mine: Caller, pump: Pump, clock: FakeClock) -> None:
    workflow_id = await mine.create(SCHEDULED)
    begin = clock.now()
    clock.advance(5.5 * HOUR)
    await pump.tick()
    (schedule,) = (await mine.get("getSchedules")).json()["items"]
    assert (schedule["missed_count"], schedule["missed_on"]) == (4, to_ms(begin + 4 * HOUR))
    items = (await mine.get("getScheduleFires", workflow_id=workflow_id)).json()["items"]
    assert [(item["outcome"], item["count"]) for item in items] == [("CAUGHT_UP", 1), ("MISSED", 4)]


async def test_the_ledger_of_another_organization_is_404(mine: Caller, theirs: Caller) -> None:
    foreign = await theirs.create(SCHEDULED)
    for each in (foreign, UNKNOWN):
        assert (await mine.get("getScheduleFires", workflow_id=each)).status_code == 404
        assert (await mine.post("previewSchedule", {"workflow_id": each})).status_code == 404


async def test_a_preview_shows_the_hour_that_a_clock_change_skips(mine: Caller) -> None:
    body = {"schedule": berlin(), "from": MARCH, "count": 2, "around_change": True}
    answer = (await mine.post("previewSchedule", body)).json()
    assert (answer["timezone"], answer["change_on"]) == ("Europe/Berlin", to_ms(datetime(2026, 3, 29, 1, tzinfo=UTC)))
    assert [(item["local"], item["wall"], item["mark"]) for item in answer["items"]] == [
        ("2026-03-28T02:30:00+01:00", "2026-03-28T02:30:00", ""),
        ("2026-03-29T03:00:00+02:00", "2026-03-29T02:30:00", "MOVED"),
    ]


@pytest.mark.parametrize(
    ("dst", "marks"),
    [("once", [("", True), ("REPEATED", False), ("", True)]), ("twice", [("", True), ("SECOND", True), ("", True)])],
)
async def test_a_preview_shows_the_hour_that_a_clock_change_repeats(
    mine: Caller, dst: str, marks: list[tuple[str, bool]]
) -> None:
    body = {"schedule": berlin(dst=dst), "from": OCTOBER, "count": 3, "around_change": True}
    items = (await mine.post("previewSchedule", body)).json()["items"]
    assert [(item["mark"], item["fires"]) for item in items][:3] == marks


async def test_a_preview_of_a_workflow_counts_from_where_its_schedule_does(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(SCHEDULED)
    begin = clock.now()
    clock.advance(HOUR / 2)
    items = (await mine.post("previewSchedule", {"workflow_id": workflow_id})).json()["items"]
    assert [item["on"] for item in items] == [to_ms(begin + count * HOUR) for count in range(1, 21)]


async def test_a_preview_of_a_workflow_without_a_schedule_is_409(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = await mine.post("previewSchedule", {"workflow_id": workflow_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "NO_SCHEDULE")
    assert f"version 1 of workflow {workflow_id} has no schedule" in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({}, 400, ""),
        ({"schedule": berlin(), "workflow_id": UNKNOWN}, 400, ""),
        ({"schedule": berlin(), "count": 101}, 400, "/count"),
        ({"schedule": berlin(), "count": 0}, 400, "/count"),
        ({"schedule": {"cron": "0 0 30 2 *"}}, 422, "/schedule/cron"),
        ({"schedule": {"cron": "0 0 * * *", "timezone": "Europe/Berln"}}, 422, "/schedule/timezone"),
        ({"schedule": {}}, 422, "/schedule"),
    ],
)
async def test_a_preview_of_an_invalid_schedule_is_refused_with_its_path(
    mine: Caller, body: dict[str, Any], status: int, path: str
) -> None:
    answer = await mine.post("previewSchedule", body)
    assert answer.status_code == status
    assert [error["path"] for error in answer.json()["errors"]] == [path]


async def test_a_time_outside_the_calendar_is_refused(mine: Caller) -> None:
    answer = await mine.post("previewSchedule", {"schedule": berlin(), "from": 1 << 60})
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_TIME")


async def test_a_preview_at_the_end_of_the_calendar_ends(mine: Caller) -> None:
    body = {"schedule": berlin(), "from": 253_402_300_799_999}
    assert (await mine.post("previewSchedule", body)).json()["items"] == []


async def test_a_workflow_with_an_impossible_cron_is_422(mine: Caller) -> None:
    document = definition(note_step(), trigger={"trigger_type": "SCHEDULED", "schedule": {"cron": "0 0 31 2 *"}})
    answer = await mine.post("createWorkflow", {"definition": document})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "/workflow_steps/0/settings/schedule/cron"
    assert "never occurs" in error["message"]
