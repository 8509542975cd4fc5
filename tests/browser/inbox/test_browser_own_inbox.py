"""The inbox of the web app: decide, pass on, many at once, absence, a race; on desktop and phone, by keys alone."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx2

from blackbox.harness.definitions import card, definition, note
from browser.app.visits import PHONE, Visit
from browser.inbox.asking import CONTROLLER, MANAGER, ORDER, PASSWORD, Installation, approval, inside, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_request_is_decided_beside_its_list(manager: Visit, installation: Installation) -> None:
    # The older of the two is the next one in the list, whatever waits below them.
    _, other = installation.ask(approval(MANAGER, name="Price list"), po="4500000092", amount="2,450.00")
    workflow_id, execution_id = installation.ask(approval(MANAGER, CONTROLLER))
    page = manager.open("/app/")
    manager.heading("Inbox")
    row = page.get_by_role("link", name="Purchase order 4500000101")
    row.click()
    inside(manager).get_by_text("Northwater Pumps GmbH").wait_for()
    assert "17,010.00 EUR" in row.inner_text()
    assert inside(manager).get_by_role("button", name="Approve").count() == 0
    inside(manager).get_by_label("Comment").fill("Needed before the winter")
    manager.look("inbox-light-en-1440")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Approve: Purchase order 4500000101. Your answer is recorded.").wait_for()
    page.get_by_role("heading", name="Purchase order 4500000092").wait_for()
    [decision] = installation.org.get("getDecisions", workflow_execution_id=execution_id).json()["items"]
    assert (decision["user"], decision["action"]) == (MANAGER, "approved")
    assert decision["comment"] == "Needed before the winter"
    assert decision["actor"]["kind"] == "session"
    assert installation.org.item(workflow_id, execution_id)["status"] == "WAITING"
    for each in (execution_id, other):
        installation.org.terminate(each)


def test_a_link_to_a_request_leads_through_sign_in_to_its_card(
    browser: "Browser", manager: Visit, installation: Installation
) -> None:
    workflow_id, execution_id = installation.ask(approval(MANAGER, name="Link"), po="4500000300")
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Purchase order 4500000300").click()
    page.wait_for_url("**/app/inbox?card=*")
    address = page.url.removeprefix(manager.address)
    visit = Visit(browser, manager.address, size=PHONE, locale="en", has_touch=True)
    theirs = visit.open(address)
    theirs.get_by_label("Email").fill(MANAGER)
    theirs.locator("input[type=password]").fill(PASSWORD)
    theirs.keyboard.press("Enter")
    inside(visit).get_by_text("Northwater Pumps GmbH").wait_for()
    assert theirs.url.removeprefix(manager.address) == address
    theirs.get_by_role("button", name="Approve").tap()
    theirs.get_by_text("Your answer is recorded").wait_for()
    installation.org.until(workflow_id, execution_id, "COMPLETED")
    visit.open("/app/inbox?card=00000000-0000-7000-8000-000000000000")
    theirs.get_by_text("This request does not exist, or it was not sent to you").wait_for()
    visit.expect("a status of 404")
    visit.close()


def test_a_phone_approves_in_two_taps(browser: "Browser", manager: Visit, installation: Installation) -> None:
    workflow_id, execution_id = installation.ask(approval(MANAGER, name="Two taps"), po="4500000301")
    visit = sign_in(browser, manager.address, size=PHONE, locale="en", has_touch=True)
    page = visit.open("/app/")
    page.get_by_role("link", name="Purchase order 4500000301").tap()
    inside(visit).get_by_text("Northwater Pumps GmbH").wait_for()
    assert page.get_by_role("navigation", name="Main").count() == 0
    page.get_by_role("button", name="Approve").tap()
    page.get_by_text("Approve: Purchase order 4500000301. Your answer is recorded.").wait_for()
    installation.org.until(workflow_id, execution_id, "COMPLETED")
    visit.close()


def test_requests_are_decided_by_keys_alone(manager: Visit, installation: Installation) -> None:
    flow = approval(MANAGER, name="Keys")
    workflow_id, first = installation.ask(flow, po="4500000401")
    second = installation.again(workflow_id, po="4500000402")
    page = manager.open(f"/app/inbox?show=workflow%3A{workflow_id}")
    inside(manager).get_by_text("Purchase order 4500000402").wait_for()
    page.keyboard.press("j")
    inside(manager).get_by_text("Purchase order 4500000401").wait_for()
    page.get_by_role("button", name="Approve").wait_for()
    page.keyboard.press("c")
    inside(manager).locator("textarea:focus").wait_for()
    page.keyboard.type("as agreed")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.get_by_text("Approved: Purchase order 4500000401.").wait_for()
    inside(manager).get_by_text("Purchase order 4500000402").wait_for()
    page.get_by_role("button", name="Reject").wait_for()
    page.keyboard.press("x")
    page.get_by_role("checkbox", name="Select Purchase order 4500000402", checked=True).wait_for()
    page.keyboard.press("r")
    page.get_by_role("dialog", name="Reject?").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    # The second decision sends the first, and leaving the inbox the second.
    installation.org.until(workflow_id, first, "COMPLETED")
    page.get_by_text("No request fits this filter").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("w")
    manager.heading("Workflows")
    installation.org.until(workflow_id, second, "COMPLETED")
    [decision] = installation.org.get("getDecisions", workflow_execution_id=first).json()["items"]
    assert decision["comment"] == "as agreed"


def test_a_request_is_passed_on(manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(approval(MANAGER, name="Passed on"), po="4500000501")
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Purchase order 4500000501").click()
    page.get_by_role("button", name="Pass on").click()
    dialog = page.get_by_role("dialog", name="Pass the request on")
    dialog.get_by_label("Person").fill("buyer@example.com")
    dialog.get_by_text("This person asks for the approval").wait_for()
    dialog.get_by_label("Person").fill(CONTROLLER)
    dialog.get_by_label("Reason").fill("It is your cost center")
    manager.look("inbox-pass-on-light-en-1440")
    dialog.get_by_role("button", name="Pass on").click()
    page.get_by_text(f"The request was passed on to {CONTROLLER}").wait_for()
    recipients = [each["recipient"] for each in installation.cards_of(execution_id)]
    assert recipients == [CONTROLLER]
    installation.org.terminate(execution_id)


def test_what_was_decided_and_requested_is_listed(manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(approval(CONTROLLER, name="Own request"), po="4500000601", buyer=MANAGER)
    workflow_id, decided = installation.ask(approval(MANAGER, name="Decided"), po="4500000602")
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Purchase order 4500000602").click()
    inside(manager).get_by_text("Northwater Pumps GmbH").wait_for()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Approve: Purchase order 4500000602. Your answer is recorded.").wait_for()
    installation.org.until(workflow_id, decided, "COMPLETED")
    page.get_by_role("link", name="Requested").click()
    row = page.get_by_role("row", name="Purchase order 4500000601")
    row.get_by_text("Awaiting response").wait_for()
    row.get_by_text("controller@").wait_for()
    row.get_by_role("button", name="Why?").click()
    row.get_by_text("waits for controller@example.com").wait_for()
    manager.look("inbox-requested-why")
    page.get_by_role("link", name="Decided").click()
    page.get_by_role("row", name="Purchase order 4500000602").get_by_text("Approved").wait_for()
    installation.org.terminate(execution_id)


def test_rows_stay_where_they_are_while_others_arrive(manager: Visit, installation: Installation) -> None:
    workflow_id, first = installation.ask(approval(MANAGER, name="Arriving"), po="4500000701")
    page = manager.open(f"/app/inbox?show=workflow%3A{workflow_id}")
    row = page.get_by_role("link", name="Purchase order 4500000701")
    before = row.bounding_box()
    second = installation.again(workflow_id, po="4500000702")
    page.get_by_role("button", name="1 newer, show").wait_for(timeout=60_000)
    assert row.bounding_box() == before
    page.get_by_role("button", name="1 newer, show").click()
    page.get_by_role("link", name="Purchase order 4500000702").wait_for()
    for execution_id in (first, second):
        installation.org.terminate(execution_id)


def test_many_alike_are_decided_together_on_a_phone(
    browser: "Browser", manager: Visit, installation: Installation
) -> None:
    count = 15
    flow = approval(MANAGER, name="Leave", comment_required="reject")
    workflow_id, first = installation.ask(flow, po="1", amount="1.00")
    executions = [first, *(installation.again(workflow_id, po=str(n), amount=f"{n}.00") for n in range(2, count + 1))]
    visit = sign_in(browser, manager.address, size=PHONE, locale="en", has_touch=True)
    page = visit.open("/app/inbox")
    page.get_by_text(f"{count} requests can be decided together").wait_for()
    visit.look("inbox-list-light-en-390")
    page.get_by_role("link", name="Purchase order 15").tap()
    inside(visit).get_by_text("Northwater Pumps GmbH").wait_for()
    box = page.get_by_role("button", name="Approve").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    visit.look("inbox-card-light-en-390")
    page.get_by_role("button", name="Reject").tap()
    confirm = page.get_by_role("dialog", name="Reject?")
    confirm.get_by_text("This answer needs a comment").wait_for()
    assert confirm.get_by_role("button", name="Reject").is_disabled()
    visit.look("inbox-reject-light-en-390")
    confirm.get_by_role("button", name="Cancel").tap()
    page.get_by_role("link", name="Back to the list").tap()
    page.get_by_role("button", name=f"Review {count}").tap()
    page.get_by_role("button", name=f"Approve {count}").wait_for()
    visit.look("inbox-bulk-light-en-390")
    page.get_by_role("button", name=f"Approve {count}").tap()
    page.get_by_text(f"{count} of {count} answers are recorded").wait_for()
    page.get_by_role("button", name="Close").tap()
    for execution_id in executions:
        installation.org.until(workflow_id, execution_id, "COMPLETED")
    visit.close()


def test_who_comes_second_reads_who_decided(browser: "Browser", manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(definition(card(card=ORDER, recipients=[MANAGER]), note()), po="77")
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Purchase order 77").click()
    inside(manager).get_by_text("Northwater Pumps GmbH").wait_for()
    second = sign_in(browser, manager.address, locale="en")
    theirs = second.open("/app/inbox")
    theirs.get_by_role("link", name="Purchase order 77").click()
    inside(second).get_by_text("Northwater Pumps GmbH").wait_for()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Your answer is recorded").wait_for()
    theirs.get_by_role("button", name="Reject").click()
    theirs.get_by_role("dialog").get_by_role("button", name="Reject").click()
    theirs.get_by_text("You answered this already").wait_for()
    second.look("inbox-race-light-en-1440")
    assert theirs.get_by_role("button", name="Approve").count() == 0
    assert execution_id
    second.close()


def test_who_loses_a_race_reads_who_decided(manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(approval(MANAGER, CONTROLLER, name="Race", quorum="any"), po="4500000901")
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Purchase order 4500000901").click()
    inside(manager).get_by_text("Northwater Pumps GmbH").wait_for()
    page.get_by_role("button", name="Reject").click()
    [theirs] = [each for each in installation.cards_of(execution_id) if each["recipient"] == CONTROLLER]
    address = f"{installation.address}/v2/inbox/{theirs['token']}"
    assert httpx2.post(address, json={"data": {"action": "approve"}}, timeout=120).json()["message"] == "recorded"
    page.get_by_role("dialog", name="Reject?").get_by_role("button", name="Reject").click()
    page.get_by_text(re.compile(f"{CONTROLLER} approved this at .*; your click changed nothing")).wait_for()
    page.get_by_role("button", name="Approve").wait_for(state="detached")
    manager.look("inbox-lost-race-light-en-1440")
    [decision] = installation.org.get("getDecisions", workflow_execution_id=execution_id).json()["items"]
    assert (decision["user"], decision["action"]) == (CONTROLLER, "approved")


def test_two_tabs_decide_the_same_request_once(manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(approval(MANAGER, CONTROLLER, name="Tabs"), po="4500000801")
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Purchase order 4500000801").click()
    page.wait_for_url("**/app/inbox?card=*")
    other = page.context.new_page()
    other.goto(page.url)
    other.frame_locator("iframe").get_by_text("Northwater Pumps GmbH").wait_for()
    inside(manager).get_by_text("Northwater Pumps GmbH").wait_for()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Your answer is recorded").wait_for()
    # The other tab shows it at its next look at the latest; a click before that changes nothing.
    approve = other.get_by_role("button", name="Approve")
    # All in one: the button may go at any moment, and a click that waits for it would wait in vain.
    approve.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")
    other.get_by_text(re.compile("You answered this already|Answered by manager@example.com")).wait_for()
    approve.wait_for(state="detached")
    decisions = installation.org.get("getDecisions", workflow_execution_id=execution_id).json()["items"]
    assert len(decisions) == 1
    other.close()
    installation.org.terminate(execution_id)


def test_an_absence_names_a_substitute(manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(approval(MANAGER, name="Absent"), po="4500001001")
    today = datetime.now(tz=UTC).date()
    last = today + timedelta(days=30)
    page = manager.open("/app/inbox/absence")
    page.get_by_label("First day").fill((today - timedelta(days=1)).isoformat())
    page.get_by_label("Last day").fill(last.isoformat())
    page.get_by_label("Substitute").fill(CONTROLLER)
    page.get_by_label("Only those of these workflows").check()
    page.get_by_role("checkbox", name="Absent").check()
    manager.look("inbox-absence-light-en-1440")
    page.get_by_role("button", name="Save the absence").click()
    page.get_by_text(f"{CONTROLLER} decides for you until {last.day} {last:%b %Y}").wait_for()
    page.get_by_role("checkbox", name="Absent", checked=True).wait_for()
    manager.open("/app/inbox")
    page.get_by_text(f"{CONTROLLER} decides for you").wait_for()
    manager.open("/app/inbox/absence")
    page.get_by_role("button", name="Remove the absence").click()
    page.get_by_text(f"{CONTROLLER} decides for you").wait_for(state="detached")
    installation.org.terminate(execution_id)
