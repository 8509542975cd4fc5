"""Views of pages: whose they are, who sees them, and what two people at once do."""

from datetime import timedelta

import msgspec
import pytest

from kit.catalog import Tenant
from looply.catalog import Catalog
from looply.catalog.authored import views
from looply.catalog.authored.views import View, ViewChanged, ViewDraft
from looply.catalog.people.invitations import InvitationDraft, NewAccount
from looply.errors import Conflict, Forbidden, LooplyError, NotFound, Refused
from looply.testing.clock import FakeClock

DRAFT = ViewDraft(page="executions", name="Stopped", query="has=incident")
SHARED = msgspec.structs.replace(DRAFT, is_shared=True)


@pytest.fixture
def org(mine: Tenant) -> str:
    return mine.organization_id


async def join(catalog: Catalog, org: str, email: str) -> str:
    """Returns the id of a new member."""
    (made,) = await catalog.people.invitations.create(
        org, [InvitationDraft(email, "viewer")], actor=None, may_make_owners=True
    )
    account = NewAccount(name="The person", email=email, password_hash="x")
    return (await catalog.people.invitations.accept(made.token, account)).user_id


@pytest.fixture
async def buyer(catalog: Catalog, org: str) -> str:
    return await join(catalog, org, "buyer@example.com")


@pytest.fixture
async def boss(catalog: Catalog, org: str) -> str:
    return await join(catalog, org, "boss@example.com")


async def names(catalog: Catalog, org: str, user_id: str) -> list[str]:
    return [view.name for view in await catalog.views.list_all(org, user_id, "executions")]


async def actions(catalog: Catalog, org: str) -> list[tuple[str, object]]:
    page = await catalog.audit.list_page(org, 10)
    return [(each.action, each.details["name"]) for each in page.items if each.action.startswith("view.")]


def changed(view: View, **fields: object) -> ViewDraft:
    values = {name: getattr(view, name) for name in ViewDraft.__struct_fields__} | fields
    return msgspec.convert(values, ViewDraft)


async def test_a_view_is_seen_by_its_person_and_a_shared_one_by_all(
    catalog: Catalog, org: str, theirs: Tenant, buyer: str, boss: str, clock: FakeClock
) -> None:
    own = await catalog.views.create(org, buyer, DRAFT)
    assert (own.name, own.query, own.is_shared, own.user_id) == ("Stopped", "has=incident", False, buyer)
    assert (own.created_on, own.modified_on) == (clock.now(), clock.now())
    await catalog.views.create(org, boss, msgspec.structs.replace(SHARED, name="All that stopped"))
    assert await names(catalog, org, buyer) == ["All that stopped", "Stopped"]
    assert await names(catalog, org, boss) == ["All that stopped"]
    assert await names(catalog, theirs.organization_id, boss) == []


async def test_only_what_is_shared_is_audited(catalog: Catalog, org: str, buyer: str) -> None:
    view = await catalog.views.create(org, buyer, DRAFT)
    assert await actions(catalog, org) == []
    view = await catalog.views.update(
        org, buyer, view.view_id, changed(view, is_shared=True), modified_on=view.modified_on
    )
    view = await catalog.views.update(
        org, buyer, view.view_id, changed(view, is_shared=False, name="Mine"), modified_on=view.modified_on
    )
    assert await actions(catalog, org) == [("view.put", "Mine"), ("view.put", "Stopped")]
    await catalog.views.delete(org, buyer, view.view_id, modified_on=view.modified_on)
    assert len(await actions(catalog, org)) == 2


async def test_of_two_changes_of_what_was_read_once_the_second_is_refused(
    catalog: Catalog, org: str, buyer: str
) -> None:
    read = await catalog.views.create(org, buyer, DRAFT)
    first = await catalog.views.update(
        org, buyer, read.view_id, changed(read, query="status=FAILED"), modified_on=read.modified_on
    )
    # The clock has not moved, and yet the two versions differ.
    assert first.modified_on == read.modified_on + timedelta(milliseconds=1)
    with pytest.raises(ViewChanged) as refused:
        await catalog.views.update(
            org, buyer, read.view_id, changed(read, query="status=WAITING"), modified_on=read.modified_on
        )
    assert refused.value.code == "STALE"
    with pytest.raises(ViewChanged):
        await catalog.views.delete(org, buyer, read.view_id, modified_on=read.modified_on)
    (stored,) = await catalog.views.list_all(org, buyer, "executions")
    assert stored == first


async def test_a_shared_view_of_another_is_changed_by_who_manages_only(
    catalog: Catalog, org: str, buyer: str, boss: str
) -> None:
    view = await catalog.views.create(org, buyer, SHARED)
    draft = changed(view, query="status=FAILED")
    with pytest.raises(Forbidden) as refused:
        await catalog.views.update(org, boss, view.view_id, draft, modified_on=view.modified_on)
    assert refused.value.code == "SCOPE"
    with pytest.raises(Forbidden):
        await catalog.views.delete(org, boss, view.view_id, modified_on=view.modified_on)
    view = await catalog.views.update(org, boss, view.view_id, draft, modified_on=view.modified_on, may_manage=True)
    assert (view.user_id, view.modified_by) == (buyer, boss)
    # Unshared by another, it is its person's alone again.
    view = await catalog.views.update(
        org, boss, view.view_id, changed(view, is_shared=False), modified_on=view.modified_on, may_manage=True
    )
    with pytest.raises(NotFound):
        await catalog.views.delete(org, boss, view.view_id, modified_on=view.modified_on, may_manage=True)
    await catalog.views.delete(org, buyer, view.view_id, modified_on=view.modified_on)
    assert await names(catalog, org, buyer) == []


async def test_a_name_is_taken_once_by_a_person_and_may_be_another_persons_too(
    catalog: Catalog, org: str, buyer: str, boss: str
) -> None:
    await catalog.views.create(org, buyer, SHARED)
    with pytest.raises(Conflict) as refused:
        await catalog.views.create(org, buyer, DRAFT)
    assert refused.value.code == "VIEW_EXISTS"
    await catalog.views.create(org, boss, SHARED)
    other = await catalog.views.create(org, boss, msgspec.structs.replace(DRAFT, name="Other"))
    with pytest.raises(Conflict):
        await catalog.views.update(
            org, boss, other.view_id, changed(other, name="Stopped"), modified_on=other.modified_on
        )
    assert await names(catalog, org, boss) == ["Other", "Stopped", "Stopped"]


async def test_there_are_not_more_than_a_page_can_offer(catalog: Catalog, org: str, buyer: str, boss: str) -> None:
    for count in range(views.MAX_OWN):
        await catalog.views.create(org, buyer, msgspec.structs.replace(DRAFT, name=f"{count}", is_shared=count < 2))
    with pytest.raises(Conflict) as refused:
        await catalog.views.create(org, buyer, DRAFT)
    assert refused.value.code == "TOO_MANY_VIEWS"
    await catalog.views.create(org, boss, DRAFT)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "INVALID_NAME"),
        ({"name": "a" * 201}, "INVALID_NAME"),
        ({"query": "a" * 4001}, "BAD_VIEW"),
        ({"query": "a\nb"}, "BAD_VIEW"),
        ({"query": "\ud800"}, "BAD_VIEW"),
    ],
)
async def test_what_no_address_can_have_is_refused(
    catalog: Catalog, org: str, buyer: str, fields: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await catalog.views.create(org, buyer, msgspec.structs.replace(DRAFT, **fields))
    assert refused.value.code == code
    assert await names(catalog, org, buyer) == []


async def test_an_id_that_is_none_is_refused(catalog: Catalog, org: str, buyer: str) -> None:
    view = await catalog.views.create(org, buyer, DRAFT)
    with pytest.raises(LooplyError) as refused:
        await catalog.views.delete(org, buyer, "x", modified_on=view.modified_on)
    assert refused.value.code == "INCORRECT_VIEW_ID"
