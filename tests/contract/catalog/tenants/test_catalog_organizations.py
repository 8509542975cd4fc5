from datetime import timedelta
from uuid import UUID

import pytest

from looply.catalog import Catalog
from looply.errors import BadRequest, NotFound, Refused


async def test_an_empty_catalog_has_no_first_organization(catalog: Catalog) -> None:
    assert await catalog.organizations.find_first() is None


async def test_a_new_organization_has_a_workspace_and_both_have_uuids(catalog: Catalog, clock) -> None:
    organization_id, workspace_id = await catalog.organizations.create("Acme")

    assert UUID(organization_id) != UUID(workspace_id)
    found = await catalog.organizations.get(organization_id)
    assert (found.organization_name, found.workspace_id, found.created_on) == ("Acme", workspace_id, clock.now())


async def test_the_first_organization_stays_the_first(catalog: Catalog, clock) -> None:
    first, _ = await catalog.organizations.create("First")
    clock.advance(timedelta(days=1))
    await catalog.organizations.create("Second")

    found = await catalog.organizations.find_first()
    assert found is not None
    assert found.organization_id == first


async def test_all_organizations_are_listed_in_the_order_of_their_making(catalog: Catalog, clock) -> None:
    first, _ = await catalog.organizations.create("First")
    clock.advance(timedelta(days=1))
    second, _ = await catalog.organizations.create("Second")

    assert list(await catalog.organizations.list_ids()) == [first, second]
    listed = await catalog.organizations.list_all()
    assert listed == [await catalog.organizations.get(first), await catalog.organizations.get(second)]


async def test_an_unknown_organization_is_not_found(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match=r"organization '.*' not found; list the organizations for their ids") as caught:
        await catalog.organizations.get("nothing")

    assert caught.value.code == "ORGANIZATION_NOT_FOUND"


@pytest.mark.parametrize(
    "name", ["", " a", "a ", "a" * 201, "a\nb", "a\x00", "\x7f", "\u2028x\u2028y", "a\ud800b", "\x85a\x85b"]
)
async def test_a_name_that_cannot_be_one_is_refused_and_the_field_named(catalog: Catalog, name: str) -> None:
    with pytest.raises(Refused) as caught:
        await catalog.organizations.create(name)

    assert caught.value.code == "INVALID_NAME"
    assert [problem.path for problem in caught.value.problems] == ["/name"]


async def test_a_name_that_is_no_string_is_a_bad_request(catalog: Catalog) -> None:
    with pytest.raises(BadRequest, match="must be a string"):
        await catalog.organizations.create(7)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a" * 200, "Ünïcode 漢字 👩‍💻", "Cafe\u0301"])
async def test_ordinary_names_are_kept_in_nfc(catalog: Catalog, name: str) -> None:
    organization_id, _ = await catalog.organizations.create(name)

    assert (await catalog.organizations.get(organization_id)).organization_name == name.replace("e\u0301", "é")
