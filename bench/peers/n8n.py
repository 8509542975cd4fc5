"""n8n with its SQLite store: a webhook that answers with the last node; the execution is stored at its end."""

import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.harness.load import post
from bench.harness.scenario import BODY
from bench.harness.servers import Server, free_port, started
from bench.peers.peer import PEERS, STOP_SECONDS, Peer, missing_file

_PACKAGE: Final = PEERS / "n8n/node_modules/n8n"
_PROGRAM: Final = _PACKAGE / "bin/n8n"
_START_SECONDS: Final = 90.0
_PATH: Final = "/webhook/computing"


@contextmanager
def serve(work: Path) -> Iterator[Server]:
    """Runs n8n on a new folder with the workflow published."""
    folder, log, port = work / "n8n", work / "n8n.log", free_port()
    folder.mkdir()
    environment = _environment(folder, port)
    flow = work / "n8n.json"
    flow.write_text(json.dumps([_workflow()]))
    for arguments in (("import:workflow", f"--input={flow}"), ("publish:workflow", "--id=computing")):
        command = [_node(), str(_PROGRAM), *arguments]
        subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, timeout=180)
    with started([_node(), str(_PROGRAM), "start"], log, environment, STOP_SECONDS) as (process, begun):
        _wait_for_webhook(port)
        yield Server(port, process, begun, time.perf_counter() - begun)


def _wait_for_webhook(port: int) -> None:
    until = time.perf_counter() + _START_SECONDS
    request = urllib.request.Request(f"http://127.0.0.1:{port}{_PATH}", BODY, {"content-type": "application/json"})
    while True:
        try:
            answer = urllib.request.urlopen(request, timeout=10).read()
        except (OSError, urllib.error.URLError):
            if time.perf_counter() > until:
                raise
            time.sleep(0.2)
        else:
            if b"Order 45" not in answer:
                raise RuntimeError(f"n8n answered {answer[:300]!r}")
            return


def _node() -> str:
    return shutil.which("node") or "node"


def _environment(folder: Path, port: int) -> dict[str, str]:
    off = ("DIAGNOSTICS_ENABLED", "VERSION_NOTIFICATIONS_ENABLED", "TEMPLATES_ENABLED", "PERSONALIZATION_ENABLED")
    return {
        "N8N_USER_FOLDER": str(folder),
        "N8N_PORT": str(port),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_HOST": "127.0.0.1",
        "N8N_LOG_LEVEL": "error",
        "N8N_RUNNERS_BROKER_PORT": str(free_port()),
        "N8N_COMMUNITY_PACKAGES_ENABLED": "false",
        "NODE_ENV": "production",
        **{f"N8N_{name}": "false" for name in off},
    }


def _workflow() -> dict[str, Any]:
    nodes = [
        _node_of("Webhook", "webhook", 2, {"httpMethod": "POST", "path": "computing", "responseMode": "lastNode"}),
        _set("Total", "total", "={{ $json.body.amount * 2 }}", "number"),
        _node_of("Choice", "if", 2.2, {"conditions": _CONDITIONS, "options": {}}),
        _set("Text", "text", "=Order {{ $json.body.po }}: {{ $json.total }} EUR", "string"),
    ]
    nodes[0]["webhookId"] = "computing"
    names = [node["name"] for node in nodes]
    links = {one: {"main": [[{"node": two, "type": "main", "index": 0}]]} for one, two in itertools.pairwise(names)}
    return {
        "id": "computing",
        "name": "computing",
        "active": False,
        "nodes": nodes,
        "connections": links,
        "settings": {"executionOrder": "v1"},
        "versionId": str(uuid.uuid4()),
    }


_CONDITIONS: Final = {
    "options": {"caseSensitive": True, "leftValue": "", "typeValidation": "loose", "version": 2},
    "combinator": "and",
    "conditions": [
        {
            "id": "large",
            "leftValue": "={{ $json.total }}",
            "rightValue": 100,
            "operator": {"type": "number", "operation": "gt"},
        }
    ],
}


def _set(name: str, field: str, value: str, kind: str) -> dict[str, Any]:
    assignments = {"assignments": [{"id": field, "name": field, "value": value, "type": kind}]}
    settings = {"mode": "manual", "assignments": assignments, "includeOtherFields": True, "options": {}}
    return _node_of(name, "set", 3.4, settings)


def _node_of(name: str, kind: str, version: float, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name.lower(),
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [0, 0],
        "parameters": settings,
    }


def _version() -> str:
    return str(json.loads((_PACKAGE / "package.json").read_text("utf-8"))["version"])


PEER = Peer(
    name="n8n on SQLite, stored at the end",
    missing=missing_file(_PROGRAM),
    version=_version,
    serve=serve,
    requests=lambda: itertools.repeat(post(_PATH, BODY)),
)
