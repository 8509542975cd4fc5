"""Watchers: tasks of this process that wait for an execution to change."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from looply.execution import ExecutionState


class Signal(asyncio.Event):
    """The signal of one watcher. `state` is the newest one that this process has stored since it was cleared."""

    def __init__(self) -> None:
        super().__init__()
        self.state: ExecutionState | None = None

    def clear(self) -> None:
        """Waits for the next change."""
        super().clear()
        self.state = None


class Watchers:
    """The signals of the watchers, by execution."""

    def __init__(self) -> None:
        self._signals: dict[str, set[Signal]] = {}

    @contextmanager
    def watch(self, execution_id: str) -> Iterator[Signal]:
        """Returns a signal that each `notify` of the execution sets: clear it, read, then wait for it."""
        signal = Signal()
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

    def notify(self, execution_id: str, state: ExecutionState | None = None) -> None:
        """Sets the signals of an execution that has changed, to `state` if it is known, or may have."""
        for signal in self._signals.get(execution_id, ()):
            signal.state = state
            signal.set()
