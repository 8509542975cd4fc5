import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from looply.catalog import Catalog
from looply.catalog.authored.cards import CardDraft
from looply.catalog.authored.connections import ConnectionDraft
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.tenants.keys import KeyDraft
from looply.catalog.trail.audit import AuditFilter, AuditLog, Change
from looply.catalog.trail.chain import Head
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
    await catalog.profiles.create(org, key[0], "q", {"x": "canary"}, actor="k1")
    await catalog.profiles.set_default(org, key[0], "q", actor="k1")
    await catalog.profiles.update(org, key[0], "p", new_name="r", actor="k1")
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
    assert (first.next, rest.next) == (3, None)


@pytest.mark.parametrize(("before", "count"), [(0, 0), (-5, 0), (2**80, 1)])
async def test_a_cursor_outside_the_records_is_accepted(catalog: Catalog, mine, before: int, count: int) -> None:
    assert len((await catalog.audit.list_page(mine.organization_id, 10, before)).items) == count


async def test_a_limit_that_is_not_positive_is_a_bad_request(catalog: Catalog, mine) -> None:
    with pytest.raises(BadRequest):
        await catalog.audit.list_page(mine.organization_id, 0)


def by_hand(catalog: Catalog, statement: str, **values: object):
    """Changes rows like an attacker who can write to the database."""
    return catalog.database.write(lambda connection: connection.execute(text(statement), values))


async def recorded(catalog: Catalog, tenant, count: int) -> None:
    for number in range(count):
        await catalog.audit.record(tenant.organization_id, "k1", "datastore.put", f"store {number}", revision=number)


async def test_an_unaltered_chain_is_intact(catalog: Catalog, mine, theirs) -> None:
    await recorded(catalog, mine, 4)
    await recorded(catalog, theirs, 2)
    page = await catalog.audit.list_page(mine.organization_id, 10)
    assert [record.record_id for record in page.items] == [5, 4, 3, 2, 1]
    assert (await catalog.audit.head(mine.organization_id)) == Head(count=5, hash=page.items[0].hash)
    assert await catalog.audit.find_breaks() == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE audit_records SET object_id = 'x' WHERE number = 3", "record 3 was altered"),
        ("UPDATE audit_records SET actor = NULL WHERE number = 5", "record 5 was altered"),
        ("UPDATE audit_records SET at_ms = at_ms + 1 WHERE number = 2", "record 2 was altered"),
        ("UPDATE audit_records SET details = '{}' WHERE number = 2", "record 2 was altered"),
        ("UPDATE audit_records SET details = 'no JSON' WHERE number = 2", "record 2 was altered"),
        ("UPDATE audit_records SET hash = NULL WHERE number = 3", "record 3 was altered"),
        ("DELETE FROM audit_records WHERE number = 1", "record 1 is missing"),
        ("DELETE FROM audit_records WHERE number IN (2, 3)", "records 2 to 3 are missing"),
        ("DELETE FROM audit_records WHERE number = 5", "record 5 is missing"),
        ("DELETE FROM audit_records WHERE number > 0", "records 1 to 5 are missing"),
        ("UPDATE audit_heads SET count = 4", "record 5 is not counted"),
        ("DELETE FROM audit_heads", "the head of the chain is missing"),
        (
            (
                "INSERT INTO audit_records (organization_id, at_ms, action, object_id, details, number, hash) "
                "SELECT organization_id, at_ms, 'key.create', 'x', '{}', 6, hash FROM audit_records WHERE number = 5"
            ),
            "record 6 was altered",
        ),
        (
            (
                "INSERT INTO audit_records (organization_id, at_ms, action, object_id, details) "
                "SELECT organization_id, at_ms, 'key.create', 'x', '{}' FROM audit_records WHERE number = 5"
            ),
            "record 0 has a duplicate or invalid number: it was inserted",
        ),
    ],
)
async def test_a_record_that_was_altered_removed_or_inserted_is_named(
    catalog: Catalog, mine, statement: str, finding: str
) -> None:
    await recorded(catalog, mine, 4)
    await by_hand(catalog, statement)

    found = await catalog.audit.find_breaks()
    assert found
    assert f"the audit of organization {mine.organization_id}: {finding}" in found[0]


async def test_two_records_that_were_swapped_are_reported(catalog: Catalog, mine) -> None:
    await recorded(catalog, mine, 4)
    for was, becomes in ((3, 30), (4, 3), (30, 4)):
        await by_hand(
            catalog, "UPDATE audit_records SET number = :becomes WHERE number = :was", was=was, becomes=becomes
        )
    assert len(await catalog.audit.find_breaks()) >= 2


async def test_records_of_several_processes_have_one_order(open_catalog, location, catalog: Catalog, mine) -> None:
    other = await open_catalog(location)
    await asyncio.gather(*(recorded(each, mine, 10) for each in (catalog, other, catalog, other)))
    assert (await catalog.audit.head(mine.organization_id)).count == 41
    assert await other.audit.find_breaks() == []


async def test_a_change_that_is_rolled_back_leaves_no_gap(catalog: Catalog, mine, clock) -> None:
    def fail(connection) -> None:
        Change(mine.organization_id, None, clock.now()).record(connection, "key.create", "x")
        raise Conflict("no")

    with pytest.raises(Conflict):
        await catalog.database.write(fail)
    await recorded(catalog, mine, 1)
    assert (await catalog.audit.head(mine.organization_id)).count == 2
    assert await catalog.audit.find_breaks() == []


async def test_records_are_found_by_actor_action_object_and_time(catalog: Catalog, mine, clock) -> None:
    await recorded(catalog, mine, 2)
    clock.advance(timedelta(hours=1))
    new = await catalog.keys.create(mine.organization_id, mine.workspace_id, KeyDraft("SAP", ["read"]))
    await catalog.audit.record(mine.organization_id, new.key.key_id, "datastore.put", "store 0")

    async def numbers(**criteria) -> list[int]:
        page = await catalog.audit.list_page(mine.organization_id, 10, criteria=AuditFilter(**criteria))
        return [record.record_id for record in page.items]

    assert await numbers(actor=new.key.key_id) == [5]
    assert await numbers(action="datastore.put") == [5, 3, 2]
    assert await numbers(object_id="store 0") == [5, 2]
    assert await numbers(recorded_from=clock.now()) == [5, 4]
    assert await numbers(recorded_to=clock.now()) == [3, 2, 1]
    newest = (await catalog.audit.list_page(mine.organization_id, 1)).items[0]
    assert (newest.actor, newest.actor_name) == (new.key.key_id, "SAP")


async def test_a_search_looks_at_so_many_records_and_says_where_to_continue(catalog: Catalog, mine, clock) -> None:
    log = AuditLog(catalog.database, clock, scanned=3)
    await recorded(catalog, mine, 7)
    criteria = AuditFilter(object_id="store 0")
    found, before, pages = [], None, 0
    while pages == 0 or before is not None:
        page = await log.list_page(mine.organization_id, 10, before, criteria=criteria)
        found += [record.record_id for record in page.items]
        before, pages = page.next, pages + 1
    assert (found, pages) == ([2], 3)


async def test_records_after_one_are_listed_in_their_order(catalog: Catalog, mine) -> None:
    await recorded(catalog, mine, 4)
    first = await catalog.audit.list_after(mine.organization_id, 1, 2)
    rest = await catalog.audit.list_after(mine.organization_id, first.next, 2)
    assert [record.record_id for record in (*first.items, *rest.items)] == [2, 3, 4, 5]
    assert rest.next is None
