"""Callers of plain Temporal workflows: the same closed loop as the load generator's, through Temporal's own client."""

import asyncio
import itertools
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from temporalio.client import Client, WorkflowHandle

from bench.distributed.parts import Part
from bench.distributed.plain import QUEUE, Waiting, connect
from bench.harness.load import Span
from bench.harness.scenario import PAYLOAD, RESUME_BODY
from bench.harness.servers import all_cores, json_of, started, wait_for_file
from kit.servers.temporal_server import TemporalServer

_LONGEST_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 5.0
_WAITING_EVENTS: Final = 4
"""Events of a workflow that has run to its wait: started; its first task scheduled, started and completed."""

Handle: TypeAlias = WorkflowHandle[Any, Any]
Call: TypeAlias = Callable[[], Awaitable[Any]]


@contextmanager
def working(temporal: TemporalServer, sink_url: str, work: Path) -> Iterator[Part]:
    """Runs a worker of the plain workflows until the end of the block."""
    ready, log = work / "plain.ready", work / "plain.log"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.distributed.plain", temporal.address, sink_url, str(ready)]
    with started(command, log, stop_seconds=_STOP_SECONDS, cores=all_cores()) as (process, begun):
        wait_for_file(ready, process, begun, log)
        yield Part("worker", process.pid)


async def run_workflows(temporal: TemporalServer, workflow: Any, clients: int, seconds: float) -> Span:
    """Returns what `clients` callers measured who start a workflow and wait for its result, one after the other."""
    client = await connect(temporal.address)

    async def call() -> None:
        await client.execute_workflow(workflow, PAYLOAD, id=uuid.uuid4().hex, task_queue=QUEUE)

    until = time.perf_counter() + seconds
    calls = itertools.takewhile(lambda _: time.perf_counter() < until, itertools.repeat(call))
    return await _closed_loop(calls, clients)


async def start_waiting(client: Client, count: int, clients: int) -> list[Handle]:
    """Returns workflows that have come to their wait."""
    handles: list[Handle] = []

    async def call() -> None:
        handle = await client.start_workflow(Waiting.run, PAYLOAD, id=uuid.uuid4().hex, task_queue=QUEUE)
        while await _events(handle) < _WAITING_EVENTS:  # noqa: ASYNC110 - it is another process's progress
            await asyncio.sleep(0.02)
        handles.append(handle)

    await _closed_loop(itertools.repeat(call, count), clients)
    return handles


async def _events(handle: Handle) -> int:
    return (await handle.describe()).raw_description.workflow_execution_info.history_length


async def resume(handles: Sequence[Handle], clients: int) -> Span:
    """Returns how long an Update of each of the workflows takes to its answer."""
    body = json_of(RESUME_BODY)
    return await _closed_loop((partial(handle.execute_update, Waiting.resume, body) for handle in handles), clients)


async def _closed_loop(calls: Iterator[Call], clients: int) -> Span:
    took: list[float] = []

    async def caller() -> None:
        for call in calls:
            sent = time.perf_counter()
            await call()
            took.append(time.perf_counter() - sent)

    begun, used = time.perf_counter(), time.process_time()
    async with asyncio.timeout(_LONGEST_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(caller())
    seconds = time.perf_counter() - begun
    return Span(took, seconds, errors=0, client_cpu_share=(time.process_time() - used) / seconds)
