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
    checkpointer = Checkpointer(tmp_path / "executions.db", lambda: None)
    # What `stop` does first: it sets this event, and wakes the thread.
    checkpointer._stop = JustMissed(then=checkpointer.notify_commit)
    checkpointer.start()
    checkpointer.notify_commit()
    checkpointer._thread.join(5)
    assert not checkpointer._thread.is_alive()
    checkpointer.stop()
