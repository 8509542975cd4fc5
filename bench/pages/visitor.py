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
    from playwright.sync_api import Browser, Page

CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE: Final = {"width": 1440, "height": 900}

_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--enable-precise-memory-info",
)
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

    def __init__(self, browser: "Browser", server: Server, token: str) -> None:
        self._browser = browser
        self.address = f"http://127.0.0.1:{server.port}"
        page = self._page({})
        page.goto(f"{self.address}/app/invitation/{token}")
        page.get_by_label("Your name").fill("The owner")
        page.get_by_label("New password").fill(_PASSWORD)
        page.get_by_role("button", name="Accept the invitation").click()
        page.get_by_role("navigation", name="Main").wait_for()
        self._state: Any = page.context.storage_state()
        page.context.close()

    @contextmanager
    def page(self, *, is_replayed: bool = False) -> Iterator["Page"]:
        """Yields a page of a browser of its own; with `is_replayed` its stream is given to it by the measurement."""
        found = self._page({"storage_state": self._state})
        if is_replayed:
            found.add_init_script(_SILENT_STREAM)
        yield found
        found.context.close()

    def _page(self, more: dict[str, Any]) -> "Page":
        context = self._browser.new_context(viewport=WIDE, locale="en", **more)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(120_000)
        return page


@contextmanager
def visiting(server: Server, token: str) -> Iterator[Visitor]:
    """Yields the owner in Chromium, which has all cores: a browser is several processes, and the server has its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        yield Visitor(browser, server, token)
        browser.close()
