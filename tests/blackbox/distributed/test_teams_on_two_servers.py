"""Teams on two servers and a worker that share a database: any of them brings a card, any server takes its answer."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import pytest

from blackbox.harness.installation import Installation
from kit.servers.teams_server import running_teams
from looply.demo.teams.activities import Activities
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import SECRET, TeamsSimulator

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(600)]

PEOPLE: Final = 6
WITHIN_SECONDS: Final = 120.0
"""A machine that does other work too brings a card in seconds."""
CARD: Final[dict[str, Any]] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release ${payload.output.po}?"}],
    "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
}


class Office:
    """The tenant of Microsoft, and both servers of Looply as it reaches them."""

    def __init__(self, microsoft: TeamsSimulator, installation: Installation, client: httpx2.Client) -> None:
        self.microsoft = microsoft
        self.activities = Activities(microsoft)
        self.servers = tuple(server.address for server in installation.servers)
        self._client = client
        self._key = {"x-api-key": installation.made["api_key"]}
        draft = {"name": "TEAMS", "kind": "teams", "settings": microsoft.settings()}
        made = self.call(0, "createConnection", {**draft, "secrets": {"client_secret": SECRET}})
        self._connection_id = made["item"]["connection_id"]

    def call(self, server: int, name: str, body: Any = None, **query: str) -> dict[str, Any]:
        """Makes a call by the key of the organization at one server; one that reads when it has no body."""
        url, method = f"{self.servers[server]}/v2/workflows/{name}", "GET" if body is None else "POST"
        content = {} if body is None else {"json": body}
        answer = self._client.request(method, url, params=query, headers=self._key, **content)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def send(self, server: int, content: bytes) -> httpx2.Response:
        """Sends an activity to one server."""
        headers = {"authorization": self.activities.authorization(datetime.now(UTC))}
        url = f"{self.servers[server]}/v2/receive/{self._connection_id}/teams"
        return self._client.post(url, content=content, headers=headers)

    def person(self, number: int) -> User:
        """Adds a person who has installed the app, which one of the servers hears of."""
        user = self.microsoft.world.add_user(f"Person {number}", f"person{number}@contoso.test")
        answer = self.send(number % 2, self.activities.install(user))
        assert answer.status_code == 200, answer.text
        return user

    def answers(self, server: int, started: tuple[str, str]) -> list[str]:
        """Returns who has answered the cards of an execution, as one server has it."""
        workflow_id, execution_id = started
        query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
        events = self.call(server, "getWorkflowExecutionById", **query)["item"]["workflow_event_log"]["events"]
        return [each["user"] for each in events if each["type"] == "CARD_ANSWERED"]

    def ask(self, server: int, user: User, order: str) -> tuple[str, str]:
        """Starts an execution that asks a person, at one server, and returns the ids of its workflow and its own."""
        shown = {"action": "send", "card": CARD, "wait": {"for": "first"}, "channel": "teams"}
        steps = [
            {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
            {"id": "card_1", "type": "adaptiveCard", "settings": {**shown, "recipients": [user.mail]}},
        ]
        edges = [{"from": "WorkflowStartState", "to": "card_1"}]
        definition = {"workflow_name": f"Ask {order}", "workflow_steps": steps, "workflow_connections": edges}
        workflow_id = self.call(server, "importWorkflow", {"definition": definition})["item"]["workflow_id"]
        self.call(server, "activateWorkflow", {"workflow_id": workflow_id, "workflow_version": 1})
        started = self.call(server, f"triggerworkflow/{workflow_id}", {"po": order})
        return workflow_id, started["looply_execution_id"]


@pytest.fixture(scope="module")
def microsoft() -> Iterator[TeamsSimulator]:
    """The simulator, in a loop of its own thread."""
    begun: list[TeamsSimulator] = []
    is_ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with running_teams() as simulator:
            begun.append(simulator)
            is_ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert is_ready.wait(30)
    yield begun[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def office(microsoft: TeamsSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    installation = Installation(tmp_path_factory.mktemp("teams") / "run", ["127.0.0.0/8"])
    try:
        installation.prepare()
        installation.start(2, 1)
        with httpx2.Client(timeout=60) as client:
            yield Office(microsoft, installation, client)
    finally:
        installation.close()


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits until something is so."""
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end, f"not within {WITHIN_SECONDS} s: {what}"
        time.sleep(0.1)


def test_each_card_is_brought_once_and_answered_once_whichever_server_is_asked(office: Office) -> None:
    people = [office.person(number) for number in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        asked = list(pool.map(lambda number: office.ask(number % 2, people[number], f"{number}"), range(PEOPLE)))
    until(lambda: len(office.microsoft.world.visible()) >= PEOPLE, "every card is brought")
    by_person = {message.conversation: message for message in office.microsoft.world.visible()}
    places = [office.microsoft.world.open_chat(user).id for user in people]
    assert sorted(by_person) == sorted(places)

    def click(number: int, server: int) -> dict[str, Any]:
        user, message = people[number], by_person[places[number]]
        (action,) = message.card["actions"]
        answer = office.send(server, office.activities.execute(user, message, action))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    clicks = [(number, server) for number in range(PEOPLE) for server in (0, 1)]
    with ThreadPoolExecutor(len(clicks)) as pool:
        answers = list(pool.map(lambda each: click(*each), clicks))
    # The same person at both servers: the second click is a repeat, and is answered as the first one.
    assert {answer["statusCode"] for answer in answers} == {200}
    assert not any("actions" in answer["value"] and answer["value"]["actions"] for answer in answers)
    for number, started in enumerate(asked):
        assert office.answers((number + 1) % 2, started) == [people[number].mail]

    def is_settled(message: Message) -> bool:
        return not message.card.get("actions")

    until(lambda: all(map(is_settled, office.microsoft.world.visible())), "every card shows the decision")
    # Nothing was brought twice, also not by the process that came second.
    assert len(office.microsoft.world.visible()) == PEOPLE
    assert office.microsoft.count("POST", "/activities") == PEOPLE
