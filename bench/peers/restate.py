"""Restate: one server with the configuration that it has by itself, and the workflow in a Python process beside it."""

import json
import platform
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.harness.load import post
from bench.harness.scenario import BODY
from bench.harness.servers import Server, free_port, started, wait_for_port
from bench.peers.peer import PEERS, STOP_SECONDS, Peer, missing_file

_PYTHON: Final = PEERS / "venv-restate" / "bin" / "python"
_PACKAGE: Final = (
    PEERS
    / "restate/node_modules/@restatedev"
    / f"restate-server-linux-{'arm64' if platform.machine() == 'aarch64' else 'x64'}"
)
_SERVER: Final = _PACKAGE / "bin" / "restate-server"
_APP: Final = Path(__file__).with_name("restate_app.py")
_CONFIG: Final = """\
log-filter = "error"
base-dir = "{folder}"
listen-mode = "tcp"
bind-ip = "127.0.0.1"
bind-port = {node}
advertised-address = "http://127.0.0.1:{node}"
node-name = "bench"
[ingress]
bind-address = "127.0.0.1:{ingress}"
[admin]
bind-address = "127.0.0.1:{admin}"
"""
_REGISTER_SECONDS: Final = 60.0


@contextmanager
def serve(work: Path) -> Iterator[Server]:
    """Runs server and application on a new folder and registers the application."""
    folder, log = work / "restate", work / "restate.log"
    folder.mkdir(exist_ok=True)
    ports = {name: free_port() for name in ("node", "ingress", "admin", "app")}
    config = work / "restate.toml"
    config.write_text(_CONFIG.format(folder=folder, **ports))
    quiet = {"DO_NOT_TRACK": "1", "RESTATE_DISABLE_TELEMETRY": "true"}
    app = [str(_PYTHON), "-P", str(_APP), str(ports["app"])]
    server = [str(_SERVER), "--config-file", str(config), "--no-logo"]
    with (
        started(app, log, stop_seconds=STOP_SECONDS) as (application, begun),
        started(server, log, quiet, STOP_SECONDS) as (process, _),
    ):
        wait_for_port(ports["app"], application, log)
        wait_for_port(ports["admin"], process, log)
        wait_for_port(ports["ingress"], process, log)
        _register(ports["admin"], ports["app"])
        _run_once(ports["ingress"])
        yield Server(ports["ingress"], process, begun, time.perf_counter() - begun, (application,))


def _register(admin: int, app: int) -> None:
    body = {"uri": f"http://127.0.0.1:{app}", "use_http_11": False, "force": True}
    _until_answered(lambda: _posted(f"http://127.0.0.1:{admin}/deployments", json.dumps(body).encode()))


def _run_once(ingress: int) -> None:
    _until_answered(lambda: _posted(f"http://127.0.0.1:{ingress}/Plain/{uuid.uuid4().hex}/run", BODY))


def _posted(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()


def _until_answered(call: Callable[[], Any]) -> None:
    until = time.perf_counter() + _REGISTER_SECONDS
    while True:
        try:
            call()
        except (OSError, urllib.error.URLError):
            if time.perf_counter() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _requests(workflow: str) -> Iterator[bytes]:
    while True:
        yield post(f"/{workflow}/{uuid.uuid4().hex}/run", BODY)


def _version() -> str:
    return str(json.loads((_PACKAGE / "package.json").read_text("utf-8"))["version"])


_MISSING: Final = missing_file(_PYTHON, _SERVER)
PEER = Peer("Restate, three stored steps", _MISSING, _version, serve, lambda: _requests("Computing"))
PLAIN = Peer("Restate, start and end stored", _MISSING, _version, serve, lambda: _requests("Plain"))
