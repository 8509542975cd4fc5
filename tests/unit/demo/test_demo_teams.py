"""Teams in the demo: the calls of its client, and the workflow whose cards go there."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from looply.definition import parse_definition
from looply.demo.client import LooplyClient, OpenCard
from looply.demo.mailbox import Mailbox
from looply.demo.story import MANAGER, load_definition
from looply.demo.teams.chat import ChatServer
from looply.demo.teams.messenger import Messenger
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import TeamsSimulator
from looply.demo.teams.wire import Reply, Request
from looply.demo.teams_stage import Places, TeamsStage, teams_stage
from looply.errors import Rejected
from looply.testing.clock import FakeClock

HOST = "127.0.0.1:1"
ENDPOINT = "http://looply.test/v2/receive/c/teams"
ACTION = {"type": "Action.Execute", "verb": "answer", "data": {"looply": {"t": "tok"}}}


class FakeBot:
    """A bot behind a messaging endpoint: what came, and what it answers."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.reply: Any = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": {}}

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert (str(request.url), request.headers["authorization"][:7]) == (ENDPOINT, "Bearer ")
        self.got.append(json.loads(request.content))
        return httpx2.Response(self.status, json=self.reply)


class Chat:
    """The server of the client, with what a browser sends."""

    def __init__(self, simulator: TeamsSimulator, messenger: Messenger, folder: Path) -> None:
        self.simulator = simulator
        self.messenger = messenger
        self.server = ChatServer(simulator, messenger, folder, Mailbox().answer)
        self.server.host = HOST
        self.mara = simulator.world.add_user("Mara", MANAGER)
        self.cem = simulator.world.add_user("Cem", "cem@example.com")

    def add(self, user: User) -> Message:
        """Adds a message with a card to the chat of a user."""
        card = {"type": "AdaptiveCard", "version": "1.5", "actions": [ACTION]}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        chat = self.simulator.world.open_chat(user)
        return self.simulator.world.add_message(chat.id, {"attachments": [attachment]})

    async def get(self, target: str, host: str = HOST) -> Reply:
        return await self.server.answer(Request("GET", target, {"host": host}, b""))

    async def post(self, act: str, body: Any, media_type: str = "application/json") -> Reply:
        headers = {"host": HOST, "content-type": media_type}
        return await self.server.answer(Request("POST", f"/chat/{act}", headers, json.dumps(body).encode()))


@pytest.fixture
def bot() -> FakeBot:
    return FakeBot()


@pytest_asyncio.fixture
async def chat(bot: FakeBot, tmp_path: Path) -> AsyncIterator[Chat]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(bot)) as http:
        simulator = TeamsSimulator("http://teams.test")
        messenger = Messenger(simulator, http, FakeClock())
        messenger.endpoint = ENDPOINT
        yield Chat(simulator, messenger, tmp_path)


async def test_people_see_the_messages_of_their_own_conversations(chat: Chat) -> None:
    message = chat.add(chat.mara)
    mine = (await chat.get("/chat")).body
    assert mine["reader"] == {"id": chat.mara.id, "mri": chat.mara.mri, "is_blocked": False}
    assert [each["name"] for each in mine["people"]] == ["Mara", "Cem"]
    assert mine["messages"] == [{"id": message.id, "conversation": "", "changes": 0, "card": message.card}]
    assert (await chat.get(f"/chat?user={chat.cem.id}")).body["messages"] == []
    assert (await chat.get("/chat?user=none")).status == 404


async def test_a_message_that_was_deleted_goes_and_takes_no_press(chat: Chat, bot: FakeBot) -> None:
    message, other = chat.add(chat.mara), chat.add(chat.mara)
    message.is_deleted = True
    assert [each["id"] for each in (await chat.get("/chat")).body["messages"]] == [other.id]
    press = {"user": chat.mara.id, "message": message.id, "action": ACTION, "trigger": "manual"}
    assert ((await chat.post("press", press)).status, bot.got) == (404, [])


async def test_a_thread_of_a_channel_is_seen_by_the_members_of_the_channel(chat: Chat) -> None:
    chat.simulator.world.add_conversation("19:a@thread", "channel", chat.cem)
    thread = chat.simulator.world.add_conversation("19:a@thread;messageid=1", "channel")
    chat.simulator.world.add_message(thread.id, {"attachments": [{"content": {"type": "AdaptiveCard"}}]})
    (seen,) = (await chat.get(f"/chat?user={chat.cem.id}")).body["messages"]
    assert seen["conversation"] == thread.id
    assert (await chat.get(f"/chat?user={chat.mara.id}")).body["messages"] == []


async def test_a_press_reaches_the_bot_as_an_invoke_and_its_answer_is_returned(chat: Chat, bot: FakeBot) -> None:
    message = chat.add(chat.mara)
    press = {"user": chat.mara.id, "message": message.id, "action": ACTION, "trigger": "manual"}
    assert (await chat.post("press", press)).body == {"status": 200, "body": bot.reply}
    (invoke,) = bot.got
    assert (invoke["name"], invoke["replyToId"]) == ("adaptiveCard/action", message.id)
    assert (invoke["from"]["aadObjectId"], invoke["value"]["action"]["data"]) == (chat.mara.id, ACTION["data"])


async def test_a_press_in_the_chat_of_another_person_and_what_is_no_press_are_refused(chat: Chat, bot: FakeBot) -> None:
    message = chat.add(chat.mara)
    press = {"user": chat.cem.id, "message": message.id, "action": ACTION}
    assert (await chat.post("press", press)).status == 404
    for wrong in (
        {**press, "user": "none"},
        {**press, "user": chat.mara.id, "action": {}},
        {**press, "message": 1},
        [],
    ):
        assert (await chat.post("press", wrong)).status == 400
    assert (await chat.post("dance", press)).status == 400
    assert bot.got == []


async def test_a_bot_that_is_blocked_gets_an_installation_once_it_is_taken_back(chat: Chat, bot: FakeBot) -> None:
    block = {"user": chat.mara.id, "is_blocked": True}
    assert (await chat.post("block", block)).status == 200
    assert (chat.mara.is_blocked, bot.got) == (True, [])
    assert (await chat.post("block", {**block, "is_blocked": False})).status == 200
    assert (chat.mara.is_blocked, bot.got[0]["type"]) == (False, "installationUpdate")
    bot.status = 403
    with pytest.raises(Rejected, match="403"):
        await chat.messenger.install(chat.mara)


async def test_other_pages_and_other_names_of_this_machine_are_refused(chat: Chat) -> None:
    message = chat.add(chat.mara)
    press = {"user": chat.mara.id, "message": message.id, "action": ACTION}
    assert (await chat.post("press", press, "text/plain")).status == 404
    assert (await chat.get("/chat", host="evil.example")).status == 403


async def test_files_are_those_of_the_folder_only(chat: Chat, tmp_path: Path) -> None:
    assert b"without its web pages" in (await chat.get("/")).body
    (tmp_path / "chat.html").write_text("<p>chat")
    (tmp_path / "a.js").write_text("1")
    (tmp_path.parent / "b.js").write_text("2")
    page = await chat.get("/")
    assert (page.body, "script-src 'self'" in page.headers["Content-Security-Policy"]) == (b"<p>chat", True)
    assert (await chat.get("/static/a.js")).body == b"1"
    for path in ("/static/../b.js", "/static/%2e%2e/b.js", "/static/none.js", "/static/"):
        assert (await chat.get(path)).status == 404
    assert b"No mails yet" in (await chat.get("/mails")).body


async def test_the_stage_serves_both_sides_and_ends_with_its_block() -> None:
    async with teams_stage(MANAGER, FakeClock()) as stage, httpx2.AsyncClient() as http:
        invitation = stage.invitation(OpenCard(token="t", url=""))
        client = invitation.split()[1]
        assert (await http.get(f"{client}chat")).json()["people"][0]["name"] == "Mara Manager"
        system, mail = stage.addresses
        assert (await http.get(f"http://{system}/v1/.well-known/keys")).status_code == 200
        reader, writer = await asyncio.open_connection(*mail.split(":"))
        assert await reader.readline() == b"220 mailbox of the demo\r\n"
        writer.close()
        assert await stage.is_there(OpenCard(token="t", url="")) is False
    async with httpx2.AsyncClient() as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(client)


async def test_what_is_no_request_ends_its_connection_only() -> None:
    async with teams_stage(MANAGER, FakeClock()) as stage:
        host, _, port = stage.invitation(OpenCard(token="t", url="")).split()[1][7:-1].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"nonsense\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_the_manager_approves_by_the_button_of_the_card_in_the_chat(chat: Chat, bot: FakeBot) -> None:
    stage = TeamsStage(chat.simulator, chat.messenger, chat.mara, Places("http://client/", 0))
    card = OpenCard(token="tok", url="")
    assert await stage.is_there(card) is False
    chat.add(chat.mara)
    assert await stage.is_there(card) is True
    async with httpx2.AsyncClient() as http:
        looply = LooplyClient(http, "http://looply.test", "key")
        await stage.approve(looply, card, "Fine.")
        assert bot.got[0]["value"]["action"]["data"] == {**ACTION["data"], "comment": "Fine."}
        bot.reply = {"statusCode": 500, "type": "application/vnd.microsoft.error", "value": {}}
        with pytest.raises(Rejected, match="the answer in Teams"):
            await stage.approve(looply, card, "Fine.")


def test_the_cards_of_the_workflow_go_to_teams_and_then_by_mail() -> None:
    stage = TeamsStage(TeamsSimulator(), None, None, Places("", 0))  # type: ignore[arg-type]
    adapted: Any = stage.adapt(load_definition())
    found = parse_definition(adapted)
    assert (found.errors, found.warnings) == ((), ())
    steps = {each["id"]: each["settings"] for each in adapted["workflow_steps"]}
    assert (steps["adaptiveCard_1"]["channel"], steps["adaptiveCard_1"]["app"]) == ("teams", "TEAMS")
    assert steps["adaptiveCard_1"]["fallback"] == [{"after": "PT20S", "channel": "email", "app": "MAIL"}]
    assert load_definition() != adapted
