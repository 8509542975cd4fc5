"""What people of a connected tenant do, and what they see."""

from typing import Any

import httpx2
from server_kit import Caller, card_step, definition, note_step

from looply.demo.teams.activities import Activities
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import TeamsSimulator
from looply.engine.cards.reconciler import Reconciler
from looply.testing.clock import FakeClock

MANAGER = "anna@contoso.test"


class Tenant:
    """A tenant of Microsoft, with the address of its connection."""

    def __init__(
        self,
        microsoft: TeamsSimulator,
        caller: Caller,
        reconciler: Reconciler,
        clock: FakeClock,
        connection_id: str,
    ) -> None:
        self.microsoft = microsoft
        self.activities = Activities(microsoft, clock.now)
        self.caller = caller
        self.reconciler = reconciler
        self.clock = clock
        self.connection_id = connection_id

    async def send(
        self, content: bytes, *, connection: str = "", receiver: str = "teams", **claims: Any
    ) -> httpx2.Response:
        """Sends an activity with its token."""
        headers = {"authorization": self.activities.authorization(self.clock.now(), **claims)}
        path = f"/v2/receive/{connection or self.connection_id}/{receiver}"
        return await self.caller.client.post(path, content=content, headers=headers)

    async def person(self, name: str = "Anna", mail: str = MANAGER, **switches: Any) -> User:
        """Adds a person who has installed the app."""
        user = self.microsoft.world.add_user(name, mail, **switches)
        answer = await self.send(self.activities.install(user))
        assert (answer.status_code, answer.content) == (200, b"")
        return user

    async def ask(self, *recipients: str, **settings: Any) -> tuple[str, str]:
        """Starts an execution that asks people by Teams, and returns its workflow and its id."""
        step = card_step(channel="teams", recipients=list(recipients or (MANAGER,)), **settings)
        workflow_id = await self.caller.create(definition(step, note_step()))
        execution_id = await self.caller.trigger(workflow_id, {"po": "4711"})
        await self.reconciler.tick()
        return workflow_id, execution_id

    async def press(self, user: User, message: Message, **inputs: Any) -> dict[str, Any]:
        """Lets a person answer the card of a message, and returns what the client is answered."""
        (action,) = message.card["actions"]
        answer = await self.send(self.activities.execute(user, message, action, **inputs))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def messages(self) -> list[Message]:
        """Returns the messages that people see."""
        return self.microsoft.world.visible()

    async def delivery(self) -> dict[str, Any]:
        """Returns what is known of the delivery of the only open card."""
        (item,) = (await self.caller.get("getOpenCards")).json()["items"]
        found: dict[str, Any] = item["delivery"]
        return found


def texts(card: Any) -> str:
    """Returns every text of a card, one a line."""
    if isinstance(card, dict):
        own = [card["text"]] if isinstance(card.get("text"), str) else []
        return "\n".join([*own, *filter(None, (texts(each) for each in card.values()))])
    return "\n".join(filter(None, (texts(each) for each in card))) if isinstance(card, list) else ""
