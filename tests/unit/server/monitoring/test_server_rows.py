"""Rows of executions on the wire: what a table shows without reading a history."""

from typing import Any

import pytest
from server_kit import ASKING, CARDING, COMPUTING, Caller, ScriptedShell, definition, note_step, wait_step

from kit.memory import MemoryStore
from kit.memory.records.copy_rows import StoredCopy
from looply.engine.records.copies import CopyRow
from looply.instants import to_ms
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, Answer, World

CALL = {
    "id": "call_1",
    "type": "httpRequest",
    "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x", "fail_on": ["5xx"]},
}
DELAY = {"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}}
SEARCHABLE = {**definition(wait_step()), "workflow_settings": {"search_fields": ["/payload/output/po"]}}


async def rows(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await caller.get("getExecutionRows", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def row(caller: Caller, document: dict[str, Any], body: Any = None) -> dict[str, Any]:
    """Returns the row of a new execution of a workflow."""
    await caller.trigger(await caller.create(document), body)
    return (await rows(caller))[0]


async def test_a_row_of_an_ended_execution_has_its_end_and_its_duration(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(COMPUTING)
    execution_id = await mine.trigger(workflow_id, process_id="PO-1")
    (found,) = await rows(mine)
    created = to_ms(clock.now())
    assert found["workflow_execution_id"] == execution_id
    assert (found["status"], found["process_id"], found["workflow_name"]) == ("COMPLETED", "PO-1", "Story")
    assert (found["created_on"], found["ended_on"], found["duration_ms"]) == (created, created, 0)
    assert (found["waiting"], found["incident"]) == (None, None)
    assert "workflow_event_log" not in found


async def test_a_row_says_what_its_execution_waits_for(mine: Caller, world: World, clock: FakeClock) -> None:
    now = to_ms(clock.now())
    asking = await row(mine, definition(wait_step(timeout="PT1H")))
    expected = {"kind": "RESUME", "state": "wait_1", "who": [], "since": None, "until": now + 3_600_000}
    assert asking["waiting"] == expected
    carding = await row(mine, CARDING)
    expected = {"kind": "CARD", "state": "card_1", "who": ["ann@example.com"], "since": now, "until": None}
    assert carding["waiting"] == expected
    delaying = await row(mine, definition(DELAY))
    assert delaying["waiting"] == {
        "kind": "DELAY",
        "state": "delay_1",
        "who": [],
        "since": None,
        "until": now + 3_600_000,
    }
    world.script("call_1", HANG)
    calling = await row(mine, definition(CALL))
    assert calling["waiting"]["kind"] == "CALL"
    assert (calling["status"], calling["ended_on"]) == ("RUNNING", None)


async def test_a_row_of_a_stopped_execution_has_its_incident(mine: Caller, world: World) -> None:
    world.script("call_1", Answer(status=500))
    workflow_id = await mine.create(definition(CALL))
    execution_id = await mine.trigger(workflow_id, wait="PT10S")
    await mine.trigger(await mine.create(ASKING))
    (found,) = await rows(mine, has="incident")
    assert found["workflow_execution_id"] == execution_id
    incident = found["incident"]
    assert (incident["kind"], incident["state"], incident["count"]) == ("FAILED", "call_1", 1)
    assert "message" not in incident
    assert (found["ended_on"], found["waiting"]) == (None, None)
    assert await rows(mine, has="letter") == []
    answer = await mine.get("getIncidentGroups")
    (group,) = answer.json()["items"]
    assert (group["workflow_id"], group["state"], group["code"]) == (workflow_id, "call_1", incident["code"])
    assert (group["executions"], group["workflow_execution_id"]) == (1, execution_id)
    assert (await mine.get("getIncidentGroups", kind="POISON")).json()["items"] == []


async def test_pages_of_rows_may_have_a_hundred(mine: Caller, shell: ScriptedShell) -> None:
    workflow_id = await mine.create(COMPUTING)
    ids = [await mine.trigger(workflow_id) for _ in range(33)]
    shell.loaded.clear()
    answer = (await mine.get("getExecutionRows", limit="500")).json()
    assert [item["workflow_execution_id"] for item in answer["items"]] == ids[::-1]
    assert "lastKey" not in answer
    assert shell.loaded == []
    first = (await mine.get("getExecutionRows", limit="20")).json()
    rest = await rows(mine, limit="20", **first["lastKey"])
    assert [item["workflow_execution_id"] for item in (*first["items"], *rest)] == ids[::-1]


@pytest.mark.parametrize("call", ["getExecutionRows", "searchExecutions"])
async def test_the_oldest_executions_come_first_when_that_is_asked_for(mine: Caller, call: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    ids = [await mine.trigger(workflow_id) for _ in range(5)]

    async def listed(**query: str) -> list[str]:
        answer = await mine.get(call, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found = [item["workflow_execution_id"] for item in page["items"]]
        return found + await listed(**{**query, **page["lastKey"]}) if "lastKey" in page else found

    assert await listed(order="oldest", limit="2") == ids
    assert await listed(order="oldest", limit="2", status="COMPLETED", workflow_id=workflow_id) == ids
    assert await listed(order="newest", limit="2") == await listed() == ids[::-1]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"has": "nothing"}, "BAD_FILTER"),
        ({"order": "any"}, "BAD_FILTER"),
        ({"limit": "0"}, "BAD_LIMIT"),
        ({"workflow_execution_id": "x"}, "BAD_CURSOR"),
    ],
)
async def test_a_parameter_that_nothing_can_have_is_refused(mine: Caller, query: dict[str, str], code: str) -> None:
    answer = await mine.get("getExecutionRows", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_values_of_search_fields_are_shown_to_readers_of_payloads_only(mine: Caller) -> None:
    assert (await row(mine, SEARCHABLE, {"po": "4711"}))["search_fields"] == {"po": "4711"}
    body = {"name": "heads only", "scopes": [], "permissions": ["read.executions"]}
    made = await mine.post("createKey", body)
    assert made.status_code == 200, made.text
    viewer = Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])
    (found,) = await rows(viewer)
    assert "search_fields" not in found


async def test_another_organization_sees_nothing_of_them(mine: Caller, theirs: Caller, world: World) -> None:
    world.script("call_1", Answer(status=500))
    await mine.trigger(await mine.create(definition(CALL, note_step())), wait="PT10S")
    assert await rows(theirs) == []
    assert (await theirs.get("getIncidentGroups")).json()["items"] == []


async def test_open_cards_are_narrowed_by_workflow_and_due_instant(mine: Caller, clock: FakeClock) -> None:
    first, second = await mine.create(CARDING), await mine.create(CARDING)
    await mine.trigger(first, process_id="PO-1")
    await mine.trigger(second)
    (item,) = (await mine.get("getOpenCards", workflow_id=first)).json()["items"]
    assert (item["workflow_id"], item["process_id"]) == (first, "PO-1")
    assert (item["due_on"], item["is_stale"]) == (None, False)
    assert (await mine.get("getOpenCards", is_stale="true")).json()["items"] == []
    assert (await mine.get("getOpenCards", due_before=str(to_ms(clock.now())))).json()["items"] == []
    refused = await mine.get("getOpenCards", is_stale="perhaps")
    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_FLAG")


async def test_open_cards_that_do_not_look_as_they_have_to_are_found(mine: Caller, store: MemoryStore) -> None:
    workflow_id = await mine.create(CARDING)
    ids = [await mine.trigger(workflow_id) for _ in range(2)]
    cards = {
        card["workflow_execution_id"]: card["card_id"] for card in (await mine.get("getOpenCards")).json()["items"]
    }
    for execution_id, shown in zip(ids, (1, 0), strict=True):
        row = CopyRow(
            card_id=cards[execution_id],
            execution_id=execution_id,
            channel="teams",
            wanted=1,
            shown=shown,
            since=store.data.heads[execution_id].created_on,
        )
        store.data.copies[row.card_id] = StoredCopy(row, row.since)
    (item,) = (await mine.get("getOpenCards", is_stale="true")).json()["items"]
    assert (item["card_id"], item["is_stale"]) == (cards[ids[1]], True)
    found = (await mine.get("getOpenCards")).json()["items"]
    assert {card["card_id"]: card["is_stale"] for card in found} == {cards[ids[0]]: False, cards[ids[1]]: True}
