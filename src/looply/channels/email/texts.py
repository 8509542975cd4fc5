"""The texts of the mails that this server writes itself, in every language; the type proves that none lacks one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from looply.app.messages.mailing import MailKind
from looply.connectors.email.settings import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTexts:
    """The texts of one kind of mail; `{name}` is replaced by a value, as it is. `button` is the one of its link."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str = ""


TEXTS: Final[Mapping[Language, Mapping[MailKind, MailTexts]]] = {
    "en": {
        "invitation": MailTexts(
            subject="Invitation to {organization} in Looply",
            paragraphs=(
                "You are invited to {organization} in Looply, with the role {role}.",
                "The link is for you alone. It can be used once, until {expires}.",
            ),
            button="Accept the invitation",
        ),
        "reset": MailTexts(
            subject="A new password for Looply",
            paragraphs=(
                "With this link you choose a new password for Looply. It can be used once, until {expires}.",
                "If you did not ask for it, you need not do anything: your password stays as it is.",
            ),
            button="Choose a new password",
        ),
        "code": MailTexts(
            subject="{code} is your code for Looply",
            paragraphs=(
                "The code for your answer to “{subject}” is {code}. It can be used until {expires}.",
                "Do not pass it on. If you are not answering right now, another person has opened your link.",
                "The request stays open then; tell an administrator.",
            ),
        ),
        "problem": MailTexts(subject="{title}", paragraphs=("{text}",), button="Open it in Looply"),
    },
    "de": {
        "invitation": MailTexts(
            subject="Einladung zu {organization} in Looply",
            paragraphs=(
                "Sie sind zu {organization} in Looply eingeladen, mit der Rolle {role}.",
                "Der Link ist nur für Sie. Er gilt einmal, bis {expires}.",
            ),
            button="Einladung annehmen",
        ),
        "reset": MailTexts(
            subject="Ein neues Passwort für Looply",
            paragraphs=(
                "Mit diesem Link wählen Sie ein neues Passwort für Looply. Er gilt einmal, bis {expires}.",
                "Wenn Sie nicht darum gebeten haben, müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.",
            ),
            button="Neues Passwort wählen",
        ),
        "code": MailTexts(
            subject="{code} ist Ihr Code für Looply",
            paragraphs=(
                "Der Code für Ihre Antwort auf „{subject}“ ist {code}. Er gilt bis {expires}.",
                "Geben Sie ihn nicht weiter. Antworten Sie gerade nicht, so hat jemand anders Ihren Link geöffnet.",
                "Die Anfrage bleibt dann offen; sagen Sie es der Administration.",
            ),
        ),
        "problem": MailTexts(subject="{title}", paragraphs=("{text}",), button="In Looply öffnen"),
    },
}
