"""The activities that the simulator sends: what people do in Teams, with the token that comes with it."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from looply.demo.teams.connector import APP, TENANT
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import TeamsSimulator


class Activities:
    """Makes activities of one simulator, as bytes, and their headers. Each has an id of its own, and the time `now`."""

    def __init__(self, simulator: TeamsSimulator, now: Callable[[], datetime]) -> None:
        self._simulator = simulator
        self._now = now
        self._numbers = itertools.count(1)

    def execute(self, user: User, message: Message, action: dict[str, Any], **inputs: Any) -> bytes:
        """Returns what a press of an `Action.Execute` sends; the values of inputs are among its data."""
        shown = {"type": "Action.Execute", "verb": action.get("verb", ""), "data": {**action["data"], **inputs}}
        value = {"action": shown, "trigger": "manual"}
        return self._of(user, message, type="invoke", name="adaptiveCard/action", value=value)

    def refresh(self, user: User, message: Message) -> bytes:
        """Returns what a client sends that shows a card with `refresh`."""
        value = {"action": message.card["refresh"]["action"], "trigger": "automatic"}
        return self._of(user, message, type="invoke", name="adaptiveCard/action", value=value)

    def submit(self, user: User, message: Message, action: dict[str, Any], **inputs: Any) -> bytes:
        """Returns what a press of an `Action.Submit` sends."""
        return self._of(user, message, type="message", value={**action["data"], **inputs})

    def install(self, user: User, *, action: str = "add") -> bytes:
        """Returns what comes when a user installs or removes the app."""
        return self._of(user, None, type="installationUpdate", action=action)

    def join(self, user: User, conversation: str, *members: User) -> bytes:
        """Returns what comes when people are added to a team or a group chat."""
        added = [{"id": each.mri, "aadObjectId": each.id} for each in members]
        place = {"id": conversation, "conversationType": "channel", "tenantId": TENANT, "isGroup": True}
        data = {"tenant": {"id": TENANT}, "team": {"id": conversation}, "eventType": "teamMemberAdded"}
        return self._of(user, None, type="conversationUpdate", membersAdded=added, conversation=place, channelData=data)

    def say(self, user: User, text: str = "hello") -> bytes:
        """Returns a message that a user writes."""
        return self._of(user, None, type="message", text=text)

    def claims(self, now: datetime, **changes: Any) -> dict[str, Any]:
        """Returns the claims of the token of an activity."""
        begun = int(now.timestamp())
        times = {"nbf": begun, "exp": begun + int(timedelta(hours=1).total_seconds())}
        named = {"iss": "https://api.botframework.com", "aud": APP, "serviceurl": self._simulator.service_url}
        return {**named, **times, **changes}

    def authorization(self, now: datetime, **changes: Any) -> str:
        """Returns the header `Authorization` of an activity."""
        return f"Bearer {self._simulator.keys[0].sign(self.claims(now, **changes))}"

    def _of(self, user: User, message: Message | None, **members: Any) -> bytes:
        chat = self._simulator.world.open_chat(user)
        kind = "personal" if message is None else self._simulator.world.conversations[message.conversation].kind
        place = {
            "id": chat.id if message is None else message.conversation,
            "conversationType": kind,
            "tenantId": TENANT,
        }
        activity = {
            "id": f"f:{next(self._numbers)}",
            # Microsoft writes seven digits of a second.
            "timestamp": f"{self._now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z",
            "channelId": "msteams",
            "serviceUrl": self._simulator.service_url,
            "from": user.sender(),
            "recipient": {"id": f"28:{APP}", "name": "Looply"},
            "conversation": place,
            "channelData": {"tenant": {"id": TENANT}, "source": None},
            "locale": user.locale,
            **({} if message is None else {"replyToId": message.id}),
            **members,
        }
        return json.dumps(activity).encode()
