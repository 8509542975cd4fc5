import asyncio
from datetime import timedelta

import pytest

from looply.catalog import Catalog
from looply.catalog import recent as recent_module
from looply.catalog.database import CatalogDatabase
from looply.catalog.recent import RecentReads, SharedCalls
from looply.catalog.workflows import WorkflowDraft
from looply.errors import Conflict, NotFound, Refused


class Counter:
    """A read that says how often it was done."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, connection: object) -> int:
        self.count += 1
        return self.count


@pytest.fixture
def reads(database: CatalogDatabase, clock) -> RecentReads[int]:
    return RecentReads(database, clock, lambda value: True)


async def test_a_second_read_is_answered_from_memory(reads: RecentReads[int]) -> None:
    counter = Counter()

    assert [await reads.get("a", counter), await reads.get("a", counter), await reads.get("b", counter)] == [1, 1, 2]


async def test_reads_that_come_together_are_one(reads: RecentReads[int]) -> None:
    counter = Counter()

    assert await asyncio.gather(*(reads.get("a", counter) for _ in range(5000))) == [1] * 5000


async def test_any_change_of_this_process_ends_what_is_kept(reads: RecentReads[int], database: CatalogDatabase) -> None:
    counter = Counter()
    await reads.get("a", counter)
    await database.write(lambda connection: None)
    assert await reads.get("a", counter) == 2

    def fail(connection):
        raise Refused("no")

    with pytest.raises(Refused):
        await database.write(fail)
    assert await reads.get("a", counter) == 3


async def test_a_read_before_a_change_is_not_kept_past_it(reads: RecentReads[int], database: CatalogDatabase) -> None:
    counter = Counter()
    before = asyncio.ensure_future(reads.get("a", counter))
    await asyncio.sleep(0)
    await database.write(lambda connection: None)

    assert await reads.get("a", counter) == 2
    assert await before == 1


async def test_a_change_whose_caller_was_cancelled_counts_too(
    reads: RecentReads[int], database: CatalogDatabase
) -> None:
    counter = Counter()
    await reads.get("a", counter)
    change = asyncio.ensure_future(database.write(lambda connection: None))
    await asyncio.sleep(0)
    change.cancel()
    await database.read(lambda connection: None)

    # A call that the thread had not begun is dropped, one that it had begun is counted.
    assert await reads.get("a", counter) == 1 + database.changes


async def test_what_is_kept_ends_by_itself(reads: RecentReads[int], clock) -> None:
    counter = Counter()
    await reads.get("a", counter)
    clock.advance(timedelta(milliseconds=999))
    assert await reads.get("a", counter) == 1
    clock.advance(timedelta(milliseconds=1))
    assert await reads.get("a", counter) == 2


async def test_what_is_too_large_is_not_kept(database: CatalogDatabase, clock) -> None:
    reads = RecentReads[int](database, clock, lambda value: value > 1)
    counter = Counter()

    assert [await reads.get("a", counter) for _ in range(3)] == [1, 2, 2]


async def test_the_number_of_entries_is_bounded(reads: RecentReads[int]) -> None:
    counter = Counter()
    for number in range(recent_module.RECENT_ENTRIES + 1):
        await reads.get(number, counter)

    assert await reads.get(recent_module.RECENT_ENTRIES, counter) == recent_module.RECENT_ENTRIES + 1
    assert await reads.get(0, counter) == recent_module.RECENT_ENTRIES + 2


async def test_errors_are_not_kept(reads: RecentReads[int]) -> None:
    def fail(connection):
        raise NotFound("nothing")

    with pytest.raises(NotFound):
        await reads.get("a", fail)
    assert await reads.get("a", Counter()) == 1


async def test_a_shared_call_outlives_callers_that_are_cancelled() -> None:
    calls, gate = SharedCalls[str](), asyncio.Event()

    async def call() -> str:
        await gate.wait()
        return "done"

    first, second = asyncio.ensure_future(calls.get("a", call)), asyncio.ensure_future(calls.get("a", call))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second == "done"


async def test_an_error_that_nobody_awaits_any_more_is_silent() -> None:
    calls, gate, complaints = SharedCalls[str](), asyncio.Event(), []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))

    async def call() -> str:
        await gate.wait()
        raise Refused("no")

    only = asyncio.ensure_future(calls.get("a", call))
    await asyncio.sleep(0)
    only.cancel()
    gate.set()
    for _ in range(3):
        await asyncio.sleep(0)

    assert complaints == []


async def test_an_activation_is_seen_at_once_here_and_within_a_second_elsewhere(
    open_catalog, catalog: Catalog, path, mine, clock
) -> None:
    other = await open_catalog(path)
    org, draft = mine.organization_id, WorkflowDraft(name="w", definition={})
    workflow_id = (await catalog.workflows.create(org, mine.workspace_id, draft)).workflow_id
    await catalog.workflows.activate(org, (workflow_id, 1))
    await catalog.workflows.save_draft(org, (workflow_id, 1), draft, modified_on=None)
    for process in (catalog, other):
        assert (await process.workflows.newest_active(org, workflow_id)).workflow_version == 1
        assert (await process.workflows.get(org, (workflow_id, 2))).status == "DRAFT"

    await catalog.workflows.activate(org, (workflow_id, 2))
    assert (await catalog.workflows.newest_active(org, workflow_id)).workflow_version == 2
    clock.advance(timedelta(seconds=1))
    assert (await other.workflows.newest_active(org, workflow_id)).workflow_version == 2
    assert (await other.workflows.get(org, (workflow_id, 2))).status == "ACTIVE"


async def test_profiles_are_seen_as_they_are_after_every_change(catalog: Catalog, mine) -> None:
    org = mine.organization_id
    version = await catalog.workflows.create(org, mine.workspace_id, WorkflowDraft(name="w", definition={}))
    assert await catalog.profiles.find_default(org, version.workflow_id) is None
    await catalog.profiles.create(org, version.workflow_id, "prod", {"a": 1})
    assert (await catalog.profiles.get(org, version.workflow_id, "prod")).values == {"a": 1}
    await catalog.profiles.update(org, version.workflow_id, "prod", {"a": 2})

    found = await catalog.profiles.find_default(org, version.workflow_id)
    assert found is not None
    assert found.values == {"a": 2}
    with pytest.raises(Conflict):
        await catalog.profiles.create(org, version.workflow_id, "prod", {})
