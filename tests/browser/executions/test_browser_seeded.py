"""A history of 100,000 executions, in the proof of a million: searched, scrolled, found again, saved as a view."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from browser.app.visits import Visit
from browser.executions.ordering import OPERATOR

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT: Final = Path(__file__).parents[3]
SEEDED: Final = 100_000
"""Executions with a history; what lists read of them is copied for more."""

SUPPLIERS: Final = 5_000
"""Of so many executions one has a number, or a supplier, with one and the same end of four digits."""

PAGE: Final = 100
SCROLLED: Final = 50
"""Pages that the story scrolls: 5,000 rows."""

PAGE_MS: Final = 2_000
"""A page that takes longer is a defect, on a machine with much else to do too; the goal is 150 (`make bench`)."""

TASK_MS: Final = 2_000
"""No task of the page holds the reader up longer, on such a machine; the goal is 50."""

_OBSERVE: Final = """
() => {
  globalThis.slowest = 0;
  new PerformanceObserver((list) => {
    for (const {duration} of list.getEntries()) globalThis.slowest = Math.max(globalThis.slowest, duration);
  }).observe({type: "longtask"});
}
"""

_NEXT_PAGE: Final = """
async () => {
  const begun = performance.now();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const box = document.querySelector("table").parentElement;
  const loaded = () => Number(document.querySelector("footer [role=status]").textContent.replace(/\\D/g, ""));
  const before = loaded();
  box.scrollTop = box.scrollHeight;
  while (loaded() === before) await frame();
  return [loaded(), performance.now() - begun];
}
"""


_TO_THE_END: Final = """
async (end) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const footer = () => document.querySelector("footer")?.textContent ?? "";
  while (!footer().includes(end)) {
    await frame();
    const box = document.querySelector("table")?.parentElement;
    if (box) box.scrollTop = box.scrollHeight;
    // A search for words looks through 12,000 at a time.
    const more = [...document.querySelectorAll("button:enabled")];
    more.find(({textContent}) => textContent.startsWith("Looked through up to"))?.click();
  }
  document.querySelector("table").parentElement.scrollTop = 0;
  await frame();
}
"""


@pytest.fixture(scope="module", params=[100_000, pytest.param(1_000_000, marks=pytest.mark.proof)])
def stored(request: pytest.FixtureRequest) -> int:
    """How many executions the server has."""
    return int(request.param)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory, stored: int) -> Iterator[tuple[Organization, str, str]]:
    """A server with executions of a month or more; its organization, its address, and the path of the owner's link."""
    folder = tmp_path_factory.mktemp("seeded") / "data"
    made = init(folder)
    numbers = (str(SEEDED), str(stored // SEEDED - 1))
    program = [sys.executable, "-m", "bench.harness.seeding", str(folder), *numbers]
    subprocess.run(program, cwd=ROOT, input=json.dumps(made), text=True, check=True, timeout=600, capture_output=True)
    server = Server(folder, **ONE_ADDRESS).start()
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        ids = (made["organization_id"], made["workspace_id"], made["api_key"])
        yield Organization(client, *ids), server.address, urlsplit(made["owner_link"]).path
    server.close()


@pytest.fixture(scope="module")
def visit(browser: "Browser", seeded: tuple[Organization, str, str]) -> Iterator[Visit]:
    _, address, link = seeded
    found = Visit(browser, address, color_scheme="light", locale="en")
    found.join(link, "The operator", OPERATOR)
    yield found
    found.close()


def test_an_execution_is_found_by_the_end_of_its_number(visit: Visit, stored: int) -> None:
    count = stored // SUPPLIERS
    page = visit.open("/app/executions")
    page.get_by_label("Find executions").fill("*4711")
    page.keyboard.press("Enter")
    page.evaluate(_TO_THE_END, f"{count} in all")
    # Of more rows than a screen has only those near it are in the page.
    page.locator("tbody a").nth(SEEDED // SUPPLIERS - 1).wait_for()
    names = page.locator("tbody a").all_inner_texts()
    assert names == sorted(names, reverse=True)
    assert all(int(name.removeprefix("PO-")) % SUPPLIERS == 4711 for name in names)
    visit.look("history-seeded")
    visit.check()


def test_5000_rows_are_scrolled_with_few_in_the_page_and_their_place_is_found_again(
    visit: Visit, record_property: Callable[[str, object], None]
) -> None:
    page = visit.open("/app/executions")
    newest = page.locator("tbody a").first.inner_text()
    page.evaluate(_OBSERVE)
    loaded, took = PAGE, []
    while loaded < SCROLLED * PAGE:
        loaded, ms = page.evaluate(_NEXT_PAGE)
        took.append(ms)
    slowest = page.evaluate("globalThis.slowest")
    p95 = sorted(took)[len(took) * 95 // 100]
    record_property("seconds of pages and tasks", {"p95": p95 / 1000, "longest task": slowest / 1000})
    assert p95 < PAGE_MS, took
    assert slowest < TASK_MS
    assert page.locator("tbody tr").count() < 80
    page.evaluate("document.querySelector('table').parentElement.scrollTop = 0")
    page.get_by_role("link", name=newest).wait_for()
    assert page.locator("tbody tr").count() < 80
    page.locator("tbody a").nth(3).click()
    page.get_by_role("slider").wait_for()
    page.go_back()
    page.get_by_role("link", name=newest).wait_for()
    visit.check()


def test_a_day_is_jumped_to_and_the_filters_are_saved_as_a_view(
    visit: Visit, seeded: tuple[Organization, str, str]
) -> None:
    org, _, _ = seeded
    page = visit.open("/app/executions")
    page.locator("tbody a").first.wait_for()
    day, end = page.evaluate(
        "() => { const now = new Date(); const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 10);"
        " const text = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0'));"
        " return [text.join('-'), at.setDate(at.getDate() + 1)]; }"
    )
    expected = org.get("getExecutionRows", to=end, limit=1).json()["items"][0]["process_id"]
    page.get_by_label("To", exact=True).fill(day)
    page.get_by_role("link", name=expected).wait_for()
    assert page.locator("tbody a").first.inner_text() == expected
    page.get_by_role("button", name="Save this view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Ten days ago")
    dialog.get_by_role("button", name="Save the view").click()
    page.get_by_role("link", name="Ten days ago").wait_for()
    visit.open("/app/executions")
    page.get_by_role("link", name="Ten days ago").click()
    page.get_by_role("link", name=expected).wait_for()
    assert f"to=%22{day}%22" in page.url or f"to={day}" in page.url
    visit.check()
