"""`evolve` for card copies, what their channels report, and their answers."""

from msgspec.structs import replace

from looply.errors import IllegalTransition
from looply.execution.approvals.decisions import answer_of
from looply.execution.facts.address import card_id
from looply.execution.facts.events import AnswerRecorded, CardClosed, CardDelivered, CardUndelivered, CardWanted
from looply.execution.facts.state import Card, ExecutionState, OpenWait, cards_of
from looply.execution.facts.values.card_copy import CardCopy

_OF_A_TURN = ("REMINDER", "ESCALATION", "FALLBACK")


def apply_card_wanted(state: ExecutionState, event: CardWanted) -> ExecutionState:
    """Returns the state in which each copy must show the card, or counts a reminder of it."""
    cards = state.cards
    for copy in event.copies:
        former = cards.get(copy.card_id)
        cards = cards.set(
            copy.card_id, _new_copy(state, event, copy) if former is None else _shown_again(state, event, former)
        )
        if copy.takes:
            card = cards[copy.card_id]
            cards = cards.set(copy.card_id, replace(card, seats=_seats_of(state, card, copy, is_new=former is None)))
    return replace(state, cards=cards)


def apply_card_closed(state: ExecutionState, event: CardClosed) -> ExecutionState:
    """Returns the state in which the cards take no more answers."""
    cards = state.cards
    for key in event.cards:
        card = cards.get(key)
        if card is None:
            raise IllegalTransition(f"there is no card {key}")
        closed = replace(
            card,
            status=event.reason,
            changed=state.seq + 1,
            closed_on=event.at,
            passed_to=event.to,
            note=event.note,
        )
        cards = cards.set(key, closed)
    return replace(state, cards=cards)


def apply_card_report(state: ExecutionState, event: CardDelivered | CardUndelivered) -> ExecutionState:
    """Returns the state after a report of a channel. The copy must look as before: its number stays.

    Raises: IllegalTransition.
    """
    card = state.cards.get(event.card)
    if card is None:
        raise IllegalTransition(f"there is no card {event.card}")
    if isinstance(event, CardDelivered):
        reported = replace(card, delivery="SHOWN", delivery_code="", delivery_message="", delivered_on=event.at)
    else:
        reported = replace(
            card,
            delivery=event.reason,
            delivery_code=event.code,
            delivery_message=event.message,
            delivered_on=event.at,
        )
    return replace(state, cards=state.cards.set(card.card_id, reported))


def apply_answer_recorded(state: ExecutionState, wait: OpenWait, event: AnswerRecorded) -> ExecutionState:
    """Returns the state with one more answer. In a sequence it ends the reminders and escalations of the turn."""
    answer = answer_of(event)
    cards = state.cards
    own = cards.get(card_id(state.started.execution_id, event.address, event.part))
    if own is not None:
        cards = cards.set(own.card_id, replace(own, changed=state.seq + 1))
    timers = state.timers
    if wait.approval is not None and wait.approval.order == "sequence":
        timers = {
            seq: timer for seq, timer in timers.items() if timer.address != wait.address or timer.kind not in _OF_A_TURN
        }
    waits = {**state.waits, wait.address: replace(wait, answers=(*wait.answers, answer))}
    return replace(state, waits=waits, cards=cards, timers=timers)


def _shown_again(state: ExecutionState, event: CardWanted, former: Card) -> Card:
    seq = state.seq + 1
    if event.reminder:
        return replace(former, changed=seq, reminders=event.reminder)
    return replace(former, seq=seq, changed=seq, body=event.body, revision=event.revision)


def _new_copy(state: ExecutionState, event: CardWanted, copy: CardCopy) -> Card:
    seq = state.seq + 1
    return Card(
        seq=seq,
        card_id=copy.card_id,
        address=event.address.text,
        part=copy.part,
        recipient=copy.recipient,
        channel=event.channel,
        app=event.app,
        body=event.body,
        revision=event.revision,
        status="OPEN",
        opened_on=event.at,
        changed=seq,
        substitute_for=copy.substitute_for,
        may_answer=event.may_answer,
        confirm=event.confirm,
    )


def _seats_of(state: ExecutionState, card: Card, copy: CardCopy, *, is_new: bool) -> int:
    """Returns the seats of a copy: its own, and those of the copies that it replaces."""
    taken = sum(other.seats for other in cards_of(state, card.address) if other.part in copy.takes)
    return taken if is_new else card.seats + taken
