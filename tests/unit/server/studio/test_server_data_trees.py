"""`describeData`: the data of a step as a tree, before anything has run."""

from typing import Any

from server_kit import ASKING, START, Caller, definition, note_step, wait_step

from looply.app.studio.data_trees import MAX_NODES

HTTP = {"id": "httpRequest_1", "type": "httpRequest", "settings": {"url": "https://x.example"}}
LINES = {"type": "array", "items": {"type": "object", "properties": {"net-price": {"type": "number"}}}}
SCHEMA = {"type": "object", "properties": {"po": {"type": "string"}, "lines": LINES}, "required": ["po"]}


async def tree(mine: Caller, **body: Any) -> dict[str, Any]:
    answer = await mine.post("describeData", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def flat(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    nodes, made = list(found["items"]), {}
    while nodes:
        node = nodes.pop()
        made[node["path"]] = node
        nodes += node["children"]
    return made


def branching() -> dict[str, Any]:
    choice = {"id": "choice", "type": "conditional", "settings": {"rules": []}}
    edges = [("WorkflowStartState", "choice", "next"), ("choice", "httpRequest_1", "yes"), ("choice", "last", "no")]
    edges.append(("httpRequest_1", "last", "next"))
    return {
        "workflow_name": "x",
        "workflow_steps": [START, choice, HTTP, note_step("last")],
        "workflow_connections": [{"from": a, "to": b, "branch": branch} for a, b, branch in edges],
        "workflow_schema": SCHEMA,
    }


async def test_types_and_certainty_come_from_schemas_and_the_graph(mine: Caller) -> None:
    found = flat(await tree(mine, definition=branching(), step_id="last"))
    assert (found["payload.output.po"]["type"], found["payload.output.po"]["certainty"]) == ("text", "ALWAYS")
    assert found["payload.output.lines"]["certainty"] == "MAYBE"
    price = found["payload.output.lines[0]['net-price']"]
    assert (price["type"], price["kinds"], price["name"]) == ("number", ["number"], "net-price")
    assert found["httpRequest_1.output.status"]["certainty"] == "MAYBE"
    assert found["choice.output.branch"]["certainty"] == "ALWAYS"
    assert found["httpRequest_1"]["from"] == {"kind": "step", "step": "httpRequest_1"}
    assert found["payload"]["from"] == {"kind": "payload", "step": ""}
    assert "last" not in found


async def test_samples_are_beside_the_types_and_fill_in_what_is_unknown(mine: Caller) -> None:
    data = {
        "payload": {"output": {"PO": "4711", "lines": [{"net-price": 3}, {}]}},
        "httpRequest_1": {"output": {"status": "200", "data": {"rate": 1.5, "text": "x" * 500}}},
    }
    found = flat(await tree(mine, definition=branching(), step_id="last", data=data))
    assert found["payload.output.po"]["sample"] == "4711"
    assert (found["payload.output.lines"]["size"], "sample" in found["payload.output.lines"]) == (2, False)
    rate = found["httpRequest_1.output.data.rate"]
    assert (rate["type"], rate["sample"], rate["certainty"]) == ("number", 1.5, "MAYBE")
    assert found["httpRequest_1.output.data.text"]["sample"] == "x" * 200 + "..."


async def test_each_path_is_an_expression_that_reads_the_sample(mine: Caller) -> None:
    data = {"payload": {"output": {"a b": {"it's": [[1], 2]}, "po": "1"}}}
    found = flat(await tree(mine, definition=definition(note_step()), step_id="note_1", data=data))
    for path, node in found.items():
        if "sample" in node:
            value = await mine.post("evaluateExpression", {"expression": path, "data": data})
            assert value.json()["value"] == node["sample"], path
    assert "payload.output['a b']['it\\'s'][0][0]" in found


async def test_a_stored_version_shows_its_mock_payload(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    mock = {"workflow_id": workflow_id, "workflow_version": 1, "payload": {"po": "4711"}}
    assert (await mine.post("setMockPayload", mock)).status_code == 200
    found = flat(await tree(mine, workflow_id=workflow_id, step_id="note_1"))
    assert found["payload.output.po"]["sample"] == "4711"
    assert found["wait_1.output.source"]["type"] == "'SAP' or 'TEAMS'"


async def test_the_item_of_a_body_is_there_and_nowhere_else(mine: Caller) -> None:
    loop = {"id": "loop", "type": "forEach", "settings": {"items": "${payload.output.lines}"}}
    document = {
        "workflow_name": "x",
        "workflow_steps": [START, loop, note_step("inner"), note_step("after")],
        "workflow_connections": [
            {"from": "WorkflowStartState", "to": "loop"},
            {"from": "loop", "to": "inner", "branch": "each"},
            {"from": "loop", "to": "after"},
        ],
        "workflow_schema": SCHEMA,
    }
    inner = flat(await tree(mine, definition=document, step_id="inner"))
    assert inner["item['net-price']"]["from"]["kind"] == "item"
    assert "item" not in flat(await tree(mine, definition=document, step_id="after"))


async def test_a_tree_is_bounded(mine: Caller) -> None:
    data = {
        "payload": {"output": {f"a{number}": {f"b{inner}": inner for inner in range(150)} for number in range(150)}}
    }
    found = await tree(mine, definition=definition(note_step()), step_id="note_1", data=data)
    assert (found["count"], found["is_cut"], len(flat(found))) == (MAX_NODES, True, MAX_NODES)


async def test_wrong_calls_are_refused_and_a_broken_definition_is_read_as_far_as_it_goes(mine: Caller) -> None:
    both = {"definition": definition(wait_step()), "workflow_id": "x", "step_id": "wait_1"}
    assert (await mine.post("describeData", both)).status_code == 400
    assert (await mine.post("describeData", {"step_id": "a"})).status_code == 400
    unknown = {"workflow_id": "01900000-0000-7000-8000-0000000000ff", "workflow_version": 1, "step_id": "a"}
    assert (await mine.post("describeData", unknown)).status_code == 404
    broken = {"workflow_steps": [None, {"id": 3}, HTTP], "workflow_connections": "none"}
    assert "httpRequest_1.output.status" in flat(await tree(mine, definition=broken, step_id="nowhere"))
