"""Reminders of cards that an operator sends now, beside those of the step's settings."""

from looply.execution.approvals.turns import pending_cards
from looply.execution.facts.address import parse_address
from looply.execution.facts.commands import Answer, Declined, RemindCard, Reminded, UnknownToken
from looply.execution.facts.events import CardWanted
from looply.execution.facts.state import ExecutionState
from looply.execution.facts.values.card_copy import CardCopy


def remind_card(state: ExecutionState, command: RemindCard) -> Answer:
    """Returns the reply to a reminder of one copy, and its event.

    A copy that takes no answer now is not reminded of.
    """
    card = state.cards.get(command.card_id)
    if card is None:
        return Answer(UnknownToken())
    wait = state.waits.get(card.address)
    if wait is None or card not in pending_cards(state, wait):
        return Answer(
            Declined(code="CLOSED", message="the card takes no more answers, so there is nothing to remind of")
        )
    if state.has_incident:
        message = "the execution has stopped, and the card takes no answer until its incident is resolved"
        return Answer(Declined(code="FAILED", message=message))
    reminder = CardWanted(
        at=command.at,
        by=command.by,
        via=command.via,
        **parse_address(card.address).fields,
        copies=(CardCopy(card_id=card.card_id, recipient=card.recipient, part=card.part),),
        body=None,
        channel=card.channel,
        app=card.app,
        revision=card.revision,
        reminder=card.reminders + 1,
    )
    return Answer(Reminded(reminders=reminder.reminder), (reminder,))
