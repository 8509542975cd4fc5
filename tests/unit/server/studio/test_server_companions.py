"""`getSamples`, `putSamples`, `getCanvas`, `putCanvas`, and the canvas in exports and imports."""

from typing import Any

import pytest
from server_kit import ASKING, COMPUTING, Caller, definition, note_step

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
NOTE = {"id": "n1", "near": "wait_1", "text": "who answers?", "color": "blue"}
SECRET = {
    **definition(note_step()),
    "workflow_steps": [{**definition()["workflow_steps"][0], "secret": ["/output/token"]}, note_step()],
}


async def put(mine: Caller, call: str, workflow_id: str, revision: int, **content: Any) -> dict[str, Any]:
    answer = await mine.post(call, {"workflow_id": workflow_id, "revision": revision, **content})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_samples_are_stored_read_and_replaced(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    empty = (await mine.get("getSamples", workflow_id=workflow_id)).json()["item"]
    assert (empty["revision"], empty["payloads"], empty["outputs"], empty["modified_on"]) == (0, [], {}, None)
    payload = {"name": "small", "body": {"po": 1, "amount": 12345678901234567890}}
    stored = await put(
        mine, "putSamples", workflow_id, 0, payloads=[payload], outputs={"wait_1": {"output": {"source": "SAP"}}}
    )
    assert stored["payloads"] == [{**payload, "from_execution": ""}]
    assert stored["outputs"]["wait_1"]["pinned_on"] == stored["modified_on"]
    assert (await mine.get("getSamples", workflow_id=workflow_id)).json()["item"] == stored
    assert (await put(mine, "putSamples", workflow_id, 1))["payloads"] == []


@pytest.mark.parametrize("call", ["putSamples", "putCanvas"])
async def test_what_another_has_changed_is_not_overwritten(mine: Caller, call: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    first = await put(mine, call, workflow_id, 0)
    answer = await mine.post(call, {"workflow_id": workflow_id, "revision": 0})
    found = answer.json()
    assert (answer.status_code, found["code"], found["revision"]) == (409, "STALE", 1)
    assert (found["modified_by_name"], found["modified_on"]) == ("all", first["modified_on"])
    assert (await put(mine, call, workflow_id, 1))["revision"] == 2


async def test_a_sample_is_taken_from_an_execution_with_its_secrets_masked(mine: Caller) -> None:
    workflow_id = await mine.create(SECRET)
    execution_id = await mine.trigger(workflow_id, {"token": "canary", "po": 1})
    stored = await put(
        mine,
        "putSamples",
        workflow_id,
        0,
        payloads=[{"name": "real", "from_execution": execution_id}, {"name": "mine", "body": {"token": "canary"}}],
        outputs={"note_1": {"from_execution": execution_id}},
    )
    assert [each["body"] for each in stored["payloads"]] == [{"token": "***", "po": 1}, {"token": "***"}]
    assert stored["outputs"]["note_1"]["output"] == {"note_1": "done"}


async def test_taking_from_an_execution_needs_the_right_to_read_payloads(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    execution_id = await mine.trigger(workflow_id)
    made = await mine.post("createKey", {"name": "author", "scopes": ["trigger"], "permissions": ["edit.drafts"]})
    author = Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])
    body = {"workflow_id": workflow_id, "revision": 0, "payloads": [{"name": "a", "from_execution": execution_id}]}
    answer = await author.post("putSamples", body)
    assert (answer.status_code, answer.json()["permission"]) == (403, "read.payloads")
    other = await mine.create(COMPUTING)
    assert (await mine.post("putSamples", {**body, "workflow_id": other})).status_code == 404


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({"payloads": [{"name": "a", "body": 1}, {"name": "a", "body": 2}]}, "/payloads/1/name"),
        ({"payloads": [{"name": " ", "body": 1}]}, "/payloads/0/name"),
        ({"payloads": [{"name": "a"}]}, "/payloads/0/body"),
        ({"payloads": [{"name": f"a{number}", "body": 1} for number in range(51)]}, "/payloads"),
        ({"outputs": {"a": {}}}, "/outputs/a"),
    ],
)
async def test_wrong_samples_are_refused_whole(mine: Caller, content: dict[str, Any], path: str) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = await mine.post("putSamples", {"workflow_id": workflow_id, "revision": 0, **content})
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_SAMPLES"), answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert (await mine.get("getSamples", workflow_id=workflow_id)).json()["item"]["revision"] == 0


async def test_a_canvas_is_no_part_of_the_definition_and_travels_with_it(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    before = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    known = {"step": "", "message": "an exit is open", "note": "it ends there"}
    await put(mine, "putCanvas", workflow_id, 0, notes=[NOTE], collapsed=["wait_1"], known=[known])
    after = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version=1)).json()["item"]
    assert after == before
    exported = (await mine.get("exportWorkflow", workflow_id=workflow_id, workflow_version=1)).json()["definition"]
    assert exported["canvas"] == {"notes": [NOTE], "collapsed": ["wait_1"], "known": [known]}
    assert (await mine.post("validateWorkflow", {"definition": exported})).json()["errors"] == []

    own = {name: value for name, value in exported.items() if name != "workflow_id"}
    imported = (await theirs.post("importWorkflow", {"definition": own})).json()["item"]["workflow_id"]
    canvas = (await theirs.get("getCanvas", workflow_id=imported)).json()["item"]
    assert (canvas["notes"], canvas["collapsed"], canvas["known"], canvas["revision"]) == (
        [NOTE],
        ["wait_1"],
        [known],
        1,
    )

    again = await mine.post("importWorkflow", {"definition": {**exported, "canvas": {"notes": []}}})
    assert again.json()["unchanged"] is True
    assert (await mine.get("getCanvas", workflow_id=workflow_id)).json()["item"]["notes"] == []
    await mine.post("importWorkflow", {"definition": {**exported, "canvas": {"notes": []}}})
    assert (await mine.get("getCanvas", workflow_id=workflow_id)).json()["item"]["revision"] == 2


@pytest.mark.parametrize(
    "canvas", [{"notes": [NOTE, NOTE]}, {"notes": [{**NOTE, "color": "pink"}]}, {"collapsed": "all"}, "none"]
)
async def test_a_file_with_a_wrong_canvas_is_refused_and_stores_nothing(mine: Caller, canvas: Any) -> None:
    answer = await mine.post("importWorkflow", {"definition": {**COMPUTING, "canvas": canvas}})
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_CANVAS"), answer.text
    assert (await mine.get("getOrganizationWorkflows")).json()["count"] == 0


async def test_both_are_deleted_with_the_last_version_and_belong_to_one_organization(
    mine: Caller, theirs: Caller
) -> None:
    workflow_id = await mine.create(COMPUTING)
    await put(mine, "putCanvas", workflow_id, 0, notes=[NOTE])
    for call in ("getSamples", "getCanvas"):
        assert (await theirs.get(call, workflow_id=workflow_id)).status_code == 404
        assert (await mine.get(call, workflow_id=UNKNOWN)).status_code == 404
        assert (await mine.get(call, workflow_id="x")).status_code == 400
    await mine.post("deleteWorkflow", {"workflow_id": workflow_id})
    assert (await mine.get("getCanvas", workflow_id=workflow_id)).status_code == 404
    actions = [record["action"] for record in (await mine.get("getAudit")).json()["items"]]
    assert "workflow.canvas" in actions
