"""Closing an execution or a visit: its cards take no more answers, unused resumes become dead letters."""

from collections.abc import Callable

from looply.execution.closing.children import close_children
from looply.execution.facts.address import parse_address
from looply.execution.facts.events import CardClosed, Event, ExecutionClosed, ResumeIgnored
from looply.execution.facts.state import ExecutionState, open_cards
from looply.execution.facts.values.card_copy import CardEnd


def close(state: ExecutionState, end: ExecutionClosed) -> tuple[Event, ...]:
    """Returns the end of an execution with all of its events.

    Open cards are closed, awaited children are cancelled, unused resumes become dead letters.
    """
    reason: CardEnd = "TERMINATED" if end.status == "TERMINATED" else "ENDED"
    unused = tuple(
        ResumeIgnored(
            at=end.at,
            by=kept.by,
            reason="UNUSED",
            source=kept.source,
            message="the execution ended before a wait opened",
            payload=kept.payload,
            secret=kept.secret,
            is_letter=True,
        )
        for kept in state.buffered.values()
    )
    children = close_children(state, lambda _address: True, end)
    return (*close_cards(state, "", reason, end), *children, *unused, end)


def close_cards(state: ExecutionState, address: str, reason: CardEnd, cause: Event) -> tuple[CardClosed, ...]:
    """Returns the closing of all open card copies of one visit, or of all visits when `address` is empty."""
    return close_cards_of(state, lambda text: not address or text == address, reason, cause)


def close_cards_of(
    state: ExecutionState, is_meant: Callable[[str], bool], reason: CardEnd, cause: Event
) -> tuple[CardClosed, ...]:
    """Returns the closing of all open card copies of the visits that `is_meant` selects."""
    found: dict[str, list[str]] = {}
    for card in open_cards(state):
        if is_meant(card.address):
            found.setdefault(card.address, []).append(card.card_id)
    return tuple(
        CardClosed(
            at=cause.at,
            by=cause.by,
            via=cause.via,
            **parse_address(text).fields,
            cards=tuple(cards),
            reason=reason,
        )
        for text, cards in found.items()
    )
