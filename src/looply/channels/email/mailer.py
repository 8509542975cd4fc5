"""The mailer: writes and sends the mails of this server, and says what became of each."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import Final

import structlog

from looply.app.messages.mailing import Mailed, Message
from looply.channels.email.outlets import KINDS, MailResources, Outlet, open_outlet
from looply.channels.email.texts import TEXTS
from looply.connectors.email.cards.rendering import document, link_button, paragraph
from looply.connectors.email.message import Letter, build_mail
from looply.connectors.email.submitting import submit
from looply.connectors.outbound.dialer import Dialer
from looply.connectors.port import ConnectionValues
from looply.errors import OperationError

_log = structlog.get_logger(__name__)

_DELIVERY_TIME: Final = timedelta(seconds=20)
"""People wait for the answer of a call that sends a mail."""
_SUBJECT_CHARACTERS: Final = 150
_NAME: Final = re.compile(r"\{([a-z]+)\}")


class ServerMailer:
    """See `looply.app.messages.mailing.Mailer`.

    `own` is the mail server of the installation as a connection, None without one; it belongs to no organization, and
    `own_dialer` connects to it. `resources` are those of mails through connections.
    """

    def __init__(self, resources: MailResources, own: ConnectionValues | None, own_dialer: Dialer) -> None:
        self.resources = resources
        self._own = own
        self._own_resources = replace(resources, dialer=own_dialer)

    @property
    def has_server(self) -> bool:
        """Whether this installation has a mail server of its own."""
        return self._own is not None

    async def send(self, message: Message) -> Mailed:
        """See `Mailer.send`."""
        if self._own is None:
            return Mailed(state="OFF")
        return await self._send(
            open_outlet(self._own_resources, "", self._own, _DELIVERY_TIME, "a mail of an account"), message
        )

    async def send_for(self, organization_id: str, app: str, message: Message) -> Mailed:
        """See `Mailer.send_for`."""
        if not app and self._own is not None:
            return await self.send(message)
        try:
            values = await self.resources.connections.find_for_channel(organization_id, app, KINDS)
            outlet = open_outlet(self.resources, organization_id, values, _DELIVERY_TIME, "a mail of this server")
        except OperationError as error:
            return Mailed(state="FAILED", reason=error.message)
        return await self._send(outlet, message)

    async def _send(self, outlet: Outlet, message: Message) -> Mailed:
        account = outlet.account
        try:
            letter = letter_of(message, outlet)
            await submit(outlet.calls, account, build_mail(letter, self.resources.limits))
        except OperationError as error:
            _log.warning("mail_not_sent", kind=message.kind, connection=outlet.used.connection, code=error.code)
            return Mailed(
                state="UNKNOWN" if error.sent else "FAILED", reason=f"{error.code} {error.status or ''}".strip()
            )
        return Mailed(state="SENT")


def letter_of(message: Message, outlet: Outlet) -> Letter:
    """Returns the mail of a message, in the language of its outlet."""
    account, texts = outlet.account, TEXTS[outlet.account.language][message.kind]
    subject = _one_line(_filled(texts.subject, message.values))
    lines = [_filled(each, message.values) for each in texts.paragraphs]
    parts = [paragraph(line) for line in lines]
    if message.link:
        parts.insert(1, link_button(message.link, texts.button))
        lines.insert(1, f"{texts.button}: {message.link}")
    return Letter(
        sender=account.sender,
        to=[message.recipient],
        local_id=blake2b(message.key.encode(), digest_size=16).hexdigest(),
        at=outlet.calls.clock.now(),
        subject=subject,
        text="\n\n".join(lines),
        html=document(subject, tuple(parts), account.language),
    )


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    """Returns a text with its values. What a value looks like is never a place for another one."""
    return _NAME.sub(lambda match: values.get(match[1], ""), pattern)


def _one_line(text: str) -> str:
    """Returns a text without what a subject may not have."""
    plain = "".join(each for each in " ".join(text.split()) if each.isprintable()).replace("=?", "= ?")
    return plain if len(plain) <= _SUBJECT_CHARACTERS else f"{plain[:_SUBJECT_CHARACTERS]}..."
