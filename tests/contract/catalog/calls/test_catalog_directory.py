"""The directory of people: what channels know of them, by organization, channel and address."""

import asyncio

from kit.catalog import Tenant, statements_on
from looply.catalog import Catalog
from looply.catalog.calls.directory import Change

ANN = "ann@example.com"
BOT = "teams/1/2"


def noting(name: str, value: int) -> Change:
    """Returns a change that adds one member to what is known."""
    return lambda known: {**(known or {}), name: value}


async def test_people_are_found_by_id_and_by_each_address(catalog: Catalog, mine: Tenant) -> None:
    org, directory = mine.organization_id, catalog.directory
    assert await directory.find(org, BOT, ANN) is None
    assert await directory.keep(org, BOT, "1", noting("a", 1), (ANN, "", "a" * 321)) == {"a": 1}
    assert await directory.keep(org, BOT, "1", noting("b", 2), ("alias@example.com",)) == {"a": 1, "b": 2}
    known = {"a": 1, "b": 2}
    assert [await directory.find(org, BOT, each) for each in (ANN, "alias@example.com")] == [known, known]
    assert await directory.find_person(org, BOT, "1") == known
    assert await directory.addresses(org, BOT, "1") == ("alias@example.com", ANN)


async def test_people_are_listed_by_id_page_by_page(catalog: Catalog, mine: Tenant, theirs: Tenant) -> None:
    org, directory = mine.organization_id, catalog.directory
    for person in ("c", "a", "b"):
        await directory.keep(org, BOT, person, noting("name", ord(person)), ())
    await directory.keep(org, "teams/1/3", "d", noting("name", 0), ())
    await directory.keep(theirs.organization_id, BOT, "e", noting("name", 0), ())
    first = await directory.list_page(org, BOT, 2)
    assert ([each.person_id for each in first.items], first.has_more) == (["a", "b"], True)
    last = await directory.list_page(org, BOT, 2, after="b")
    assert ([tuple(each) for each in last.items], last.has_more) == ([("c", {"name": ord("c")})], False)
    assert (await directory.list_page(org, BOT, 2, after="c")).items == ()


async def test_an_address_is_that_of_the_person_for_whom_it_was_noted_last(catalog: Catalog, mine: Tenant) -> None:
    org, directory = mine.organization_id, catalog.directory
    await directory.keep(org, BOT, "1", noting("a", 1), (ANN,))
    await directory.keep(org, BOT, "2", noting("a", 2), (ANN,))
    assert await directory.find(org, BOT, ANN) == {"a": 2}
    assert await directory.addresses(org, BOT, "1") == ()


async def test_organizations_and_channels_know_nothing_of_each_other(
    catalog: Catalog, mine: Tenant, theirs: Tenant
) -> None:
    directory = catalog.directory
    await directory.keep(mine.organization_id, BOT, "1", noting("a", 1), (ANN,))
    await directory.keep(theirs.organization_id, BOT, "1", noting("a", 2), (ANN,))
    assert await directory.find(mine.organization_id, BOT, ANN) == {"a": 1}
    assert await directory.find(mine.organization_id, "teams/1/3", ANN) is None
    assert await directory.find_person(theirs.organization_id, BOT, "1") == {"a": 2}


async def test_nothing_is_written_when_nothing_changes(catalog: Catalog, mine: Tenant) -> None:
    org, directory = mine.organization_id, catalog.directory
    await directory.keep(org, BOT, "1", noting("a", 1), (ANN,))
    with statements_on("channel_people") as statements:
        await directory.keep(org, BOT, "1", noting("a", 1), (ANN,))
    assert all(each.lstrip().upper().startswith("SELECT") for each in statements)


async def test_changes_at_the_same_time_are_all_kept(catalog: Catalog, mine: Tenant) -> None:
    org, directory = mine.organization_id, catalog.directory
    await asyncio.gather(*(directory.keep(org, BOT, "1", noting(str(n), n), (f"{n}@example.com",)) for n in range(8)))
    assert await directory.find_person(org, BOT, "1") == {str(n): n for n in range(8)}
    assert len(await directory.addresses(org, BOT, "1")) == 8
