"""Finds the process that makes a call by the source port of the call."""

import time
from collections.abc import Sequence
from pathlib import Path

from blackbox.evidence.distributed import CALL_SECONDS, DistributedRun
from blackbox.evidence.load import Line
from blackbox.evidence.workloads import SLOW_SECONDS
from blackbox.harness.installation import Node

_LOCAL, _INODE = 1, 9
"""The columns of the kernel's table of connections."""


def until_held(run: DistributedRun, step: str) -> tuple[Node, Line]:
    """Returns a worker with a slow call of a step in flight, and the ledger's line of the call."""
    begun = time.time_ns()
    deadline = time.monotonic() + CALL_SECONDS
    while True:
        for line in run.calls():
            if line["at"] > begun and line["path"].endswith(f"/{step}") and is_unanswered(line):
                holder = _holder(line["peer"], run.server.workers)
                if holder is not None:
                    return holder, line
        assert time.monotonic() < deadline, f"no worker has a call of {step} in flight"
        time.sleep(0.05)


def is_unanswered(line: Line) -> bool:
    """Returns whether a slow call cannot have been answered yet."""
    return time.time_ns() < line["at"] + int(SLOW_SECONDS * 1e9)


def _holder(port: int, nodes: Sequence[Node]) -> Node | None:
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for node in nodes:
        # A descriptor, or the whole process, may have ended by now.
        try:
            held = {str(each.readlink()) for each in Path(f"/proc/{node.process.pid}/fd").iterdir()}
        except OSError:
            continue
        if held & sockets:
            return node
    return None


def _inodes(port: int) -> list[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[_INODE] for row in rows if int(row[_LOCAL].rpartition(":")[2], 16) == port]
