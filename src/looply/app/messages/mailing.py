"""Mails that this server writes to people: invitations, links for new passwords, codes, notifications."""

from typing import Literal, Protocol, TypeAlias

import msgspec

MailState: TypeAlias = Literal["SENT", "OFF", "FAILED", "UNKNOWN"]
"""What became of a mail. `OFF`: there is nothing that sends it; `UNKNOWN`: it may have left."""
MailKind: TypeAlias = Literal["invitation", "reset", "code", "problem"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A mail. `key` names it, so that a repetition has the same id; `link` is what its button opens, if it has one.

    `values` are put into the texts of its kind. The texts themselves are those of the language of the outlet.
    """

    kind: MailKind
    recipient: str
    key: str
    link: str = ""
    values: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Message(kind={self.kind!r}, recipient={self.recipient!r})"


class Mailed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mail; `reason` says why it was not sent."""

    state: MailState
    reason: str = ""


class Mailer(Protocol):
    """Sends mails of this server. A mail that is not sent is said, never raised: what it was to say is stored."""

    @property
    def has_server(self) -> bool:
        """Whether this installation has a mail server of its own, which mails of accounts go through."""
        ...

    async def send(self, message: Message) -> Mailed:
        """Returns what became of a mail through the mail server of the installation."""
        ...

    async def send_for(self, organization_id: str, app: str, message: Message) -> Mailed:
        """Returns what became of a mail through a connection of an organization.

        `app` is the name of the connection; empty: the mail server of the installation, else the only connection of
        the organization that sends mails.
        """
        ...


class NoMailer:
    """The mailer of a process that sends no mails."""

    @property
    def has_server(self) -> bool:
        """Whether this installation has a mail server of its own: no."""
        return False

    async def send(self, *_: object) -> Mailed:
        """Sends nothing."""
        return Mailed(state="OFF")

    async def send_for(self, *_: object) -> Mailed:
        """Sends nothing."""
        return Mailed(state="OFF")
