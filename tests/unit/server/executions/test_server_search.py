"""The search on the wire: terms, search fields, wildcards in process ids, and the limits."""

from typing import Any

import pytest
from server_kit import ASKING, COMPUTING, Caller, definition, note_step, wait_step

from looply.engine.upkeep.pump import Pump


def searchable(name: str, *pointers: str) -> dict[str, Any]:
    document = definition(note_step(), wait_step())
    return {**document, "workflow_name": name, "workflow_settings": {"search_fields": list(pointers)}}


async def found(caller: Caller, query: str) -> list[str]:
    answer = await caller.get(f"searchExecutions?{query}")
    assert answer.status_code == 200, answer.text
    return [item["workflow_execution_id"] for item in answer.json()["items"]]


async def test_executions_are_found_by_the_values_of_their_search_fields(mine: Caller, theirs: Caller) -> None:
    pointers = ("/payload/output/po", "/payload/output/vendor/name")
    workflow_id = await mine.create(searchable("Orders", *pointers))
    first = await mine.trigger(workflow_id, {"po": "4711", "vendor": {"name": "Müller & Söhne"}})
    second = await mine.trigger(workflow_id, {"po": 4712, "vendor": {"name": "ACME"}})
    await theirs.trigger(await theirs.create(searchable("Orders", *pointers)), {"po": "4711"})
    assert await found(mine, "field.po=4711") == [first]
    assert await found(mine, "field.po=4711&field.po=4712") == [second, first]
    assert await found(mine, "field.po=47*&field.name=ACME") == [second]
    assert await found(mine, "field.name=M%C3%BCller+%26*") == [first]
    assert await found(mine, "field.po=4711&status=COMPLETED") == []
    assert await found(mine, "field.nothing=4711") == []


async def test_a_term_finds_ids_values_and_names_of_workflows(mine: Caller) -> None:
    orders = await mine.create(searchable("Purchase orders", "/payload/output/po"))
    plain = await mine.create({**ASKING, "workflow_name": "Leave requests"})
    by_value = await mine.trigger(orders, {"po": "4711"})
    by_process = await mine.trigger(plain, process_id="4711")
    assert await found(mine, "term=4711") == [by_process, by_value]
    assert await found(mine, f"term={by_value}&term={by_process}") == [by_process, by_value]
    assert await found(mine, "term=purchase*") == [by_value]
    assert await found(mine, "term=LEAVE+REQUESTS") == [by_process]
    assert await found(mine, "term=leave") == []
    assert await found(mine, f"term=4711&workflow_id={orders}") == [by_value]


async def test_a_term_finds_a_workflow_by_the_name_of_an_older_version(mine: Caller) -> None:
    workflow_id = await mine.create({**COMPUTING, "workflow_name": "Old name"})
    execution_id = await mine.trigger(workflow_id)
    item = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    body = {
        "workflow_id": workflow_id,
        "workflow_version": 1,
        "modified_on": item["modified_on"],
        "definition": {**COMPUTING, "workflow_name": "New name"},
    }
    assert (await mine.post("updateWorkflow", body)).status_code == 200
    assert await found(mine, "term=old+name") == await found(mine, "term=new+name") == [execution_id]


async def test_an_execution_from_before_the_setting_is_not_found_by_the_field(mine: Caller) -> None:
    workflow_id = await mine.create(definition(note_step()))
    before = await mine.trigger(workflow_id, {"po": "4711"}, process_id="P1")
    item = (await mine.get("getWorkflowById", workflow_id=workflow_id, workflow_version="1")).json()["item"]
    body = {
        "workflow_id": workflow_id,
        "workflow_version": 1,
        "modified_on": item["modified_on"],
        "definition": searchable("Orders", "/payload/output/po"),
    }
    assert (await mine.post("updateWorkflow", body)).status_code == 200
    await mine.activate(workflow_id, 2)
    after = await mine.trigger(workflow_id, {"po": "4711"}, process_id="P2")
    assert await found(mine, "field.po=4711") == [after]
    assert await found(mine, "process_id=P*") == [after, before]


async def test_endings_and_beginnings_of_process_ids_find_executions(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    ids = [await mine.trigger(workflow_id, process_id=name) for name in ("PO-1-DE", "PO-2-AT", "QA-3-DE")]
    assert await found(mine, "process_id=*-DE") == [ids[2], ids[0]]
    assert await found(mine, "process_id=PO-*&process_id=*-DE") == ids[::-1]
    assert await found(mine, "process_id=*-3-*") == [ids[2]]


async def test_executions_are_found_by_their_parent(mine: Caller, theirs: Caller, pump: Pump) -> None:
    child = await mine.create(COMPUTING)
    settings = {"workflow_id": child, "payload": {}, "wait": False}
    parent = await mine.create(definition({"id": "sub", "type": "subworkflow", "settings": settings}, wait_step()))
    ids = [await mine.trigger(parent) for _ in range(2)]
    for _ in range(3):
        await pump.tick()
    for parent_id in ids:
        (found_id,) = await found(mine, f"parent_execution_id={parent_id.upper()}")
        assert (await mine.item(child, found_id))["parent_execution_id"] == parent_id
        assert await found(mine, f"parent_execution_id={parent_id}&status=COMPLETED&workflow_id={child}") == [found_id]
        assert await found(mine, f"parent_execution_id={parent_id}&status=FAILED") == []
        assert await found(theirs, f"parent_execution_id={parent_id}") == []
    both = await found(mine, "&".join(f"parent_execution_id={parent_id}" for parent_id in ids))
    assert len(both) == 2


@pytest.mark.parametrize("value", ["", "x", "4711"])
async def test_a_parent_that_is_no_execution_id_is_refused(mine: Caller, value: str) -> None:
    answer = await mine.get(f"searchExecutions?parent_execution_id={value}")
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_FILTER")


async def test_two_search_fields_of_one_name_are_refused_when_they_are_saved(mine: Caller) -> None:
    document = searchable("Orders", "/payload/output/po", "/note_1/output/po", "/waits/wait_1", "/payload/output/")
    answer = await mine.post("createWorkflow", {"definition": document})
    assert answer.status_code == 422
    problems = {each["path"]: each for each in answer.json()["errors"]}
    assert set(problems) == {f"/workflow_settings/search_fields/{index}" for index in (1, 2, 3)}
    assert "`po`" in problems["/workflow_settings/search_fields/1"]["message"]
    assert problems["/workflow_settings/search_fields/1"]["hint"]


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"term={number}" for number in range(31)),
        "&".join(f"workflow_version={number}" for number in range(1, 32)),
        "&".join(f"workflow_id=01900000-0000-7000-8000-{number:012}" for number in range(31)),
        "&".join(f"field.f{number}=x" for number in range(11)),
        "process_id=*a*b*c*d*",
        f"field.po={'x' * 300}*",
    ],
    ids=["terms", "versions", "workflows", "fields", "stars", "long"],
)
async def test_a_search_that_is_too_wide_is_refused(mine: Caller, query: str) -> None:
    answer = await mine.get(f"searchExecutions?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "SEARCH_TOO_WIDE")
