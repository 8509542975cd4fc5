"""Compiles the settings of `email`; parses mail addresses and identifies the person of an address."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from looply.definition.settings.reading import Reader, read_template
from looply.definition.settings.step_settings import CallSettings
from looply.definition.values.report import write
from looply.errors import say
from looply.expressions import Escape, Expression, ExpressionError, Placement, Template
from looply.jsontext import Json

# RFC 5321 §4.1.2 without quoted local parts and address literals, which mailboxes of people do not use; host names may
# be international, the part before the @ is ASCII, which every server accepts.
_ADDRESS: Final = re.compile(
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>[^\s@.,;:<>()\[\]\\\"]+(?:\.[^\s@.,;:<>()\[\]\\\"]+)*)"
)
_NAMED: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")
_SEPARATORS: Final = re.compile(r"[,;]")
_LONGEST: Final = 254
"""RFC 5321 §4.5.3.1.3, without the brackets."""
_MAX_COMMENTED_LENGTH: Final = 1000
"""Comments of longer texts, which no mail server accepts as an address, are not removed."""
_DOTS: Final = {ord("\u3002"): "."}
"""The ideographic full stop, which also separates the labels of a host name (RFC 3490 §3.1)."""
_SCHEME: Final = re.compile(r"\s*mailto:", re.IGNORECASE)
_COMMENT: Final = re.compile(r"\((?:[^()\\]|\\.)*\)")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_INVISIBLE: Final = frozenset({"Cc", "Cf"})
"""Controls and formats, such as the zero-width space: addresses that look the same are the same."""


def compile_email(reader: Reader, operation: str) -> CallSettings:
    """Returns the settings of an `email`; constant addresses and the subject are checked here."""
    if "text" not in reader and "html" not in reader:
        reader.error("text", say("MAIL_EMPTY", "the mail has no body"), say("GIVE_BODY", "give `text`, `html` or both"))
    for name in ("to", "cc", "reply_to"):
        for pointer, text in _constant_addresses(reader, name):
            if problem := address_problem(text):
                message = say("ADDRESS_INVALID", "{reason}", reason=problem)
                reader.report.error(pointer, message, write("ann@example.com or Ann <ann@example.com>"))
    if problem := subject_problem(str(reader.value["subject"])):
        reader.error("subject", say("SUBJECT_INVALID", "{reason}", reason=problem))
    unsubscribe = str(reader.value.get("list_unsubscribe", "https:"))
    if not unsubscribe.startswith(("https:", "mailto:", "${")):
        message = say("UNSUBSCRIBE_INVALID", "is no address that begins with https: or mailto:")
        reader.error("list_unsubscribe", message)
    return CallSettings(operation=operation)


def email_input(reader: Reader) -> Template:
    """Returns the template of the whole mail. A value within an address field is one recipient, or a list of them."""
    placements: dict[str, Placement] = {"/to": _recipients, "/cc": _recipients, "/reply_to": _recipients}
    return read_template(dict(reader.value), reader.path, reader.report, placements)


def _recipients(pieces: tuple[str | Expression, ...]) -> tuple[Escape, ...]:
    return (_one_recipient,) * len(pieces)


def _one_recipient(value: str) -> str:
    if _SEPARATORS.search(value):
        raise ExpressionError("the value has a comma or a semicolon, but a value is one recipient; use a list instead")
    return value


def split_addresses(text: str) -> list[str]:
    """Returns the addresses of a text, which are separated by `,` or `;`."""
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def read_address(text: str) -> tuple[str, str] | None:
    """Returns the name (maybe empty) and the address of `a@b.c` or `Name <a@b.c>`; None for any other text."""
    text = text.strip()
    if has_line_break(text) or has_encoded_word(text):
        return None
    named = _NAMED.fullmatch(text)
    name, address = (named["name"].strip().strip('"'), named["address"].strip()) if named else ("", text)
    if len(address) > _LONGEST or _ADDRESS.fullmatch(address) is None:
        return None
    return name, address


def person_of(address: str) -> str:
    """Returns the canonical form of a person's address, equal for all its spellings, so that no person has two votes.

    Letter case, compatible forms of characters (NFKC), invisible characters, a name before a mail address
    (`Ann <ann@example.com>`), the dot that ends a full host name (`ann@example.com.`), an international host name
    written for DNS (`xn--...`), quotes (`"ann"@example.com`), comments (`ann(office)@example.com`), blanks around the
    @ and `mailto:` make no difference. The local part does: `ann+po@example.com` is another person.
    """
    seen = "".join(
        each for each in unicodedata.normalize("NFKC", address) if unicodedata.category(each) not in _INVISIBLE
    )
    seen = seen.translate(_DOTS).strip()
    named = _NAMED.fullmatch(seen)
    text = named["address"] if named else seen
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
    local, at, host = _without_comments(text).rpartition("@")
    if not local:
        return seen.casefold()
    return f"{_unquote(local.strip())}{at}{_host_of(host.strip())}".casefold()


def _without_comments(address: str) -> str:
    """Returns an address without RFC 5322 comments, also nested ones; quoted text has no comments."""
    if '"' in address or len(address) > _MAX_COMMENTED_LENGTH:
        return address
    while (shorter := _COMMENT.sub("", address)) != address:
        address = shorter
    return address


def _unquote(local: str) -> str:
    """Returns the mailbox that a local part names: quotes and backslashes are only notation (RFC 5321 §4.1.2)."""
    quoted = _QUOTED.fullmatch(local)
    return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else local


def _host_of(host: str) -> str:
    """Returns a host name without trailing dots, its labels as Unicode."""
    labels = host.casefold().rstrip(". ").split(".")
    return ".".join(_label_of(label) for label in labels)


def _label_of(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return unicodedata.normalize("NFKC", label[4:].encode("ascii").decode("punycode"))
    except (UnicodeError, ValueError):
        return label


def address_problem(text: str) -> str:
    """Returns what is wrong with an address, empty when nothing is."""
    return "" if read_address(text) is not None else f"{text!r} is no mail address"


def subject_problem(text: str) -> str:
    """Returns what is wrong with a subject, empty when nothing is."""
    if has_line_break(text):
        return "the subject must not have a line break or a control character"
    return "the subject has an encoded word (`=?`...`?=`); write the text itself" if has_encoded_word(text) else ""


def has_encoded_word(text: str) -> bool:
    """Returns whether mail clients would decode a text as another one (RFC 2047), which may have line breaks."""
    _, begins, rest = text.partition("=?")
    return bool(begins) and "?=" in rest


def has_line_break(text: str) -> bool:
    """Returns whether a text has characters that could end its mail header or hide something in it."""
    return any(character < " " or character in "\x7f\x85\u2028\u2029" for character in text)


def _constant_addresses(reader: Reader, name: str) -> Iterator[tuple[str, str]]:
    value: Json = reader.value.get(name, [])
    if isinstance(value, str):
        if "${" not in value:
            yield from ((reader.pointer(name), part) for part in split_addresses(value) or [value])
        return
    for index, item in enumerate(value):
        if "${" not in item:
            yield reader.pointer(name, index), item
