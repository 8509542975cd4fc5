"""The history: found by number, live, shared by its address."""

import itertools
from typing import TYPE_CHECKING

import pytest

from blackbox.harness.definitions import definition, wait
from browser.app.visits import Visit
from browser.executions.ordering import Installation, releasing, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Response

SCROLLED_TO = """(name) => {
  const table = document.querySelector('section[aria-label="Executions, scrolls"]');
  table.scrollTop = table.scrollHeight;
  return [...table.querySelectorAll("a")].some((link) => link.textContent.includes(name));
}"""
"""Scrolls to the end of what is loaded; whether a link is there. It is asked in each frame, as pages load."""


def test_executions_are_found_by_words_whose_filter_is_the_address(
    browser: "Browser", operator: Visit, installation: Installation
) -> None:
    installation.stopped("SUP-1000388")
    installation.stopped("SUP-1000389")
    installation.stopped("INV-5105600415")
    page = operator.open("/app/executions")
    page.get_by_role("link", name="SUP-1000388").wait_for()
    page.get_by_label("Find executions").fill("SUP-*")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="INV-5105600415").wait_for(state="detached")
    page.get_by_role("link", name="SUP-1000388").wait_for()
    page.get_by_label("Find executions").fill("status:")
    page.get_by_role("option", name="status:failed").wait_for()
    operator.look("history-found")
    page.get_by_label("Find executions").fill("")
    page.get_by_role("button", name="Save this view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Suppliers")
    dialog.get_by_label("Share with the organization").check()
    dialog.get_by_role("button", name="Save the view").click()
    page.get_by_role("link", name="Suppliers").wait_for()
    other = sign_in(browser, installation.address)
    theirs = other.open(page.url.removeprefix(installation.address))
    theirs.get_by_role("link", name="SUP-1000389").wait_for()
    assert theirs.get_by_role("link", name="INV-5105600415").count() == 0
    theirs.get_by_role("link", name="Suppliers").wait_for()
    other.close()
    operator.check()


def test_a_row_changes_and_newer_ones_are_counted_without_moving(operator: Visit, installation: Installation) -> None:
    workflow_id, execution_id = installation.stopped("PO-5001", 500, 200)
    page = operator.open("/app/executions?q=%5B%22PO-500*%22%5D")
    row = page.get_by_role("row").filter(has_text="PO-5001")
    row.get_by_text("Failed").wait_for()
    retry = {"workflow_execution_id": execution_id, "action": "retry"}
    assert installation.org.post("repairExecution", retry).status_code == 200
    row.get_by_text("Completed").wait_for()
    newer = page.get_by_role("button", name="1 newer, show")
    numbers = itertools.count(2)

    def another() -> "Locator":
        name = f"PO-500{next(numbers)}"
        installation.org.trigger(workflow_id, {"po": "x"}, process_id=name)
        found = page.get_by_role("link", name=name)
        newer.or_(found).first.wait_for()
        return found

    link = another()
    # What the page reads again once it follows the stream may bring an execution itself: a later one is counted.
    while link.count() > 0:
        link = another()
    newer.click()
    link.wait_for()
    operator.check()


@pytest.mark.usefixtures("operator")
def test_three_tabs_share_one_stream_and_another_reads_it_when_its_tab_closes(
    browser: "Browser", installation: Installation
) -> None:
    workflow_id = installation.org.create(definition(wait(), name="Tabs"))
    for name in ("TAB-1", "TAB-2"):
        installation.org.until(workflow_id, installation.org.trigger(workflow_id, process_id=name), "WAITING")
    visit = sign_in(browser, installation.address)
    streams: list[Page] = []
    tabs = [visit.new_tab() for _ in range(3)]
    # The tab of the sign-in shows no rows, and so follows no stream.
    with visit.page.context.expect_event("response", is_stream):
        for tab in tabs:
            tab.on("response", lambda answer, tab=tab: streams.append(tab) if is_stream(answer) else None)
            tab.goto(f"{installation.address}/app/executions?q=%5B%22TAB-*%22%5D")
            row_of(tab, "TAB-2").get_by_text("Awaiting response").wait_for()
    for name in ("TAB-1", "TAB-2"):
        if name == "TAB-2":
            with visit.page.context.expect_event("response", is_stream):
                streams[0].close()
            tabs.remove(streams[0])
        assert installation.org.resume(name).status_code == 200
        for tab in tabs:
            row_of(tab, name).get_by_text("Completed").wait_for()
    assert streams[1] in tabs
    assert len(set(streams)) == 2
    visit.check()
    for tab in tabs:
        tab.close()
    visit.close()


def row_of(page: "Page", name: str) -> "Locator":
    return page.get_by_role("row").filter(has_text=name)


def is_stream(answer: "Response") -> bool:
    return "/watchHeads" in answer.url


def test_a_thousand_rows_are_scrolled_with_few_in_the_page(operator: Visit, installation: Installation) -> None:
    workflow_id = installation.org.create(releasing(installation.system(200), installation.system(200), "Many"))
    for number in range(250):
        installation.org.trigger(workflow_id, {"po": "small"}, process_id=f"MANY-{number:04}")
    page = operator.open("/app/executions?q=%5B%22MANY-*%22%5D")
    page.get_by_role("link", name="MANY-0249").wait_for()
    page.wait_for_function(SCROLLED_TO, arg="MANY-0000")
    page.get_by_role("link", name="MANY-0000").wait_for()
    page.get_by_text("250 in all").wait_for()
    assert page.locator("tbody tr").count() < 80
    operator.check()
