"""The scenarios as plain Temporal workflows of activities, and the worker that runs them.

Started as `python -m bench.distributed.plain TEMPORAL_ADDRESS SINK_URL READY_FILE`; it works until it is ended. Without
the sandbox, and on uvloop: both are quicker than what the SDK does by itself.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.harness.load import run

QUEUE: Final = "plain"
_LIMIT: Final = timedelta(seconds=60)
_CONNECT_SECONDS: Final = 30.0

Order = dict[str, Any]


@activity.defn
async def total(order: Order) -> Order:
    """Sets a value."""
    return {**order, "total": order["amount"] * 2}


@activity.defn
async def is_large(order: Order) -> bool:
    """Decides on it."""
    return bool(order["total"] > 100)


@activity.defn
async def text(order: Order, large: bool) -> Order:
    """Sets a text."""
    return {**order, "text": f"Order {order['po']}: {order['total']} EUR", "large": large}


@workflow.defn
class Computing:
    """Three activities that compute."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        """Runs them one after the other."""
        order = await workflow.execute_activity(total, order, start_to_close_timeout=_LIMIT)
        large = await workflow.execute_activity(is_large, order, start_to_close_timeout=_LIMIT)
        return await workflow.execute_activity(text, args=[order, large], start_to_close_timeout=_LIMIT)


@workflow.defn
class LocallyComputing:
    """The same with local activities, which the server does not see one by one."""

    @workflow.run
    async def run(self, order: Order) -> Order:
        """Runs them one after the other."""
        order = await workflow.execute_local_activity(total, order, start_to_close_timeout=_LIMIT)
        large = await workflow.execute_local_activity(is_large, order, start_to_close_timeout=_LIMIT)
        return await workflow.execute_local_activity(text, args=[order, large], start_to_close_timeout=_LIMIT)


class Calls:
    """The activity that calls another system, over connections that are kept."""

    def __init__(self, client: httpx2.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url

    @activity.defn(name="get")
    async def get(self) -> Any:
        """Returns what the other system answers."""
        answer = await self._client.get(self._url)
        answer.raise_for_status()
        return answer.json()


@workflow.defn
class Calling:
    """Three calls of another system."""

    @workflow.run
    async def run(self, order: Order) -> list[Any]:
        """Runs them one after the other."""
        return [await workflow.execute_activity("get", start_to_close_timeout=_LIMIT) for _ in range(3)]


@workflow.defn
class Waiting:
    """A step, a wait for one Update, a step."""

    def __init__(self) -> None:
        self._resumed: Order | None = None

    @workflow.update
    def resume(self, body: Order) -> str:
        """Ends the wait."""
        self._resumed = body
        return "restarted"

    @workflow.run
    async def run(self, order: Order) -> Order:
        """Waits; what surrounds the wait is code of the workflow itself, which costs the server nothing more."""
        order = {**order, "total": order["amount"] * 2}
        await workflow.wait_condition(lambda: self._resumed is not None)
        return {**order, "text": f"Order {order['po']}: {order['total']} EUR"}


async def connect(address: str) -> Client:
    """Returns a client, once the server is there and knows its namespace. Raises: TimeoutError."""
    async with asyncio.timeout(_CONNECT_SECONDS):
        while True:
            try:
                client = await Client.connect(address)
                await client.count_workflows()
            except (RPCError, RuntimeError):
                await asyncio.sleep(0.05)
            else:
                return client


async def main() -> None:
    """Works for ever."""
    address, url, ready = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    client = await connect(address)
    async with httpx2.AsyncClient(timeout=30) as http:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[Computing, LocallyComputing, Calling, Waiting],
            activities=[total, is_large, text, Calls(http, url).get],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        await asyncio.to_thread(ready.write_text, "ready\n", "utf-8")
        await worker.run()


if __name__ == "__main__":
    run(main())
