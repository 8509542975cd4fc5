"""Bulks: the stored request and progress of one action on many executions, and the lease of a process on it."""

from datetime import timedelta

import pytest

from kit.catalog import Tenant
from looply.catalog import Catalog
from looply.catalog.authored.bulks import IDS, MAX_REFUSALS, MAX_RUNNING, PEOPLE, Bulk, Progress, Refusal
from looply.errors import Conflict, NotFound
from looply.testing.clock import FakeClock

SPAN = timedelta(seconds=60)
CURSOR = "01900000-0000-7000-8000-0000000000ff"


async def begun(catalog: Catalog, tenant: Tenant) -> Bulk:
    owner = (tenant.organization_id, tenant.workspace_id)
    return await catalog.bulks.start(owner, "redrive", {"status": ["FAILED"]}, {"rate": 10}, actor="operator")


async def test_a_bulk_is_read_as_it_was_begun(catalog: Catalog, mine: Tenant, theirs: Tenant) -> None:
    bulk = await begun(catalog, mine)
    assert await catalog.bulks.get(mine.organization_id, bulk.bulk_id.upper()) == bulk
    assert (bulk.status, bulk.criteria, bulk.options, bulk.cursor) == (
        "RUNNING",
        {"status": ["FAILED"]},
        {"rate": 10},
        "",
    )
    with pytest.raises(NotFound) as caught:
        await catalog.bulks.get(theirs.organization_id, bulk.bulk_id)
    assert caught.value.code == "BULK_NOT_FOUND"


async def test_one_process_at_a_time_works_on_a_bulk(catalog: Catalog, mine: Tenant, clock: FakeClock) -> None:
    bulk = await begun(catalog, mine)
    assert [one.bulk_id for one in await catalog.bulks.take("first", SPAN)] == [bulk.bulk_id]
    assert await catalog.bulks.take("second", SPAN) == ()
    clock.advance(SPAN)
    assert len(await catalog.bulks.take("second", SPAN)) == 1
    assert not await catalog.bulks.begin(bulk.bulk_id, "first", (CURSOR,))
    assert await catalog.bulks.begin(bulk.bulk_id, "second", (CURSOR,))
    assert (await catalog.bulks.get(mine.organization_id, bulk.bulk_id)).begun == (CURSOR,)
    progress = Progress(cursor=CURSOR, done=3, refused=1, is_last=False)
    assert not await catalog.bulks.record(bulk.bulk_id, "first", progress)
    assert await catalog.bulks.record(bulk.bulk_id, "second", progress)
    assert (await catalog.bulks.get(mine.organization_id, bulk.bulk_id)).begun == ()
    assert await catalog.bulks.record(bulk.bulk_id, "second", Progress(cursor=CURSOR, done=1, refused=0, is_last=True))
    ended = await catalog.bulks.get(mine.organization_id, bulk.bulk_id)
    assert (ended.status, ended.done, ended.refused, ended.cursor) == ("DONE", 4, 1, CURSOR)
    assert ended.ended_on is not None
    assert await catalog.bulks.take("second", SPAN) == ()


async def test_many_bulks_of_some_organizations_hold_up_none_of_others(
    catalog: Catalog, mine: Tenant, theirs: Tenant, clock: FakeClock
) -> None:
    late = Tenant(*await catalog.organizations.create("Late"))
    begun_ones = [await begun(catalog, tenant) for tenant in (mine, theirs) for _ in range(MAX_RUNNING)]
    begun_ones.append(await begun(catalog, late))
    worked_on: set[str] = set()
    for _ in range(2):
        clock.advance(timedelta(seconds=1))
        for bulk in await catalog.bulks.take("first", SPAN):
            worked_on.add(bulk.bulk_id)
            assert await catalog.bulks.record(
                bulk.bulk_id, "first", Progress(cursor=CURSOR, done=1, refused=0, is_last=False)
            )
    assert worked_on == {bulk.bulk_id for bulk in begun_ones}


async def test_a_bulk_that_pauses_is_left_out_by_its_holder_and_kept_from_others_until_then(
    catalog: Catalog, mine: Tenant, clock: FakeClock
) -> None:
    paused, other = await begun(catalog, mine), await begun(catalog, mine)
    await catalog.bulks.take("first", SPAN)
    progress = Progress(cursor="", done=0, refused=0, held_until=clock.now() + 3 * SPAN, is_last=False)
    assert await catalog.bulks.record(paused.bulk_id, "first", progress)
    assert [bulk.bulk_id for bulk in await catalog.bulks.take("first", SPAN, {paused.bulk_id})] == [other.bulk_id]
    clock.advance(2 * SPAN)
    assert [bulk.bulk_id for bulk in await catalog.bulks.take("second", SPAN)] == [other.bulk_id]
    clock.advance(SPAN)
    assert paused.bulk_id in [bulk.bulk_id for bulk in await catalog.bulks.take("second", SPAN)]


async def test_a_bulk_by_ids_keeps_them_and_the_refusals_of_all(
    catalog: Catalog, mine: Tenant, clock: FakeClock
) -> None:
    ids = [f"01900000-0000-7000-8000-{number:012x}" for number in range(MAX_REFUSALS, 0, -1)]
    owner = (mine.organization_id, mine.workspace_id)
    bulk = await catalog.bulks.start(owner, "skip", {IDS: ids}, {"rate": 100}, actor="operator")
    refusals = tuple(
        Refusal(execution_id=each, process_id="", code="EXECUTION_NOT_FOUND", message="execution not found")
        for each in ids
    )
    await catalog.bulks.take("first", SPAN)
    for at in (0, 600):
        some = refusals[at : at + 600]
        progress = Progress(cursor=ids[at], done=0, refused=len(some), refusals=some, is_last=at > 0)
        assert await catalog.bulks.record(bulk.bulk_id, "first", progress)
    found = await catalog.bulks.get(mine.organization_id, bulk.bulk_id)
    assert (found.criteria, found.refused, found.refusals) == ({IDS: ids}, MAX_REFUSALS, refusals)
    (listed,) = (await catalog.bulks.list_page(mine.organization_id, 1)).items
    assert (listed.refused, listed.refusals) == (MAX_REFUSALS, ())


async def test_only_a_bulk_with_a_filter_terminates_all_executions_of_a_workflow(
    catalog: Catalog, mine: Tenant
) -> None:
    owner = (mine.organization_id, mine.workspace_id)
    await catalog.bulks.start(owner, "terminate", {IDS: [CURSOR]}, {"rate": 1})
    assert not await catalog.bulks.is_terminating(mine.organization_id, CURSOR)
    await catalog.bulks.start(owner, "terminate", {"workflow_id": CURSOR}, {"rate": 1})
    assert await catalog.bulks.is_terminating(mine.organization_id, CURSOR)


async def test_a_cancelled_bulk_takes_no_progress(catalog: Catalog, mine: Tenant) -> None:
    bulk = await begun(catalog, mine)
    await catalog.bulks.take("first", SPAN)
    cancelled = await catalog.bulks.cancel(mine.organization_id, bulk.bulk_id, actor="operator")
    assert cancelled.status == "CANCELLED"
    progress = Progress(cursor=CURSOR, done=1, refused=0, is_last=False)
    assert not await catalog.bulks.record(bulk.bulk_id, "first", progress)
    assert await catalog.bulks.cancel(mine.organization_id, bulk.bulk_id) == cancelled


async def test_bulks_are_listed_newest_first_and_bounded(catalog: Catalog, mine: Tenant, theirs: Tenant) -> None:
    ids = [(await begun(catalog, mine)).bulk_id for _ in range(MAX_RUNNING)]
    with pytest.raises(Conflict) as caught:
        await begun(catalog, mine)
    assert caught.value.code == "TOO_MANY_BULKS"
    await begun(catalog, theirs)
    page = await catalog.bulks.list_page(mine.organization_id, 3)
    assert ([bulk.bulk_id for bulk in page.items], page.has_more) == (ids[:-4:-1], True)
    rest = await catalog.bulks.list_page(mine.organization_id, 30, page.items[-1].bulk_id)
    assert ([bulk.bulk_id for bulk in rest.items], rest.has_more) == (ids[-4::-1], False)


async def test_bulks_on_executions_and_on_people_do_not_see_each_other(catalog: Catalog, mine: Tenant) -> None:
    org, owner = mine.organization_id, (mine.organization_id, mine.workspace_id)
    bulk = await begun(catalog, mine)
    criteria = {"connection": "TEAMS", PEOPLE: ["buyer@example.com", "other@example.com"]}
    people = await catalog.installations.start(owner, "install", criteria, {"rate": 5}, actor="operator")
    for one, other, code in (
        (catalog.bulks, people, "BULK_NOT_FOUND"),
        (catalog.installations, bulk, "APP_INSTALLATION_NOT_FOUND"),
    ):
        with pytest.raises(NotFound) as missing:
            await one.get(org, other.bulk_id)
        assert missing.value.code == code
        with pytest.raises(NotFound):
            await one.cancel(org, other.bulk_id)
    assert [each.bulk_id for each in (await catalog.bulks.list_page(org, 9)).items] == [bulk.bulk_id]
    assert [each.bulk_id for each in (await catalog.installations.list_page(org, 9)).items] == [people.bulk_id]
    assert [each.bulk_id for each in await catalog.bulks.take("first", SPAN)] == [bulk.bulk_id]
    assert [each.bulk_id for each in await catalog.installations.take("second", SPAN)] == [people.bulk_id]
    refusal = Refusal(person="other@example.com", code="PersonNotFound", message="no such person")
    progress = Progress(cursor="2", done=1, refused=1, refusals=(refusal,), is_last=True)
    assert await catalog.installations.record(people.bulk_id, "second", progress)
    ended = await catalog.installations.get(org, people.bulk_id)
    assert (ended.status, ended.done, ended.refusals) == ("DONE", 1, (refusal,))
    (record, *_) = (await catalog.audit.list_page(org, 1)).items
    assert (record.action, record.details) == ("bulk.install", {"wanted": {"connection": "TEAMS", PEOPLE: 2}})


async def test_as_many_installations_run_as_bulks_and_neither_holds_the_other_up(
    catalog: Catalog, mine: Tenant
) -> None:
    owner = (mine.organization_id, mine.workspace_id)
    for _ in range(MAX_RUNNING):
        await begun(catalog, mine)
    for _ in range(MAX_RUNNING):
        await catalog.installations.start(owner, "install", {"connection": "T", PEOPLE: ["a"]}, {"rate": 5})
    with pytest.raises(Conflict) as caught:
        await catalog.installations.start(owner, "install", {"connection": "T", PEOPLE: ["a"]}, {"rate": 5})
    assert caught.value.code == "TOO_MANY_APP_INSTALLATIONS"
