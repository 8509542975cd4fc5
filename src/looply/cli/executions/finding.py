"""Finding an execution by its own id or by the caller's process id."""

from typing import Any
from uuid import UUID

from looply.cli.terminal.client import ApiClient
from looply.errors import NotFound


async def find_execution(client: ApiClient, name: str, call: str = "searchExecutions") -> tuple[str, str]:
    """Returns workflow id and execution id of the execution with that id, else of the newest with that process id.

    `call` is the search: that of rows needs no permission to read payloads.
    Raises: NotFound (code `EXECUTION_NOT_FOUND`).
    """
    found = await _by_id(client, name, call) or await _by_process_id(client, name, call)
    if found is None:
        raise NotFound(f"no execution has the id or process id {name!r}", code="EXECUTION_NOT_FOUND")
    return found["workflow_id"], found["workflow_execution_id"]


async def read_execution(client: ApiClient, workflow_id: str, execution_id: str, after: int = 0) -> dict[str, Any]:
    """Returns an execution with its log entries over the number `after`."""
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id, "after": after or None}
    item: dict[str, Any] = (await client.get("getWorkflowExecutionById", **query))["item"]
    return item


async def _by_id(client: ApiClient, name: str, call: str) -> dict[str, Any] | None:
    try:
        number = UUID(name).int
    except ValueError:
        return None
    if number == UUID("ffffffff-ffff-ffff-ffff-ffffffffffff").int:
        return None
    # The read of one execution also needs its workflow id; a list that begins just below the next id shows both.
    items = await client.items(call, 1, workflow_execution_id=str(UUID(int=number + 1)))
    return items[0] if items and items[0]["workflow_execution_id"] == str(UUID(int=number)) else None


async def _by_process_id(client: ApiClient, name: str, call: str) -> dict[str, Any] | None:
    # A star in the id matches any text, so the list may have more than one.
    items = await client.items(call, 30 if "*" in name else 1, process_id=name)
    return next((item for item in items if item["process_id"] == name), None)
