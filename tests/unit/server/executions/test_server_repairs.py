"""Calls of operators over HTTP: incidents, repairs, redrives, reruns, and their forecasts."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from server_kit import ASKING, Caller, definition, note_step, wait_step

from looply.engine.shell.shell import Shell
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, Answer, World

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
REFUSED = Answer(status=500)


def call_step(id_: str = "call_1", body: str = "${payload.output.po}") -> dict[str, Any]:
    settings = {"method": "POST", "url": "https://shop.example/orders", "body": body, "fail_on": ["5xx"]}
    return {"id": id_, "type": "httpRequest", "settings": settings}


CALLING = definition(call_step(), note_step())


async def fail_call(mine: Caller, world: World, document: dict[str, Any] = CALLING, **query: str) -> tuple[str, str]:
    """Returns workflow and execution of a call that the other system refused."""
    world.script("call_1", REFUSED)
    workflow_id = await mine.create(document)
    execution_id = await mine.trigger(workflow_id, {"po": "1"}, wait="PT10S", **query)
    assert (await mine.item(workflow_id, execution_id))["status"] == "FAILED"
    return workflow_id, execution_id


class Settling:
    """Reads executions once they have settled."""

    def __init__(self, mine: Caller, shell: Shell, clock: FakeClock) -> None:
        self._mine = mine
        self._shell = shell
        self._clock = clock

    async def __call__(self, workflow_id: str, execution_id: str, status: str) -> dict[str, Any]:
        await self._shell.executions.wait_until_settled(execution_id, self._clock.now() + timedelta(minutes=1))
        item = await self._mine.item(workflow_id, execution_id)
        assert item["status"] == status
        return item


@pytest.fixture
def settled(mine: Caller, shell: Shell, clock: FakeClock) -> Settling:
    return Settling(mine, shell, clock)


async def test_a_forecast_shows_the_repeated_call_and_stores_nothing(mine: Caller, world: World) -> None:
    workflow_id, execution_id = await fail_call(mine, world)
    before = await mine.item(workflow_id, execution_id)
    answer = await mine.post(
        "repairExecution", {"workflow_execution_id": execution_id, "action": "retry", "dry_run": True}
    )
    body = answer.json()
    assert (answer.status_code, body["message"], body["status"]) == (200, "forecast", "FAILED")
    (effect,) = body["forecast"]["effects"]
    assert effect == {
        "state": "call_1",
        "visit": 1,
        "attempt": 2,
        "operation": "http.request",
        "idempotency_key": f"{execution_id}:call_1:1",
        "is_repeated": True,
        "keeps_key": True,
        "on_unknown": "incident",
        "far": {"kind": "transient"},
    }
    assert body["forecast"]["status"] == "RUNNING"
    assert set(body["forecast"]["workflow_event_log"]) == {"events"}
    assert body["forecast"]["workflow_event_log"]["events"][0]["type"] == "INCIDENT_CLOSED"
    assert await mine.item(workflow_id, execution_id) == before
    assert len(world.calls) == 1


async def test_a_forecast_with_another_document_shows_the_new_key(mine: Caller, world: World) -> None:
    _, execution_id = await fail_call(mine, world)
    asked = {"workflow_execution_id": execution_id, "action": "retry", "dry_run": True}
    answer = await mine.post("repairExecution", {**asked, "document": {"payload": {"output": {"po": "2"}}}})
    (effect,) = answer.json()["forecast"]["effects"]
    assert (effect["visit"], effect["is_repeated"], effect["keeps_key"]) == (2, True, False)


async def test_a_retry_continues_and_the_log_shows_operator_and_reason(
    mine: Caller, world: World, settled: Settling
) -> None:
    workflow_id, execution_id = await fail_call(mine, world)
    answer = await mine.post(
        "repairExecution", {"workflow_execution_id": execution_id, "action": "retry", "reason": "system is back"}
    )
    assert (answer.status_code, answer.json()["message"]) == (200, "success")
    item = await settled(workflow_id, execution_id, "COMPLETED")
    log = item["workflow_event_log"]["events"]
    closed = next(entry for entry in log if entry["type"] == "INCIDENT_CLOSED")
    assert (closed["action"], closed["reason"], closed["via"]) == ("retry", "system is back", "API")
    assert closed["by"]
    assert "EXECUTION_REOPENED" in {entry["type"] for entry in log}
    assert answer.json()["incidents"] == [closed["incident_id"]]
    again = await mine.post("repairExecution", {"workflow_execution_id": execution_id, "action": "retry"})
    assert (again.status_code, again.json()["code"]) == (409, "COMPLETED")


async def test_each_action_has_its_documented_effect(mine: Caller, world: World, settled: Settling) -> None:
    for fields, steps in (
        ({"action": "complete", "output": {"status": "201"}}, {"call_1": "SKIPPED"}),
        ({"action": "skip"}, {"call_1": "SKIPPED"}),
        ({"action": "move", "to": "note_1"}, {"call_1": "FAILED"}),
    ):
        workflow_id, execution_id = await fail_call(mine, world)
        answer = await mine.post("repairExecution", {"workflow_execution_id": execution_id, **fields})
        assert answer.status_code == 200, answer.text
        item = await settled(workflow_id, execution_id, "COMPLETED")
        assert {name: item["condensed_logs"][name][-1]["status"] for name in steps} == steps
        assert item["condensed_logs"]["note_1"][0]["status"] == "SUCCEEDED"


async def test_an_edit_changes_the_document_and_starts_nothing(mine: Caller, world: World) -> None:
    workflow_id, execution_id = await fail_call(mine, world)
    document = {"payload": {"output": {"po": "2", "new": {"n": 1}}}}
    answer = await mine.post(
        "repairExecution", {"workflow_execution_id": execution_id, "action": "edit", "document": document}
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "FAILED")
    item = await mine.item(workflow_id, execution_id)
    output = item["workflow_output_payload"]["payload"]["output"]
    assert (output["po"], output["new"], output["workflow_id"]) == ("2", {"n": 1}, workflow_id)
    assert len(world.calls) == 1


async def test_an_edit_of_one_iteration_changes_its_next_attempt_and_the_log_shows_the_scope(
    mine: Caller, world: World, settled: Settling
) -> None:
    read = {"id": "read", "type": "overridePayload", "settings": {"payload": {"text": "${item}"}}}
    loop = {"id": "each", "type": "forEach", "settings": {"items": "${payload.output.items}"}}
    send = call_step(body="${read.output.text}")
    document = definition(loop, read, send)
    document["workflow_connections"][1]["branch"] = "each"
    world.script("call_1", REFUSED)
    workflow_id = await mine.create(document)
    execution_id = await mine.trigger(workflow_id, {"items": ["a"]}, wait="PT10S")
    edit = {"action": "retry", "scope": "each[0]", "document": {"read": {"output": {"text": "b"}}}}
    refused = await mine.post("repairExecution", {"workflow_execution_id": execution_id, **edit, "scope": "each[1]"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "/scope")
    answer = await mine.post("repairExecution", {"workflow_execution_id": execution_id, **edit})
    assert answer.status_code == 200, answer.text
    item = await settled(workflow_id, execution_id, "COMPLETED")
    assert [seen.input["body"] for seen in world.calls_of("call_1")] == ["a", "b"]
    (edited,) = [entry for entry in item["workflow_event_log"]["events"] if entry["type"] == "EXECUTION_EDITED"]
    assert (edited["scope"], edited["changed"]) == ("each[0]", ["read"])


async def test_a_repair_of_a_stale_state_is_refused(mine: Caller, world: World) -> None:
    workflow_id, execution_id = await fail_call(mine, world)
    item = await mine.item(workflow_id, execution_id)
    asked = {"workflow_execution_id": execution_id, "action": "retry"}
    for lock in ({"modified_on": item["modified_on"] - 1}, {"seq": 1}):
        answer = await mine.post("repairExecution", {**asked, **lock})
        assert (answer.status_code, answer.json()["code"]) == (409, "STALE")
    seq = item["workflow_event_log"]["events"][-1]["seq"]
    answer = await mine.post("repairExecution", {**asked, "modified_on": item["modified_on"], "seq": seq})
    assert answer.status_code == 200


async def test_of_operators_who_repair_what_they_have_read_at_once_one_does_it_and_the_others_are_refused(
    mine: Caller, world: World, settled: Settling
) -> None:
    workflow_id, execution_id = await fail_call(mine, world)
    item = await mine.item(workflow_id, execution_id)
    seq = item["workflow_event_log"]["events"][-1]["seq"]
    body = {
        "workflow_execution_id": execution_id,
        "action": "retry",
        "seq": seq,
        "incident_id": item["workflow_incidents"][0]["incident_id"],
    }
    forecasts = [await mine.post("repairExecution", {**body, "dry_run": True}) for _ in range(2)]
    assert [len(answer.json()["forecast"]["effects"]) for answer in forecasts] == [1, 1]
    answers = await asyncio.gather(*(mine.post("repairExecution", body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"STALE"}
    await settled(workflow_id, execution_id, "COMPLETED")
    assert len(world.calls_of("call_1")) == 2
    later = await mine.post("repairExecution", {**body, "dry_run": True})
    assert later.status_code == 409


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"action": "complete"}, "/output"),
        ({"action": "move"}, "/to"),
        ({"action": "edit"}, "/document"),
        ({"action": "retry", "output": 1}, "/output"),
        ({"action": "skip", "to": "note_1"}, "/to"),
        ({"action": "retry", "reason": "x" * 2001}, "/reason"),
        ({"action": "retry", "seq": -1}, "/seq"),
        ({"action": "retry", "scope": "each[0]"}, "/scope"),
        ({"action": "move", "to": "note_1", "scope": "each[0]"}, "/scope"),
    ],
)
async def test_fields_that_cannot_be_combined_are_named(mine: Caller, body: dict[str, Any], path: str) -> None:
    answer = await mine.post("repairExecution", {"workflow_execution_id": UNKNOWN, **body})
    assert answer.status_code == 400
    assert [problem["path"] for problem in answer.json()["errors"]] == [path]


async def test_a_repair_that_does_not_fit_the_execution_is_422_with_its_path(mine: Caller, world: World) -> None:
    _, execution_id = await fail_call(mine, world)
    for body, path in (
        ({"action": "move", "to": "nowhere"}, "/to"),
        ({"action": "skip", "branch": "yes"}, "/branch"),
        ({"action": "skip", "state": "note_1"}, "/state"),
        ({"action": "edit", "document": {"unknown": {"output": 1}}}, "/document/unknown"),
    ):
        for dry_run in (True, False):
            asked = {"workflow_execution_id": execution_id, "dry_run": dry_run, **body}
            answer = await mine.post("repairExecution", asked)
            assert (answer.status_code, answer.json()["code"]) == (422, "REPAIR_REFUSED"), answer.text
            assert [problem["path"] for problem in answer.json()["errors"]] == [path]


async def test_foreign_and_unknown_executions_do_not_exist(mine: Caller, theirs: Caller, world: World) -> None:
    _, execution_id = await fail_call(theirs, world)
    for unknown in (execution_id, UNKNOWN, "x"):
        for name, fields in (
            ("repairExecution", {"action": "retry"}),
            ("redriveExecution", {}),
            ("rerunExecution", {}),
        ):
            answer = await mine.post(name, {"workflow_execution_id": unknown, **fields})
            assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


async def test_the_scope_manage_is_needed(mine: Caller, world: World) -> None:
    _, execution_id = await fail_call(mine, world)
    reader = await mine.key_with("read", "trigger")
    for name, fields in (("repairExecution", {"action": "retry"}), ("redriveExecution", {})):
        answer = await reader.post(name, {"workflow_execution_id": execution_id, **fields})
        assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE")
    assert (await reader.get("getIncidents")).status_code == 200


async def test_a_redrive_with_the_corrected_version(mine: Caller, world: World, settled: Settling) -> None:
    workflow_id, execution_id = await fail_call(mine, world)
    read = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    corrected = definition(call_step(body="${payload.output.po}-corrected"), note_step())
    saved = await mine.post(
        "updateWorkflow",
        {
            "workflow_id": workflow_id,
            "workflow_version": 1,
            "modified_on": read["modified_on"],
            "definition": corrected,
        },
    )
    assert saved.status_code == 200, saved.text
    await mine.activate(workflow_id, 2)
    asked = {"workflow_execution_id": execution_id, "workflow_version": "latest"}
    seen = (await mine.post("redriveExecution", {**asked, "dry_run": True})).json()["forecast"]
    assert (seen["workflow_version"], seen["effects"][0]["keeps_key"]) == (2, False)
    answer = await mine.post("redriveExecution", asked)
    assert answer.status_code == 200, answer.text
    item = await settled(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_version"] == 2
    assert [seen.input["body"] for seen in world.calls_of("call_1")] == ["1", "1-corrected"]
    assert "EXECUTION_MOVED" in {entry["type"] for entry in item["workflow_event_log"]["events"]}


async def test_a_waiting_execution_continues_with_a_version_that_renames_its_step(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    read = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    renamed = definition(wait_step("answer"), note_step())
    await mine.post(
        "updateWorkflow",
        {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": read["modified_on"], "definition": renamed},
    )
    asked = {"workflow_execution_id": execution_id, "workflow_version": 2}
    refused = await mine.post("redriveExecution", asked)
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "/mapping/wait_1")
    assert "hint" in refused.json()["errors"][0]
    moved = await mine.post("redriveExecution", {**asked, "mapping": {"wait_1": "answer"}})
    assert (moved.status_code, moved.json()["status"]) == (200, "WAITING")
    answer = await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP"}})
    assert answer.json()["message"] == "restarted"
    assert (await mine.item(workflow_id, execution_id))["status"] == "COMPLETED"


async def test_a_redrive_that_has_nothing_to_do_or_no_version_is_refused(mine: Caller, world: World) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    asked = {"workflow_execution_id": execution_id}
    assert (await mine.post("redriveExecution", asked)).json()["code"] == "NO_INCIDENT"
    assert (await mine.post("redriveExecution", {**asked, "mapping": {"a": "b"}})).status_code == 400
    assert (await mine.post("redriveExecution", {**asked, "workflow_version": 9})).status_code == 404
    assert (await mine.post("redriveExecution", {**asked, "workflow_version": "x"})).status_code == 400
    assert world.calls == []


async def test_a_process_id_in_use_is_reported_by_the_forecast_too(mine: Caller, world: World) -> None:
    document = definition(call_step(), wait_step())
    workflow_id, execution_id = await fail_call(mine, world, document, process_id="PO-1")
    other = await mine.trigger(workflow_id, {"po": "2"}, process_id="PO-1")
    messages = set()
    for dry_run in (True, False):
        asked = {"workflow_execution_id": execution_id, "action": "retry", "dry_run": dry_run}
        answer = await mine.post("repairExecution", asked)
        assert (answer.status_code, answer.json()["code"]) == (409, "PROCESS_ID_IN_USE")
        messages.add(answer.json()["message"])
    assert len(messages) == 1
    await mine.post(f"terminateWorkflow/{other}")
    answer = await mine.post("repairExecution", {"workflow_execution_id": execution_id, "action": "retry"})
    assert answer.status_code == 200


async def test_a_repair_after_which_the_execution_has_ended_needs_no_process_id(mine: Caller, world: World) -> None:
    workflow_id, execution_id = await fail_call(mine, world, definition(call_step()), process_id="PO-1")
    world.script("call_1", HANG)
    await mine.trigger(workflow_id, {"po": "2"}, process_id="PO-1")
    for dry_run in (True, False):
        asked = {"workflow_execution_id": execution_id, "action": "skip", "dry_run": dry_run}
        answer = await mine.post("repairExecution", asked)
        assert answer.status_code == 200
    assert answer.json()["status"] == "COMPLETED"


async def test_a_rerun_names_the_original_execution_and_may_use_another_version(
    mine: Caller, world: World, settled: Settling
) -> None:
    workflow_id, execution_id = await fail_call(mine, world, process_id="PO-1")
    asked = {"workflow_execution_id": execution_id, "process_id": "PO-2", "workflow_version": 1}
    answer = await mine.post("rerunExecution", asked)
    new = answer.json()["looply_execution_id"]
    item = await settled(workflow_id, new, "COMPLETED")
    assert (item["rerun_of_execution_id"], item["process_id"]) == (execution_id, "PO-2")
    assert item["workflow_event_log"]["events"][0]["rerun_of"] == execution_id
    assert (await mine.item(workflow_id, execution_id))["rerun_of_execution_id"] is None
    missing = await mine.post("rerunExecution", {**asked, "profile": "nowhere"})
    assert (missing.status_code, missing.json()["code"]) == (404, "PROFILE_NOT_FOUND")


async def test_open_incidents_are_listed_with_filters_and_pages(mine: Caller, theirs: Caller, world: World) -> None:
    await fail_call(theirs, world)
    first = await fail_call(mine, world)
    ids = [(await fail_call(mine, world))[1] for _ in range(3)]
    page = (await mine.get("getIncidents")).json()
    assert [item["workflow_execution_id"] for item in page["items"]] == [*ids[::-1], first[1]]
    (newest, *_) = page["items"]
    assert (newest["kind"], newest["code"], newest["state"], newest["visit"]) == ("FAILED", "STATUS", "call_1", 1)
    assert "500" in newest["message"]
    assert "lastKey" not in page
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        part = (await mine.get("getIncidents", **query)).json()
        seen += [item["workflow_execution_id"] for item in part["items"]]
        if "lastKey" not in part:
            break
        query = {"limit": 1, **part["lastKey"]}
    assert seen == [*ids[::-1], first[1]]
    assert (await mine.get("getIncidents", workflow_id=first[0])).json()["count"] == 1
    assert (await mine.get("getIncidents", code="STATUS", kind="FAILED")).json()["count"] == 4
    assert (await mine.get("getIncidents", code="TIMEOUT")).json()["count"] == 0
    assert (await mine.get("getIncidents", kind="BAD")).json()["code"] == "BAD_FILTER"
