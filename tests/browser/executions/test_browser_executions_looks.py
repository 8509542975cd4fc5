"""The operators' pages in each theme, language and size: axe finds nothing, no screen is wider than it may be."""

from typing import TYPE_CHECKING

import pytest

from browser.app.visits import PHONE, WIDE, Visit
from browser.executions.ordering import Installation, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOOKS = [
    ("light", "en", WIDE),
    ("dark", "en", WIDE),
    ("contrast", "en", WIDE),
    ("light", "de", WIDE),
    ("dark", "de", PHONE),
]


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_pages_are_accessible_in_every_look(
    browser: "Browser", operator: Visit, installation: Installation, theme: str, language: str, size: dict[str, int]
) -> None:
    _, execution_id = installation.stopped(f"PO-{theme}-{language}")
    scheme = "light" if theme == "light" else "dark"
    visit = sign_in(browser, operator.address, size=size, color_scheme=scheme, locale=language)
    page = visit.page
    page.evaluate(
        "(chosen) => localStorage.setItem('looply.preferences', JSON.stringify(chosen))",
        {"theme": theme, "language": language},
    )
    for name, path in {"history": "executions", "execution": f"executions/{execution_id}"}.items():
        visit.open(f"/app/{path}")
        page.get_by_role("heading", level=1).wait_for()
        page.get_by_text(f"PO-{theme}-{language}").first.wait_for()
        if name == "execution":
            page.get_by_role("slider").wait_for()
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
        visit.look(f"{name}-{theme}-{language}-{size['width']}")
    visit.close()
