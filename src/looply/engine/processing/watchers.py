"""Who waits in this process for an execution to move."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Watchers:
    """The signals of those who wait, by execution."""

    def __init__(self) -> None:
        self._signals: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, execution_id: str) -> Iterator[asyncio.Event]:
        """Gives a signal that each `tell` of the execution sets: clear it, look, then wait for it."""
        signal = asyncio.Event()
        self._signals.setdefault(execution_id, set()).add(signal)
        try:
            yield signal
        finally:
            signals = self._signals[execution_id]
            signals.discard(signal)
            if not signals:
                del self._signals[execution_id]

    def watched(self) -> Collection[str]:
        """Returns the executions that somebody watches."""
        return self._signals.keys()

    def tell(self, execution_id: str) -> None:
        """Sets the signals of an execution that has moved, or may have."""
        for signal in self._signals.get(execution_id, ()):
            signal.set()
