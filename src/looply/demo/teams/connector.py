"""The part of the simulator that is the Bot Connector: conversations, messages, members, and the limit of messages."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from looply.demo.teams.people import User, World
from looply.demo.teams.wire import Reply, Request, error

TENANT = "11111111-2222-3333-4444-555555555555"
APP = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
MAX_BYTES = 100_000
PER_SECOND = 7


class Connector:
    """The answers of the Bot Connector."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent: dict[str, deque[float]] = {}
        self.seconds: Callable[[], float] | None = None
        """The clock of the limit of 7 messages in a second; without one there is no limit."""
        self.fastest = 0
        """The most messages of one conversation within a second that came."""
        self.page = 2
        """How many members a page has."""

    def answer(self, request: Request, path: list[str]) -> Reply:
        """Returns the answer to a request for a path below the conversations."""
        if len(request.body) > MAX_BYTES:
            return error(413, "MessageSizeTooBig")
        match request.method, path:
            case "POST", []:
                return self._create(request.document)
            case "POST", [conversation, "activities"]:
                return self._limited(conversation) or self._send(conversation, request.document)
            case "PUT", [conversation, "activities", activity]:
                return self._limited(conversation) or self._update(conversation, activity, request.document)
            case "DELETE", [conversation, "activities", activity]:
                return self._limited(conversation) or self._delete(conversation, activity)
            case "GET", [conversation, members] if members.lower() == "pagedmembers":
                return self._members(request, conversation)
        return error(404, "NotFound")

    def _create(self, body: dict[str, Any]) -> Reply:
        data = body.get("channelData") or {}
        tenants = {each for each in (body.get("tenantId"), (data.get("tenant") or {}).get("id")) if each}
        if (body.get("bot") or {"id": f"28:{APP}"})["id"] != f"28:{APP}" or tenants != {TENANT}:
            return error(401, "BotNotRegistered")
        if "channel" in data:
            channel = data["channel"]["id"]
            if channel not in self._world.conversations or not self._world.conversations[channel].has_bot:
                return error(403, "BotNotInConversationRoster")
            thread = self._world.add_conversation(f"{channel};messageid={self._world.next_number()}", "channel")
            return Reply(201, {"id": thread.id, "activityId": self._world.add_message(thread.id, body["activity"]).id})
        user = self._user(body["members"][0]["id"])
        if user is None:
            return error(400, "BadArgument", "no such member")
        if not user.is_installed:
            return error(403, "BotNotInConversationRoster")
        return Reply(201, {"id": self._world.open_chat(user).id})

    def _user(self, member: str) -> User | None:
        return self._world.users.get(member.removeprefix("29:"))

    def _send(self, conversation: str, body: dict[str, Any]) -> Reply:
        if (refusal := self._refusal(conversation)) is not None:
            return refusal
        return Reply(201, {"id": self._world.add_message(conversation, body).id})

    def _update(self, conversation: str, activity: str, body: dict[str, Any]) -> Reply:
        message = self._world.messages.get(activity)
        if (refusal := self._refusal(conversation)) is not None:
            return refusal
        if message is None or message.is_deleted or message.conversation != conversation:
            return error(404, "ActivityNotFoundInConversation")
        message.body, message.changes = body, message.changes + 1
        return Reply(200, {"id": activity})

    def _delete(self, conversation: str, activity: str) -> Reply:
        message = self._world.messages.get(activity)
        if message is None or message.is_deleted or message.conversation != conversation:
            return error(404, "ActivityNotFoundInConversation")
        message.is_deleted = True
        return Reply(200)

    def _refusal(self, conversation: str) -> Reply | None:
        found = self._world.conversations.get(conversation)
        if found is None:
            return error(404, "ConversationNotFound")
        if found.kind == "personal" and found.members[0].is_blocked:
            # As Teams does: the reason is JSON in a text in JSON.
            inner = json.dumps({"subCode": "MessageWritesBlocked", "errorCode": 209})
            return Reply(403, {"error": {"code": "ServiceError", "message": inner}})
        is_out = found.kind == "personal" and not found.members[0].is_installed
        return error(403, "BotNotInConversationRoster") if is_out or not found.has_bot else None

    def _members(self, request: Request, conversation: str) -> Reply:
        found = self._world.conversations.get(conversation)
        if found is None:
            return error(404, "ConversationNotFound")
        if found.kind == "personal" and not found.members[0].is_installed:
            return error(403, "BotNotInConversationRoster")
        first = int(request.query.get("continuationToken", "0"))
        shown = [each.member() for each in found.members[first : first + self.page]]
        more = first + self.page < len(found.members)
        return Reply(200, {"members": shown, **({"continuationToken": str(first + self.page)} if more else {})})

    def _limited(self, conversation: str) -> Reply | None:
        if self.seconds is None:
            return None
        now, sent = self.seconds(), self._sent.setdefault(conversation, deque())
        while sent and sent[0] <= now - 1:
            sent.popleft()
        sent.append(now)
        self.fastest = max(self.fastest, len(sent))
        return None if len(sent) <= PER_SECOND else Reply(429, error(429, "TooManyRequests").body, {"Retry-After": "2"})
