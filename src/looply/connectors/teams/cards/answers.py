"""What the reply of the core to an answer is on the card of the one who answered. Functions without I/O."""

from collections.abc import Callable
from datetime import datetime

from looply.connectors.teams.cards.states import (
    DECLINES,
    Answered,
    Changed,
    Declined,
    Ended,
    Recorded,
    State,
    Unfit,
)
from looply.execution.facts import commands
from looply.execution.facts.values.actor import Actor
from looply.execution.facts.values.approval_terms import is_same_person


def state_of(reply: commands.Reply, *, decision: str, now: datetime, is_reader: Callable[[str], bool]) -> State:
    """Returns the state that the reply to a person's answer puts before that person.

    `decision` is what the answer said, empty where it is secret. `is_reader` returns whether an address is one of the
    person's. A second click of the same person is shown as the first one was; another person is shown who was faster.
    """
    match reply:
        case commands.Recorded():
            return Recorded(decision=decision, on=now)
        case commands.AlreadyAnswered(answered_by=who, decision=former, answered_on=on):
            return Answered(who=who, decision=former, on=on, is_reader=is_reader(who), was_late=True)
        case commands.Declined(code="CARD_CHANGED"):
            return Changed()
        case commands.Declined(code=code) if code in DECLINES:
            return Declined(why=DECLINES[code])
        case commands.Unfit(problems=problems):
            return Unfit(why=problems[0].message if problems else "")
        case _:
            return Ended(was_late=True)


def takes_answers(state: State) -> bool:
    """Returns whether the card below a state is shown with its buttons, for a further try."""
    return isinstance(state, Changed | Declined | Unfit)


def channel_actor(entra_id: str, email: str) -> Actor:
    """Returns who answered, as the core records it: an identity that Teams vouches for."""
    return Actor(kind="channel", user_id=entra_id, email=email)


def is_address_of(*addresses: str) -> Callable[[str], bool]:
    """Returns a test of whether an address is one of these, in any spelling."""
    known = [each for each in addresses if each]
    return lambda text: any(is_same_person(text, each) for each in known)
