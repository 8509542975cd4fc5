"""What an organization sends by mail, and what people receive."""

from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from server_kit import Caller, card_step, definition, note_step

from kit.servers.mail_server import Inbox
from looply.engine.cards.reconciler import Reconciler
from looply.testing.clock import FakeClock

CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release ${payload.output.po}?"}],
    "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
}


class Post:
    """The mails of an organization."""

    def __init__(self, caller: Caller, reconciler: Reconciler, clock: FakeClock, inbox: Inbox, port: int) -> None:
        self.caller = caller
        self.reconciler = reconciler
        self.clock = clock
        self.inbox = inbox
        self.port = port

    async def connect(self, name: str, **changes: Any) -> str:
        """Creates a connection to the mail server, and returns its id."""
        settings = {"host": "127.0.0.1", "port": self.port, "tls": "none", "from": "Orders <orders@example.com>"}
        draft = {"name": name, "kind": "smtp", "settings": {**settings, **changes}, "secrets": {}}
        created = await self.caller.post("createConnection", draft)
        assert created.status_code == 200, created.text
        return str(created.json()["item"]["connection_id"])

    async def ask(self, *recipients: str, **settings: Any) -> tuple[str, str]:
        """Starts an execution that asks people by mail, and returns its workflow and its id."""
        asked = {"channel": "email", "card": CARD, "recipients": list(recipients or ("ann@example.com",)), **settings}
        workflow_id = await self.caller.create(definition(card_step(**asked), note_step()))
        execution_id = await self.caller.trigger(workflow_id, {"po": "4711"})
        await self.reconciler.tick()
        return workflow_id, execution_id

    async def later(self, **span: float) -> None:
        """Lets time pass, and brings what is due then."""
        self.clock.advance(timedelta(**span))
        await self.reconciler.tick()

    def mails(self) -> Sequence[EmailMessage]:
        """Returns the mails that the server has received."""
        return [message_from_bytes(bytes(each.content or b""), policy=default) for each in self.inbox.mails]

    async def open_card(self) -> dict[str, Any]:
        """Returns the only open card."""
        (item,) = (await self.caller.get("getOpenCards")).json()["items"]
        found: dict[str, Any] = item
        return found

    async def delivery(self) -> dict[str, Any]:
        """Returns what is known of the delivery of the only open card."""
        found: dict[str, Any] = (await self.open_card())["delivery"]
        return found

    async def answer(self, token: str, **data: Any) -> None:
        """Answers a card by the link of its mail."""
        answered = await self.caller.client.post(f"/v2/inbox/{token}", json={"data": {"action": "approve", **data}})
        assert answered.status_code == 200, answered.text


def text_of(mail: EmailMessage) -> str:
    """Returns the text of a mail without its HTML."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
