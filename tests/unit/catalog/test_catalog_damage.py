"""Damage in the catalog's file affects only the damaged object, with a clear error; all others are served."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, Table

from looply.catalog import Catalog
from looply.catalog.authored.workflows import WorkflowDraft, WorkflowVersion
from looply.catalog.calls.logons import LEASE
from looply.catalog.people.invitations import InvitationDraft, NewAccount
from looply.catalog.storage.damage import find_damaged_rows
from looply.catalog.storage.json_columns import JsonText
from looply.catalog.storage.tables import metadata, users
from looply.catalog.tenants.keys import KeyDraft
from looply.connectors.credentials.logons import NoTry
from looply.errors import RecordDamaged, StoreCorrupt
from looply.testing.clock import FakeClock

DEEP = '{"a":' * 1500 + "1" + "}" * 1500
JSON_COLUMNS = [
    (table, column.name)
    for table in metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, JsonText)
]
USER_ID = "01900000-0000-7000-8000-0000000000aa"
LEVELS_DOWN = '{"a":' * 400 + "1" + "}" * 400


def change(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as file:
        file.execute(statement, values)
    file.close()


def insert_damaged(path: Path, table: Table, damaged: str) -> None:
    """Inserts a row of which one JSON column has a text that cannot be read."""
    values: list[object] = []
    for column in table.columns:
        is_json = isinstance(column.type, JsonText)
        other = b"1" if isinstance(column.type, LargeBinary) else 1
        values.append("{" if column.name == damaged else "null" if is_json else other)
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA ignore_check_constraints = ON")
        named = ", ".join(f'"{column.name}"' for column in table.columns)
        file.execute(f"INSERT INTO {table.name} ({named}) VALUES ({', '.join('?' * len(values))})", values)
    file.close()


async def draft(catalog: Catalog, mine, name: str = "Approval") -> WorkflowVersion:
    content = WorkflowDraft(name=name, definition={"workflow_steps": [], "limit": 1000})
    return await catalog.workflows.create(mine.organization_id, mine.workspace_id, content, actor="k1")


async def test_a_definition_that_is_not_what_was_stored_is_refused(catalog: Catalog, path: Path, mine) -> None:
    made = await draft(catalog, mine)
    change(path, "UPDATE workflow_versions SET definition = replace(definition, '1000', '9000')")
    with pytest.raises(RecordDamaged, match=f"workflow {made.workflow_id} version 1 is damaged"):
        await catalog.workflows.get(mine.organization_id, (made.workflow_id, 1))


@pytest.mark.parametrize("column", ["definition", "findings", "mock_payload", "mock_schema"])
@pytest.mark.parametrize("text", ["{", DEEP, '{"a":1e999}'], ids=["torn", "deep", "infinite"])
async def test_a_value_that_cannot_be_read_hits_its_version_only(
    catalog: Catalog, path: Path, mine, column: str, text: str
) -> None:
    made, other = await draft(catalog, mine), await draft(catalog, mine, "Other")
    change(path, f"UPDATE workflow_versions SET {column} = ? WHERE workflow_id = ?", text, made.workflow_id)
    with pytest.raises(RecordDamaged, match=f"workflow {made.workflow_id} version 1 is damaged: its {column} "):
        await catalog.workflows.get(mine.organization_id, (made.workflow_id, 1))
    assert (await catalog.workflows.get(mine.organization_id, (other.workflow_id, 1))).workflow_name == "Other"
    page = await catalog.workflows.list_page(mine.organization_id, 10)
    assert {item.workflow_id for item in page.items} == {made.workflow_id, other.workflow_id}
    assert await catalog.workflows.name(mine.organization_id, (made.workflow_id, 1)) == "Approval"


async def test_what_is_nested_deeper_than_the_door_lets_through_is_read_all_the_same(
    catalog: Catalog, path: Path, mine
) -> None:
    made = await draft(catalog, mine)
    change(path, "UPDATE workflow_versions SET mock_payload = ?", LEVELS_DOWN)
    found = await catalog.workflows.get(mine.organization_id, (made.workflow_id, 1))
    assert "a" in found.mock_payload


async def test_a_new_mock_payload_replaces_a_damaged_one(catalog: Catalog, path: Path, mine) -> None:
    made = await draft(catalog, mine)
    change(path, "UPDATE workflow_versions SET mock_schema = ?", DEEP)
    await catalog.workflows.store_mock(mine.organization_id, (made.workflow_id, 1), {"po": 1}, {"type": "object"})
    assert (await catalog.workflows.get(mine.organization_id, (made.workflow_id, 1))).mock_payload == {"po": 1}


async def test_a_damaged_version_can_be_deleted(catalog: Catalog, path: Path, mine) -> None:
    made = await draft(catalog, mine)
    change(path, "UPDATE workflow_versions SET definition = ?", DEEP)
    await catalog.workflows.delete(mine.organization_id, made.workflow_id, 1)
    assert not (await catalog.workflows.list_page(mine.organization_id, 10)).items


async def test_a_damaged_profile_hits_itself_only_and_is_marked_in_the_list(catalog: Catalog, path: Path, mine) -> None:
    made = await draft(catalog, mine)
    for name in ("dev", "prod"):
        await catalog.profiles.create(mine.organization_id, made.workflow_id, name, {"url": name})
    change(path, "UPDATE profiles SET environment = '{' WHERE profile_name = 'dev'")
    with pytest.raises(RecordDamaged, match=f"profile dev of workflow {made.workflow_id} is damaged: its environment "):
        await catalog.profiles.get(mine.organization_id, made.workflow_id, "dev")
    with pytest.raises(RecordDamaged):
        await catalog.profiles.find_default(mine.organization_id, made.workflow_id)
    assert (await catalog.profiles.get(mine.organization_id, made.workflow_id, "prod")).values == {"url": "prod"}
    dev, prod = await catalog.profiles.list_all(mine.organization_id, made.workflow_id)
    assert (list(dev.values), prod.values) == (["damaged"], {"url": "prod"})
    await catalog.profiles.update(mine.organization_id, made.workflow_id, "dev", {"url": "new"})
    assert (await catalog.profiles.get(mine.organization_id, made.workflow_id, "dev")).values == {"url": "new"}


async def test_a_key_with_damaged_scopes_opens_nothing_and_is_listed(catalog: Catalog, path: Path, mine, clock) -> None:
    asked = KeyDraft(name="part", scopes=frozenset({"read"}))
    made = await catalog.keys.create(mine.organization_id, mine.workspace_id, asked)
    change(path, "UPDATE api_keys SET scopes = '[\"read\"'")
    with pytest.raises(RecordDamaged, match=f"key {made.key.key_id} is damaged"):
        await catalog.keys.authenticate(made.text, clock.now())
    (listed,) = (await catalog.keys.list_page(mine.organization_id, 10)).items
    assert listed.scopes == {"damaged"}
    assert (await catalog.keys.revoke(mine.organization_id, made.key.key_id)).key.revoked_on is not None


async def test_each_damaged_row_is_named(catalog: Catalog, path: Path, mine) -> None:
    made = await draft(catalog, mine)
    await catalog.profiles.create(mine.organization_id, made.workflow_id, "dev", {})
    assert await catalog.database.read(find_damaged_rows) == []
    change(path, "UPDATE workflow_versions SET mock_schema = ?", DEEP)
    change(path, "UPDATE profiles SET environment = '{'")
    found = await catalog.database.read(find_damaged_rows)
    assert [line.split(": ")[0] for line in found] == [
        f"profile dev of workflow {made.workflow_id} is damaged",
        f"workflow {made.workflow_id} version 1 is damaged",
    ]
    change(path, "UPDATE workflow_versions SET mock_schema = 'null', definition = '{}'")
    found = await catalog.database.read(find_damaged_rows)
    assert any("its definition does not match its hash" in line for line in found)


@pytest.mark.parametrize(
    ("table", "column"), JSON_COLUMNS, ids=[f"{table.name}.{column}" for table, column in JSON_COLUMNS]
)
async def test_a_damaged_value_of_every_json_column_is_named(
    catalog: Catalog, path: Path, table: Table, column: str
) -> None:
    insert_damaged(path, table, column)
    (line,) = await catalog.database.read(find_damaged_rows)
    assert f" is damaged: its {column} cannot be read" in line


async def test_damaged_preferences_are_refused_until_they_are_stored_again(catalog: Catalog, path: Path) -> None:
    insert_damaged(path, users, "preferences")
    change(path, "UPDATE users SET user_id = ?", USER_ID)
    with pytest.raises(RecordDamaged, match=f"user {USER_ID} is damaged: its preferences cannot be read"):
        await catalog.people.users.preferences(USER_ID)
    await catalog.people.users.put_preferences(USER_ID, {"theme": "dark"})
    assert await catalog.people.users.preferences(USER_ID) == {"theme": "dark"}


async def test_damaged_groups_of_a_member_hit_that_member_only_who_can_still_be_deactivated(
    catalog: Catalog, path: Path, mine
) -> None:
    made = {}
    for name in ("ann", "bob"):
        drafts = [InvitationDraft(f"{name}@example.com", "viewer")]
        invitations = catalog.people.invitations
        (invited,) = await invitations.create(mine.organization_id, drafts, actor=None, may_make_owners=False)
        account = NewAccount(name=name, email=f"{name}@example.com", password_hash=None)
        made[name] = (await invitations.accept(invited.token, account)).user_id
    members = catalog.people.members
    for user_id in made.values():
        await members.set_groups(mine.organization_id, user_id, ("buyers",), None)
    change(path, "UPDATE members SET groups = '[\"buyers' WHERE user_id = ?", made["ann"])
    with pytest.raises(RecordDamaged, match=f"member {made['ann']} of .* is damaged: its groups cannot be read"):
        await members.get(mine.organization_id, made["ann"])
    assert (await members.get(mine.organization_id, made["bob"])).groups == ("buyers",)
    listed = {each.name: each.groups for each in (await members.list_page(mine.organization_id, 9)).items}
    assert listed == {"ann": ("damaged",), "bob": ("buyers",)}
    changed = await members.change(
        mine.organization_id, made["ann"], is_active=False, actor=None, may_make_owners=False
    )
    assert (changed.status, changed.groups) == ("DEACTIVATED", ("damaged",))
    await members.set_groups(mine.organization_id, made["ann"], ("buyers",), None)
    assert (await members.get(mine.organization_id, made["ann"])).groups == ("buyers",)


async def test_damaged_tries_of_a_logon_count_as_many_until_their_lease_has_ended(
    catalog: Catalog, path: Path, clock: FakeClock
) -> None:
    key = bytes(16)
    await catalog.logons.take(key, is_test=False)
    change(path, "UPDATE refused_logons SET under_way = '{'")
    assert await catalog.logons.take(key, is_test=False) is NoTry.BUSY
    clock.advance(LEASE)
    ticket = await catalog.logons.take(key, is_test=False)
    assert isinstance(ticket, str)
    assert await catalog.database.read(find_damaged_rows) == []
    change(path, "UPDATE refused_logons SET under_way = '{'")
    await catalog.logons.settle(key, ticket, is_accepted=True)
    assert await catalog.database.read(find_damaged_rows) == []


async def test_a_row_that_no_process_has_written_is_refused(catalog: Catalog, path: Path, mine) -> None:
    made = await draft(catalog, mine)
    change(path, "UPDATE workflow_versions SET created_ms = 9000000000000000000")
    with pytest.raises(StoreCorrupt, match="restore it from a backup"):
        await catalog.workflows.list_page(mine.organization_id, 10)
    with pytest.raises(StoreCorrupt, match="restore it from a backup"):
        await catalog.workflows.get(mine.organization_id, (made.workflow_id, 1))
