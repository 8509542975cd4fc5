"""Bulks and rows of one cause: executions that an incident of one code, kind and step has stopped."""

from datetime import timedelta
from typing import Any

import pytest
from server_kit import ASKING, Caller, definition, note_step

from looply.app.bulks.runner import BulkRunner
from looply.app.context.services import Services
from looply.engine.shell.shell import Shell
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, Answer, World

DOWN = Answer(status=503)
BROKEN = Answer(status=500)
UNKNOWN = "01900000-0000-7000-8000-0000000000ff"


def call(step: str) -> dict[str, Any]:
    return {
        "id": step,
        "type": "httpRequest",
        "settings": {"method": "POST", "url": f"https://shop.example/{step}", "fail_on": ["5xx"]},
    }


CALLING = definition(call("call_1"), call("call_2"), note_step())


@pytest.fixture
def runner(services: Services) -> BulkRunner:
    return BulkRunner(services, "one")


async def stopped(mine: Caller, world: World) -> tuple[str, list[str]]:
    """Returns a workflow and its executions: two that the first step stopped, one of the second step."""
    workflow_id = await mine.create(CALLING)
    world.script("call_1", DOWN, DOWN)
    world.script("call_2", BROKEN)
    return workflow_id, [await mine.trigger(workflow_id, {"n": n}, wait="PT10S") for n in range(3)]


async def cause_of(mine: Caller, step: str) -> dict[str, Any]:
    """Returns the filter of the cause that has stopped executions at a step, as the list of causes names it."""
    (group,) = [each for each in (await mine.get("getIncidentGroups")).json()["items"] if (each["state"] or "") == step]
    return {
        "workflow_id": group["workflow_id"],
        "incident_code": [group["code"]],
        "incident_kind": [group["kind"]],
        "incident_state": [group["state"] or ""],
    }


async def test_a_bulk_repairs_the_executions_of_one_cause_and_no_others(
    mine: Caller, world: World, runner: BulkRunner, shell: Shell, clock: FakeClock
) -> None:
    workflow_id, ids = await stopped(mine, world)
    await mine.trigger(await mine.create(ASKING))
    clock.advance(timedelta(seconds=1))
    cause = await cause_of(mine, "call_1")
    seen = (await mine.post("bulkRedrive", {"filter": cause, "dry_run": True})).json()
    assert [item["workflow_execution_id"] for item in seen["items"]] == ids[1::-1]
    bulk = (await mine.post("bulkRedrive", {"filter": cause})).json()["item"]
    assert (bulk["expected"], bulk["filter"]) == (2, {**cause, "status": ["FAILED"]})
    while await runner.tick():
        clock.advance(timedelta(seconds=1))
    for execution_id in ids[:2]:
        await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
    statuses = [(await mine.item(workflow_id, execution_id))["status"] for execution_id in ids]
    assert statuses == ["COMPLETED", "COMPLETED", "FAILED"]
    done = (await mine.get("getBulk", bulk_id=bulk["bulk_id"])).json()["item"]
    assert (done["status"], done["done"], done["refused"], done["expected"]) == ("DONE", 2, 0, 2)
    assert (await mine.get("getBulkItems", bulk_id=bulk["bulk_id"])).json()["items"] == []


async def test_what_refuses_is_forecast_by_reason_and_kept_with_it(
    mine: Caller, world: World, runner: BulkRunner, clock: FakeClock
) -> None:
    workflow_id = await mine.create(CALLING)
    world.script("call_1", DOWN)
    execution_id = await mine.trigger(workflow_id, wait="PT10S", process_id="PO-1")
    world.script("call_1", HANG)
    await mine.trigger(workflow_id, process_id="PO-1")
    clock.advance(timedelta(seconds=1))
    body = {"filter": await cause_of(mine, "call_1")}
    forecast = (await mine.post("bulkRedrive", {**body, "dry_run": True})).json()["forecast"]
    (refusal,) = forecast["refusals"]
    assert (forecast["refused"], refusal["count"], refusal["workflow_execution_id"]) == (1, 1, execution_id)
    bulk_id = (await mine.post("bulkRedrive", body)).json()["item"]["bulk_id"]
    while await runner.tick():
        clock.advance(timedelta(seconds=1))
    page = (await mine.get("getBulkItems", bulk_id=bulk_id)).json()
    assert page["items"] == [
        {
            "workflow_execution_id": execution_id,
            "process_id": "PO-1",
            "result": "REFUSED",
            "code": refusal["code"],
            "message": refusal["message"],
        }
    ]
    assert (page["count"], "truncated" in page) == (1, False)


async def test_the_items_of_an_unknown_bulk_are_not_found(mine: Caller, theirs: Caller) -> None:
    answer = await mine.get("getBulkItems", bulk_id=UNKNOWN)
    assert (answer.status_code, answer.json()["code"]) == (404, "BULK_NOT_FOUND")
    bulk = (await mine.post("bulkTerminate", {"filter": {"all": True}})).json()["item"]
    assert (await theirs.get("getBulkItems", bulk_id=bulk["bulk_id"])).status_code == 404


async def test_rows_and_incidents_are_found_by_their_cause(mine: Caller, world: World) -> None:
    _, ids = await stopped(mine, world)

    async def found(**query: Any) -> list[str]:
        rows = (await mine.get("getExecutionRows", **query)).json()["items"]
        return [row["workflow_execution_id"] for row in rows]

    (code,) = (await cause_of(mine, "call_1"))["incident_code"]
    assert await found(incident_state="call_1") == ids[1::-1]
    assert await found(incident_state=["call_1", "call_2"]) == ids[::-1]
    assert await found(incident_code=code, incident_state="call_2", incident_kind="FAILED") in ([], ids[2:])
    assert await found(incident_kind="TIMEOUT") == []
    assert await found(incident_state="call_1", status="COMPLETED") == []
    incidents = (await mine.get("getIncidents", state="call_2")).json()["items"]
    assert [item["workflow_execution_id"] for item in incidents] == ids[2:]
    refused = await mine.get("getExecutionRows", incident_kind="BROKEN")
    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_FILTER")


async def test_a_cause_with_too_many_values_is_refused_before_it_is_stored(mine: Caller) -> None:
    for body in ({"incident_code": [f"C{n}" for n in range(31)]}, {"incident_state": ["a\0"]}):
        answer = await mine.post("bulkRedrive", {"filter": body})
        assert answer.status_code in (400, 422)
    assert (await mine.get("getBulks")).json()["count"] == 0
