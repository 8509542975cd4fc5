"""A trigger with a schema refuses bodies that do not match, for every way to start; the reads of the older API."""

from typing import Any

import pytest
from server_kit import COMPUTING, SCHEDULED, Caller, definition, note_step, wait_step

from looply.engine.upkeep.pump import Pump

SCHEMA = {
    "type": "object",
    "properties": {"po": {"type": "string"}, "lines": {"type": "array", "items": {"type": "integer"}}},
    "required": ["po"],
}
ORDER = definition(note_step(), trigger={"trigger_type": "REQUEST", "schema": SCHEMA})


async def test_a_body_that_fits_starts_an_execution(mine: Caller) -> None:
    assert await mine.trigger(await mine.create(ORDER), {"po": "4711", "more": True})


@pytest.mark.parametrize(
    ("body", "path"), [({"po": 4711}, "/po"), ({}, ""), (None, ""), ({"po": "1", "lines": [1, "x"]}, "/lines/1")]
)
@pytest.mark.parametrize("query", ["", "/1", "?test=true"])
@pytest.mark.parametrize("room", ["/v1/workflows", "/v2/workflows"])
async def test_a_body_that_does_not_fit_is_422_with_its_path(
    mine: Caller, body: Any, path: str, query: str, room: str
) -> None:
    workflow_id = await mine.create(ORDER)
    refused = await mine.post(f"{room}/triggerworkflow/{workflow_id}{query}", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "PAYLOAD_REFUSED")
    assert [error["path"] for error in refused.json()["errors"]] == [path]
    assert (await mine.get("getOrganizationExecutions")).json()["count"] == 0
    read = await mine.get("getWorkflowSchemaById", workflow_id=workflow_id, workflow_version="1")
    assert read.json()["item"]["workflow_mock_payload"] is None


async def test_the_schema_of_the_trigger_is_that_of_the_workflow(mine: Caller) -> None:
    workflow_id = await mine.create(ORDER)
    read = await mine.get("getWorkflowSchemaById", workflow_id=workflow_id, workflow_version="1")
    assert read.json()["item"]["workflow_schema"] == SCHEMA


async def test_a_field_that_the_trigger_does_not_have_is_a_finding(mine: Caller) -> None:
    closed = {**SCHEMA, "additionalProperties": False}
    trigger = {"trigger_type": "REQUEST", "schema": closed}
    document = definition(note_step(value="${payload.output.pox}"), trigger=trigger)
    saved = await mine.post("createWorkflow", {"definition": document})
    assert saved.status_code == 200, saved.text
    assert any("pox" in warning["message"] for warning in saved.json()["warnings"])


@pytest.mark.parametrize(
    ("trigger", "path"),
    [
        ({"trigger_type": "REQUEST", "schema": {"type": "objekt"}}, "/schema"),
        ({"trigger_type": "REQUEST", "schema": {"items": {"$ref": "#"}, "contains": {"$ref": "#"}}}, "/schema"),
        ({"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H"}, "schema": {}}, "/schema"),
    ],
)
async def test_a_schema_that_cannot_be_used_is_an_error_at_save(mine: Caller, trigger: Any, path: str) -> None:
    refused = await mine.post("createWorkflow", {"definition": definition(note_step(), trigger=trigger)})
    assert refused.status_code == 422
    assert [error["path"] for error in refused.json()["errors"]] == [f"/workflow_steps/0/settings{path}"]


async def test_a_schema_of_a_wait_whose_work_has_no_bound_is_an_error_at_save(mine: Caller) -> None:
    levels = {f"s{level}": {"allOf": [{"$ref": f"#/$defs/s{level + 1}"}] * 2} for level in range(29)}
    exploding = {"$defs": {**levels, "s29": {"type": "integer"}}, "$ref": "#/$defs/s0"}
    for step, document in (
        (1, definition(wait_step(schema=exploding))),
        (0, definition(note_step(), trigger={"trigger_type": "REQUEST", "schema": exploding})),
    ):
        refused = await mine.post("createWorkflow", {"definition": document})
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert error["path"] == f"/workflow_steps/{step}/settings/schema"
        assert "multiply" in error["message"]
    assert (await mine.get("getOrganizationWorkflows")).json()["items"] == []


async def test_a_child_whose_payload_does_not_fit_fails_the_step_of_its_parent(mine: Caller, pump: Pump) -> None:
    callee = await mine.create(ORDER)
    settings = {"workflow_id": callee, "payload": {"po": "${payload.output.number}"}}
    parent = await mine.create(definition({"id": "subworkflow_1", "type": "subworkflow", "settings": settings}))
    execution_id = await mine.trigger(parent, {"number": 5})
    await pump.tick()
    item = await mine.item(parent, execution_id)
    assert item["status"] == "FAILED"
    (incident,) = item["workflow_incidents"]
    assert "/po" in incident["message"]


async def test_an_input_that_a_newer_version_refuses_is_not_run_again(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    execution_id = await mine.trigger(workflow_id, {"po": 5})
    read = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": read["modified_on"], "definition": ORDER}
    assert (await mine.post("updateWorkflow", body)).status_code == 200
    await mine.activate(workflow_id, 2)
    again = {"workflow_execution_id": execution_id, "workflow_version": "latest"}
    refused = await mine.post("rerunExecution", again)
    assert (refused.status_code, refused.json()["code"]) == (422, "PAYLOAD_REFUSED"), refused.text


async def test_a_large_answer_that_violates_the_schema_of_a_wait_is_refused_briefly(mine: Caller) -> None:
    schema = {"properties": {"codes": {"type": "array", "items": {"enum": [f"C{index}" for index in range(250)]}}}}
    execution_id = await mine.trigger(await mine.create(definition(wait_step(schema=schema), note_step())))
    body = {"payload": {"source": "SAP", "codes": ["X1"] * 99_000}}
    refused = await mine.post(f"resumeworkflow/{execution_id}", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "PAYLOAD_REFUSED")
    assert len(refused.content) < 2000


async def test_a_large_connection_that_violates_its_schema_is_refused_briefly(mine: Caller) -> None:
    body = {"name": "S4", "kind": "sap", "settings": {"base_url": [0] * 60_000, "x": {"y": [{}] * 15_000}}}
    refused = await mine.post("createConnection", body)
    assert refused.status_code == 422
    assert len(refused.content) < 2000


async def test_the_calls_of_the_older_version_answer_like_those_of_today(mine: Caller) -> None:
    workflow_id = await mine.create(SCHEDULED)
    body = {"workflow_id": workflow_id, "action": "PAUSE"}
    assert (await mine.post("/v1/workflows/toggleScheduledWorkflow", body)).json()["status"] == "PAUSED"
    assert (await mine.get("getAudit")).json()["items"][0]["action"] == "schedule.pause"
    execution_id = await mine.trigger(other := await mine.create(COMPUTING), {"po": "1"})
    execution = {"workflow_id": other, "workflow_execution_id": execution_id}
    for name, query in {
        "getWorkflowExecutionById": execution,
        "getWorkflowExecutionHistory": execution,
        "getOrganizationExecutions": {},
        "getWorkflowById": {"workflow_id": other, "workflow_version": "1"},
        "getWorkflowSchemaById": {"workflow_id": other, "workflow_version": "1"},
        "getOrganizationWorkflows": {},
    }.items():
        today, older = await mine.get(name, **query), await mine.get(f"/v1/workflows/{name.lower()}", **query)
        assert today.status_code == 200, (name, today.text)
        assert (older.status_code, older.json()) == (200, today.json()), name
