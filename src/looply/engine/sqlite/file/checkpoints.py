"""Checkpoints beside the writer: committed pages move from the write-ahead log to the file, never inside a commit.

After a flush that failed there is no further checkpoint. SQLite notes what it has moved without a flush as long as more
is left to move, and flushes all of it with the last part. The pages of a flush that failed are marked as clean by the
kernel: a later checkpoint would move the last part only, flush nothing of the others, and give up their place in the
log. Until then the log has everything, and a start reads all of it, so the store is lost and its process ends.

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

_OF_NO_FLUSH: Final = frozenset(
    {
        apsw.SQLITE_IOERR_SHMOPEN,
        apsw.SQLITE_IOERR_SHMSIZE,
        apsw.SQLITE_IOERR_SHMMAP,
        apsw.SQLITE_IOERR_SHMLOCK,
        apsw.SQLITE_IOERR_WRITE,
        apsw.SQLITE_IOERR_TRUNCATE,
    }
)
"""Errors of the file by which connections share memory, of a write or of a cut: no page was marked as clean by them."""


class Checkpointer:
    """The thread that moves committed pages. It sleeps while there are none."""

    def __init__(self, path: Path, on_full: Callable[[], None], stop: threading.Event | None = None) -> None:
        """`stop` is what `stop` sets; the thread waits for it between two checkpoints."""
        self._connection = connect_checkpointer(path)
        self._on_full = on_full
        self._work = threading.Event()
        self._stop = stop or threading.Event()
        self._thread = threading.Thread(target=self._run, name="looply-checkpoints", daemon=True)
        self._lock = threading.Lock()
        self.on_failure: Callable[[str], None] = _ignore
        """Called with the reason, in the thread of the checkpoint, when one failed after which none follows."""
        self.has_failed = False
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

    def restart(self, connection: apsw.Connection) -> None:
        """Moves what is left and restarts the log, with the writer's connection, unless the thread is moving.

        When a reader is in the log, nothing is done; the thread asks for it again.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._move(connection, apsw.SQLITE_CHECKPOINT_RESTART)
            finally:
                self._lock.release()

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
        with self._lock:
            found = self._move(self._connection, apsw.SQLITE_CHECKPOINT_PASSIVE)
        if found is None:
            return False
        frames, moved = found
        self.behind = frames - moved
        is_near = self.behind < RESTART_BEHIND
        self.wants_restart = frames > (RESTART_FRAMES if is_near else LARGEST_FRAMES)
        return frames > RESTART_FRAMES and not is_near

    def _move(self, connection: apsw.Connection, mode: int) -> tuple[int, int] | None:
        """Returns how many pages the log has and how many of them are in the file now, or None when it failed."""
        if self.has_failed:
            return None
        try:
            return connection.wal_checkpoint(mode=mode)
        except apsw.FullError:
            self._on_full()
        except apsw.Error as error:
            # After any other error nothing is lost: the pages stay in the log, and the writer meets a fault that lasts.
            if isinstance(error, apsw.IOError) and _code_of(error) not in _OF_NO_FLUSH:
                self.has_failed = True
                self.on_failure(str(error))
        return None


def _code_of(error: apsw.Error) -> int:
    """Returns the extended code of SQLite; an error of a file system in Python has none."""
    code: int = getattr(error, "extendedresult", apsw.SQLITE_IOERR)
    return code


def _ignore(_reason: str) -> None:
    """The listener of a checkpointer without a writer."""
