"""Dry runs of redrives with another version: a verdict for each execution, also for those that wait."""

from datetime import timedelta
from typing import Any

from bulk_kit import CALLING, UNKNOWN, dry_run, fail_executions, run, start_bulk
from server_kit import ASKING, Caller, definition, note_step, wait_step

from looply.app.bulks.runner import BulkRunner
from looply.testing.clock import FakeClock
from looply.testing.world import World


async def activate_second(mine: Caller, workflow_id: str, document: dict[str, Any]) -> None:
    """Activates a second version."""
    first = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    lock = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": first["modified_on"]}
    stored = await mine.post("updateWorkflow", {**lock, "definition": document})
    assert stored.status_code == 200, stored.text
    await mine.activate(workflow_id, 2)


def verdicts_of(seen: dict[str, Any]) -> dict[str, str]:
    return {each["workflow_execution_id"]: each["verdict"] for each in seen["forecast"]["verdicts"]}


async def test_a_waiting_execution_is_safe_needs_a_mapping_or_is_refused(
    mine: Caller, runner: BulkRunner, clock: FakeClock
) -> None:
    workflow_id = await mine.create(definition(wait_step("ask"), wait_step("check"), note_step()))
    at_first = await mine.trigger(workflow_id)
    at_second = await mine.trigger(workflow_id)
    await mine.post(f"resumeWorkflow/{at_second}", {"payload": {"source": "SAP"}})
    await activate_second(mine, workflow_id, definition(wait_step("question"), wait_step("check"), note_step()))
    body = {"filter": {"workflow_id": workflow_id, "status": ["WAITING"]}, "workflow_version": "latest"}
    seen = await dry_run(mine, "bulkRedrive", **body)
    assert verdicts_of(seen) == {at_first: "NEEDS_MAPPING", at_second: "SAFE"}
    assert seen["forecast"]["mappings"] == [{"state": "ask", "count": 1, "choices": ["question", "check"]}]
    (needed,) = [each for each in seen["forecast"]["verdicts"] if each["verdict"] != "SAFE"]
    assert "which the new version does not have" in needed["why"]
    mapped = {**body, "mapping": {"ask": "question"}}
    assert set(verdicts_of(await dry_run(mine, "bulkRedrive", **mapped)).values()) == {"SAFE"}
    clock.advance(timedelta(seconds=1))
    done = await run(mine, runner, clock, await start_bulk(mine, "bulkRedrive", **mapped))
    assert (done["done"], done["refused"], done["workflow_version"]) == (2, 0, 2)
    for execution_id, state in ((at_first, "question"), (at_second, "check")):
        item = await mine.item(workflow_id, execution_id)
        assert (item["workflow_version"], item["status"], item["waits"][0]["state"]) == (2, "WAITING", state)


async def test_what_no_mapping_helps_is_refused(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    await activate_second(mine, workflow_id, definition(note_step()))
    body = {"workflow_execution_id": [execution_id, UNKNOWN], "workflow_version": 2}
    seen = await dry_run(mine, "bulkRedrive", **body)
    assert verdicts_of(seen) == {execution_id: "REFUSED", UNKNOWN: "REFUSED"}
    assert seen["forecast"]["mappings"] == []
    # On its own version it has nothing to do.
    assert verdicts_of(await dry_run(mine, "bulkRedrive", **{**body, "workflow_version": 1}))[execution_id] == "REFUSED"


async def test_failed_executions_have_a_verdict_and_their_calls_too(mine: Caller, world: World) -> None:
    workflow_id, ids = await fail_executions(mine, world, 2)
    await activate_second(mine, workflow_id, {**CALLING, "description": "corrected"})
    seen = await dry_run(mine, "bulkRedrive", filter={"workflow_id": workflow_id}, workflow_version=2)
    assert verdicts_of(seen) == dict.fromkeys(ids, "SAFE")
    assert [each["count"] for each in seen["forecast"]["effects"]] == [2]
    without = await dry_run(mine, "bulkRedrive", filter={"workflow_id": workflow_id})
    assert "verdicts" not in without["forecast"]
