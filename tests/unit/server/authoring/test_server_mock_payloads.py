"""Mock payloads: given, or copied from an execution; never with a secret. No import overwrites an unread draft."""

from typing import Any

import pytest
from server_kit import START, Caller, definition, note_step

from looply.catalog import Catalog

SECRET = {**definition(note_step()), "workflow_steps": [{**START, "secret": ["/output/token"]}, note_step()]}


async def mock_of(mine: Caller, workflow_id: str, version: str = "1") -> Any:
    read = await mine.get("getWorkflowSchemaById", workflow_id=workflow_id, workflow_version=version)
    return read.json()["item"]["workflow_mock_payload"]


async def test_a_mock_payload_is_set(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step()))
    body = {"workflow_id": workflow_id, "workflow_version": "latest", "payload": {"po": 1}}
    answer = await mine.post("setMockPayload", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["item"]["workflow_mock_payload"] == {"po": 1}
    assert answer.json()["item"]["workflow_schema"]["properties"] == {"po": {"type": "integer"}}
    assert await mock_of(mine, workflow_id) == {"po": 1}


async def test_a_mock_payload_is_taken_from_an_execution(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step()))
    execution_id = await mine.trigger(workflow_id, {"po": "4711", "lines": [1, 2]})
    body = {"workflow_id": workflow_id, "workflow_version": 1, "workflow_execution_id": execution_id}
    assert (await mine.post("setMockPayload", body)).status_code == 200
    assert await mock_of(mine, workflow_id) == {"po": "4711", "lines": [1, 2]}


async def test_an_execution_of_another_workflow_or_organization_is_not_found(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(definition(note_step()))
    execution_id = await mine.trigger(workflow_id, {"po": "4711"})
    for caller in (mine, theirs):
        other = await caller.create(definition(note_step()))
        body = {"workflow_id": other, "workflow_version": 1, "workflow_execution_id": execution_id}
        refused = await caller.post("setMockPayload", body)
        assert (refused.status_code, refused.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


@pytest.mark.parametrize("more", [{}, {"payload": 1, "workflow_execution_id": "x"}])
async def test_a_mock_payload_is_either_given_or_taken(mine: Caller, more: dict[str, Any]) -> None:
    workflow_id = await mine.create(definition(note_step()))
    refused = await mine.post("setMockPayload", {"workflow_id": workflow_id, "workflow_version": 1, **more})
    assert refused.status_code == 400


async def test_secrets_in_a_mock_payload_are_not_stored(mine: Caller, catalog: Catalog) -> None:
    workflow_id = await mine.create(SECRET)
    given = {"po": "1", "token": "CANARY-1"}
    execution_id = await mine.trigger(workflow_id, given)
    key = {"workflow_id": workflow_id, "workflow_version": 1}
    for store in (
        mine.post(f"triggerworkflow/{workflow_id}?test=true", given),
        mine.post("setMockPayload", {**key, "payload": given}),
        mine.post("setMockPayload", {**key, "workflow_execution_id": execution_id}),
    ):
        assert (await store).status_code == 200
        row = await catalog.workflows.get(mine.organization_id, (workflow_id, 1))
        assert row.mock_payload == {"po": "1", "token": "***"}


async def test_values_that_become_secret_are_masked_in_the_mock_payload(mine: Caller, catalog: Catalog) -> None:
    workflow_id = await mine.create(definition(note_step()), is_active=False)
    body = {"workflow_id": workflow_id, "workflow_version": 1}
    await mine.post("setMockPayload", {**body, "payload": {"token": "CANARY-1"}})
    read = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    saved = await mine.post("updateWorkflow", {**body, "modified_on": read["modified_on"], "definition": SECRET})
    assert saved.status_code == 200, saved.text
    assert (await catalog.workflows.get(mine.organization_id, (workflow_id, 1))).mock_payload == {"token": "***"}


async def test_an_open_draft_is_not_overwritten_unread(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step()), is_active=False)
    read = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    changed = {"workflow_id": workflow_id, "definition": definition(note_step(value="other"))}
    refused = await mine.post("importWorkflow", changed)
    assert (refused.status_code, refused.json()["code"]) == (409, "DRAFT_OPEN")
    assert (refused.json()["workflow_version"], refused.json()["modified_on"]) == (1, read["modified_on"])
    assert [error["path"] for error in refused.json()["errors"]] == ["/modified_on"]
    stale = await mine.post("importWorkflow", {**changed, "modified_on": read["modified_on"] - 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "STALE")
    stored = await mine.post("importWorkflow", {**changed, "modified_on": read["modified_on"]})
    assert stored.json()["item"]["workflow_version"] == 1
    again = await mine.post("importWorkflow", changed)
    assert (again.status_code, again.json()["unchanged"]) == (200, True)


async def test_an_import_over_an_active_version_needs_no_lock(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step()))
    changed = {"workflow_id": workflow_id, "definition": definition(note_step(value="other"))}
    assert (await mine.post("importWorkflow", changed)).json()["item"]["workflow_version"] == 2
