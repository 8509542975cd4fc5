"""The list of workflows, one row each, and the list of the versions of one."""

from datetime import timedelta
from typing import Any

from msgspec import structs
from server_kit import ASKING, COMPUTING, SCHEDULED, Caller, definition, note_step

from kit.catalog import statements_on
from kit.memory import MemoryStore
from looply.catalog import Catalog
from looply.catalog.authored.listing import HeadQuery
from looply.catalog.tenants.keys import KeyDraft
from looply.instants import to_ms
from looply.testing.clock import FakeClock
from looply.testing.world import Answer, World

CALL = {
    "id": "call_1",
    "type": "httpRequest",
    "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x", "fail_on": ["5xx"]},
}


def named(name: str) -> dict[str, Any]:
    return definition(note_step(), name=name)


async def rows(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await caller.get("getWorkflows", **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def save(caller: Caller, workflow_id: str, version: int, document: dict[str, Any]) -> dict[str, Any]:
    read = await caller.get("getWorkflowById", workflow_id=workflow_id, workflow_version=str(version))
    body = {"workflow_id": workflow_id, "workflow_version": version, "modified_on": read.json()["item"]["modified_on"]}
    saved = await caller.post("updateWorkflow", {**body, "definition": document})
    assert saved.status_code == 200, saved.text
    item: dict[str, Any] = saved.json()["item"]
    return item


async def test_a_workflow_is_one_row_with_its_newest_active_version_and_its_draft(
    mine: Caller, theirs: Caller, clock: FakeClock
) -> None:
    first = await mine.create(named("First"))
    await theirs.create(named("Theirs"))
    clock.advance(timedelta(minutes=1))
    draft = await save(mine, first, 1, named("First, better"))
    second = await mine.create(named("Second"), is_active=False)
    newest, older = await rows(mine)
    assert (newest["workflow_id"], newest["active_version"], newest["newest_version"]) == (second, None, 1)
    assert newest["draft"]["by_name"] == "all"
    assert (older["workflow_id"], older["workflow_name"], older["active_version"]) == (first, "First, better", 1)
    assert (older["draft"]["version"], older["draft"]["on"]) == (2, draft["modified_on"])
    assert older["modified_on"] == draft["modified_on"] > older["created_on"]
    await mine.activate(first, 2)
    activated = (await rows(mine, term="better"))[0]
    assert (activated["active_version"], activated["draft"]) == (2, None)


async def test_numbers_come_from_counters_and_roll_ups(
    mine: Caller, store: MemoryStore, world: World, clock: FakeClock
) -> None:
    asking = await mine.create(ASKING)
    await mine.trigger(asking)
    clock.advance(timedelta(hours=2))
    await mine.trigger(asking)
    world.script("call_1", Answer(status=500))
    failing = await mine.create(definition(CALL))
    await mine.trigger(failing, wait="PT10S")
    await store.figures.fold(100)
    found = {row["workflow_id"]: row for row in await rows(mine)}
    assert found[asking]["open"] == {"RUNNING": 0, "WAITING": 2, "FAILED": 0}
    assert (found[asking]["incidents"], found[failing]["incidents"]) == (0, 1)
    day = found[asking]["last_day"]
    hour = 3_600_000
    assert day["begin"] == to_ms(clock.now()) // hour * hour - 23 * hour
    assert (day["started"], sum(day["failed"])) == ([0] * 21 + [1, 0, 1], 0)
    assert found[failing]["last_day"]["failed"][-1] == 1
    assert [row["workflow_id"] for row in await rows(mine, has="incident")] == [failing]
    assert await rows(mine, has=["incident", "draft"]) == []


async def test_the_trigger_says_when_a_schedule_fires_next(mine: Caller, clock: FakeClock) -> None:
    scheduled = await mine.create(SCHEDULED)
    called = await mine.create(COMPUTING)
    zoned = {**SCHEDULED, "workflow_settings": {"timezone": "Europe/Dublin"}}
    drafted = await mine.create(zoned, is_active=False)
    found = {row["workflow_id"]: row["trigger"] for row in await rows(mine)}
    assert found[called] == {"trigger_type": "REQUEST", "schedule": None, "status": None, "next_on": None}
    next_on = to_ms(clock.now() + timedelta(hours=1))
    assert found[scheduled] == {
        "trigger_type": "SCHEDULED",
        "schedule": {"every": "PT1H", "timezone": "UTC"},
        "status": "ACTIVE",
        "next_on": next_on,
    }
    assert (found[drafted]["schedule"]["timezone"], found[drafted]["status"]) == ("Europe/Dublin", None)
    await mine.post("toggleScheduledWorkflow", {"workflow_id": scheduled, "action": "PAUSE"})
    (paused,) = await rows(mine, has="schedule")
    assert (paused["workflow_id"], paused["trigger"]["status"]) == (scheduled, "PAUSED")


async def test_paging_shows_each_workflow_once_whatever_is_saved_in_between(mine: Caller) -> None:
    ids = [await mine.create(named(f"Workflow {index}")) for index in range(5)]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = (await mine.get("getWorkflows", **query)).json()
        seen += [row["workflow_id"] for row in answer["items"]]
        if "lastKey" not in answer:
            break
        query |= answer["lastKey"]
        await save(mine, ids[0], 1, named("Saved again"))
        await mine.create(named("Newer"))
    assert seen == ids[::-1]


async def test_a_search_that_reaches_its_limit_says_so_and_continues(mine: Caller, catalog: Catalog) -> None:
    sought, other = await mine.create(named("Sought")), await mine.create(named("Other"))
    query = HeadQuery(limit=1, scanned=1, matches=lambda each: each.name == "Sought")
    page = await catalog.workflow_lists.list_heads(mine.organization_id, query)
    assert (page.items, page.after, page.is_truncated) == ((), other, True)
    rest = await catalog.workflow_lists.list_heads(mine.organization_id, structs.replace(query, after=page.after))
    assert [head.object_id for head in rest.items] == [sought]
    assert [row["workflow_id"] for row in await rows(mine, term="sOUG")] == [sought]
    assert [row["workflow_id"] for row in await rows(mine, term=other.upper())] == [other]


async def test_a_page_is_a_few_statements_however_many_rows_it_has(mine: Caller, catalog: Catalog) -> None:
    for index in range(12):
        await mine.create(named(f"Workflow {index}"))
    await rows(mine)
    with statements_on("workflow_versions") as statements:
        assert len(await rows(mine, limit=12)) == 12
    assert len(statements) <= 4


async def test_a_bound_key_lists_its_workflows_only(mine: Caller, catalog: Catalog) -> None:
    own, other = await mine.create(named("Own")), await mine.create(named("Other"))
    draft = KeyDraft("bound", ("read",), workflow_ids=(own,))
    key = await catalog.keys.create(mine.organization_id, mine.workspace_id, draft)
    bound = Caller(mine.client, mine.organization_id, mine.workspace_id, key.text)
    assert [row["workflow_id"] for row in await rows(bound)] == [own]
    answers = [await bound.get("getWorkflowVersions", workflow_id=each) for each in (own, other)]
    assert [answer.status_code for answer in answers] == [200, 404]


async def test_who_may_not_read_executions_sees_no_numbers(mine: Caller, catalog: Catalog) -> None:
    await mine.create(COMPUTING)
    draft = KeyDraft("reader", (), permissions=("read.definitions",))
    key = await catalog.keys.create(mine.organization_id, mine.workspace_id, draft)
    reader = Caller(mine.client, mine.organization_id, mine.workspace_id, key.text)
    (row,) = await rows(reader)
    assert (row["open"], row["incidents"], row["last_day"]) == (None, None, None)
    assert (await reader.get("getWorkflows", has="incident")).json()["permission"] == "read.executions"


async def test_versions_have_their_changes_and_the_note_of_their_activation(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(named("First"))
    clock.advance(timedelta(minutes=1))
    await save(mine, workflow_id, 1, definition(note_step(value="more"), note_step("note_2"), name="Second"))
    body = {"workflow_id": workflow_id, "workflow_version": 2, "note": "  A second note  "}
    assert (await mine.post("activateWorkflow", body)).status_code == 200
    answer = (await mine.get("getWorkflowVersions", workflow_id=workflow_id)).json()
    newest, first = answer["items"]
    # The value of a step, a new step, its edge, and the name.
    assert (newest["version"], newest["status"], newest["change_count"]) == (2, "ACTIVE", 4)
    assert (newest["note"], newest["name"], newest["by_name"]) == ("A second note", "Second", "all")
    assert newest["on"] >= newest["created_on"]
    assert (first["version"], first["change_count"], first["note"]) == (1, None, "")
    page = (await mine.get("getWorkflowVersions", workflow_id=workflow_id, limit="1")).json()
    assert (page["items"][0]["change_count"], page["lastKey"]) == (4, {"before": 2})
    (last,) = (await mine.get("getWorkflowVersions", workflow_id=workflow_id, before="2")).json()["items"]
    assert last == first


async def test_what_cannot_be_listed_is_refused(mine: Caller, theirs: Caller) -> None:
    workflow_id = await theirs.create(COMPUTING)
    for call, query, status, code in (
        ("getWorkflows", {"has": "x"}, 400, "BAD_FILTER"),
        ("getWorkflows", {"term": "x" * 201}, 400, "BAD_FILTER"),
        ("getWorkflows", {"limit": "0"}, 400, "BAD_LIMIT"),
        ("getWorkflows", {"workflow_id": "x"}, 400, "INCORRECT_WORKFLOW_ID"),
        ("getWorkflowVersions", {"workflow_id": workflow_id}, 404, "WORKFLOW_NOT_FOUND"),
        ("getWorkflowVersions", {"workflow_id": workflow_id, "before": "x"}, 400, "BAD_NUMBER"),
    ):
        answer = await mine.get(call, **query)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    body = {"workflow_id": await mine.create(COMPUTING, is_active=False), "workflow_version": 1, "note": "x" * 2001}
    refused = await mine.post("activateWorkflow", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_NOTE")
