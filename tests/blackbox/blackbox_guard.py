"""Ends the processes of a test session when the session itself is gone, whatever became of it.

A program without dependencies that reads the ids of processes from a pipe. The kernel closes the pipe with the session,
and then what is still on the list is killed. `Guard` is the session's side of it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable

END_SECONDS = 60


def watch(lines: Iterable[str]) -> None:
    """Reads `+<id>` and `-<id>` to the end of the lines, then kills what is left."""
    watched: set[int] = set()
    for line in lines:
        process_id = int(line)
        if process_id > 0:
            watched.add(process_id)
        else:
            watched.discard(-process_id)
    for process_id in watched:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


class Guard:
    """A running watcher."""

    def __init__(self) -> None:
        # A session of its own: Ctrl-C in a terminal is for the tests, which then end this.
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, text=True, bufsize=1, start_new_session=True
        )
        self._lock = threading.Lock()

    def add(self, process_id: int) -> None:
        """Puts a process on the list."""
        self._tell(f"+{process_id}\n")

    def remove(self, process_id: int) -> None:
        """Takes a process that has ended off the list."""
        self._tell(f"-{process_id}\n")

    def close(self) -> None:
        """Ends what is still on the list, and the watcher."""
        with self._lock:
            self._process.communicate(timeout=END_SECONDS)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        # A supervisor's thread may come after the end.
        with self._lock, contextlib.suppress(ValueError, BrokenPipeError):
            self._process.stdin.write(line)


if __name__ == "__main__":
    watch(sys.stdin)
