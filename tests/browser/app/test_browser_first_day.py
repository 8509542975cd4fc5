"""A first day with `make run`: the printed links, then the browser only."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from browser.app.running_demo import RunningDemo
from browser.app.visits import PHONE, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OWNER = "owner@example.com"


@pytest.fixture(scope="module")
def owner(browser: "Browser", demo: RunningDemo) -> Iterator[Visit]:
    """The owner of the demo, who came by the start page and the printed link."""
    visit = Visit(browser, demo.address, color_scheme="light")
    visit.open("/")
    visit.heading("Sign in")
    visit.picture("sign-in")
    visit.join(demo.owner_link, "The owner", OWNER)
    yield visit
    visit.close()


def test_the_owner_invites_a_viewer_who_sees_and_cannot_act(browser: "Browser", owner: Visit) -> None:
    viewer = Visit(browser, owner.address)
    viewer.join(owner.invite("viewer@example.com", "viewer"), "The viewer")
    theirs = viewer.open("/app/admin/members")
    theirs.get_by_text("You need the right “members”").wait_for()
    theirs.get_by_text("The owner (owner@example.com)").wait_for()
    viewer.look("not-permitted")
    theirs.get_by_role("link", name="Roles").click()
    theirs.get_by_role("table", name="Permissions by role").wait_for()
    assert theirs.get_by_role("switch").count() == 0
    viewer.close()
    page = owner.open("/app/admin/members")
    page.get_by_text("The viewer").wait_for()
    owner.picture("members")
    owner.open("/app/admin/roles")
    page.get_by_role("table", name="Permissions by role").wait_for()
    owner.picture("roles")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").wait_for()
    owner.picture("palette")
    page.keyboard.press("Escape")


def test_a_second_factor_is_set_up_by_its_qr_code_and_asked_for(browser: "Browser", owner: Visit) -> None:
    guest = Visit(browser, owner.address)
    guest.join(owner.invite("careful@example.com", "operator"), "Clara Careful")
    page = guest.open("/app/me")
    page.get_by_role("button", name="Set up an authenticator app").click()
    dialog = page.get_by_role("dialog", name="Set up an authenticator app")
    dialog.get_by_role("img", name="QR code of the key").wait_for()
    guest.picture("second-factor")
    secret = dialog.locator("code").inner_text()
    dialog.get_by_label("Code that the app shows now").fill(_code(secret, 0))
    page.keyboard.press("Enter")
    page.get_by_text("On: sign-in also asks for a code").wait_for()
    page.get_by_role("button", name="Account of Clara Careful").click()
    page.get_by_role("menuitem", name="Sign out").click()
    guest.heading("Sign in")
    guest.sign_in("careful@example.com")
    # A refusal has one sentence for all reasons.
    page.get_by_text("Email, password or code is not right").wait_for()
    page.get_by_role("button", name="I have a code").click()
    # Each code works once; the server also takes that of the next half minute.
    page.get_by_label("Code of the authenticator app").fill(_code(secret, 1))
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Main").wait_for()
    guest.close()


def test_the_owner_makes_an_organization_and_a_workspace_and_returns(owner: Visit) -> None:
    page = owner.open("/app/admin/organization")
    page.get_by_role("button", name="Create a workspace").click()
    page.get_by_label("Name").fill("Tests")
    page.get_by_role("button", name="Create the workspace").click()
    page.get_by_role("row", name="Tests").wait_for()
    owner.look("organization")
    page.get_by_role("button", name="Create an organization").click()
    page.get_by_label("Name").fill("Second Ltd")
    page.get_by_role("button", name="Create the organization").click()
    switch = page.get_by_role("banner").get_by_role("button", name="Second Ltd")
    switch.click()
    page.get_by_role("menuitemradio", name="Default").click()
    page.get_by_role("banner").get_by_role("button", name="Default").wait_for()


def test_the_manager_decides_on_a_phone(browser: "Browser", demo: RunningDemo) -> None:
    manager = Visit(browser, demo.address, size=PHONE, color_scheme="light", has_touch=True)
    manager.join(demo.manager_link, "Mara Manager")
    page = manager.page
    page.get_by_role("listitem").get_by_role("link").first.wait_for()
    desk = Visit(browser, demo.address, color_scheme="light")
    desk.open("/app/")
    desk.sign_in("manager@example.com")
    for text in ("Northwater Pumps GmbH", "Mon, Nov 2, 2026"):
        desk.page.frame_locator("iframe").get_by_text(text).wait_for()
    desk.picture("inbox")
    desk.close()
    # Two taps: the request, and its answer.
    page.get_by_role("listitem").get_by_role("link").first.tap()
    approve = page.frame_locator("iframe").get_by_role("button", name="Approve")
    approve.tap()
    assert "4500" in demo.line("is released in SAP")
    manager.close()


def _code(secret: str, steps: int) -> str:
    """Returns the code of an authenticator app (RFC 6238), now or some half minutes later."""
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
