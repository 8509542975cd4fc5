"""Teams on two servers and a worker that share a database: any of them brings a card, any server takes its answer."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import card, definition
from blackbox.harness.installation import Installation
from kit.servers.teams_server import teams_beside
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
    """The tenant of Microsoft, and the servers of Looply as it reaches them; each of them by its number."""

    def __init__(self, microsoft: TeamsSimulator, installation: Installation) -> None:
        self.microsoft = microsoft
        self.activities = Activities(microsoft, lambda: datetime.now(UTC))
        self.clients = [httpx2.Client(base_url=server.address, timeout=60) for server in installation.servers]
        made = [installation.made[name] for name in ("organization_id", "workspace_id", "api_key")]
        self.callers = [Organization(client, *made) for client in self.clients]
        draft = {"name": "TEAMS", "kind": "teams", "settings": microsoft.settings()}
        answer = self.callers[0].post("createConnection", {**draft, "secrets": {"client_secret": SECRET}})
        assert answer.status_code == 200, answer.text
        self._connection_id = answer.json()["item"]["connection_id"]

    @property
    def sent(self) -> int:
        """How many messages were sent to Microsoft until now."""
        return self.microsoft.count("POST", "/activities")

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def send(self, server: int, content: bytes) -> httpx2.Response:
        """Sends an activity to one server."""
        headers = {"authorization": self.activities.authorization(datetime.now(UTC))}
        return self.clients[server].post(f"/v2/receive/{self._connection_id}/teams", content=content, headers=headers)

    def person(self, number: int) -> User:
        """Adds a person who has installed the app, which one of the servers is notified of."""
        user = self.microsoft.world.add_user(f"Person {number}", f"person{number}@contoso.test")
        answer = self.send(number % 2, self.activities.install(user))
        assert answer.status_code == 200, answer.text
        return user

    def ask(self, server: int, user: User, order: str) -> tuple[str, str]:
        """Starts an execution that asks a person, at one server, and returns the ids of its workflow and its own."""
        caller = self.callers[server]
        step = card(card=CARD, channel="teams", recipients=[user.mail])
        workflow_id = caller.create(definition(step, name=f"Ask {order}"))
        return workflow_id, caller.trigger(workflow_id, {"po": order})

    def answers(self, server: int, started: tuple[str, str]) -> list[str]:
        """Returns who has answered the cards of an execution, as one server has it."""
        events = self.callers[server].item(*started)["workflow_event_log"]["events"]
        return [each["user"] for each in events if each["type"] == "CARD_ANSWERED"]

    def messages(self, *users: User) -> dict[str, Message]:
        """Returns the messages that people see, by the id of the person; each sees one at most."""
        # A copy, since the simulator adds messages in its own thread.
        visible = [each for each in self.microsoft.world.messages.copy().values() if not each.is_deleted]
        places = {self.microsoft.world.open_chat(user).id: user.id for user in users}
        found = {places[each.conversation]: each for each in visible if each.conversation in places}
        assert len(found) == len([each for each in visible if each.conversation in places]), "a card was brought twice"
        return found


@pytest.fixture(scope="module")
def microsoft() -> Iterator[TeamsSimulator]:
    with teams_beside() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    found = Installation(tmp_path_factory.mktemp("teams") / "run", ["127.0.0.0/8"])
    try:
        found.prepare()
        yield found.start(2, 1)
    finally:
        found.close()


@pytest.fixture(scope="module")
def office(microsoft: TeamsSimulator, installation: Installation) -> Iterator[Office]:
    found = Office(microsoft, installation)
    yield found
    found.close()


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits until something is so."""
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end, f"not within {WITHIN_SECONDS} s: {what}"
        time.sleep(0.1)


def takes_answers(shown: dict[str, Any]) -> bool:
    return bool(shown.get("actions"))


def test_each_card_is_brought_once_and_answered_once_whichever_server_is_asked(office: Office) -> None:
    people, sent_before = [office.person(number) for number in range(PEOPLE)], office.sent
    with ThreadPoolExecutor(PEOPLE) as pool:
        asked = list(pool.map(lambda number: office.ask(number % 2, people[number], f"{number}"), range(PEOPLE)))
    until(lambda: len(office.messages(*people)) == PEOPLE, "every card is brought")
    brought = office.messages(*people)

    def press(number: int) -> bytes:
        message = brought[people[number].id]
        (action,) = message.card["actions"]
        return office.activities.execute(people[number], message, action)

    # Half of the people press once, and Microsoft sends it to both servers; the others press twice.
    once = {number: press(number) for number in range(0, PEOPLE, 2)}
    clicks = [(server, once.get(number) or press(number)) for number in range(PEOPLE) for server in (0, 1)]
    with ThreadPoolExecutor(len(clicks)) as pool:
        answers = list(pool.map(lambda each: office.send(*each), clicks))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    documents = [answer.json() for answer in answers]
    assert {document["statusCode"] for document in documents} == {200}, documents
    assert not any(takes_answers(document["value"]) for document in documents)
    assert not any("changed nothing" in answer.text for answer in answers), "the second click is answered as the first"
    for number, started in enumerate(asked):
        for server in (0, 1):
            assert office.answers(server, started) == [people[number].mail]
    until(lambda: not any(takes_answers(each.card) for each in office.messages(*people).values()), "all cards are done")
    assert office.sent - sent_before == PEOPLE, "nothing was brought twice"


def test_a_card_that_was_asked_for_at_a_server_that_died_is_brought_and_answered(
    office: Office, installation: Installation
) -> None:
    user = office.person(PEOPLE)
    started = office.ask(0, user, "died")
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(installation.servers[0].kill)
        until(lambda: bool(office.messages(user)), "the card is brought")
        message = office.messages(user)[user.id]
        (action,) = message.card["actions"]
        answer = office.send(1, office.activities.execute(user, message, action))
        assert (answer.status_code, answer.json()["statusCode"]) == (200, 200), answer.text
        killing.result()
    for server in (1, 0):
        assert office.answers(server, started) == [user.mail]
    until(lambda: not takes_answers(office.messages(user)[user.id].card), "the card shows the answer")
    # Also of a message whose sending was cut: the answer has named it, so it is not sent again.
    assert len(office.messages(user)) == 1
