"""Calls on datastores: reads, writes, refusals, and the separation of organizations."""

import asyncio
from typing import Any

import pytest
from server_kit import Caller, definition

from looply.instants import to_ms
from looply.testing.clock import FakeClock

PRICES = {"bolt": {"net": 3}, "big": 12345678901234567890123}


async def put(caller: Caller, name: str = "prices", value: Any = None, **more: Any) -> dict[str, Any]:
    answer = await caller.post("putDatastore", {"name": name, "value": value, **more})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def test_a_datastore_is_read_as_it_was_stored(mine: Caller, clock: FakeClock) -> None:
    stored = await put(mine, value=PRICES)
    read = await mine.get("getDatastore", name="prices")
    assert read.json() == {"message": "success", "item": stored}
    assert stored["value"] == PRICES
    assert (stored["revision"], stored["organization_id"]) == (1, mine.organization_id)
    assert stored["created_on"] == stored["modified_on"] == to_ms(clock.now())
    assert stored["modified_by"]
    changed = await put(mine, value=None)
    assert (changed["revision"], changed["value"], changed["created_on"]) == (2, None, stored["created_on"])


async def test_datastores_are_listed_by_name_page_by_page(mine: Caller) -> None:
    for name in ("c", "ä", "a", "b", "B"):
        await put(mine, name, [name])
    first = (await mine.get("getDatastores", limit=2)).json()
    assert ([item["name"] for item in first["items"]], first["lastKey"]) == (["B", "a"], {"name": "a"})
    rest = (await mine.get("getDatastores", limit=9, **first["lastKey"])).json()
    assert [item["name"] for item in rest["items"]] == ["b", "c", "ä"]
    assert "lastKey" not in rest
    assert "value" not in rest["items"][0]
    assert rest["items"][0]["bytes"] == len('["b"]')


async def test_another_revision_than_the_expected_one_is_409_and_changes_nothing(mine: Caller) -> None:
    await put(mine, value=1, if_revision=0)
    for body in ({"value": 2, "if_revision": 0}, {"value": 2, "if_revision": 7}):
        refused = await mine.post("putDatastore", {"name": "prices", **body})
        assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    refused = await mine.post("deleteDatastore", {"name": "prices", "if_revision": 2})
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert (await put(mine, value=3, if_revision=1))["revision"] == 2


async def test_of_16_writes_that_expect_the_same_revision_one_wins(mine: Caller) -> None:
    body = {"name": "prices", "value": 1, "if_revision": 0}
    answers = await asyncio.gather(*(mine.post("putDatastore", body) for _ in range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 15


async def test_16_writes_that_expect_no_revision_all_succeed(mine: Caller) -> None:
    revisions = [item["revision"] for item in await asyncio.gather(*(put(mine, value=n) for n in range(16)))]
    assert sorted(revisions) == list(range(1, 17))


async def test_a_deleted_datastore_is_gone_and_its_revisions_do_not_come_back(mine: Caller) -> None:
    await put(mine, value=1)
    assert (await mine.post("deleteDatastore", {"name": "prices"})).json() == {"message": "success"}
    for answer in (
        await mine.get("getDatastore", name="prices"),
        await mine.post("deleteDatastore", {"name": "prices"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "DATASTORE_NOT_FOUND")
    assert (await put(mine, value=2, if_revision=0))["revision"] == 3


async def test_a_datastore_of_another_organization_does_not_exist(mine: Caller, theirs: Caller) -> None:
    await put(mine, value=1)
    assert (await theirs.get("getDatastore", name="prices")).status_code == 404
    assert (await theirs.post("deleteDatastore", {"name": "prices"})).status_code == 404
    assert (await theirs.get("getDatastores")).json()["items"] == []
    assert (await put(theirs, value=2))["revision"] == 1
    assert (await mine.get("getDatastore", name="prices")).json()["item"]["value"] == 1


@pytest.mark.parametrize("name", ["", "a" * 129, " a", "a\n", "a\x00b", "\ue000", "a\u2028"])
async def test_an_invalid_name_is_refused_and_not_found(mine: Caller, name: str) -> None:
    refused = await mine.post("putDatastore", {"name": name, "value": 1})
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_NAME")
    assert refused.json()["errors"][0]["path"] == "/name"
    assert (await mine.post("deleteDatastore", {"name": name})).status_code == 404


async def test_equal_names_in_other_unicode_forms_are_one(mine: Caller) -> None:
    await put(mine, "Preis\u00e4nderung", 1)
    assert (await mine.get("getDatastore", name="Preisa\u0308nderung")).json()["item"]["value"] == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"value": 1}, "/name"),
        ({"name": "x"}, "/value"),
        ({"name": 1, "value": 1}, "/name"),
        ({"name": "x", "value": 1, "if_revision": -1}, "/if_revision"),
        ({"name": "x", "value": 1, "if_revision": "1"}, "/if_revision"),
        ({"name": "x", "value": 1, "revision": 1}, ""),
    ],
)
async def test_an_invalid_body_is_400_with_its_path(mine: Caller, body: dict[str, Any], path: str) -> None:
    refused = await mine.post("putDatastore", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_BODY")
    assert refused.json()["errors"][0]["path"] == path


async def test_keys_need_the_scopes_read_and_manage(mine: Caller) -> None:
    await put(mine, value=1)
    reader, trigger = await mine.key_with("read"), await mine.key_with("trigger")
    assert (await reader.get("getDatastore", name="prices")).status_code == 200
    assert (await reader.get("getDatastores")).status_code == 200
    for refused in (
        await reader.post("putDatastore", {"name": "prices", "value": 1}),
        await reader.post("deleteDatastore", {"name": "prices"}),
        await trigger.get("getDatastores"),
        await trigger.get("getDatastore", name="prices"),
    ):
        assert (refused.status_code, refused.json().get("code")) == (403, "SCOPE")


async def test_a_workflow_reads_what_a_caller_stored_and_the_caller_what_it_wrote(mine: Caller) -> None:
    await put(mine, value={"count": 41})
    settings = {"operation": "get", "name": "prices", "path": "/count"}
    counted = {"operation": "set", "name": "prices", "path": "/count", "value": "${add(get_1.output.value, 1)}"}
    workflow_id = await mine.create(
        definition(
            {"id": "get_1", "type": "datastore", "settings": settings},
            {"id": "set_1", "type": "datastore", "settings": counted},
        )
    )
    answer = await mine.post(f"triggerworkflow/{workflow_id}?wait=PT10S", {})
    assert answer.json()["status"] == "COMPLETED"
    item = (await mine.get("getDatastore", name="prices")).json()["item"]
    assert (item["value"], item["revision"]) == ({"count": 42}, 2)
    assert item["modified_by"] == answer.json()["looply_execution_id"]
