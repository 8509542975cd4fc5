"""The audit log: every action of administration leaves a record, which administrators can read."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from audit_kit import KnownToBot, name_of_action
from server_kit import ALL_SCOPES, ASKING, CARD, CARDING, COMPUTING, SCHEDULED, Caller, definition, note_step

from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.catalog.people.invitations import NewAccount
from looply.catalog.tenants.keys import KeyDraft
from looply.instants import to_ms
from looply.permissions import BY_SETTING, FOR_KEYS
from looply.server.http.boundary import Boundary
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, Answer, World

REQUEST = {"method": "POST", "url": "https://shop.example/orders", "fail_on": ["5xx"]}
CALL = {"id": "call_1", "type": "httpRequest", "settings": REQUEST}
CALLING = definition(CALL, note_step())
SAP = {"kind": "sap", "settings": {"base_url": "https://sap.example", "client": "100", "user": "LOOPLY"}}
Act = Callable[[Caller, World, Services], Awaitable[httpx2.Response]]

ACTS: dict[str, Act] = {}
"""A successful call of each kind that administers something."""

NO_CHANGE = {
    "validateWorkflow": "checks a definition and stores nothing",
    "renameStep": "returns the definition and stores nothing",
    "previewActivation": "says what would change",
    "touchPresence": "is forgotten after a minute",
    "testNotification": "sends a message that reports nothing, and stores nothing",
}
"""Calls with a permission to change something that change nothing."""

RECORDED = {
    "importWorkflow": ("workflow.create",),
    "updateWorkflow": ("workflow.save",),
    "updateCard": ("card.save",),
    "setMockPayload": ("workflow.mock",),
    "putSamples": ("workflow.samples",),
    "putCanvas": ("workflow.canvas",),
    "testStep": ("step.try",),
    "setDefaultProfile": ("profile.set_default",),
    "toggleScheduledWorkflow": ("schedule.pause",),
    "checkTeamsPerson": ("teams.check",),
    "installTeamsApp": ("bulk.install",),
    "cancelTeamsInstallation": ("bulk.cancel",),
    "repairExecution": ("execution.skip",),
    "settleLetter": ("letter.discard",),
    "bulkTerminate": ("bulk.terminate",),
    "bulkRedrive": ("bulk.redrive",),
    "bulkRepair": ("bulk.skip",),
    "inviteMembers": ("invitation.create",),
    "resendInvitation": ("invitation.renew",),
    "createResetLink": ("user.reset_link",),
    "putRoleSettings": ("roles.change",),
    "putNotificationSecret": ("notification.put_secret",),
}
"""Recorded actions whose names differ from the names of their calls."""


@pytest.fixture
def services(services: Services) -> Services:
    return replace(services, bots=KnownToBot())


def act(run: Act) -> Act:
    """Adds the call of that name: `create_key` makes `createKey`."""
    first, *rest = run.__name__.split("_")
    ACTS[first + "".join(part.capitalize() for part in rest)] = run
    return run


async def fail_execution(mine: Caller, world: World) -> str:
    """Returns an execution with an incident."""
    world.script("call_1", Answer(status=500))
    return await mine.trigger(await mine.create(CALLING), {}, wait="PT10S")


async def draft(mine: Caller) -> dict[str, Any]:
    made = (await mine.post("createWorkflow", {"definition": COMPUTING})).json()["item"]
    return {name: made[name] for name in ("workflow_id", "workflow_version", "modified_on")}


def version_key(version: dict[str, Any]) -> dict[str, Any]:
    """Returns the id and number of a version alone."""
    return {name: value for name, value in version.items() if name != "modified_on"}


async def card(mine: Caller) -> dict[str, Any]:
    made = (await mine.post("createCard", {"card_name": "c", "card_payload": CARD})).json()["item"]
    return {name: made[name] for name in ("card_id", "card_version", "modified_on")}


async def profile(mine: Caller) -> dict[str, Any]:
    workflow_id = await mine.create(COMPUTING)
    await mine.post("createProfile", {"workflow_id": workflow_id, "name": "p", "values": {}})
    return {"workflow_id": workflow_id, "name": "p"}


async def bulk(mine: Caller, name: str, **fields: Any) -> httpx2.Response:
    workflow_id = await mine.create(ASKING)
    return await mine.post(name, {"filter": {"workflow_id": workflow_id}, "reason": "over", **fields})


@act
async def settle_letter(mine: Caller, world: World, services: Services) -> httpx2.Response:
    world.script("call_1", HANG)
    waiting = {"id": "wait_1", "type": "wait", "settings": {"sources": ["TEAMS"]}}
    execution_id = await mine.trigger(await mine.create(definition(CALL, waiting)))
    hanging = await world.wait_for_call("call_1", 1)
    await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP"}})
    hanging.release()
    await services.engine.executions.wait_until_settled(execution_id, services.clock.now() + timedelta(minutes=1))
    (letter,) = (await mine.get("getLetters")).json()["items"]
    return await mine.post("settleLetter", {"letter_id": letter["letter_id"], "action": "discard"})


def email_in(mine: Caller) -> str:
    """Returns an address of the organization's own: an account is the same in all organizations."""
    return f"buyer@{mine.organization_id}.example.com"


async def invitation(mine: Caller, role: str = "viewer") -> dict[str, Any]:
    body = {"invitations": [{"email": email_in(mine), "role": role}]}
    found: dict[str, Any] = (await mine.post("inviteMembers", body)).json()["items"][0]
    return found


async def member(mine: Caller, services: Services) -> str:
    """Returns the id of a member who has accepted an invitation."""
    token = (await invitation(mine))["link"].rpartition("/")[2]
    account = NewAccount(name="The buyer", email=email_in(mine), password_hash="x")
    return (await services.catalog.people.invitations.accept(token, account)).user_id


@act
async def invite_members(mine: Caller, world: World, services: Services) -> httpx2.Response:
    body = {"invitations": [{"email": email_in(mine), "role": "viewer"}]}
    return await mine.post("inviteMembers", body)


@act
async def resend_invitation(mine: Caller, world: World, services: Services) -> httpx2.Response:
    named = {"invitation_id": (await invitation(mine))["invitation_id"]}
    return await mine.post("resendInvitation", named)


@act
async def revoke_invitation(mine: Caller, world: World, services: Services) -> httpx2.Response:
    named = {"invitation_id": (await invitation(mine))["invitation_id"]}
    return await mine.post("revokeInvitation", named)


@act
async def change_member(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("changeMember", {"user_id": await member(mine, services), "role": "operator"})


@act
async def create_reset_link(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("createResetLink", {"user_id": await member(mine, services)})


@act
async def put_role_settings(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("putRoleSettings", dict.fromkeys(BY_SETTING, True))


@act
async def create_workflow(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("createWorkflow", {"definition": COMPUTING})


@act
async def update_workflow(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("updateWorkflow", {**await draft(mine), "definition": ASKING})


@act
async def set_mock_payload(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("setMockPayload", {**version_key(await draft(mine)), "payload": {"po": 1}})


@act
async def put_samples(mine: Caller, world: World, services: Services) -> httpx2.Response:
    payloads = [{"name": "order", "body": {"token": "canary"}}]
    workflow_id = (await draft(mine))["workflow_id"]
    return await mine.post("putSamples", {"workflow_id": workflow_id, "revision": 0, "payloads": payloads})


@act
async def put_canvas(mine: Caller, world: World, services: Services) -> httpx2.Response:
    notes = [{"id": "n1", "near": "note_1", "text": "canary"}]
    workflow_id = (await draft(mine))["workflow_id"]
    return await mine.post("putCanvas", {"workflow_id": workflow_id, "revision": 0, "notes": notes})


async def try_step(mine: Caller, world: World, services: Services) -> httpx2.Response:
    """Makes the call of a step to a port that nothing listens on."""
    step = {"id": "call", "type": "httpRequest", "settings": {"url": "http://127.0.0.1:9/canary"}}
    return await mine.post("testStep", {"definition": definition(step), "step_id": "call", "send": True})


ACTS["testStep"] = try_step


@act
async def import_workflow(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("importWorkflow", {"definition": COMPUTING})


@act
async def activate_workflow(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("activateWorkflow", version_key(await draft(mine)))


@act
async def delete_workflow(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("deleteWorkflow", version_key(await draft(mine)))


@act
async def create_card(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("createCard", {"card_name": "c", "card_payload": CARD})


@act
async def update_card(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("updateCard", {**await card(mine), "card_name": "d", "card_payload": CARD})


@act
async def activate_card(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("activateCard", version_key(await card(mine)))


@act
async def delete_card(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("deleteCard", version_key(await card(mine)))


@act
async def create_profile(mine: Caller, world: World, services: Services) -> httpx2.Response:
    workflow_id = await mine.create(COMPUTING)
    return await mine.post("createProfile", {"workflow_id": workflow_id, "name": "p", "values": {}})


@act
async def update_profile(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("updateProfile", {**await profile(mine), "values": {"a": 1}})


@act
async def delete_profile(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("deleteProfile", await profile(mine))


@act
async def set_default_profile(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("setDefaultProfile", await profile(mine))


@act
async def create_connection(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("createConnection", {"name": "C", **SAP, "secrets": {"password": "canary"}})


@act
async def update_connection(mine: Caller, world: World, services: Services) -> httpx2.Response:
    await create_connection(mine, world, services)
    return await mine.post("updateConnection", {"name": "C", **SAP, "secrets": {"password": "canary"}})


@act
async def delete_connection(mine: Caller, world: World, services: Services) -> httpx2.Response:
    await create_connection(mine, world, services)
    return await mine.post("deleteConnection", {"name": "C"})


async def check_connection(mine: Caller, world: World, services: Services) -> httpx2.Response:
    await create_connection(mine, world, services)
    return await mine.post("testConnection", {"name": "C"})


# A function of this name would be a test of its own.
ACTS["testConnection"] = check_connection


@act
async def check_teams_person(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("checkTeamsPerson", {"name": "T", "person": "canary@example.com"})


@act
async def install_teams_app(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("installTeamsApp", {"name": "T", "person": ["canary@example.com"]})


@act
async def cancel_teams_installation(mine: Caller, world: World, services: Services) -> httpx2.Response:
    made = (await install_teams_app(mine, world, services)).json()["item"]
    return await mine.post("cancelTeamsInstallation", {"installation_id": made["installation_id"]})


@act
async def put_notification(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("putNotification", {"name": "T", "channel": "webhook", "target": "https://h.example/canary"})


@act
async def put_notification_secret(mine: Caller, world: World, services: Services) -> httpx2.Response:
    item = (await put_notification(mine, world, services)).json()["item"]
    body = {"notification_id": item["notification_id"], "secret": f"whsec_{'canary++' * 4}"}
    return await mine.post("putNotificationSecret", body)


@act
async def delete_notification(mine: Caller, world: World, services: Services) -> httpx2.Response:
    item = (await put_notification(mine, world, services)).json()["item"]
    return await mine.post("deleteNotification", {"notification_id": item["notification_id"]})


@act
async def put_datastore(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("putDatastore", {"name": "approvers", "value": {"buyer": "canary"}})


@act
async def delete_datastore(mine: Caller, world: World, services: Services) -> httpx2.Response:
    await put_datastore(mine, world, services)
    return await mine.post("deleteDatastore", {"name": "approvers"})


@act
async def create_key(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("createKey", {"name": "k", "scopes": ["read"]})


@act
async def revoke_key(mine: Caller, world: World, services: Services) -> httpx2.Response:
    made = (await create_key(mine, world, services)).json()["item"]
    return await mine.post("revokeKey", {"key_id": made["key_id"]})


@act
async def toggle_scheduled_workflow(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("toggleScheduledWorkflow", {"workflow_id": await mine.create(SCHEDULED), "action": "PAUSE"})


@act
async def repair_execution(mine: Caller, world: World, services: Services) -> httpx2.Response:
    execution_id = await fail_execution(mine, world)
    return await mine.post("repairExecution", {"workflow_execution_id": execution_id, "action": "skip", "reason": "no"})


@act
async def redrive_execution(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await mine.post("redriveExecution", {"workflow_execution_id": await fail_execution(mine, world)})


@act
async def rerun_execution(mine: Caller, world: World, services: Services) -> httpx2.Response:
    execution_id = await mine.trigger(await mine.create(COMPUTING))
    return await mine.post("rerunExecution", {"workflow_execution_id": execution_id})


def acting_on_all(name: str, **fields: Any) -> Act:
    return lambda mine, world, services: bulk(mine, name, **fields)


ACTS |= {name: acting_on_all(name) for name in ("bulkTerminate", "bulkRedrive")}
ACTS["bulkRepair"] = acting_on_all("bulkRepair", action="skip")


@act
async def cancel_bulk(mine: Caller, world: World, services: Services) -> httpx2.Response:
    made = (await bulk(mine, "bulkTerminate")).json()["item"]
    return await mine.post("cancelBulk", {"bulk_id": made["bulk_id"]})


async def decide_on_target(mine: Caller, services: Services, name: str, **fields: Any) -> httpx2.Response:
    """Decides about a system that is in maintenance."""
    until = to_ms(services.clock.now()) + 60_000
    paused = await mine.post("pauseTarget", {"target": "https://shop.example", "until": until})
    return await mine.post(name, {"target": "https://shop.example", **fields}) if name else paused


@act
async def pause_target(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await decide_on_target(mine, services, "")


@act
async def drain_target(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await decide_on_target(mine, services, "drainTarget", rate=2)


@act
async def release_target(mine: Caller, world: World, services: Services) -> httpx2.Response:
    return await decide_on_target(mine, services, "releaseTarget")


@act
async def reassign_card(mine: Caller, world: World, services: Services) -> httpx2.Response:
    await mine.trigger(await mine.create(CARDING))
    (entry,) = (await mine.get("getOpenCards")).json()["items"]
    return await mine.post("reassignCard", {"card_id": entry["card_id"], "to": "ben@example.com", "reason": "leave"})


@act
async def remind_card(mine: Caller, world: World, services: Services) -> httpx2.Response:
    await mine.trigger(await mine.create(CARDING))
    (entry,) = (await mine.get("getOpenCards")).json()["items"]
    return await mine.post("remindCard", {"card_id": entry["card_id"]})


async def records(mine: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await mine.get("getAudit", **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_every_call_that_administers_something_has_a_sample(app: Boundary) -> None:
    administering = {
        route.name
        for route in app.routes
        if route.method == "POST"
        and not route.path.startswith("/v1/")
        and route.access in FOR_KEYS - {"execute"}
        and not route.access.startswith("read.")
    }
    # Calls of people alone are in `people/`.
    assert administering == ACTS.keys() | NO_CHANGE.keys()


async def test_each_action_is_recorded_with_its_actor_and_without_secrets(
    catalog: Catalog, client: httpx2.AsyncClient, world: World, services: Services
) -> None:
    for name, run in ACTS.items():
        organization_id, workspace_id = await catalog.organizations.create(name)
        made = await catalog.keys.create(organization_id, workspace_id, KeyDraft("all", ALL_SCOPES))
        caller = Caller(client, organization_id, workspace_id, made.text)
        answer = await run(caller, world, services)
        assert answer.status_code == 200, (name, answer.text)
        found = await records(caller)
        assert found[0]["actor"] == {"kind": "key", "id": made.key.key_id, "name": "all"}, name
        # What was prepared for the call is recorded too: the newest record must be its own.
        assert found[0]["action"] in RECORDED.get(name, (name_of_action(name),)), (name, found[0])
        assert "canary" not in str(found)


async def test_only_the_scope_admin_reads_the_audit(mine: Caller, theirs: Caller) -> None:
    admin, manager = await mine.key_with("admin"), await mine.key_with("manage", "read")
    assert (await manager.get("getAudit")).json() == {"message": "Forbidden", "code": "SCOPE", "permission": "audit"}
    shown = await records(admin)
    assert {record["organization_id"] for record in shown} == {mine.organization_id}
    first = shown[-1]
    assert (first["record_id"], first["action"], first["actor"]["kind"]) == (1, "organization.create", "operator")


async def test_the_audit_is_read_page_by_page_in_both_directions(mine: Caller) -> None:
    for number in range(5):
        await mine.post("putDatastore", {"name": f"d{number}", "value": number})
    seen, query = [], {"limit": "2"}
    while True:
        page = (await mine.get("getAudit", **query)).json()
        seen += [record["record_id"] for record in page["items"]]
        if "lastKey" not in page:
            break
        query = {"limit": "2", **{name: str(value) for name, value in page["lastKey"].items()}}
    assert seen == list(range(page["head"]["record_id"], 0, -1))
    after = (await mine.get("getAudit", after="3", limit="2")).json()
    assert [record["record_id"] for record in after["items"]] == [4, 5]
    assert after["lastKey"] == {"after": 5}


async def test_records_are_filtered_by_action_object_and_time(mine: Caller, clock: FakeClock) -> None:
    await mine.post("putDatastore", {"name": "approvers", "value": 1})
    await mine.post("putDatastore", {"name": "rates", "value": 1})
    found = await records(mine, action="datastore.put", object="approvers")
    assert [(record["object_id"], record["details"]) for record in found] == [("approvers", {"revision": 1})]
    now_ms = int(clock.now().timestamp() * 1000)
    assert await records(mine, to=str(now_ms)) == []
    assert len(await records(mine, actor=found[0]["actor"]["id"])) == 2


@pytest.mark.parametrize(
    "query", [{"after": "x"}, {"record_id": "-1"}, {"after": "1", "actor": "k"}, {"from": "x"}, {"limit": "0"}]
)
async def test_an_invalid_query_is_refused(mine: Caller, query: dict[str, str]) -> None:
    assert (await mine.get("getAudit", **query)).status_code == 400
