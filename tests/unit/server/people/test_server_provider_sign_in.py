"""People sign in at a provider of OpenID Connect: by other authors, on the loopback interface."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import pytest_asyncio
from people_kit import COOKIE, PASSWORD, Browser, invite, join
from server_kit import PUBLIC_URL, Caller

from kit.servers.oidc_provider import OidcProvider
from looply.app.context.services import Services
from looply.app.context.sign_in import Provider, SignInMeans
from looply.app.openid.providers import build_providers
from looply.catalog import Catalog
from looply.clock import SystemClock
from looply.connectors.client import build_client
from looply.connectors.outbound.egress import EgressPolicy
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app
from looply.server.http.boundary import Boundary
from looply.setting_values.sign_in_providers import ProviderSettings, read_providers
from looply.testing.clock import FakeClock, SerialEntropy

CALLBACK = f"{PUBLIC_URL}/v2/session/callback"
FLOW = f"{COOKIE}-sign-in"


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    with OidcProvider() as provider:
        yield provider


@pytest.fixture
def clock() -> FakeClock:
    """The provider is a process with the clock of the machine."""
    return FakeClock(SystemClock().now())


@pytest.fixture
def configured(oidc: OidcProvider, mine: Caller) -> list[dict[str, Any]]:
    """The setting; a test changes it before it asks for `browser`."""
    common = {"issuer": oidc.issuer, "client_id": "looply", "client_secret": "secret"}
    group = {"group": "looply-admins", "organization_id": mine.organization_id, "role": "admin"}
    open_one = {"just_in_time": True, "organization_id": mine.organization_id, "groups": [group]}
    return [
        {"id": "strict", "label": "Strict", **common},
        {"id": "open", "label": "Open", **common, **open_one},
        {"id": "tenant", "label": "Tenant", **common, "tenant": "tenant-1"},
        {"id": "down", "label": "Down", **common, "issuer": "http://127.0.0.1:9"},
    ]


@pytest_asyncio.fixture
async def app(
    services: Services,
    configured: list[dict[str, Any]],
    entropy: SerialEntropy,
    clock: FakeClock,
    trust: ssl.SSLContext,
    tmp_path: Path,
) -> AsyncIterator[Boundary]:
    settings = read_providers(configured)
    client = build_client(EgressPolicy(tuple(each.host for each in settings)), tls=trust)
    with_providers = replace_services(services, settings, client, clock, entropy)
    yield build_app(with_providers, entropy, Pages(tmp_path / "static"))
    await client.close()


def replace_services(
    services: Services, settings: tuple[ProviderSettings, ...], client: Any, clock: FakeClock, entropy: SerialEntropy
) -> Services:
    shown = tuple(Provider(provider_id=each.id, label=each.label) for each in settings)
    return replace(
        services,
        providers=build_providers(settings, client, clock, entropy),
        sign_in=SignInMeans(has_passwords=False, break_glass="owner@example.com", providers=shown),
    )


@pytest_asyncio.fixture
async def owner(services: Services, entropy: SerialEntropy, catalog: Catalog, mine: Caller) -> None:
    """The break-glass owner, who was there before."""
    app = build_app(services, entropy)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=PUBLIC_URL) as client:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        await join(Browser(client), catalog, mine.organization_id, "owner@example.com", "owner")


class Visitor:
    """A browser that goes to a provider and comes back."""

    def __init__(self, client: httpx2.AsyncClient, oidc: OidcProvider) -> None:
        self.client = client
        self.oidc = oidc
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, **query: str) -> httpx2.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.client.get(path, params=query or None, headers={"cookie": cookie} if cookie else {})
        for given in answer.headers.get_list("set-cookie"):
            name, _, rest = given.partition("=")
            value, attributes = rest.partition(";")[::2]
            assert "HttpOnly; SameSite=Lax; Secure" in attributes
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    async def begin(self, provider: str = "strict", **query: str) -> str:
        """Returns the address of the provider's page."""
        answer = await self.get("/v2/session/start", provider=provider, **query)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def come_back(self, address: str) -> httpx2.Response:
        """Follows the provider's redirect."""
        assert address.startswith(CALLBACK), address
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return await self.get("/v2/session/callback", **query)

    async def sign_in(self, subject: str, provider: str = "strict", **query: str) -> str:
        """Signs in, and returns where the browser is led at the end."""
        answer = await self.come_back(self.oidc.consent(await self.begin(provider, **query), subject))
        assert answer.status_code == 302, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return str(answer.headers["location"])

    async def session(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get("/v2/session/get")).json()
        return found


def failure(code: str) -> str:
    return f"/app/sign-in?error={code}"


@pytest_asyncio.fixture
async def visitors(app: Boundary, oidc: OidcProvider) -> AsyncIterator[Callable[[], Visitor]]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=PUBLIC_URL) as client:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        yield lambda: Visitor(client, oidc)


@pytest.fixture
def visitor(visitors: Callable[[], Visitor]) -> Visitor:
    return visitors()


async def test_a_person_signs_in_by_a_verified_address_and_returns_to_the_page(
    visitor: Visitor, oidc: OidcProvider, owner: None
) -> None:
    oidc.put_person("owner-1", email="Owner@Example.com", email_verified=True, name="The owner")
    assert await visitor.sign_in("owner-1", to="/app/inbox?view=open") == "/app/inbox?view=open"
    found = await visitor.session()
    assert (found["user"]["email"], found["role"], found["session_means"]) == ("owner@example.com", "owner", "strict")
    assert FLOW not in visitor.cookies
    # From now on the identity counts, whatever the address.
    oidc.put_person("owner-1", email="other@example.com")
    assert await visitor.sign_in("owner-1") == "/app/"
    assert (await visitor.session())["user"]["email"] == "owner@example.com"


async def test_the_provider_receives_what_binds_its_answer(visitor: Visitor, oidc: OidcProvider) -> None:
    address = urlsplit(await visitor.begin())
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == oidc.issuer
    assert (query["response_type"], query["redirect_uri"], query["client_id"]) == ("code", CALLBACK, "looply")
    assert (query["code_challenge_method"], query["scope"]) == ("S256", "openid profile email")
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "/%2f/evil.example", "https://evil.example", ""])
async def test_a_sign_in_leads_to_pages_of_this_server_alone(
    visitor: Visitor, oidc: OidcProvider, owner: None, to: str
) -> None:
    oidc.put_person("owner-1", email="owner@example.com", email_verified=True)
    assert await visitor.sign_in("owner-1", to=to) == "/app/"


async def test_an_answer_to_another_browser_begins_no_session(
    visitors: Callable[[], Visitor], oidc: OidcProvider, owner: None
) -> None:
    """A person who is led to the answer of an attacker must not work in the attacker's account."""
    oidc.put_person("owner-1", email="owner@example.com", email_verified=True)
    attacker, victim = visitors(), visitors()
    answer = oidc.consent(await attacker.begin(), "owner-1")
    assert (await victim.come_back(answer)).headers["location"] == failure("SIGN_IN_EXPIRED")
    await victim.begin()
    assert (await victim.come_back(answer)).headers["location"] == failure("SIGN_IN_EXPIRED")
    assert COOKIE not in victim.cookies
    assert FLOW in victim.cookies


async def test_an_answer_with_a_code_of_another_sign_in_is_refused(
    visitor: Visitor, oidc: OidcProvider, owner: None
) -> None:
    """The nonce of the ID token is that of the former sign-in."""
    oidc.put_person("owner-1", email="owner@example.com", email_verified=True)
    former = oidc.consent(await visitor.begin(), "owner-1")
    latter = oidc.consent(await visitor.begin(), "owner-1")
    code = parse_qs(urlsplit(former).query)["code"][0]
    state = parse_qs(urlsplit(latter).query)["state"][0]
    answer = await visitor.get("/v2/session/callback", code=code, state=state)
    assert answer.headers["location"] in (failure("PROVIDER_ANSWER_INVALID"), failure("PROVIDER_REFUSED"))
    assert COOKIE not in visitor.cookies


async def test_a_late_answer_a_used_one_and_one_without_a_code_are_refused(
    visitor: Visitor, oidc: OidcProvider, owner: None, clock: FakeClock
) -> None:
    oidc.put_person("owner-1", email="owner@example.com", email_verified=True)
    late = oidc.consent(await visitor.begin(), "owner-1")
    clock.advance(timedelta(minutes=10))
    assert (await visitor.come_back(late)).headers["location"] == failure("SIGN_IN_EXPIRED")
    used = oidc.consent(await visitor.begin(), "owner-1")
    kept = dict(visitor.cookies)
    assert (await visitor.come_back(used)).headers["location"] == "/app/"
    visitor.cookies = kept
    assert (await visitor.come_back(used)).headers["location"] == failure("PROVIDER_REFUSED")
    state = parse_qs(urlsplit(await visitor.begin()).query)["state"][0]
    answer = await visitor.get("/v2/session/callback", state=state)
    assert answer.headers["location"] == failure("PROVIDER_ANSWER_INVALID")


async def test_a_refusal_at_the_provider_is_shown(visitor: Visitor, oidc: OidcProvider) -> None:
    address = await visitor.begin()
    state = parse_qs(urlsplit(address).query)["state"][0]
    answer = await visitor.get("/v2/session/callback", state=state, error="access_denied")
    assert answer.headers["location"] == failure("PROVIDER_REFUSED")


@pytest.mark.parametrize(
    ("provider", "claims", "code"),
    [
        ("strict", {"email": "owner@example.com", "email_verified": False}, "EMAIL_NOT_VERIFIED"),
        ("strict", {"email": "owner@example.com"}, "EMAIL_NOT_VERIFIED"),
        ("strict", {"email": "stranger@example.com", "email_verified": True}, "NOT_A_MEMBER"),
        ("strict", {}, "EMAIL_MISSING"),
        ("open", {"email": "stranger@example.com"}, "EMAIL_NOT_VERIFIED"),
        ("tenant", {"email": "owner@example.com", "tid": "tenant-2", "oid": "object-1"}, "FOREIGN_TENANT"),
        ("tenant", {"email": "owner@example.com"}, "FOREIGN_TENANT"),
        ("tenant", {"email": "stranger@example.com", "tid": "tenant-1", "oid": "object-1"}, "NOT_A_MEMBER"),
    ],
)
async def test_a_person_who_may_not_enter_is_led_to_the_reason(
    visitor: Visitor, oidc: OidcProvider, owner: None, provider: str, claims: dict[str, Any], code: str
) -> None:
    oidc.put_person("stranger", **claims)
    assert await visitor.sign_in("stranger", provider) == failure(code)
    assert COOKIE not in visitor.cookies


async def test_a_pinned_tenant_vouches_for_its_people(visitor: Visitor, oidc: OidcProvider, owner: None) -> None:
    oidc.put_person("owner-2", email="owner@example.com", tid="tenant-1", oid="object-7")
    assert await visitor.sign_in("owner-2", "tenant") == "/app/"
    assert (await visitor.session())["user"]["email"] == "owner@example.com"


async def test_an_invitation_is_accepted_by_signing_in(
    visitors: Callable[[], Visitor], oidc: OidcProvider, owner: None, catalog: Catalog, mine: Caller
) -> None:
    token = await invite(catalog, mine.organization_id, "buyer@example.com", "developer")
    oidc.put_person("other", email="other@example.com", email_verified=True)
    assert await visitors().sign_in("other", invitation=token) == failure("INVITATION_OF_ANOTHER")
    oidc.put_person("buyer", email="buyer@example.com", name="The buyer")
    visitor = visitors()
    assert await visitor.sign_in("buyer", invitation=token) == "/app/"
    found = await visitor.session()
    assert (found["user"]["name"], found["role"], found["user"]["has_password"]) == ("The buyer", "developer", False)
    assert await visitors().sign_in("buyer", invitation=token) == failure("INVITATION_NOT_FOUND")
    assert await visitors().sign_in("buyer") == "/app/"


async def test_an_invitation_does_not_open_the_account_of_an_unverified_address(
    visitor: Visitor, oidc: OidcProvider, owner: None, catalog: Catalog, mine: Caller, theirs: Caller
) -> None:
    token = await invite(catalog, theirs.organization_id, "owner@example.com", "viewer")
    oidc.put_person("impostor", email="owner@example.com")
    assert await visitor.sign_in("impostor", invitation=token) == failure("EMAIL_NOT_VERIFIED")
    assert COOKIE not in visitor.cookies


async def test_new_people_become_viewers_and_groups_give_roles(
    visitors: Callable[[], Visitor], oidc: OidcProvider, owner: None, catalog: Catalog, mine: Caller
) -> None:
    oidc.put_person("new", email="new@example.com", email_verified=True, name="New", groups=["other"])
    visitor = visitors()
    assert await visitor.sign_in("new", "open") == "/app/"
    assert (await visitor.session())["role"] == "viewer"
    oidc.put_person("new", email="new@example.com", email_verified=True, groups=["looply-admins", "other"])
    promoted = visitors()
    assert await promoted.sign_in("new", "open") == "/app/"
    assert (await promoted.session())["role"] == "admin"
    # A change of role has ended the former session.
    assert (await visitor.get("/v2/session/get")).status_code == 401
    oidc.put_person("new", email="new@example.com", email_verified=True)
    unchanged = visitors()
    await unchanged.sign_in("new", "open")
    assert (await unchanged.session())["role"] == "admin"
    oidc.put_person("new", email="new@example.com", email_verified=True, groups=[])
    demoted = visitors()
    await demoted.sign_in("new", "open")
    assert (await demoted.session())["role"] == "viewer"


async def test_a_deactivated_member_stays_outside(
    visitors: Callable[[], Visitor], oidc: OidcProvider, owner: None, catalog: Catalog, mine: Caller
) -> None:
    oidc.put_person("gone", email="gone@example.com", email_verified=True, groups=["looply-admins"])
    visitor = visitors()
    assert await visitor.sign_in("gone", "open") == "/app/"
    user_id = (await visitor.session())["user"]["user_id"]
    await catalog.people.members.change(
        mine.organization_id, user_id, is_active=False, actor=None, may_make_owners=True
    )
    assert (await visitor.get("/v2/session/get")).status_code == 401
    for provider in ("open", "strict"):
        assert await visitors().sign_in("gone", provider) == failure("NOT_A_MEMBER")


async def test_a_provider_that_is_down_or_unknown_is_a_reason_and_no_error(visitor: Visitor) -> None:
    for provider, code in (("down", "PROVIDER_UNREACHABLE"), ("other", "UNKNOWN_PROVIDER"), ("", "UNKNOWN_PROVIDER")):
        answer = await visitor.get("/v2/session/start", provider=provider)
        assert (answer.status_code, answer.headers["location"]) == (302, failure(code))
    answer = await visitor.get("/v2/session/callback")
    assert (answer.status_code, answer.headers["location"]) == (302, failure("SIGN_IN_EXPIRED"))


async def test_only_the_break_glass_owner_signs_in_by_password(
    app: Boundary, visitor: Visitor, owner: None, catalog: Catalog, mine: Caller
) -> None:
    found = (await visitor.get("/v2/session/get")).json()
    assert found["sign_in"]["local"] is False
    assert [each["id"] for each in found["sign_in"]["providers"]] == ["strict", "open", "tenant", "down"]
    token = await invite(catalog, mine.organization_id, "buyer@example.com", "viewer")
    browser = Browser(visitor.client)
    body = {"token": token, "name": "The buyer", "password": PASSWORD}
    assert (await browser.post("acceptInvitation", body)).json()["code"] == "PASSWORDS_OFF"
    assert (await browser.sign_in("owner@example.com")).status_code == 200
