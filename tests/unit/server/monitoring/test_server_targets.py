"""Systems that are not called as usual, over HTTP: they are listed, stopped for a time, drained and released."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from server_kit import Caller, definition, note_step

from kit.memory import MemoryStore
from looply.app.context.services import Services
from looply.catalog.authored.connections import ConnectionDraft
from looply.engine.effects.outages import open_target
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.target_watch import TargetWatch
from looply.instants import rfc3339, to_ms
from looply.slots import Lane
from looply.testing.clock import FakeClock
from looply.testing.world import World

SHOP = "https://shop.example:443"
HOUR = timedelta(hours=1)
CALL = definition(
    {
        "id": "call_1",
        "type": "httpRequest",
        "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x"},
    }
)


async def pause(mine: Caller, clock: FakeClock, target: str = SHOP, **fields: Any) -> Any:
    body = {"target": target, "until": to_ms(clock.now() + HOUR), "reason": "an upgrade", **fields}
    return await mine.post("pauseTarget", body)


async def items(mine: Caller) -> list[dict[str, Any]]:
    answer = await mine.get("getTargets")
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == len(answer.json()["items"])
    return list(answer.json()["items"])


async def test_a_system_is_paused_listed_and_released(mine: Caller, clock: FakeClock, theirs: Caller) -> None:
    assert await items(mine) == []
    paused = await pause(mine, clock, "https://Shop.Example/")
    assert paused.status_code == 200, paused.text
    assert paused.json() == {"message": "success", "target": SHOP, "state": "PAUSED"}
    (item,) = await items(mine)
    assert (item["target"], item["state"], item["since"], item["reason"]) == (SHOP, "PAUSED", None, None)
    now = to_ms(clock.now())
    assert (item["maintenance"]["from"], item["maintenance"]["until"]) == (now, now + 3_600_000)
    assert (item["maintenance"]["reason"], item["waiting"], item["probe_on"]) == ("an upgrade", 0, None)
    assert await items(theirs) == []
    assert (await theirs.post("releaseTarget", {"target": SHOP})).json()["was_stopped"] is False
    released = await mine.post("releaseTarget", {"target": SHOP})
    assert released.json() == {"message": "success", "target": SHOP, "was_stopped": True}
    assert await items(mine) == []


async def test_an_execution_that_waits_for_a_system_says_so(
    mine: Caller, clock: FakeClock, shell: Shell, store: MemoryStore, world: World
) -> None:
    await pause(mine, clock)
    workflow_id = await mine.create(CALL)
    execution_id = await mine.trigger(workflow_id, {})
    watch = TargetWatch(shell, store, clock)
    clock.advance(timedelta(seconds=2))
    await watch.tick()
    found = await mine.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
    item = found.json()["item"]
    assert (item["status"], item["workflow_current_state"]) == ("WAITING", "call_1")
    (wait,) = item["waiting_for"]
    assert (wait["kind"], wait["name"], wait["state"], wait["visit"]) == ("TARGET", SHOP, "call_1", 1)
    assert "an upgrade" in wait["reason"]
    entries = [entry["type"] for entry in item["workflow_event_log"]["events"]]
    assert entries[-1] == "STEP_PARKED"
    assert (await items(mine))[0]["waiting"] == 1
    assert world.calls == []


async def test_why_an_execution_waits_for_a_system_is_explained_as_the_system_is_now(
    mine: Caller, clock: FakeClock, shell: Shell, store: MemoryStore
) -> None:
    await pause(mine, clock)
    workflow_id = await mine.create(CALL)
    execution_id = await mine.trigger(workflow_id, {})
    watch = TargetWatch(shell, store, clock)
    begun = to_ms(clock.now())
    clock.advance(timedelta(seconds=2))
    await watch.tick()

    async def explained() -> dict[str, Any]:
        answer = await mine.get("explainExecution", workflow_execution_id=execution_id)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["item"])

    item = await explained()
    assert (item["verdict"], item["code"], item["state"]) == ("WAITS_FOR_TARGET", "TARGET_PAUSED", "call_1")
    assert (item["who"], item["expected_until"]) == ([SHOP], begun + 3_600_000)
    assert item["text"] == f"The call of step call_1 waits for {SHOP}, which is in maintenance: an upgrade"
    assert [each["type"] for each in item["evidence"]] == ["STEP_STARTED", "STEP_PARKED"]
    (advice,) = item["next"]
    assert (advice["call"], advice["body"], advice["permission"]) == ("releaseTarget", {"target": SHOP}, "repair")
    waiting = item["execution"]["waiting"]
    assert (waiting["kind"], waiting["state"]) == ("TARGET", "call_1")

    lane = Lane(mine.organization_id, SHOP)
    row = open_target(lane.owner, SHOP, clock.now(), "CONNECTION: refused", shell.gate.rows.find(lane))
    assert await store.targets.put(replace(row, maintenance=None))
    item = await explained()
    assert (item["code"], item["values"]["reason"]) == ("TARGET_DOWN", "CONNECTION: refused")
    assert item["text"].endswith("which is down: CONNECTION: refused")

    await mine.post("drainTarget", {"target": SHOP, "rate": 2})
    assert (await explained())["code"] == "TARGET_DRAINING"
    released = await mine.post(advice["call"], advice["body"])
    assert released.status_code == 200, released.text
    item = await explained()
    assert (item["verdict"], item["code"]) == ("CALL_IN_FLIGHT", "CALL_QUEUED")


async def test_until_when_a_step_waits_is_shown_wherever_the_wait_is(
    mine: Caller, clock: FakeClock, shell: Shell, store: MemoryStore
) -> None:
    await pause(mine, clock)
    step = {**CALL["workflow_steps"][1], "park": "PT30M"}
    workflow_id = await mine.create(definition(step))
    execution_id = await mine.trigger(workflow_id, {})
    clock.advance(timedelta(seconds=2))
    await TargetWatch(shell, store, clock).tick()
    until = to_ms(clock.now() + timedelta(minutes=30))
    read = await mine.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
    (wait,) = read.json()["item"]["waiting_for"]
    assert (wait["name"], wait["until"]) == (SHOP, until)
    item = (await mine.get("explainExecution", workflow_execution_id=execution_id)).json()["item"]
    assert (item["code"], item["values"]["park_on"]) == ("TARGET_PAUSED", until)
    instant = rfc3339(clock.now() + timedelta(minutes=30))
    assert item["text"].endswith(f"an upgrade. If it still waits at {instant}, the step fails.")
    assert item["execution"]["waiting"]["until"] == until


async def found(mine: Caller, *names: str, call: str = "getExecutionRows", **more: Any) -> list[str]:
    """Returns the executions that wait for one of these systems, newest first."""
    answer = await mine.get(call, waiting_for=list(names), **more)
    assert answer.status_code == 200, answer.text
    return [item["workflow_execution_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize("call", ["getExecutionRows", "searchExecutions"])
async def test_the_executions_that_wait_for_a_system_are_found_by_its_name_its_address_and_its_connection(
    mine: Caller, clock: FakeClock, theirs: Caller, call: str
) -> None:
    body = {"name": "SHOP", "kind": "http", "settings": {"base_url": "https://shop.example"}, "secrets": {}}
    assert (await mine.post("createConnection", body)).status_code == 200
    elsewhere = {"method": "POST", "url": "https://other.example/orders", "body": "x"}
    other = definition({"id": "call_1", "type": "httpRequest", "settings": elsewhere})
    workflow_id, other_id = await mine.create(CALL), await mine.create(other)
    await pause(mine, clock)
    await pause(mine, clock, "https://other.example:443")
    ids = [await mine.trigger(workflow_id, {"n": n}) for n in range(3)]
    beside = await mine.trigger(other_id, {})
    for name in (SHOP, "https://Shop.Example", "SHOP"):
        assert await found(mine, name, call=call) == ids[::-1]
    assert len(ids) == (await items(mine))[1]["waiting"]
    assert await found(mine, SHOP, "https://other.example:443", call=call) == [beside, *ids[::-1]]
    assert await found(mine, SHOP, call=call, workflow_id=other_id) == []
    assert await found(mine, SHOP, call=call, status="FAILED") == []
    assert await found(theirs, SHOP, call=call) == []
    assert await found(mine, "https://idle.example:443", call=call) == []
    assert len(await found(mine, SHOP, call=call, limit=2)) == 2
    await mine.post("releaseTarget", {"target": SHOP})
    assert await found(mine, SHOP, call=call) == []


async def test_the_executions_that_wait_for_the_way_of_a_connection_are_found_by_the_connection(
    mine: Caller, clock: FakeClock, shell: Shell
) -> None:
    body = {"name": "S4", "kind": "http", "settings": {"base_url": "https://shop.example"}, "secrets": {}}
    assert (await mine.post("createConnection", body)).status_code == 200
    way = f"{SHOP} by connection S4"
    queue = "http.request S4"
    shell.gate.known.link(Lane(mine.organization_id, queue), SHOP)
    row = open_target(mine.organization_id, way, clock.now(), "TLS_CLIENT_CERTIFICATE: refused", None)
    assert await shell.gate.rows.put(row)
    settings = {"method": "POST", "url": "/orders", "body": "x", "connection": "S4"}
    step = {"id": "call_1", "type": "httpRequest", "settings": settings}
    execution_id = await mine.trigger(await mine.create(definition(step)), {})
    assert await found(mine, way) == [execution_id]
    assert await found(mine, "S4") == [execution_id]
    assert await found(mine, SHOP) == []


@pytest.mark.parametrize("call", ["getExecutionRows", "searchExecutions"])
async def test_a_search_does_not_say_which_connections_there_are_and_of_which_kind(
    mine: Caller, clock: FakeClock, services: Services, call: str
) -> None:
    for name, settings in (("IDLE", {"base_url": "https://idle.example"}), ("UNFIT", {})):
        draft = ConnectionDraft(name=name, kind="http", settings=settings)
        await services.catalog.connections.create(mine.organization_id, mine.workspace_id, draft)
    await pause(mine, clock)
    workflow_id = await mine.create(CALL)
    execution_id = await mine.trigger(workflow_id, {})
    bound = {"name": "bound", "scopes": ["read"], "workflow_ids": [workflow_id]}
    made = await mine.post("createKey", bound)
    reader = Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])
    answers = [await reader.get(call, waiting_for=[name]) for name in ("IDLE", "UNFIT", "NONE")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert answers[0].json()["items"] == []
    assert await found(reader, "NONE", SHOP, "UNFIT", call=call) == [execution_id]


@pytest.mark.parametrize("call", ["getExecutionRows", "searchExecutions"])
async def test_calls_of_executions_with_an_incident_are_counted_and_found(
    mine: Caller, clock: FakeClock, call: str
) -> None:
    document = definition(
        {"id": "split", "type": "parallel", "settings": {"branches": [{"id": "a"}, {"id": "b"}]}},
        CALL["workflow_steps"][1],
        note_step("note_1", "${int('no number')}"),
        {"id": "meet", "type": "join", "settings": {"of": "split", "for": "all"}},
    )
    document["workflow_connections"] = [
        {"from": "WorkflowStartState", "to": "split"},
        {"from": "split", "to": "call_1", "branch": "a"},
        {"from": "split", "to": "note_1", "branch": "b"},
        {"from": "call_1", "to": "meet"},
        {"from": "note_1", "to": "meet"},
    ]
    await pause(mine, clock)
    execution_id = await mine.trigger(await mine.create(document), {})
    answer = await mine.get("getExecutionRows", status="FAILED")
    assert [item["workflow_execution_id"] for item in answer.json()["items"]] == [execution_id]
    (item,) = await items(mine)
    assert item["waiting"] == 1
    assert await found(mine, SHOP, call=call) == [execution_id]
    assert await found(mine, SHOP, call=call, status="WAITING") == []


async def test_a_connection_keeps_its_name_while_calls_by_it_wait(
    mine: Caller, clock: FakeClock, shell: Shell, world: World
) -> None:
    shop = {"kind": "http", "settings": {"base_url": "https://shop.example"}, "secrets": {}}
    for name in ("S4", "OTHER"):
        assert (await mine.post("createConnection", {**shop, "name": name})).status_code == 200
        shell.gate.known.link(Lane(mine.organization_id, f"http.request {name}"), SHOP)
    await pause(mine, clock)
    settings = {"method": "POST", "url": "/orders", "body": "x", "connection": "S4"}
    workflow_id = await mine.create(definition({"id": "call_1", "type": "httpRequest", "settings": settings}))
    ids = [await mine.trigger(workflow_id, {"n": n}) for n in range(3)]
    refused = await mine.post("updateConnection", {**shop, "name": "S4", "new_name": "S5"})
    assert (refused.status_code, refused.json()["code"]) == (409, "CONNECTION_AWAITED"), refused.text
    assert f"3 calls by the connection S4 wait for {SHOP}" in refused.json()["message"]
    # Its settings may change, and another connection to the system may be renamed.
    changed = {**shop, "settings": {"base_url": "https://shop.example/v2"}}
    assert (await mine.post("updateConnection", {**changed, "name": "S4"})).status_code == 200
    assert (await mine.post("updateConnection", {**shop, "name": "OTHER", "new_name": "THIRD"})).status_code == 200
    for each in ids:
        await mine.post(f"terminateWorkflow/{each}", {"payload": {"termination_reason": "x"}})
    renamed = await mine.post("updateConnection", {**shop, "name": "S4", "new_name": "S5"})
    assert renamed.status_code == 200, renamed.text
    assert (renamed.json()["item"]["name"], world.calls) == ("S5", [])


@pytest.mark.parametrize(
    ("names", "status", "code"),
    [
        ([""], 400, "BAD_FILTER"),
        (["x" * 601], 400, "BAD_FILTER"),
        (["ftp://shop.example"], 400, "BAD_FILTER"),
        ([f"https://s{n}.example:443" for n in range(31)], 422, "SEARCH_TOO_WIDE"),
    ],
)
async def test_what_names_no_system_is_no_criterion(mine: Caller, names: list[str], status: int, code: str) -> None:
    answer = await mine.get("getExecutionRows", waiting_for=names)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_system_that_is_called_as_usual_has_nothing_to_drain(mine: Caller, clock: FakeClock) -> None:
    refused = await mine.post("drainTarget", {"target": SHOP, "rate": 2})
    assert (refused.status_code, refused.json()["code"]) == (404, "TARGET_NOT_FOUND")
    await pause(mine, clock)
    drained = await mine.post("drainTarget", {"target": SHOP, "rate": 2})
    assert drained.json() == {"message": "success", "target": SHOP, "state": "DRAINING"}
    (item,) = await items(mine)
    assert (item["state"], item["rate"], item["maintenance"]) == ("DRAINING", 2, None)


async def test_a_pause_to_come_leaves_the_system_up(mine: Caller, clock: FakeClock) -> None:
    begin = to_ms(clock.now() + HOUR)
    paused = await pause(mine, clock, **{"from": begin, "until": begin + 1000})
    assert paused.json()["state"] == "UP"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"target": ""}, 400, "BAD_BODY"),
        ({"target": "ftp://shop.example"}, 400, "BAD_BODY"),
        ({"target": "https://user@shop.example"}, 400, "BAD_BODY"),
        ({"target": "x" * 601}, 400, "BAD_BODY"),
        ({"target": "S4 by connection S4"}, 404, "CONNECTION_NOT_FOUND"),
        ({"target": "S4"}, 404, "CONNECTION_NOT_FOUND"),
        ({"until": 1}, 422, "TARGET_REFUSED"),
        ({"until": 253_402_300_000_000}, 422, "TARGET_REFUSED"),
        ({"until": "soon"}, 400, "BAD_BODY"),
        ({"reason": "x" * 2001}, 400, "BAD_BODY"),
        ({"rate": 3}, 400, "BAD_BODY"),
    ],
)
async def test_what_a_pause_does_not_accept(
    mine: Caller, clock: FakeClock, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await pause(mine, clock, **{"target": SHOP, **body})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await items(mine) == []


@pytest.mark.parametrize("rate", [0, -1, 1001])
async def test_a_rate_out_of_bounds_is_refused(mine: Caller, clock: FakeClock, rate: float) -> None:
    await pause(mine, clock)
    answer = await mine.post("drainTarget", {"target": SHOP, "rate": rate})
    assert (answer.status_code, answer.json()["code"]) == (422, "TARGET_REFUSED")


async def test_the_name_of_a_connection_releases_its_own_way_too(mine: Caller, clock: FakeClock, shell: Shell) -> None:
    body = {"name": "S4", "kind": "http", "settings": {"base_url": "https://shop.example"}, "secrets": {}}
    assert (await mine.post("createConnection", body)).status_code == 200
    way = f"{SHOP} by connection S4"
    row = open_target(mine.organization_id, way, clock.now(), "TLS_CLIENT_CERTIFICATE: refused", None)
    assert await shell.gate.rows.put(row)
    (item,) = await items(mine)
    assert (item["target"], item["state"], item["reason"]) == (way, "DOWN", "TLS_CLIENT_CERTIFICATE: refused")
    released = await mine.post("releaseTarget", {"target": "S4"})
    assert released.json() == {"message": "success", "target": SHOP, "was_stopped": True}
    assert await items(mine) == []
    assert (await mine.post("releaseTarget", {"target": "S4"})).json()["was_stopped"] is False


async def test_the_way_of_one_connection_is_paused_and_released_by_its_own_name(mine: Caller, clock: FakeClock) -> None:
    way = f"{SHOP} by connection S4"
    assert (await pause(mine, clock, "https://Shop.Example by connection S4")).json()["target"] == way
    assert [(item["target"], item["state"]) for item in await items(mine)] == [(way, "PAUSED")]
    released = await mine.post("releaseTarget", {"target": way})
    assert released.json() == {"message": "success", "target": way, "was_stopped": True}


async def test_decisions_about_systems_are_recorded(mine: Caller, clock: FakeClock) -> None:
    await pause(mine, clock)
    await mine.post("drainTarget", {"target": SHOP, "rate": 2})
    await mine.post("releaseTarget", {"target": SHOP})
    found = (await mine.get("getAudit")).json()["items"]
    assert [item["action"] for item in found[:3]] == ["target.release", "target.drain", "target.pause"]
    assert {item["object_id"] for item in found[:3]} == {SHOP}
