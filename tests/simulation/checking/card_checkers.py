"""What holds of copies of cards in a channel, in every run of pools with one."""

from collections.abc import Iterable, Sequence
from typing import Any

from simulation.checking import checkers
from simulation.checking.checkers import Checker
from simulation.running.trace import Trace


def problems_of(trace: Trace) -> list[str]:
    """Returns the violations in a run of a pool with a channel."""
    if trace.is_unreadable:
        return trace.stuck
    every = (*checkers.CHECKERS, *CARD_CHECKERS)
    return [f"{check.__name__}: {problem}" for check in every for problem in check(trace)]


def known_messages_look_as_their_card(trace: Trace) -> Iterable[str]:
    """S18: at the end each message that its row knows shows the last look; a copy that was not delivered has none."""
    for copy in trace.copies:
        for message in copy.messages:
            card_id, number = trace.messages[message]
            if (card_id, number) != (copy.card_id, copy.changed) and copy.state != "BLOCKED":
                yield f"message {message} shows {card_id} as of event {number}, and {copy.card_id} is {copy.changed}"


def each_delivery_is_recorded_once(trace: Trace) -> Iterable[str]:
    """S19: reports of a copy alternate, and the row says what the history says last while the card is open."""
    for execution, history in trace.histories.items():
        last: dict[str, tuple[str, str]] = {}
        for event in history:
            if event["type"] in ("CardDelivered", "CardUndelivered"):
                said = (event["type"], str(event.get("code", "")))
                if last.get(event["card"]) == said:
                    yield f"{execution}: {said} of {event['card']} is recorded twice in a row"
                last[event["card"]] = said


def no_copy_is_brought_twice_at_once(trace: Trace) -> Iterable[str]:
    """S20: a process never makes two calls for one copy at the same time."""
    yield from (f"two calls for {card_id} at once" for card_id in trace.twins)


def a_message_that_is_unknown_was_in_doubt(trace: Trace) -> Iterable[str]:
    """S21: a copy has more messages than its row knows only after a lost answer, a hanging call or a dead process."""
    known = {message for copy in trace.copies for message in copy.messages}
    unknown = [message for message in trace.messages if message not in known]
    causes: Any = trace.hits["card_answer_lost"] + trace.hits["card_late"] + len(trace.stops)
    if len(unknown) > causes:
        yield f"{len(unknown)} messages are not known, after {causes} causes"


CARD_CHECKERS: Sequence[Checker] = (
    known_messages_look_as_their_card,
    each_delivery_is_recorded_once,
    no_copy_is_brought_twice_at_once,
    a_message_that_is_unknown_was_in_doubt,
)
