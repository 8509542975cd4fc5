"""People who sign in at a provider of OpenID Connect, in the browser, where local sign-in is switched off."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from browser.app.visits import PASSWORD, Visit
from kit.servers.oidc_provider import OidcProvider

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OWNER = "owner@example.com"
_CONFIRM = {"message": "confirm first", "code": "CONFIRM_REQUIRED", "errors": [], "request_id": "story-1"}


class Company(NamedTuple):
    """A server whose people sign in at a provider."""

    oidc: OidcProvider
    address: str
    owner_link: str


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company") / "data"
    made = init(folder)
    with OidcProvider() as oidc:
        provider = {"id": "mock", "label": "the company account", "issuer": oidc.issuer, "client_id": "looply"}
        provider |= {"client_secret": "never shown"}
        settings = {"LOOPLY_SIGN_IN_PROVIDERS": json.dumps([provider]), "LOOPLY_LOCAL_SIGN_IN": "false"}
        server = Server(folder, **ONE_ADDRESS, **settings, LOOPLY_BREAK_GLASS=OWNER).start()
        yield Company(oidc, server.address, made["owner_link"])
        server.close()


@pytest.fixture(scope="module")
def owner(browser: "Browser", company: Company) -> Iterator[Visit]:
    """The owner with the emergency account, who has a password although local sign-in is switched off."""
    visit = Visit(browser, company.address)
    page = visit.open(company.owner_link.partition("8080")[2])
    page.get_by_role("link", name="Continue with the company account").wait_for()
    page.get_by_role("button", name="emergency account").click()
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Your name").fill("The owner")
    page.get_by_label("New password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Main").wait_for()
    yield visit
    visit.close()


def consent(page: "Page", subject: str) -> None:
    """Signs in on the page of the provider."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_an_invitation_is_accepted_at_the_provider(browser: "Browser", company: Company, owner: Visit) -> None:
    company.oidc.put_person("buyer", email="buyer@example.com", email_verified=True, name="Bea Buyer")
    link = owner.invite("buyer@example.com", "admin")
    visit = Visit(browser, company.address, beside=company.oidc.issuer)
    page = visit.open(link.removeprefix(company.address))
    visit.heading("Join Default")
    assert page.get_by_label("New password").count() == 0
    visit.look("invitation-provider")
    page.get_by_role("link", name="Continue with the company account").click()
    consent(page, "buyer")
    page.wait_for_url(f"{company.address}/app/inbox")
    page.get_by_role("button", name="Account of Bea Buyer").click()
    page.get_by_role("menuitem", name="Sign out").click()
    # The form is hidden where passwords are switched off, and the provider leads back to the screen.
    page = visit.open("/app/admin/members")
    visit.heading("Sign in")
    assert page.get_by_label("Password").count() == 0
    visit.look("sign-in-provider")
    page.get_by_role("link", name="Continue with the company account").click()
    consent(page, "buyer")
    page.get_by_role("table", name="Members and invitations").wait_for()
    # A dangerous act leads to the provider once more where the sign-in is long ago.
    page.route("**/inviteMembers", lambda route: route.fulfill(status=403, json=_CONFIRM))
    page.get_by_role("button", name="Invite people").click()
    page.get_by_label("Email addresses").fill("next@example.com")
    page.get_by_role("button", name="Invite 1 person").click()
    dialog = page.get_by_role("dialog", name="Confirm that it is you")
    dialog.get_by_text("it leads you back here").wait_for()
    visit.look("confirm-provider")
    visit.expect("a status of 403")
    dialog.get_by_role("button", name="Continue with the company account").click()
    page.unroute("**/inviteMembers")
    consent(page, "buyer")
    page.get_by_role("table", name="Members and invitations").wait_for()
    page.wait_for_url(f"{company.address}/app/admin/members")
    visit.close()


@pytest.mark.parametrize(
    ("subject", "claims", "words"),
    [
        ("stranger", {"email": "stranger@example.com", "email_verified": True}, "You are not a member"),
        ("unverified", {"email": "owner@example.com", "email_verified": False}, "does not vouch"),
        # This provider leaves out the state of the sign-in when a person refuses.
        (None, {}, "begun in another window"),
    ],
)
def test_a_failed_sign_in_says_why(
    browser: "Browser", company: Company, owner: Visit, subject: str | None, claims: dict[str, object], words: str
) -> None:
    assert owner.address == company.address
    visit = Visit(browser, company.address, beside=company.oidc.issuer)
    page = visit.open("/app/me")
    page.get_by_role("link", name="Continue with the company account").click()
    if subject is None:
        page.get_by_role("button", name="Deny").click()
    else:
        company.oidc.put_person(subject, **claims)
        consent(page, subject)
    page.get_by_text(words).wait_for()
    visit.look("sign-in-failed")
    visit.close()


def test_an_unknown_reason_is_not_shown(browser: "Browser", company: Company) -> None:
    visit = Visit(browser, company.address)
    page = visit.open("/app/sign-in?error=Call+0800+123")
    page.get_by_text("The sign-in did not succeed").wait_for()
    assert "0800" not in page.locator("body").inner_text()
    visit.close()
