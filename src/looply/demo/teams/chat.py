"""The client of the demo: a page that shows the chats of the simulator as Teams shows them, and takes what people do.

It listens on the loopback interface only, and takes calls of its own page only: another page of the browser cannot
send JSON to it, and a name of another host that leads to this machine is refused.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from looply.demo.teams.connections import OpenConnections
from looply.demo.teams.messenger import Answer, Messenger
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import TeamsSimulator
from looply.demo.teams.wire import JSON, Reply, Request, error, read_request
from looply.errors import LooplyError

_PAGE: Final = "chat.html"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_NOT_BUILT: Final = b"<!doctype html><title>Chat</title><p>This installation was built without its web pages.</p>"


class ChatServer:
    """Serves the page and its calls. `folder` has the built pages; `host` is the address of the server, with its port;
    `mails` answers for the pages of the mailbox.

    `GET /chat?user=` returns the people and the messages that one of them sees, `POST /chat/press` sends the press of
    a button and returns the answer of the bot, `POST /chat/block` blocks the bot for a person or takes it back.
    """

    def __init__(
        self, simulator: TeamsSimulator, messenger: Messenger, folder: Path, mails: Callable[[Request], Reply]
    ) -> None:
        self._simulator = simulator
        self._messenger = messenger
        self._folder = folder
        self._mails = mails
        self._connections = OpenConnections()
        self.host = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection, until it is closed."""
        with self._connections.serving(writer):
            try:
                while (request := await read_request(reader)) is not None:
                    writer.write((await self.answer(request)).encode_http())
                    await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                return  # what is no request has no answer

    async def close(self) -> None:
        """Ends all connections."""
        await self._connections.close()

    async def answer(self, request: Request) -> Reply:
        """Returns the answer to one request."""
        if request.headers.get("host") != self.host:
            return error(403, "Forbidden")
        match request.method, request.parts:
            case "GET", [""]:
                return self._file(_PAGE)
            case "GET", ["static", *path]:
                return self._file("/".join(path))
            case "GET", ["mails", *_]:
                return self._mails(request)
            case "GET", ["chat"]:
                return self._chat(request.query.get("user", ""))
            case "POST", ["chat", act] if request.headers.get("content-type") == JSON:
                return await self._act(act, request)
        return error(404, "NotFound")

    async def _act(self, act: str, request: Request) -> Reply:
        try:
            given = request.document
        except ValueError:
            given = None
        user = self._simulator.world.users.get(str(given.get("user"))) if isinstance(given, dict) else None
        if user is None:
            return error(400, "BadArgument", "no such person")
        try:
            match act, given:
                case "press", {"message": str(), "action": dict()}:
                    return await self._press(user, given)
                case "block", {"is_blocked": bool(is_blocked)}:
                    return await self._block(user, is_blocked)
        except LooplyError as failure:
            return error(502, failure.code, failure.message)
        return error(400, "BadArgument")

    async def _press(self, user: User, press: dict[str, Any]) -> Reply:
        message = self._simulator.world.messages.get(press["message"])
        if message is None or message not in self._messages(user):
            return error(404, "ActivityNotFoundInConversation")
        action = press["action"]
        if not isinstance(action.get("data"), dict):
            return error(400, "BadArgument")
        is_refresh = press.get("trigger") == "automatic" and "refresh" in message.card
        send = self._messenger.refresh(user, message) if is_refresh else self._messenger.press(user, message, action)
        answer: Answer = await send
        return Reply(200, {"status": answer.status, "body": answer.body})

    async def _block(self, user: User, is_blocked: bool) -> Reply:
        was_blocked, user.is_blocked = user.is_blocked, is_blocked
        if was_blocked and not is_blocked:
            await self._messenger.install(user)
        return Reply(200, {})

    def _chat(self, user_id: str) -> Reply:
        """Returns what a person sees; without an id, the first one."""
        users = self._simulator.world.users
        user = users.get(user_id) if user_id else next(iter(users.values()), None)
        if user is None:
            return error(404, "NotFound", "no such person")
        people = [{"id": each.id, "name": each.name} for each in users.values()]
        messages = [
            {"id": each.id, "conversation": self._name(each), "changes": each.changes, "card": each.card}
            for each in self._messages(user)
        ]
        reader = {"id": user.id, "mri": user.mri, "is_blocked": user.is_blocked}
        return Reply(200, {"people": people, "reader": reader, "messages": messages})

    def _messages(self, user: User) -> list[Message]:
        """Returns the messages with cards in the conversations of a person."""
        return [
            each
            for each in self._simulator.world.visible()
            if user in self._members(each) and each.body.get("attachments")
        ]

    def _members(self, message: Message) -> list[User]:
        """Returns who sees a message: in a thread of a channel, the members of the channel."""
        return self._simulator.world.conversations[message.conversation.partition(";")[0]].members

    def _name(self, message: Message) -> str:
        kind = self._simulator.world.conversations[message.conversation].kind
        return "" if kind == "personal" else message.conversation

    def _file(self, name: str) -> Reply:
        path = (self._folder / name).resolve()
        is_known = path.is_relative_to(self._folder.resolve()) and path.suffix in _TYPES
        if is_known and path.is_file():
            return Reply(200, path.read_bytes(), {**_HEADERS, "Content-Type": _TYPES[path.suffix]})
        if name == _PAGE:
            return Reply(200, _NOT_BUILT, {**_HEADERS, "Content-Type": _TYPES[".html"]})
        return error(404, "NotFound")
