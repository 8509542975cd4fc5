"""The product put together in this process, without a socket: for phases, and for filling a store fast.

It is what `looply serve` puts together, so what is stored here is what the product stores.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench.harness.scenario import BODY, computing, waiting
from looply.app.administration import organizations
from looply.bootstrap import open_application
from looply.clock import SystemClock, SystemEntropy
from looply.engine.ports.port import Start
from looply.engine.shell.shell import Shell
from looply.engine.sqlite.store import SqliteStore
from looply.execution.answering.starting import Started
from looply.log import configure_log
from looply.server.application import build_app
from looply.server.http.boundary import Boundary
from looply.settings import Settings


@dataclass(slots=True, kw_only=True)
class InProcess:
    """An open data folder with active workflows by kind, and a key of all scopes."""

    app: Boundary
    shell: Shell
    store: SqliteStore
    services: Any
    organization_id: str
    workspace_id: str
    api_key: str
    workflow_ids: dict[str, str]

    def scope(self, method: str, path: str, size: int = 0) -> dict[str, Any]:
        """Returns an ASGI scope of a call with our key."""
        headers = [(b"host", b"127.0.0.1"), (b"x-api-key", self.api_key.encode())]
        if size:
            headers += [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]
        path, _, query = path.partition("?")
        return {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}

    async def call(self, method: str, path: str, body: bytes = b"") -> Any:
        """Returns the JSON that the application answers. Raises: RuntimeError when it refuses."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(self.scope(method, path, len(body)), receive, send)
        answer = msgspec.json.decode(b"".join(message.get("body", b"") for message in sent[1:]))
        if sent[0]["status"] != 200:
            raise RuntimeError(f"{method} {path}: {sent[0]['status']} {answer}")
        return answer

    def trigger_path(self, kind: str = "computing") -> str:
        """Returns the path that triggers a workflow of the scenario."""
        return f"/v2/workflows/triggerworkflow/{self.workflow_ids[kind]}"

    async def start_of(self, kind: str) -> Start:
        """Returns what a trigger call gives to the engine."""
        runnable = await self.services.library.resolve(self.organization_id, self.workflow_ids[kind], None)
        return Start(
            organization_id=self.organization_id,
            workspace_id=self.workspace_id,
            workflow_id=runnable.workflow_id,
            workflow_version=runnable.workflow_version,
            workflow=runnable.workflow,
            trigger_type="REQUEST",
            body=msgspec.json.decode(BODY),
            body_size=len(BODY),
            fingerprint=b"",
            by=self.workspace_id,
            via="API",
        )

    async def fill(self, kind: str, count: int, committers: int = 256) -> list[str]:
        """Triggers so many executions at the engine's port, each as a call would; returns the ids of some of them."""
        start = await self.start_of(kind)
        left, kept = count, []

        async def commit() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                started = await self.shell.start(start)
                if left % 1000 == 0:
                    kept.append(started.execution_id)

        await asyncio.gather(*(commit() for _ in range(min(committers, count))))
        return kept

    @contextmanager
    def without_engine(self) -> Iterator[None]:
        """Lets calls reach an engine that does nothing inside the block."""
        real = self.services.engine

        class Nothing:
            async def start(self, _: Start) -> Started:
                return Started(execution_id="01900000-0000-7000-8000-000000000001")

        object.__setattr__(self.services, "engine", Nothing())
        try:
            yield
        finally:
            object.__setattr__(self.services, "engine", real)


def note_of(data: Path) -> Path:
    """Returns the file beside a data folder that notes what the folder was given."""
    return data.with_suffix(".json")


@asynccontextmanager
async def in_process(
    data: Path, more: Mapping[str, dict[str, Any]] | None = None, **settings: Any
) -> AsyncIterator[InProcess]:
    """Yields the application on a data folder, which is made where it does not exist.

    A new folder is given both workflows of the scenario and `more` by kind. What it was given (organization, key,
    workflows) is noted beside it, for the next time. `settings` are those of `looply.settings`.
    """
    configure_log("warning", SystemClock())
    note = note_of(data)
    async with open_application(Settings(data=data, **settings)) as application:
        services = application.services
        app = build_app(services, SystemEntropy())
        parts: dict[str, Any] = {"app": app, "shell": application.shell, "store": application.store}
        if note.exists():
            yield InProcess(**parts, services=services, **msgspec.json.decode(note.read_bytes()))
            return
        (made,) = await organizations.create(services, ["Bench"])
        ours: dict[str, Any] = {
            "organization_id": made.organization.organization_id,
            "workspace_id": made.organization.workspace_id,
            "api_key": made.api_key,
            "workflow_ids": {},
        }
        held = InProcess(**parts, services=services, **ours)
        for kind, definition in {"computing": computing(), "waiting": waiting(), **(more or {})}.items():
            held.workflow_ids[kind] = await activated(held, definition)
        note.write_bytes(msgspec.json.encode(ours))
        yield held


async def activated(held: InProcess, definition: dict[str, Any]) -> str:
    """Returns the id of a workflow, imported and activated by calls."""
    body = msgspec.json.encode({"definition": definition})
    item = (await held.call("POST", "/v2/workflows/importWorkflow", body))["item"]
    named = {"workflow_id": item["workflow_id"], "workflow_version": item["workflow_version"]}
    await held.call("POST", "/v2/workflows/activateWorkflow", msgspec.json.encode(named))
    return str(item["workflow_id"])
