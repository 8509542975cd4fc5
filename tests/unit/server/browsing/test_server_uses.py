"""The uses of an object, the list of cards, and differences."""

from typing import Any

import pytest
from server_kit import CARD, CARDING, COMPUTING, START, Caller, card_step, definition, note_step

from looply.server.browsing.comparing import MAX_CHANGES


def call_step(id_: str = "call_1") -> dict[str, Any]:
    settings = {"connection": "API", "method": "GET", "url": "/orders"}
    return {"id": id_, "type": "httpRequest", "description": "Read the orders\nof today", "settings": settings}


async def uses(caller: Caller, kind: str, name: str, **more: Any) -> dict[str, Any]:
    field = "id" if kind in ("workflow", "card") else "name"
    answer = await caller.get("getUses", kind=kind, **{field: name}, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def save(caller: Caller, workflow_id: str, document: dict[str, Any], version: int = 1) -> None:
    read = (await caller.get("getWorkflowById", workflow_id=workflow_id, workflow_version=str(version))).json()["item"]
    body = {"workflow_id": workflow_id, "workflow_version": version, "modified_on": read["modified_on"]}
    saved = await caller.post("updateWorkflow", {**body, "definition": document, "incomplete": True})
    assert saved.status_code == 200, saved.text


async def make_card(caller: Caller, name: str = "Ask") -> str:
    made = await caller.post("createCard", {"card_name": name, "card_payload": CARD})
    card_id: str = made.json()["item"]["card_id"]
    return card_id


async def test_each_kind_of_object_has_its_uses_with_the_step(mine: Caller, theirs: Caller) -> None:
    child = await mine.create(COMPUTING)
    card_id = await make_card(mine)
    ask = {"recipients": {"datastore": "people", "path": "/all"}, "calendar": "hours", "card_id": card_id.upper()}
    document = definition(
        call_step(),
        {"id": "child_1", "type": "subworkflow", "settings": {"workflow_id": child}},
        {"id": "store_1", "type": "datastore", "settings": {"operation": "set", "name": "totals", "value": 1}},
        {"id": "store_2", "type": "datastore", "settings": {"operation": "get", "name": "${payload.output.name}"}},
        {"id": "ask_1", "type": "approval", "settings": ask},
    )
    settings = {"on_failure": child}
    parent = await mine.create({**document, "workflow_settings": settings}, is_active=False)
    for kind, name, steps in (
        ("connection", "API", ["call_1"]),
        ("card", card_id, ["ask_1"]),
        ("datastore", "people", ["ask_1"]),
        ("datastore", "hours", ["ask_1"]),
        ("calendar", "hours", ["ask_1"]),
        ("datastore", "totals", ["store_1"]),
        ("workflow", child, ["child_1", None]),
    ):
        found = (await uses(mine, kind, name))["used_by"]
        assert [use["step"] for use in found] == steps, kind
        assert {(use["workflow_id"], use["version"], use["status"]) for use in found} == {(parent, 1, "DRAFT")}
    (use,) = (await uses(mine, "connection", "API"))["used_by"]
    assert (use["label"], use["path"]) == ("Read the orders", "/workflow_steps/1/settings/connection")
    unknown = await mine.get("getUses", kind="calendar", name="people")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "DATASTORE_NOT_FOUND")
    assert (await theirs.get("getUses", kind="card", id=card_id)).status_code == 404


async def test_uses_are_those_of_the_newest_active_version_and_of_newer_drafts(mine: Caller) -> None:
    settings = {"base_url": "https://api.example", "auth": "none"}
    await mine.post("createConnection", {"name": "API", "kind": "http", "settings": settings})
    workflow_id = await mine.create(definition(call_step()))
    other = await mine.create(definition(call_step("call_2"), call_step("call_3")))

    async def versions() -> list[tuple[str, int, str]]:
        found = (await uses(mine, "connection", "API"))["used_by"]
        return [(use["workflow_id"], use["version"], use["step"]) for use in found]

    others = [(other, 1, "call_2"), (other, 1, "call_3")]
    assert await versions() == [(workflow_id, 1, "call_1"), *others]
    await save(mine, workflow_id, definition(call_step("call_9")))
    assert await versions() == [(workflow_id, 1, "call_1"), (workflow_id, 2, "call_9"), *others]
    await mine.activate(workflow_id, 2)
    assert await versions() == [(workflow_id, 2, "call_9"), *others]
    first = await uses(mine, "connection", "API", limit=1)
    assert (first["count"], [use["step"] for use in first["used_by"]]) == (1, ["call_9"])
    second = await uses(mine, "connection", "API", limit=1, **first["lastKey"])
    assert ([use["step"] for use in second["used_by"]], "lastKey" in second) == (["call_2", "call_3"], False)
    await mine.post("deleteWorkflow", {"workflow_id": other})
    assert await versions() == [(workflow_id, 2, "call_9")]
    await save(mine, workflow_id, definition(note_step()), 2)
    await mine.activate(workflow_id, 3)
    assert await versions() == []


async def test_cards_are_listed_with_the_workflows_that_use_them(mine: Caller) -> None:
    asked, _ = await make_card(mine, "Ask"), await make_card(mine, "Inform")
    await mine.post("activateCard", {"card_id": asked, "card_version": 1, "note": "first"})
    for name in ("one", "two"):
        await mine.create(definition(card_step(card_id=asked), card_step("card_2", card_id=asked), name=name))
    items = (await mine.get("getCards")).json()["items"]
    assert [(item["card_name"], item["used_by"], item["active_version"]) for item in items] == [
        ("Inform", 0, None),
        ("Ask", 2, 1),
    ]
    assert [item["card_name"] for item in (await mine.get("getCards", has="draft")).json()["items"]] == ["Inform"]
    assert [item["card_name"] for item in (await mine.get("getCards", term="aSk")).json()["items"]] == ["Ask"]
    page = (await mine.get("getCards", limit="1")).json()
    rest = (await mine.get("getCards", limit="1", **page["lastKey"])).json()
    assert [each["items"][0]["card_name"] for each in (page, rest)] == ["Inform", "Ask"]
    read = (await mine.get("/v1/adaptive-cards/getCardById", card_id=asked, card_version="1")).json()["item"]
    payload = {**CARD, "body": [CARD["body"][0], {"type": "TextBlock", "text": "new"}, CARD["body"][1]]}  # type: ignore[index]
    body = {"card_id": asked, "card_version": 1, "modified_on": read["modified_on"], "card_payload": payload}
    assert (await mine.post("updateCard", body)).status_code == 200
    newest, first = (await mine.get("getCardVersions", card_id=asked)).json()["items"]
    assert (newest["version"], newest["status"], newest["change_count"], newest["note"]) == (2, "DRAFT", 1, "")
    assert (first["status"], first["note"]) == ("ACTIVE", "first")
    diff = {"kind": "card", "a": {"id": asked}, "b": {"id": asked, "version": 2}}
    (change,) = (await mine.post("diffVersions", diff)).json()["changes"]
    assert (change["kind"], change["subject"], change["path"]) == ("added", "card", "/body/1")
    assert change["after"] == {"type": "TextBlock", "text": "new"}


async def test_versions_are_compared_with_each_other_and_with_a_document(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    changed = definition(note_step(value="other"), note_step("note_2"), name="Story")
    body = {"kind": "workflow", "a": {"id": workflow_id, "version": "latest"}, "b": {"definition": changed}}
    answer = (await mine.post("diffVersions", body)).json()
    assert [(change["kind"], change["subject"], change["name"]) for change in answer["changes"]] == [
        ("changed", "step", "note_1"),
        ("added", "step", "note_2"),
        ("added", "edge", "note_1/next"),
    ]
    assert answer["count"] == 3
    same = {**body, "b": {"definition": (await export(mine, workflow_id))}}
    assert (await mine.post("diffVersions", same)).json()["changes"] == []


async def export(caller: Caller, workflow_id: str) -> dict[str, Any]:
    answer = await caller.get("exportWorkflow", workflow_id=workflow_id, workflow_version="1")
    found: dict[str, Any] = answer.json()["definition"]
    return found


async def test_many_changes_are_counted_and_cut(mine: Caller) -> None:
    documents = [{"definition": {f"k{n}": side for n in range(MAX_CHANGES + 5)}} for side in (1, 2)]
    answer = (await mine.post("diffVersions", {"kind": "datastore", "a": documents[0], "b": documents[1]})).json()
    assert (answer["count"], len(answer["changes"]), answer["truncated"]) == (MAX_CHANGES + 5, MAX_CHANGES, True)


async def test_a_stored_datastore_is_compared_for_who_may_read_payloads(mine: Caller) -> None:
    await mine.post("putDatastore", {"name": "totals", "value": {"a": 1}})
    body = {"kind": "datastore", "a": {"id": "totals"}, "b": {"definition": {"a": 2}}}
    (change,) = (await mine.post("diffVersions", body)).json()["changes"]
    assert (change["path"], change["before"], change["after"]) == ("/a", 1, 2)
    made = await mine.post("createKey", {"name": "narrow", "scopes": [], "permissions": ["read.definitions"]})
    narrow = Caller(mine.client, mine.organization_id, mine.workspace_id, made.json()["item"]["api_key"])
    refused = await narrow.post("diffVersions", body)
    assert (refused.status_code, refused.json()["permission"]) == (403, "read.payloads")
    both = {**body, "a": body["b"]}
    assert (await narrow.post("diffVersions", both)).json()["changes"] == []


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("diffVersions", {"kind": "workflow", "a": {}, "b": {"definition": {}}}, 400),
        ("diffVersions", {"kind": "workflow", "a": {"definition": []}, "b": {"definition": {}}}, 400),
        ("diffVersions", {"kind": "card", "a": {"id": "x"}, "b": {"definition": {}}}, 400),
        ("diffVersions", {"kind": "x", "a": {"definition": 1}, "b": {"definition": 1}}, 400),
        ("diffVersions", {"kind": "datastore", "a": {"id": "none"}, "b": {"definition": 1}}, 404),
        ("getUses", {"kind": "x", "name": "y"}, 400),
        ("getUses", {"kind": "card"}, 400),
        ("getUses", {"kind": "card", "id": "x"}, 400),
        ("getUses", {"kind": "connection", "name": "x", "id": "y"}, 400),
        ("getUses", {"kind": "connection", "name": "x", "workflow_id": "y"}, 400),
        ("getUses", {"kind": "connection", "name": "nothing"}, 404),
    ],
)
async def test_what_cannot_be_compared_or_found_is_refused(
    mine: Caller, call: str, body: dict[str, Any], status: int
) -> None:
    answer = await (mine.post(call, body) if call == "diffVersions" else mine.get(call, **body))
    assert answer.status_code == status, answer.text


async def test_a_draft_with_errors_is_compared_by_what_can_be_read(mine: Caller) -> None:
    broken = {"workflow_steps": [START, START, {"type": "wait"}, 7], "workflow_connections": [{}, {"to": "x"}]}
    body = {"kind": "workflow", "a": {"definition": CARDING}, "b": {"definition": broken}}
    answer = await mine.post("diffVersions", body)
    assert answer.status_code == 200, answer.text
    names = {change["name"] for change in answer.json()["changes"] if change["kind"] == "added"}
    assert names == {"WorkflowStartState#1", "#2", "#3", "/next", "/next#1"}
