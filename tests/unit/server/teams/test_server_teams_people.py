"""The administration of a bot: its app package, what its administrator opens, and whom it can reach."""

import io
import json
import zipfile
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
from server_kit import Caller
from teams_kit import MANAGER, Tenant

from looply.demo.teams.simulator import APP, SECRET, TENANT
from looply.demo.teams.wire import error


async def people(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    """Returns all pages of the people of a bot."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await caller.get("getTeamsPeople", name="TEAMS", **query, **cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["count"] == len(page["items"])
        found += page["items"]
        if not (cursor := page.get("lastKey", {})):
            return found


async def check(caller: Caller, person: str) -> dict[str, Any]:
    answer = await caller.post("checkTeamsPerson", {"name": "TEAMS", "person": person})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["item"]
    return found


async def use_graph(tenant: Tenant) -> None:
    """Lets the connection find people by Graph."""
    settings = tenant.microsoft.settings(people="graph")
    changed = await tenant.caller.post("updateConnection", {"name": "TEAMS", "kind": "teams", "settings": settings})
    assert changed.status_code == 200, changed.text


async def test_the_package_is_that_of_the_bot_and_of_this_installation(tenant: Tenant, mine: Caller) -> None:
    answer = await mine.get("getTeamsPackage", name="TEAMS", version="1.2.0", public_url="https://looply.example.com")
    assert answer.status_code == 200, answer.text
    item = answer.json()["item"]
    content = b64decode(item["content"])
    assert (item["name"], item["type"], item["size"]) == ("looply-teams-1.2.0.zip", "application/zip", len(content))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["id"], manifest["version"], manifest["validDomains"]) == (APP, "1.2.0", ["looply.example.com"])
    assert "staticTabs" not in manifest
    again = await mine.get("getTeamsPackage", name="TEAMS", version="1.2.0", public_url="https://looply.example.com")
    assert again.json() == answer.json()


async def test_the_package_has_the_tab_where_it_is_asked_for(tenant: Tenant, mine: Caller) -> None:
    query = {"name": "TEAMS", "public_url": "https://looply.example.com"}
    answer = await mine.get("getTeamsPackage", **query, tab="true")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(b64decode(answer.json()["item"]["content"]))) as archive:
        (tab,) = json.loads(archive.read("manifest.json"))["staticTabs"]
        german = json.loads(archive.read("de.json"))
    assert tab["contentUrl"] == f"https://looply.example.com/teams/inbox?connection={tenant.connection_id}"
    assert german["staticTabs[0].name"] == "Meine Freigaben"
    refused = await mine.get("getTeamsPackage", **query, tab="perhaps")
    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_FLAG")


@pytest.mark.parametrize("cloud", ["gcc_high", "dod"])
async def test_the_tab_is_refused_in_clouds_whose_teams_could_not_show_it(
    tenant: Tenant, mine: Caller, cloud: str
) -> None:
    settings = {"tenant_id": TENANT, "app_id": APP, "cloud": cloud}
    draft = {"name": "GOV", "kind": "teams", "settings": settings, "secrets": {"client_secret": SECRET}}
    assert (await mine.post("createConnection", draft)).status_code == 200
    query = {"name": "GOV", "public_url": "https://looply.example.com"}
    assert (await mine.get("getTeamsPackage", **query)).status_code == 200
    refused = await mine.get("getTeamsPackage", **query, tab="true")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "/tab")
    assert f"in the cloud {cloud}" in refused.json()["message"]
    framed = (await tenant.caller.client.get("/teams/inbox")).headers["content-security-policy"]
    hosts = framed.partition("frame-ancestors ")[2].partition(";")[0]
    assert "https://teams.microsoft.com" in hosts
    assert ".us" not in hosts


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"version": "one", "public_url": "https://looply.example.com"}, "/version"),
        ({"public_url": "http://10.0.0.1"}, "/public_url"),
    ],
)
async def test_a_package_that_teams_would_refuse_is_refused_here(
    tenant: Tenant, mine: Caller, query: dict[str, str], path: str
) -> None:
    refused = await mine.get("getTeamsPackage", name="TEAMS", **query)
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, path)


async def test_the_setup_has_the_addresses_that_an_administrator_enters_and_opens(tenant: Tenant, mine: Caller) -> None:
    item = (await mine.get("getTeamsSetup", name="TEAMS")).json()["item"]
    assert (item["app_id"], item["tenant_id"], item["people"]) == (APP, TENANT, "events")
    assert item["messaging_endpoint"].endswith(f"/v2/receive/{tenant.connection_id}/teams")
    assert item["consent_url"] == f"{tenant.microsoft.address}/{TENANT}/adminconsent?client_id={APP}"
    assert item["admin_url"] is None
    cloud = {"name": "PUBLIC", "kind": "teams", "settings": {"tenant_id": TENANT, "app_id": APP}}
    await mine.post("createConnection", {**cloud, "secrets": {"client_secret": "x"}})
    public = (await mine.get("getTeamsSetup", name="PUBLIC")).json()["item"]
    assert public["admin_url"].startswith("https://admin.teams.microsoft.com/")
    assert public["consent_url"].startswith(f"https://login.microsoftonline.com/{TENANT}/adminconsent")


async def test_people_are_listed_page_by_page_and_by_status(tenant: Tenant, mine: Caller, theirs: Caller) -> None:
    users = [await tenant.person(f"P{each}", f"p{each}@contoso.test") for each in range(5)]
    await tenant.send(tenant.activities.install(users[1], action="remove"))
    listed = await people(mine, limit="2")
    assert [each["person_id"] for each in listed] == sorted(each.id for each in users)
    assert [each["status"] for each in listed] == ["HEALTHY", "NOT_INSTALLED", "HEALTHY", "HEALTHY", "HEALTHY"]
    (removed,) = await people(mine, status="NOT_INSTALLED", limit="1")
    assert (removed["name"], removed["mail"], removed["reason"]) == ("P1", "p1@contoso.test", "AppRemoved")
    assert removed["seen_on"] is not None
    assert removed["checked_on"] is None
    assert [each["name"] for each in await people(mine, status="HEALTHY", limit="3")] == ["P0", "P2", "P3", "P4"]
    assert (await theirs.get("getTeamsPeople", name="TEAMS")).status_code == 404


async def test_a_check_brings_the_profile_of_now_and_the_audit_says_who_asked(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    anna.name = "Anna Schmidt"
    found = await check(mine, anna.id)
    assert (found["name"], found["status"], found["failure"]) == ("Anna Schmidt", "HEALTHY", None)
    assert found["checked_on"] is not None
    assert await people(mine) == [found]
    record = (await mine.get("getAudit", limit="1")).json()["items"][0]
    assert (record["action"], record["object_id"]) == ("teams.check", anna.id)
    assert MANAGER not in str(record)


async def test_an_address_that_is_not_known_is_looked_up_by_graph(tenant: Tenant, mine: Caller) -> None:
    ben = tenant.microsoft.world.add_user("Ben", "ben@contoso.test", is_installed=False)
    unknown = await mine.post("checkTeamsPerson", {"name": "TEAMS", "person": "ben@contoso.test"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "PERSON_NOT_FOUND")
    await use_graph(tenant)
    found = await check(mine, "Ben@Contoso.test")
    assert (found["person_id"], found["status"]) == (ben.id, "NOT_INSTALLED")
    # The delivery installs the app, and a later list says so.
    await tenant.ask("ben@contoso.test")
    assert (await tenant.delivery())["state"] == "SHOWN"
    assert [each["status"] for each in await people(mine)] == ["HEALTHY"]
    tenant.microsoft.fault = lambda request: error(503, "Down") if "/users/" in request.target else None
    refused = await mine.post("checkTeamsPerson", {"name": "TEAMS", "person": "eve@contoso.test"})
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_DISCOVERED")


async def test_cards_of_a_person_who_can_be_reached_again_are_sent_at_once(tenant: Tenant, mine: Caller) -> None:
    anna = await tenant.person()
    await tenant.send(tenant.activities.install(anna, action="remove"))
    await tenant.ask()
    assert (await tenant.delivery())["state"] == "BLOCKED"
    tenant.clock.advance(timedelta(minutes=5))
    assert (await check(mine, MANAGER))["status"] == "RECOVERED"
    await tenant.reconciler.tick()
    assert (await tenant.delivery())["state"] == "SHOWN"
    tenant.clock.advance(timedelta(days=8))
    assert [each["status"] for each in await people(mine)] == ["HEALTHY"]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("getTeamsSetup", {}),
        ("getTeamsPackage", {}),
        ("getTeamsPeople", {}),
        ("checkTeamsPerson", {"person": "x"}),
    ],
)
async def test_bots_are_administered_by_who_may_edit_connections_and_by_connections_of_the_kind(
    tenant: Tenant, mine: Caller, name: str, call: dict[str, str]
) -> None:
    def made(caller: Caller, connection: str) -> Any:
        if name.startswith("get"):
            return caller.get(name, name=connection, **call)
        return caller.post(name, {"name": connection, **call})

    reader = await mine.key_with("read", "trigger", "admin")
    refused = (await made(reader, "TEAMS")).json()
    assert (refused["code"], refused["permission"]) == ("SCOPE", "edit.connections")
    http = {"name": "API", "kind": "http", "settings": {"base_url": "https://api.example"}}
    created = await mine.post("createConnection", http)
    assert created.status_code == 200, created.text
    for connection in ("API", "NONE"):
        missing = await made(mine, connection)
        assert (missing.status_code, missing.json()["code"]) == (404, "CONNECTION_NOT_FOUND")


async def test_a_status_that_there_is_not_and_a_person_without_a_name_are_refused(tenant: Tenant, mine: Caller) -> None:
    unknown = await mine.get("getTeamsPeople", name="TEAMS", status="WELL")
    assert unknown.status_code == 400
    assert "expected one of HEALTHY" in unknown.json()["errors"][0]["message"]
    for person in ("", " ", "x" * 321):
        assert (await mine.post("checkTeamsPerson", {"name": "TEAMS", "person": person})).status_code == 400
