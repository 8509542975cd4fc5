"""The search over everything."""

from typing import Any

import pytest
from server_kit import ASKING, CARD, COMPUTING, Caller, definition, wait_step

PO = "4500000101"


async def found(caller: Caller, term: str) -> list[tuple[str, str, str]]:
    answer = await caller.get("searchAll", term=term)
    assert answer.status_code == 200, answer.text
    return [(item["kind"], item["title"], item["detail"]) for item in answer.json()["items"]]


async def narrow(caller: Caller, *permissions: str) -> Caller:
    made = await caller.post("createKey", {"name": "narrow", "scopes": [], "permissions": list(permissions)})
    return Caller(caller.client, caller.organization_id, caller.workspace_id, made.json()["item"]["api_key"])


async def test_each_kind_is_found_and_leads_to_its_page(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create({**ASKING, "workflow_name": "Orders"})
    card = await mine.post("createCard", {"card_name": "Order card", "card_payload": CARD})
    await mine.post("putDatastore", {"name": "order/totals", "value": 1})
    settings = {"base_url": "https://orders.example", "auth": "none"}
    stored = await mine.post("createConnection", {"name": "ORDERS", "kind": "http", "settings": settings})
    assert stored.status_code == 200, stored.text
    execution_id = await mine.trigger(workflow_id, {}, process_id="order-7")
    items = (await mine.get("searchAll", term="order")).json()["items"]
    card_id = card.json()["item"]["card_id"]
    assert [(item["kind"], item["id"], item["url"]) for item in items] == [
        ("workflow", workflow_id, f"/app/workflows/{workflow_id}"),
        ("card", card_id, f"/app/cards/{card_id}/v/1"),
        ("execution", execution_id, f"/app/executions/{execution_id}"),
        ("datastore", "order/totals", "/app/data/datastores/order%2Ftotals"),
        ("connection", "ORDERS", "/app/data/connections/ORDERS"),
    ]
    assert [item["detail"] for item in items] == ["ACTIVE-1", "DRAFT-1", "Orders", "", "http"]
    assert await found(theirs, "order") == []
    assert await found(mine, workflow_id) == [("workflow", "Orders", "ACTIVE-1")]
    assert await found(mine, execution_id) == [("execution", "order-7", "Orders")]


async def test_the_best_five_of_a_kind_are_shown(mine: Caller) -> None:
    for name in ("Order", "Order book", *(f"An order {index}" for index in range(6))):
        await mine.create({**COMPUTING, "workflow_name": name})
    names = [title for _, title, _ in await found(mine, "ORDER")]
    assert names == ["Order", "Order book", "An order 5", "An order 4", "An order 3"]


async def test_values_of_search_fields_are_found_only_by_who_may_read_payloads(mine: Caller) -> None:
    settings = {"search_fields": ["/payload/output/po"]}
    document: dict[str, Any] = {**definition(wait_step()), "workflow_settings": settings}
    workflow_id = await mine.create(document)
    execution_id = await mine.trigger(workflow_id, {"po": PO})
    assert await found(mine, PO) == [("execution", execution_id, "Story")]
    assert await found(mine, PO[:6]) == [("execution", execution_id, "Story")]
    operator = await narrow(mine, "read.definitions", "read.executions")
    assert await found(operator, PO) == await found(operator, PO[:6]) == []
    assert await found(operator, execution_id) == [("execution", execution_id, "Story")]
    reader = await narrow(mine, "read.definitions")
    assert await found(reader, execution_id) == []


@pytest.mark.parametrize("term", ["  ", "or", "*" * 9, "%", "\N{LATIN SMALL LETTER SHARP S}"])
async def test_a_term_that_finds_nothing_is_no_error(mine: Caller, term: str) -> None:
    await mine.create({**COMPUTING, "workflow_name": "Story"}) if term == "or" else None
    assert {kind for kind, _, _ in await found(mine, term)} <= {"workflow"}


@pytest.mark.parametrize("term", ["", "x" * 201, "a\0b"])
async def test_a_term_that_no_name_can_have_is_refused(mine: Caller, term: str) -> None:
    assert (await mine.get("searchAll", term=term)).status_code == 400
