"""Ends the processes of a test session when the session itself has ended, however it ended.

A program without dependencies that reads the ids of processes from a pipe. The kernel closes the pipe with the session,
and then the program kills all processes that are still on the list. `Guard` is the session's side of it.
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
    """Reads `+<id>` and `-<id>` to the end of the lines, then kills the remaining processes."""
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
        # A session of its own: Ctrl-C in a terminal goes to the tests, which then end this program.
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, text=True, bufsize=1, start_new_session=True
        )
        self._lock = threading.Lock()

    def add(self, process_id: int) -> None:
        """Puts a process on the list."""
        self._send(f"+{process_id}\n")

    def remove(self, process_id: int) -> None:
        """Removes an ended process from the list."""
        self._send(f"-{process_id}\n")

    def close(self) -> None:
        """Ends the processes that are still on the list, and the watcher."""
        with self._lock:
            self._process.communicate(timeout=END_SECONDS)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        # A supervisor's thread may call this after the end.
        with self._lock, contextlib.suppress(ValueError, BrokenPipeError):
            self._process.stdin.write(line)


if __name__ == "__main__":
    watch(sys.stdin)
