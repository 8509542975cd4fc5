"""Cards in the Teams-like client of the demo, which is Microsoft's own client of universal actions."""

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2
import pytest

from browser.app.running_demo import RunningDemo
from browser.app.visits import PASSWORD, Visit
from looply.demo.teams.connector import APP
from looply.demo.teams.simulator import BOT_SCOPE, SECRET

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
        self._workflows: dict[str, str] = {}
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
        execution_id = str(started["looply_execution_id"])
        self._workflows[execution_id] = workflow_id
        return execution_id

    def answered(self, execution_id: str) -> Any:
        """Waits for the end of an execution, and returns what was answered: who it was, and the data."""
        ids = {"workflow_id": self._workflows[execution_id], "workflow_execution_id": execution_id}
        end = time.monotonic() + 60
        while time.monotonic() < end:
            item = self.get("getWorkflowExecutionById", **ids)["item"]
            if item["status"] == "COMPLETED":
                return item["workflow_output_payload"]["card_1"]["output"]["response"]
        raise AssertionError(f"the execution {execution_id} has not ended within a minute")

    def bot(self) -> httpx2.Client:
        """Returns the bot as the Bot Connector knows it: with its address, and a token of its own."""
        (found,) = [each for each in self.get("getConnections")["items"] if each["kind"] == "teams"]
        places, tenant = found["settings"]["endpoints"], found["settings"]["tenant_id"]
        form = {"grant_type": "client_credentials", "scope": BOT_SCOPE}
        token = httpx2.post(f"{places['login']}/{tenant}/oauth2/v2.0/token", data=form, auth=(APP, SECRET)).json()
        headers = {"authorization": f"Bearer {token['access_token']}"}
        return httpx2.Client(base_url=places["service"], headers=headers, timeout=60)

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


def link_by_mail(client: Visit, order: str) -> str:
    """Returns the link of the card of an order, from its mail."""
    mail = until_mail(client, order)
    link = mail.get_by_role("link").first.get_attribute("href") or ""
    mail.close()
    return link


def mailed_code(client: Visit) -> str:
    """Returns the code of the newest mail that has one in its subject."""
    tab = client.new_tab()
    for _ in range(1000):
        tab.goto(f"{client.address}/mails")
        found = tab.get_by_role("link", name=re.compile(r"^\d{6} is your code for Looply"))
        if found.count():
            code = found.first.inner_text().split()[0]
            tab.close()
            return code
    raise AssertionError(tab.content())


def block(page: "Page", *, is_blocked: bool) -> None:
    """Sets the switch of the client by which a person blocks the bot, and waits until that is known."""
    with page.expect_response(re.compile("/chat/block")) as answer:
        page.get_by_label("Block the bot").set_checked(is_blocked)
    assert answer.value.ok


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
    block(page, is_blocked=True)
    fallback = [{"after": "PT2S", "channel": "email", "app": "MAIL"}]
    execution_id = api.ask("4713", recipients=[MANAGER], fallback=fallback)
    reader = Visit(browser, demo.address, color_scheme="light")
    reader.open("/docs")
    reader.page.evaluate(_UNTIL_SO, [api.key, execution_id, "email"])
    (card,) = api.open_cards(execution_id)
    link = link_by_mail(client, "4713")
    assert link.startswith(f"{demo.address}/inbox/{card['token']}")
    inbox = reader.open(link.removeprefix(demo.address))
    inbox.get_by_text("Release 4713?").wait_for()
    assert [each["status"] for each in api.open_cards(execution_id)] == ["OPEN"], "to read decides nothing"
    inbox.get_by_role("button", name="Release").click()
    inbox.evaluate(_UNTIL_SO, [api.key, execution_id, ""])
    reader.close()
    block(page, is_blocked=False)
    assert page.get_by_text("Release 4713?").count() == 0


def test_what_unfolds_and_opens_is_pressed_in_the_client_and_an_answer_one_card_down_arrives(
    client: Visit, api: Api
) -> None:
    comment = {"type": "Input.Text", "id": "comment", "label": "Comment"}
    details = {"type": "TextBlock", "id": "details", "text": "Twelve office chairs", "isVisible": False}
    address = f"{client.address}/mails?po=${{payload.output.po}}"
    shown = {
        **CARD,
        "body": [*CARD["body"], details],
        "actions": [
            {"type": "Action.ToggleVisibility", "title": "Details", "targetElements": ["details"]},
            {"type": "Action.OpenUrl", "title": "Open the mails", "url": address},
            {"type": "Action.ShowCard", "title": "Decide", "card": {**CARD, "body": [comment]}},
        ],
    }
    execution_id = api.ask("4714", recipients=[MANAGER], card=shown)
    page = client.open("/")
    card = page.get_by_role("listitem").filter(has_text="Release 4714?")
    card.wait_for()
    assert card.get_by_text("Twelve office chairs").is_hidden()
    card.get_by_role("button", name="Details").click()
    card.get_by_text("Twelve office chairs").wait_for()
    with page.context.expect_page() as opened:
        card.get_by_role("button", name="Open the mails").or_(card.get_by_role("link", name="Open the mails")).click()
    opened.value.wait_for_url("**/mails?po=4714")
    opened.value.close()
    assert card.get_by_role("button", name="Release", exact=True).is_hidden()
    card.get_by_role("button", name="Decide").click()
    card.get_by_label("Comment").fill("one card down")
    with page.expect_response(lambda answer: is_click(answer.request)) as pressed:
        card.get_by_role("button", name="Release", exact=True).click()
    assert "Your answer is recorded: approve" in pressed.value.text()
    assert api.answered(execution_id) == {
        "user": MANAGER,
        "data": {"action": "approve", "comment": "one card down"},
    }


def test_a_card_of_an_execution_that_is_terminated_says_so_and_a_message_that_the_bot_deletes_goes(
    client: Visit, api: Api
) -> None:
    execution_id = api.ask("4715", recipients=[MANAGER])
    page = client.open("/")
    card = page.get_by_role("listitem").filter(has_text="Release 4715?")
    card.get_by_role("button", name="Release", exact=True).wait_for()
    chat = page.evaluate("async () => await (await fetch('/chat?user=')).json()")
    (message,) = [each["id"] for each in chat["messages"] if "Release 4715?" in str(each["card"])]
    api.post(f"terminateWorkflow/{execution_id}", {"payload": {"termination_reason": "not needed"}})
    card.get_by_text("The workflow was terminated").wait_for()
    assert card.get_by_role("button", name="Release", exact=True).count() == 0
    with api.bot() as bot:
        path = quote(f"a:{chat['reader']['id']}", safe="")
        assert bot.delete(f"/v3/conversations/{path}/activities/{message}").status_code == 200
    card.wait_for(state="detached")


def test_an_answer_that_needs_a_code_is_recorded_with_the_one_of_the_second_mail_alone(
    client: Visit, api: Api, demo: RunningDemo, browser: "Browser"
) -> None:
    execution_id = api.ask("4716", recipients=[MANAGER], channel="email", app="MAIL", confirm="code")
    reader = Visit(browser, demo.address, color_scheme="light")
    page = reader.open(link_by_mail(client, "4716").removeprefix(demo.address))
    page.get_by_role("button", name="Release").click()
    asking = page.get_by_role("group", name="A code is needed for your answer")
    asking.get_by_text(f"It is on its way to {MANAGER} by mail").wait_for()
    code = mailed_code(client)
    asking.get_by_label("Code of six digits").fill(f"{(int(code) + 1) % 1_000_000:06}")
    asking.get_by_role("button", name="Send my answer").click()
    asking.get_by_text("the code is wrong").wait_for()
    reader.expect("a status of 4")
    assert [each["status"] for each in api.open_cards(execution_id)] == ["OPEN"]
    asking.get_by_label("Code of six digits").fill(code)
    asking.get_by_role("button", name="Send my answer").click()
    page.get_by_text("Your answer is recorded").wait_for()
    assert api.answered(execution_id)["data"] == {"action": "approve"}
    reader.close()


def test_a_link_of_a_request_that_needs_a_session_leads_its_recipient_through_sign_in(
    client: Visit, api: Api, demo: RunningDemo, browser: "Browser"
) -> None:
    member = Visit(browser, demo.address, color_scheme="light")
    member.join(demo.manager_link, "Mara Manager")
    member.close()
    execution_id = api.ask("4717", recipients=[MANAGER], channel="email", app="MAIL", confirm="sign_in")
    reader = Visit(browser, demo.address, color_scheme="light")
    page = reader.open(link_by_mail(client, "4717").removeprefix(demo.address))
    page.get_by_role("button", name="Release").click()
    page.get_by_text("This request is answered after signing in").wait_for()
    assert [each["status"] for each in api.open_cards(execution_id)] == ["OPEN"], "the link alone decides nothing"
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Sign in and answer").click()
    inbox = opened.value
    inbox.get_by_label("Email").fill(MANAGER)
    inbox.get_by_label("Password").fill(PASSWORD)
    inbox.keyboard.press("Enter")
    inbox.get_by_role("button", name="Release").click()
    inbox.get_by_text("Your answer is recorded").first.wait_for()
    assert api.answered(execution_id) == {"user": MANAGER, "data": {"action": "approve"}}
    reader.close()
