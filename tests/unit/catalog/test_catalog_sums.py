"""The sums of the catalog's tables follow every change by the product, and detect every other change."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from looply.catalog import Catalog
from looply.catalog.authored.cards import CardDraft
from looply.catalog.authored.connections import ConnectionDraft
from looply.catalog.authored.notifications import NotificationDraft
from looply.catalog.authored.views import ViewDraft
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.people.invitations import InvitationDraft, NewAccount
from looply.catalog.people.sessions import SessionDraft
from looply.catalog.storage import sums
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.schema import driver_connection
from looply.catalog.storage.sums import find_damage
from looply.catalog.tenants.keys import KeyDraft
from looply.catalog.trail import backup
from looply.errors import NotFound, SchemaMismatch, StoreCorrupt

FLOW = WorkflowDraft(
    name="Approval",
    definition={"text": "ü" * 50, "limit": 10**30, "workflow_settings": {"on_failure": "another"}},
)
CARD = CardDraft(name="Ask", payload={})
SHOP = ConnectionDraft(name="Shop", kind="http", settings={}, secrets={"token": "sesame"})


def damage_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as file:
        return find_damage(file)


def sums_of(path: Path) -> dict[str, bytes]:
    with closing(sqlite3.connect(path)) as file:
        return dict(file.execute("SELECT table_name, digest FROM table_sums"))


def by_hand(path: Path, *statements: str) -> None:
    """Changes the file outside of the product."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            file.execute(statement)
        file.commit()


async def test_every_change_of_every_noun_moves_the_sums_of_its_table(
    catalog: Catalog, path: Path, mine, clock
) -> None:
    org, space = mine.organization_id, mine.workspace_id
    before = sums_of(path)
    flow = await catalog.workflows.create(org, space, FLOW)
    key = flow.workflow_id, 1
    await catalog.workflows.save_draft(org, key, FLOW, modified_on=None)
    await catalog.workflows.store_mock(org, key, [1.5, None, True], {})
    await catalog.workflows.activate(org, key)
    await catalog.workflows.create(org, space, FLOW)
    for name in ("blue", "green"):
        await catalog.profiles.create(org, flow.workflow_id, name, {"color": name})
    await catalog.profiles.update(org, flow.workflow_id, "green", new_name="red")
    await catalog.profiles.set_default(org, flow.workflow_id, "red")
    await catalog.profiles.delete(org, flow.workflow_id, "blue")
    card = await catalog.cards.create(org, space, CARD)
    await catalog.cards.delete(org, card.card_id, 1)
    for name in ("Shop", "Stock"):
        await catalog.connections.create(org, space, ConnectionDraft(name=name, kind="http", settings={}))
    await catalog.connections.update(org, "Shop", SHOP)
    await catalog.connections.delete(org, "Stock")
    made = await catalog.keys.create(org, space, KeyDraft("k", {"read"}))
    await catalog.keys.revoke(org, made.key.key_id)
    await catalog.bulks.start((org, space), "terminate", {"status": "RUNNING"}, {})
    people = catalog.people
    drafts = [InvitationDraft("buyer@example.com", "owner")]
    (invited,) = await people.invitations.create(org, drafts, actor=None, may_make_owners=True)
    account = NewAccount(name="The buyer", email="buyer@example.com", password_hash="x")
    user_id = (await people.invitations.accept(invited.token, account)).user_id
    await people.sessions.start(SessionDraft(user_id=user_id, sign_in="local", address="", user_agent=""))
    await people.resets.create(org, user_id, removes_second_factor=True, actor=None, may_make_owners=True)
    await people.attempts.begin("buyer@example.com", "192.0.2.1")
    await catalog.logons.take(bytes(16), is_test=False)
    await catalog.questions.ask(org, "sap", {"what": "test"})
    await people.identities.link("https://login.example.com", "123", user_id)
    await people.role_settings.put(org, frozenset({"developers_repair"}), actor=user_id)
    await catalog.views.create(org, user_id, ViewDraft(page="executions", name="Stopped", query="has=incident"))
    await catalog.workflows.delete(org, flow.workflow_id)
    left = (await catalog.workflows.list_page(org, 1)).items[0].workflow_id
    await catalog.profiles.create(org, left, "last", {"a": clock.now().isoformat()})
    await catalog.companions.put(org, left, "canvas", {"notes": []}, revision=0, actor=None)
    draft = NotificationDraft(name="Operations", channel="email", target="ops@example.com")
    notification = await catalog.notifications.create(org, draft, actor=None)
    await catalog.notifications.record_sent(notification, {bytes(16): clock.now()}, clock.now())
    await catalog.directory.keep(org, "bot", "1", lambda _: {"name": "The buyer"}, ("buyer@example.com",))

    after = sums_of(path)
    assert damage_of(path) == []
    still = {name for name in before if before[name] == after[name]}
    # Where one process has the catalog alone, it remembers editors by itself.
    unused = {"sqlite_schema", "alembic_version", "organizations", "workspaces", "master_keys", "data_keys"}
    assert still == {*unused, "open_editors"}


async def test_a_change_that_is_rolled_back_moves_no_sum(catalog: Catalog, path: Path, mine) -> None:
    before = sums_of(path)

    def change(connection):
        connection.execute(text("UPDATE organizations SET organization_name = 'x'"))
        raise NotFound("no")

    for _ in range(2):
        with pytest.raises(NotFound):
            await catalog.database.write(change)
    assert sums_of(path) == before
    await catalog.organizations.create("Theirs")
    assert sums_of(path) != before
    assert damage_of(path) == []


async def test_two_processes_that_change_one_catalog_in_turn_keep_one_sum(open_catalog, path: Path, mine) -> None:
    first, second = await open_catalog(path), await open_catalog(path)
    for catalog in (first, second, first, second):
        await catalog.workflows.create(mine.organization_id, mine.workspace_id, FLOW)
    assert damage_of(path) == []
    await open_catalog(path)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE organizations SET organization_name = 'Nine'", "organizations"),
        ("UPDATE workspaces SET created_ms = created_ms + 1", "workspaces"),
        ("DELETE FROM audit_records", "audit_records"),
        ("UPDATE organizations SET organization_name = CAST(organization_name AS BLOB)", "organizations"),
        ("UPDATE organizations SET organization_name = CAST(x'f4f4' AS TEXT)", "Could not decode"),
        ("UPDATE alembic_version SET version_num = '0000'", "alembic_version"),
        ("DELETE FROM alembic_version", "alembic_version"),
        ("UPDATE table_sums SET digest = x'00' WHERE table_name = 'api_keys'", "api_keys"),
        ("DELETE FROM table_sums WHERE table_name = 'api_keys'", "api_keys"),
        ("INSERT INTO table_sums VALUES ('nothing', x'00')", "nothing"),
        ("DROP TABLE table_sums", "table_sums is gone"),
        ("UPDATE sqlite_schema SET sql = replace(sql, '''ACTIVE''', '''ACTINE''')", "sqlite_schema"),
        ("DELETE FROM sqlite_schema WHERE name = 'uq_profiles_default'", "damaged"),
    ],
)
async def test_altered_content_is_refused_at_the_start_and_named(
    open_catalog, path: Path, mine, statement: str, message: str
) -> None:
    by_hand(path, statement)
    for _ in range(2):
        with pytest.raises(StoreCorrupt, match=message) as caught:
            await open_catalog(path)
        assert "restore it from a backup" in caught.value.message


async def test_an_index_that_leads_elsewhere_is_refused(open_catalog, path: Path, mine) -> None:
    with closing(sqlite3.connect(path)) as file:
        index = file.execute("SELECT * FROM sqlite_schema WHERE name LIKE 'uq_audit%'").fetchone()
    by_hand(path, "DELETE FROM sqlite_schema WHERE name LIKE 'uq_audit%'")
    by_hand(path, "UPDATE audit_records SET organization_id = 'x'")
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA writable_schema = ON")
        file.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", index)
        file.commit()
    with pytest.raises(StoreCorrupt, match="uq_audit"):
        await open_catalog(path)


async def test_a_catalog_whose_sums_were_deleted_is_accepted_as_it_is(open_catalog, path: Path, mine) -> None:
    by_hand(path, "UPDATE organizations SET organization_name = 'Nine'", "DELETE FROM table_sums")
    catalog = await open_catalog(path)
    assert [each.organization_name for each in await catalog.organizations.list_all()] == ["Nine"]
    await catalog.close()
    assert damage_of(path) == []
    by_hand(path, "UPDATE organizations SET organization_name = 'Ten'")
    with pytest.raises(StoreCorrupt, match="organizations"):
        await open_catalog(path)


async def test_a_migration_leaves_the_triggers_behind_and_adds_up_what_it_made(
    database: CatalogDatabase, path: Path
) -> None:
    def migrate(connection):
        file = driver_connection(connection)
        sums.drop_triggers(file)
        connection.execute(text("ALTER TABLE organizations ADD COLUMN color TEXT"))
        sums.store_sums(file)

    await database.write(migrate)
    await database.write(
        lambda connection: connection.execute(text("INSERT INTO organizations VALUES ('a', 'b', 1, 'blue')"))
    )
    assert damage_of(path) == []


async def test_a_journal_that_a_crash_left_and_that_is_damaged_is_found(open_catalog, path: Path, mine) -> None:
    names = [f"Organization {number} {'x' * 100}" for number in range(300)]
    catalog = await open_catalog(path)
    for name in names[:2]:
        await catalog.organizations.create(name)
    await catalog.close()
    left, journal = crashed(path)
    put(path, left, journal)
    assert damage_of(path) == [], "a whole journal brings back what was there"

    found = 0
    offsets = [offset for offset in range(512, len(journal), 37) if journal[offset]]
    for offset in offsets[:400]:
        damaged = bytearray(journal)
        damaged[offset] ^= 4
        put(path, left, damaged)
        try:
            catalog = await open_catalog(path)
        except (StoreCorrupt, SchemaMismatch):
            found += 1
        else:
            stored = [each.organization_name for each in await catalog.organizations.list_all()]
            assert stored == ["Mine", *names[:2]], offset
            await catalog.close()
    assert found


def crashed(path: Path) -> tuple[bytes, bytes]:
    """Returns file and journal as a crash during a change leaves them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA cache_size = 1")
        file.execute("BEGIN IMMEDIATE")
        for table in ("organizations", "audit_records", "workspaces"):
            file.execute(f"UPDATE {table} SET organization_id = organization_id || 'x'")
        for number in range(40):
            file.execute("INSERT INTO organizations VALUES (?, ?, 1)", (f"{number}", "y" * 1000))
        left, journal = path.read_bytes(), path.with_name("catalog.db-journal").read_bytes()
        file.execute("ROLLBACK")
    return left, journal


def put(path: Path, content: bytes, journal: bytes | bytearray) -> None:
    path.write_bytes(content)
    path.with_name("catalog.db-journal").write_bytes(journal)


async def test_a_copy_has_its_sums_and_a_damaged_catalog_is_not_copied(
    catalog: Catalog, path: Path, mine, tmp_path: Path
) -> None:
    backup.back_up(path, tmp_path / "copy.db")
    assert backup.find_file_damage(tmp_path / "copy.db") == []
    assert sums_of(tmp_path / "copy.db") == sums_of(path)
    by_hand(path, "UPDATE organizations SET organization_name = 'Nine'")
    assert backup.find_file_damage(path) == ["the rows of organizations are not what was stored"]
    with pytest.raises(StoreCorrupt, match="organizations"):
        backup.back_up(path, tmp_path / "other.db")
