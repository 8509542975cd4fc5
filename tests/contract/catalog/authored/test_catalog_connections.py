import pytest
from sqlalchemy import text

from looply.catalog import Catalog
from looply.catalog.authored.connections import Connection, ConnectionDraft
from looply.errors import BadRequest, Conflict, NotFound, Refused
from looply.sealing import SealBroken

SECRETS = {"password": "canary-password", "token": "canary-token"}


@pytest.fixture
def org(mine) -> str:
    return mine.organization_id


def draft(name: str = "S4", **options) -> ConnectionDraft:
    return ConnectionDraft(
        name=name,
        kind=options.get("kind", "sap"),
        settings=options.get("settings", {"url": "https://s4", "client": "100"}),
        secrets=options.get("secrets", SECRETS),
    )


@pytest.fixture
def create(catalog: Catalog, mine):
    async def act(content: ConnectionDraft | None = None, owner=mine) -> Connection:
        return await catalog.connections.create(
            owner.organization_id, owner.workspace_id, content or draft(), actor="k1"
        )

    return act


async def test_a_read_shows_settings_and_the_names_of_secrets_only(catalog: Catalog, create, org: str, clock) -> None:
    made = await create()

    assert (made.name, made.kind, made.settings) == ("S4", "sap", {"url": "https://s4", "client": "100"})
    assert made.secret_names == ("password", "token")
    assert (made.created_by, made.modified_by, made.created_on) == ("k1", None, clock.now())
    assert await catalog.connections.get(org, "S4") == made
    assert "canary" not in repr(made)


async def test_a_connector_gets_the_secrets(catalog: Catalog, create, org: str) -> None:
    await create()
    resolved = await catalog.connections.resolve(org, "S4")

    assert (resolved.kind, resolved.settings, resolved.secrets) == (
        "sap",
        {"url": "https://s4", "client": "100"},
        SECRETS,
    )
    assert "canary" not in repr(resolved)
    assert "canary" not in repr(draft())


async def test_a_connection_may_have_no_secrets(catalog: Catalog, create, org: str) -> None:
    await create(draft(secrets={"gone": None}))

    assert (await catalog.connections.resolve(org, "S4")).secrets == {}


async def test_a_connector_that_resolves_again_gets_what_was_saved_last(catalog: Catalog, create, org: str) -> None:
    await create()
    first = await catalog.connections.resolve(org, "S4")
    first.settings["url"] = "https://elsewhere"
    again = await catalog.connections.resolve(org, "S4")
    assert (again.settings, again.secrets) == ({"url": "https://s4", "client": "100"}, SECRETS)

    await catalog.connections.update(org, "S4", draft(secrets={"password": "new"}))
    changed = await catalog.connections.resolve(org, "S4")
    assert (changed.secrets["password"], changed.revision) == ("new", again.revision + 1)

    await catalog.connections.delete(org, "S4")
    with pytest.raises(NotFound):
        await catalog.connections.resolve(org, "S4")


async def test_secrets_left_out_are_kept_given_ones_replaced_and_null_ones_removed(
    catalog: Catalog, create, org: str
) -> None:
    made = await create()
    updated = await catalog.connections.update(org, "S4", draft("S5", secrets={"token": "new"}), actor="k2")
    assert (updated.connection_id, updated.name, updated.modified_by) == (made.connection_id, "S5", "k2")
    assert updated.modified_on > made.modified_on
    assert (await catalog.connections.resolve(org, "S5")).secrets == {"password": "canary-password", "token": "new"}

    await catalog.connections.update(org, "S5", draft("S5", secrets={"password": None, "user": "u"}))
    assert (await catalog.connections.resolve(org, "S5")).secrets == {"token": "new", "user": "u"}
    with pytest.raises(NotFound):
        await catalog.connections.get(org, "S4")


async def test_the_kind_changes_only_with_all_secrets_entered_again(catalog: Catalog, create, org: str) -> None:
    await create()
    with pytest.raises(Refused) as caught:
        await catalog.connections.update(org, "S4", draft(kind="http", secrets={"token": "new"}))
    assert caught.value.code == "SECRETS_NEEDED"
    assert [problem.path for problem in caught.value.problems] == ["/secrets/password"]

    await catalog.connections.update(org, "S4", draft(kind="http", secrets={"token": "new", "password": None}))
    assert (await catalog.connections.resolve(org, "S4")).secrets == {"token": "new"}


async def test_a_name_is_taken_once_in_an_organization(catalog: Catalog, create, org: str, theirs) -> None:
    await create()
    await create(draft("S5"))
    with pytest.raises(Conflict) as caught:
        await create()
    assert caught.value.code == "CONNECTION_EXISTS"
    with pytest.raises(Conflict):
        await catalog.connections.update(org, "S5", draft("S4"))

    await create(draft(secrets={"password": "of another organization"}), theirs)
    assert (await catalog.connections.resolve(org, "S4")).secrets == SECRETS


async def test_the_stored_form_has_no_secret(catalog: Catalog, create, org: str, stored_bytes) -> None:
    await create()
    await catalog.connections.update(org, "S4", draft(secrets={"token": "canary-new"}))
    await catalog.close()

    assert b"canary" not in stored_bytes()


_SWAP = "UPDATE connections SET sealed_secrets = (SELECT sealed_secrets FROM connections WHERE {}) WHERE {}"


async def test_a_sealed_value_of_another_organization_does_not_open(
    open_catalog, catalog: Catalog, create, mine, theirs, location
) -> None:
    await create()
    await create(draft(secrets={"password": "theirs"}), theirs)
    swap = _SWAP.format("organization_id = :theirs", "organization_id = :mine")
    await catalog.database.write(
        lambda connection: connection.execute(
            text(swap), {"theirs": theirs.organization_id, "mine": mine.organization_id}
        )
    )

    restarted = await open_catalog(location)
    with pytest.raises(SealBroken):
        await restarted.connections.resolve(mine.organization_id, "S4")
    assert (await restarted.connections.resolve(theirs.organization_id, "S4")).secrets == {"password": "theirs"}


async def test_a_sealed_value_of_another_connection_does_not_open(catalog: Catalog, create, org: str) -> None:
    await create()
    await create(draft("S5"))
    swap = _SWAP.format("connection_name = 'S5'", "connection_name = 'S4'")
    await catalog.database.write(lambda connection: connection.execute(text(swap)))

    with pytest.raises(SealBroken):
        await catalog.connections.resolve(org, "S4")


async def test_an_older_sealed_value_of_the_same_connection_does_not_open(catalog: Catalog, create, org: str) -> None:
    await create()
    old = await catalog.database.read(
        lambda connection: connection.execute(text("SELECT sealed_secrets FROM connections")).scalar()
    )
    await catalog.connections.update(org, "S4", draft(secrets={"password": "new"}))
    await catalog.database.write(
        lambda connection: connection.execute(text("UPDATE connections SET sealed_secrets = :old"), {"old": old})
    )

    with pytest.raises(SealBroken):
        await catalog.connections.resolve(org, "S4")


async def test_after_the_key_is_lost_new_secrets_repair_a_connection(
    create, catalog: Catalog, open_catalog, org: str, location
) -> None:
    await create()
    other = await open_catalog(location, key=bytes([1]) * 32)
    assert (await other.connections.get(org, "S4")).secret_names == ("password", "token")
    with pytest.raises(SealBroken):
        await other.connections.resolve(org, "S4")
    with pytest.raises(SealBroken):
        await other.connections.update(org, "S4", draft(secrets={"token": "new"}))

    await other.connections.update(org, "S4", draft(secrets={"token": "new", "password": "new"}))
    assert (await other.connections.resolve(org, "S4")).secrets == {"token": "new", "password": "new"}
    await other.close()


async def test_a_deleted_connection_is_gone_and_its_name_free(catalog: Catalog, create, org: str) -> None:
    await create()
    await catalog.connections.delete(org, "S4")

    with pytest.raises(NotFound, match=r"connection '.*' not found; list the connections for their names") as caught:
        await catalog.connections.resolve(org, "S4")
    assert caught.value.code == "CONNECTION_NOT_FOUND"
    with pytest.raises(NotFound):
        await catalog.connections.delete(org, "S4")
    await create()


async def test_the_list_pages_newest_first(catalog: Catalog, create, org: str) -> None:
    made = [await create(draft(f"S{number}")) for number in range(5)]
    page = await catalog.connections.list_page(org, 2)
    rest = await catalog.connections.list_page(org, 9, page.items[-1].connection_id)

    assert [item.name for item in (*page.items, *rest.items)] == ["S4", "S3", "S2", "S1", "S0"]
    assert (page.has_more, rest.has_more) == (True, False)
    assert page.items[0] == made[4]


@pytest.mark.parametrize(
    ("content", "error", "pointer"),
    [
        (draft(""), Refused, "/name"),
        (draft(kind="SAP OData"), Refused, "/kind"),
        (draft(kind=""), Refused, "/kind"),
        (draft(settings="x"), BadRequest, "/settings"),
        (draft(secrets={"a\n": "x"}), Refused, "/secrets"),
        (draft(secrets={"a": 1}), BadRequest, "/secrets/a"),
        (draft(secrets={"a/b~": "\ud800"}), BadRequest, "/secrets/a~1b~0"),
    ],
)
async def test_an_error_names_its_field(create, content, error, pointer: str) -> None:
    with pytest.raises(error) as caught:
        await create(content)

    assert caught.value.problems[0].path == pointer
