"""Teams as the place of the story: a simulator of Microsoft's side, and a client in which people see their chats.

Nothing leaves the machine: bot, directory, tokens and client are served on the loopback interface.
"""

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx2

import looply
from looply.clock import Clock
from looply.demo.client import LooplyClient, OpenCard
from looply.demo.mailbox import Mailbox
from looply.demo.teams.chat import ChatServer
from looply.demo.teams.messenger import Messenger
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import SECRET, TeamsSimulator
from looply.errors import Rejected
from looply.jsontext import Json

HOST: Final = "127.0.0.1"
CONNECTION: Final = "TEAMS"
MAIL: Final = "MAIL"
FALLBACK_AFTER: Final = "PT20S"
"""After so long a card that Teams did not take goes by mail."""
COLLEAGUE: Final = "colleague@example.com"
FROM: Final = "Looply <looply@example.com>"


class Places(NamedTuple):
    """Where a person finds the client, and the port of the mail server beside it."""

    client_url: str
    mail_port: int


class TeamsStage:
    """See `looply.demo.stages.Stage`."""

    def __init__(self, simulator: TeamsSimulator, messenger: Messenger, manager: User, places: Places) -> None:
        self._simulator = simulator
        self._messenger = messenger
        self._manager = manager
        self._places = places

    @property
    def addresses(self) -> tuple[str, str]:
        """The hosts with their ports that Looply calls: Microsoft's, and the mail server."""
        return self._simulator.address.removeprefix("http://"), f"{HOST}:{self._places.mail_port}"

    @property
    def place(self) -> str:
        """See `Stage.place`."""
        return "in the Teams of"

    async def prepare(self, looply: LooplyClient) -> tuple[str, ...]:
        """Creates the connections of the bot and of the mail server, and lets every user install the app of the bot."""
        secrets: dict[str, Json] = {"client_secret": SECRET}
        settings: dict[str, Json] = self._simulator.settings()
        connection_id = await looply.save_connection(CONNECTION, "teams", settings, secrets)
        mail: dict[str, Json] = {"host": HOST, "port": self._places.mail_port, "tls": "none", "from": FROM}
        await looply.save_connection(MAIL, "smtp", mail, {})
        self._messenger.endpoint = f"{looply.url}/v2/receive/{connection_id}/teams"
        for user in self._simulator.world.users.values():
            await self._messenger.install(user)
        client_url = self._places.client_url
        return (
            f"Connection {CONNECTION} is a bot in a simulator of Teams, whose client is at {client_url}",
            f"Connection {MAIL} is a mail server, whose mailbox is at {client_url}mails",
        )

    def adapt(self, definition: Json) -> Json:
        """Returns the workflow with cards that go to Teams, and by mail when Teams does not take them."""
        adapted = copy.deepcopy(definition)
        assert isinstance(adapted, dict)
        assert isinstance(adapted["workflow_steps"], list)
        for step in adapted["workflow_steps"]:
            assert isinstance(step, dict)
            settings = step["settings"]
            if isinstance(settings, dict) and settings.get("channel") == "inbox" and settings.get("action") == "send":
                fallback: list[Json] = [{"after": FALLBACK_AFTER, "channel": "email", "app": MAIL}]
                settings |= {"channel": "teams", "app": CONNECTION, "fallback": fallback}
        return adapted

    def invitation(self, card: OpenCard) -> str:  # noqa: ARG002
        """See `Stage.invitation`."""
        return f"Open {self._places.client_url} in a browser, and click Approve or Reject in the chat."

    async def is_there(self, card: OpenCard) -> bool:
        """Returns whether the chat of the manager shows the card."""
        return self._find(card) is not None

    async def approve(self, looply: LooplyClient, card: OpenCard, comment: str) -> None:  # noqa: ARG002
        """See `Stage.approve`: by the first button of the card in the chat."""
        message = self._find(card)
        assert message is not None
        answer = await self._messenger.press(self._manager, message, message.card["actions"][0], {"comment": comment})
        shown = answer.body if isinstance(answer.body, dict) else {}
        if (answer.status, shown.get("statusCode")) != (200, 200):
            raise Rejected(f"the answer in Teams was answered with {answer.status}: {shown}", sent=True)

    def _find(self, card: OpenCard) -> Message | None:
        """Returns the message that shows a card, by the token in its buttons."""
        shown = [each for each in self._simulator.world.visible() if each.body.get("attachments")]
        return next((each for each in shown if _token_of(each) == card.token), None)


def _token_of(message: Message) -> object:
    actions = message.card.get("actions") or [{}]
    return actions[0].get("data", {}).get("looply", {}).get("t")


@asynccontextmanager
async def teams_stage(manager: str, clock: Clock) -> AsyncIterator[TeamsStage]:
    """Serves the simulator and its client until the end of the block, for the one who decides and a colleague."""
    simulator = TeamsSimulator()
    simulator.connector.seconds = clock.monotonic
    mara = simulator.world.add_user("Mara Manager", manager)
    simulator.world.add_user("Cem Colleague", COLLEAGUE)
    async with httpx2.AsyncClient() as http:
        messenger = Messenger(simulator, http, clock)
        mailbox = Mailbox()
        chat = ChatServer(simulator, messenger, Path(looply.__file__).parent / "server" / "static", mailbox.answer)
        system = await asyncio.start_server(simulator.serve, HOST, 0)
        client = await asyncio.start_server(chat.serve, HOST, 0)
        mail = await asyncio.start_server(mailbox.serve, HOST, 0)
        simulator.address = f"http://{HOST}:{system.sockets[0].getsockname()[1]}"
        chat.host = f"{HOST}:{client.sockets[0].getsockname()[1]}"
        try:
            places = Places(f"http://{chat.host}/", mail.sockets[0].getsockname()[1])
            yield TeamsStage(simulator, messenger, mara, places)
        finally:
            for server in (system, client, mail):
                server.close()
            await chat.close()
            await mailbox.close()
            await simulator.close()
