"""Which mail is due for a copy of a card, and what is in it: the first one, a reminder, a changed card, its end.

All mails of a copy are one thread. The id of each is made of the copy and of what the mail is for, so that a repetition
after an unknown outcome is the same mail to the programs that compare ids.
"""

from datetime import datetime
from typing import Final, Literal, TypeAlias, assert_never

import msgspec

from looply.connectors.email.cards.pictures import Pictures
from looply.connectors.email.cards.plain import text_of
from looply.connectors.email.cards.rendering import MOST_CHARACTERS, Page, document, link_button, paragraph
from looply.connectors.email.cards.texts import TEXTS, Texts
from looply.connectors.email.message import InlineImage, Letter, domain_of
from looply.connectors.email.settings import Language
from looply.definition.settings.mail import subject_problem
from looply.errors import BadInput
from looply.execution.approvals.card_summary import summarize
from looply.jsontext import Json

Cause: TypeAlias = Literal["first", "changed", "reminder", "end"]

_SUBJECT_CHARACTERS: Final = 150
_REFERENCES: Final = 10
"""The most mails of its thread that a mail names: the first one and the latest."""


class Handle(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"mails": "a", "revision": "r", "reminders": "n", "subject": "s", "has_ended": "e"},
):
    """The mails of a copy: their ids, oldest first, the revision and the number of reminders that they showed.

    A mail whose outcome is unknown is not among them, and is sent again with its id.
    """

    mails: tuple[str, ...] = ()
    revision: int = 0
    reminders: int = 0
    subject: str = ""
    has_ended: bool = False

    @property
    def text(self) -> str:
        """The handle as it is stored; empty without a mail."""
        return msgspec.json.encode(self).decode() if self.mails else ""


class Appearance(msgspec.Struct, frozen=True, kw_only=True):
    """A card as its recipient is to see it.

    `OPEN`: it takes an answer; `SHOWN`: it is for reading only; `ANSWERED` and `CLOSED`: `text` says by whom and why.
    `reminder` counts the reminders from 1, 0 before the first. `has_answered`: the recipient has.
    """

    status: Literal["OPEN", "SHOWN", "ANSWERED", "CLOSED"]
    card: Json
    revision: int
    reminder: int = 0
    text: str = ""
    has_answered: bool = False


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """The copy of a card for one recipient. `link` is the page that it is answered on.

    `notifies_end`: a recipient who has not answered gets a mail when no answer is needed any more.
    """

    card_id: str
    recipient: str
    link: str
    language: Language = "en"
    notifies_end: bool = False


class Due(msgspec.Struct, frozen=True):
    """A letter that is due, and the handle of the copy once it is sent."""

    letter: Letter
    handle: Handle


class _Body(msgspec.Struct, frozen=True):
    """What is in a letter."""

    html: str
    text: str
    images: tuple[InlineImage, ...] = ()


def read_handle(text: str) -> Handle:
    """Returns the handle of a stored text. Raises: BadInput for a text that is none."""
    if not text:
        return Handle()
    try:
        return msgspec.json.decode(text, type=Handle)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadInput("the handle of the card is none of mail") from error


def find_due(
    copy: Copy, appearance: Appearance, handle: Handle, sender: str, at: datetime, pictures: Pictures
) -> Due | None:
    """Returns the mail that brings a copy to its appearance; None when nothing is to be sent.

    `sender` is the `from` of the connection. `pictures` gathers the images of the card; it says in `unopened` which
    blobs the letter lacks. Guarantees: the handle of the result makes nothing due for the same appearance.
    Raises: BadInput for a sender that is no mail address.
    """
    cause = _cause(copy, appearance, handle)
    if cause is None:
        return None
    texts = TEXTS[copy.language]
    subject = handle.subject or subject_of(appearance.card, texts)
    local_id = f"{copy.card_id}.{appearance.revision}{_suffix(cause, appearance)}"
    body = _body(copy, appearance, cause, subject, pictures)
    letter = Letter(
        sender=sender,
        to=[copy.recipient],
        local_id=local_id,
        at=at,
        subject=f"Re: {subject}" if handle.mails else subject,
        text=body.text,
        html=body.html,
        images=body.images,
        references=(*handle.mails[:1], *handle.mails[1:][1 - _REFERENCES :]),
    )
    after = Handle(
        mails=(*handle.mails, f"<{local_id}@{domain_of(sender)}>"),
        revision=appearance.revision,
        reminders=appearance.reminder,
        subject=subject,
        has_ended=cause == "end",
    )
    return Due(letter, after)


def subject_of(card: Json, texts: Texts) -> str:
    """Returns the first text of a card as the subject of its mails, without what a subject may not have."""
    words = " ".join(summarize(card).subject.split())
    plain = "".join(each for each in words if each.isprintable()).replace("=?", "= ?")
    cut = plain if len(plain) <= _SUBJECT_CHARACTERS else f"{plain[:_SUBJECT_CHARACTERS]}..."
    return cut if cut and not subject_problem(cut) else texts.request


def _cause(copy: Copy, appearance: Appearance, handle: Handle) -> Cause | None:
    match appearance.status:
        case "OPEN" | "SHOWN":
            if not handle.mails:
                return "first"
            if appearance.revision > handle.revision:
                return "changed"
            is_due = appearance.status == "OPEN" and appearance.reminder > handle.reminders
            return "reminder" if is_due else None
        case "ANSWERED" | "CLOSED":
            is_silent = not handle.mails or handle.has_ended or appearance.has_answered or not copy.notifies_end
            return None if is_silent else "end"
        case _:
            assert_never(appearance.status)


def _suffix(cause: Cause, appearance: Appearance) -> str:
    match cause:
        case "first" | "changed":
            return ""
        case "reminder":
            return f".r{appearance.reminder}"
        case "end":
            return ".end"
        case _:
            assert_never(cause)


def _body(copy: Copy, appearance: Appearance, cause: Cause, subject: str, pictures: Pictures) -> _Body:
    texts = TEXTS[copy.language]
    note = _note(appearance, cause, texts)
    if cause == "end":
        return _Body(document(subject, (paragraph(note, is_strong=True),), copy.language), note)
    page = Page(copy.link if appearance.status == "OPEN" else "", copy.language, pictures)
    parts = [paragraph(note, is_strong=True)] if note else []
    parts.append(page.body(appearance.card))
    hint = texts.answer_hint if appearance.status == "OPEN" else texts.read_only
    if not page.buttons.is_answer_drawn:
        parts.append(page.buttons.answer())
    parts.append(paragraph(hint))
    html = document(subject, tuple(parts), copy.language)
    content = text_of(appearance.card, copy.language)
    is_short = len(html) <= MOST_CHARACTERS and len(content) <= MOST_CHARACTERS
    if not is_short:
        content = texts.too_long
        short = (paragraph(subject, is_strong=True), paragraph(content), link_button(copy.link, texts.open_link))
        html = document(subject, short, copy.language)
    link = f"{texts.open_link}: {copy.link}" if appearance.status == "OPEN" else ""
    lines = (note, content, link, texts.read_only if appearance.status == "SHOWN" else "")
    text = "\n\n".join(filter(None, lines))
    return _Body(html, text, pictures.images) if is_short else _Body(html, text)


def _note(appearance: Appearance, cause: Cause, texts: Texts) -> str:
    """Returns what a mail says above the card; empty for the first one."""
    match cause:
        case "first":
            return ""
        case "changed":
            return texts.changed
        case "reminder":
            return texts.reminder
        case "end":
            pattern = texts.answered if appearance.status == "ANSWERED" else texts.closed
            return pattern.replace("{text}", appearance.text)
        case _:
            assert_never(cause)
