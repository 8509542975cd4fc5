"""Runs that were right, changed in one place: what is changed is found, and the first run that has it."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from sim_trace import Call, Trace

Event = dict[str, Any]
Place = tuple[list[Event], int]
Tamper = Callable[[Trace], None]


def tampered(tamper: Tamper, run_of: Callable[[int], Trace], seeds: int) -> tuple[Trace, Trace]:
    """Returns the first run of so many seeds that has what is tampered with, as it was and as it is then."""
    for seed in range(seeds):
        changed = deepcopy(run_of(seed))
        try:
            tamper(changed)
        except StopIteration:
            continue
        return run_of(seed), changed
    raise AssertionError(f"no run of {seeds} has anything to tamper with")


def events(trace: Trace, kind: str, /, **wanted: Any) -> Iterator[Place]:
    """Yields where events of a kind are: a history and an index."""
    for history in trace.histories.values():
        for index, event in enumerate(history):
            if event["type"] == kind and all(event.get(name) == value for name, value in wanted.items()):
                yield history, index


def event(trace: Trace, kind: str, /, **wanted: Any) -> Event:
    """Returns the first event of a kind. Raises: StopIteration when there is none."""
    history, index = next(events(trace, kind, **wanted))
    return history[index]


def call(trace: Trace, reply: str, **wanted: Any) -> Call:
    """Returns the first call that got this answer. Raises: StopIteration when there is none."""
    return next(
        one
        for one in trace.calls
        if one.reply == reply and all(one.answer.get(name) == value for name, value in wanted.items())
    )
