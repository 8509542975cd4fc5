"""Invitations and members: who may invite, change and deactivate whom, and what it ends."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from people_kit import OTHER_PASSWORD, PASSWORD, Browser, invite
from server_kit import ASKING, COMPUTING, PUBLIC_URL, Caller

from looply.catalog import Catalog
from looply.permissions import BY_SETTING
from looply.testing.clock import FakeClock

MakeMember = Callable[[str], Awaitable[Browser]]
NewBrowser = Callable[[], Browser]


async def invited(inviter: Browser, email: str, role: str) -> str:
    """Returns the token of the link of a new invitation."""
    answer = await inviter.post("inviteMembers", {"invitations": [{"email": email, "role": role}]})
    assert answer.status_code == 200, answer.text
    link: str = answer.json()["items"][0]["link"]
    assert link.startswith(f"{PUBLIC_URL}/app/invitation/")
    return link.rpartition("/")[2]


async def user_id_of(browser: Browser) -> str:
    found: str = (await browser.get("get")).json()["user"]["user_id"]
    return found


async def test_an_invited_person_becomes_a_member(owner: Browser, browsers: NewBrowser) -> None:
    token = await invited(owner, "Buyer@Example.com", "operator")
    browser = browsers()
    read = (await browser.post("readInvitation", {"token": token})).json()
    assert (read["email"], read["role"], read["organization_name"]) == ("Buyer@Example.com", "operator", "Mine")
    assert read["has_account"] is False
    body = {"token": token, "name": "The buyer", "password": PASSWORD}
    accepted = await browser.post("acceptInvitation", body)
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["role"] == "operator"
    items: list[dict[str, Any]] = (await owner.get("getMembers")).json()["items"]
    assert [(each["email"], each["status"], each["sign_in"]) for each in items] == [
        ("Buyer@Example.com", "ACTIVE", "local"),
        ("owner@example.com", "ACTIVE", "local"),
    ]


async def test_a_link_of_an_invitation_works_once(owner: Browser, browsers: NewBrowser) -> None:
    token = await invited(owner, "buyer@example.com", "viewer")
    body = {"token": token, "name": "The buyer", "password": PASSWORD}
    assert (await browsers().post("acceptInvitation", body)).status_code == 200
    again = await browsers().post("acceptInvitation", body)
    assert (again.status_code, again.json()["code"]) == (404, "INVITATION_NOT_FOUND")


@pytest.mark.parametrize("how", ["expired", "revoked", "renewed", "unknown"])
async def test_a_link_that_is_not_valid_any_more_is_refused_in_one_way(
    owner: Browser, browsers: NewBrowser, clock: FakeClock, how: str
) -> None:
    token = await invited(owner, "buyer@example.com", "viewer")
    invitation = (await owner.get("getMembers")).json()["items"][0]
    assert invitation["status"] == "INVITED"
    named = {"invitation_id": invitation["invitation_id"]}
    match how:
        case "expired":
            clock.advance(timedelta(days=7))
        case "revoked":
            assert (await owner.post("revokeInvitation", named)).status_code == 200
        case "renewed":
            renewed = await owner.post("resendInvitation", named)
            assert renewed.json()["items"][0]["link"].rpartition("/")[2] != token
        case _:
            token = token[::-1]
    body = {"token": token, "name": "The buyer", "password": PASSWORD}
    answer = await browsers().post("acceptInvitation", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "INVITATION_NOT_FOUND")
    assert "ask the person who sent it" in answer.json()["message"]


async def test_an_invitation_is_for_its_address(owner: Browser, browsers: NewBrowser) -> None:
    token = await invited(owner, "buyer@example.com", "viewer")
    body = {"token": token, "name": "Another", "password": PASSWORD, "email": "another@example.com"}
    answer = await browsers().post("acceptInvitation", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVITATION_OF_ANOTHER")
    assert (await browsers().post("readInvitation", {"token": token})).status_code == 200


async def test_a_person_with_an_account_accepts_with_the_own_password(
    owner: Browser, member: MakeMember, browsers: NewBrowser, catalog: Catalog, theirs: Caller
) -> None:
    await member("viewer")
    token = await invite(catalog, theirs.organization_id, "VIEWER@example.com", "admin")
    browser = browsers()
    assert (await browser.post("readInvitation", {"token": token})).json()["has_account"] is True
    wrong = await browser.post("acceptInvitation", {"token": token, "name": "x", "password": OTHER_PASSWORD})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "SIGN_IN_REFUSED")
    accepted = await browser.post("acceptInvitation", {"token": token, "password": PASSWORD})
    assert accepted.status_code == 200, accepted.text
    assert {each["role"] for each in accepted.json()["organizations"]} == {"viewer", "admin"}


@pytest.mark.parametrize("password", ["", "elevenchars", "password1234!", "aaaaaaaaaaaa", "123456789012", "x" * 300])
async def test_a_weak_password_creates_no_account(owner: Browser, browsers: NewBrowser, password: str) -> None:
    token = await invited(owner, "buyer@example.com", "viewer")
    body = {"token": token, "name": "The buyer", "password": password}
    answer = await browsers().post("acceptInvitation", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "WEAK_PASSWORD")
    assert (await browsers().post("readInvitation", {"token": token})).json()["has_account"] is False


async def test_one_refused_person_means_that_none_is_invited(owner: Browser) -> None:
    good = {"email": "buyer@example.com", "role": "viewer"}
    for bad, code in (
        ({"email": "no address", "role": "viewer"}, "INVALID_EMAIL"),
        ({"email": "x@example.com", "role": "king"}, "UNKNOWN_ROLE"),
        ({"email": "Owner@Example.com", "role": "viewer"}, "ALREADY_MEMBER"),
        ({"email": "BUYER@EXAMPLE.com", "role": "viewer"}, "ALREADY_INVITED"),
    ):
        answer = await owner.post("inviteMembers", {"invitations": [good, bad]})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["errors"][0]["path"].startswith("/invitations/1/")
        assert len((await owner.get("getMembers")).json()["items"]) == 1
    for people in ([], [good] * 51):
        answer = await owner.post("inviteMembers", {"invitations": people})
        assert (answer.status_code, answer.json()["code"]) == (422, "TOO_MANY_INVITATIONS")


OUT_OF_SCOPE = {"message": "Forbidden", "code": "SCOPE"}


async def test_an_administrator_makes_no_owners_and_changes_none(owner: Browser, member: MakeMember) -> None:
    admin, viewer = await member("admin"), await member("viewer")
    owner_id, viewer_id = await user_id_of(owner), await user_id_of(viewer)
    pending = (await owner.post("inviteMembers", {"invitations": [{"email": "b@example.com", "role": "owner"}]})).json()
    for call, body in (
        ("inviteMembers", {"invitations": [{"email": "c@example.com", "role": "owner"}]}),
        ("resendInvitation", {"invitation_id": pending["items"][0]["invitation_id"]}),
        ("changeMember", {"user_id": viewer_id, "role": "owner"}),
        ("changeMember", {"user_id": owner_id, "role": "viewer"}),
        ("changeMember", {"user_id": owner_id, "status": "DEACTIVATED"}),
        ("createResetLink", {"user_id": owner_id}),
        ("createOrganization", {"name": "Mine too"}),
    ):
        answer = await admin.post(call, body)
        assert (answer.status_code, answer.json()) == (403, {**OUT_OF_SCOPE, "permission": "organization"}), call
    assert (await admin.post("changeMember", {"user_id": viewer_id, "role": "developer"})).status_code == 200


async def test_the_last_owner_cannot_go(owner: Browser, member: MakeMember) -> None:
    owner_id = await user_id_of(owner)
    for body in ({"role": "admin"}, {"status": "DEACTIVATED"}):
        answer = await owner.post("changeMember", {"user_id": owner_id, **body})
        assert (answer.status_code, answer.json()["code"]) == (409, "LAST_OWNER")
    admin_id = await user_id_of(await member("admin"))
    assert (await owner.post("changeMember", {"user_id": admin_id, "role": "owner"})).status_code == 200
    assert (await owner.post("changeMember", {"user_id": owner_id, "role": "admin"})).status_code == 200
    assert (await owner.get("get")).status_code == 401


async def test_a_change_of_a_role_and_a_deactivation_end_the_sessions(owner: Browser, member: MakeMember) -> None:
    viewer = await member("viewer")
    viewer_id = await user_id_of(viewer)
    assert (await owner.post("changeMember", {"user_id": viewer_id, "role": "operator"})).status_code == 200
    assert (await viewer.get("get")).status_code == 401
    assert (await viewer.sign_in("viewer@example.com")).json()["role"] == "operator"
    assert (await owner.post("changeMember", {"user_id": viewer_id, "status": "DEACTIVATED"})).status_code == 200
    assert (await viewer.get("get")).status_code == 401
    assert (await viewer.sign_in("viewer@example.com")).status_code == 401
    assert (await owner.post("changeMember", {"user_id": viewer_id, "status": "ACTIVE"})).status_code == 200
    assert (await viewer.sign_in("viewer@example.com")).status_code == 200


async def test_the_members_of_others_are_not_found(
    owner: Browser, theirs: Caller, browsers: NewBrowser, catalog: Catalog
) -> None:
    token = await invite(catalog, theirs.organization_id, "stranger@example.com", "owner")
    stranger = browsers()
    await stranger.post("acceptInvitation", {"token": token, "name": "A stranger", "password": PASSWORD})
    stranger_id = await user_id_of(stranger)
    for call, body in (
        ("changeMember", {"user_id": stranger_id, "role": "viewer"}),
        ("createResetLink", {"user_id": stranger_id}),
        ("changeMember", {"user_id": "01900000-0000-7000-8000-0000000000ff"}),
    ):
        answer = await owner.post(call, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "MEMBER_NOT_FOUND")
    assert (await owner.post("changeMember", {"user_id": "x"})).status_code == 400


async def test_no_administrator_gets_into_another_organization_by_a_link(
    owner: Browser, member: MakeMember, catalog: Catalog, theirs: Caller
) -> None:
    viewer = await member("viewer")
    token = await invite(catalog, theirs.organization_id, "viewer@example.com", "owner")
    await viewer.post("acceptInvitation", {"token": token, "password": PASSWORD})
    answer = await owner.post("createResetLink", {"user_id": await user_id_of(viewer)})
    # The session of the person works in their organization now.
    assert (answer.status_code, answer.json()["code"]) == (409, "MEMBER_ELSEWHERE")


async def test_members_are_listed_in_pages(owner: Browser) -> None:
    people = [{"email": f"person{number}@example.com", "role": "viewer"} for number in range(5)]
    assert (await owner.post("inviteMembers", {"invitations": people})).status_code == 200
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await owner.get("getMembers", limit=2, **cursor)).json()
        found += [each["email"] for each in page["items"]]
        if "lastKey" not in page:
            break
        cursor = page["lastKey"]
    assert found == [f"person{number}@example.com" for number in reversed(range(5))] + ["owner@example.com"]


@pytest.mark.parametrize(
    ("term", "found"),
    [("OWN", ["owner@example.com"]), ("the ", ["owner@example.com", "viewer@example.com"]), ("%", []), ("_", [])],
)
async def test_people_are_found_by_a_part_of_name_or_address(
    owner: Browser, member: MakeMember, term: str, found: list[str]
) -> None:
    await member("viewer")
    answer = await owner.get("findPeople", term=term)
    assert [each["email"] for each in answer.json()["items"]] == found


async def test_changes_of_people_name_them_in_the_audit(owner: Browser, member: MakeMember) -> None:
    admin = await member("admin")
    await admin.post("createKey", {"name": "SAP", "scopes": ["read"]})
    newest = (await owner.get("getAudit")).json()["items"][0]
    actor = {"kind": "person", "id": await user_id_of(admin), "name": "The admin"}
    assert (newest["action"], newest["actor"]) == ("key.create", actor)
    await owner.post("putRoleSettings", dict.fromkeys(BY_SETTING, True))
    newest = (await owner.get("getAudit")).json()["items"][0]
    assert (newest["action"], newest["details"]) == ("roles.change", dict.fromkeys(BY_SETTING, True))


async def test_a_key_has_permissions_of_its_own_and_shows_its_last_use(
    owner: Browser, mine: Caller, catalog: Catalog
) -> None:
    body = {"name": "Deploy", "permissions": ["activate", "edit.drafts"]}
    made = (await owner.post("createKey", body)).json()["item"]
    assert (made["scopes"], made["permissions"], made["last_used_on"]) == ([], ["activate", "edit.drafts"], None)
    key = {"x-api-key": made["api_key"]}
    assert (await mine.client.post("/v2/workflows/activateWorkflow", headers=key)).status_code == 400
    assert (await mine.client.get("/v2/workflows/getLetters", headers=key)).status_code == 403
    await catalog.people.last_uses.store()
    items = {each["key_id"]: each for each in (await owner.get("getKeys")).json()["items"]}
    used = items[made["key_id"]]
    assert used["last_used_on"] is not None
    assert used["last_used_from"] == "127.0.0.1"
    for permissions in (["own"], ["organization"], ["fly"]):
        refused = await owner.post("createKey", {"name": "x", "permissions": permissions})
        assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_KEY")
    assert (await owner.post("createKey", {"name": "x"})).status_code == 422


async def test_only_one_who_may_override_makes_keys_that_may(member: MakeMember) -> None:
    admin = await member("admin")
    for body in ({"scopes": ["override"]}, {"permissions": ["decide.override"]}):
        assert (await admin.post("createKey", {"name": "x", **body})).status_code == 403


async def test_preferences_are_stored_as_pages_send_them(owner: Browser, member: MakeMember) -> None:
    preferences = {"theme": "dark", "locale": "de", "time_zone": "Europe/Berlin", "columns": ["a", 1]}
    assert (await owner.post("putPreferences", {"preferences": preferences})).status_code == 200
    assert (await owner.get("getPreferences")).json()["preferences"] == preferences
    assert (await owner.get("get")).json()["user"]["locale"] == "de"
    assert (await (await member("viewer")).get("getPreferences")).json()["preferences"] == {}
    for bad in ({"locale": 1}, {"views": "x" * 20_000}):
        answer = await owner.post("putPreferences", {"preferences": bad})
        assert (answer.status_code, answer.json()["code"]) == (422, "BAD_PREFERENCES")


async def test_workspaces_are_made_and_chosen(owner: Browser) -> None:
    made = (await owner.post("createWorkspace", {"name": "Purchasing"})).json()["item"]
    session = (await owner.get("get")).json()
    body = {"organization_id": session["organization"]["id"], "workspace_id": made["workspace_id"]}
    assert (await owner.post("chooseOrganization", body)).json()["workspace_id"] == made["workspace_id"]
    names = [each["workspace_name"] for each in (await owner.get("getWorkspaces")).json()["items"]]
    assert names == ["Default", "Purchasing"]
    again = await owner.post("createWorkspace", {"name": "Purchasing"})
    assert (again.status_code, again.json()["code"]) == (422, "WORKSPACE_EXISTS")


async def test_lists_name_the_people_and_keys_who_made_a_change(owner: Browser, mine: Caller) -> None:
    await owner.post("createKey", {"name": "SAP", "scopes": ["read"]})
    await mine.create(COMPUTING)
    await owner.post("createWorkflow", {"definition": COMPUTING})
    await owner.post("putDatastore", {"name": "approvers", "value": {}})
    key = (await owner.get("getKeys")).json()["items"][0]
    assert (key["created_by"], key["created_by_name"]) == (await user_id_of(owner), "The owner")
    workflows = (await owner.get("getOrganizationWorkflows")).json()["items"]
    assert [(each["created_by_name"], each.get("modified_by_name")) for each in workflows] == [
        ("The owner", None),
        ("all", "all"),
    ]
    (datastore,) = (await owner.get("getDatastores")).json()["items"]
    assert datastore["modified_by_name"] == "The owner"


async def test_what_is_read_alone_names_the_author_too(owner: Browser, mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    first = (await owner.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    assert (first["created_by_name"], first["modified_by_name"]) == ("all", "all")
    body = {"workflow_id": workflow_id, "workflow_version": 1, "modified_on": first["modified_on"]}
    saved = await owner.post("updateWorkflow", {**body, "definition": {**COMPUTING, "description": "Changed"}})
    assert saved.json()["item"]["workflow_version"] == 2, saved.text
    await owner.post("createCard", {"card_name": "Order", "card_payload": {"type": "AdaptiveCard", "version": "1.5"}})
    (card,) = (await owner.get("getCards")).json()["items"]
    connection = {"name": "BANK", "kind": "http", "settings": {"base_url": "https://bank.example"}}
    await owner.post("createConnection", connection)
    read = [
        await owner.get("getWorkflowById", workflow_id=workflow_id, workflow_version=2),
        await owner.get("/v1/adaptive-cards/getCardById", card_id=card["card_id"], card_version=1),
        await owner.get("getConnection", name="BANK"),
    ]
    assert [answer.status_code for answer in read] == [200, 200, 200]
    for answer in read:
        item = answer.json()["item"]
        assert (item["created_by"], item["created_by_name"]) == (await user_id_of(owner), "The owner")


async def test_executions_and_their_logs_name_the_people_and_keys_who_made_a_call(owner: Browser, mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    await owner.post(f"terminateworkflow/{execution_id}", {"payload": {"reason": "enough"}})
    one = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    items = [
        (await owner.get("getWorkflowExecutionById", **one)).json()["item"],
        *(await owner.get("getWorkflowExecutionHistory", workflow_id=workflow_id)).json()["items"],
        *(await owner.get("searchExecutions")).json()["items"],
        *(await owner.get("getOrganizationExecutions")).json()["items"],
    ]
    assert len(items) == 4
    for item in items:
        assert (item["modified_by"], item["modified_by_name"]) == (await user_id_of(owner), "The owner")
        names = {each["type"]: each.get("by_name") for each in item["workflow_event_log"]["events"]}
        assert (names["EXECUTION_STARTED"], names["EXECUTION_TERMINATED"]) == ("all", "The owner")
        assert names["WAIT_OPENED"] is None


async def test_a_member_of_any_role_reads_who_administers_the_organization(owner: Browser, member: MakeMember) -> None:
    await member("operator")
    approver = await member("approver")
    await member("admin")
    assert (await owner.get("getAdministrators")).status_code == 200
    items = (await approver.get("getAdministrators")).json()["items"]
    assert [each["email"] for each in items] == ["admin@example.com", "owner@example.com"]
