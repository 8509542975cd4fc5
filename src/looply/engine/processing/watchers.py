"""Watchers: tasks of this process that wait for an execution to change."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Watchers:
    """The signals of the watchers, by execution."""

    def __init__(self) -> None:
        self._signals: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, execution_id: str) -> Iterator[asyncio.Event]:
        """Returns a signal that each `notify` of the execution sets: clear it, read, then wait for it."""
        signal = asyncio.Event()
        self._signals.setdefault(execution_id, set()).add(signal)
        try:
            yield signal
        finally:
            signals = self._signals[execution_id]
            signals.discard(signal)
            if not signals:
                del self._signals[execution_id]

    def execution_ids(self) -> Collection[str]:
        """Returns the executions that have watchers."""
        return self._signals.keys()

    def notify(self, execution_id: str) -> None:
        """Sets the signals of an execution that has changed, or may have."""
        for signal in self._signals.get(execution_id, ()):
            signal.set()
