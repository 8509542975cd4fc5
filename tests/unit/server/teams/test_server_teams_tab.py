"""The personal tab of Teams: whose requests it shows, and what it is refused."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from people_kit import Browser, join
from server_kit import PUBLIC_URL, Caller, card_step, definition, note_step
from teams_kit import MANAGER, Tenant

from looply.app.context.services import NoTabs, Services
from looply.app.inbox.answers import CardAnswerRequest, answer_cards
from looply.catalog import Catalog
from looply.catalog.trail.audit import AuditLog
from looply.demo.teams.connector import APP, TENANT
from looply.demo.teams.people import User
from looply.demo.teams.signing import Key, without_signature
from looply.demo.teams.simulator import SECRET
from looply.demo.teams.wire import Reply
from looply.errors import Forbidden, StoreLost

ELSEWHERE = "99999999-2222-3333-4444-555555555555"
CONTENT: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release ${payload.output.po}?"}],
    "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
}
WORKFLOW = definition(card_step(card=CONTENT, recipients=[MANAGER]), note_step())
FORGERIES: dict[str, tuple[str, Callable[[Key, dict[str, Any]], str]]] = {
    "another issuer": ("wrong issuer", lambda key, claims: key.sign({**claims, "iss": "https://evil.example/v2.0"})),
    "the issuer of version 1": (
        "wrong issuer",
        lambda key, claims: key.sign({**claims, "iss": f"https://sts.windows.net/{TENANT}/"}),
    ),
    "another audience": ("wrong audience", lambda key, claims: key.sign({**claims, "aud": ELSEWHERE})),
    "another host": (
        "wrong audience",
        lambda key, claims: key.sign({**claims, "aud": f"api://evil.example/{APP}"}),
    ),
    "another tenant": ("foreign tenant", lambda key, claims: key.sign({**claims, "tid": ELSEWHERE})),
    "expired": ("expired", lambda key, claims: key.sign({**claims, "exp": claims["nbf"] - 301})),
    "too long": ("expired", lambda key, claims: key.sign({**claims, "exp": claims["nbf"] + 30 * 3600})),
    "of tomorrow": ("not yet valid", lambda key, claims: key.sign({**claims, "nbf": claims["exp"]})),
    "of a program": ("no access of a person", lambda key, claims: key.sign({**claims, "scp": ""})),
    "an ID token": ("no access of a person", lambda key, claims: key.sign({**claims, "scp": "openid"})),
    "without a person": ("no access of a person", lambda key, claims: key.sign({**claims, "oid": ""})),
    "another key": ("wrong signature", lambda key, claims: key.sign(claims, by="thief")),
    "an unknown key": ("unknown key", lambda _, claims: Key("thief").sign(claims)),
    "the key of activities": ("unknown key", lambda _, claims: Key("main").sign(claims)),
    "none": ("wrong algorithm", lambda key, claims: without_signature(claims, key.kid, "AA")),
    "none without a signature": ("no valid token", lambda key, claims: without_signature(claims, key.kid)),
    "a shared secret": ("wrong algorithm", lambda key, claims: key.sign_with_public_part(claims)),
    "claims of other types": ("no valid token", lambda key, claims: key.sign({**claims, "exp": "soon"})),
    "no token": ("no valid token", lambda *_: "x"),
}


class Tab:
    """The page of the tab, as one person of the tenant sees it."""

    def __init__(self, tenant: Tenant, user: User) -> None:
        self.tenant = tenant
        self.user = user

    def claims(self, **changes: Any) -> dict[str, Any]:
        begun = int(self.tenant.clock.now().timestamp())
        named = {
            "iss": f"{self.tenant.microsoft.address}/{TENANT}/v2.0",
            "aud": APP,
            "tid": TENANT,
            "oid": self.user.id,
        }
        person = {"preferred_username": self.user.upn, "scp": "access_as_user", "ver": "2.0"}
        return {**named, **person, "iat": begun, "nbf": begun, "exp": begun + 3600, **changes}

    def token(self, **changes: Any) -> str:
        return self.tenant.microsoft.people_key.sign(self.claims(**changes))

    def headers(self, token: str = "", **more: str) -> dict[str, str]:
        shown = token or self.token()
        return {"authorization": f"Bearer {shown}", "x-looply-connection": self.tenant.connection_id, **more}

    async def get(self, name: str, token: str = "", **query: str) -> httpx2.Response:
        path = name if name.startswith("/") else f"/v2/workflows/{name}"
        return await self.tenant.caller.client.get(path, params=query, headers=self.headers(token))

    async def post(self, name: str, body: Any, token: str = "") -> httpx2.Response:
        path = f"/v2/workflows/{name}"
        return await self.tenant.caller.client.post(path, json=body, headers=self.headers(token))


@pytest_asyncio.fixture
async def manager(browsers: Callable[[], Browser], catalog: Catalog, mine: Caller) -> Browser:
    """Returns the browser of a member of the organization who has an account with the manager's address."""
    return await join(browsers(), catalog, mine.organization_id, MANAGER, "approver")


@pytest_asyncio.fixture
async def tab(tenant: Tenant, manager: Browser) -> Tab:
    assert manager.cookie
    return Tab(tenant, await tenant.person())


def refused(answer: httpx2.Response, reason: str) -> bool:
    found = answer.json()
    return (answer.status_code, found["code"]) == (403, "TEAMS_TOKEN") and reason in found["message"]


async def test_a_person_sees_and_answers_their_requests_in_the_tab(tab: Tab, mine: Caller) -> None:
    started = await _start(mine)
    session = (await tab.get("/v2/session/get")).json()
    assert (session["user"]["email"], session["permissions"], session["session_means"]) == (MANAGER, ["own"], "teams")
    (card,) = (await tab.get("getMyCards")).json()["items"]
    assert card["subject"] == "Release 4711?"
    assert (await tab.get("getMyCard", card_id=card["card_id"])).json()["item"]["status"] == "OPEN"
    answer = {"card_id": card["card_id"], "revision": 1, "data": {"action": "approve"}}
    answered = await tab.post("answerCards", {"answers": [answer]})
    assert answered.json()["items"][0]["result"] == "recorded", answered.text
    (entry,) = [each for each in await _events(mine, started) if each["type"] == "CARD_ANSWERED"]
    assert (entry["user"], entry["actor"]["email"]) == (MANAGER, MANAGER)


async def test_history_and_audit_say_that_a_decision_was_made_in_the_tab_and_of_which_connection(
    tab: Tab, mine: Caller, manager: Browser
) -> None:
    connection = {"tab_connection": "TEAMS", "tab_connection_id": tab.tenant.connection_id}
    (workflow_id, in_tab), in_browser = await _start(mine), await _start(mine)
    cards = (await tab.get("getMyCards")).json()["items"]
    ids = {each["card_id"].partition(":")[0]: each["card_id"] for each in cards}
    answers = {
        each: {"answers": [{"card_id": ids[each], "revision": 1, "data": {"action": "approve"}}]}
        for each in (in_tab, in_browser[1])
    }
    assert (await manager.post("answerCards", answers[in_browser[1]])).json()["items"][0]["result"] == "recorded"
    for result in ("recorded", "already answered"):
        assert (await tab.post("answerCards", answers[in_tab])).json()["items"][0]["result"] == result
    for execution_id, via in ((in_tab, "TEAMS_TAB"), (in_browser[1], "INBOX")):
        (decision,) = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()["items"]
        assert (decision["via"], decision["actor"]["kind"]) == (via, "session")
    entries = await _events(mine, (workflow_id, in_tab))
    assert {each["via"] for each in entries if each["type"] in ("CARD_ANSWERED", "WAIT_RESUMED")} == {"TEAMS_TAB"}
    (record,) = (await mine.get("getAudit", action="card.answer")).json()["items"]
    assert record["object_id"] == ids[in_tab].partition(":")[2]
    assert record["details"] == {"workflow_execution_id": in_tab, **connection}


class LostAudit(AuditLog):
    """An audit log whose store is lost."""

    async def record(self, *_: object, **__: object) -> None:
        raise StoreLost("the store cannot be reached")


async def test_a_decision_whose_record_fails_is_unknown_and_may_be_sent_again(
    tab: Tab, mine: Caller, services: Services, catalog: Catalog
) -> None:
    started = await _start(mine)
    (card,) = (await tab.get("getMyCards")).json()["items"]
    caller = await services.tabs.authenticate(tab.tenant.connection_id, tab.headers()["authorization"])
    lost = replace(services, catalog=replace(catalog, audit=LostAudit(catalog.database, services.clock)))
    request = CardAnswerRequest(card_id=card["card_id"], revision=1, data={"action": "approve"})
    assert [each.result for each in await answer_cards(lost, caller, [request])] == ["unknown"]
    assert (await mine.item(*started))["status"] == "COMPLETED"
    assert [each.result for each in await answer_cards(services, caller, [request])] == ["already answered"]


async def test_a_request_that_is_passed_on_in_the_tab_is_recorded_as_such(
    tab: Tab, mine: Caller, browsers: Callable[[], Browser], catalog: Catalog
) -> None:
    await join(browsers(), catalog, mine.organization_id, "ben@contoso.test", "approver")
    started = await _start(mine)
    (card,) = (await tab.get("getMyCards")).json()["items"]
    passed = await tab.post("delegateCard", {"card_id": card["card_id"], "to": "ben@contoso.test", "reason": "leave"})
    assert passed.status_code == 200, passed.text
    assert "TEAMS_TAB" in {each["via"] for each in await _events(mine, started)}
    (record,) = (await mine.get("getAudit", action="card.delegate")).json()["items"]
    assert (record["details"]["tab_connection"], record["details"]["tab_connection_id"]) == (
        "TEAMS",
        tab.tenant.connection_id,
    )


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_token_that_entra_has_not_given_to_the_person_for_the_app_is_refused_with_the_reason(
    tab: Tab, mine: Caller, forgery: str
) -> None:
    started = await _start(mine)
    (card,) = (await tab.get("getMyCards")).json()["items"]
    reason, forge = FORGERIES[forgery]
    token = forge(tab.tenant.microsoft.people_key, tab.claims())
    assert refused(await tab.get("getMyCards", token), reason)
    answer = {"card_id": card["card_id"], "revision": 1, "data": {"action": "approve"}}
    assert refused(await tab.post("answerCards", {"answers": [answer]}, token), reason)
    assert (await mine.item(*started))["status"] == "WAITING"


@pytest.mark.parametrize("permitted_tabs", [[], [f"{ELSEWHERE}=https://login.microsoftonline.com/{TENANT}/v2.0"]])
async def test_a_tenant_that_the_operator_has_not_permitted_in_the_organization_proves_nothing(tab: Tab) -> None:
    assert refused(await tab.get("getMyCards"), "the setting teams_tabs permits no tab")


async def test_another_organization_cannot_take_a_permitted_tenant(tenant: Tenant, theirs: Caller, tab: Tab) -> None:
    settings, secrets = tenant.microsoft.settings(), {"client_secret": SECRET}
    body = {"name": "THEIRS", "kind": "teams", "settings": settings, "secrets": secrets}
    created = (await theirs.post("createConnection", body)).json()
    foreign = {"authorization": f"Bearer {tab.token()}", "x-looply-connection": created["item"]["connection_id"]}
    answer = await tenant.caller.client.get("/v2/workflows/getMyCards", headers=foreign)
    assert refused(answer, "the setting teams_tabs permits no tab")


async def test_an_address_that_teams_names_comes_before_the_name_of_the_sign_in(
    tab: Tab, browsers: Callable[[], Browser], catalog: Catalog, mine: Caller
) -> None:
    await join(browsers(), catalog, mine.organization_id, "other@contoso.test", "approver")
    session = (await tab.get("/v2/session/get", tab.token(preferred_username="other@contoso.test"))).json()
    assert session["user"]["email"] == MANAGER


async def test_the_audience_may_be_the_resource_of_the_app_package(tab: Tab) -> None:
    resource = f"api://{PUBLIC_URL.removeprefix('https://')}/{APP}"
    assert (await tab.get("getMyCards", tab.token(aud=resource))).status_code == 200


async def test_a_person_without_an_account_is_refused_by_the_name_that_needs_an_invitation(tenant: Tenant) -> None:
    stranger = Tab(tenant, tenant.microsoft.world.add_user("Stranger", "stranger@contoso.test"))
    answer = await stranger.get("getMyCards")
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_A_MEMBER")
    assert stranger.user.upn in answer.json()["message"]


async def test_a_member_is_found_by_the_name_of_the_sign_in_where_teams_knows_no_address(
    tenant: Tenant, catalog: Catalog, mine: Caller, browsers: Callable[[], Browser]
) -> None:
    user = tenant.microsoft.world.add_user("Bob", "bob@contoso.test")
    await join(browsers(), catalog, mine.organization_id, user.upn.upper(), "viewer")
    session = (await Tab(tenant, user).get("/v2/session/get")).json()
    assert session["user"]["email"].lower() == user.upn


async def test_the_identity_of_a_sign_in_by_entra_comes_before_addresses(
    tab: Tab, catalog: Catalog, mine: Caller, browsers: Callable[[], Browser]
) -> None:
    await join(browsers(), catalog, mine.organization_id, "renamed@contoso.test", "viewer")
    renamed = await catalog.people.users.find_by_email("renamed@contoso.test")
    assert renamed is not None
    await catalog.people.identities.link(TENANT, tab.user.id, renamed.user_id)
    assert (await tab.get("/v2/session/get")).json()["user"]["email"] == "renamed@contoso.test"


async def test_a_tab_links_no_identity_by_which_people_sign_in(tab: Tab, catalog: Catalog) -> None:
    assert (await tab.get("getMyCards")).status_code == 200
    assert await catalog.people.identities.find(TENANT, tab.user.id) is None


async def test_a_member_who_was_deactivated_is_refused_at_the_next_call(
    tab: Tab, catalog: Catalog, mine: Caller
) -> None:
    assert (await tab.get("getMyCards")).status_code == 200
    user = await catalog.people.users.find_by_email(MANAGER)
    assert user is not None
    await catalog.people.members.change(
        mine.organization_id, user.user_id, is_active=False, actor=None, may_make_owners=True
    )
    assert (await tab.get("getMyCards")).json()["code"] == "NOT_A_MEMBER"


async def test_a_tab_counts_in_the_organization_of_its_connection_alone(
    tab: Tab, catalog: Catalog, manager: Browser, theirs: Caller
) -> None:
    """Who may save a connection decides which tenant is believed, so it reaches nothing of another organization."""
    user = await catalog.people.users.find_by_email(MANAGER)
    assert user is not None
    other = await join_again(manager, catalog, theirs.organization_id)
    assert {each["name"] for each in other["organizations"]} == {"Mine", "Theirs"}
    session = (await tab.get("/v2/session/get")).json()
    assert [each["name"] for each in session["organizations"]] == ["Mine"]
    await theirs.trigger(await theirs.create(WORKFLOW), {"po": "4712"})
    assert (await tab.get("getMyCards")).json()["items"] == []


async def test_a_tab_makes_the_calls_of_the_own_inbox_alone(tab: Tab) -> None:
    for name in ("getKeys", "getWorkflows", "getAdministrators", "getMembers"):
        answer = await tab.get(name)
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"}), name
    assert (await tab.get("/v2/session/list")).status_code == 401


async def test_a_tab_sends_neither_a_key_nor_a_cookie_besides(tab: Tab, mine: Caller, manager: Browser) -> None:
    client = mine.client
    path = "/v2/workflows/getMyCards"
    answer = await client.get(path, headers=tab.headers(**{"x-api-key": mine.key}))
    assert (answer.status_code, answer.json()["code"]) == (400, "TWO_CREDENTIALS")
    answer = await manager.client.get(path, headers=tab.headers(cookie=manager.cookie))
    assert (answer.status_code, answer.json()["code"]) == (400, "TWO_CREDENTIALS")


async def test_a_header_for_a_proxy_beside_a_session_is_ignored(manager: Browser) -> None:
    answer = await manager.client.get(
        "/v2/workflows/getMyCards", headers=manager.headers({"authorization": "Basic eDp5"})
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("connection", ["x", ELSEWHERE])
async def test_a_tab_of_a_connection_that_is_not_there_is_refused(tab: Tab, connection: str) -> None:
    headers = tab.headers(**{"x-looply-connection": connection})
    answer = await tab.tenant.caller.client.get("/v2/workflows/getMyCards", headers=headers)
    assert refused(answer, "no connection of kind teams has the id")


async def test_a_tab_of_a_connection_of_another_kind_is_refused_as_if_there_were_none(tab: Tab, mine: Caller) -> None:
    draft = {"name": "BOOKS", "kind": "http", "settings": {"base_url": "https://books.example.com", "auth": "none"}}
    created = await mine.post("createConnection", draft)
    assert created.status_code == 200, created.text
    answers = [
        await mine.client.get("/v2/workflows/getMyCards", headers=tab.headers(**{"x-looply-connection": connection}))
        for connection in (created.json()["item"]["connection_id"], ELSEWHERE)
    ]
    other, missing = [(answer.status_code, answer.json()["code"], answer.json()["message"]) for answer in answers]
    assert other == missing
    assert other[:2] == (403, "TEAMS_TOKEN")


async def test_refused_tokens_are_counted_and_limited_as_refused_keys_are(tab: Tab, services: Services) -> None:
    answers = [await tab.get("getMyCards", "x") for _ in range(70)]
    answer = answers[-1]
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert 'looply_http_refused_credentials_total{kind="teams_token"} 70.0' in services.metrics.render().decode()
    assert (await tab.get("getMyCards")).status_code == 200


async def test_while_the_keys_of_the_tenant_hang_other_calls_are_answered(tab: Tab, mine: Caller) -> None:
    asked = asyncio.Event()
    assert (await tab.get("getMyCards")).status_code == 200

    def hang(request: Any) -> Reply | None:
        if "openid-configuration" not in request.target:
            return None
        asked.set()
        return Reply(hangs=True)

    tab.tenant.microsoft.fault = hang
    tab.tenant.clock.advance(timedelta(minutes=6))
    waiting = asyncio.create_task(tab.get("getMyCards", Key("new").sign(tab.claims())))
    await asked.wait()
    assert (await tab.get("getMyCards")).status_code == 200
    assert (await mine.get("getOpenCards")).status_code == 200
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_process_without_tabs_refuses_every_token() -> None:
    with pytest.raises(Forbidden, match="serves no tab"):
        await NoTabs().authenticate("x", "Bearer x")


async def join_again(browser: Browser, catalog: Catalog, organization_id: str) -> Any:
    """Makes the person of a browser a member of another organization too, and returns their session."""
    user = await catalog.people.users.find_by_email(MANAGER)
    assert user is not None
    await catalog.people.admissions.admit(("https://idp.example", "1"), user.user_id, {organization_id: "viewer"})
    return (await browser.get("get")).json()


async def _start(mine: Caller) -> tuple[str, str]:
    workflow_id = await mine.create(WORKFLOW)
    return workflow_id, await mine.trigger(workflow_id, {"po": "4711"})


async def _events(mine: Caller, started: tuple[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await mine.item(*started))["workflow_event_log"]["events"]
    return found
