"""Cards by mail on two servers and a worker that share a database: each is sent once, any server takes its answer."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import card, definition
from blackbox.harness.installation import Installation
from kit.servers.mail_server import Inbox, MailServer, mail_beside

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(600)]

ORDERS: Final = 6
WITHIN_SECONDS: Final = 120.0
"""A machine that does other work too sends a mail in seconds."""
ANN: Final = "ann@example.com"
BOB: Final = "bob@example.com"
CARD: Final[dict[str, Any]] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release ${payload.output.po}?"}],
    "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
}


class Post:
    """The mail server, and the servers of Looply, each of them by its number."""

    def __init__(self, inbox: Inbox, server: MailServer, installation: Installation) -> None:
        self._inbox = inbox
        self.clients = [httpx2.Client(base_url=each.address, timeout=60) for each in installation.servers]
        made = [installation.made[name] for name in ("organization_id", "workspace_id", "api_key")]
        self.callers = [Organization(client, *made) for client in self.clients]
        settings = {"host": "127.0.0.1", "port": server.port, "tls": "none", "from": "Orders <orders@example.com>"}
        answer = self.callers[0].post("createConnection", {"name": "MAIL", "kind": "smtp", "settings": settings})
        assert answer.status_code == 200, answer.text

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def ask(self, server: int, order: str, *recipients: str) -> tuple[str, str]:
        """Starts an execution at one server, and returns the ids of its workflow and its own."""
        step = card(card=CARD, channel="email", app="MAIL", recipients=list(recipients), wait={"for": "first"})
        workflow_id = self.callers[server].create(definition(step, name=f"Ask {order}"))
        return workflow_id, self.callers[server].trigger(workflow_id, {"po": order})

    def answer(self, server: int, token: str) -> httpx2.Response:
        """Answers a card by the link of its mail, at one server."""
        return self.clients[server].post(f"/v2/inbox/{token}", json={"data": {"action": "approve"}})

    def answers(self, server: int, started: tuple[str, str]) -> list[str]:
        """Returns who has answered the cards of an execution, as one server has it."""
        events = self.callers[server].item(*started)["workflow_event_log"]["events"]
        return [each["user"] for each in events if each["type"] == "CARD_ANSWERED"]

    def mails(self, order: str, recipient: str = ANN) -> Sequence[EmailMessage]:
        """Returns the mails about an order that a person has got, the oldest first."""
        arrived = [*self._inbox.mails]  # a copy, since mails arrive in another thread
        found = [message_from_bytes(as_bytes(each.content), policy=default) for each in arrived]
        return [each for each in found if each["to"] == recipient and order in each["subject"]]


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def mail_server(inbox: Inbox) -> Iterator[MailServer]:
    with mail_beside(inbox) as server:
        yield server


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory, inbox: Inbox, mail_server: MailServer) -> Iterator[Post]:
    installation = Installation(tmp_path_factory.mktemp("mails") / "run", [f"127.0.0.1:{mail_server.port}"])
    try:
        installation.prepare()
        found = Post(inbox, mail_server, installation.start(2, 1))
        yield found
        found.close()
    finally:
        installation.close()


def as_bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


def token_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"/inbox/([\w.~-]+)", str(body.get_content()))
    assert found is not None
    return found[1]


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits until something is so."""
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end, f"not within {WITHIN_SECONDS} s: {what}"
        time.sleep(0.1)


def test_each_card_is_mailed_once_and_answered_once_whichever_server_is_asked(post: Post) -> None:
    orders = [f"45000007{number:02}" for number in range(ORDERS)]
    with ThreadPoolExecutor(ORDERS) as pool:
        asked = list(pool.map(lambda number: post.ask(number % 2, orders[number], ANN), range(ORDERS)))
    until(lambda: all(post.mails(order) for order in orders), "every card is mailed")
    tokens = [token_of(post.mails(order)[0]) for order in orders]
    clicks = [(server, token) for token in tokens for server in (0, 1)]
    with ThreadPoolExecutor(len(clicks)) as pool:
        answers = list(pool.map(lambda click: post.answer(*click), clicks))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    assert sum(answer.json()["message"] == "recorded" for answer in answers) == ORDERS
    for started in asked:
        assert [post.answers(server, started) for server in (0, 1)] == [[ANN], [ANN]]
    identities = [mail["message-id"] for order in orders for mail in post.mails(order)]
    assert len(identities) == len(set(identities)) == ORDERS, "nothing was mailed twice"


def test_the_end_of_a_card_follows_in_the_thread_of_its_mail_whichever_server_sent_that(post: Post) -> None:
    order = "4500000799"
    started = post.ask(0, order, ANN, BOB)
    until(lambda: bool(post.mails(order) and post.mails(order, BOB)), "both cards are mailed")
    assert post.answer(1, token_of(post.mails(order)[0])).status_code == 200
    assert post.answers(0, started) == [ANN]
    until(lambda: len(post.mails(order, BOB)) == 2, "the other recipient is mailed the end")
    first, end = post.mails(order, BOB)
    assert end["in-reply-to"] == first["message-id"]
    assert len(post.mails(order)) == 1, "who has answered gets no further mail"
