"""The API page in Chromium against a real server: a call is tried with a key that stays in the page's memory."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx2
import pytest

from blackbox.harness.client import Organization

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LIST = "/v2/workflows/getOrganizationWorkflows"


@pytest.fixture
def complaints() -> list[str]:
    """What the console said: a violation of the page's content security policy is there."""
    return []


@pytest.fixture
def page(browser: "Browser", client: httpx2.Client, complaints: list[str]) -> Iterator["Page"]:
    context = browser.new_context(base_url=str(client.base_url))
    found = context.new_page()
    found.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.goto("/docs")
    yield found
    context.close()


def tried(page: "Page", path: str) -> str:
    """Opens a call, sends it as it is shown, and returns the answer that the page shows."""
    view = page.locator("main > section > details", has=page.locator("summary .path", has_text=path)).first
    view.locator("> summary").click()
    view.get_by_role("button", name="Send").click()
    answer = view.locator("pre[role=status]")
    answer.wait_for()
    return answer.inner_text()


def test_a_call_is_tried_with_the_key_that_was_typed(page: "Page", org: Organization, complaints: list[str]) -> None:
    page.get_by_label("API key").fill(org.key)
    assert tried(page, LIST).startswith("200\n")
    assert complaints == []


def test_the_key_is_stored_nowhere_and_a_reload_forgets_it(page: "Page", org: Organization) -> None:
    page.get_by_label("API key").fill(org.key)
    assert tried(page, LIST).startswith("200\n")
    assert org.key not in page.content()
    assert org.key not in page.url
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.reload()
    assert page.get_by_label("API key").input_value() == ""
    assert tried(page, LIST).startswith("403\n")
