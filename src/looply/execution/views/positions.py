"""The current step of an execution at each event of a range of its history, for events without a step.

A reader has a range only: a page after some number, or the end of a history. The step before the first move in the
range is found by looking ahead: a step that ends, fails or is retried was the current one until then.
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

_MOVES: Final = frozenset(event for _, event in PATH_MOVES)


def positions_of(events: Sequence[tuple[int, Event]], unmoved: str = "") -> Iterator[str]:
    """Yields for each event the current step after it, empty where the range does not give it.

    `unmoved` is the current step when no event in the range moves a path.
    """
    step = _before(events, unmoved)
    for _, event in events:
        step = _moved_to(event) or step
        yield step


def moves_path(events: Iterable[tuple[int, Event]]) -> bool:
    """Returns whether an event of a range moves a path: without one `positions_of` needs `unmoved`."""
    return any(_moved_to(event) for _, event in events)


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
    return event.step if type(event) in _MOVES and isinstance(event, StepEvent) else ""


def begins_visit(event: EventBase) -> bool:
    """Returns whether the event is the first one of a visit, as far as the event alone shows."""
    if isinstance(event, TimerStarted):
        return event.kind == "DELAY"
    if isinstance(event, StepScheduled):
        return event.attempt == 1
    if isinstance(event, CardWanted):
        # A reminder, and the card of the next turn of a sequence, belong to a visit that is open.
        return not event.reminder and (bool(event.target) or any(copy.part == 0 for copy in event.copies))
    return isinstance(event, ExecutionStarted | Computed | ChildStarted | WaitOpened | ScopeOpened | Moved)
