"""Checkpoints beside the writer: committed pages move from the write-ahead log to the file, never inside a commit.

Passive checkpoints alone let the log grow while commits keep coming, because none ever finds it all moved. Past a
bound the writer is asked to restart the log at its beginning, at a moment when little of it is left to move.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from looply.engine.sqlite.file.opening import connect_checkpointer

PAUSE_SECONDS: Final = 0.05
"""Between two checkpoints."""
RESTART_FRAMES: Final = 32 * 1024 * 1024 // 4096
"""Pages in a log of 32 MB."""
RESTART_BEHIND: Final = 1000
"""A restart waits for the pages that are not moved yet; more of them would be felt by commits."""
LARGEST_FRAMES: Final = 4 * RESTART_FRAMES
"""Past this the log is restarted however much is left to move: commits that never pause must feel it."""


class Checkpointer:
    """The thread that moves committed pages. It sleeps while there are none."""

    def __init__(self, path: Path, on_full: Callable[[], None], stop: threading.Event | None = None) -> None:
        """`stop` is what `stop` sets; the thread waits for it between two checkpoints."""
        self._connection = connect_checkpointer(path)
        self._on_full = on_full
        self._work = threading.Event()
        self._stop = stop or threading.Event()
        self._thread = threading.Thread(target=self._run, name="looply-checkpoints", daemon=True)
        self.wants_restart = False
        """The writer restarts the log when it sees this, and clears it."""
        self.behind = 0
        """Pages that were not moved when last looked; background work pauses while they are many."""

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def notify_commit(self) -> None:
        """Wakes the thread after a commit."""
        self._work.set()

    def stop(self) -> None:
        """Ends the thread and closes its connection."""
        self._stop.set()
        self._work.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            self._work.wait()
            if self._stop.wait(pause):
                return
            self._work.clear()
            # An end that came after the pause woke the thread before this line, and would be waited for in vain.
            if self._stop.is_set():
                return
            # What came while a long log was moved is less than that log: the next round begins at once and catches up.
            pause = 0.0 if self._checkpoint() else PAUSE_SECONDS

    def _checkpoint(self) -> bool:
        """Moves the pages that it can; returns whether the log is so long that the next round should begin at once."""
        try:
            frames, moved = self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.FullError:
            self._on_full()
            return False
        except apsw.Error:
            # Nothing is lost: the pages stay in the log. The writer meets the fault itself if it lasts.
            return False
        self.behind = frames - moved
        is_near = self.behind < RESTART_BEHIND
        self.wants_restart = frames > (RESTART_FRAMES if is_near else LARGEST_FRAMES)
        return frames > RESTART_FRAMES and not is_near
