"""Lists of workflows and cards, one row each, and the index of what definitions name; on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from kit.catalog import Tenant, statements_on
from looply.catalog import Catalog
from looply.catalog.authored.cards import CardDraft
from looply.catalog.authored.listing import HeadQuery
from looply.catalog.authored.uses import PLACES, UseKey
from looply.catalog.authored.workflows import Beside, WorkflowDraft, WorkflowVersion
from looply.catalog.storage.tables import workflow_uses
from looply.errors import BadRequest, NotFound, Refused
from looply.testing.clock import FakeClock


def calling(*connections: str, **more: Any) -> dict[str, Any]:
    steps = [
        {"id": f"call_{number}", "type": "httpRequest", "settings": {"connection": name}}
        for number, name in enumerate(connections)
    ]
    return {"workflow_steps": steps, **more}


async def create(catalog: Catalog, tenant: Tenant, name: str = "W", **definition: Any) -> WorkflowVersion:
    draft = WorkflowDraft(name=name, definition=definition or calling())
    return await catalog.workflows.create(tenant.organization_id, tenant.workspace_id, draft, actor="k1")


async def save(catalog: Catalog, version: WorkflowVersion, name: str, **definition: Any) -> WorkflowVersion:
    key = (version.workflow_id, version.workflow_version)
    draft = WorkflowDraft(name=name, definition=definition or version.definition)
    return await catalog.workflows.save_draft(version.organization_id, key, draft, modified_on=None, actor="k2")


async def names(catalog: Catalog, tenant: Tenant, **query: Any) -> tuple[list[str], str]:
    page = await catalog.workflow_lists.list_heads(tenant.organization_id, HeadQuery(**{"limit": 10, **query}))
    return [head.name for head in page.items], page.after


async def test_an_object_is_one_row_of_its_newest_version(
    catalog: Catalog, mine: Tenant, theirs: Tenant, clock: FakeClock
) -> None:
    assert await names(catalog, mine) == ([], "")
    first = await create(catalog, mine, "First")
    await catalog.workflows.activate(mine.organization_id, (first.workflow_id, 1))
    clock.advance(timedelta(minutes=1))
    draft = await save(catalog, first, "First again")
    deleted = await create(catalog, mine, "Deleted")
    await catalog.workflows.delete(mine.organization_id, deleted.workflow_id)
    await create(catalog, theirs, "Theirs")
    page = await catalog.workflow_lists.list_heads(mine.organization_id, HeadQuery(limit=10))
    (head,) = page.items
    assert (head.object_id, head.name, head.newest, head.active) == (first.workflow_id, "First again", 2, 1)
    assert (head.is_draft, head.by, head.shown_version) == (True, "k2", 1)
    assert (head.created_on, head.modified_on) == (first.created_on, draft.modified_on)
    await catalog.workflows.delete(mine.organization_id, first.workflow_id, 2)
    assert await names(catalog, mine) == (["First"], "")


async def test_pages_follow_each_other_and_take_conditions(catalog: Catalog, mine: Tenant) -> None:
    made = [await create(catalog, mine, name) for name in ("a", "b", "a", "b", "a")]
    ids = [version.workflow_id for version in made]
    assert await names(catalog, mine, limit=2) == (["a", "b"], ids[3])
    assert await names(catalog, mine, limit=2, after=ids[3]) == (["a", "b"], ids[1])
    assert await names(catalog, mine, limit=2, after=ids[1]) == (["a"], "")
    assert await names(catalog, mine, matches=lambda each: each.name == "b", limit=1) == (["b"], ids[3])
    assert await names(catalog, mine, only=[ids[0], ids[1]]) == (["b", "a"], "")
    assert await names(catalog, mine, only=[]) == ([], "")
    with pytest.raises(BadRequest, match="limit is 0"):
        await names(catalog, mine, limit=0)


async def test_versions_have_the_note_of_their_activation(catalog: Catalog, mine: Tenant) -> None:
    first = await create(catalog, mine, "First")
    key = (first.workflow_id, 1)
    with pytest.raises(Refused, match="at most 2000"):
        await catalog.workflows.activate(mine.organization_id, key, note="x" * 2001)
    await catalog.workflows.activate(mine.organization_id, key, note=" new ")
    await catalog.workflows.activate(mine.organization_id, key, note="too late")
    await save(catalog, first, "Second", a=1)
    lines = await catalog.workflow_lists.list_versions(mine.organization_id, first.workflow_id.upper(), 10)
    assert [(line.version, line.name, line.status, line.note) for line in lines] == [
        (2, "Second", "DRAFT", ""),
        (1, "First", "ACTIVE", "new"),
    ]
    assert lines[0].content == '{"a":1}'
    (older,) = await catalog.workflow_lists.list_versions(mine.organization_id, first.workflow_id, 10, 2)
    assert older == lines[1]
    texts = await catalog.workflow_lists.contents(mine.organization_id, [(first.workflow_id, 2), key, ("x", 1)])
    assert set(texts) == {key, (first.workflow_id, 2)}
    assert await catalog.workflow_lists.contents(mine.organization_id, []) == {}


async def test_cards_are_listed_as_workflows_are(catalog: Catalog, mine: Tenant, theirs: Tenant) -> None:
    draft = CardDraft(name="Ask", payload={"type": "AdaptiveCard"})
    card = await catalog.cards.create(mine.organization_id, mine.workspace_id, draft, actor="k1")
    await catalog.cards.activate(mine.organization_id, (card.card_id, 1), note="first")
    (head,) = (await catalog.card_lists.list_heads(mine.organization_id, HeadQuery(limit=1))).items
    assert (head.object_id, head.name, head.active, head.is_draft) == (card.card_id, "Ask", 1, False)
    (line,) = await catalog.card_lists.list_versions(mine.organization_id, card.card_id, 1)
    assert (line.note, line.content) == ("first", '{"type":"AdaptiveCard"}')
    assert await catalog.cards.latest_version(mine.organization_id, card.card_id) == 1
    with pytest.raises(NotFound):
        await catalog.card_lists.list_versions(theirs.organization_id, card.card_id, 1)
    assert (await catalog.card_lists.list_heads(theirs.organization_id, HeadQuery(limit=1))).items == ()


async def test_uses_follow_what_is_stored(catalog: Catalog, mine: Tenant, theirs: Tenant) -> None:
    first = await create(catalog, mine, "First", **calling("API", "API", "B"))
    await create(catalog, theirs, "Theirs", **calling("API"))

    async def steps(name: str) -> list[tuple[int, list[str]]]:
        page = await catalog.uses.list_page(mine.organization_id, "connection", name, 10)
        return [(each.workflow_version, [place.step for place in each.places]) for each in page.items]

    assert await steps("API") == [(1, ["call_0", "call_1"])]
    draft = await save(catalog, first, "First", **calling("B"))
    assert (await steps("API"), await steps("B")) == ([], [(1, ["call_0"])])
    await catalog.workflows.activate(mine.organization_id, (first.workflow_id, 1))
    second = await save(catalog, draft, "First", **calling("C"))
    assert (second.workflow_version, await steps("B"), await steps("C")) == (2, [(1, ["call_0"])], [(2, ["call_0"])])
    by_step = catalog.uses.connections_by_step
    assert await by_step(mine.organization_id) == {(first.workflow_id, "call_0"): "B"}
    await catalog.workflows.activate(mine.organization_id, (first.workflow_id, 2))
    assert (await steps("B"), await steps("C")) == ([], [(2, ["call_0"])])
    assert await by_step(mine.organization_id) == {(first.workflow_id, "call_0"): "C"}
    assert await by_step(mine.organization_id, [first.workflow_id]) == await by_step(mine.organization_id)
    assert await by_step(mine.organization_id, ["01900000-0000-7000-8000-0000000000ff"]) == {}
    assert await by_step(theirs.organization_id, [first.workflow_id]) == {}
    await catalog.workflows.delete(mine.organization_id, first.workflow_id, 2)
    assert await steps("B") == [(1, ["call_0"])]
    await catalog.workflows.delete(mine.organization_id, first.workflow_id)
    assert await steps("B") == []
    assert await by_step(mine.organization_id) == await by_step(theirs.organization_id) == {}


async def test_uses_have_pages_and_numbers_and_a_bound(catalog: Catalog, mine: Tenant) -> None:
    made = [await create(catalog, mine, f"W{number}", **calling("API")) for number in range(3)]
    ids = sorted(version.workflow_id for version in made)
    page = await catalog.uses.list_page(mine.organization_id, "connection", "API", 2)
    assert ([each.workflow_id for each in page.items], page.has_more) == (ids[:2], True)
    rest = await catalog.uses.list_page(mine.organization_id, "connection", "API", 2, page.items[-1].key)
    assert ([each.workflow_id for each in rest.items], rest.has_more) == (ids[2:], False)
    assert page.items[-1].key == UseKey(ids[1], 1)
    await save(catalog, made[0], "W0", **calling(*["API"] * (PLACES + 5), "B"))
    (most, *_) = (await catalog.uses.list_page(mine.organization_id, "connection", "API", 9)).items
    assert len(most.places) == PLACES
    await catalog.workflows.activate(mine.organization_id, (made[0].workflow_id, 1))
    by_step = await catalog.uses.connections_by_step(mine.organization_id)
    steps = [*range(PLACES + 5)]
    expected = {(made[0].workflow_id, f"call_{number}"): "API" for number in steps}
    assert by_step == {**expected, (made[0].workflow_id, f"call_{len(steps)}"): "B"}
    count = catalog.uses.count_workflows
    assert await count(mine.organization_id, "connection", ["API", "B", "C"]) == {"API": 3, "B": 1}
    assert await count(mine.organization_id, "card", ["API"]) == await count(mine.organization_id, "card", []) == {}


async def test_a_save_that_names_the_same_writes_no_uses(catalog: Catalog, mine: Tenant) -> None:
    first = await create(catalog, mine, "First", **calling("API"))
    with statements_on(workflow_uses.name) as found:
        await save(catalog, first, "Renamed", **calling("API"))
    assert [text.split()[0] for text in found] == ["SELECT"]


async def test_cards_of_a_new_workflow_are_stored_with_it_or_not_at_all(catalog: Catalog, mine: Tenant) -> None:
    asked = {"workflow_steps": [{"id": "ask", "type": "approval", "settings": {"card_id": "one", "card_version": 1}}]}
    draft = WorkflowDraft(name="W", definition=asked, mock_payload={"a": 1}, mock_schema={"type": "object"})
    cards = {"one": CardDraft(name="Ask", payload={"type": "AdaptiveCard"})}
    organization_id, workspace_id = mine.organization_id, mine.workspace_id
    version = await catalog.workflows.create(
        organization_id, workspace_id, draft, beside=Beside(cards=cards, samples={"payloads": []})
    )
    (head,) = (await catalog.card_lists.list_heads(organization_id, HeadQuery(limit=9))).items
    assert version.definition["workflow_steps"][0]["settings"] == {"card_id": head.object_id, "card_version": 1}
    assert (version.mock_payload, version.mock_schema) == ({"a": 1}, {"type": "object"})
    card = await catalog.cards.get(organization_id, (head.object_id, 1))
    assert (card.workflow_id, card.workflow_version) == (version.workflow_id, 1)
    samples = await catalog.companions.find(organization_id, version.workflow_id, "samples")
    assert samples is not None
    assert (samples.content, samples.revision) == ({"payloads": []}, 1)
    (use,) = (await catalog.uses.list_page(organization_id, "card", head.object_id, 9)).items
    assert use.workflow_id == version.workflow_id
    wrong = {**cards, "two": CardDraft(name="", payload={})}
    with pytest.raises(Refused):
        await catalog.workflows.create(organization_id, workspace_id, draft, beside=Beside(cards=wrong, samples={}))
    assert await names(catalog, mine) == (["W"], "")
    assert len((await catalog.card_lists.list_heads(organization_id, HeadQuery(limit=9))).items) == 1
