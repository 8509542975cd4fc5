"""A server for faults at numbered system calls: one folder, one client, and a way to wait until it is idle."""

import struct
import time
from pathlib import Path

import httpx2

from blackbox.harness.client import Organization
from blackbox.harness.definitions import COMPUTING
from blackbox.harness.launcher import Server, init
from blackbox.harness.sink import Sink

QUIET_SECONDS = 0.1
LONGEST_SECONDS = 45.0


class Bench:
    """A server whose log is checkpointed before each case, so that each case makes the same system calls."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self.folder = folder
        made = init(folder / "data")
        # A case makes no write of another loop: what it stores is not folded into figures beside it.
        self.server = Server(folder / "data", [f"127.0.0.1:{sink.port}"], LOOPLY_FIGURE_SECONDS="3600")
        self.server.start()
        # A connection for each call: none of a dead server may be reused.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self.client = httpx2.Client(base_url=self.server.address, timeout=120, limits=limits)
        self.org = Organization(self.client, **made)
        self.warming = self.org.create(COMPUTING)

    def settle(self) -> None:
        """Waits until all commits are in the database file and the server is idle, or the server is dead."""
        deadline = time.monotonic() + LONGEST_SECONDS
        since = time.monotonic()
        seen = None
        while self.server.is_running() and time.monotonic() - since < QUIET_SECONDS:
            assert time.monotonic() < deadline, "the log is not checkpointed"
            pages = self._pages()
            if pages != seen or pages[0] != pages[1]:
                since, seen = time.monotonic(), pages
            time.sleep(0.005)

    def restart(self) -> None:
        """Starts the dead server, and commits once, so that the next commit restarts the log."""
        self.server.start()
        self.warm()

    def warm(self) -> None:
        """Commits once and checkpoints it."""
        self.org.trigger(self.warming)
        self.settle()

    def close(self) -> None:
        self.server.close()
        self.client.close()

    def _pages(self) -> tuple[int, int, int]:
        """Returns the pages of the log, how many of them are checkpointed, and the number of commits."""
        index = (self.server.folder / "executions.db-shm").read_bytes()
        (pages,), (moved,), (changes,) = (struct.unpack_from("=I", index, offset) for offset in (16, 96, 8))
        return pages, moved, changes
