"""Builds a mail from the settings of a step: checked addresses, no header injection, one stable id.

Everything is sent as seven-bit text (RFC 5322, RFC 2045 to 2047), which every server accepts.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import blake2b
from typing import TypeAlias

import msgspec

from looply.decimals import decimal_text
from looply.definition.settings.mail import has_line_break, read_address, split_addresses, subject_problem
from looply.errors import BadInput
from looply.jsontext import Json
from looply.limits import Limits

Text: TypeAlias = str | int | float | None
"""The value of an expression in a setting that is a text; null is the empty text."""

_POLICY = SMTP.clone(cte_type="7bit")
# Larger bodies use base64: their source need not be readable, and quoted-printable takes a second for ten megabytes.
_READABLE_CHARACTERS = 65_536


class EmailInput(msgspec.Struct, frozen=True, kw_only=True):
    """Input of `email.send`."""

    connection: str
    """Name of a connection of kind smtp."""
    to: str | list[str]
    """Addresses: a list, or one text that separates them by commas."""
    cc: str | list[str] | None = None
    """Addresses that get a copy."""
    subject: Text = ""
    """The subject, without line breaks."""
    text: Text = ""
    """The mail as plain text."""
    html: Text = ""
    """The mail as HTML."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that can be sent: its recipients, its id and its bytes."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    content: bytes

    def __repr__(self) -> str:
        return f"Mail({self.message_id})"


def with_decimal_texts(input_: Mapping[str, Json]) -> Mapping[str, Json]:
    """Returns the input with each exact decimal as its text, since a setting of a mail is written as a text anyway."""
    return {name: decimal_text(value) if isinstance(value, Decimal) else value for name, value in input_.items()}


def build_mail(email: EmailInput, sender: str, key: str, at: datetime, limits: Limits) -> Mail:
    """Returns the mail of a step. `sender` is the connection's `from`, `key` the idempotency key of the visit.

    Guarantees: equal keys give equal ids, so that a recipient can recognize the mail of a repeated attempt.

    Raises: BadInput for addresses, subjects and sizes that cannot be sent.
    """
    name, address = _parse_address(sender, "the `from` of the connection")
    origin = _address(name, address)
    to, cc = _addresses(email.to, "to"), _addresses(email.cc or [], "cc")
    recipients = tuple(dict.fromkeys(each.addr_spec for each in (*to, *cc)))
    if not to:
        raise BadInput("the mail has no recipient: `to` is empty")
    if len(recipients) > limits.recipients:
        raise BadInput(f"the mail has {len(recipients)} recipients; the limit recipients is {limits.recipients}")
    subject = _text(email.subject)
    if problem := subject_problem(subject):
        raise BadInput(f"the mail cannot be sent: {problem}")
    text, html = _text(email.text), _text(email.html)
    if len(text) + len(html) > limits.mail_bytes:
        raise _too_large(len(text) + len(html), limits)
    message_id = f"<{blake2b(key.encode(), digest_size=16).hexdigest()}@{origin.domain}>"
    message = EmailMessage(policy=_POLICY)
    message["From"], message["To"] = origin, to
    if cc:
        message["Cc"] = cc
    message["Subject"], message["Date"], message["Message-ID"] = subject, at, message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notices in return
    # The library parses header values before it writes them; the parsed values are checked again for line breaks.
    if any(has_line_break(str(value)) for value in message.values()):
        raise BadInput("the subject or an address of the mail has a line break or a control character")
    _fill(message, text, html)
    content = message.as_bytes()
    if len(content) > limits.mail_bytes:
        raise _too_large(len(content), limits)
    return Mail(sender=origin.addr_spec, recipients=recipients, message_id=message_id, content=content)


def _too_large(size: int, limits: Limits) -> BadInput:
    return BadInput(f"the mail has {size} bytes or more; the limit mail_bytes is {limits.mail_bytes}")


def _fill(message: EmailMessage, text: str, html: str) -> None:
    if not text and not html:
        raise BadInput("the mail has no body: both `text` and `html` are empty")
    if text:
        message.set_content(text, cte=_coding(text))
    if html and text:
        message.add_alternative(html, subtype="html", cte=_coding(html))
    elif html:
        message.set_content(html, subtype="html", cte=_coding(html))


def _coding(text: str) -> str:
    return "quoted-printable" if len(text) <= _READABLE_CHARACTERS else "base64"


def _addresses(value: str | list[str], field: str) -> list[Address]:
    return [_address(*_parse_address(each, f"`{field}`")) for each in _address_list(value)]


def _address_list(value: str | list[str]) -> Iterable[str]:
    return split_addresses(value) if isinstance(value, str) else value


def _parse_address(text: str, where: str) -> tuple[str, str]:
    found = read_address(text)
    if found is None:
        raise BadInput(
            f"{where} has {text!r}, which is no mail address; write ann@example.com or Ann <ann@example.com>"
        )
    return found


def _address(name: str, address: str) -> Address:
    """Returns the address with its host in ASCII form (RFC 5891)."""
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise BadInput(f"{domain!r} in a mail address is no name of a host") from error
    return Address(display_name=name, username=local, domain=ascii_domain)


def _text(value: Text) -> str:
    return "" if value is None else str(value)
