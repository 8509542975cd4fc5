"""Systems of other authors that run in Node, each in a process of its own on the loopback interface.

with running(FOLDER / "fe_mockserver.mjs", str(folder), PORT, ready="/$metadata") as address:
    ...

`make peers` installs them, by the versions and hashes of `tests/peers/package-lock.json`.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx2
import pytest

from kit.servers.held_port import HeldPort
from kit.servers.node import find_node

FOLDER: Final = Path(__file__).parents[2] / "peers"
MODULES: Final = FOLDER / "node_modules"
PORT: Final = "{port}"
"""An argument that is replaced by the port."""
_START_SECONDS: Final = 120.0


@contextmanager
def running(script: Path, *arguments: str, ready: str) -> Iterator[str]:
    """Runs a script until the end of the block, and yields its address once it answers the path `ready`.

    The test is skipped where Node or the packages are not installed; `make proof` installs them, or fails.
    """
    node = find_node()
    if node is None or not MODULES.is_dir():
        pytest.skip("systems that run in Node are not installed: `make peers` installs them")
    held = HeldPort()
    address = f"http://127.0.0.1:{held.number}"
    given = [str(held.number) if each == PORT else each for each in arguments]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([node, str(script), *given], cwd=FOLDER, stdout=said, stderr=said)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _answers(f"{address}{ready}"):
                if process.poll() is not None:
                    said.seek(0)
                    raise AssertionError(f"{script.name} has ended: {said.read().decode(errors='replace')}")
                assert time.monotonic() < deadline, f"{script.name} does not answer"
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
            yield address
        finally:
            process.kill()
            process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx2.get(address, timeout=30).status_code < 500
    except httpx2.TransportError:
        return False
