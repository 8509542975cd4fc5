"""What the simulator knows: users, conversations, messages."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any


@dataclass
class User:
    """A user of the tenant. `is_installed`: the bot is in the personal chat; `is_blocked`: the user has blocked it."""

    name: str
    mail: str
    id: str
    aliases: list[str] = field(default_factory=list)
    is_installed: bool = True
    is_blocked: bool = False
    locale: str = "en-US"

    @property
    def mri(self) -> str:
        """The id by which this bot knows the user."""
        return f"29:{self.id}"

    @property
    def upn(self) -> str:
        """The name with which the user signs in."""
        return self.mail.replace("@", ".upn@")

    def member(self) -> dict[str, Any]:
        """Returns the user as lists of members show users."""
        shown = {"id": self.mri, "aadObjectId": self.id, "name": self.name, "email": self.mail}
        return {**shown, "userPrincipalName": self.upn, "tenantId": "", "userRole": "user"}

    def record(self) -> dict[str, Any]:
        """Returns the user as Graph shows users."""
        names = {"mail": self.mail, "userPrincipalName": self.upn, "displayName": self.name}
        return {"id": self.id, **names, "preferredLanguage": self.locale}

    def sender(self) -> dict[str, Any]:
        """Returns the user as activities name their senders."""
        return {"id": self.mri, "aadObjectId": self.id, "name": self.name}


@dataclass
class Message:
    """A message as Teams shows it, and how often it was changed."""

    id: str
    conversation: str
    body: dict[str, Any]
    is_deleted: bool = False
    changes: int = 0

    @property
    def card(self) -> dict[str, Any]:
        """The card that the message shows."""
        found: dict[str, Any] = self.body["attachments"][0]["content"]
        return found


@dataclass
class Conversation:
    """A conversation: a personal chat of one user, a group chat, a channel or one of its threads."""

    id: str
    kind: str
    members: list[User] = field(default_factory=list)
    has_bot: bool = True


class World:
    """All that there is in the tenant."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.messages: dict[str, Message] = {}
        self._numbers = count(1)

    def next_number(self) -> int:
        """Returns a number that was not returned before."""
        return next(self._numbers)

    def add_user(self, name: str, mail: str, **switches: Any) -> User:
        """Adds a user."""
        user = User(name, mail, f"00000000-0000-0000-0000-{self.next_number():012}", **switches)
        self.users[user.id] = user
        return user

    def add_conversation(self, conversation: str, kind: str, *members: User) -> Conversation:
        """Adds a team's channel or a group chat that the bot is in."""
        self.conversations[conversation] = Conversation(conversation, kind, list(members))
        return self.conversations[conversation]

    def add_message(self, conversation: str, body: dict[str, Any]) -> Message:
        """Adds a message."""
        message = Message(str(self.next_number()), conversation, body)
        self.messages[message.id] = message
        return message

    def open_chat(self, user: User) -> Conversation:
        """Returns the personal chat with a user, the same each time."""
        conversation = f"a:{user.id}"
        if conversation not in self.conversations:
            self.add_conversation(conversation, "personal", user)
        return self.conversations[conversation]

    def visible(self) -> list[Message]:
        """Returns the messages that are there, in the order in which they came."""
        return [each for each in self.messages.values() if not each.is_deleted]
