"""From "this order does not move" to the cause and to a repaired execution, in a browser only."""

from typing import TYPE_CHECKING

from browser.app.visits import Visit
from browser.executions.ordering import Installation

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_an_order_that_is_stopped_is_found_by_its_number_explained_and_repaired(
    operator: Visit, installation: Installation
) -> None:
    workflow_id, execution_id = installation.stopped("PO-4711", 500, 200)
    page = operator.open("/app/executions")
    # Keys have no effect before the page is there.
    operator.heading("Executions")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or run a command").fill("PO-4711")
    page.get_by_role("option", name="Open the execution “PO-4711”").wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    operator.heading("PO-4711")
    why = page.get_by_role("region", name="Why it does not move")
    why.get_by_text("Stopped.").wait_for()
    why.get_by_text("Release the order").wait_for()
    page.locator("[data-step=release][data-tone=failed]").wait_for()
    operator.picture("execution")
    repair = page.get_by_role("region", name="What now?")
    button = repair.get_by_role("button", name="Try again, 1 call repeats under the same key")
    button.wait_for()
    repair.get_by_label("Reason").fill("the system is back")
    button.click()
    page.get_by_text("Completed", exact=True).first.wait_for()
    page.locator("[data-step=release][data-tone=done]").wait_for()
    operator.look("execution-completed")
    page.get_by_role("button", name="Log", exact=False).first.click()
    repaired = page.get_by_role("region", name="Log").get_by_role("button").filter(has_text="the system is back")
    repaired.filter(has_text="The operator").first.wait_for()
    keys = {line["headers"]["idempotency-key"] for line in calls_of_release(installation, workflow_id, execution_id)}
    assert len(keys) == 1
    operator.check()


def calls_of_release(
    installation: Installation, workflow_id: str, execution_id: str
) -> list[dict[str, dict[str, str]]]:
    """Returns the two calls of the release of an execution."""
    assert installation.org.item(workflow_id, execution_id)["status"] == "COMPLETED"
    found = [line for line in installation.sink.lines("/system") if line["method"] == "POST"]
    return found[-2:]


def test_the_slider_shows_graph_log_and_data_as_they_were(operator: Visit, installation: Installation) -> None:
    _, execution_id = installation.stopped("PO-4712")
    page = operator.open(f"/app/executions/{execution_id}")
    page.locator("[data-step=release][data-tone=failed]").wait_for()
    page.get_by_role("slider", name="Moment of the history").fill("3")
    page.locator("[data-step=release][data-tone=idle]").wait_for()
    # The address follows when the slider rests.
    page.wait_for_url(lambda url: "seq=" in url)
    page.get_by_role("button", name="Data", exact=True).click()
    page.get_by_text("As it was after event").wait_for()
    page.get_by_text("<img src=x>").wait_for()
    operator.look("execution-before")
    page.reload()
    page.locator("[data-step=release][data-tone=idle]").wait_for()
    page.get_by_role("button", name="Now").click()
    page.locator("[data-step=release][data-tone=failed]").wait_for()
    operator.check()


def test_an_order_whose_system_is_in_maintenance_says_so_and_continues_after_it(
    operator: Visit, installation: Installation
) -> None:
    with installation.maintained("PO-4713") as (_, execution_id):
        page = operator.open(f"/app/executions/{execution_id}")
        why = page.get_by_role("region", name="Why it does not move")
        why.get_by_text("Waits for a system.").wait_for()
        why.get_by_text("system update").first.wait_for()
        page.locator("[data-step=release][data-tone=retry]").wait_for()
        operator.look("execution-maintained")
    # No operator repairs anything, and the page follows.
    page.locator("[data-step=release][data-tone=done]").wait_for()
    page.get_by_text("Completed", exact=True).first.wait_for()
    operator.check()


def test_a_viewer_reads_why_and_neither_data_nor_buttons(
    browser: "Browser", operator: Visit, installation: Installation
) -> None:
    _, execution_id = installation.stopped("PO-4714")
    viewer = Visit(browser, installation.address)
    viewer.join(operator.invite("viewer@example.com", "viewer"), "The viewer")
    page = viewer.open(f"/app/executions/{execution_id}")
    page.get_by_role("region", name="Why it does not move").get_by_text("Stopped.").wait_for()
    page.get_by_text("You need the right “read.payloads”").wait_for()
    assert page.get_by_role("button", name="Repair").is_disabled()
    viewer.look("execution-viewer")
    viewer.close()
