"""An installation on PostgreSQL: the database, Temporal, servers and workers, each a process of its own.

With the engine `postgres` there is one server, and neither Temporal nor workers.

Tests that only call it use it like a single `Server`; its clients go to the servers in turn. Servers and workers that
end are restarted. Nothing here imports the product, except the launchers of PostgreSQL and Temporal.
"""

import base64
import itertools
import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.guard import Guard
from blackbox.harness.launcher import COMMAND, ONE_ADDRESS, Logged, environment_with
from blackbox.harness.operating import Operating
from blackbox.harness.rotation import rotating_client
from blackbox.harness.supervised import Exit, Program, Supervised
from kit.servers.held_port import HeldPort
from kit.servers.postgres_server import NoPostgres, PostgresServer
from kit.servers.temporal_server import NoTemporal, TemporalServer


class Node:
    """One server or worker of an installation. A server listens on the same port across restarts."""

    def __init__(self, kind: str, number: int, folder: Path, environment: dict[str, str], guard: Guard) -> None:
        self.kind = kind
        self._held = HeldPort()
        self._environment = environment_with(environment)
        program = Program(name=f"{kind}-{number}", command=self._command, environment=self._environment, folder=folder)
        self._ready = str(program.ready)
        self.process = Supervised(program, guard)

    @property
    def port(self) -> int:
        """The port of a server."""
        return self._held.number

    @property
    def address(self) -> str:
        """The address of a server."""
        return f"http://127.0.0.1:{self.port}"

    def until_ready(self, *, may_end: bool = True) -> None:
        """Waits until it is ready; unless it `may_end`, its first process must become ready."""
        self.process.until_ready(may_end=may_end)

    def kill(self, **settings: str) -> None:
        """Kills it and returns when its next process is ready, which has these settings, too."""
        self._environment.update(settings)
        self.process.kill()
        self.until_ready()

    def _command(self) -> list[str]:
        place = ["--host", "127.0.0.1", "--port", str(self.port)] if self.kind == "serve" else []
        return [COMMAND, self.kind, *place, "--ready-file", self._ready]


class Installation(Logged):
    """The processes, from `start` to `close`. `allow` are the addresses that steps may call.

    The engine is `distributed`, unless LOOPLY_ENGINE names another one.
    """

    def __init__(self, folder: Path, allow: Iterable[str], **environment: str) -> None:
        self._has_temporal = environment.get("LOOPLY_ENGINE", "distributed") == "distributed"
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.temporal = TemporalServer(folder / "temporal.db")
            # Not in `folder`: the name of a socket may have 107 characters.
            self.postgres = PostgresServer(Path(tempfile.mkdtemp(prefix="looply-postgres-")))
        except (NoPostgres, NoTemporal) as error:
            pytest.skip(str(error))
        self._guard = Guard()
        self.servers: list[Node] = []
        self.workers: list[Node] = []
        self._started: list[Node] = []
        self._numbers = itertools.count(1)
        self.environment = {
            "LOOPLY_ENGINE": "distributed",
            "LOOPLY_DATABASE": self.postgres.address("looply"),
            "LOOPLY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
            "LOOPLY_TEMPORAL_ADDRESS": self.temporal.address,
            "LOOPLY_TEMPORAL_NAMESPACE": "default",
            "LOOPLY_EGRESS_ALLOW": ",".join(allow) or "127.0.0.1:9",
            **ONE_ADDRESS,
            **environment,
        }
        self.operating = Operating(folder, self.environment)
        self.made: dict[str, str] = {}
        """The ids and the key of the first organization."""

    @property
    def nodes(self) -> list[Node]:
        """All servers and workers."""
        return [*self.servers, *self.workers]

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports of the servers."""
        return tuple(server.port for server in self.servers)

    @property
    def port(self) -> int:
        """The port of the first server."""
        return self.ports[0]

    @property
    def address(self) -> str:
        """The address of the first server."""
        return self.servers[0].address

    def provide(self) -> None:
        """Starts PostgreSQL and Temporal, and creates an empty database."""
        self.postgres.make()
        self.postgres.start()
        self.postgres.watch(os.getpid())
        self.postgres.new_database("looply")
        if self._has_temporal:
            self.temporal.start()

    def prepare(self) -> None:
        """Starts PostgreSQL and Temporal, creates the database and the first organization."""
        self.provide()
        self.made = self.operating.init()

    def start(self, servers: int = 2, workers: int = 2) -> "Installation":
        """Starts servers and workers of the current tree, and returns when all are ready."""
        self.servers = [self.new_node("serve") for _ in range(servers)]
        self.workers = [self.new_node("worker") for _ in range(workers)]
        for node in self.nodes:
            node.until_ready(may_end=False)
        return self

    def new_node(self, kind: str, **environment: str) -> Node:
        """Starts a process that is not yet among the servers or workers."""
        settings = {**self.environment, **environment}
        node = Node(kind, next(self._numbers), self.folder, settings, self._guard)
        self._started.append(node)
        node.process.start()
        return node

    def until_ready(self) -> None:
        """Waits until every server and worker is ready."""
        for node in self.nodes:
            node.until_ready()

    def connect(self, **options: Any) -> httpx2.Client:
        """Returns a client whose calls go to the servers in turn."""
        return rotating_client(lambda: [server.address for server in self.servers], **options)

    def stop(self) -> int:
        """Asks every server and worker to stop; returns the first status that is not 0, else 0."""
        statuses = _at_once([node.process.stop for node in self.nodes])
        return next((status for status in statuses if status), 0)

    def close(self) -> None:
        """Ends everything that still runs."""
        _at_once([node.process.close for node in self._started])
        self.temporal.stop()
        self.postgres.stop("immediate")
        self._guard.close()

    def exits(self) -> dict[str, list[Exit]]:
        """Returns how the processes of each server and worker have ended, also of those that were replaced."""
        return {node.process.program.name: node.process.exits for node in self._started}

    def log_text(self) -> str:
        """Returns all that servers and workers have written."""
        return "".join(node.process.program.log_text() for node in self._started)


def _at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Makes calls concurrently, as each waits for a process, and returns their results. Raises: as the first."""
    if not calls:
        return []
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
