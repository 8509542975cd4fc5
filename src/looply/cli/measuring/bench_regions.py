"""Measurements of one large execution by `looply bench`: branches that are joined, and the items of a list."""

from typing import Any, Final, NamedTuple

from looply.cli.terminal.client import ApiClient, segment
from looply.cli.terminal.importing import ImportOptions, import_by_api
from looply.clock import Clock
from looply.errors import Unavailable
from looply.jsontext import Json

BRANCHES: Final = 1000
ITEMS: Final = 10_000

_START: Final = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
_MAX_WAIT: Final = "PT60S"


class Region(NamedTuple):
    """One measured execution, and the milliseconds within which it should end."""

    name: str
    definition: dict[str, Any]
    body: Json
    goal_ms: int


def regions() -> tuple[Region, ...]:
    """Returns the measured regions: branches of one computing step each, and a loop body of one step per item."""
    return (
        Region(f"{BRANCHES:,} branches joined", _branches(), {}, 1000),
        Region(f"{ITEMS:,} items, 8 at once", _items(), {"items": list(range(ITEMS))}, 2000),
    )


async def measure_regions(client: ApiClient, clock: Clock) -> list[dict[str, Json]]:
    """Returns for each region its name, the milliseconds from the call to the end, and its goal.

    Raises: Unavailable when an execution does not end within a minute.
    """
    return [await _measure_region(client, region, clock) for region in regions()]


async def _measure_region(client: ApiClient, region: Region, clock: Clock) -> dict[str, Json]:
    workflow = await import_by_api(client, region.definition, ImportOptions(activate=True))
    begun = clock.monotonic()
    ended = await client.post(f"triggerworkflow/{segment(workflow.workflow_id)}", region.body, wait=_MAX_WAIT)
    took = clock.monotonic() - begun
    if ended.get("status") != "COMPLETED":
        raise Unavailable(f"the execution with {region.name} is {ended.get('status', 'still running')}")
    return {"case": region.name, "ms": round(took * 1000, 1), "goal_ms": region.goal_ms}


def _branches() -> dict[str, Any]:
    names = [f"b{number}" for number in range(BRANCHES)]
    steps: list[Json] = [
        _START,
        {"id": "parallel_1", "type": "parallel", "settings": {"branches": [{"id": name} for name in names]}},
        *({"id": name, **_choice(f"${{payload.output.{name}}}")} for name in names),
        {"id": "join_1", "type": "join", "settings": {"of": "parallel_1"}},
    ]
    edges: list[Json] = [{"from": "WorkflowStartState", "to": "parallel_1"}]
    for name in names:
        edges.append({"from": "parallel_1", "to": name, "branch": name})
        edges.extend({"from": name, "to": "join_1", "branch": exit_} for exit_ in ("yes", "no"))
    return {"workflow_name": "Branches", "workflow_steps": steps, "workflow_connections": edges}


def _items() -> dict[str, Any]:
    parameters = [{"name": "total", "value": "${mul(item, 1.19)}"}]
    steps: list[Json] = [
        _START,
        {"id": "forEach_1", "type": "forEach", "settings": {"items": "${payload.output.items}", "concurrency": 8}},
        {"id": "overridePayload_1", "type": "overridePayload", "settings": {"parameters": parameters}},
    ]
    edges: list[Json] = [
        {"from": "WorkflowStartState", "to": "forEach_1"},
        {"from": "forEach_1", "to": "overridePayload_1", "branch": "each"},
    ]
    return {"workflow_name": "Items", "workflow_steps": steps, "workflow_connections": edges}


def _choice(variable: str) -> dict[str, Json]:
    rule = {"variable": variable, "operator": "IsPresent"}
    return {"type": "conditional", "settings": {"rules": [rule]}}
