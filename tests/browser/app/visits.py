"""A visitor of the web app in Chromium: what the page reports, and what axe finds in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT: Final = Path(__file__).parents[3]
AXE: Final = ROOT / "ui/node_modules/axe-core/axe.min.js"
WIDE: Final = {"width": 1440, "height": 900}
NARROW: Final = {"width": 1024, "height": 768}
PHONE: Final = {"width": 390, "height": 844}
PICTURES: Final = os.environ.get("LOOPLY_TEST_PICTURES")
"""A folder for the pictures of the stories, such as `docs/images`; without it none is stored."""

DOCS_PICTURES: Final = os.environ.get("LOOPLY_DOCS_PICTURES")
"""The folder of the pictures of the docs; without it none is stored. `make pictures` sets it."""
PASSWORD: Final = "a long sentence of the story"

_WATCH: Final = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI, sample}) =>
  globalThis.violations.push(`${violatedDirective} ${blockedURI} ${sample}`));
"""
_SIGNED_OUT: Final = "the server responded with a status of 401"
"""Chromium writes every refused call to the console; that of a visitor without a session is none to repair."""
_PREFER: Final = """
async (preferences) => {
  const [{csrf}, {preferences: before}] = await Promise.all(
    ["get", "getPreferences"].map(async (call) => (await fetch(`/v2/session/${call}`)).json()));
  const headers = {"content-type": "application/json", "x-looply-csrf": csrf};
  const body = JSON.stringify({preferences});
  const {status} = await fetch("/v2/session/putPreferences", {method: "POST", headers, body});
  if (status !== 200) throw new Error(`the preferences were answered with ${status}`);
  return before;
}
"""
_IS_UNCOVERED: Final = """
() => document.querySelector("[role=dialog], [role=alertdialog]") !== null
  || document.querySelector("#app[aria-hidden=true]") === null
"""
AXE_RUN: Final = """
async (rules) => (await axe.run({exclude: ["[data-tabster-dummy]"]}, {rules})).violations.map(
  ({id, help, nodes}) => `${id}: ${help}: ${nodes.map(({html}) => html.slice(0, 200)).join(" ")}`)
"""


class Visit:
    """One visitor. `check` fails when the console or the content security policy reported anything."""

    def __init__(
        self, browser: "Browser", address: str, *, size: dict[str, int] = WIDE, beside: str = "", **context: Any
    ) -> None:
        """`beside`: the address of a provider to which the story leads; what its pages report is theirs."""
        self.address = address
        self._beside = beside
        context = {"locale": "en", **context}
        self._context = browser.new_context(viewport=size, reduced_motion="reduce", **context)  # type: ignore[arg-type]
        self._context.add_init_script(_WATCH)
        self._reports: list[str] = []
        self._hosts: set[str] = set()
        self.page: Page = self.new_tab()

    def new_tab(self) -> "Page":
        """Returns one more page of the same browser, which is watched too."""
        page = self._context.new_page()
        page.on("console", lambda message: self._note(page, message.type, f"{message.text} {message.location['url']}"))
        page.on("pageerror", lambda error: self._reports.append(str(error)))
        page.on("request", lambda request: self._hosts.add(urlsplit(request.url).netloc))
        if self._beside:
            page.route(lambda address: not address.startswith("http://127.0.0.1:"), lambda route: route.abort())
        return page

    def _note(self, page: "Page", kind: str, text: str) -> None:
        is_ours = page.url.startswith(self.address) or not self._beside
        if is_ours and kind in ("error", "warning") and _SIGNED_OUT not in text:
            self._reports.append(f"{kind}: {text}")

    def open(self, path: str) -> "Page":
        """Opens a path of the server, such as `/app/me`."""
        self.page.goto(f"{self.address}{path}")
        return self.page

    def heading(self, text: str) -> "Locator":
        """Waits for a heading and returns it."""
        found = self.page.get_by_role("heading", name=text, exact=True)
        found.wait_for()
        return found

    def look(self, name: str) -> None:
        """Lets axe look at the page, and stores a picture of it where pictures are requested."""
        if not AXE.is_file():
            pytest.skip("axe-core is not installed; 'make ui' installs it")
        # What lies below a dialog is hidden until a moment after it has closed.
        self.page.wait_for_function(_IS_UNCOVERED)
        self.page.evaluate(AXE.read_text("utf-8"))
        # What a menu shows lies beside the landmarks of the page, as menus do.
        rules = {"region": {"enabled": self.page.get_by_role("menu").count() == 0}}
        found = self.page.evaluate(AXE_RUN, rules)
        assert not found, f"{name}: " + "\n".join(found)
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled")

    def picture(self, name: str) -> None:
        """Looks at the page, and stores it as a picture of the docs where these are made."""
        self.look(name)
        if DOCS_PICTURES:
            self.page.screenshot(path=Path(DOCS_PICTURES) / f"{name}.png", animations="disabled")

    def join(self, link: str, name: str, email: str | None = None) -> None:
        """Opens a link of an invitation, and accepts it with a name and a password."""
        page = self.open(urlsplit(link).path)
        if email is not None:
            page.get_by_label("Email").fill(email)
        page.get_by_label("Your name").fill(name)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Accept the invitation").click()
        page.get_by_role("navigation", name="Main").wait_for()

    def sign_in(self, email: str) -> None:
        """Fills in the form of sign-in, which the page shows."""
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")

    @contextmanager
    def preferring(self, theme: str, language: str) -> Iterator[None]:
        """Stores how the app is to look for the person who has signed in: within it, from the next page on."""
        looks = {"theme": theme, "language": language}
        before = self.page.evaluate(_PREFER, {"locale": language, "app": looks})
        try:
            yield
        finally:
            self.page.evaluate(_PREFER, before)
            # A browser keeps how the app looked last, also where nothing is stored for the person.
            self.page.evaluate("localStorage.clear()")

    def invite(self, email: str, role: str) -> str:
        """Invites a person on the page of members, and returns the link."""
        page = self.open("/app/admin/members")
        page.get_by_role("button", name="Invite people").click()
        page.get_by_label("Email addresses").fill(email)
        page.get_by_label("Role").select_option(role)
        page.get_by_role("button", name="Invite 1 person").click()
        link = page.get_by_role("alertdialog").locator("code").inner_text()
        page.get_by_role("button", name="Close").click()
        return link

    def expect(self, text: str) -> None:
        """Removes the reports that have a text, which the story caused; waits for one where there is none yet."""
        if not any(text in report for report in self._reports):
            # The console may write of an answer after the page has read it.
            self._context.wait_for_event("console", lambda message: text in message.text)
        found = [report for report in self._reports if text in report]
        assert found, f"the console has nothing with {text!r}"
        self._reports = [report for report in self._reports if report not in found]

    def check(self) -> None:
        """Fails when anything was reported so far."""
        reports = [*self._reports, *self.page.evaluate("globalThis.violations")]
        assert not reports, "\n".join(reports)
        hosts = {host for host in self._hosts if not (self._beside and not host.startswith("127.0.0.1:"))}
        assert hosts <= {urlsplit(self.address).netloc, urlsplit(self._beside).netloc}

    def close(self) -> None:
        """Checks the visit and ends it."""
        self.check()
        self._context.close()
