"""Starts and ends the shipped command. Nothing here imports the product."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import httpx2

from kit.forks.forked import COMMAND, Forked, start
from kit.servers.held_port import HeldPort
from suite.failures import keep_log

START_SECONDS = 120.0
ANSWER_SECONDS = 120.0
"""The timeout of a client for an answer, on a busy machine."""

_DEFAULT_SIGINT = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)
ONE_ADDRESS = {"LOOPLY_REFUSALS_PER_MINUTE": "100000"}
"""Settings of a server that all tests call from one address, many of them with wrong keys."""
INTERRUPTIBLE = (sys.executable, "-c", _DEFAULT_SIGINT, COMMAND)
"""Starts the command as a terminal does. A parent that ignores interrupts, as after `nohup`, would pass that on."""


def run(
    *arguments: str | Path, seconds: float = 300, folder: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs a command of the product to its end, in a folder (default: the current one)."""
    command = [COMMAND, *map(str, arguments)]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = start(command, environment_with(environment), stdout=output, stderr=errors, folder=folder)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(command, status, *(_text(each) for each in (output, errors)))


def _text(written: IO[bytes]) -> str:
    written.seek(0)
    return written.read().decode()


def document(*arguments: str | Path, status: int = 0, **environment: str) -> Any:
    """Runs a command with `--json` and returns its one document."""
    done = run(*arguments, "--json", **environment)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)


def init(folder: Path) -> dict[str, str]:
    """Makes a data folder and returns the ids and the key of its organization."""
    done = run("init", "--data", folder, "--json")
    assert done.returncode == 0, done.stderr
    made: dict[str, str] = json.loads(done.stdout)
    return made


def new_folder(folder: Path) -> dict[str, str]:
    """Makes a data folder as `init` does, and returns the same.

    It is a copy of one that this process of tests made before: a start of the command costs seconds of the processor.
    All copies have the same ids, keys and master key, so a test with several folders makes the others by `init`.
    """
    made, template = _template()
    shutil.copytree(Path(template.name) / "data", folder)
    return dict(made)


@cache
def _template() -> tuple[dict[str, str], tempfile.TemporaryDirectory[str]]:
    """Returns a folder that is removed when this process ends."""
    template = tempfile.TemporaryDirectory(prefix="looply-folder-")
    return init(Path(template.name) / "data"), template


def add_organizations(folder: Path, count: int) -> list[dict[str, str]]:
    """Adds organizations to the folder of a stopped server; returns the result of `init` for each."""
    names = [f"Organization {number}" for number in range(count)]
    done = run("organization", "create", *names, "--data", folder, "--json")
    assert done.returncode == 0, done.stderr
    kept = ("organization_id", "workspace_id", "api_key")
    return [{name: made[name] for name in kept} for made in json.loads(done.stdout)["items"]]


def doctor(folder: Path) -> dict[str, Any]:
    """Returns the document of `looply doctor` on the folder of a stopped server."""
    done = run("doctor", "--data", folder, "--json")
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if report["problems"] else 0), done.stderr
    return report


class Logged:
    """Something that writes a log, one JSON object on each line."""

    def log_text(self) -> str:
        """Returns all that was written."""
        raise NotImplementedError

    def log_lines(self) -> list[dict[str, Any]]:
        """Returns the log as objects; each line must be one."""
        return [json.loads(line) for line in self.log_text().splitlines()]


class Server(Logged):
    """One data folder and, from `start` to its end, the process that serves it, on the same port across restarts.

    `prefix` is a command that runs the server's command, such as a tracer; `start` always uses the current one.
    """

    def __init__(self, folder: Path, allow: Iterable[str] = (), **environment: str) -> None:
        self.folder = folder
        self.prefix: Sequence[str] = ()
        self.log = folder.with_name(f"{folder.name}.log")
        keep_log(self.log)
        self._held = HeldPort()
        self.port = self._held.number
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = {
            "LOOPLY_EGRESS_ALLOW": ",".join(allow) or "127.0.0.1:9",
            **ONE_ADDRESS,
            **environment,
        }
        self._process: Forked | subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that callers may use: this one's."""
        return (self.port,)

    def connect(self, **options: Any) -> httpx2.Client:
        """Returns a client of the server, with a timeout for slow machines unless `options` set another one."""
        return httpx2.Client(base_url=self.address, **{"timeout": ANSWER_SECONDS, **options})

    def start(self, *, until_ready: bool = True) -> "Server":
        """Starts the process."""
        ready = self.folder.with_name(f"{self.folder.name}.ready")
        ready.unlink(missing_ok=True)
        command = [COMMAND, "serve", "--data", str(self.folder), "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--ready-file", str(ready)]
        environment = environment_with(self._environment)
        with self.log.open("ab") as log:
            if self.prefix:
                self._process = subprocess.Popen([*self.prefix, *command], env=environment, stdout=log, stderr=log)
            else:
                self._process = start(command, environment, stdout=log, stderr=log)
        if until_ready:
            self._await_ready(ready)
        return self

    def kill(self) -> None:
        """Kills the process."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def signal_stop(self) -> None:
        """Asks the process to stop."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 120) -> int:
        """Returns the exit status once the process has ended."""
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def stop(self) -> int:
        """Asks the process to stop and returns its exit status."""
        self.signal_stop()
        return self.wait()

    def close(self) -> None:
        """Ends the process if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def is_running(self) -> bool:
        """Returns whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    def log_text(self) -> str:
        """Returns all that the process has written."""
        return self.log.read_text(encoding="utf-8")

    def _await_ready(self, ready: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.is_running(), (
                f"the server ended with {self._process and self._process.poll()}: {self.log_text()}"
            )
            assert time.monotonic() < deadline, f"the server is not ready: {self.log_text()}"
            if ready.exists() and (text := ready.read_text().strip()):
                self.address = text
                self.port = int(text.rpartition(":")[2])
                if _is_ready(text):
                    return
            time.sleep(0.01)


def _is_ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/healthz/ready", timeout=30).status_code == 200
    except httpx2.TransportError:
        return False


def environment_with(more: dict[str, str]) -> dict[str, str]:
    """Returns the environment of a process of the product: what any process needs, and no setting but these.

    Outages are not looked for unless they say so: one host is all other systems, and fails as each
    test says.
    """
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "LOOPLY_TARGET_DRAIN_PER_SECOND": "0", **more}
