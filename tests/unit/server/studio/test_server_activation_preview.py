"""`previewActivation`: what an activation changes, before it is made."""

import itertools
from typing import Any

from server_kit import ASKING, COMPUTING, SCHEDULED, Caller, definition, note_step, wait_step


async def draft(mine: Caller, workflow_id: str, document: dict[str, Any], **body: Any) -> int:
    """Stores the next draft over version 1 and returns its number."""
    first = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    lock = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": first["modified_on"]}
    stored = await mine.post("updateWorkflow", {**lock, "definition": document, **body})
    assert stored.status_code == 200, stored.text
    number: int = stored.json()["item"]["workflow_version"]
    return number


async def preview(mine: Caller, workflow_id: str, version: int) -> dict[str, Any]:
    answer = await mine.post("previewActivation", {"workflow_id": workflow_id, "workflow_version": version})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_the_first_activation_changes_everything_and_nothing_is_open(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING, is_active=False)
    seen = await preview(mine, workflow_id, 1)
    assert (seen["active_version"], seen["errors"], seen["open_by_version"], seen["callers"]) == (None, [], [], [])
    assert {(change["kind"], change["name"]) for change in seen["changes"]} >= {("added", "note_1")}
    assert seen["change_count"] == len(seen["changes"])
    assert seen["schedule"] == {"before": None, "after": None, "is_paused": False}
    assert (seen["migration"]["examined"], seen["migration"]["is_complete"]) == (0, True)
    assert (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"][
        "workflow_status"
    ] == "DRAFT"


async def test_open_executions_are_counted_by_version_and_judged_one_by_one(mine: Caller) -> None:
    workflow_id = await mine.create(definition(wait_step("ask"), wait_step("check"), note_step()))
    at_first, at_second = await mine.trigger(workflow_id), await mine.trigger(workflow_id, process_id="PO-2")
    await mine.post("resumeWorkflow/PO-2", {"payload": {"source": "SAP"}})
    number = await draft(mine, workflow_id, definition(wait_step("question"), wait_step("check"), note_step()))
    seen = await preview(mine, workflow_id, number)
    assert (seen["active_version"], seen["open_by_version"]) == (1, [{"workflow_version": 1, "count": 2}])
    moved = seen["migration"]
    assert (moved["examined"], moved["safe"], moved["needs_mapping"], moved["refused"]) == (2, 1, 1, 0)
    verdicts = {each["workflow_execution_id"]: (each["verdict"], each["workflow_version"]) for each in moved["items"]}
    assert {each["process_id"] for each in moved["items"]} == {at_first, "PO-2"}
    assert all(each["created_on"] > 0 for each in moved["items"])
    assert verdicts == {at_first: ("NEEDS_MAPPING", 1), at_second: ("SAFE", 1)}
    assert moved["mappings"] == [{"state": "ask", "count": 1, "choices": ["question", "check"]}]
    assert {change["name"] for change in seen["changes"] if change["subject"] == "step"} == {"ask", "question"}


async def test_a_draft_with_errors_lists_them_and_judges_nothing(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    await mine.trigger(workflow_id)
    missing = definition({"id": "call", "type": "sapRequest", "settings": {"connection": "S4", "service_path": "/x"}})
    broken = {**missing, "workflow_steps": [*missing["workflow_steps"], {"id": "b", "type": "nothing"}, 7]}
    seen = await preview(mine, workflow_id, await draft(mine, workflow_id, broken, incomplete=True))
    assert "/workflow_steps/1/settings/connection" in {finding["path"] for finding in seen["errors"]}
    assert (seen["migration"]["examined"], seen["migration"]["is_complete"]) == (0, False)


async def test_the_next_fires_are_shown_before_and_after(mine: Caller) -> None:
    workflow_id = await mine.create(SCHEDULED)
    paused = await mine.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    assert paused.status_code == 200, paused.text
    daily = {"trigger_type": "SCHEDULED", "schedule": {"cron": "0 7 * * *", "timezone": "Europe/Dublin"}}
    number = await draft(mine, workflow_id, definition(note_step(), trigger=daily))
    schedule = (await preview(mine, workflow_id, number))["schedule"]
    before, after = schedule["before"], schedule["after"]
    assert schedule["is_paused"] is True
    assert (before["workflow_version"], len(before["items"])) == (1, 5)
    assert (after["timezone"], {item["local"][11:16] for item in after["items"]}) == ("Europe/Dublin", {"07:00"})
    hours = [item["on"] for item in before["items"]]
    assert {later - earlier for earlier, later in itertools.pairwise(hours)} == {3_600_000}


async def test_who_calls_it_is_named_with_the_steps(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    call = {"id": "child", "type": "subworkflow", "settings": {"workflow_id": workflow_id.upper()}}
    fixed = {"id": "other", "type": "subworkflow", "settings": {"workflow_id": workflow_id, "version": 1}}
    caller = await mine.create(definition(call, name="Caller"))
    await mine.create({**definition(fixed, name="Fixed")}, is_active=False)
    await mine.create({**COMPUTING, "workflow_settings": {"on_failure": workflow_id}, "workflow_name": "Watched"})
    await draft(mine, caller, definition(note_step(), name="Caller without"))
    await theirs.create({**definition(note_step(value=workflow_id)), "workflow_name": "Foreign"})
    found = {each["workflow_name"]: each for each in (await preview(mine, workflow_id, 1))["callers"]}
    assert set(found) == {"Caller", "Fixed", "Watched"}
    assert (found["Caller"]["steps"], found["Caller"]["is_latest_called"]) == (["child"], True)
    assert (found["Fixed"]["status"], found["Fixed"]["is_latest_called"]) == ("DRAFT", False)
    assert (found["Watched"]["on_failure"], found["Watched"]["steps"]) == (True, [])


async def test_what_does_not_exist_is_404(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    body = {"workflow_id": workflow_id, "workflow_version": 1}
    assert (await theirs.post("previewActivation", body)).status_code == 404
    assert (await mine.post("previewActivation", {**body, "workflow_version": 9})).status_code == 404
    assert (await mine.post("previewActivation", {**body, "workflow_version": "latest"})).status_code == 400
