"""Cards in the Teams-like client of the demo, which is Microsoft's own client of universal actions."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from browser.app.running_demo import RunningDemo
from browser.app.visits import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

MANAGER = "manager@example.com"
COLLEAGUE = "colleague@example.com"
CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release ${payload.output.po}?"}],
    "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
}
_UNTIL_SO = """async ([key, execution, channel]) => {
  const end = Date.now() + 60000;
  while (Date.now() < end) {
    const answer = await fetch("/v2/workflows/getOpenCards", {headers: {"x-api-key": key}});
    const items = (await answer.json()).items.filter((each) => each.workflow_execution_id === execution);
    if (channel === "" ? items.length === 0 : items.some((each) => each.channel === channel)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the cards of the execution are not so within a minute");
}"""
"""Waits until an execution has an open card in a channel; without a channel, until it has none at all."""


class Api:
    """What the owner of the installation does by a key."""

    def __init__(self, address: str, key: str) -> None:
        self.key = key
        self._http = httpx2.Client(base_url=address, headers={"x-api-key": key}, timeout=60)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Reads, by the whole path or the name of a call."""
        answer = self._http.get(path if path.startswith("/") else f"/v2/workflows/{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, name: str, body: Any) -> dict[str, Any]:
        """Makes a call by its name."""
        answer = self._http.post(f"/v2/workflows/{name}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ask(self, order: str, **settings: Any) -> str:
        """Starts an execution that asks by a card, and returns its id."""
        shown = {"action": "send", "card": CARD, "wait": {"for": "first"}, "channel": "teams", **settings}
        steps = [
            {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
            {"id": "card_1", "type": "adaptiveCard", "settings": shown},
        ]
        edges = [{"from": "WorkflowStartState", "to": "card_1"}]
        definition = {"workflow_name": f"Ask {order}", "workflow_steps": steps, "workflow_connections": edges}
        workflow_id = self.post("importWorkflow", {"definition": definition})["item"]["workflow_id"]
        self.post("activateWorkflow", {"workflow_id": workflow_id, "workflow_version": 1})
        started = self.post(f"triggerworkflow/{workflow_id}", {"po": order})
        return str(started["looply_execution_id"])

    def open_cards(self, execution_id: str) -> list[dict[str, Any]]:
        """Returns the open cards of an execution."""
        items = self.get("getOpenCards")["items"]
        return [each for each in items if each["workflow_execution_id"] == execution_id]

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo with Teams, as `make run ARGS=--teams` starts it."""
    pytest.importorskip("mocksap")
    folder = tmp_path_factory.mktemp("demo") / "folder"
    running = RunningDemo(folder, "--teams", invitation="click Approve or Reject in the chat")
    yield running
    running.close()


@pytest.fixture(scope="module")
def client(browser: "Browser", demo: RunningDemo) -> Iterator[Visit]:
    """The client of the manager."""
    address = next(word for word in demo.invitation.split() if word.startswith("http")).rstrip("/")
    visit = Visit(browser, address, color_scheme="light")
    yield visit
    visit.close()


@pytest.fixture(scope="module")
def api(client: Visit, demo: RunningDemo) -> Iterator[Api]:
    """The owner's key, which the demo prints after its story; that is played first."""
    page = client.open("/")
    page.get_by_text("Northwater Pumps GmbH").wait_for()
    stale = stale_tab(client, "")
    with page.expect_response(lambda answer: is_click(answer.request)) as pressed:
        page.get_by_role("button", name="Approve").click()
    # The card of the answer is shown until SAP has answered, which may be at once.
    assert "Your answer is recorded: approve" in pressed.value.text()
    page.get_by_text(f"Approved by {MANAGER} and released in SAP").wait_for()
    assert page.get_by_role("button", name="Approve").count() == 0
    # The second click comes from a client that does not know of the first one.
    stale.get_by_role("button", name="Approve").click()
    stale.get_by_text(f"Approved by {MANAGER} and released in SAP").wait_for()
    assert stale.get_by_role("button", name="Approve").count() == 0
    stale.close()
    demo.line("is released in SAP")
    found = Api(demo.address, demo.line("API key:").split()[-1])
    yield found
    found.close()


def is_click(request: "Request") -> bool:
    """Returns whether a request is of a person who presses a button: cards are refreshed by the same call."""
    return request.url.endswith("/chat/press") and '"trigger":"manual"' in (request.post_data or "")


def stale_tab(client: Visit, user: str) -> "Page":
    """Returns a tab that shows the chat as it is now, and gets no news of it."""
    tab = client.new_tab()
    frozen: list[str] = []

    def answer(route: Any) -> None:
        if not frozen:
            frozen.append(route.fetch().text())
        route.fulfill(body=frozen[0], content_type="application/json")

    tab.route(re.compile(r"/chat\?"), answer)
    tab.goto(f"{client.address}/?user={user}")
    tab.get_by_role("button", name=re.compile("Approve|Release")).first.wait_for()
    return tab


def until_mail(client: Visit, text: str) -> "Page":
    """Returns a tab that shows the mail with a text in its subject, once it is in the mailbox."""
    tab = client.new_tab()
    for _ in range(1000):
        tab.goto(f"{client.address}/mails")
        found = tab.get_by_role("link", name=re.compile(text))
        if found.count():
            found.first.click()
            return tab
    raise AssertionError(tab.content())


def user_of(client: Visit, name: str) -> str:
    """Returns the id of a person of the client."""
    found = client.page.evaluate("async () => (await (await fetch('/chat?user=')).json()).people")
    return next(str(each["id"]) for each in found if each["name"] == name)


def test_the_manager_answers_in_the_client_sees_the_card_change_and_a_second_click_is_shown_the_truth(
    client: Visit, api: Api
) -> None:
    """The fixture of the key has played it."""
    page = client.open("/")
    page.get_by_text(f"Approved by {MANAGER} and released in SAP").wait_for()
    assert api.get("getOpenCards")["items"] == []


def test_the_second_person_is_shown_who_was_faster_and_a_double_click_counts_once(client: Visit, api: Api) -> None:
    execution_id = api.ask("4711", recipients=[MANAGER, COLLEAGUE])
    other = user_of(client, "Cem Colleague")
    page = client.open(f"/?user={other}")
    page.get_by_text("Release 4711?").wait_for()
    mine = client.new_tab()
    mine.goto(f"{client.address}/")
    mine.get_by_text("Release 4711?").wait_for()
    mine.close()
    stale = stale_tab(client, "")
    page.get_by_role("button", name="Release", exact=True).dblclick()
    page.get_by_text(re.compile("answer is recorded: approve|You have answered: approve")).wait_for()
    stale.get_by_role("button", name="Release", exact=True).click()
    stale.get_by_text(f"{COLLEAGUE} has answered: approve").wait_for()
    stale.get_by_text("Your click changed nothing.").wait_for()
    stale.close()
    assert api.open_cards(execution_id) == []


def test_a_card_is_refreshed_when_it_is_shown_and_when_its_reader_asks(client: Visit, api: Api) -> None:
    api.ask("4712", recipients=[MANAGER])
    page = client.open("/")
    card = page.get_by_role("listitem").filter(has_text="Release 4712?")
    card.wait_for()
    with page.expect_response(re.compile("/chat/press")) as pressed:
        card.get_by_role("button", name="Refresh the card").click()
    assert pressed.value.json()["body"]["statusCode"] == 200
    card.get_by_role("button", name="Release", exact=True).wait_for()
    card.get_by_role("button", name="Release", exact=True).click()
    page.get_by_role("listitem").filter(has_text="Release 4712?").get_by_text("answer").first.wait_for()


def test_a_card_that_a_blocked_bot_cannot_bring_comes_by_mail_whose_link_decides_only_by_a_press(
    client: Visit, api: Api, demo: RunningDemo, browser: "Browser"
) -> None:
    page = client.open("/")
    page.get_by_label("Block the bot").check()
    fallback = [{"after": "PT2S", "channel": "email", "app": "MAIL"}]
    execution_id = api.ask("4713", recipients=[MANAGER], fallback=fallback)
    reader = Visit(browser, demo.address, color_scheme="light")
    reader.open("/docs")
    reader.page.evaluate(_UNTIL_SO, [api.key, execution_id, "email"])
    (card,) = api.open_cards(execution_id)
    mail = until_mail(client, "4713")
    link = mail.get_by_role("link").first.get_attribute("href") or ""
    assert link.startswith(f"{demo.address}/inbox/{card['token']}")
    mail.close()
    inbox = reader.open(link.removeprefix(demo.address))
    inbox.get_by_text("Release 4713?").wait_for()
    assert [each["status"] for each in api.open_cards(execution_id)] == ["OPEN"], "to read decides nothing"
    inbox.get_by_role("button", name="Release").click()
    inbox.evaluate(_UNTIL_SO, [api.key, execution_id, ""])
    reader.close()
    page.get_by_label("Block the bot").uncheck()
    assert page.get_by_text("Release 4713?").count() == 0
