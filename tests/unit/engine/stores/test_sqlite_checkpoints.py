"""The thread of checkpoints ends at a stop, whatever it does at that moment."""

import threading
from collections.abc import Callable
from pathlib import Path

import apsw

from looply.engine.sqlite.file.checkpoints import Checkpointer


class JustMissed(threading.Event):
    """An event that is set just after the first wait for it has ended in vain."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then = then

    def wait(self, timeout: float | None = None) -> bool:
        """Returns whether it was set when the wait ended."""
        was_set = super().wait(timeout)
        self.set()
        self._then()
        return was_set


def test_an_end_that_comes_just_after_the_pause_is_not_missed(tmp_path: Path) -> None:
    apsw.Connection(str(tmp_path / "executions.db")).pragma("journal_mode", "wal")
    # What `stop` does first: it sets this event, and wakes the thread.
    stop = JustMissed(then=lambda: checkpointer.notify_commit())  # noqa: PLW0108 - it is made after the event
    checkpointer = Checkpointer(tmp_path / "executions.db", lambda: None, stop)
    checkpointer.start()
    checkpointer.notify_commit()
    # It returns only when the thread has ended; the time limit of a test would end this one.
    checkpointer.stop()
