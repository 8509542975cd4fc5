"""Counts and statistics on the wire."""

from datetime import timedelta
from typing import Any

import pytest
from server_kit import ASKING, CARDING, COMPUTING, Caller, definition

from kit.memory import MemoryStore
from looply.instants import to_ms
from looply.testing.clock import FakeClock
from looply.testing.world import Answer, World

CALL = {
    "id": "call_1",
    "type": "httpRequest",
    "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x", "fail_on": ["5xx"]},
}
NO_INCIDENTS = {"FAILED": 0, "UNKNOWN": 0, "TIMEOUT": 0, "LIMIT": 0, "POISON": 0}


async def counts(caller: Caller, **query: str) -> dict[str, Any]:
    answer = await caller.get("getCounts", **query)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_counts_are_those_of_what_is_open(
    mine: Caller, theirs: Caller, store: MemoryStore, world: World, clock: FakeClock
) -> None:
    asking, carding = await mine.create(ASKING), await mine.create(CARDING)
    for _ in range(2):
        await mine.trigger(asking)
    await mine.trigger(carding)
    await mine.trigger(await mine.create(COMPUTING))
    world.script("call_1", Answer(status=500))
    await mine.trigger(await mine.create(definition(CALL)), wait="PT10S")
    await theirs.trigger(await theirs.create(ASKING))
    behind = await counts(mine)
    assert behind["open"] == {"RUNNING": 0, "WAITING": 0, "FAILED": 0}
    clock.advance(timedelta(seconds=5))
    assert (await counts(mine))["as_of"] == behind["as_of"] < to_ms(clock.now())
    await store.figures.fold(100)
    found = await counts(mine)
    assert found == {
        "open": {"RUNNING": 0, "WAITING": 3, "FAILED": 1},
        "incidents": {**NO_INCIDENTS, "FAILED": 1},
        "cards": 1,
        "letters": 0,
        "as_of": to_ms(clock.now()),
    }
    assert (await counts(mine, workflow_id=asking))["open"]["WAITING"] == 2
    assert (await counts(theirs))["open"]["WAITING"] == 1


async def test_statistics_are_by_hour_workflow_and_step(
    mine: Caller, store: MemoryStore, clock: FakeClock, world: World
) -> None:
    asking = await mine.create(ASKING)
    execution_id = await mine.trigger(asking)
    begin = to_ms(clock.now())
    clock.advance(timedelta(minutes=90))
    await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP"}})
    await store.figures.fold(100)
    span = {"from": str(begin), "to": str(to_ms(clock.now()) + 1)}
    answer = (await mine.get("getStatistics", **span)).json()
    hour = 3_600_000
    first, second = answer["buckets"]
    assert (first["on"], first["started"], first["completed"]) == (begin // hour * hour, 1, 0)
    assert (second["completed"], second["duration"]["n"]) == (1, 1)
    took = timedelta(minutes=90) / timedelta(milliseconds=1)
    assert abs(second["duration"]["p50"] - took) < took / 20
    (workflow,) = answer["workflows"]
    assert (workflow["workflow_id"], workflow["workflow_name"], workflow["started"]) == (asking, "Story", 1)
    (step,) = answer["steps"]
    assert (step["state"], step["n"]) == ("wait_1", 1)
    assert abs(step["duration"]["p95"] - took) < took / 20
    assert answer["approvals"] == []
    daily = (await mine.get("getStatistics", bucket="day", **span)).json()
    assert sum(bucket["started"] for bucket in daily["buckets"]) == 1
    assert (await mine.get("getStatistics", profile="none", **span)).json()["buckets"] == []


async def test_calls_are_summed_by_the_connection_that_their_steps_name(
    mine: Caller, theirs: Caller, store: MemoryStore, clock: FakeClock, world: World
) -> None:
    world.connections.put("SHOP", {}, settings={"base_url": "https://shop.example"})
    for caller in (mine, theirs):
        draft = {"name": "SHOP", "kind": "http", "settings": {"base_url": "https://shop.example"}}
        assert (await caller.post("createConnection", draft)).status_code == 200
    settings = {"connection": "SHOP", "method": "POST", "url": "/orders", "body": "x"}
    by_shop = {**CALL, "settings": settings}
    world.script("call_1", Answer(status=500), Answer(), Answer())
    failing = {**CALL, "settings": {**settings, "fail_on": ["5xx"]}}
    first, other = await mine.create(definition(failing)), await mine.create(definition(by_shop))
    await mine.create(definition(CALL))
    begin = to_ms(clock.now())
    for workflow_id in (first, other, first):
        await mine.trigger(workflow_id, wait="PT30S")
    await store.figures.fold(100)
    span = {"from": str(begin), "to": str(to_ms(clock.now()) + 1)}
    (shop,) = (await mine.get("getStatistics", **span)).json()["connections"]
    assert (shop["connection"], shop["workflow_ids"]) == ("SHOP", sorted((first, other)))
    assert (shop["calls"], shop["failed"], shop["duration"]["n"]) == (3, 1, 2)
    (one,) = (await mine.get("getStatistics", workflow_id=other, **span)).json()["connections"]
    assert (one["calls"], one["workflow_ids"]) == (1, [other])
    assert (await theirs.get("getStatistics", **span)).json()["connections"] == []


async def test_statistics_say_what_is_open_as_of_the_same_changes(
    mine: Caller, store: MemoryStore, clock: FakeClock
) -> None:
    asking = await mine.create(ASKING)
    carding = await mine.create(CARDING)
    for workflow_id in (asking, asking, carding):
        await mine.trigger(workflow_id)
    span = {"from": str(to_ms(clock.now())), "to": str(to_ms(clock.now()) + 1)}

    async def found(**query: str) -> tuple[int, Any]:
        answer = (await mine.get("getStatistics", **span, **query)).json()
        return sum(bucket["started"] for bucket in answer["buckets"]), answer["open"]

    assert await found() == (0, {"RUNNING": 0, "WAITING": 0, "FAILED": 0})
    await store.figures.fold(100)
    await mine.trigger(asking)
    assert await found() == (3, {"RUNNING": 0, "WAITING": 3, "FAILED": 0})
    assert await found(workflow_id=carding) == (1, {"RUNNING": 0, "WAITING": 1, "FAILED": 0})
    assert await found(profile="none") == (0, None)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "5", "to": "5"}, "BAD_SPAN"),
        ({"from": "0", "to": "99999999999"}, "BAD_SPAN"),
        ({"from": "x", "to": "5"}, "BAD_TIME"),
        ({"from": "0", "to": "5", "bucket": "year"}, "BAD_FILTER"),
    ],
)
async def test_a_span_that_cannot_be_measured_is_refused(mine: Caller, query: dict[str, str], code: str) -> None:
    answer = await mine.get("getStatistics", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
