"""The Temporal server of the CLI, in memory or on a file: the only one that needs no cluster."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

from bench.harness.load import pinned
from bench.harness.servers import all_cores
from kit.servers.temporal_server import NoTemporal, TemporalServer, find_program

Storage: TypeAlias = Literal["in memory", "on file"]


def is_installed() -> bool:
    """Returns whether there is a Temporal server to run."""
    try:
        find_program()
    except NoTemporal:
        return False
    return True


def version() -> str:
    """Returns the versions of command and server. Raises: NoTemporal."""
    said = subprocess.run([find_program(), "--version"], capture_output=True, text=True, check=True)
    return said.stdout.strip().removeprefix("temporal version ")


@contextmanager
def serve(work: Path, storage: Storage) -> Iterator[TemporalServer]:
    """Runs a server with empty storage until the end of the block. Raises: NoTemporal."""
    server = TemporalServer(work / "temporal.db" if storage == "on file" else None)
    if storage == "on file":
        server.empty()
    with pinned(all_cores()):
        server.start()
    try:
        yield server
    finally:
        server.stop()
