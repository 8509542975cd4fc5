"""The explanation on the wire: a verdict for what can hold an execution, with its evidence."""

from datetime import timedelta
from typing import Any

from server_kit import CARDING, COMPUTING, SCHEDULED, Caller, definition, note_step, wait_step

from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pump import Pump
from looply.instants import to_ms
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, Answer, World

CALL = {
    "id": "call_1",
    "type": "httpRequest",
    "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x", "fail_on": ["5xx"]},
}
RETRIED = {**CALL, "retry": {"max_attempts": 3, "interval": "PT10M"}}
DELAY = {"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}}


async def explained(caller: Caller, execution_id: str) -> dict[str, Any]:
    answer = await caller.get("explainExecution", workflow_execution_id=execution_id)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    assert item["execution"]["workflow_execution_id"] == execution_id
    assert item["text"]
    return item


async def started(caller: Caller, document: dict[str, Any]) -> str:
    return await caller.trigger(await caller.create(document))


def verdict(item: dict[str, Any]) -> tuple[str, str]:
    return item["verdict"], item["code"]


async def test_a_wait_for_a_system_is_explained_and_can_be_resumed(mine: Caller, clock: FakeClock) -> None:
    execution_id = await started(mine, definition(wait_step(timeout="PT1H")))
    item = await explained(mine, execution_id)
    assert verdict(item) == ("WAITS_FOR_CALL", "RESUME")
    now = to_ms(clock.now())
    assert (item["state"], item["since"], item["expected_until"]) == ("wait_1", now, now + 3_600_000)
    assert [each["type"] for each in item["evidence"]] == ["WAIT_OPENED"]
    (advice,) = item["next"]
    assert (advice["call"], advice["permission"]) == ("resumeWorkflow", "execute")
    assert advice["body"]["process_id"] == execution_id
    assert item["others"] == item["chain"] == []


async def test_a_wait_for_people_names_them_and_their_cards(mine: Caller) -> None:
    execution_id = await started(mine, CARDING)
    item = await explained(mine, execution_id)
    assert verdict(item) == ("WAITS_FOR_PERSON", "PERSON_CARD")
    assert item["who"] == ["ann@example.com"]
    assert item["values"] == {"state": "card_1", "recipients": 1, "answered": 0, "needed": 1}
    assert [each["type"] for each in item["evidence"]] == ["CARD_SENT", "WAIT_OPENED"]
    (card,) = (await mine.get("getOpenCards")).json()["items"]
    assert item["next"][0]["body"] == {"card_id": card["card_id"]}


async def test_a_delay_is_explained_and_an_overdue_one_is_not_blamed_on_the_workflow(
    mine: Caller, clock: FakeClock
) -> None:
    execution_id = await started(mine, definition(DELAY))
    due = to_ms(clock.now()) + 3_600_000
    item = await explained(mine, execution_id)
    assert verdict(item) == ("WAITS_FOR_TIME", "TIMER")
    assert item["expected_until"] == due
    clock.advance(timedelta(hours=2))
    item = await explained(mine, execution_id)
    assert verdict(item) == ("STORE_OR_CLOCK", "TIMER_OVERDUE")
    assert item["expected_until"] == due


async def test_a_call_in_flight_and_a_retry_are_explained(
    mine: Caller, world: World, shell: Shell, clock: FakeClock
) -> None:
    world.script("call_1", HANG)
    item = await explained(mine, await started(mine, definition(CALL)))
    assert verdict(item) == ("CALL_IN_FLIGHT", "CALL_RUNNING")
    assert item["values"]["operation"] == "http.request"
    assert [each["type"] for each in item["evidence"]] == ["STEP_STARTED"]
    world.script("call_1", Answer(status=503))
    workflow_id = await mine.create(definition(RETRIED))
    execution_id = await mine.trigger(workflow_id)
    while (await mine.item(workflow_id, execution_id))["workflow_event_log"]["events"][-1]["type"] != (
        "STEP_RETRY_SCHEDULED"
    ):
        await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(milliseconds=1))
    item = await explained(mine, execution_id)
    assert verdict(item) == ("RETRYING", "RETRY")
    assert item["values"]["code"] == "STATUS"
    assert "STEP_FAILED" in [each["type"] for each in item["evidence"]]
    assert item["expected_until"] is not None


async def test_an_incident_is_explained_with_its_repairs(mine: Caller, world: World) -> None:
    world.script("call_1", Answer(status=500))
    workflow_id = await mine.create(definition(CALL))
    execution_id = await mine.trigger(workflow_id, wait="PT10S")
    item = await explained(mine, execution_id)
    assert verdict(item) == ("INCIDENT", "INCIDENT_FAILED")
    assert item["values"]["state"] == "call_1"
    assert {each["type"] for each in item["evidence"]} == {"STEP_FAILED", "INCIDENT_OPENED"}
    assert [each["code"] for each in item["next"]] == ["RETRY", "SKIP", "REDRIVE"]
    for advice in item["next"]:
        forecast = await mine.post(advice["call"], {**advice["body"], "dry_run": True})
        assert forecast.status_code == 200, forecast.text


async def test_an_ended_execution_is_explained(mine: Caller) -> None:
    item = await explained(mine, await started(mine, COMPUTING))
    assert verdict(item) == ("ENDED", "ENDED_COMPLETED")
    execution_id = await started(mine, definition(wait_step()))
    await mine.post(f"terminateWorkflow/{execution_id}", {"payload": {"termination_reason": "enough"}})
    item = await explained(mine, execution_id)
    assert verdict(item) == ("ENDED", "ENDED_TERMINATED")
    assert item["values"]["reason"] == "enough"
    assert item["next"][0]["call"] == "rerunExecution"


async def test_a_parent_is_explained_by_its_child(mine: Caller, pump: Pump) -> None:
    child = await mine.create(definition(wait_step()))
    calling = {"id": "sub_1", "type": "subworkflow", "settings": {"workflow_id": child}}
    execution_id = await started(mine, definition(calling))
    item = await explained(mine, execution_id)
    assert verdict(item) == ("WAITS_FOR_CHILD", "CHILD_START")
    await pump.tick()
    item = await explained(mine, execution_id)
    assert verdict(item) == ("WAITS_FOR_CHILD", "CHILD")
    (link,) = item["chain"]
    assert (link["workflow_execution_id"], link["code"]) == (item["who"][0], "RESUME")


async def test_a_queue_is_explained_by_its_holder(mine: Caller, pump: Pump) -> None:
    document = {**definition(wait_step()), "workflow_settings": {"max_concurrency": 1}}
    workflow_id = await mine.create(document)
    ids = [await mine.trigger(workflow_id) for _ in range(3)]
    for _ in range(3):
        await pump.tick()
    item = await explained(mine, ids[2])
    assert verdict(item) == ("QUEUED", "SLOT")
    assert item["values"] == {"max_concurrency": 1, "ahead": 1}
    assert item["who"] == [ids[0]]
    assert item["chain"][0]["code"] == "RESUME"


async def test_branches_are_each_explained(mine: Caller) -> None:
    document = {
        "workflow_name": "Two",
        "workflow_steps": [
            {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
            {"id": "split", "type": "parallel", "settings": {"branches": [{"id": "a"}, {"id": "b"}]}},
            wait_step(),
            DELAY,
            {"id": "meet", "type": "join", "settings": {"of": "split", "for": "all"}},
            note_step(),
        ],
        "workflow_connections": [
            {"from": "WorkflowStartState", "to": "split"},
            {"from": "split", "to": "wait_1", "branch": "a"},
            {"from": "split", "to": "delay_1", "branch": "b"},
            {"from": "wait_1", "to": "meet"},
            {"from": "delay_1", "to": "meet"},
            {"from": "meet", "to": "note_1"},
        ],
    }
    item = await explained(mine, await started(mine, document))
    assert verdict(item) == ("WAITS_FOR_CALL", "RESUME")
    assert [verdict(other) for other in item["others"]] == [("WAITS_FOR_TIME", "TIMER")]


async def test_a_paused_schedule_is_named(mine: Caller, pump: Pump, clock: FakeClock) -> None:
    workflow_id = await mine.create(SCHEDULED)
    clock.advance(timedelta(hours=1))
    await pump.tick()
    paused = await mine.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    assert paused.status_code == 200, paused.text
    (item,) = (await mine.get("getExecutionRows")).json()["items"]
    found = await explained(mine, item["workflow_execution_id"])
    assert "SCHEDULE_PAUSED" in [found["code"], *(other["code"] for other in found["others"])]


async def test_an_execution_of_another_organization_is_not_explained(mine: Caller, theirs: Caller) -> None:
    execution_id = await started(mine, COMPUTING)
    for name in (execution_id, "x"):
        answer = await theirs.get("explainExecution", workflow_execution_id=name)
        assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")
