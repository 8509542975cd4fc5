"""An installation by the public commands: created by `looply init`, with servers and workers that start and stop."""

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.distributed.parts import Part
from bench.harness.scenario import calling, computing, waiting
from bench.harness.servers import ROOT, all_cores, started, wait_for_file

COMMAND: Final = (sys.executable, "-P", "-m", "looply")
"""The product, as it is started."""

_STOP_SECONDS: Final = 30.0
_SECONDS: Final = 120.0

Environment = Mapping[str, str]


class Target(NamedTuple):
    """The targets of the scenarios: an existing folder for files, and the system that steps call."""

    work: Path
    sink_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One that was made: the environment of its processes, its key, and its workflows by kind."""

    name: str
    work: Path
    environment: Environment
    api_key: str
    workflow_ids: Mapping[str, str]

    @property
    def database(self) -> str | None:
        """Returns the address of its database, None where it is on a data folder."""
        return self.environment.get("LOOPLY_DATABASE")

    def trigger_path(self, kind: str) -> str:
        """Returns the path that triggers a workflow."""
        return f"/v2/workflows/triggerworkflow/{self.workflow_ids[kind]}"


class Running(NamedTuple):
    """The processes of an installation: the ports of its servers, and its parts."""

    ports: list[int]
    parts: list[Part]


def distributed(database: str, temporal: str) -> dict[str, str]:
    """Returns the environment of an installation on these addresses."""
    return {**on_postgres(database), "LOOPLY_ENGINE": "distributed", "LOOPLY_TEMPORAL_ADDRESS": temporal}


def on_postgres(database: str) -> dict[str, str]:
    """Returns the environment of one process on a database."""
    key = base64.b64encode(os.urandom(32)).decode("ascii")
    return {"LOOPLY_ENGINE": "postgres", "LOOPLY_DATABASE": database, "LOOPLY_ENCRYPTION_KEY": key}


def embedded(data: Path) -> dict[str, str]:
    """Returns the environment of one process on a data folder."""
    return {"LOOPLY_ENGINE": "embedded", "LOOPLY_DATA": str(data)}


def make(name: str, environment: Environment, target: Target) -> Installation:
    """Returns a new installation with the workflows of the scenarios, active."""
    environment = {**environment, "LOOPLY_EGRESS_ALLOW": f"127.0.0.1:{target.sink_port}", "LOOPLY_LOG_LEVEL": "warning"}
    made = json.loads(_run("init", "--json", environment=environment))
    empty = Installation(name=name, work=target.work, environment=environment, api_key=made["api_key"], workflow_ids={})
    definitions = {
        "computing": computing(),
        "waiting": waiting(),
        "calling": calling(f"http://127.0.0.1:{target.sink_port}/"),
    }
    with running(empty) as processes:
        port = processes.ports[0]
        ids = {kind: activated(port, empty.api_key, definition) for kind, definition in definitions.items()}
    return Installation(name=name, work=target.work, environment=environment, api_key=empty.api_key, workflow_ids=ids)


@contextmanager
def running(
    installation: Installation, servers: int = 1, workers: int = 0, program: Sequence[str] = COMMAND
) -> Iterator[Running]:
    """Runs so many servers and workers, on all cores, until the end of the block; `program` takes their arguments."""
    with ExitStack() as stack:
        found = Running([], [])
        for number in range(servers):
            address, part = stack.enter_context(_process(installation, "serve", number, program))
            found.ports.append(int(address.rpartition(":")[2]))
            found.parts.append(Part("server", part.pid))
        for number in range(workers):
            _, part = stack.enter_context(_process(installation, "worker", number, program))
            found.parts.append(Part("worker", part.pid))
        yield found


def activated(port: int, api_key: str, definition: dict[str, Any]) -> str:
    """Returns the id of a workflow, imported and activated by calls."""
    item = _posted(port, api_key, "importWorkflow", {"definition": definition})["item"]
    named = {"workflow_id": item["workflow_id"], "workflow_version": item["workflow_version"]}
    _posted(port, api_key, "activateWorkflow", named)
    return str(item["workflow_id"])


@contextmanager
def _process(
    installation: Installation, command: str, number: int, program: Sequence[str]
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Runs one process; yields what it wrote into its ready file."""
    name = f"{installation.name}-{command}{number}"
    ready, log = installation.work / f"{name}.ready", installation.work / f"{name}.log"
    ready.unlink(missing_ok=True)
    place = ("--host", "127.0.0.1", "--port", "0") if command == "serve" else ()
    arguments = [*program, command, *place, "--ready-file", str(ready)]
    environment = dict(installation.environment)
    with started(arguments, log, environment, _STOP_SECONDS, all_cores()) as (process, begun):
        yield wait_for_file(ready, process, begun, log), process


def _run(*arguments: str, environment: Environment) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOOPLY_")}
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"looply {arguments[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-800:]}")
    return done.stdout


def _posted(port: int, api_key: str, name: str, body: Any) -> Any:
    headers = {"content-type": "application/json", "x-api-key": api_key}
    url = f"http://127.0.0.1:{port}/v2/workflows/{name}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return json.loads(answer.read())
