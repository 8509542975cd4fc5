"""The reports of channels: a copy of a card was delivered, or cannot be."""

from looply.execution.delivery.fallbacks import fall_back_late
from looply.execution.facts.address import parse_address
from looply.execution.facts.commands import Answer, CopyReported, Done
from looply.execution.facts.events import CardDelivered, CardUndelivered
from looply.execution.facts.state import ExecutionState


def record_report(state: ExecutionState, command: CopyReported) -> Answer:
    """Returns the event of a report. It is late when it says nothing new, or the copy takes no more answers.

    A copy that cannot be delivered is sent by another channel at once, if the time of a fallback is over already.
    """
    card = state.cards.get(command.card_id)
    if card is None or state.closed is not None or card.status != "OPEN":
        return Answer(Done(is_late=True))
    if (card.delivery, card.delivery_code) == (command.state, command.code):
        return Answer(Done(is_late=True))
    address = parse_address(card.address)
    if command.state == "SHOWN":
        delivered = CardDelivered(
            at=command.at, **address.fields, card=card.card_id, recipient=card.recipient, channel=card.channel
        )
        return Answer(Done(), (delivered,))
    undelivered = CardUndelivered(
        at=command.at,
        **address.fields,
        card=card.card_id,
        recipient=card.recipient,
        channel=card.channel,
        reason=command.state,
        code=command.code,
        message=command.message,
    )
    wait = state.waits.get(card.address)
    if wait is None or state.has_incident:
        return Answer(Done(), (undelivered,))
    return Answer(Done(), (undelivered, *fall_back_late(state, wait, card, undelivered)))
