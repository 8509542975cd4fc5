"""Tools of the tests of bulks: a workflow whose call fails, its executions, and the calls on bulks."""

from datetime import timedelta
from typing import Any

from server_kit import Caller, definition, note_step

from looply.app.bulks.runner import BulkRunner
from looply.engine.shell.shell import Shell
from looply.testing.clock import FakeClock
from looply.testing.world import Answer, World

REFUSED = Answer(status=500)
CALL = {
    "id": "call_1",
    "type": "httpRequest",
    "settings": {"method": "POST", "url": "https://shop.example/orders", "fail_on": ["5xx"]},
}
CALLING = definition(CALL, note_step())
UNKNOWN = "01900000-0000-7000-8000-0000000000ff"


async def fail_executions(mine: Caller, world: World, count: int) -> tuple[str, list[str]]:
    """Returns a workflow and its executions, oldest first, of which each failed."""
    workflow_id = await mine.create(CALLING)
    world.script("call_1", *[REFUSED] * count)
    return workflow_id, [await mine.trigger(workflow_id, {"n": n}, wait="PT10S") for n in range(count)]


async def start_bulk(mine: Caller, name: str, **body: Any) -> dict[str, Any]:
    answer = await mine.post(name, body)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def dry_run(mine: Caller, name: str, **body: Any) -> dict[str, Any]:
    answer = await mine.post(name, {**body, "dry_run": True})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(mine: Caller, bulk_id: str) -> dict[str, Any]:
    item: dict[str, Any] = (await mine.get("getBulk", bulk_id=bulk_id)).json()["item"]
    return item


async def run(mine: Caller, runner: BulkRunner, clock: FakeClock, bulk: dict[str, Any]) -> dict[str, Any]:
    """Runs a bulk to its end and returns it."""
    clock.advance(timedelta(seconds=1))
    while await runner.tick():
        clock.advance(timedelta(seconds=1))
    return await read(mine, bulk["bulk_id"])


async def refusals(mine: Caller, bulk: dict[str, Any]) -> dict[str, str]:
    """Returns the codes of the executions that a bulk did not change, by id."""
    items = (await mine.get("getBulkItems", bulk_id=bulk["bulk_id"])).json()["items"]
    return {item["workflow_execution_id"]: item["code"] for item in items}


async def settle(shell: Shell, clock: FakeClock, execution_id: str) -> None:
    await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
