"""The screens of the inbox in each theme, language and size: axe finds nothing, no screen is wider than it may be."""

from typing import TYPE_CHECKING

import pytest

from browser.app.visits import PHONE, WIDE, Visit
from browser.inbox.asking import CONTROLLER, MANAGER, Installation, approval, inside, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOOKS = [("dark", "en", WIDE), ("contrast", "en", WIDE), ("light", "de", WIDE), ("dark", "de", PHONE)]


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_inbox_is_accessible_in_every_look(
    browser: "Browser", manager: Visit, installation: Installation, theme: str, language: str, size: dict[str, int]
) -> None:
    _, execution_id = installation.ask(approval(MANAGER, CONTROLLER), po="4500000116", amount="12,400.00")
    scheme = "light" if theme == "light" else "dark"
    visit = sign_in(browser, manager.address, size=size, color_scheme=scheme, locale=language)
    page = visit.page
    with visit.preferring(theme, language):
        for path in ("inbox", "inbox/decided", "inbox/requested", "inbox/absence"):
            visit.open(f"/app/{path}")
            page.get_by_role("heading", level=1).wait_for()
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                f"{path} is wider than the screen"
            )
            visit.look(f"{path.replace('/', '-')}-{theme}-{language}-{size['width']}")
        if size == PHONE:
            visit.open("/app/inbox")
            page.locator("[data-card]").first.click()
            inside(visit).locator(".ac-adaptiveCard").wait_for()
            visit.look(f"inbox-card-{theme}-{language}-{size['width']}")
    visit.close()
    installation.org.terminate(execution_id)
