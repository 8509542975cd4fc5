"""The inbox of the web app: decide, pass on, many at once, absence, a race, a hostile card, on desktop and phone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import START, Definition, card, definition, note
from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from browser.app.visits import PHONE, WIDE, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator

MANAGER = "manager@example.com"
CONTROLLER = "controller@example.com"
BUYER = "buyer@example.com"
PASSWORD = "a long sentence of the story"

ORDER: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {
            "type": "Container",
            "style": "emphasis",
            "bleed": True,
            "items": [
                {"type": "TextBlock", "text": "Purchase order ${payload.output.po}", "style": "heading", "wrap": True},
                {"type": "TextBlock", "text": "Northwater Pumps GmbH", "isSubtle": True, "wrap": True},
            ],
        },
        {
            "type": "FactSet",
            "facts": [
                {"title": "Purchasing group", "value": "002"},
                {"title": "Amount", "value": "${payload.output.amount} EUR"},
            ],
        },
        {"type": "Input.Text", "id": "comment", "label": "Comment", "isMultiline": True},
    ],
    "actions": [
        {"type": "Action.Submit", "title": "Approve", "style": "positive", "data": {"action": "approve"}},
        {"type": "Action.Submit", "title": "Reject", "style": "destructive", "data": {"action": "reject"}},
    ],
}


class Installation(NamedTuple):
    """A server, an organization behind a key, and the path of the link that makes its first owner."""

    address: str
    org: Organization
    owner_link: str

    def ask(self, flow: Definition, **body: Any) -> tuple[str, str]:
        """Starts an execution that waits for an answer, and returns the ids of workflow and execution."""
        workflow_id = self.org.create(flow)
        return workflow_id, self.again(workflow_id, **body)

    def again(self, workflow_id: str, **body: Any) -> str:
        """Starts another execution of a workflow."""
        execution_id = self.org.trigger(workflow_id, {"po": "4500000101", "amount": "17,010.00", "buyer": BUYER, **body})
        self.org.until(workflow_id, execution_id, "WAITING")
        return execution_id


def approval(*people: str, name: str = "Purchase orders", **settings: Any) -> Definition:
    step = {
        "id": "approval_1",
        "type": "approval",
        "settings": {"recipients": list(people), "requester": "${payload.output.buyer}", "card": ORDER, **settings},
    }
    edges = [{"from": "WorkflowStartState", "to": "approval_1"}]
    return {"workflow_name": name, "workflow_steps": [START, step], "workflow_connections": edges}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("inbox") / "data"
    made = init(folder)
    server = Server(folder, **ONE_ADDRESS).start()
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        ids = (made["organization_id"], made["workspace_id"], made["api_key"])
        yield Installation(server.address, Organization(client, *ids), urlsplit(made["owner_link"]).path)
    server.close()


@pytest.fixture(scope="module")
def manager(browser: "Browser", installation: Installation) -> Iterator[Visit]:
    """The manager, signed in on a desktop."""
    visit = Visit(browser, installation.address, color_scheme="light", locale="en")
    page = visit.open(installation.owner_link)
    page.get_by_label("Email").fill(MANAGER)
    page.get_by_label("Your name").fill("The manager")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_role("navigation", name="Main").wait_for()
    yield visit
    visit.close()


def sign_in(browser: "Browser", address: str, **context: Any) -> Visit:
    """Returns another browser of the manager."""
    visit = Visit(browser, address, **context)
    page = visit.open("/app/sign-in")
    page.locator("input[type=email]").fill(MANAGER)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("navigation").first.wait_for()
    return visit


def inside(visit: Visit) -> "FrameLocator":
    """Returns the inside of the frame in which the card is drawn."""
    return visit.page.frame_locator("iframe")


def test_a_request_is_decided_beside_its_list(manager: Visit, installation: Installation) -> None:
    workflow_id, execution_id = installation.ask(approval(MANAGER, CONTROLLER))
    installation.ask(approval(MANAGER, name="Price list"), po="4500000092", amount="2,450.00")
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


HOSTILE = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "backgroundImage": "https://elsewhere.invalid/background.png",
    "body": [
        {"type": "TextBlock", "text": "<script>parent.hacked = 1</script><img src=x onerror='parent.hacked = 1'>"},
        {"type": "TextBlock", "text": "[press](javascript:parent.hacked=1) [site](https://elsewhere.invalid/page)"},
        {"type": "TextBlock", "text": "<iframe src='/app/me'></iframe>"},
        {"type": "Image", "url": "https://elsewhere.invalid/seen.png", "altText": "A counter"},
        {"type": "Image", "url": "/v2/session/get"},
    ],
    "actions": [
        {"type": "Action.OpenUrl", "title": "Script", "url": "javascript:parent.hacked=1"},
        {"type": "Action.Submit", "title": "Send", "data": {"action": "send"}},
    ],
}


def test_a_hostile_card_runs_nothing_and_requests_nothing(manager: Visit, installation: Installation) -> None:
    _, execution_id = installation.ask(definition(card(card=HOSTILE, recipients=[MANAGER]), note()))
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="script").click()
    inside(manager).get_by_text("Image (not loaded): A counter").wait_for()
    frame = page.frames[1]
    assert frame.evaluate("self.origin") == "null"
    assert frame.locator("script:not([src]), iframe, object, img, [onerror]").count() == 0
    cookie = "(() => { try { return document.cookie } catch (error) { return error.name } })()"
    assert frame.evaluate(cookie) == "SecurityError"
    reach = "(() => { try { return parent.document.title } catch (error) { return error.name } })()"
    assert frame.evaluate(reach) == "SecurityError"
    inside(manager).get_by_role("button", name="Script").click()
    inside(manager).get_by_role("link", name="site").click()
    dialog = page.get_by_role("dialog", name="Open elsewhere.invalid?")
    dialog.wait_for()
    dialog.get_by_role("button", name="Cancel").click()
    assert page.evaluate("globalThis.hacked") is None
    manager.check()
    installation.org.terminate(execution_id)


def test_a_card_that_is_too_large_is_refused_in_words(manager: Visit, installation: Installation) -> None:
    large = {**ORDER, "body": [{"type": "TextBlock", "text": "Large"}, {"type": "TextBlock", "text": "x" * 1_100_000}]}
    _, execution_id = installation.ask(definition(card(card=large, recipients=[MANAGER]), note()))
    page = manager.open("/app/inbox")
    page.get_by_role("link", name="Large").click()
    page.get_by_text("This card is too large to be shown").wait_for()
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
    theirs.get_by_text("your click changed nothing").wait_for()
    second.look("inbox-race-light-en-1440")
    assert theirs.get_by_role("button", name="Approve").count() == 0
    assert execution_id
    second.close()


def test_an_absence_names_a_substitute(manager: Visit) -> None:
    page = manager.open("/app/inbox/absence")
    page.get_by_label("First day").fill("2026-01-05")
    page.get_by_label("Last day").fill("2099-01-01")
    page.get_by_label("Substitute").fill(CONTROLLER)
    manager.look("inbox-absence-light-en-1440")
    page.get_by_role("button", name="Save the absence").click()
    page.get_by_text(f"{CONTROLLER} decides for you until 1 Jan 2099").wait_for()
    page.get_by_role("button", name="Remove the absence").click()
    page.get_by_text(f"{CONTROLLER} decides for you").wait_for(state="detached")


LOOKS = [("dark", "en", WIDE), ("contrast", "en", WIDE), ("light", "de", WIDE), ("dark", "de", PHONE)]


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_inbox_is_accessible_in_every_look(
    browser: "Browser", manager: Visit, installation: Installation, theme: str, language: str, size: dict[str, int]
) -> None:
    if not installation.org.get("getOpenCards").json()["items"]:
        installation.ask(approval(MANAGER, CONTROLLER), po="4500000116", amount="12,400.00")
    scheme = "light" if theme == "light" else "dark"
    visit = sign_in(browser, manager.address, size=size, color_scheme=scheme, locale=language)
    page = visit.page
    page.evaluate(
        "(chosen) => localStorage.setItem('looply.preferences', JSON.stringify(chosen))",
        {"theme": theme, "language": language},
    )
    for path in ("inbox", "inbox/decided", "inbox/requested", "inbox/absence"):
        visit.open(f"/app/{path}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
        visit.look(f"{path.replace('/', '-')}-{theme}-{language}-{size['width']}")
    if size == PHONE:
        visit.open("/app/inbox")
        page.locator("[data-card]").first.click()
        inside(visit).locator(".ac-adaptiveCard").wait_for()
        visit.look(f"inbox-card-{theme}-{language}-{size['width']}")
    visit.close()
