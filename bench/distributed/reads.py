"""Checks that every read after an answer shows the answered state, on any server.

Callers run short stories (trigger, resume, terminate, activate), each call on another server, and read the
result of the call before on all servers.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from bench.distributed.installation import Installation, Running
from bench.harness.load import get, pinned, post, run
from bench.harness.scenario import BODY, RESUME_BODY, computing
from bench.harness.servers import client_cores
from bench.speed import Figures

_CALLERS: Final = 16
_ANSWER_SECONDS: Final = 60.0
_ACTIVATES: Final = 10
"""One story in so many is of a workflow in place of an execution."""


@dataclass(slots=True)
class Reads:
    """The number of reads after an answer, the number of stale ones, and the first stale one."""

    count: int = 0
    stale: int = 0
    first_stale: str = ""

    def add(self, path: str, answer: Any, *, is_fresh: bool) -> None:
        """Counts one."""
        self.count += 1
        if not is_fresh:
            self.stale += 1
            self.first_stale = self.first_stale or f"{path}: {str(answer)[:500]}"


def measure_reads(installation: Installation, running: Running, seconds: float) -> Figures:
    """Returns the count of reads and of stale ones, over all servers."""
    with pinned(client_cores()):
        reads: Reads = run(_count(installation, running.ports, seconds))
    return {"reads": reads.count, "stale": reads.stale, "first_stale": reads.first_stale, "servers": len(running.ports)}


async def _count(installation: Installation, ports: Sequence[int], seconds: float) -> Reads:
    reads, until, numbers = Reads(), time.perf_counter() + seconds, itertools.count()
    stamp = f"{time.time_ns():x}"

    async def caller() -> None:
        lines = [await Line.open(port) for port in ports]
        try:
            while time.perf_counter() < until:
                number = next(numbers)
                turned = lines[number % len(lines) :] + lines[: number % len(lines)]
                story = Story(installation, turned, reads, f"{stamp}-{number}")
                await (story.of_a_workflow() if number % _ACTIVATES == 0 else story.of_executions())
        finally:
            for line in lines:
                line.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(_CALLERS):
            group.create_task(caller())
    return reads


class Line:
    """A kept connection to one server, one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Line":
        """Returns a new connection."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def close(self) -> None:
        """Ends it."""
        self._writer.close()

    async def ask(self, request: bytes) -> tuple[int, Any]:
        """Returns status and JSON of the answer. Raises: OSError, TimeoutError."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            self._writer.write(request)
            head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
            size = int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
            return int(head[9:12]), msgspec.json.decode(await self._reader.readexactly(size))


class Story:
    """What one caller does with things of its own. `lines` go to the servers; calls take them in turn."""

    def __init__(self, installation: Installation, lines: Sequence[Line], reads: Reads, name: str) -> None:
        self._installation = installation
        self._lines = lines
        self._reads = reads
        self._name = name
        self._turn = itertools.cycle(lines)

    async def of_executions(self) -> None:
        """One execution is triggered and resumed, another one triggered and terminated."""
        found = f"/v2/workflows/searchExecutions?limit=5&process_id={self._name}"
        execution_id = await self._trigger(self._name)
        await self._read(self._execution(execution_id), lambda answer: "item" in answer)
        await self._read(found, lambda answer: len(answer["items"]) == 1)
        await self._do(f"/v2/workflows/resumeWorkflow/{self._name}", RESUME_BODY)
        await self._read(self._execution(execution_id), lambda answer: answer["item"]["status"] != "WAITING")
        await self._read(f"{found}&status=WAITING", lambda answer: not answer["items"])
        other = await self._trigger(f"{self._name}-t")
        await self._do(f"/v2/workflows/terminateWorkflow/{other}", b"")
        await self._read(self._execution(other), lambda answer: answer["item"]["status"] == "TERMINATED")

    async def of_a_workflow(self) -> None:
        """A workflow is imported and activated, and triggered everywhere at once."""
        item = (await self._do("/v2/workflows/importWorkflow", msgspec.json.encode({"definition": computing()})))[
            "item"
        ]
        named = {"workflow_id": item["workflow_id"], "workflow_version": item["workflow_version"]}
        path = f"/v2/workflows/getWorkflowById?workflow_id={item['workflow_id']}&workflow_version=1"
        await self._read(path, lambda answer: "item" in answer)
        await self._do("/v2/workflows/activateWorkflow", msgspec.json.encode(named))
        await self._read(path, lambda answer: answer["item"]["workflow_status"] == "ACTIVE")
        for line in self._lines:
            trigger = f"/v2/workflows/triggerworkflow/{item['workflow_id']}"
            status, answer = await line.ask(post(trigger, BODY, self._installation.api_key))
            self._reads.add(trigger, answer, is_fresh=status == 200)

    def _execution(self, execution_id: str) -> str:
        workflow_id = self._installation.workflow_ids["waiting"]
        query = f"workflow_id={workflow_id}&workflow_execution_id={execution_id}"
        return f"/v2/workflows/getWorkflowExecutionById?{query}"

    async def _trigger(self, process_id: str) -> str:
        path = f"{self._installation.trigger_path('waiting')}?process_id={process_id}"
        return str((await self._do(path, BODY))["looply_execution_id"])

    async def _do(self, path: str, body: bytes) -> Any:
        """Returns the answer of the server whose turn it is. Raises: RuntimeError when it refuses."""
        status, answer = await next(self._turn).ask(post(path, body, self._installation.api_key))
        if status != 200:
            raise RuntimeError(f"{path}: {status} {answer}")
        return answer

    async def _read(self, path: str, is_fresh: Callable[[Any], bool]) -> None:
        """Reads at every server, at all of them at the same time, and counts."""
        request = get(path, self._installation.api_key)
        for status, answer in await asyncio.gather(*(line.ask(request) for line in self._lines)):
            if status not in (200, 404):
                raise RuntimeError(f"{path}: {status} {answer}")
            self._reads.add(path, answer, is_fresh=status == 200 and is_fresh(answer))
