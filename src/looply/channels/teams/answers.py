"""Answers of people to cards in Teams: decided by the engine, and answered by the card of the new state.

Only the unit of the engine is written for an answer. A click that Teams repeats is the same person's second answer, so
it gets the card that the first one got.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from looply.app.context.services import Services
from looply.app.executions import sent_cards
from looply.app.executions.sent_cards import Sender
from looply.channels.teams.bots import Bot
from looply.channels.teams.looks import card_of, language_of
from looply.connectors.teams.calls.messages import read_handle, with_found
from looply.connectors.teams.calls.people import Person
from looply.connectors.teams.cards.answers import channel_actor, is_address_of, state_of, takes_answers
from looply.connectors.teams.cards.states import Ended, NotYours, State, Unknown, state_card
from looply.connectors.teams.cards.texts import TEXTS, Language
from looply.connectors.teams.inbound.activities import Place, Refreshed, Submitted
from looply.connectors.teams.inbound.replies import Reply, card_reply, error_reply
from looply.engine.cards.learning import learn
from looply.engine.ports.lists import Execution
from looply.engine.records.copies import Copies
from looply.errors import BadInput, EngineError, NotFound, Overloaded, StoreLost
from looply.execution.approvals.card_view import CardView, view_of
from looply.execution.approvals.cards import former_answer
from looply.execution.facts import commands
from looply.execution.facts.state import Card
from looply.execution.facts.values.approval_terms import is_same_person
from looply.execution.facts.values.card_copy import is_group
from looply.jsontext import Json

CHANNEL: Final = "teams"
"""The name that `channel` of a step has."""
VIA: Final = "TEAMS"
"""The way of an answer, as it is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The person who has used a card, with every address of theirs."""

    person: Person
    addresses: tuple[str, ...]
    language: Language


async def reader_of(bot: Bot, event: Submitted | Refreshed) -> Reader:
    """Returns who has used a card, as Teams and the directory name them."""
    sender = event.sender
    known = await bot.directory.find_by_id(sender.id) if sender.id else None
    person = known if known is not None else Person(id=sender.id, mri=sender.mri, name=sender.name)
    addresses = await bot.directory.addresses(sender.id) if known is not None else ()
    return Reader(person=person, addresses=addresses, language=language_of(person, sender.locale))


async def answer(services: Services, copies: Copies, bot: Bot, event: Submitted, now: datetime) -> Reply:
    """Returns the answer to one who has answered a card; what it changes is durable when it returns."""
    reader = await reader_of(bot, event)
    try:
        execution, card = await _find(services, bot, event.tag.token)
    except NotFound:
        return card_reply(state_card({}, (Ended(was_late=True),), reader.language))
    await note_message(copies, card.card_id, event.place, now)
    try:
        reply = await sent_cards.submit(
            services, execution, event.tag.token, event.data, revision=event.tag.revision, sender=_sender(event, reader)
        )
        execution = await services.engine.executions.get(execution.head.execution_id)
    except StoreLost:
        return card_reply(state_card(card.body, (Unknown(),), reader.language), is_settled=False)
    except (Overloaded, EngineError) as error:
        return busy(error.code, reader.language)
    return card_reply(_card_after(execution, card, event.tag.token, reader, reply, now))


async def refresh(services: Services, copies: Copies, bot: Bot, event: Refreshed, now: datetime) -> Reply:
    """Returns the present state of a card to one whose client asks for it. Nothing is decided."""
    reader = await reader_of(bot, event)
    try:
        execution, card = await _find(services, bot, event.tag.token)
    except NotFound:
        return card_reply(state_card({}, (Ended(),), reader.language))
    await note_message(copies, card.card_id, event.place, now)
    if not is_group(card.recipient) and not _is_of(reader, card.recipient):
        return card_reply(state_card({}, (NotYours(who=card.recipient),), reader.language))
    return card_reply(_shown(_view(execution, card), event.tag.token, reader))


async def _find(services: Services, bot: Bot, token: str) -> tuple[Execution, Card]:
    """Returns the card that a token names, if this bot has brought it.

    Another bot has people of another tenant, whose addresses say nothing of the recipients of this card.
    Raises: NotFound.
    """
    execution, card = await sent_cards.find_by_token(services, token)
    is_own = execution.state.started.organization_id == bot.organization_id and card.app in ("", bot.account.name)
    if not is_own or card.channel != CHANNEL:
        raise sent_cards.card_not_found()
    return execution, card


async def note_message(copies: Copies, card_id: str, place: Place, now: datetime) -> None:
    """Notes the message that was used, if it is none that is known: one whose sending had no answer."""
    row = await copies.find(card_id)
    if row is None or not place.message_id:
        return
    try:
        handle = read_handle(row.handle)
    except BadInput:
        return  # of another channel
    joined = with_found(
        handle, service_url=place.service_url, conversation=place.conversation, activity=place.message_id
    )
    await learn(copies, card_id, joined.text, now)


def busy(code: str, language: Language) -> Reply:
    """Returns the answer that leaves the card as it is, and asks to click once more."""
    return error_reply(500, code, TEXTS[language].try_again)


def _card_after(
    execution: Execution, card: Card, token: str, reader: Reader, reply: commands.Reply, now: datetime
) -> dict[str, Json]:
    view = _view(execution, card)
    if isinstance(reply, commands.Declined) and reply.code == "NOT_YOURS":
        # Another person's card is not shown to the one who has clicked.
        return state_card({}, (NotYours(who=_whose(card)),), reader.language)
    decision, is_reader = _decision(execution, card), is_address_of(*_names(reader))
    state = state_of(reply, decision=decision, now=now, is_reader=is_reader)
    if takes_answers(state):
        return _shown(view, token, reader, state)
    return state_card(view.card, (state,), reader.language)


def _shown(view: CardView, token: str, reader: Reader, *states: State) -> dict[str, Json]:
    return card_of(view, token, reader.language, reader=reader.person, addresses=_names(reader), states=states)


def _view(execution: Execution, card: Card) -> CardView:
    view = view_of(execution.workflow, execution.state, card.card_id)
    assert view is not None  # cards of a history are never removed
    return view


def _decision(execution: Execution, card: Card) -> str:
    """Returns what was decided, as the history says it: empty where the output of the step is secret."""
    state = execution.state
    former = former_answer(execution.workflow, state, state.cards.get(card.card_id, card))
    return former.decision if former is not None else ""


def _whose(card: Card) -> str:
    """Returns who may answer a card: its recipient, in a conversation of several people those who are named."""
    return ", ".join(card.may_answer) if is_group(card.recipient) else card.recipient


def _sender(event: Submitted, reader: Reader) -> Sender:
    mail = reader.person.mail or reader.person.upn
    actor = channel_actor(event.sender.id, mail)
    return Sender(actor=actor, addresses=reader.addresses, via=VIA)


def _names(reader: Reader) -> tuple[str, ...]:
    return (*reader.addresses, reader.person.id)


def _is_of(reader: Reader, recipient: str) -> bool:
    return any(is_same_person(recipient, each) for each in reader.addresses)
