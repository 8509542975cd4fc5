"""Processes that are restarted when they end, as by a service manager."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blackbox.harness.guard import Guard
from kit.forks.forked import Forked, await_end, start
from suite.failures import keep_log

START_SECONDS = 120.0
"""Timeout until a process is ready, on a busy machine."""
END_SECONDS = 90.0
AGAIN_SECONDS = 0.1
"""The pause before a process is restarted; one that ends at once is restarted more slowly."""
AGAIN_SLOWLY_SECONDS = 1.0


@dataclass(frozen=True)
class Exit:
    """An end of a process: its status (a signal is negative), and when, in nanoseconds."""

    status: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """The command (built for each start), its environment, the folder of its log and ready file."""

    name: str
    command: Callable[[], Sequence[str]]
    environment: Mapping[str, str]
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def ready(self) -> Path:
        return self.folder / f"{self.name}.ready"

    def log_text(self) -> str:
        """Returns the output of all its processes."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def log_end(self) -> str:
        """Returns the end of the output of its processes."""
        return self.log_text()[-2000:]


class Supervised:
    """One program and, from `start` to `stop`, a process of it: when one ends, the next one starts."""

    def __init__(self, program: Program, guard: Guard) -> None:
        self.program = program
        keep_log(program.log)
        self.exits: list[Exit] = []
        self._guard = guard
        self._lock = threading.Lock()
        self._unwanted = threading.Event()
        self._process: Forked | subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The id of the newest process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts the program; it is not ready yet."""
        self._unwanted.clear()
        self._spawn()
        self._thread = threading.Thread(target=self._supervise, name=self.program.name)
        self._thread.start()

    def until_ready(self, seconds: float = START_SECONDS, *, may_end: bool = True) -> str:
        """Returns the content of the ready file of the newest process, once there is one.

        Unless it `may_end`, no process may have ended before the return.
        """
        deadline = time.monotonic() + seconds
        while True:
            if self.program.ready.exists() and (text := self.program.ready.read_text().strip()):
                return text
            assert may_end or not self.exits, self._failure("ended")
            assert time.monotonic() < deadline, self._failure("is not ready")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kills the process, and returns when it has ended; the next one is started."""
        before = len(self.exits)
        self._send(signal.SIGKILL)
        deadline = time.monotonic() + END_SECONDS
        while len(self.exits) == before:
            assert time.monotonic() < deadline, self._failure("does not end")
            time.sleep(0.005)

    def pause(self) -> None:
        """Pauses the process (SIGSTOP)."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Resumes a paused process (SIGCONT)."""
        self._send(signal.SIGCONT)

    def until_exit(self, status: int, *, after: int = 0, seconds: float = END_SECONDS) -> None:
        """Waits until a process has ended with a status; ignores the first `after` ends."""
        deadline = time.monotonic() + seconds
        while status not in [end.status for end in self.exits[after:]]:
            assert time.monotonic() < deadline, self._failure("ended")
            time.sleep(0.02)

    def stop(self) -> int:
        """Asks the process to stop, for good, and returns the status of the last one."""
        return self._end(signal.SIGTERM)

    def close(self) -> None:
        """Ends the process, for good, if it still runs."""
        if self._thread is not None:
            self._end(signal.SIGKILL)

    def _failure(self, what: str) -> str:
        return f"{self.program.name} {what}; ends: {self.exits[-5:]}; log: {self.program.log_end()}"

    def _send(self, number: signal.Signals) -> None:
        with self._lock:
            # Not reaped yet, or absent: never a foreign process.
            if self._process is not None:
                self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> int:
        self._unwanted.set()
        self._send(number)
        assert self._thread is not None
        self._thread.join(END_SECONDS)
        assert not self._thread.is_alive(), self._failure("does not end")
        self._thread = None
        return self.exits[-1].status

    def _spawn(self) -> None:
        self.program.ready.unlink(missing_ok=True)
        with self.program.log.open("ab") as log:
            self._process = start(
                self.program.command(), self.program.environment, stdout=log, stderr=log, folder=self.program.folder
            )
        self._guard.add(self._process.pid)

    def _supervise(self) -> None:
        while True:
            begun = time.monotonic()
            assert self._process is not None
            await_end(self._process)
            with self._lock:
                status = self._process.wait()
            self._guard.remove(self._process.pid)
            # Before the end is published: the file of the dead process must not be taken for that of the next one.
            self.program.ready.unlink(missing_ok=True)
            self.exits.append(Exit(status, time.time_ns()))
            is_fast = time.monotonic() - begun < AGAIN_SLOWLY_SECONDS
            if self._unwanted.wait(AGAIN_SLOWLY_SECONDS if is_fast else AGAIN_SECONDS):
                return
            with self._lock:
                if self._unwanted.is_set():
                    return
                self._spawn()
