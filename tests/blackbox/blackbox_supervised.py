"""Processes that are started again when they end, as a service manager does it."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blackbox_guard import Guard

START_SECONDS = 120.0
"""So long may a process take until it is ready, on a machine that has much else to do."""
END_SECONDS = 90.0
AGAIN_SECONDS = 0.1
"""The pause before a process is started again; one that ends at once is started again more slowly."""
AGAIN_SLOWLY_SECONDS = 1.0


@dataclass(frozen=True)
class Exit:
    """An end of a process: its status (a signal is negative), and when, in nanoseconds."""

    status: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is run: the command (made anew for each start), its environment, the folder of its log and ready file."""

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
        """Returns all that its processes have written."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def log_end(self) -> str:
        """Returns the end of what its processes have written."""
        return self.log_text()[-2000:]


class Supervised:
    """One program and, from `start` to `stop`, a process of it: when one ends, the next is started."""

    def __init__(self, program: Program, guard: Guard) -> None:
        self.program = program
        self.exits: list[Exit] = []
        self._guard = guard
        self._lock = threading.Lock()
        self._unwanted = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
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
        """Returns what the newest process wrote into its ready file, once it has.

        Unless it `may_end`, none has ended yet and none may end meanwhile.
        """
        deadline = time.monotonic() + seconds
        while True:
            if self.program.ready.exists() and (text := self.program.ready.read_text().strip()):
                return text
            assert may_end or not self.exits, self._told("ended")
            assert time.monotonic() < deadline, self._told("is not ready")
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends the process without a warning, and returns when it is gone; the next one is started."""
        before = len(self.exits)
        self._send(signal.SIGKILL)
        deadline = time.monotonic() + END_SECONDS
        while len(self.exits) == before:
            assert time.monotonic() < deadline, self._told("does not end")
            time.sleep(0.005)

    def pause(self) -> None:
        """Stops the process in its tracks."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Lets a stopped process run on."""
        self._send(signal.SIGCONT)

    def until_exit(self, status: int, *, after: int = 0, seconds: float = END_SECONDS) -> None:
        """Waits until a process has ended with a status; `after` so many ends, which do not count."""
        deadline = time.monotonic() + seconds
        while status not in [end.status for end in self.exits[after:]]:
            assert time.monotonic() < deadline, self._told("ended")
            time.sleep(0.02)

    def stop(self) -> int:
        """Asks the process to stop, for good, and returns the status of the last one."""
        return self._end(signal.SIGTERM)

    def close(self) -> None:
        """Ends the process, for good, if it still runs."""
        if self._thread is not None:
            self._end(signal.SIGKILL)

    def _told(self, what: str) -> str:
        return f"{self.program.name} {what}; ends: {self.exits[-5:]}; log: {self.program.log_end()}"

    def _send(self, number: signal.Signals) -> None:
        with self._lock:
            # Not reaped yet, or not there: never a process of somebody else.
            if self._process is not None:
                self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> int:
        self._unwanted.set()
        self._send(number)
        assert self._thread is not None
        self._thread.join(END_SECONDS)
        assert not self._thread.is_alive(), self._told("does not end")
        self._thread = None
        return self.exits[-1].status

    def _spawn(self) -> None:
        self.program.ready.unlink(missing_ok=True)
        with self.program.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.program.command(),
                env=dict(self.program.environment),
                cwd=self.program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._guard.add(self._process.pid)

    def _supervise(self) -> None:
        while True:
            begun = time.monotonic()
            assert self._process is not None
            # Whoever sent a signal may have been told of its end already.
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
            with self._lock:
                status = self._process.wait()
            self._guard.remove(self._process.pid)
            # Before anybody hears of the end: the file of the dead one must not be taken for that of the next.
            self.program.ready.unlink(missing_ok=True)
            self.exits.append(Exit(status, time.time_ns()))
            is_fast = time.monotonic() - begun < AGAIN_SLOWLY_SECONDS
            if self._unwanted.wait(AGAIN_SLOWLY_SECONDS if is_fast else AGAIN_SECONDS):
                return
            with self._lock:
                if self._unwanted.is_set():
                    return
                self._spawn()
