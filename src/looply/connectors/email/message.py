"""Builds a mail: checked addresses, no header injection, one stable id, attachments.

Everything is sent as seven-bit text (RFC 5322, RFC 2045 to 2047), which every server accepts.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import blake2b
from typing import Final, TypeAlias

import msgspec

from looply.connectors.outbound.urls import parse_url
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
_MEDIA_TYPE: Final = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,126})/([a-z0-9][a-z0-9!#$&^_.+-]{0,126})")
_PARTS_OF_MAIL: Final = frozenset({"multipart", "message"})
"""Types that mail programs read as mails; bytes of such a type are attached as they are."""
_LONGEST_URL: Final = 900
"""RFC 5322 §2.1.1 allows lines of 998 characters."""


class EmailInput(msgspec.Struct, frozen=True, kw_only=True):
    """Input of `email.send`."""

    connection: str
    """Name of a connection of kind smtp or graph_mail."""
    to: str | list[str]
    """Addresses: a list, or one text that separates them by commas."""
    cc: str | list[str] | None = None
    """Addresses that get a copy."""
    reply_to: str | list[str] | None = None
    """Addresses that answers go to, in place of the sender."""
    subject: Text = ""
    """The subject, without line breaks."""
    text: Text = ""
    """The mail as plain text."""
    html: Text = ""
    """The mail as HTML."""
    attachments: dict[str, Json] | list[dict[str, Json]] | None = None
    """Files: a blob or a list of them, or objects with `content`, a blob or a text, and `name`."""
    list_unsubscribe: Text = ""
    """An address `https:` or `mailto:` by which the recipient ends further mails."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file within a mail."""

    content: bytes
    media_type: str
    name: str

    def __repr__(self) -> str:
        return f"Attachment({self.media_type}, {len(self.content)} bytes)"


class InlineImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that the HTML of its mail shows, by the address `cid:` and `cid`. `kind` follows `image/`."""

    cid: str
    content: bytes
    kind: str

    def __repr__(self) -> str:
        return f"InlineImage({self.kind}, {len(self.content)} bytes)"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail before it is checked and encoded.

    `local_id` becomes the part of the `Message-ID` before the sender's host. `references` are the ids of the mails of
    its thread, oldest first.
    """

    sender: str
    to: str | list[str]
    local_id: str
    at: datetime
    subject: str
    text: str = ""
    html: str = ""
    cc: str | list[str] = ""
    reply_to: str | list[str] = ""
    attachments: tuple[Attachment, ...] = ()
    images: tuple[InlineImage, ...] = ()
    list_unsubscribe: str = ""
    references: tuple[str, ...] = ()

    @property
    def bytes_of_files(self) -> int:
        """The bytes of its attachments and images."""
        return sum(len(each.content) for each in self.attachments) + sum(len(each.content) for each in self.images)


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


def build_letter(
    email: EmailInput, sender: str, key: str, at: datetime, attachments: tuple[Attachment, ...] = ()
) -> Letter:
    """Returns the mail of a step. `sender` is the connection's `from`, `key` the idempotency key of the visit.

    Guarantees: equal keys give equal ids, so that a recipient can recognize the mail of a repeated attempt.
    """
    return Letter(
        sender=sender,
        to=email.to,
        cc=email.cc or [],
        reply_to=email.reply_to or [],
        local_id=blake2b(key.encode(), digest_size=16).hexdigest(),
        at=at,
        subject=_text(email.subject),
        text=_text(email.text),
        html=_text(email.html),
        attachments=attachments,
        list_unsubscribe=_text(email.list_unsubscribe),
    )


def build_mail(letter: Letter, limits: Limits) -> Mail:
    """Returns a letter as it is sent. Raises: BadInput for addresses, subjects and sizes that cannot be sent."""
    name, address = _parse_address(letter.sender, "the `from` of the connection")
    origin = _address(name, address)
    to, cc = _addresses(letter.to, "to"), _addresses(letter.cc, "cc")
    recipients = tuple(dict.fromkeys(each.addr_spec for each in (*to, *cc)))
    if not to:
        raise BadInput("the mail has no recipient: `to` is empty")
    if len(recipients) > limits.recipients:
        raise BadInput(f"the mail has {len(recipients)} recipients; the limit recipients is {limits.recipients}")
    if problem := subject_problem(letter.subject):
        raise BadInput(f"the mail cannot be sent: {problem}")
    size = len(letter.text) + len(letter.html) + letter.bytes_of_files
    if size > limits.mail_bytes:
        raise _too_large(size, limits)
    message_id = f"<{letter.local_id}@{origin.domain}>"
    message = EmailMessage(policy=_POLICY)
    message["From"], message["To"] = origin, to
    if cc:
        message["Cc"] = cc
    if reply_to := _addresses(letter.reply_to, "reply_to"):
        message["Reply-To"] = reply_to
    message["Subject"], message["Date"], message["Message-ID"] = letter.subject, letter.at, message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notices in return
    # The library parses header values before it writes them; the parsed values are checked again for line breaks.
    if any(has_line_break(str(value)) for value in message.values()):
        raise BadInput("the subject or an address of the mail has a line break or a control character")
    _fill(message, letter)
    content = _plain_headers(letter) + message.as_bytes()
    if len(content) > limits.mail_bytes:
        raise _too_large(len(content), limits)
    return Mail(sender=origin.addr_spec, recipients=recipients, message_id=message_id, content=content)


def domain_of(sender: str) -> str:
    """Returns the host of a sender's address in ASCII form, which ends the ids of its mails. Raises: BadInput."""
    return _address(*_parse_address(sender, "the `from` of the connection")).domain


def _too_large(size: int, limits: Limits) -> BadInput:
    return BadInput(f"the mail has {size} bytes or more; the limit mail_bytes is {limits.mail_bytes}")


def _plain_headers(letter: Letter) -> bytes:
    """Returns the headers that have no words, as their lines. The library would encode those that are long."""
    lines = []
    if letter.references:
        lines.append(f"In-Reply-To: {letter.references[-1]}")
        lines.append("References: " + "\r\n ".join(letter.references))
    if letter.list_unsubscribe:
        url = _unsubscribe_url(letter.list_unsubscribe)
        lines.append(f"List-Unsubscribe: <{url}>")
        if url.startswith("https:"):
            lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")  # RFC 8058
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _unsubscribe_url(text: str) -> str:
    """Returns an address of `List-Unsubscribe` (RFC 2369) in ASCII form. Raises: BadInput for any other text."""
    hint = "`list_unsubscribe` is no address that begins with https: or mailto:"
    if text.lower().startswith("mailto:"):
        address, _, query = text[len("mailto:") :].partition("?")
        if read_address(address) is None or re.fullmatch(r"[\x21-\x7e]*", query) is None or set(query) & set("<>"):
            raise BadInput(hint)
        return f"mailto:{address}{'?' if query else ''}{query}"
    try:
        url = str(parse_url(text))
    except BadInput as error:
        raise BadInput(hint) from error
    if not url.startswith("https://") or not url.isascii() or set(url) & set("<> ") or len(url) > _LONGEST_URL:
        raise BadInput(hint)
    return url


def _fill(message: EmailMessage, letter: Letter) -> None:
    text, html = letter.text, letter.html
    if not text and not html:
        raise BadInput("the mail has no body: both `text` and `html` are empty")
    if text:
        message.set_content(text, cte=_coding(text))
    if html and text:
        message.add_alternative(html, subtype="html", cte=_coding(html))
    elif html:
        message.set_content(html, subtype="html", cte=_coding(html))
    if letter.images:
        _show(message, letter.images)
    for each in letter.attachments:
        main, sub = _media_type(each.media_type)
        message.add_attachment(each.content, maintype=main, subtype=sub, cte="base64", filename=_file_name(each.name))


def _show(message: EmailMessage, images: tuple[InlineImage, ...]) -> None:
    """Puts images beside the HTML that shows them (RFC 2387, RFC 2392)."""
    page = message.get_body(("html",))
    if not isinstance(page, EmailMessage):
        raise BadInput("the mail has images and no HTML that shows them")
    for number, image in enumerate(images, 1):
        name = f"image-{number}.{image.kind}"
        page.add_related(
            image.content, "image", image.kind, cte="base64", cid=f"<{image.cid}>", disposition="inline", filename=name
        )


def _media_type(text: str) -> tuple[str, str]:
    matched = _MEDIA_TYPE.fullmatch(text.partition(";")[0].strip().lower())
    if matched is None or matched[1] in _PARTS_OF_MAIL:
        return "application", "octet-stream"
    return matched[1], matched[2]


def _file_name(name: str) -> str:
    """Returns a name without folders and without characters that hide a part of it."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(each for each in last if each.isprintable()).strip(" .")
    return plain[:200] or "attachment"


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
