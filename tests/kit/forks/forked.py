"""Starts the shipped command as a fork of a process in which its modules are loaded already."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

from kit.forks.fork_server import STATUS

COMMAND = str(Path(sys.executable).with_name("looply"))

_INTERPRETER = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR")
"""What every process of the product is given: all forks have the values of the fork server."""
_OF_THE_START = ("LD_", "LC_", "PYTHON")
"""Names of further variables that matter while a process begins; one with such a variable is executed."""


class Forked:
    """A forked process: what `subprocess.Popen` is for one that was executed, without pipes."""

    def __init__(self, command: Sequence[str], process_id: int, pidfd: int, status: int) -> None:
        self.args = command
        self.pid = process_id
        self.returncode: int | None = None
        self._pidfd = pidfd
        self._status = status
        self._lock = Lock()

    def poll(self) -> int | None:
        """Returns the exit status, below 0 for a signal, or None while the process runs."""
        return self._read(0)

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit status once the process has ended. Raises: subprocess.TimeoutExpired."""
        status = self._read(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Sends a signal, to this process and to no later one with its id."""
        with suppress(ProcessLookupError):
            # It may have ended already.
            signal.pidfd_send_signal(self._pidfd, number)

    def terminate(self) -> None:
        """Asks the process to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kills the process."""
        self.send_signal(signal.SIGKILL)

    def _read(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            ended = select.poll()
            ended.register(self._status, select.POLLIN)
            if ended.poll(None if timeout is None else timeout * 1000):
                with self._lock:
                    if self.returncode is None:
                        status = os.read(self._status, STATUS.size)
                        assert status, f"the fork server ended, and with it what is known of the end of {self.args}"
                        (self.returncode,) = STATUS.unpack(status)
        return self.returncode

    def __del__(self) -> None:
        os.close(self._status)
        os.close(self._pidfd)


def can_fork(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Returns whether a fork of the server's is what a process of this command and environment would be."""
    if command[0] != COMMAND:
        return False
    if any(name.startswith(_OF_THE_START) and name not in _INTERPRETER for name in environment):
        return False
    return all(environment.get(name) == os.environ.get(name) for name in _INTERPRETER)


def fork(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    folder: Path | None = None,
) -> Forked:
    """Starts `looply` with these arguments, of which the first is its path. Its standard input is empty."""
    return _server().fork(command, environment, folder or Path.cwd(), stdout, stderr)


def start(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    folder: Path | None = None,
) -> Forked | subprocess.Popen[bytes]:
    """Starts a command of the product: as a fork where one is the same, else by executing it."""
    if can_fork(command, environment):
        return fork(command, environment, stdout=stdout, stderr=stderr, folder=folder)
    return subprocess.Popen(
        command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
    )


def await_end(process: Forked | subprocess.Popen[bytes]) -> None:
    """Waits until a process has ended. Its id is not used again before its status was asked for."""
    if isinstance(process, Forked):
        process.wait()
        return
    with suppress(ChildProcessError):
        # The sender of a signal may already have been notified of the end.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


class _Server:
    def __init__(self) -> None:
        self._lock = Lock()
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {name: os.environ[name] for name in _INTERPRETER if name in os.environ}
        program = Path(__file__).with_name("fork_server.py")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(program), str(theirs.fileno())],
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def fork(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        stdout: int | IO[bytes],
        stderr: int | IO[bytes],
    ) -> Forked:
        request = {"command": list(command), "environment": dict(environment), "folder": str(folder)}
        status, theirs = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        outputs = [each if isinstance(each, int) else each.fileno() for each in (stdout, stderr)]
        try:
            with self._lock:
                socket.send_fds(self._requests, [json.dumps(request).encode()], [nothing, *outputs, theirs])
                reply, pidfds, _, _ = socket.recv_fds(self._requests, STATUS.size, 1)
            assert reply, f"the fork server ended with {self._process.poll()} before it started {command}"
        except BaseException:
            os.close(status)
            raise
        finally:
            os.close(nothing)
            os.close(theirs)
        (process_id,) = STATUS.unpack(reply)
        return Forked(command, process_id, pidfds[0], status)

    def close(self) -> None:
        self._requests.close()
        self._process.wait(60)


@cache
def _server() -> _Server:
    return _Server()
