"""The app of a bot for many people: who is chosen, what Microsoft is asked, and what becomes of refusals."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from server_kit import Caller
from sqlalchemy import insert
from teams_kit import MANAGER, Tenant

from looply.app.administration.installation_runner import InstallationRunner
from looply.app.administration.installations import MAX_PEOPLE
from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.catalog.calls.directory import Directory, Entry
from looply.catalog.storage.pages import Page
from looply.catalog.storage.tables import channel_people
from looply.channels.teams.bots import Resources
from looply.channels.teams.directory import MAX_READ, PAGE
from looply.demo.teams.connector import APP, TENANT
from looply.demo.teams.graph import CATALOG, INSTALL
from looply.demo.teams.people import User
from looply.demo.teams.wire import Reply, Request, error

SECOND = timedelta(seconds=1)


class CountedDirectory(Directory):
    """A directory that counts how often a page of it is read."""

    reads = 0

    async def list_page(self, organization_id: str, channel: str, limit: int, after: str = "") -> Page[Entry]:
        self.reads += 1
        return await super().list_page(organization_id, channel, limit, after)


@pytest.fixture
def rows(catalog: Catalog) -> CountedDirectory:
    return CountedDirectory(catalog.database)


@pytest.fixture
def resources(resources: Resources, catalog: Catalog, rows: CountedDirectory) -> Resources:
    return replace(resources, catalog=replace(catalog, directory=rows))


@pytest.fixture
def runner(services: Services) -> InstallationRunner:
    return InstallationRunner(services, "first")


async def use_graph(tenant: Tenant, **settings: Any) -> None:
    """Lets the connection find people, and install, by Graph."""
    changed = {"name": "TEAMS", "kind": "teams", "settings": tenant.microsoft.settings(people="graph", **settings)}
    answer = await tenant.caller.post("updateConnection", changed)
    assert answer.status_code == 200, answer.text


def strangers(tenant: Tenant, count: int) -> list[User]:
    """Adds people to the tenant who do not have the app."""
    add = tenant.microsoft.world.add_user
    return [add(f"P{each}", f"p{each}@contoso.test", is_installed=False) for each in range(count)]


async def know(catalog: Catalog, mine: Caller, people: dict[str, dict[str, str]]) -> None:
    """Stores what is known of people, by their ids."""
    owner = {"organization_id": mine.organization_id, "channel": f"teams/{TENANT}/{APP}"}
    rows = [{**owner, "person_id": each, "known": {"id": each, **known}} for each, known in people.items()]
    await catalog.database.write(lambda connection: connection.execute(insert(channel_people), rows))


async def install(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = await caller.post("installTeamsApp", {"name": "TEAMS", **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def start(caller: Caller, **body: Any) -> str:
    """Starts an installation and returns its id."""
    found: str = (await install(caller, **body))["item"]["installation_id"]
    return found


async def read(caller: Caller, installation_id: str) -> dict[str, Any]:
    answer = await caller.get("getTeamsInstallation", installation_id=installation_id)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def run(tenant: Tenant, runner: InstallationRunner, seconds: int = 60) -> None:
    """Lets the runner work until nothing is left, or for a time."""
    for _ in range(seconds):
        tenant.clock.advance(SECOND)
        if not await runner.tick():
            return


def installing(user: User | None = None) -> Callable[[Request], bool]:
    """Returns whether a request installs the app, for one user or for any."""

    def is_one(request: Request) -> bool:
        own = request.method == "POST" and request.target.endswith("/teamwork/installedApps")
        return own and (user is None or user.id in request.target)

    return is_one


def posts(tenant: Tenant) -> int:
    return tenant.microsoft.count("POST", "/teamwork/installedApps")


async def statuses(caller: Caller) -> dict[str, str]:
    answer = (await caller.get("getTeamsPeople", name="TEAMS")).json()
    return {each["name"]: each["status"] for each in answer["items"]}


async def test_the_app_is_installed_for_people_at_the_rate_and_nothing_is_sent_to_them(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    users = strangers(tenant, 5)
    installation_id = await start(
        mine, person=[f" {each.mail.upper()}" for each in users] + [users[0].mail], rate_per_second=2
    )
    tenant.clock.advance(SECOND)
    assert await runner.tick() == 1
    item = (await read(mine, installation_id))["item"]
    assert (item["status"], item["people"], item["installed"], item["ended_on"]) == ("RUNNING", 5, 2, None)
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["installed"], found["item"]["refused"]) == ("DONE", 5, 0)
    assert found["refusals"] == []
    assert all(each.is_installed for each in users)
    assert (posts(tenant), tenant.microsoft.count("GET", "/teamsApps"), tenant.messages()) == (5, 3, [])
    assert await statuses(mine) == {each.name: "PROVISIONING" for each in users}
    audit = (await mine.get("getAudit", limit="1", action="bulk.install")).json()["items"][0]
    assert audit["object_id"] == installation_id
    assert "p0@contoso.test" not in str(audit)
    assert audit["details"]["wanted"] == {"connection": "TEAMS", "person": 5}
    assert [each["installation_id"] for each in (await mine.get("getTeamsInstallations")).json()["items"]] == [
        installation_id
    ]


async def test_all_without_the_app_are_those_whom_the_bot_knows_and_who_lack_it(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    await tenant.person()
    removed = await tenant.person("Ben", "ben@contoso.test")
    await tenant.send(tenant.activities.install(removed, action="remove"))
    removed.is_installed = False
    blocking = await tenant.person("Eve", "eve@contoso.test", is_blocked=True)
    await tenant.ask("eve@contoso.test")
    assert (await statuses(mine)) == {"Anna": "HEALTHY", "Ben": "NOT_INSTALLED", "Eve": "BLOCKED"}
    tenant.clock.advance(SECOND)
    forecast = (await install(mine, missing=True, dry_run=True))["forecast"]
    chosen = [{"person_id": removed.id, "name": "Ben", "status": "NOT_INSTALLED"}]
    assert forecast == {"people": 1, "skipped": 0, "truncated": False, "items": chosen, "unknown": []}
    assert (posts(tenant), (await mine.get("getTeamsInstallations")).json()["items"]) == (0, [])
    installation_id = await start(mine, missing=True)
    await run(tenant, runner)
    assert (await read(mine, installation_id))["item"]["installed"] == 1
    assert (removed.is_installed, blocking.is_blocked) == (True, True)
    assert (await statuses(mine))["Ben"] == "RECOVERED"
    again = await mine.post("installTeamsApp", {"name": "TEAMS", "missing": True})
    assert (again.status_code, again.json()["errors"][0]["path"]) == (422, "/person")


async def test_who_has_the_app_is_left_out_and_one_who_got_it_since_counts_as_installed(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    anna = await tenant.person()
    (ben,) = strangers(tenant, 1)
    forecast = (await install(mine, person=[anna.id, ben.mail], dry_run=True))["forecast"]
    assert (forecast["people"], forecast["skipped"], forecast["unknown"]) == (1, 1, [ben.mail])
    installation_id = await start(mine, person=[anna.id, ben.mail])
    ben.is_installed = True
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["people"], found["item"]["installed"], found["refusals"]) == (1, 1, [])
    assert posts(tenant) == 1, "Microsoft has answered 409"


async def test_each_refusal_has_its_reason_and_holds_no_other_person(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    first, second, third = strangers(tenant, 3)
    is_second = installing(second)
    tenant.microsoft.fault = lambda request: error(403, "Forbidden") if is_second(request) else None
    installation_id = await start(mine, person=[first.mail, "eve@contoso.test", second.mail, third.mail])
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["installed"], found["item"]["refused"]) == ("DONE", 2, 2)
    assert [(each["person"], each["name"], each["code"]) for each in found["refusals"]] == [
        ("eve@contoso.test", None, "PersonNotFound"),
        (second.mail, "P1", "Forbidden"),
    ]
    assert "check the address" in found["refusals"][0]["message"]
    assert "status 403" in found["refusals"][1]["message"]


async def test_a_pause_that_microsoft_asks_for_is_kept_and_holds_no_card(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    await tenant.person()
    users = strangers(tenant, 3)
    is_second, limited = installing(users[1]), [Reply(429, {}, {"Retry-After": "30"})]
    tenant.microsoft.fault = lambda request: limited.pop() if limited and is_second(request) else None
    installation_id = await start(mine, person=[each.mail for each in users])
    await run(tenant, runner, 29)
    item = (await read(mine, installation_id))["item"]
    assert (item["status"], item["installed"], item["refused"], posts(tenant)) == ("RUNNING", 1, 0, 2)
    await tenant.ask(MANAGER)
    assert (await tenant.delivery())["state"] == "SHOWN"
    await run(tenant, runner, 5)
    item = (await read(mine, installation_id))["item"]
    assert (item["status"], item["installed"], posts(tenant)) == ("DONE", 3, 4)


@pytest.mark.parametrize(("failures", "installed", "code"), [(2, 2, None), (3, 1, "Down")])
async def test_what_may_succeed_soon_is_tried_three_times(
    tenant: Tenant, mine: Caller, runner: InstallationRunner, failures: int, installed: int, code: str | None
) -> None:
    await use_graph(tenant)
    users = strangers(tenant, 2)
    is_first, left = installing(users[0]), [error(503, "Down")] * failures
    tenant.microsoft.fault = lambda request: left.pop() if left and is_first(request) else None
    installation_id = await start(mine, person=[each.mail for each in users])
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["installed"]) == ("DONE", installed)
    assert [each["code"] for each in found["refusals"]] == ([code] if code else [])
    assert posts(tenant) == 4


@pytest.mark.parametrize("has_catalog_id", [False, True])
async def test_an_outage_of_graph_makes_pauses_and_refuses_no_person(
    tenant: Tenant, mine: Caller, runner: InstallationRunner, *, has_catalog_id: bool
) -> None:
    (catalog_id,) = tenant.microsoft.graph.catalog.values()
    await use_graph(tenant, **({"catalog_app_id": catalog_id} if has_catalog_id else {}))
    users = strangers(tenant, 3)
    tenant.microsoft.fault = lambda request: error(503, "Down") if request.target.startswith("/graph") else None
    installation_id = await start(mine, person=[each.mail for each in users])
    await run(tenant, runner, 120)
    item = (await read(mine, installation_id))["item"]
    assert (item["status"], item["installed"], item["refused"]) == ("RUNNING", 0, 0)
    asked = len(tenant.microsoft.requests)
    await run(tenant, runner, 3)
    assert len(tenant.microsoft.requests) - asked <= 2, "it is asked at most every five seconds"
    tenant.microsoft.fault = lambda _: None
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["installed"], found["refusals"]) == ("DONE", 3, [])


@pytest.mark.parametrize(
    ("right", "code", "words"),
    [
        (INSTALL, "Authorization_RequestDenied", "consent to the rights"),
        (CATALOG, "Authorization_RequestDenied", "consent to the rights"),
        ("", "AppNotInCatalog", "upload the app package"),
    ],
)
async def test_what_would_be_refused_for_every_person_is_asked_once(
    tenant: Tenant, mine: Caller, runner: InstallationRunner, right: str, code: str, words: str
) -> None:
    await use_graph(tenant)
    tenant.microsoft.graph.rights.discard(right)
    if not right:
        tenant.microsoft.graph.catalog.clear()
    users = strangers(tenant, 7)
    installation_id = await start(mine, person=[each.mail for each in users], rate_per_second=2)
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["installed"], found["item"]["refused"]) == ("DONE", 0, 7)
    assert {each["code"] for each in found["refusals"]} == {code}
    assert [each["person"] for each in found["refusals"]] == [each.mail for each in users]
    assert all(words in each["message"] for each in found["refusals"])
    assert posts(tenant) == (1 if right == INSTALL else 0)


async def test_an_installation_ends_when_its_connection_may_no_longer_install(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    users = strangers(tenant, 2)
    installation_id = await start(mine, person=[each.mail for each in users])
    changed = await mine.post(
        "updateConnection", {"name": "TEAMS", "kind": "teams", "settings": tenant.microsoft.settings()}
    )
    assert changed.status_code == 200, changed.text
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["refused"], posts(tenant)) == ("DONE", 2, 0)
    assert all("set its `people` to graph" in each["message"] for each in found["refusals"])


async def test_a_person_whose_row_cannot_be_read_is_refused_and_holds_no_other(
    tenant: Tenant, mine: Caller, runner: InstallationRunner, catalog: Catalog
) -> None:
    await use_graph(tenant)
    people = [await tenant.person(), await tenant.person("Ben", "ben@contoso.test")]
    for each in people:
        await tenant.send(tenant.activities.install(each, action="remove"))
        each.is_installed = False
    tenant.clock.advance(SECOND)
    installation_id = await start(mine, person=[each.id for each in people])
    channel = f"teams/{TENANT}/{APP}"
    await catalog.directory.keep(mine.organization_id, channel, people[0].id, lambda _: {"id": 7}, set())
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert found["item"]["status"] == "DONE"
    assert [each["code"] for each in found["refusals"]] == ["RECORD_DAMAGED"]
    assert [each.is_installed for each in people] == [False, True]


async def test_an_installation_ends_when_its_connection_is_gone(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    users = strangers(tenant, 3)
    installation_id = await start(mine, person=[each.mail for each in users])
    gone = await mine.post("deleteConnection", {"name": "TEAMS"})
    assert gone.status_code == 200, gone.text
    await run(tenant, runner)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["refused"]) == ("DONE", 3)
    assert {each["code"] for each in found["refusals"]} == {"CONNECTION_NOT_FOUND"}


async def test_a_cancelled_installation_leaves_the_app_where_it_is(
    tenant: Tenant, mine: Caller, theirs: Caller, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    users = strangers(tenant, 4)
    installation_id = await start(mine, person=[each.mail for each in users], rate_per_second=1)
    await run(tenant, runner, 1)
    assert (await theirs.post("cancelTeamsInstallation", {"installation_id": installation_id})).status_code == 404
    cancelled = (await mine.post("cancelTeamsInstallation", {"installation_id": installation_id})).json()["item"]
    assert (cancelled["status"], cancelled["installed"]) == ("CANCELLED", 1)
    await run(tenant, runner)
    assert [each.is_installed for each in users] == [True, False, False, False]
    assert (await read(mine, installation_id))["item"] == cancelled


async def test_another_process_continues_and_what_it_repeats_is_harmless(
    tenant: Tenant, mine: Caller, services: Services, runner: InstallationRunner
) -> None:
    await use_graph(tenant)
    users = strangers(tenant, 3)
    installation_id = await start(mine, person=[each.mail for each in users], rate_per_second=2)
    # The first process ends after it has installed, and before it says so.
    await services.catalog.installations.take("first", timedelta(seconds=45))
    for user in users[:2]:
        user.is_installed = True
    second = InstallationRunner(services, "second")
    assert await second.tick() == 0
    tenant.clock.advance(timedelta(seconds=45))
    await run(tenant, second)
    found = await read(mine, installation_id)
    assert (found["item"]["status"], found["item"]["installed"], found["refusals"]) == ("DONE", 3, [])
    assert await runner.tick() == 0


async def test_cards_of_a_person_who_has_the_app_again_are_sent_at_once(
    tenant: Tenant, mine: Caller, runner: InstallationRunner
) -> None:
    anna = await tenant.person()
    await tenant.send(tenant.activities.install(anna, action="remove"))
    await tenant.ask()
    assert (await tenant.delivery())["state"] == "BLOCKED"
    anna.is_installed = False
    await use_graph(tenant)
    await start(mine, person=[anna.id])
    await run(tenant, runner)
    await tenant.reconciler.tick()
    assert (await tenant.delivery())["state"] == "SHOWN"


async def test_installations_are_no_bulks_on_executions_and_bulks_no_installations(
    tenant: Tenant, mine: Caller, theirs: Caller
) -> None:
    await use_graph(tenant)
    (user,) = strangers(tenant, 1)
    installation_id = await start(mine, person=[user.id])
    assert (await mine.get("getBulks")).json()["items"] == []
    missing = await mine.get("getBulk", bulk_id=installation_id)
    assert (missing.status_code, missing.json()["code"]) == (404, "BULK_NOT_FOUND")
    foreign = await theirs.get("getTeamsInstallation", installation_id=installation_id)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "APP_INSTALLATION_NOT_FOUND")
    assert foreign.json()["message"].startswith(f"app installation '{installation_id}' not found; list the app inst")
    wrong = await mine.get("getTeamsInstallation", installation_id="x")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "INCORRECT_APP_INSTALLATION_ID")
    assert (await mine.post("cancelBulk", {"bulk_id": installation_id})).status_code == 404
    other = (await mine.post("bulkTerminate", {"filter": {"all": True}})).json()["item"]["bulk_id"]
    assert (await mine.get("getTeamsInstallation", installation_id=other)).status_code == 404
    assert (await theirs.get("getTeamsInstallations")).json()["items"] == []


async def test_a_choice_reads_a_bounded_number_of_people_and_says_after_whom_it_continues(
    tenant: Tenant, mine: Caller, catalog: Catalog, rows: CountedDirectory
) -> None:
    await use_graph(tenant)
    chat = {"conversation": "a:1", "state": "reachable"}
    ids = [f"{number:08}-0000-4000-8000-000000000000" for number in range(MAX_READ + 2)]
    await know(catalog, mine, {each: {} if each == ids[-1] else chat for each in ids})
    first = await install(mine, missing=True, dry_run=True)
    assert rows.reads == MAX_READ // PAGE
    assert (first["forecast"]["people"], first["forecast"]["truncated"], first["after"]) == (
        0,
        True,
        ids[MAX_READ - 1],
    )
    none = await mine.post("installTeamsApp", {"name": "TEAMS", "missing": True})
    assert (none.status_code, none.json()["errors"][0]["path"]) == (422, "/person")
    assert f"continue with `after` {first['after']!r}" in none.json()["message"]
    rest = await install(mine, missing=True, after=first["after"], dry_run=True)
    assert ([each["person_id"] for each in rest["forecast"]["items"]], "after" in rest) == ([ids[-1]], False)
    started = await install(mine, missing=True, after=first["after"])
    assert (started["item"]["people"], "after" in started) == (1, False)


async def test_more_people_than_one_installation_takes_are_left_to_the_next_one(
    tenant: Tenant, mine: Caller, catalog: Catalog, rows: CountedDirectory
) -> None:
    await use_graph(tenant)
    ids = [f"{number:08}-0000-4000-8000-000000000000" for number in range(MAX_PEOPLE + 1)]
    await know(catalog, mine, {each: {} for each in ids})
    found = await install(mine, missing=True, dry_run=True)
    assert rows.reads == -(-MAX_PEOPLE // PAGE), "it ends when the answer is full"
    assert (found["forecast"]["people"], found["forecast"]["truncated"]) == (MAX_PEOPLE, True)
    started = await install(mine, missing=True)
    assert (started["item"]["people"], started["after"]) == (MAX_PEOPLE, ids[MAX_PEOPLE - 1])
    rest = (await install(mine, missing=True, after=started["after"], dry_run=True))["forecast"]
    assert ([each["person_id"] for each in rest["items"]], rest["truncated"]) == (ids[MAX_PEOPLE:], False)


async def test_installations_are_listed_page_by_page(tenant: Tenant, mine: Caller) -> None:
    await use_graph(tenant)
    ids = [await start(mine, person=[f"p{each}@contoso.test"]) for each in range(3)]
    page = (await mine.get("getTeamsInstallations", limit="2")).json()
    assert ([each["installation_id"] for each in page["items"]], page["lastKey"]) == (
        ids[:0:-1],
        {"installation_id": ids[1]},
    )
    rest = (await mine.get("getTeamsInstallations", limit="2", **page["lastKey"])).json()
    assert [each["installation_id"] for each in rest["items"]] == ids[:1]
    assert "lastKey" not in rest


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "/person"),
        ({"person": ["a@contoso.test"], "missing": True}, "/person"),
        ({"person": []}, "/person"),
        ({"person": [" "]}, "/person"),
        ({"person": ["x" * 321]}, "/person"),
        ({"person": [f"p{each}@contoso.test" for each in range(501)]}, "/person"),
        ({"missing": True, "rate_per_second": 0}, "/rate_per_second"),
        ({"missing": True, "rate_per_second": 21}, "/rate_per_second"),
        ({"missing": True, "after": "x" * 321}, "/after"),
        ({"person": ["a@contoso.test"], "after": "x"}, "/after"),
    ],
)
async def test_a_choice_out_of_bounds_is_refused(tenant: Tenant, mine: Caller, body: dict[str, Any], path: str) -> None:
    await use_graph(tenant)
    refused = await mine.post("installTeamsApp", {"name": "TEAMS", **body})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, path)


async def test_only_who_may_edit_connections_installs_and_only_by_a_connection_with_graph(
    tenant: Tenant, mine: Caller
) -> None:
    body = {"name": "TEAMS", "missing": True}
    by_events = await mine.post("installTeamsApp", body)
    assert (by_events.status_code, by_events.json()["errors"][0]["path"]) == (422, "/name")
    assert "set its `people` to graph" in by_events.json()["message"]
    await use_graph(tenant)
    missing = await mine.post("installTeamsApp", {**body, "name": "NONE"})
    assert (missing.status_code, missing.json()["code"]) == (404, "CONNECTION_NOT_FOUND")
    reader = await mine.key_with("read", "trigger", "admin")
    for answer in (
        await reader.post("installTeamsApp", body),
        await reader.get("getTeamsInstallations"),
        await reader.get("getTeamsInstallation", installation_id="x"),
        await reader.post("cancelTeamsInstallation", {"installation_id": "x"}),
    ):
        assert (answer.json()["code"], answer.json()["permission"]) == ("SCOPE", "edit.connections")
