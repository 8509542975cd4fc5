"""The texts of mails that bring cards, in every language; the type proves that none lacks one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from looply.connectors.email.settings import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of one language. `{text}` is replaced by a value, as it is."""

    request: str
    """The subject of a card that has no text."""
    answer: str
    """The button of a card that has none of its own."""
    answer_hint: str
    read_only: str
    reminder: str
    changed: str
    answered: str
    closed: str
    too_long: str
    open_link: str
    date: str
    """A date in the form of `strftime`, with numbers only."""


TEXTS: Final[Mapping[Language, Texts]] = {
    "en": Texts(
        request="A request waits for you",
        answer="Open and answer",
        answer_hint="The buttons open the request in Looply. You answer there: a click in this mail decides nothing.",
        read_only="This request is for your information. It takes no answer.",
        reminder="Reminder: this request still waits for your answer.",
        changed="This request has changed since the last mail. Answer this one.",
        answered="This request is {text}. You need not answer it any more.",
        closed="This request takes no more answers: {text}",
        too_long="This request is too long for a mail.",
        open_link="Open it in Looply",
        date="%Y-%m-%d",
    ),
    "de": Texts(
        request="Eine Anfrage wartet auf Sie",
        answer="Öffnen und antworten",
        answer_hint="Die Schaltflächen öffnen die Anfrage in Looply. Dort antworten Sie: Ein Klick in dieser Mail "
        "entscheidet nichts.",
        read_only="Diese Anfrage ist zu Ihrer Kenntnis. Sie nimmt keine Antwort an.",
        reminder="Erinnerung: Diese Anfrage wartet noch auf Ihre Antwort.",
        changed="Diese Anfrage hat sich seit der letzten Mail geändert. Antworten Sie auf diese.",
        answered="Diese Anfrage ist beantwortet ({text}). Sie müssen nicht mehr antworten.",
        closed="Diese Anfrage nimmt keine Antworten mehr an: {text}",
        too_long="Diese Anfrage ist zu lang für eine Mail.",
        open_link="In Looply öffnen",
        date="%d.%m.%Y",
    ),
}


def language_of(locale: str) -> Language:
    """Returns the language of a reader by a locale such as `de-AT`; English where there are no texts."""
    return "de" if locale.replace("_", "-").partition("-")[0].lower() == "de" else "en"


def date_text(at: datetime, texts: Texts) -> str:
    """Returns the date of an instant, as the language writes it."""
    return at.strftime(texts.date)
