"""The texts of cards in Teams, in every language; the type proves that none lacks one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "de"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of one language. `{who}`, `{what}` and `{why}` are replaced by values, each as it is."""

    approved: str
    rejected: str
    recorded: str
    recorded_what: str
    recorded_hint: str
    answered: str
    answered_what: str
    answered_by_you: str
    loser_hint: str
    done: str
    refused: str
    passed_on: str
    not_yours: str
    not_yours_hint: str
    changed: str
    changed_hint: str
    frozen: str
    self_approval: str
    decided_already: str
    timed_out: str
    terminated: str
    deleted: str
    cancelled: str
    ended: str
    closed: str
    unknown: str
    unknown_hint: str
    unfit: str
    too_large: str
    open_link: str
    reminder: str
    welcome: str
    welcome_hint: str
    try_again: str


TEXTS: Final[Mapping[Language, Texts]] = {
    "en": Texts(
        approved="approved",
        rejected="rejected",
        recorded="Your answer is recorded",
        recorded_what="Your answer is recorded: {what}",
        recorded_hint="What follows from it is shown here.",
        answered="{who} has answered",
        answered_what="{who} has answered: {what}",
        answered_by_you="You have answered: {what}",
        loser_hint="Your click changed nothing.",
        done="Done: {what}",
        refused="Refused: {what}",
        passed_on="Passed on to {who}",
        not_yours="This card is for {who}",
        not_yours_hint="Your click changed nothing.",
        changed="The card has changed since it was shown to you",
        changed_hint="This is the present one. Look at it, and answer again.",
        frozen="The workflow has stopped; an operator must decide first. Your click changed nothing.",
        self_approval="Requesters do not decide on their own requests. Your click changed nothing.",
        decided_already="You have answered this request already, with another card.",
        timed_out="The time to answer is over",
        terminated="The workflow was terminated",
        deleted="The card was deleted",
        cancelled="The answer is no longer needed",
        ended="The workflow has ended",
        closed="The card takes no more answers",
        unknown="It is not known yet whether your answer was recorded",
        unknown_hint="This card will show it. Answering again is safe.",
        unfit="The answer cannot be taken: {why}",
        too_large="This card is too large for Teams.",
        open_link="Open it in Looply",
        reminder="Reminder",
        welcome="Looply brings requests to you here",
        welcome_hint="Nothing is waiting for you at present.",
        try_again="Looply is busy. Please try again in a moment.",
    ),
    "de": Texts(
        approved="genehmigt",
        rejected="abgelehnt",
        recorded="Ihre Antwort ist gespeichert",
        recorded_what="Ihre Antwort ist gespeichert: {what}",
        recorded_hint="Was daraus folgt, wird hier gezeigt.",
        answered="{who} hat geantwortet",
        answered_what="{who} hat geantwortet: {what}",
        answered_by_you="Sie haben geantwortet: {what}",
        loser_hint="Ihr Klick hat nichts geändert.",
        done="Erledigt: {what}",
        refused="Abgelehnt: {what}",
        passed_on="Weitergegeben an {who}",
        not_yours="Diese Karte ist für {who}",
        not_yours_hint="Ihr Klick hat nichts geändert.",
        changed="Die Karte hat sich geändert, seit Sie sie gesehen haben",
        changed_hint="Das ist die jetzige. Sehen Sie sie an, und antworten Sie noch einmal.",
        frozen="Der Workflow ist angehalten; zuerst entscheidet der Betrieb. Ihr Klick hat nichts geändert.",
        self_approval="Über die eigene Anfrage entscheidet man nicht selbst. Ihr Klick hat nichts geändert.",
        decided_already="Sie haben auf diese Anfrage schon geantwortet, mit einer anderen Karte.",
        timed_out="Die Zeit zum Antworten ist vorbei",
        terminated="Der Workflow wurde beendet",
        deleted="Die Karte wurde gelöscht",
        cancelled="Die Antwort wird nicht mehr gebraucht",
        ended="Der Workflow ist zu Ende",
        closed="Die Karte nimmt keine Antworten mehr an",
        unknown="Noch ist nicht bekannt, ob Ihre Antwort gespeichert wurde",
        unknown_hint="Diese Karte wird es zeigen. Noch einmal zu antworten schadet nicht.",
        unfit="Die Antwort kann nicht angenommen werden: {why}",
        too_large="Diese Karte ist zu groß für Teams.",
        open_link="In Looply öffnen",
        reminder="Erinnerung",
        welcome="Looply bringt Ihnen Anfragen hierher",
        welcome_hint="Im Moment wartet nichts auf Sie.",
        try_again="Looply ist ausgelastet. Bitte versuchen Sie es gleich noch einmal.",
    ),
}


def language_of(locale: str) -> Language:
    """Returns the language of a reader by a locale such as `de-AT`; English where there are no texts."""
    return "de" if locale.replace("_", "-").partition("-")[0].lower() == "de" else "en"
