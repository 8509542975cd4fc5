"""What a card looks like in Teams, for the person who reads it. Functions without I/O."""

from collections.abc import Sequence

from looply.connectors.teams.calls.delivery import Look
from looply.connectors.teams.calls.messages import card_message
from looply.connectors.teams.calls.people import Person
from looply.connectors.teams.cards.outgoing import Tag
from looply.connectors.teams.cards.states import (
    ENDINGS,
    Answered,
    Ended,
    Reminded,
    State,
    link_card,
    open_card,
    state_card,
)
from looply.connectors.teams.cards.texts import Language
from looply.engine.ports.card_channel import Copy
from looply.execution.approvals.card_summary import summarize
from looply.execution.approvals.card_view import CardView
from looply.execution.facts.values.approval_terms import is_same_person
from looply.jsontext import Json


def language_of(person: Person | None, locale: str = "") -> Language:
    """Returns the language of a person's client: that of `locale` where it is given, else the one that is known."""
    spoken = locale or (person.locale if person is not None else "")
    return "de" if spoken.lower().partition("-")[0] == "de" else "en"


def card_of(
    view: CardView,
    token: str,
    language: Language,
    *,
    reader: Person | None = None,
    addresses: Sequence[str] = (),
    states: Sequence[State] = (),
) -> dict[str, Json]:
    """Returns the card in the state of its view, below further states that it is to say.

    `reader` sees it, whose client then asks for the newest state by itself; `addresses` are the reader's.
    """
    if view.status == "OPEN":  # which has room for one state
        refreshed = (reader.mri,) if reader is not None and reader.mri else ()
        tag = Tag(token=token, revision=view.revision)
        return open_card(view.card, tag, language, states[-1] if states else None, refreshed)
    return state_card(view.card, states or _states_of(view, addresses), language)


def look_of(copy: Copy, view: CardView, reader: Person | None, url: str) -> Look:
    """Returns what the messages of a copy are to show. `url` leads to the card in the inbox, empty without one."""
    language, summary = language_of(reader), summarize(view.card).subject
    states = (Reminded(),) if copy.is_reminder and view.status == "OPEN" else ()
    card = card_of(view, copy.token, language, reader=reader, addresses=(view.recipient,), states=states)
    small = link_card(summary, url, language)
    return Look(
        message=card_message(card, summary, alerts=True),
        small=card_message(small if url else {**small, "actions": []}, summary, alerts=True),
        is_due=view.status in ("OPEN", "SHOWN"),
        reminders=view.reminder,
    )


def _states_of(view: CardView, addresses: Sequence[str]) -> tuple[State, ...]:
    if view.status == "ANSWERED":
        is_reader = any(is_same_person(view.who, each) for each in addresses)
        return (Answered(who=view.who, decision=view.decision, on=view.on, is_reader=is_reader),)
    if view.status == "CLOSED":
        return (Ended(how="passed_on" if view.who else ENDINGS.get(view.ending, "closed"), who=view.who),)
    return ()
