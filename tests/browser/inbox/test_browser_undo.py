"""A decision by a key can be taken back for 5 seconds: held keys, `z`, the end of the time, a page that is closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from browser.app.visits import PHONE, Visit
from browser.inbox.asking import MANAGER, Installation, approval, inside, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HELD_S: Final = 5


@contextmanager
def asked(
    browser: "Browser", manager: Visit, installation: Installation, name: str
) -> Iterator[tuple[Visit, str, str]]:
    """Yields a browser of the manager that shows the newer of two requests, and the executions of both, newer first.

    The time of its page continues by itself, and further when the story says so.
    """
    workflow_id, older = installation.ask(approval(MANAGER, name=name), po="4500000701")
    newer = installation.again(workflow_id, po="4500000702")
    visit = sign_in(browser, manager.address, locale="en")
    visit.page.clock.install()
    visit.open(f"/app/inbox?show=workflow%3A{workflow_id}")
    shown(visit, "4500000702")
    yield visit, newer, older
    for execution_id in (newer, older):
        if installation.cards_of(execution_id):
            installation.org.terminate(execution_id)


def shown(visit: Visit, po: str) -> None:
    inside(visit).get_by_text(f"Purchase order {po}").wait_for()
    visit.page.get_by_role("button", name="Approve").wait_for()


def decisions(installation: Installation, execution_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = installation.org.get("getDecisions", workflow_execution_id=execution_id).json()[
        "items"
    ]
    return items


def hold_down(page: "Page", key: str, repeats: int) -> None:
    """Presses a key as a keyboard does on which it is held: the browser repeats the press."""
    session = page.context.new_cdp_session(page)
    event = {"key": key, "code": f"Key{key.upper()}", "text": key, "windowsVirtualKeyCode": ord(key.upper())}
    for at in range(repeats + 1):
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", "autoRepeat": at > 0, **event})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})


def test_a_key_that_is_held_approves_one_request_after_its_time(
    browser: "Browser", manager: Visit, installation: Installation
) -> None:
    with asked(browser, manager, installation, "Held") as (visit, newer, older):
        page = visit.page
        hold_down(page, "a", 20)
        page.get_by_role("status").get_by_text("Approved: Purchase order 4500000702.").wait_for()
        shown(visit, "4500000701")
        assert page.get_by_role("link", name="Purchase order 4500000702").count() == 0
        assert decisions(installation, newer) == []
        page.clock.fast_forward(HELD_S * 1000)
        page.get_by_text("Approve: Purchase order 4500000702. Your answer is recorded.").wait_for()
        page.clock.fast_forward(2 * HELD_S * 1000)
        assert [each["action"] for each in decisions(installation, newer)] == ["approved"]
        assert decisions(installation, older) == []
        assert len(installation.cards_of(older)) == 1
        visit.close()


def test_z_takes_a_decision_back_with_what_was_typed(
    browser: "Browser", manager: Visit, installation: Installation
) -> None:
    with asked(browser, manager, installation, "Taken back") as (visit, newer, _):
        page = visit.page
        page.keyboard.press("c")
        inside(visit).locator("textarea:focus").wait_for()
        page.keyboard.type("a slip, with z")
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        shown(visit, "4500000701")
        page.keyboard.press("z")
        shown(visit, "4500000702")
        assert inside(visit).locator("textarea").input_value() == "a slip, with z"
        assert page.get_by_role("link", name="Purchase order 4500000702").count() == 1
        page.clock.fast_forward(2 * HELD_S * 1000)
        assert decisions(installation, newer) == []
        assert len(installation.cards_of(newer)) == 1
        visit.close()


def test_a_page_that_is_closed_sends_what_it_holds(
    browser: "Browser", manager: Visit, installation: Installation
) -> None:
    with asked(browser, manager, installation, "Closed") as (visit, newer, _):
        workflow_id = installation.cards_of(newer)[0]["workflow_id"]
        visit.page.keyboard.press("a")
        shown(visit, "4500000701")
        assert decisions(installation, newer) == []
        visit.new_tab()
        visit.check()
        visit.page.close()
        installation.org.until(workflow_id, newer, "COMPLETED")
        assert [each["action"] for each in decisions(installation, newer)] == ["approved"]


@pytest.mark.parametrize(
    ("theme", "language", "size"),
    [("light", "en", None), ("dark", "en", None), ("light", "de", PHONE)],
    ids=["light", "dark", "phone-de"],
)
def test_what_can_be_taken_back_is_shown(
    browser: "Browser",
    manager: Visit,
    installation: Installation,
    theme: str,
    language: str,
    size: dict[str, int] | None,
) -> None:
    with asked(browser, manager, installation, f"Shown {theme} {language}") as (visit, _, _):
        page = visit.page
        with visit.preferring(theme, language):
            if size is not None:
                page.set_viewport_size({"width": size["width"], "height": size["height"]})
            page.reload()
            page.get_by_role("link", name="Purchase order 4500000702").click()
            inside(visit).get_by_text("Purchase order 4500000702").wait_for()
            page.get_by_role("button", name="Approve").wait_for()
            page.keyboard.press("a")
            said = {"en": "Approved: Purchase order 4500000702.", "de": "Genehmigt: Purchase order 4500000702."}
            page.get_by_role("status").get_by_text(said[language]).wait_for()
            inside(visit).get_by_text("Purchase order 4500000701").wait_for()
            visit.look(f"inbox-undo-{theme}-{language}-{page.viewport_size and page.viewport_size['width']}")
            page.keyboard.press("z")
            inside(visit).get_by_text("Purchase order 4500000702").wait_for()
        visit.close()
