"""The requests of the stories of the inbox, and what a story does in a browser again and again."""

from typing import TYPE_CHECKING, Any, NamedTuple

from blackbox.harness.client import Organization
from blackbox.harness.definitions import START, Definition
from browser.app.visits import Visit

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
        execution_id = self.org.trigger(
            workflow_id, {"po": "4500000101", "amount": "17,010.00", "buyer": BUYER, **body}
        )
        self.org.until(workflow_id, execution_id, "WAITING")
        return execution_id

    def cards_of(self, execution_id: str) -> list[dict[str, Any]]:
        """Returns the open cards of an execution."""
        items: list[dict[str, Any]] = self.org.get("getOpenCards").json()["items"]
        return [each for each in items if each["workflow_execution_id"] == execution_id]


def approval(*people: str, name: str = "Purchase orders", **settings: Any) -> Definition:
    step = {
        "id": "approval_1",
        "type": "approval",
        "settings": {"recipients": list(people), "requester": "${payload.output.buyer}", "card": ORDER, **settings},
    }
    edges = [{"from": "WorkflowStartState", "to": "approval_1"}]
    return {"workflow_name": name, "workflow_steps": [START, step], "workflow_connections": edges}


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
