"""A visitor of the web app in Chromium: what the page reports, and what axe finds in it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT: Final = Path(__file__).parents[3]
AXE: Final = ROOT / "ui/node_modules/axe-core/axe.min.js"
WIDE: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
PICTURES: Final = os.environ.get("LOOPLY_TEST_PICTURES")
"""A folder for the pictures of the stories, such as `docs/images`; without it none is stored."""

_WATCH: Final = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI, sample}) =>
  globalThis.violations.push(`${violatedDirective} ${blockedURI} ${sample}`));
"""
_SIGNED_OUT: Final = "the server responded with a status of 401"
"""Chromium writes every refused call to the console; that of a visitor without a session is none to repair."""
_AXE_RUN: Final = """
async (rules) => (await axe.run({exclude: ["[data-tabster-dummy]"]}, {rules})).violations.map(
  ({id, help, nodes}) => `${id}: ${help}: ${nodes.map(({html}) => html.slice(0, 200)).join(" ")}`)
"""


class Visit:
    """One visitor. `check` fails when the console, the content security policy or a foreign request reported a thing."""

    def __init__(self, browser: "Browser", address: str, *, size: dict[str, int] = WIDE, **context: Any) -> None:
        self.address = address
        self._context = browser.new_context(viewport=size, reduced_motion="reduce", **context)  # type: ignore[arg-type]
        self._context.add_init_script(_WATCH)
        self.page: Page = self._context.new_page()
        self._reports: list[str] = []
        self._hosts: set[str] = set()
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._reports.append(str(error)))
        self.page.on("request", lambda request: self._hosts.add(urlsplit(request.url).netloc))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and _SIGNED_OUT not in text:
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
        self.page.evaluate(AXE.read_text("utf-8"))
        # What a menu shows lies beside the landmarks of the page, as menus do.
        rules = {"region": {"enabled": self.page.get_by_role("menu").count() == 0}}
        assert self.page.evaluate(_AXE_RUN, rules) == [], name
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled")

    def expect(self, text: str) -> None:
        """Removes the one report that has a text, which the story caused."""
        [found] = [report for report in self._reports if text in report]
        self._reports.remove(found)

    def check(self) -> None:
        """Fails when anything was reported so far."""
        assert self._reports == []
        assert self.page.evaluate("globalThis.violations") == []
        assert self._hosts == {urlsplit(self.address).netloc}

    def close(self) -> None:
        """Checks the visit and ends it."""
        self.check()
        self._context.close()
