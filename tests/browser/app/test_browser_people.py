"""People in the web app: the first owner, members of other roles, a member who is deactivated."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest

from browser.app.visits import PASSWORD, PHONE, WIDE, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_BROKEN = {"message": "the store does not answer", "code": "STORE_UNAVAILABLE", "errors": [], "request_id": "story-1"}
ADMINISTRATION = ("members", "roles", "keys", "notifications", "teams", "audit", "organization")
LOOKS = [
    ("light", "en", WIDE),
    ("dark", "en", WIDE),
    ("contrast", "en", WIDE),
    ("light", "de", WIDE),
    ("light", "en", PHONE),
    ("dark", "de", PHONE),
]


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
    link = owner.invite("viewer@example.com", "viewer")
    page = owner.page
    viewer = Visit(browser, owner.address)
    viewer.join(link, "The viewer")
    theirs = viewer.page
    assert theirs.get_by_role("link", name="Administration").count() == 0
    viewer.open("/app/admin/keys")
    theirs.get_by_text("You need the right “keys”").wait_for()
    theirs.get_by_text("The owner (owner@example.com)").wait_for()
    viewer.look("forbidden")
    viewer.open(urlsplit(link).path)
    theirs.get_by_text("This link is not valid").wait_for()
    viewer.expect("a status of 404")
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


def test_sign_in_leads_to_no_other_host(browser: "Browser", owner: Visit) -> None:
    for to in (
        "//evil.example/x",
        "https://evil.example/x",
        "/\\evil.example",
        "/sign-in?to=/me",
        "javascript:alert(1)",
    ):
        visit = Visit(browser, owner.address)
        visit.open(f"/app/sign-in?{urlencode({'to': to})}")
        visit.sign_in("owner@example.com")
        visit.page.wait_for_url(f"{owner.address}/app/inbox")
        visit.close()


def test_two_tabs_share_the_session_and_its_end(browser: "Browser", owner: Visit) -> None:
    visit = Visit(browser, owner.address)
    first = visit.open("/app/me")
    visit.sign_in("owner@example.com")
    visit.heading("My account")
    second = visit.new_tab()
    second.goto(f"{owner.address}/app/admin/keys")
    second.get_by_role("table", name="API keys").wait_for()
    first.get_by_role("button", name="Account of The owner").click()
    first.get_by_role("menuitem", name="Sign out").click()
    visit.heading("Sign in")
    second.get_by_role("link", name="Audit").click()
    dialog = second.get_by_role("alertdialog", name="Sign in again")
    dialog.get_by_label("Password").fill(PASSWORD)
    second.keyboard.press("Enter")
    second.get_by_role("table", name="Audit").wait_for()
    second.get_by_role("link", name="API keys").click()
    second.get_by_role("table", name="API keys").wait_for()
    visit.close()


def test_a_screen_shows_what_others_change(browser: "Browser", owner: Visit) -> None:
    other = Visit(browser, owner.address)
    other.open("/app/admin/audit")
    other.sign_in("owner@example.com")
    other.page.get_by_role("table", name="Audit").wait_for()
    owner.invite("newcomer@example.com", "operator")
    newer = other.page.get_by_role("button", name="newer, show")
    newer.wait_for()
    other.look("newer")
    newer.click()
    other.page.get_by_role("row", name="newcomer@example.com").wait_for()
    other.open("/app/admin/members")
    other.page.get_by_text("newcomer@example.com").wait_for()
    other.page.mouse.move(5, 700)
    owner.invite("another@example.com", "operator")
    other.page.get_by_text("another@example.com").wait_for()
    other.close()


def test_without_a_network_the_app_says_so_and_keeps_what_it_shows(browser: "Browser", owner: Visit) -> None:
    visit = Visit(browser, owner.address)
    page = visit.open("/app/admin/members")
    visit.sign_in("owner@example.com")
    page.get_by_role("table", name="Members and invitations").wait_for()
    page.context.set_offline(True)
    page.get_by_text("No connection").wait_for()
    visit.look("offline")
    page.context.set_offline(False)
    page.get_by_text("No connection").wait_for(state="detached")
    page.route("**/getKeys*", lambda route: route.fulfill(status=503, json=_BROKEN))
    page.get_by_role("link", name="API keys").click()
    page.get_by_role("button", name="Try again").wait_for()
    visit.look("error")
    visit.expect("a status of 503")
    page.unroute("**/getKeys*")
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("table", name="API keys").wait_for()
    page.goto(f"{owner.address}/app/admin/audit?action=nothing.such")
    page.get_by_text("No record matches these filters").wait_for()
    visit.look("no-match")
    page.get_by_role("button", name="Drop all filters").click()
    page.get_by_role("table", name="Audit").wait_for()
    page.goto(f"{owner.address}/app/nothing")
    page.get_by_text("There is no such page").wait_for()
    visit.look("not-found")
    visit.close()


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
    page.locator("[role=combobox]:focus").wait_for()
    page.keyboard.type("account")
    page.get_by_role("option", name="My account", selected=True).wait_for()
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
    with visit.preferring(theme, language):
        for path in ("me", *(f"admin/{each}" for each in ADMINISTRATION)):
            visit.open(f"/app/{path}")
            title = page.get_by_role("heading", level=1).inner_text()
            page.wait_for_load_state("networkidle")
            for tab in page.get_by_role("navigation", name=title, exact=True).get_by_role("link").all():
                box = tab.bounding_box()
                assert box is not None
                assert box["x"] >= 0, tab.inner_text()
                assert box["x"] + box["width"] <= size["width"], tab.inner_text()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                f"{path} is wider than the screen"
            )
            assert page.locator("html").get_attribute("data-theme") == theme
            visit.look(f"{path.removeprefix('admin/')}-{look}")
    visit.close()
