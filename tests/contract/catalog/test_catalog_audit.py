import pytest

from looply.catalog import Catalog
from looply.catalog.cards import CardDraft
from looply.catalog.connections import ConnectionDraft
from looply.catalog.keys import KeyDraft
from looply.catalog.workflows import WorkflowDraft
from looply.errors import BadRequest, Conflict


async def test_every_administrative_change_is_recorded_with_its_actor(catalog: Catalog, mine, clock) -> None:
    org, workspace = mine.organization_id, mine.workspace_id
    definition, card = WorkflowDraft(name="w", definition={"x": "canary"}), CardDraft(name="c", payload={"x": "canary"})
    workflow = await catalog.workflows.create(org, workspace, definition, actor="k1")
    key = (workflow.workflow_id, 1)
    await catalog.workflows.save_draft(org, key, definition, modified_on=None, actor="k1")
    await catalog.workflows.activate(org, key, actor="k1")
    await catalog.workflows.activate(org, key, actor="k1")
    await catalog.workflows.save_draft(org, key, definition, modified_on=None, actor="k1")
    made = await catalog.cards.create(org, workspace, card, actor="k1")
    await catalog.cards.activate(org, (made.card_id, 1), actor="k1")
    await catalog.cards.delete(org, made.card_id, actor="k1")
    await catalog.profiles.create(org, key[0], "p", {"x": "canary"}, actor="k1")
    await catalog.profiles.update(org, key[0], "p", {"x": "canary"}, actor="k1")
    await catalog.profiles.duplicate(org, key[0], "p", "q", actor="k1")
    await catalog.profiles.set_default(org, key[0], "q", actor="k1")
    await catalog.profiles.rename(org, key[0], "p", "r", actor="k1")
    await catalog.profiles.delete(org, key[0], "r", actor="k1")
    secret = ConnectionDraft(name="S4", kind="sap", settings={}, secrets={"password": "canary"})
    connection = await catalog.connections.create(org, workspace, secret, actor="k1")
    await catalog.connections.update(org, "S4", secret, actor="k1")
    await catalog.connections.delete(org, "S4", actor="k1")
    new = await catalog.keys.create(org, workspace, KeyDraft("SAP", ["read"]), actor="k1")
    await catalog.keys.revoke(org, new.key.key_id, actor="k1")
    await catalog.keys.revoke(org, new.key.key_id, actor="k1")
    await catalog.workflows.delete(org, key[0], actor="k1")

    page = await catalog.audit.list_page(org, 100)
    assert [record.action for record in reversed(page.items)] == [
        "organization.create",
        "workflow.create",
        "workflow.save",
        "workflow.activate",
        "workflow.create",
        "card.create",
        "card.activate",
        "card.delete",
        "profile.create",
        "profile.update",
        "profile.create",
        "profile.set_default",
        "profile.rename",
        "profile.delete",
        "connection.create",
        "connection.update",
        "connection.delete",
        "key.create",
        "key.revoke",
        "workflow.delete",
    ]
    assert {record.actor for record in page.items[:-1]} == {"k1"}
    assert {record.at for record in page.items} == {clock.now()}
    assert page.items[3].object_id == connection.connection_id
    assert page.items[5].details == {"name": "S4", "kind": "sap", "secrets_written": ["password"]}
    assert "canary" not in repr(page)
    assert new.text not in repr(page)


async def test_a_change_that_is_refused_is_not_recorded(catalog: Catalog, mine) -> None:
    workflow = await catalog.workflows.create(
        mine.organization_id, mine.workspace_id, WorkflowDraft(name="w", definition={})
    )
    before = await catalog.audit.list_page(mine.organization_id, 100)
    with pytest.raises(Conflict):
        await catalog.workflows.activate(mine.organization_id, (workflow.workflow_id, 1), definition_hash="0" * 32)

    assert await catalog.audit.list_page(mine.organization_id, 100) == before


async def test_pages_go_back_in_time_to_the_first_record(catalog: Catalog, mine) -> None:
    for number in range(5):
        await catalog.keys.create(mine.organization_id, mine.workspace_id, KeyDraft(f"key {number}", ["read"]))

    first = await catalog.audit.list_page(mine.organization_id, 4)
    rest = await catalog.audit.list_page(mine.organization_id, 4, first.items[-1].record_id)
    names = [record.details["name"] for record in (*first.items, *rest.items)]
    assert names == ["key 4", "key 3", "key 2", "key 1", "key 0", "Mine"]
    assert (first.has_more, rest.has_more) == (True, False)


@pytest.mark.parametrize(("before", "count"), [(0, 0), (-5, 0), (2**80, 1)])
async def test_a_place_outside_the_records_is_a_place(catalog: Catalog, mine, before: int, count: int) -> None:
    assert len((await catalog.audit.list_page(mine.organization_id, 10, before)).items) == count


async def test_a_limit_that_is_not_positive_is_a_bad_request(catalog: Catalog, mine) -> None:
    with pytest.raises(BadRequest):
        await catalog.audit.list_page(mine.organization_id, 0)
