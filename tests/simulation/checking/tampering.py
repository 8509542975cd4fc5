"""Correct runs with one change: helpers that find the first run with a matching record."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from simulation.running.trace import Call, Trace

Event = dict[str, Any]
Place = tuple[list[Event], int]
Tamper = Callable[[Trace], None]


def tampered(tamper: Tamper, run_of: Callable[[int], Trace], seeds: int) -> tuple[Trace, Trace]:
    """Returns the first run of so many seeds that can be tampered with, before and after the change."""
    for seed in range(seeds):
        changed = deepcopy(run_of(seed))
        try:
            tamper(changed)
        except StopIteration:
            continue
        return run_of(seed), changed
    raise AssertionError(f"no run of {seeds} has anything to tamper with")


def events(trace: Trace, kind: str, /, **expected: Any) -> Iterator[Place]:
    """Yields the positions of events of a kind: a history and an index."""
    for history in trace.histories.values():
        for index, event in enumerate(history):
            if event["type"] == kind and all(event.get(name) == value for name, value in expected.items()):
                yield history, index


def event(trace: Trace, kind: str, /, **expected: Any) -> Event:
    """Returns the first event of a kind. Raises: StopIteration when there is none."""
    history, index = next(events(trace, kind, **expected))
    return history[index]


def call(trace: Trace, reply: str, **expected: Any) -> Call:
    """Returns the first call that got this answer. Raises: StopIteration when there is none."""
    return next(
        one
        for one in trace.calls
        if one.reply == reply and all(one.answer.get(name) == value for name, value in expected.items())
    )
