"""What a caller sees who may read executions and no payloads: every call that such a caller may make, with no data."""

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from server_kit import CARD, Caller, card_step, definition
from stream_kit import Stream, wait_for_head

from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pump import Pump
from looply.execution.document.masking import MASK
from looply.server.http.boundary import Boundary
from looply.server.http.call import Route
from looply.testing.clock import FakeClock
from looply.testing.world import Answer, World

DATA = "unseen 4711"
"""A value in the body of every trigger, and in every answer of the other system."""

READS = ("read.definitions", "read.executions")
CALL = {
    "id": "call_1",
    "type": "httpRequest",
    "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x", "fail_on": ["5xx"]},
}
STOPPED = {**definition(CALL), "workflow_settings": {"search_fields": ["/payload/output/po"]}}
ENDED = definition(
    {"id": "end_1", "type": "terminate", "settings": {"status": "FAILED", "reason": "no ${payload.output.po}"}}
)
ASKING = definition(card_step(card={**CARD, "body": [{"type": "TextBlock", "text": "${payload.output.po}"}]}))


class Story(NamedTuple):
    """Executions of which each holds the data in another place, and their workflows, by name."""

    workflow_ids: dict[str, str]
    execution_ids: dict[str, str]


@pytest_asyncio.fixture
async def story(mine: Caller, world: World, pump: Pump, shell: Shell, clock: FakeClock) -> Story:
    world.always("call_1", Answer(status=500, data={"why": f"{DATA} is closed"}, headers={"x-po": DATA}))
    stopped = await mine.create(STOPPED)
    settings = {"workflow_id": stopped, "payload": {"po": "${payload.output.po}"}}
    parent = await mine.create(definition({"id": "sub_1", "type": "subworkflow", "settings": settings}))
    ids = {"stopped": stopped, "ended": await mine.create(ENDED), "asking": await mine.create(ASKING), "parent": parent}
    started = {name: await mine.trigger(each, {"po": DATA}, process_id=name) for name, each in ids.items()}
    await pump.tick()
    children = (await mine.get("getExecutionRows", parent_execution_id=started["parent"])).json()["items"]
    for execution_id in (started["stopped"], *(child["workflow_execution_id"] for child in children)):
        await shell.executions.wait_until_settled(execution_id, clock.now() + timedelta(minutes=1))
    return Story(ids, started)


@pytest_asyncio.fixture
async def viewer(mine: Caller) -> Caller:
    return await with_permissions(mine, *READS)


async def with_permissions(mine: Caller, *permissions: str) -> Caller:
    made = await mine.post("createKey", {"name": "part", "scopes": [], "permissions": list(permissions)})
    assert made.status_code == 200, made.text
    return Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])


async def explained(caller: Caller, execution_id: str) -> dict[str, Any]:
    answer = await caller.get("explainExecution", workflow_execution_id=execution_id)
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


def queries_of(route: Route, story: Story) -> list[dict[str, str]]:
    """Returns queries for a call: for each execution or workflow where it must name one, else none."""
    fixed = {"from": "0", "to": "1000", "workflow_version": "latest"}
    required = {each.name for each in route.parameters if each.is_required}
    known = {name: text for name, text in fixed.items() if name in required}
    ids = {"workflow_execution_id": story.execution_ids, "workflow_id": story.workflow_ids}
    named = [name for name in ids if name in required]
    if not named:
        return [known]
    (name,) = named
    return [{**known, name: each} for each in ids[name].values()]


async def test_no_call_answers_with_data(app: Boundary, story: Story, viewer: Caller, mine: Caller) -> None:
    shown = {}
    for route in app.routes:
        if route.method != "GET" or route.access not in READS or route.answer is None:
            continue
        for query in queries_of(route, story):
            answer = await viewer.get(route.path, **query)
            assert DATA not in answer.text, (route.path, query)
            shown[route.path] = answer.status_code
    # The calls that a page of executions makes have found something, so they had something to say.
    for name in ("explainExecution", "getExecutionRows", "getIncidents", "getIncidentGroups", "getOpenCards"):
        assert shown[f"/v2/workflows/{name}"] == 200
    assert DATA in (await mine.get("getIncidents")).text
    assert DATA in (await mine.get("getExecutionRows")).text


async def test_no_search_confirms_a_value(story: Story, viewer: Caller, mine: Caller) -> None:
    for query in ({"term": DATA}, {"term": f"{DATA[:3]}*"}):
        found, hidden = [(await each.get("getExecutionRows", **query)).json()["items"] for each in (mine, viewer)]
        assert story.execution_ids["stopped"] in [row["workflow_execution_id"] for row in found]
        assert hidden == []
    by_name = (await viewer.get("getExecutionRows", term="stopped")).json()["items"]
    assert [row["workflow_execution_id"] for row in by_name] == [story.execution_ids["stopped"]]
    refused = await viewer.get("getExecutionRows", **{"field.po": DATA})
    assert (refused.status_code, refused.json()["permission"]) == (403, "read.payloads")


async def test_incidents_have_their_cause_and_no_quotation(story: Story, viewer: Caller, mine: Caller) -> None:
    (hidden, *_), (whole, *_) = [(await each.get("getIncidents")).json()["items"] for each in (viewer, mine)]
    assert hidden == {**whole, "message": MASK}
    assert f"{DATA} is closed" in whole["message"]


@pytest.mark.parametrize(("name", "value"), [("stopped", "message"), ("ended", "reason")])
async def test_an_explanation_has_its_code_and_no_quotation(
    story: Story, viewer: Caller, mine: Caller, name: str, value: str
) -> None:
    hidden, whole = [await explained(each, story.execution_ids[name]) for each in (viewer, mine)]
    assert hidden["values"] == {**whole["values"], value: MASK}
    assert (hidden["code"], hidden["evidence"]) == (whole["code"], whole["evidence"])
    assert DATA in whole["text"]
    assert hidden["text"].endswith(MASK)


async def test_what_is_waited_for_is_explained_without_a_quotation(story: Story, viewer: Caller, mine: Caller) -> None:
    hidden, whole = [await explained(each, story.execution_ids["parent"]) for each in (viewer, mine)]
    assert DATA in whole["chain"][0]["text"]
    assert hidden["chain"][0]["text"].endswith(MASK)


async def test_the_reason_of_a_person_is_shown(story: Story, viewer: Caller, mine: Caller) -> None:
    execution_id = story.execution_ids["asking"]
    await mine.post(f"terminateWorkflow/{execution_id}", {"payload": {"termination_reason": "asked by phone"}})
    assert (await explained(viewer, execution_id))["values"]["reason"] == "asked by phone"


async def test_a_forecast_has_its_calls_and_no_quotation(story: Story, mine: Caller) -> None:
    repairer = await with_permissions(mine, *READS, "repair")
    asked = {"workflow_execution_id": story.execution_ids["stopped"], "action": "retry", "dry_run": True}
    hidden, whole = [(await each.post("repairExecution", asked)).json()["forecast"] for each in (repairer, mine)]
    assert [effect["idempotency_key"] for effect in hidden["effects"]] == [
        effect["idempotency_key"] for effect in whole["effects"]
    ]
    assert hidden["workflow_event_log"]["events"] == []
    assert hidden["effects"][0]["far"] == {"kind": whole["effects"][0]["far"]["kind"]}
    assert whole["workflow_event_log"]["events"] != []


async def test_the_stream_of_heads_has_no_data(app: Boundary, story: Story, viewer: Caller, mine: Caller) -> None:
    stream = Stream(app, viewer.key, "watchHeads", {}, {})
    await wait_for_head(stream)
    execution_id = await mine.trigger(story.workflow_ids["stopped"], {"po": DATA})
    found = await stream.entry()
    assert found["workflow_execution_id"] == execution_id
    assert DATA not in str(found)
    await stream.leave()
