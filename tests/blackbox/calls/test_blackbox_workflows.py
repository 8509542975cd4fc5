"""Management calls over HTTP: definitions and their versions, profiles, connections, cards, schedules."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blackbox.harness.client import UNKNOWN_ID, Organization
from blackbox.harness.definitions import ASKING, CARD, COMPUTING, SCHEDULED, definition, graph, http, note

VERSION = {
    "organization_id",
    "workflow_integrations",
    "workflow_name",
    "created_by",
    "workflow_status_version",
    "modified_by",
    "workflow_version",
    "workflow_steps",
    "workflow_id",
    "modified_on",
    "workflow_connections",
    "workflow_status",
    "latest",
    "workspace_id",
    "created_on",
    "workflow_schema",
}


def test_a_version_has_every_field_of_the_reference(org: Organization) -> None:
    workflow_id = org.create(COMPUTING, is_active=False)
    answer = org.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1").json()
    item = answer["item"]
    assert (answer["message"], set(item) >= VERSION) == ("success", True)
    assert (item["workflow_status"], item["workflow_status_version"], item["latest"]) == ("DRAFT", "DRAFT_1", "true")
    assert item["workflow_steps"] == COMPUTING["workflow_steps"]
    assert item["workflow_connections"] == COMPUTING["workflow_connections"]


def test_an_unknown_version_is_404_and_a_missing_one_is_400_or_latest(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    for name in ("getWorkflowById", "getWorkflowSchemaById", "exportWorkflow"):
        assert org.get(name, workflow_id=workflow_id, workflow_version="2").status_code == 404
        assert org.get(name, workflow_id=UNKNOWN_ID, workflow_version="1").status_code == 404
        assert org.get(name, workflow_id=workflow_id, workflow_version="latest").status_code == 200
        assert org.get(name, workflow_version="1").status_code == 400
        for version in ("0", "-1", "1.5", "1e0", "1 OR 1=1", "[1]"):
            assert org.get(name, workflow_id=workflow_id, workflow_version=version).status_code == 400


def test_an_invalid_definition_is_422_with_pointers_and_stores_nothing(org: Organization) -> None:
    broken = definition(note("note_1", "${1 +}"), {"id": "payload", "type": "wait"}, {"id": "x_1", "type": "nothing"})
    answer = org.post("createWorkflow", {"definition": broken})
    assert answer.status_code == 422
    paths = [problem["path"] for problem in answer.json()["errors"]]
    assert any(path.startswith("/workflow_steps/1/settings/parameters/0/value") for path in paths)
    assert any(path.startswith("/workflow_steps/2") for path in paths)
    assert any(path.startswith("/workflow_steps/3") for path in paths)
    assert org.get("getOrganizationWorkflows").json()["count"] == 0


def test_an_incomplete_draft_is_stored_with_its_findings_and_cannot_be_activated(org: Organization) -> None:
    answer = org.post("createWorkflow", {"definition": {"workflow_name": "Half"}, "incomplete": True})
    assert answer.status_code == 200
    item = answer.json()["item"]
    assert item["workflow_findings"]
    body = {"workflow_id": item["workflow_id"], "workflow_version": 1}
    assert org.post("activateWorkflow", body).status_code == 422
    assert org.post(f"triggerworkflow/{item['workflow_id']}/1").status_code == 409


def test_validation_stores_nothing_and_returns_errors_and_warnings(org: Organization) -> None:
    choice = {
        "id": "conditional_1",
        "type": "conditional",
        "settings": {"rules": [{"variable": "${payload.output.a}", "operator": "NumericGreaterThan", "value": 1}]},
    }
    flow = graph([choice, note()], ("WorkflowStartState", "conditional_1"), ("conditional_1", "note_1", "yes"))
    answer = org.post("validateWorkflow", {"definition": flow}).json()
    assert (answer["errors"], len(answer["warnings"])) == ([], 1)
    assert org.post("validateWorkflow", {"definition": {}}).json()["errors"]
    assert org.get("getOrganizationWorkflows").json()["count"] == 0


def test_a_loop_without_a_wait_or_a_call_is_an_error(org: Organization) -> None:
    flow = graph([note("a_1"), note("b_1")], ("WorkflowStartState", "a_1"), ("a_1", "b_1"), ("b_1", "a_1"))
    assert org.post("createWorkflow", {"definition": flow}).status_code == 422


def test_a_stale_update_is_409(org: Organization) -> None:
    workflow_id = org.create(COMPUTING, is_active=False)
    item = org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": item["modified_on"]}
    first = org.post("updateWorkflow", {**body, "definition": ASKING})
    assert (first.status_code, first.json()["item"]["workflow_version"]) == (200, 1)
    assert org.post("updateWorkflow", {**body, "definition": COMPUTING}).status_code == 409
    read = org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    assert read["workflow_steps"] == ASKING["workflow_steps"]


def test_of_many_updates_of_one_draft_exactly_one_wins(org: Organization) -> None:
    workflow_id = org.create(COMPUTING, is_active=False)
    item = org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": item["modified_on"]}

    def update(number: int) -> int:
        flow = definition(note(value=number))
        return org.post("updateWorkflow", {**body, "definition": flow}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(update, range(8))) == [200, *[409] * 7]


def test_an_active_version_is_locked_for_ever(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    assert org.next_draft(workflow_id, ASKING) == 2
    locked = org.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1).json()["item"]
    assert locked["workflow_steps"] == COMPUTING["workflow_steps"]
    assert org.post("activateWorkflow", {"workflow_id": workflow_id, "workflow_version": 1}).status_code in (200, 409)


def test_a_running_execution_stays_on_its_version(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id)
    org.until(workflow_id, execution_id, "WAITING")
    org.activate(workflow_id, org.next_draft(workflow_id, COMPUTING))
    org.resume(execution_id)
    item = org.until(workflow_id, execution_id, "COMPLETED")
    assert (item["workflow_version"], "wait_1" in item["workflow_output_payload"]) == (1, True)


def test_export_and_import_are_a_round_trip(org: Organization, other: Organization) -> None:
    workflow_id = org.create(ASKING)
    document = org.get("exportWorkflow", workflow_id=workflow_id, workflow_version="1").json()["definition"]
    again = org.post("importWorkflow", {"definition": document}).json()
    assert (again["unchanged"], again["item"]["workflow_id"]) == (True, workflow_id)
    changed = {**document, "workflow_name": "Changed"}
    assert org.post("importWorkflow", {"definition": changed}).json()["item"]["workflow_version"] == 2
    elsewhere = other.post("importWorkflow", {"definition": document})
    assert elsewhere.status_code == 200
    assert elsewhere.json()["item"]["organization_id"] == other.organization_id
    assert org.pages("getOrganizationWorkflows")[0]["organization_id"] == org.organization_id
    new = {key: value for key, value in document.items() if key != "workflow_id"}
    assert org.post("importWorkflow", {"definition": new}).json()["item"]["workflow_id"] != workflow_id


def test_a_deleted_workflow_accepts_no_triggers_and_its_executions_continue(org: Organization) -> None:
    workflow_id = org.create(ASKING)
    execution_id = org.trigger(workflow_id)
    org.until(workflow_id, execution_id, "WAITING")
    assert org.post("deleteWorkflow", {"workflow_id": workflow_id}).status_code == 200
    assert org.post(f"triggerworkflow/{workflow_id}").status_code == 404
    assert org.resume(execution_id).json()["message"] == "restarted"
    org.until(workflow_id, execution_id, "COMPLETED")


@pytest.mark.parametrize("name", ["organization_id", "created_by", "workspace_id", "workflow_status", "is_admin"])
def test_unknown_fields_of_management_bodies_are_400(org: Organization, name: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "createWorkflow": {"definition": COMPUTING},
        "activateWorkflow": {"workflow_id": UNKNOWN_ID, "workflow_version": 1},
        "createKey": {"name": "k", "scopes": ["read"]},
        "createProfile": {"workflow_id": UNKNOWN_ID, "name": "dev", "values": {}},
        "createConnection": {"name": "c", "kind": "http", "settings": {"base_url": "https://example.com"}},
        "createCard": {"card_name": "c", "card_payload": CARD},
    }
    for route, body in bodies.items():
        assert org.post(route, {**body, name: "x"}).status_code == 400, route


def test_rerun_starts_a_new_execution_with_the_same_input(org: Organization) -> None:
    item = org.run(COMPUTING, {"po": "1"})
    answer = org.post("rerunExecution", {"workflow_execution_id": item["workflow_execution_id"]})
    assert answer.status_code == 200
    again = org.until(item["workflow_id"], answer.json()["looply_execution_id"])
    assert again["workflow_execution_id"] != item["workflow_execution_id"]
    assert again["workflow_input_payload"]["po"] == "1"
    assert org.post("rerunExecution", {"workflow_execution_id": UNKNOWN_ID}).status_code == 404


def test_profiles_have_one_default_that_can_be_changed_but_not_removed(org: Organization) -> None:
    workflow_id = org.create(COMPUTING)
    named = {"workflow_id": workflow_id, "name": "dev"}
    assert org.post("createProfile", {**named, "values": {"a": 1}}).json()["item"]["is_default"] is True
    assert org.post("createProfile", {**named, "values": {}}).status_code == 409
    other = {"workflow_id": workflow_id, "name": "prod"}
    assert org.post("createProfile", {**other, "values": {"a": 2}}).json()["item"]["is_default"] is False
    assert org.post("deleteProfile", named).status_code == 409
    assert org.post("setDefaultProfile", other).json()["item"]["is_default"] is True
    assert org.post("updateProfile", {**named, "values": {"a": 3}}).json()["item"]["values"] == {"a": 3}
    assert org.post("deleteProfile", named).status_code == 200
    assert [item["name"] for item in org.get("getProfiles", workflow_id=workflow_id).json()["items"]] == ["prod"]
    assert org.post("deleteProfile", named).status_code == 404


def test_a_connection_is_made_changed_and_deleted_and_never_shows_its_secrets(org: Organization) -> None:
    settings = {"base_url": "https://sap.example.com", "auth": "basic", "user": "u"}
    body = {"name": "S4", "kind": "http", "settings": settings, "secrets": {"password": "hunter2-secret"}}
    made = org.post("createConnection", body)
    assert made.status_code == 200
    assert made.json()["item"]["secret_names"] == ["password"]
    assert org.post("createConnection", body).status_code == 409
    changed = org.post("updateConnection", {**body, "secrets": {}, "settings": {**settings, "user": "v"}})
    assert changed.json()["item"]["secret_names"] == ["password"]
    for answer in (made, changed, org.get("getConnection", name="S4"), org.get("getConnections")):
        assert "hunter2-secret" not in answer.text
    assert org.post("deleteConnection", {"name": "S4"}).status_code == 200
    assert org.get("getConnection", name="S4").status_code == 404
    assert org.post("createConnection", {**body, "settings": {"base_url": "ftp://x"}}).status_code == 422
    assert org.post("createConnection", {**body, "kind": "nothing"}).status_code == 422


def test_cards_have_versions_as_workflows_have(org: Organization) -> None:
    made = org.post("createCard", {"card_name": "Order", "card_payload": CARD})
    assert made.status_code == 200
    item = made.json()["item"]
    card_id = item["card_id"]
    assert (item["status"], item["card_version"], item["status_version"], item["latest"]) == (
        "DRAFT",
        1,
        "DRAFT-1",
        "true",
    )
    assert org.get("/v1/adaptive-cards/getLatestActiveCard", card_id=card_id).status_code == 409
    assert org.post("activateCard", {"card_id": card_id, "card_version": 1}).status_code == 200
    body = {
        "card_id": card_id,
        "card_version": 1,
        "modified_on": item["modified_on"],
        "card_payload": {**CARD, "lang": "de"},
    }
    changed = org.post("updateCard", body)
    assert changed.status_code in (200, 409)
    if changed.status_code == 409:
        body["modified_on"] = org.get("/v1/adaptive-cards/getCardById", card_id=card_id, card_version=1).json()["item"][
            "modified_on"
        ]
        changed = org.post("updateCard", body)
    assert changed.json()["item"]["card_version"] == 2
    latest = org.get("/v1/adaptive-cards/getLatestActiveCard", card_id=card_id).json()["item"]
    assert (latest["card_version"], latest["card_payload"]) == (1, CARD)
    assert [row["card_version"] for row in org.pages("/v1/adaptive-cards/getOrganizationCards", limit=1)] == [2, 1]
    assert org.get("/v1/adaptive-cards/getCardById", card_id=card_id, card_version=3).status_code == 404
    assert org.get("/v1/adaptive-cards/getCardById", card_id=card_id).status_code == 400


def toggle(org: Organization, workflow_id: Any, action: Any, **more: Any) -> Any:
    return org.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": action, **more})


def test_a_schedule_is_paused_and_played(org: Organization) -> None:
    workflow_id = org.create(SCHEDULED)
    shown = {"message": "success", "workflow_id": workflow_id, "workflow_version": 1}
    assert toggle(org, workflow_id, "PAUSE").json() == {**shown, "status": "PAUSED"}
    assert toggle(org, workflow_id, "PAUSE", workflow_version=1).json() == {**shown, "status": "PAUSED"}
    assert toggle(org, workflow_id, "PLAY", workflow_version="1").json() == {**shown, "status": "ACTIVE"}


@pytest.mark.parametrize("action", ["pause", "PLAY ", None, "DELETE", 1, ["PAUSE"], ""])
def test_an_action_other_than_pause_and_play_is_400(org: Organization, action: Any) -> None:
    assert toggle(org, org.create(SCHEDULED), action).status_code == 400


def test_a_toggle_of_what_has_no_live_schedule_is_409_or_404(org: Organization) -> None:
    assert toggle(org, org.create(COMPUTING), "PAUSE").status_code == 409
    assert toggle(org, UNKNOWN_ID, "PAUSE").status_code == 404
    assert toggle(org, "nonsense", "PAUSE").status_code == 400
    assert toggle(org, None, "PAUSE").status_code == 400
    assert org.post("toggleScheduledWorkflow", [1]).status_code == 400
    workflow_id = org.create(SCHEDULED)
    version = org.next_draft(workflow_id, SCHEDULED | {"workflow_name": "Next"})
    assert toggle(org, workflow_id, "PAUSE", workflow_version=version).status_code == 409
    for wrong in (0, -1, 1.5, "one", [1]):
        assert toggle(org, workflow_id, "PAUSE", workflow_version=wrong).status_code == 400


def test_a_newer_version_replaces_the_schedule_and_keeps_it_paused(org: Organization) -> None:
    workflow_id = org.create(SCHEDULED)
    toggle(org, workflow_id, "PAUSE")
    every = {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1S"}}
    org.activate(workflow_id, org.next_draft(workflow_id, definition(note(), trigger=every)))
    assert toggle(org, workflow_id, "PAUSE", workflow_version=1).status_code == 409
    answer = toggle(org, workflow_id, "PAUSE", workflow_version=2).json()
    assert (answer["workflow_version"], answer["status"]) == (2, "PAUSED")
    assert org.get("getOrganizationExecutions").json()["count"] == 0


def test_a_schedule_fires_once_per_time_and_not_while_paused(org: Organization) -> None:
    every = {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1S"}}
    workflow_id = org.create(definition(note(), trigger=every))
    deadline = time.monotonic() + 120
    while org.get("getOrganizationExecutions").json()["count"] < 2:
        assert time.monotonic() < deadline, "the schedule does not fire"
        time.sleep(0.05)
    assert toggle(org, workflow_id, "PAUSE").json()["status"] == "PAUSED"
    rows = org.get("getOrganizationExecutions").json()["items"]
    assert len(rows) >= 2
    assert {row["workflow_trigger_type"] for row in rows} == {"SCHEDULED"}
    paused = len(rows)
    # Nothing else can be waited on: that nothing happens within more than one interval.
    time.sleep(1.3)
    assert org.get("getOrganizationExecutions").json()["count"] == paused


def test_an_author_may_not_put_a_foreign_or_unknown_connection_to_use(org: Organization, other: Organization) -> None:
    body = {"name": "Theirs", "kind": "http", "settings": {"base_url": "https://example.com"}}
    assert other.post("createConnection", body).status_code == 200
    step = http("/x", connection="Theirs")
    workflow_id = org.create(definition(step), is_active=False)
    refused = org.post("activateWorkflow", {"workflow_id": workflow_id, "workflow_version": 1})
    assert refused.status_code == 422
    assert "example.com" not in refused.text
    # A draft runs when it is named by its number, and its step fails.
    started = org.post(f"triggerworkflow/{workflow_id}/1")
    item = org.until(workflow_id, started.json()["looply_execution_id"], "FAILED")
    assert "example.com" not in str(item)
