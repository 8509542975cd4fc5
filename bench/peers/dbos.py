"""DBOS with its SQLite store: an application on uvicorn whose calls run a durable workflow of three durable steps."""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness.load import post
from bench.harness.scenario import BODY
from bench.harness.servers import Server, free_port, started, wait_for_port
from bench.peers.peer import PEERS, STOP_SECONDS, Peer, installed_version, missing_file

_PYTHON = PEERS / "venv-dbos" / "bin" / "python"
_APP = Path(__file__).with_name("dbos_app.py")


@contextmanager
def serve(work: Path) -> Iterator[Server]:
    """Runs the application on a new folder."""
    folder, log, port = work / "dbos", work / "dbos.log", free_port()
    folder.mkdir()
    command = [str(_PYTHON), "-P", str(_APP), str(port), str(folder)]
    with started(command, log, stop_seconds=STOP_SECONDS) as (process, begun):
        wait_for_port(port, process, log)
        yield Server(port, process, begun, time.perf_counter() - begun)


PEER = Peer(
    name="DBOS on SQLite",
    missing=missing_file(_PYTHON),
    version=lambda: installed_version(_PYTHON, "dbos"),
    serve=serve,
    requests=lambda: itertools.repeat(post("/", BODY)),
)
