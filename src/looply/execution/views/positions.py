"""Where an execution stands at each event of a piece of its history, for events that belong to no step of their own.

A reader has a piece only: a page after some number, or the end of a history. What stands before the first move of the
piece is found by looking ahead, since a step that ends, fails or is tried again was the current one until then.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from looply.definition import START
from looply.execution.evolving.transitions import PATH_MOVES
from looply.execution.facts.events import (
    CardWanted,
    ChildStarted,
    Computed,
    Event,
    EventBase,
    ExecutionStarted,
    Moved,
    ScopeOpened,
    StepEvent,
    StepScheduled,
    TimerStarted,
    WaitOpened,
)

_MOVES: Final = tuple({event for _, event in PATH_MOVES})


def positions_of(events: Sequence[tuple[int, Event]], unmoved: str = "") -> Iterator[str]:
    """Yields for each event the step where the execution stands after it, empty where the piece does not tell.

    `unmoved` is where it stands when nothing in the piece moves it.
    """
    step = _before(events, unmoved)
    for _, event in events:
        step = _moved_to(event) or step
        yield step


def _before(events: Iterable[tuple[int, Event]], unmoved: str) -> str:
    for _, event in events:
        if step := _moved_to(event):
            return "" if begins_visit(event) else step
    return unmoved


def _moved_to(event: Event) -> str:
    if isinstance(event, ExecutionStarted):
        return START
    if isinstance(event, Moved):
        return event.to
    return event.step if isinstance(event, StepEvent) and isinstance(event, _MOVES) else ""


def begins_visit(event: EventBase) -> bool:
    """Returns whether the event is the first one of a visit, as far as it can tell by itself."""
    if isinstance(event, TimerStarted):
        return event.kind == "DELAY"
    if isinstance(event, StepScheduled):
        return event.attempt == 1
    if isinstance(event, CardWanted):
        # A reminder, and the card of the next in a row, belong to a visit that is open.
        return not event.reminder and (bool(event.target) or any(copy.part == 0 for copy in event.copies))
    return isinstance(event, ExecutionStarted | Computed | ChildStarted | WaitOpened | ScopeOpened | Moved)
