"""Bulks that retry or skip the failed steps of executions, and the approvals that no bulk overrides."""

from datetime import timedelta
from typing import Any

import pytest
from bulk_kit import CALL, REFUSED, dry_run, fail_executions, refusals, run, settle, start_bulk
from server_kit import ASKING, Caller, definition, note_step, wait_step

from looply.app.bulks.runner import BulkRunner
from looply.app.context.services import Services
from looply.engine.shell.shell import Shell
from looply.testing.clock import FakeClock
from looply.testing.world import World

LAST = {**CALL, "id": "call_2"}
CHOOSING = {
    "id": "over",
    "type": "conditional",
    "settings": {"rules": [{"variable": "${div(1, payload.output.n)}", "operator": "NumericEquals", "value": 1}]},
}


def log_of(item: dict[str, Any], type_: str) -> list[dict[str, Any]]:
    return [entry for entry in item["workflow_event_log"]["events"] if entry["type"] == type_]


async def test_a_bulk_retries_the_failed_steps_under_their_keys_and_records_the_action(
    mine: Caller, world: World, runner: BulkRunner, shell: Shell, clock: FakeClock
) -> None:
    workflow_id, ids = await fail_executions(mine, world, 2)
    body = {"filter": {"workflow_id": workflow_id}, "action": "retry", "reason": "the shop is back"}
    seen = await dry_run(mine, "bulkRepair", **body)
    (effect,) = seen["forecast"]["effects"]
    assert (seen["count"], effect["count"], effect["repeated"], effect["same_key"]) == (2, 2, 2, 2)
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkRepair", **body)
    assert (bulk["action"], bulk["filter"]["status"]) == ("retry", ["FAILED"])
    assert (await run(mine, runner, clock, bulk))["done"] == 2
    for execution_id in ids:
        await settle(shell, clock, execution_id)
        item = await mine.item(workflow_id, execution_id)
        (closed,) = log_of(item, "INCIDENT_CLOSED")
        assert (item["status"], closed["action"], closed["via"]) == ("COMPLETED", "retry", "BULK")
    assert len({call.key for call in world.calls}) == 2


async def test_a_bulk_skips_the_failed_step_with_an_output_and_nothing_that_waits(
    mine: Caller, world: World, runner: BulkRunner, shell: Shell, clock: FakeClock
) -> None:
    workflow_id, (failed,) = await fail_executions(mine, world, 1)
    waiting_of = await mine.create(ASKING)
    waiting = await mine.trigger(waiting_of)
    body = {"workflow_execution_id": [failed, waiting], "action": "skip", "output": {"status": "200"}}
    seen = await dry_run(mine, "bulkRepair", **body)
    assert (seen["forecast"]["effects"], seen["forecast"]["refused"]) == ([], 1)
    bulk = await start_bulk(mine, "bulkRepair", **body, state="call_1")
    assert (bulk["action"], bulk["state"], bulk["branch"]) == ("skip", "call_1", None)
    assert (await run(mine, runner, clock, bulk))["done"] == 1
    assert await refusals(mine, bulk) == {waiting: "NO_INCIDENT"}
    await settle(shell, clock, failed)
    item = await mine.item(workflow_id, failed)
    (skipped,) = log_of(item, "STEP_SKIPPED")
    assert (item["status"], skipped["output"], len(world.calls)) == ("COMPLETED", {"status": "200"}, 1)
    assert (await mine.item(waiting_of, waiting))["status"] == "WAITING"


async def test_a_step_with_several_exits_is_skipped_by_the_named_one(
    mine: Caller, runner: BulkRunner, clock: FakeClock
) -> None:
    flow = definition(CHOOSING, note_step("yes"), wait_step("no"))
    flow["workflow_connections"] = [
        {"from": "WorkflowStartState", "to": "over"},
        {"from": "over", "to": "yes", "branch": "yes"},
        {"from": "over", "to": "no", "branch": "no"},
    ]
    execution_id = await mine.trigger(await mine.create(flow), {"n": 0})
    body = {"workflow_execution_id": [execution_id], "action": "skip"}
    without = await start_bulk(mine, "bulkRepair", **body)
    await run(mine, runner, clock, without)
    assert await refusals(mine, without) == {execution_id: "REPAIR_REFUSED"}
    done = await run(mine, runner, clock, await start_bulk(mine, "bulkRepair", **body, branch="no"))
    assert (done["done"], done["branch"]) == (1, "no")


@pytest.mark.parametrize("action", ["retry", "skip"])
async def test_a_slice_that_is_repeated_after_a_kill_repairs_no_later_failure(
    mine: Caller, world: World, services: Services, shell: Shell, clock: FakeClock, action: str
) -> None:
    workflow_id = await mine.create(definition(CALL, LAST))
    world.script("call_1", REFUSED)
    world.script("call_2", REFUSED)
    execution_id = await mine.trigger(workflow_id, wait="PT10S")
    clock.advance(timedelta(seconds=1))
    bulk = await start_bulk(mine, "bulkRepair", workflow_execution_id=[execution_id], action=action)
    dead = BulkRunner(services, "dead")
    (held,) = await services.catalog.bulks.take("dead", timedelta(seconds=45))
    clock.advance(timedelta(seconds=1))
    # The process ends after it has changed the execution, and before it records that.
    progress = await dead._slice(held)
    assert progress is not None
    assert progress.done == 1
    await settle(shell, clock, execution_id)
    assert (await mine.item(workflow_id, execution_id))["workflow_incidents"][0]["state"] == "call_2"
    clock.advance(timedelta(minutes=1))
    done = await run(mine, BulkRunner(services, "next"), clock, bulk)
    # Its history says that the bulk has changed it.
    assert (done["status"], done["done"], done["refused"]) == ("DONE", 1, 0)
    assert await refusals(mine, bulk) == {}
    item = await mine.item(workflow_id, execution_id)
    assert (item["status"], len(log_of(item, "EXECUTION_REOPENED"))) == ("FAILED", 1)


async def test_no_bulk_overrides_an_approval_even_for_a_caller_who_may(
    mine: Caller, world: World, runner: BulkRunner, clock: FakeClock
) -> None:
    ask = {"id": "ask", "type": "approval", "settings": {"recipients": ["${string(div(1, payload.output.n))}"]}}
    flow = definition(ask, note_step())
    for edge in flow["workflow_connections"]:
        if edge["from"] == "ask":
            edge["branch"] = "approved"
    workflow_id = await mine.create(flow)
    execution_id = await mine.trigger(workflow_id, {"n": 0})
    assert (await mine.item(workflow_id, execution_id))["status"] == "FAILED"
    body = {"workflow_execution_id": [execution_id], "action": "skip", "branch": "approved", "reason": "why"}
    seen = await dry_run(mine, "bulkRepair", **body)
    assert [each["code"] for each in seen["forecast"]["refusals"]] == ["OVERRIDE_NEEDED"]
    bulk = await start_bulk(mine, "bulkRepair", **body)
    assert (await run(mine, runner, clock, bulk))["done"] == 0
    assert await refusals(mine, bulk) == {execution_id: "OVERRIDE_NEEDED"}
    assert (await mine.item(workflow_id, execution_id))["status"] == "FAILED"
