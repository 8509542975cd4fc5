"""Fallbacks: a card that does not reach its recipient is sent by another channel, with the same seat.

The copy in the first channel closes and a new one opens, as when a card is passed on; its recipient stays the same.
Copies in conversations of several people stay where they are.
"""

from collections.abc import Sequence

from looply.execution.approvals.turns import next_part, pending_cards
from looply.execution.facts.address import card_id, parse_address
from looply.execution.facts.events import CardClosed, CardWanted, Event, EventBase
from looply.execution.facts.state import Card, ExecutionState, OpenWait, Timer
from looply.execution.facts.values.card_copy import CardCopy, FallbackTerm, is_group

_INBOX = "inbox"  # it shows each card when a person opens it, so its cards are never undelivered


def fall_back(state: ExecutionState, timer: Timer, cause: EventBase) -> tuple[Event, ...]:
    """Returns the events of a fallback that is due: the pending copies that need it open in its channel."""
    wait = state.waits[timer.address]
    term = wait.fallback[timer.level]
    cards = [
        card
        for card in pending_cards(state, wait)
        if _position(wait, card) < timer.level and (term.rule == "unanswered" or _is_undelivered(card))
    ]
    return _send_by(state, wait, cards, term, cause)


def fall_back_late(state: ExecutionState, wait: OpenWait, card: Card, cause: EventBase) -> tuple[Event, ...]:
    """Returns the events by which a copy that cannot be delivered takes a fallback whose time is over already."""
    running = {
        timer.level for timer in state.timers.values() if timer.kind == "FALLBACK" and timer.address == wait.address
    }
    levels = range(_position(wait, card) + 1, len(wait.fallback))
    level = next((level for level in levels if level not in running), None)
    if level is None or card not in pending_cards(state, wait):
        return ()
    return _send_by(state, wait, [card], wait.fallback[level], cause)


def _position(wait: OpenWait, card: Card) -> int:
    """Returns the number of the fallback by whose channel a copy was sent, -1 for the first channel."""
    return next((level for level, term in enumerate(wait.fallback) if term.channel == card.channel), -1)


def _is_undelivered(card: Card) -> bool:
    return card.channel != _INBOX and card.delivery != "SHOWN"


def _send_by(
    state: ExecutionState, wait: OpenWait, cards: Sequence[Card], term: FallbackTerm, cause: EventBase
) -> tuple[Event, ...]:
    moved = [card for card in cards if not is_group(card.recipient)]
    if not moved:
        return ()
    address, part = parse_address(wait.address), next_part(state, wait)
    closed = CardClosed(
        at=cause.at,
        by=cause.by,
        via=cause.via,
        **address.fields,
        cards=tuple(card.card_id for card in moved),
        reason="FALLBACK",
        note=term.channel,
    )
    newest = max(moved, key=lambda card: card.revision)
    sent = CardWanted(
        at=cause.at,
        by=cause.by,
        via=cause.via,
        **address.fields,
        copies=tuple(
            CardCopy(
                card_id=card_id(state.started.execution_id, address, part + number),
                recipient=card.recipient,
                part=part + number,
                takes=(card.part,),
                substitute_for=card.substitute_for,
            )
            for number, card in enumerate(moved)
        ),
        body=newest.body,
        channel=term.channel,
        app=term.app,
        revision=newest.revision,
        may_answer=newest.may_answer,
        confirm=newest.confirm,
    )
    return (closed, sent)
