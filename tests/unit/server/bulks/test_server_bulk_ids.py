"""Bulks that name their executions by ids: each is processed or refused, none is left out in silence."""

from datetime import timedelta

from bulk_kit import UNKNOWN, dry_run, fail_executions, read, refusals, run, settle, start_bulk
from server_kit import ASKING, Caller, definition, note_step

from looply.app.bulks.runner import BulkRunner
from looply.app.context.services import Services
from looply.engine.shell.shell import Shell
from looply.testing.clock import FakeClock
from looply.testing.world import World


async def test_a_bulk_by_ids_redrives_these_and_refuses_unknown_and_foreign_ones(
    mine: Caller, theirs: Caller, world: World, runner: BulkRunner, shell: Shell, clock: FakeClock
) -> None:
    workflow_id, (first, second, left) = await fail_executions(mine, world, 3)
    _, (foreign,) = await fail_executions(theirs, world, 1)
    ids = [second.upper(), first, UNKNOWN, foreign, first]
    bulk = await start_bulk(mine, "bulkRedrive", workflow_execution_id=ids, rate_per_second=1)
    assert (bulk["executions"], bulk["expected"], bulk["filter"]) == (4, 4, {})
    done = await run(mine, runner, clock, bulk)
    assert (done["status"], done["done"], done["refused"]) == ("DONE", 2, 2)
    assert await refusals(mine, bulk) == dict.fromkeys((UNKNOWN, foreign), "EXECUTION_NOT_FOUND")
    for execution_id in (first, second):
        await settle(shell, clock, execution_id)
    statuses = [(await mine.item(workflow_id, each))["status"] for each in (first, second, left)]
    assert statuses == ["COMPLETED", "COMPLETED", "FAILED"]


async def test_a_bulk_by_ids_says_why_each_of_them_is_not_ended(
    mine: Caller, runner: BulkRunner, clock: FakeClock
) -> None:
    waiting = await mine.trigger(await mine.create(ASKING))
    completed = await mine.trigger(await mine.create(definition(note_step())))
    ended = await mine.trigger(await mine.create(ASKING))
    await mine.post(f"terminateWorkflow/{ended}")
    ids = [waiting, completed, ended, UNKNOWN]
    seen = await dry_run(mine, "bulkTerminate", workflow_execution_id=ids)
    assert (seen["count"], seen["truncated"], len(seen["items"])) == (4, False, 3)
    expected = {"COMPLETED": completed, "TERMINATED": ended, "EXECUTION_NOT_FOUND": UNKNOWN}
    forecast = seen["forecast"]
    assert {each["code"]: each["workflow_execution_id"] for each in forecast["refusals"]} == expected
    assert (forecast["examined"], forecast["refused"], forecast["effects"]) == (4, 3, [])
    assert "verdicts" not in forecast
    bulk = await start_bulk(mine, "bulkTerminate", workflow_execution_id=ids)
    assert (await run(mine, runner, clock, bulk))["done"] == 1
    assert await refusals(mine, bulk) == {each: code for code, each in expected.items()}


async def test_a_bulk_by_ids_resumes_where_another_process_ended(
    mine: Caller, services: Services, runner: BulkRunner, clock: FakeClock
) -> None:
    workflow_id = await mine.create(ASKING)
    ids = [await mine.trigger(workflow_id) for _ in range(5)]
    bulk = await start_bulk(mine, "bulkTerminate", workflow_execution_id=ids, rate_per_second=2)
    assert await BulkRunner(services, "dead").tick() == 1
    assert (await read(mine, bulk["bulk_id"]))["done"] == 2
    clock.advance(timedelta(minutes=1))
    done = await run(mine, runner, clock, bulk)
    assert (done["status"], done["done"], done["refused"]) == ("DONE", 5, 0)


async def test_a_version_is_that_of_the_only_workflow_of_the_executions(mine: Caller, world: World) -> None:
    _, (first,) = await fail_executions(mine, world, 1)
    _, (second,) = await fail_executions(mine, world, 1)
    body = {"workflow_version": "latest", "dry_run": True}
    answer = await mine.post("bulkRedrive", {**body, "workflow_execution_id": [first, second]})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "/workflow_version")
    answer = await mine.post("bulkRedrive", {**body, "workflow_execution_id": [UNKNOWN]})
    assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")
    answer = await mine.post("bulkRedrive", {**body, "workflow_execution_id": [first, UNKNOWN]})
    assert answer.status_code == 200, answer.text


async def test_the_audit_has_the_number_of_ids_and_a_list_of_bulks_none_of_them(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    await start_bulk(mine, "bulkTerminate", workflow_execution_id=[execution_id, UNKNOWN])
    (item,) = (await mine.get("getBulks")).json()["items"]
    assert (item["executions"], item["filter"]) == (2, {})
    (record,) = (await mine.get("getAudit", action="bulk.terminate")).json()["items"]
    assert record["details"]["wanted"] == {"workflow_execution_id": 2}
