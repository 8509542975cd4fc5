"""The calls that the reference lacks: workflows, cards, profiles, connections and keys."""

from datetime import timedelta
from typing import Any

import pytest
from server_kit import ASKING, CARD, COMPUTING, Caller, card_step, definition, note_step

from looply.instants import to_ms
from looply.testing.clock import FakeClock

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
BROKEN = {**COMPUTING, "workflow_connections": []}
SAP = {"base_url": "https://sap.example", "client": "100", "user": "LOOPLY"}


async def version_of(caller: Caller, workflow_id: str, version: int | str = 1) -> dict[str, Any]:
    answer = await caller.get("getWorkflowById", workflow_id=workflow_id, workflow_version=version)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_a_created_workflow_is_a_draft_with_its_warnings(mine: Caller) -> None:
    answer = await mine.post("createWorkflow", {"definition": COMPUTING})
    body = answer.json()
    assert (answer.status_code, body["message"]) == (200, "success")
    assert body["item"]["workflow_status_version"] == "DRAFT_1"
    assert body["item"]["workflow_name"] == "Story"
    assert isinstance(body["warnings"], list)


async def test_an_invalid_definition_is_422_and_stores_nothing(mine: Caller) -> None:
    for document in (BROKEN, {}, [], None, "x"):
        answer = await mine.post("createWorkflow", {"definition": document})
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_DEFINITION")
        assert answer.json()["errors"]
    assert (await mine.get("getOrganizationWorkflows")).json()["count"] == 0


async def test_an_incomplete_draft_is_stored_with_its_findings_and_cannot_be_activated(mine: Caller) -> None:
    for way in ({"path": "createWorkflow?incomplete=true"}, {"path": "createWorkflow", "incomplete": True}):
        path = way.pop("path")
        made = await mine.post(str(path), {"definition": BROKEN, **way})
        assert made.status_code == 200
        item = made.json()["item"]
        assert item["workflow_findings"]
        activation = await mine.post("activateWorkflow", {"workflow_id": item["workflow_id"], "workflow_version": 1})
        assert (activation.status_code, activation.json()["code"]) == (422, "INVALID_DEFINITION")


async def test_an_incomplete_draft_without_a_name_gets_one(mine: Caller) -> None:
    made = await mine.post("createWorkflow?incomplete=true", {"definition": {"workflow_steps": []}})
    assert made.json()["item"]["workflow_name"] == "Untitled workflow"


async def test_saving_needs_the_last_modified_on(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(COMPUTING, is_active=False)
    read = await version_of(mine, workflow_id)
    clock.advance(timedelta(seconds=1))
    body = {"workflow_id": workflow_id, "workflow_version": "1", "modified_on": read["modified_on"]}
    saved = await mine.post("updateWorkflow", {**body, "definition": ASKING})
    stale = await mine.post("updateWorkflow", {**body, "definition": COMPUTING})
    assert (saved.status_code, saved.json()["item"]["workflow_version"]) == (200, 1)
    assert (stale.status_code, stale.json()["code"]) == (409, "STALE")
    assert (await version_of(mine, workflow_id))["workflow_steps"] == ASKING["workflow_steps"]
    assert (
        await mine.post("updateWorkflow", {**body, "workflow_id": UNKNOWN, "definition": ASKING})
    ).status_code == 404


async def test_saving_an_active_version_creates_the_next_draft(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    read = await version_of(mine, workflow_id)
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": read["modified_on"]}
    saved = await mine.post("updateWorkflow", {**body, "definition": ASKING})
    assert saved.json()["item"]["workflow_status_version"] == "DRAFT_2"
    assert (await version_of(mine, workflow_id, "latest"))["workflow_version"] == 1
    assert (await version_of(mine, workflow_id))["latest"] == "false"


async def test_a_draft_that_is_saved_runs_as_it_was_saved(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(COMPUTING, is_active=False)
    await mine.post(f"triggerworkflow/{workflow_id}/1")
    read = await version_of(mine, workflow_id)
    clock.advance(timedelta(seconds=1))
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": read["modified_on"]}
    await mine.post("updateWorkflow", {**body, "definition": ASKING})
    answer = await mine.post(f"triggerworkflow/{workflow_id}/1?wait=PT1S")
    assert answer.json()["status"] == "WAITING"


async def test_activating_again_changes_nothing(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    before = await version_of(mine, workflow_id)
    await mine.activate(workflow_id, 1)
    assert await version_of(mine, workflow_id) == before


async def test_a_deleted_workflow_is_gone_and_its_executions_continue(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    assert (await mine.post("deleteWorkflow", {"workflow_id": workflow_id})).json() == {"message": "success"}
    assert (await mine.post(f"triggerworkflow/{workflow_id}")).status_code == 404
    assert (await mine.post("deleteWorkflow", {"workflow_id": workflow_id})).status_code == 404
    resumed = await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP"}})
    assert resumed.json()["message"] == "restarted"
    assert (await mine.item(workflow_id, execution_id))["status"] == "COMPLETED"


async def test_validation_stores_nothing_and_returns_all_findings(mine: Caller) -> None:
    good = await mine.post("validateWorkflow", {"definition": COMPUTING})
    bad = await mine.post("validateWorkflow", {"definition": BROKEN})
    assert (good.status_code, good.json()["errors"]) == (200, [])
    assert bad.status_code == 200
    assert bad.json()["errors"]
    assert (await mine.get("getOrganizationWorkflows")).json()["count"] == 0


async def test_an_export_is_imported_as_the_next_draft_or_not_at_all_when_equal(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    exported = (await mine.get("exportWorkflow", workflow_id=workflow_id, workflow_version="1")).json()["definition"]
    assert exported == {**COMPUTING, "workflow_id": workflow_id, "workflow_version": 1}
    same = (await mine.post("importWorkflow", {"definition": exported})).json()
    assert (same["unchanged"], same["item"]["workflow_version"]) == (True, 1)
    changed = {**exported, "workflow_name": "Changed"}
    draft = (await mine.post("importWorkflow", {"definition": changed})).json()
    assert (draft["item"]["workflow_id"], draft["item"]["workflow_status_version"]) == (workflow_id, "DRAFT_2")
    assert "unchanged" not in draft
    elsewhere = (await theirs.post("importWorkflow", {"definition": exported})).json()
    assert (elsewhere["item"]["workflow_id"] != workflow_id, elsewhere["item"]["workflow_version"]) == (True, 1)
    new = (await mine.post("importWorkflow", {"definition": COMPUTING})).json()
    assert new["item"]["workflow_id"] != workflow_id


@pytest.mark.parametrize("workflow_id", [7, "nonsense", ["x"]])
async def test_an_import_with_a_malformed_id_is_400(mine: Caller, workflow_id: Any) -> None:
    answer = await mine.post("importWorkflow", {"definition": {**COMPUTING, "workflow_id": workflow_id}})
    assert answer.status_code == 400


async def test_another_organization_s_workflow_cannot_be_changed(mine: Caller, theirs: Caller) -> None:
    foreign = await theirs.create(COMPUTING, is_active=False)
    version = {"workflow_id": foreign, "workflow_version": 1}
    for name, body in (
        ("activateWorkflow", version),
        ("deleteWorkflow", version),
        ("updateWorkflow", {**version, "modified_on": 0, "definition": COMPUTING}),
        ("createProfile", {"workflow_id": foreign, "name": "x", "values": {}}),
    ):
        answer = await mine.post(name, body)
        assert (answer.status_code, answer.json()["message"]) == (404, "workflow not found"), name


async def make_card(caller: Caller, payload: dict[str, Any] | None = None, *, is_active: bool = True) -> str:
    made = await caller.post("createCard", {"card_name": "Release", "card_payload": payload or CARD})
    assert made.status_code == 200, made.text
    card_id: str = made.json()["item"]["card_id"]
    if is_active:
        await caller.post("activateCard", {"card_id": card_id, "card_version": 1})
    return card_id


async def test_a_card_is_created_saved_activated_and_read(mine: Caller, clock: FakeClock) -> None:
    card_id = await make_card(mine, is_active=False)
    query = {"card_id": card_id, "card_version": "1"}
    read = (await mine.get("/v1/adaptive-cards/getCardById", **query)).json()["item"]
    assert (read["status_version"], read["latest"], read["card_payload"]) == ("DRAFT-1", "true", CARD)
    assert (await mine.get("/v1/adaptive-cards/getLatestActiveCard", card_id=card_id)).status_code == 409
    clock.advance(timedelta(seconds=1))
    body = {"card_id": card_id, "card_version": 1, "modified_on": read["modified_on"], "card_payload": {"type": "x"}}
    assert (await mine.post("updateCard", body)).status_code == 200
    assert (await mine.post("updateCard", body)).status_code == 409
    activated = await mine.post("activateCard", {"card_id": card_id, "card_version": "1"})
    assert activated.json()["item"]["status_version"] == "ACTIVE-1"
    latest = (await mine.get("/v1/adaptive-cards/getLatestActiveCard", card_id=card_id)).json()["item"]
    assert (latest["card_version"], latest["card_payload"], latest["card_name"]) == (1, {"type": "x"}, "Release")
    assert (await mine.post("deleteCard", {"card_id": card_id})).status_code == 200
    assert (await mine.get("/v1/adaptive-cards/getCardById", **query)).status_code == 404


async def test_cards_page_with_the_fields_of_the_reference(mine: Caller, clock: FakeClock) -> None:
    made = []
    for _ in range(3):
        made.append(await make_card(mine))
        clock.advance(timedelta(seconds=1))
    first = (await mine.get("/v1/adaptive-cards/getOrganizationCards", limit="2")).json()
    assert set(first["lastKey"]) == {"organization_id", "card_id", "card_version"}
    rest = (await mine.get("/v1/adaptive-cards/getOrganizationCards", limit="2", **first["lastKey"])).json()
    assert [item["card_id"] for page in (first, rest) for item in page["items"]] == made[::-1]
    assert "card_payload" not in first["items"][0]
    assert "lastKey" not in rest


async def test_a_workflow_sends_the_card_that_it_names(mine: Caller) -> None:
    card_id = await make_card(mine)
    workflow_id = await mine.create(definition(card_step(card_id=card_id), note_step()))
    await mine.trigger(workflow_id, {"po": "4711"})
    token = (await mine.get("getOpenCards")).json()["items"][0]["token"]
    shown = await mine.client.get(f"/v2/inbox/{token}")
    assert shown.json()["item"]["card"]["body"][0]["text"] == "Release 4711?"


@pytest.mark.parametrize("settings", [{}, {"card_version": 9}])
async def test_a_card_that_does_not_exist_is_a_finding(mine: Caller, theirs: Caller, settings: dict[str, Any]) -> None:
    foreign = await make_card(theirs)
    for card_id in (UNKNOWN, foreign, "nonsense"):
        document = definition(card_step(card_id=card_id, **settings))
        saved = (await mine.post("createWorkflow", {"definition": document})).json()
        assert "/workflow_steps/1/settings/card_id" in [warning["path"] for warning in saved["warnings"]]
        named = {name: saved["item"][name] for name in ("workflow_id", "workflow_version")}
        answer = await mine.post("activateWorkflow", named)
        assert answer.status_code == 422
        assert [error["path"] for error in answer.json()["errors"]] == ["/workflow_steps/1/settings/card_id"]


async def test_a_trigger_of_a_workflow_whose_card_was_deleted_names_the_card(mine: Caller) -> None:
    card_id = await make_card(mine)
    workflow_id = await mine.create(definition(card_step(card_id=card_id)))
    await mine.post("deleteCard", {"card_id": card_id})
    answer = await mine.post(f"triggerworkflow/{workflow_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_RUNNABLE")


async def test_profiles_are_created_changed_and_deleted(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    named = {"workflow_id": workflow_id, "name": "dev"}
    first = (await mine.post("createProfile", {**named, "values": {"a": 1}})).json()["item"]
    assert (first["name"], first["values"], first["is_default"]) == ("dev", {"a": 1}, True)
    assert (await mine.post("createProfile", {**named, "values": {}})).status_code == 409
    await mine.post("createProfile", {"workflow_id": workflow_id, "name": "prod", "values": {}})
    changed = await mine.post("updateProfile", {**named, "values": {"a": 2}, "new_name": "qa"})
    assert (changed.json()["item"]["name"], changed.json()["item"]["values"]) == ("qa", {"a": 2})
    assert (await mine.post("updateProfile", {**named, "new_name": "x"})).status_code == 404
    assert (await mine.post("updateProfile", {**named, "name": "qa"})).status_code == 400
    qa = {"workflow_id": workflow_id, "name": "qa"}
    assert (await mine.post("deleteProfile", qa)).status_code == 409
    await mine.post("setDefaultProfile", {"workflow_id": workflow_id, "name": "prod"})
    assert (await mine.post("deleteProfile", qa)).status_code == 200
    left = (await mine.get("getProfiles", workflow_id=workflow_id)).json()
    assert [(item["name"], item["is_default"]) for item in left["items"]] == [("prod", True)]
    assert (await mine.get("getProfiles", workflow_id=UNKNOWN)).status_code == 404


async def test_a_changed_default_profile_holds_for_the_next_trigger(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step(value="${environment.a}")))
    named = {"workflow_id": workflow_id, "name": "dev"}
    await mine.post("createProfile", {**named, "values": {"a": 1}})
    await mine.trigger(workflow_id)
    await mine.post("updateProfile", {**named, "values": {"a": 2}})
    item = await mine.item(workflow_id, await mine.trigger(workflow_id))
    assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == 2


async def sap_connection(caller: Caller, name: str = "S4") -> dict[str, Any]:
    body = {"name": name, "kind": "sap", "settings": SAP, "secrets": {"password": "canary"}}
    answer = await caller.post("createConnection", body)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_a_connection_never_shows_its_secrets(mine: Caller, services: Any) -> None:
    made = await sap_connection(mine)
    assert made["secret_names"] == ["password"]
    renamed = {"name": "S4", "new_name": "S5", "kind": "sap", "settings": made["settings"]}
    answers = [
        await mine.get("getConnection", name="S4"),
        await mine.get("getConnections"),
        await mine.post("updateConnection", renamed),
        await mine.get("getConnection", name="S5"),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "canary" not in answer.text
    resolved = await services.catalog.connections.resolve(mine.organization_id, "S5")
    assert dict(resolved.secrets) == {"password": "canary"}
    assert (await mine.post("deleteConnection", {"name": "S5"})).status_code == 200
    assert (await mine.get("getConnection", name="S5")).status_code == 404


async def test_a_connection_that_does_not_fit_its_kind_is_422_and_shows_no_value(mine: Caller) -> None:
    for body, path in (
        ({"kind": "nothing", "settings": {}}, "/kind"),
        ({"kind": "sap", "settings": {**SAP, "no_such": 1}}, "/settings"),
        ({"kind": "sap", "settings": SAP, "secrets": {"no_such": "canary"}}, "/secrets"),
    ):
        answer = await mine.post("createConnection", {"name": "S4", **body})
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_CONNECTION"), answer.text
        assert answer.json()["errors"][0]["path"].startswith(path)
        assert "canary" not in answer.text


async def test_another_organization_s_connection_is_404(mine: Caller, theirs: Caller) -> None:
    made = await sap_connection(theirs)
    body = {"name": "S4", "kind": "sap", "settings": made["settings"]}
    for answer in (
        await mine.get("getConnection", name="S4"),
        await mine.post("updateConnection", body),
        await mine.post("deleteConnection", {"name": "S4"}),
    ):
        message = "connection 'S4' not found; list the connections for their names"
        assert (answer.status_code, answer.json()["message"]) == (404, message)
    assert (await mine.get("getConnections")).json()["items"] == []


async def test_a_key_is_shown_once_and_works_until_it_expires(mine: Caller, clock: FakeClock) -> None:
    expires_on = to_ms(clock.now() + timedelta(hours=1))
    body = {"name": "SAP", "scopes": ["trigger"], "expires_on": expires_on}
    made = (await mine.post("createKey", body)).json()["item"]
    assert (made["name"], made["scopes"], made["expires_on"]) == ("SAP", ["trigger"], expires_on)
    headers = {"x-api-key": made["api_key"]}
    path = "/v2/workflows/resumeWorkflow/x"
    assert (await mine.client.post(path, json={"payload": {"source": "SAP"}}, headers=headers)).status_code == 404
    clock.advance(timedelta(hours=1))
    assert (await mine.client.post(path, headers=headers)).status_code == 403
    listed = (await mine.get("getKeys")).text
    assert made["api_key"] not in listed
    assert made["prefix"] in listed


@pytest.mark.parametrize("change", [{"scopes": []}, {"scopes": ["all"]}, {"name": ""}, {"expires_on": 1}])
async def test_an_invalid_key_is_refused(mine: Caller, change: dict[str, Any]) -> None:
    answer = await mine.post("createKey", {"name": "x", "scopes": ["read"], **change})
    assert answer.status_code == 422


async def test_keys_are_administered_by_the_scope_admin_alone(mine: Caller) -> None:
    manager, admin = await mine.key_with("manage"), await mine.key_with("admin")
    assert (await admin.key_with("trigger", "read", "manage", "admin")).key
    assert (await admin.get("getKeys")).status_code == 200
    for answer in (
        await manager.get("getKeys"),
        await manager.post("createKey", {"name": "x", "scopes": ["read"]}),
        await manager.post("revokeKey", {"key_id": UNKNOWN}),
    ):
        assert (answer.status_code, answer.json()) == (
            403,
            {"message": "Forbidden", "code": "SCOPE", "permission": "keys"},
        )


async def test_a_key_for_overrides_can_only_be_made_by_a_key_that_may_override(mine: Caller) -> None:
    admin = await mine.key_with("admin")
    answer = await admin.post("createKey", {"name": "x", "scopes": ["read", "override"]})
    assert (answer.status_code, answer.json()) == (
        403,
        {"message": "Forbidden", "code": "SCOPE", "permission": "decide.override"},
    )
    assert (await mine.post("createKey", {"name": "x", "scopes": ["override"]})).status_code == 200
    assert "override" not in [
        scope for key in (await admin.get("getKeys")).json()["items"][1:-1] for scope in key["scopes"]
    ]


async def test_the_table_of_permissions_lists_the_scopes_that_include_each(mine: Caller) -> None:
    trigger = await mine.key_with("trigger", "read")
    table = (await trigger.get("getPermissions")).json()
    by_name = {item["permission"]: item["scopes"] for item in table["items"]}
    assert by_name["execute"] == ["trigger", "manage"]
    assert by_name["keys"] == ["admin"]
    assert by_name["decide.override"] == ["override"]
    assert table["own"] == ["read.definitions", "read.executions", "read.payloads", "execute"]


async def test_a_mock_payload_is_stored_only_by_a_key_that_may_edit_the_workflow(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    starter, author = await mine.key_with("trigger"), await mine.key_with("manage")
    path = f"triggerworkflow/{workflow_id}?test=true"
    answer = await starter.post(path, {"po": "1"})
    assert (answer.status_code, answer.json()) == (
        403,
        {"message": "Forbidden", "code": "SCOPE", "permission": "edit.drafts"},
    )
    assert (await author.post(path, {"po": "2"})).status_code == 200
    item = (await mine.get("getWorkflowSchemaById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    assert item["workflow_mock_payload"] == {"po": "2"}


async def test_a_key_of_another_organization_cannot_be_revoked(mine: Caller, theirs: Caller) -> None:
    key_id = (await theirs.get("getKeys")).json()["items"][0]["key_id"]
    assert (await mine.post("revokeKey", {"key_id": key_id})).status_code == 404
    assert (await theirs.get("getKeys")).status_code == 200


async def test_keys_page(mine: Caller, clock: FakeClock) -> None:
    for _ in range(4):
        clock.advance(timedelta(seconds=1))
        await mine.key_with("read")
    first = (await mine.get("getKeys", limit="3")).json()
    rest = (await mine.get("getKeys", limit="3", **first["lastKey"])).json()
    assert (first["count"], rest["count"]) == (3, 2)
    assert "lastKey" not in rest


async def test_a_card_is_linked_to_a_workflow_version_or_to_none(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    body = {"card_name": "Release", "card_payload": CARD}
    linked = await mine.post("createCard", {**body, "workflow_id": workflow_id, "workflow_version": "1"})
    item = linked.json()["item"]
    assert (item["workflow_id"], item["workflow_version"]) == (workflow_id, 1)
    saved = {"card_id": item["card_id"], "card_version": 1, "modified_on": item["modified_on"], "card_payload": CARD}
    assert (await mine.post("updateCard", saved)).json()["item"]["workflow_id"] == workflow_id
    assert (await mine.post("createCard", {**body, "workflow_id": workflow_id})).status_code == 400
    foreign = await theirs.create(COMPUTING)
    answer = await mine.post("createCard", {**body, "workflow_id": foreign, "workflow_version": 1})
    assert answer.status_code == 404


async def test_a_kept_secret_is_checked_by_its_name_and_a_removed_one_is_missed(mine: Caller) -> None:
    await sap_connection(mine)
    body = {"name": "S4", "kind": "sap", "settings": SAP}
    assert (await mine.post("updateConnection", body)).status_code == 200
    removed = await mine.post("updateConnection", {**body, "secrets": {"password": None}})
    assert (removed.status_code, removed.json()["code"]) == (422, "INVALID_CONNECTION")


async def test_connections_page(mine: Caller, clock: FakeClock) -> None:
    for name in ("A", "B", "C"):
        await sap_connection(mine, name)
        clock.advance(timedelta(seconds=1))
    first = (await mine.get("getConnections", limit="2")).json()
    rest = (await mine.get("getConnections", limit="2", **first["lastKey"])).json()
    assert [item["name"] for page in (first, rest) for item in page["items"]] == ["C", "B", "A"]
