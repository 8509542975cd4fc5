"""The port by which people, chats and systems are notified of incidents."""

from typing import Protocol

import msgspec

from looply.app.messages.mailing import Mailed
from looply.catalog.authored.notifications import Notification
from looply.jsontext import Json


class NotificationMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What is reported. `key` names it, so that a repetition has the same id; `facts` are the same for programs."""

    key: str
    title: str
    text: str
    link: str
    facts: dict[str, Json]


class Notifier(Protocol):
    """Sends messages. One that is not sent is said, never raised: what it says is stored, and is reported again."""

    async def send(self, organization_id: str, target: Notification, message: NotificationMessage) -> Mailed:
        """Returns what became of a message for one target."""
        ...


class NoNotifier:
    """The notifier of a process that sends nothing."""

    async def send(self, *_: object) -> Mailed:
        """Sends nothing."""
        return Mailed(state="OFF", reason="this process sends no notifications")
