"""The current view of a card copy, computed from the state. Channels that store copies elsewhere show it."""

from datetime import datetime
from typing import Literal

import msgspec

from looply.definition import Workflow
from looply.execution.approvals.cards import former_answer, open_wait_of, why_closed
from looply.execution.facts.state import ExecutionState
from looply.jsontext import Json


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """The card as one recipient should see it. What comes after `text` is for channels with texts of their own."""

    number: int
    """It grows with every change of the copy."""
    status: Literal["OPEN", "SHOWN", "ANSWERED", "CLOSED"]
    """`OPEN`: it takes an answer; `SHOWN`: it is for reading only."""
    card: Json
    revision: int
    recipient: str
    reminder: int = 0
    """Counts the reminders from 1, 0 before the first."""
    text: str = ""
    """Says by whom an ANSWERED copy was answered, and why a CLOSED one is."""
    who: str = ""
    """The one who has answered it, or the one to whom a CLOSED copy was passed on."""
    decision: str = ""
    """The answer to an ANSWERED copy, empty where it is secret."""
    on: datetime | None = None
    """When it was answered."""
    ending: str = ""
    """The code of why a CLOSED copy is closed."""


def view_of(workflow: Workflow, state: ExecutionState, card_id: str) -> CardView | None:
    """Returns the view of a card copy, None when the execution has no such copy."""
    card = state.cards.get(card_id)
    if card is None:
        return None
    former = former_answer(workflow, state, card)
    status: Literal["OPEN", "SHOWN", "ANSWERED", "CLOSED"] = "CLOSED"
    text = who = ending = ""
    if card.is_passed_on:
        text, who, ending = why_closed(card), card.passed_to, card.status
    elif former is not None:
        status, what = "ANSWERED", f" ({former.decision})" if former.decision else ""
        text, who = f"answered by {former.answered_by}{what}", former.answered_by
    elif open_wait_of(state, card) is not None:
        status = "OPEN"
    elif card.status == "OPEN":
        status = "SHOWN"
    else:
        text, ending = why_closed(card), card.status
    return CardView(
        number=card.changed,
        status=status,
        card=card.body,
        revision=card.revision,
        recipient=card.recipient,
        reminder=card.reminders,
        text=text,
        who=who,
        decision=former.decision if former is not None and status == "ANSWERED" else "",
        on=former.answered_on if former is not None and status == "ANSWERED" else None,
        ending=ending,
    )
