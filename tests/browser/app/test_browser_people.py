"""People in the web app: the first owner, members of other roles, a member who is deactivated."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from browser.app.visits import PHONE, WIDE, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PASSWORD = "a long sentence of the story"
LOOKS = [
    ("light", "en", WIDE),
    ("dark", "en", WIDE),
    ("contrast", "en", WIDE),
    ("light", "de", WIDE),
    ("light", "en", PHONE),
    ("dark", "de", PHONE),
]


class Installation(NamedTuple):
    """A server and the path of the link that makes its first owner."""

    address: str
    owner_link: str


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("app") / "data"
    made = init(folder)
    server = Server(folder, **ONE_ADDRESS).start()
    yield Installation(server.address, urlsplit(made["owner_link"]).path)
    server.close()


@pytest.fixture(scope="module")
def owner(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The owner, signed in by the one-time link."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    page = visit.open(installation.owner_link)
    page.get_by_label("Email").fill("owner@example.com")
    page.get_by_label("Your name").fill("The owner")
    page.get_by_label("New password").fill(PASSWORD)
    visit.look("invitation")
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_role("navigation", name="Main").wait_for()
    yield visit
    visit.close()


def test_the_start_page_leads_a_visitor_to_sign_in_and_back(browser: "Browser", owner: Visit) -> None:
    visit = Visit(browser, owner.address, locale="en")
    page = visit.open("/app/admin/audit?action=key.create")
    visit.heading("Sign in")
    page.get_by_label("Email").fill("owner@example.com")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Email, password or code is not right").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("row", name="key.create").first.wait_for()
    assert page.get_by_label("Kind of action").input_value() == "key.create"
    page.get_by_role("button", name="Account of The owner").click()
    visit.look("user-menu")
    page.get_by_role("menuitem", name="Sign out").click()
    visit.heading("Sign in")
    page.go_back()
    visit.heading("Sign in")
    visit.close()


def test_a_member_sees_what_the_role_permits_and_is_out_soon_after_being_deactivated(
    browser: "Browser", owner: Visit
) -> None:
    page = owner.open("/app/admin/members")
    page.get_by_role("button", name="Invite people").click()
    page.get_by_label("Email addresses").fill("viewer@example.com")
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Invite 1 person").click()
    link = page.get_by_role("alertdialog").locator("code").inner_text()
    owner.look("invitation-links")
    page.get_by_role("button", name="Close").click()

    viewer = Visit(browser, owner.address, locale="en")
    theirs = viewer.open(urlsplit(link).path)
    assert theirs.get_by_label("Email").input_value() == "viewer@example.com"
    theirs.get_by_label("Your name").fill("The viewer")
    theirs.get_by_label("New password").fill(PASSWORD)
    theirs.keyboard.press("Enter")
    theirs.get_by_role("navigation", name="Main").wait_for()
    assert theirs.get_by_role("link", name="Administration").count() == 0
    viewer.open("/app/admin/keys")
    theirs.get_by_text("You need the right “keys”").wait_for()
    viewer.look("forbidden")
    viewer.open(urlsplit(link).path)
    theirs.get_by_text("This link is not valid").wait_for()
    viewer.open("/app/me")
    viewer.heading("Sessions")

    owner.open("/app/admin/members")
    page.get_by_role("button", name="Actions for The viewer").click()
    page.get_by_role("menuitem", name="Deactivate").click()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_text("Deactivated").wait_for()
    # The next call of the page finds it out, and the page asks over what is there.
    theirs.get_by_label("Density of tables").select_option("compact")
    theirs.get_by_role("alertdialog", name="Sign in again").wait_for()
    viewer.close()


def test_a_call_with_the_cookie_alone_changes_nothing(owner: Visit) -> None:
    page = owner.open("/app/me")
    owner.heading("My account")
    status = page.evaluate(
        """async () => (await fetch("/v2/session/signOut", {
            method: "POST", headers: {"content-type": "application/json"}, body: "{}"})).status"""
    )
    assert status == 403
    owner.expect("a status of 403")
    page.reload()
    owner.heading("My account")
    assert page.evaluate("document.cookie") == ""


def test_everything_is_reached_by_the_keyboard(owner: Visit) -> None:
    page = owner.open("/app/me")
    owner.heading("My account")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.get_by_role("table", name="Members and invitations").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    owner.look("shortcuts")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("i")
    page.get_by_role("dialog", name="Invite people").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("Control+k")
    page.keyboard.type("account")
    owner.look("palette")
    page.keyboard.press("Enter")
    owner.heading("My account")


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_every_page_is_accessible_in_every_look(
    browser: "Browser", owner: Visit, theme: str, language: str, size: dict[str, int]
) -> None:
    scheme = "light" if theme == "light" else "dark"
    visit = Visit(browser, owner.address, size=size, color_scheme=scheme, locale=language)
    page = visit.open("/app/")
    page.locator("form").wait_for()
    look = f"{theme}-{language}-{size['width']}"
    visit.look(f"sign-in-{look}")
    page.locator("input[type=email]").fill("owner@example.com")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("navigation").first.wait_for()
    page.evaluate(
        "(chosen) => localStorage.setItem('looply.preferences', JSON.stringify(chosen))",
        {"theme": theme, "language": language},
    )
    for path in ("me", "admin/members", "admin/roles", "admin/keys", "admin/audit"):
        visit.open(f"/app/{path}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
        assert page.locator("html").get_attribute("data-theme") == theme
        visit.look(f"{path.removeprefix('admin/')}-{look}")
    visit.close()
