"""Reassignment of a card by an operator: the old copy closes, a new one opens for another person with its own token."""

from looply.errors import Problem
from looply.execution.approvals.turns import may_take, pass_on, pending_cards, people_to_come
from looply.execution.facts.commands import Answer, Declined, ReassignCard, Reassigned, Unfit, UnknownToken
from looply.execution.facts.events import CardWanted
from looply.execution.facts.state import Card, ExecutionState, OpenWait, cards_of
from looply.execution.facts.values.approval_terms import is_same_person


def reassign_card(state: ExecutionState, command: ReassignCard) -> Answer:
    """Returns the reply to a reassignment, and its events."""
    card = state.cards.get(command.card_id)
    if card is None:
        return Answer(UnknownToken())
    wait = state.waits.get(card.address)
    if wait is None or card not in pending_cards(state, wait):
        return Answer(Declined(code="CLOSED", message="the card takes no more answers, so it cannot be passed on"))
    if problem := _objection(state, wait, card, command.to):
        return Answer(Unfit(problems=(Problem(path="/to", message=problem),)))
    events = pass_on(state, wait, {command.to: [card]}, command, reason="REASSIGNED", why=command.reason)
    (copy,) = next(event for event in events if isinstance(event, CardWanted)).copies
    return Answer(Reassigned(card_id=copy.card_id, part=copy.part), events)


def reassignment_text(card: Card) -> str:
    """Returns the message for the former recipient of a card that was passed on."""
    if card.status == "ABSENT":
        return f"{card.recipient} is absent; {card.passed_to} decides instead"
    why = f": {card.note}" if card.note else ""
    return f"the request was passed on to {card.passed_to}{why}"


def _objection(state: ExecutionState, wait: OpenWait, card: Card, to: str) -> str:
    if is_same_person(card.recipient, to):
        return f"{to} has this card already; name another person"
    terms = wait.approval
    if terms is not None and terms.barred and is_same_person(to, terms.barred):
        return f"{to} asks for this approval and may not decide about it"
    if terms is not None and not may_take(terms, wait, to):
        return f"{to} has decided already"
    if any(is_same_person(card.recipient, to) for card in pending_cards(state, wait)):
        return f"{to} has a card of this step already"
    if any(is_same_person(person, to) for person in people_to_come(state, wait)):
        return f"{to} is asked later by this step, and would decide twice"
    return ""


def find_source(state: ExecutionState, card: Card) -> Card | None:
    """Returns the card from which this one was passed on to its recipient by a person, None where it was not."""
    passed = (
        each
        for each in cards_of(state, card.address)
        if each.status == "REASSIGNED" and is_same_person(each.passed_to, card.recipient)
    )
    return max(passed, key=lambda each: each.changed, default=None)
