"""A person in Chromium: signed in as the owner of the organization of a folder that is measured."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import sync_playwright

from bench.harness.filling import Folder
from bench.harness.in_process import in_process
from bench.harness.servers import Server
from looply.catalog.people.invitations import InvitationDraft

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType, Page

CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE: Final = {"width": 1440, "height": 900}

_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--enable-precise-memory-info",
)
_WITHOUT_SCREEN: Final = ("--disable-frame-rate-limit", "--disable-gpu-vsync")
"""A frame is drawn as soon as there is one, where a screen takes one each 16.7 ms."""
_PASSWORD: Final = "a long sentence of the measurement"
_SILENT_STREAM: Final = """
globalThis.EventSource = class {
  constructor() {
    this.readyState = 1;
    globalThis.replayed = this;
    setTimeout(() => this.onopen?.());
  }
  addEventListener() {}
  close() {}
};
"""
"""A stream whose events the measurement itself gives to the page."""


def has_chromium() -> bool:
    """Returns whether there is a browser."""
    return shutil.which(CHROMIUM) is not None


async def invite_owner(folder: Folder) -> str:
    """Returns the token of an invitation for the first owner of the folder's organization."""
    async with in_process(folder.data) as held:
        people = held.services.catalog.people
        drafts = [InvitationDraft("owner@example.com", "owner")]
        (made,) = await people.invitations.create(held.organization_id, drafts, actor=None, may_make_owners=True)
        return str(made.token)


class Visitor:
    """The owner in a browser."""

    def __init__(self, chromium: "BrowserType", browser: "Browser", address: str, state: Any = None) -> None:
        """`state`: the cookies with which the owner has signed in."""
        self.address = address
        self._chromium = chromium
        self._browser = browser
        self._state = state

    def join(self, token: str) -> None:
        """Accepts an invitation, so that all pages from then on are those of the owner."""
        page = self._page()
        page.goto(f"{self.address}/app/invitation/{token}")
        page.get_by_label("Your name").fill("The owner")
        page.get_by_label("New password").fill(_PASSWORD)
        page.get_by_role("button", name="Accept the invitation").click()
        page.get_by_role("navigation", name="Main").wait_for()
        self._state = page.context.storage_state()
        page.context.close()

    @contextmanager
    def without_screen(self) -> Iterator["Visitor"]:
        """Yields the owner in another browser, in which no frame waits for a screen to take it."""
        with _launched(self._chromium, *_WITHOUT_SCREEN) as browser:
            yield Visitor(self._chromium, browser, self.address, self._state)

    @contextmanager
    def page(self, *, is_replayed: bool = False) -> Iterator["Page"]:
        """Yields a page of a browser of its own; with `is_replayed` its stream is given to it by the measurement."""
        found = self._page()
        if is_replayed:
            found.add_init_script(_SILENT_STREAM)
        yield found
        found.context.close()

    def _page(self) -> "Page":
        context = self._browser.new_context(viewport=WIDE, locale="en", storage_state=self._state)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(120_000)
        return page


@contextmanager
def visiting(server: Server, token: str) -> Iterator[Visitor]:
    """Yields the owner in Chromium, which has all cores: a browser is several processes, and the server has its own."""
    with sync_playwright() as playwright, _launched(playwright.chromium) as browser:
        visitor = Visitor(playwright.chromium, browser, f"http://127.0.0.1:{server.port}")
        visitor.join(token)
        yield visitor


@contextmanager
def _launched(chromium: "BrowserType", *arguments: str) -> Iterator["Browser"]:
    browser = chromium.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS, *arguments])
    yield browser
    browser.close()
