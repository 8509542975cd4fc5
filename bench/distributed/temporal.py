"""The Temporal server of the CLI, in memory or on a file: the only one that needs no cluster."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bench.servers import all_cores, free_port, started, wait_for_port

Storage: TypeAlias = Literal["in memory", "on file"]

_STOP_SECONDS: Final = 5.0
"""Time that it gets to end by itself: its data is thrown away."""


@dataclass(frozen=True, slots=True)
class Temporal:
    """A running server: its address and process."""

    address: str
    pid: int


def program() -> str | None:
    """Returns the command of the server: the one beside our Python, else the one on the path, else None."""
    own = Path(sys.executable).with_name("temporal")
    return str(own) if own.exists() else shutil.which("temporal")


def version() -> str:
    """Returns the versions of command and server."""
    said = subprocess.run([program() or "temporal", "--version"], capture_output=True, text=True, check=True)
    return said.stdout.strip().removeprefix("temporal version ")


@contextmanager
def serve(work: Path, storage: Storage) -> Iterator[Temporal]:
    """Runs a server with empty storage until the end of the block."""
    port, log = free_port(), work / "temporal.log"
    file = work / "temporal.db"
    for each in work.glob("temporal.db*"):
        each.unlink()
    command = [program() or "temporal", "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)]
    command += ["--log-level", "error", *(("--db-filename", str(file)) if storage == "on file" else ())]
    with started(command, log, stop_seconds=_STOP_SECONDS, cores=all_cores()) as (process, _):
        wait_for_port(port, process, log)
        yield Temporal(f"127.0.0.1:{port}", process.pid)
