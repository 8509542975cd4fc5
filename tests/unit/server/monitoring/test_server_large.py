"""Large executions on the wire: thousands of items and events, and a data document of eight megabytes."""

import json
from collections.abc import Callable
from typing import Any

from server_kit import Caller, definition, note_step, wait_step

from looply.limits import DEFAULT_LIMITS

PART = 900_000
"""Characters of one value of the document: nine of them are within its limit, ten are not. Each copy is there twice, as
the output of its step and in the payload."""

LISTED_BYTES = 256 * 1024
"""What a screen reads without asking for a value stays far below the document."""


def copying(count: int) -> dict[str, Any]:
    """Returns a workflow that copies the text of its body so many times, and then waits."""
    notes = [note_step(f"note_{number}", "${payload.output.text}") for number in range(count)]
    return definition(*notes, wait_step())


async def read(caller: Caller, name: str, execution_id: str, **query: str) -> dict[str, Any]:
    answer = await caller.get(name, workflow_execution_id=execution_id, **query)
    assert answer.status_code == 200, answer.text[:500]
    found: dict[str, Any] = answer.json()
    return found


async def test_a_document_of_eight_megabytes_is_whole_where_it_is_asked_for_and_nowhere_else(mine: Caller) -> None:
    text = "x" * PART
    execution_id = await mine.trigger(await mine.create(copying(4)), {"text": text})
    row = (await mine.get("getExecutionRows")).json()["items"][0]
    assert row["status"] == "WAITING", row["incident"]
    moment = (await read(mine, "getExecutionAt", execution_id, seq=str(row["seq"])))["item"]
    assert json.dumps(moment["document"]).count(text) == 9
    first = (await read(mine, "getExecutionAt", execution_id, seq="1"))["item"]
    assert "note_0" not in first["document"]["payload"]["output"]
    log = await mine.get("getExecutionLog", workflow_execution_id=execution_id)
    assert len(log.content) < LISTED_BYTES
    (noted, *_) = [entry for entry in log.json()["workflow_event_log"]["events"] if entry["state"] == "note_0"]
    whole = (await read(mine, "getEventData", execution_id, seq=str(noted["seq"])))["item"]
    assert whole["output"] == {"note_0": text}
    for name in ("explainExecution", "getExecutionRows", "getOpenCards", "getCounts"):
        query = {"workflow_execution_id": execution_id} if name == "explainExecution" else {}
        assert len((await mine.get(name, **query)).content) < LISTED_BYTES


async def test_a_document_beyond_the_limit_stops_the_execution_with_its_reason(mine: Caller) -> None:
    execution_id = await mine.trigger(await mine.create(copying(5)), {"text": "x" * PART})
    item = (await read(mine, "explainExecution", execution_id))["item"]
    assert (item["verdict"], item["values"]["code"]) == ("INCIDENT", "DOCUMENT_TOO_LARGE")
    assert str(DEFAULT_LIMITS.document_bytes) in item["values"]["message"].replace(",", "")
    assert len(item["text"]) < 1000


async def test_an_execution_of_many_items_is_read_page_by_page_and_at_any_moment(
    mine: Caller, repetitions: Callable[..., int]
) -> None:
    count = repetitions(1_000, 10_000, 10_000)
    loop = {"id": "each", "type": "forEach", "settings": {"items": "${payload.output.items}", "concurrency": 8}}
    document = definition(loop, note_step("note", "${item}"))
    document["workflow_connections"][1]["branch"] = "each"
    execution_id = await mine.trigger(await mine.create(document), {"items": list(range(count))}, wait="PT60S")
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = (await read(mine, "getExecutionLog", execution_id, after=str(after)))["workflow_event_log"]
        assert len(page["events"]) <= DEFAULT_LIMITS.read_events
        found += page["events"]
        after = page.get("after")
    numbers = [entry["seq"] for entry in found]
    assert numbers == sorted(numbers)
    assert sum(entry["state"] == "note" for entry in found) == count
    middle = found[len(found) // 2]
    moment = (await read(mine, "getExecutionAt", execution_id, seq=str(middle["seq"])))["item"]
    assert (moment["seq"], moment["status"]) == (middle["seq"], "RUNNING")
    assert (await read(mine, "explainExecution", execution_id))["item"]["verdict"] == "ENDED"
