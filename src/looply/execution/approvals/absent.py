"""Cards of people who are absent: each is passed on to the substitute, unless that takes a vote from another person.

The substitute is never the requester, and never a person who has a card of the same step, will have one, or has
answered it: then the card stays where it is, and the reminders and escalations of the step continue.
"""

from collections.abc import Mapping

from looply.definition.settings.mail import person_of
from looply.execution.approvals.turns import pass_on, pending_cards, people_to_come
from looply.execution.facts.absences import Absence, find_substitute
from looply.execution.facts.commands import Answer, Done, PassOnAbsent
from looply.execution.facts.events import Event
from looply.execution.facts.state import Card, ExecutionState, OpenWait


def pass_on_absent(state: ExecutionState, command: PassOnAbsent) -> Answer:
    """Returns the events that pass the open cards of absent people on; the command may be repeated."""
    absences = {absence.key: absence for absence in command.absences}
    events = tuple(event for wait in state.waits.values() for event in _pass_on(state, wait, absences, command))
    return Answer(Done(is_late=not events), events)


def has_new_cards(before: ExecutionState | None, after: ExecutionState) -> bool:
    """Returns whether people were sent cards that wait for answers: then the engine asks who of them is absent."""
    if not after.waits or (before is not None and before.cards is after.cards):
        return False
    known = before.cards if before is not None else {}
    return any(
        card.card_id not in known and card.status == "OPEN" and card.address in after.waits
        for card in after.cards.values()
    )


def _pass_on(
    state: ExecutionState, wait: OpenWait, absences: Mapping[str, Absence], command: PassOnAbsent
) -> tuple[Event, ...]:
    workflow_id = state.started.workflow_id
    cards = pending_cards(state, wait)
    taken = _people_of(wait, cards) | {person_of(person) for person in people_to_come(state, wait)}
    shares: dict[str, list[Card]] = {}
    for card in cards:
        substitute = find_substitute(absences, card.recipient, workflow_id)
        if substitute and person_of(substitute) not in taken:
            taken.add(person_of(substitute))
            shares[substitute] = [card]
    return pass_on(state, wait, shares, command, reason="ABSENT") if shares else ()


def _people_of(wait: OpenWait, cards: list[Card]) -> set[str]:
    """Returns the people who may not get a second vote, and the requester."""
    people = {person_of(card.recipient) for card in cards} | {person_of(answer.user) for answer in wait.answers}
    people |= {person_of(answer.actor.email) for answer in wait.answers if answer.actor is not None}
    return people | ({person_of(wait.requester)} if wait.requester else set())
