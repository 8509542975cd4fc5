"""The operators' pages in each theme, language and size: axe finds nothing, no screen is wider than it may be."""

from typing import TYPE_CHECKING

import pytest

from browser.app.visits import NARROW, PHONE, WIDE, Visit
from browser.executions.ordering import Installation, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOOKS = [
    ("light", "en", WIDE),
    ("dark", "en", WIDE),
    ("contrast", "en", WIDE),
    ("light", "de", WIDE),
    ("light", "de", NARROW),
    ("dark", "de", PHONE),
]
"""Of the history, and of an execution that is stopped, on which most can be done."""

ARE_APART = """
() => {
  const counts = document.querySelector("fieldset:has(> button[aria-pressed]) + div");
  const [views, beside] = [counts.previousElementSibling, counts].map((each) => each.getBoundingClientRect());
  return beside.top >= views.bottom || beside.left >= views.right;
}
"""
"""Whether the counts of the graph lie beside the switch of its views, or below it."""

LOOKS_OF_STATES = [("light", "en", WIDE), ("dark", "de", WIDE), ("light", "de", PHONE)]
"""Of an execution that waits, that waits for a system, and that runs."""


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_pages_are_accessible_in_every_look(
    browser: "Browser", operator: Visit, installation: Installation, theme: str, language: str, size: dict[str, int]
) -> None:
    name = f"PO-{theme}-{language}-{size['width']}"
    _, execution_id = installation.stopped(name)
    visit = sign_in(browser, operator.address, size=size, color_scheme=scheme_of(theme), locale=language)
    with visit.preferring(theme, language):
        page = visit.open("/app/executions")
        page.get_by_role("link", name=name).wait_for()
        see(visit, f"history-{theme}-{language}-{size['width']}")
        visit.open(f"/app/executions/{execution_id}")
        visit.heading(name)
        page.get_by_role("slider").wait_for()
        assert size == PHONE or page.evaluate(ARE_APART)
        see(visit, f"execution-{theme}-{language}-{size['width']}")
    visit.close()


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS_OF_STATES)
def test_an_execution_in_each_state_is_accessible(
    browser: "Browser", operator: Visit, installation: Installation, theme: str, language: str, size: dict[str, int]
) -> None:
    look = f"{theme}-{language}-{size['width']}"
    visit = sign_in(browser, operator.address, size=size, color_scheme=scheme_of(theme), locale=language)
    with (
        visit.preferring(theme, language),
        installation.running(f"RUN-{look}") as running,
        installation.maintained(f"SYS-{look}") as maintained,
    ):
        found = {"waiting": installation.waiting(f"ASK-{look}"), "maintained": maintained, "running": running}
        for state, (_, execution_id) in found.items():
            page = visit.open(f"/app/executions/{execution_id}")
            page.get_by_role("slider").wait_for()
            see(visit, f"execution-{state}-{look}")
    visit.close()


def scheme_of(theme: str) -> str:
    return "light" if theme == "light" else "dark"


def see(visit: Visit, name: str) -> None:
    """Looks at the page, which is no wider than the screen."""
    visit.page.wait_for_load_state("load")
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
    visit.look(name)
