"""Counts the work of a block in calls of functions, which are the same on every machine, without replacing any."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def observed_calls(
    on_call: Callable[[FrameType], None], on_builtin: Callable[[FrameType, Any], None] | None = None
) -> Iterator[None]:
    """Calls `on_call` with the frame of each Python function that this thread calls within the block.

    `on_builtin` is called with each function that is written in C, and the frame of its caller.
    """

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            on_call(frame)
        elif event == "c_call" and on_builtin is not None:
            on_builtin(frame, argument)

    former = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(former)


@contextmanager
def calls_within(module: str) -> Iterator[Counter[str]]:
    """Counts, by name, the calls of functions of a module (`looply.jsontext`), and the builtins that it calls."""
    counts: Counter[str] = Counter()

    def is_of_module(frame: FrameType) -> bool:
        return frame.f_globals.get("__name__") == module

    def note(frame: FrameType) -> None:
        if is_of_module(frame):
            counts[frame.f_code.co_name] += 1

    def note_builtin(frame: FrameType, builtin: Any) -> None:
        if is_of_module(frame):
            counts[builtin.__name__] += 1

    with observed_calls(note, note_builtin):
        yield counts
