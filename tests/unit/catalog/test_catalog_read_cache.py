import asyncio
from datetime import timedelta

import pytest

from looply.catalog.storage import read_cache
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.read_cache import ReadCache
from looply.errors import NotFound, Refused


class Counter:
    """A read of a database that counts its calls."""

    def __init__(self, database: CatalogDatabase) -> None:
        self.database = database
        self.count = 0

    async def __call__(self) -> int:
        return await self.database.read(self._count)

    def _count(self, connection: object) -> int:
        self.count += 1
        return self.count


@pytest.fixture
def reads(database: CatalogDatabase, clock) -> ReadCache[int]:
    return ReadCache(database, clock, lambda value: True)


@pytest.fixture
def counter(database: CatalogDatabase) -> Counter:
    return Counter(database)


async def test_a_second_read_is_answered_from_memory(reads: ReadCache[int], counter: Counter) -> None:
    assert [await reads.get("a", counter), await reads.get("a", counter), await reads.get("b", counter)] == [1, 1, 2]


async def test_reads_that_come_together_are_one(reads: ReadCache[int], counter: Counter) -> None:
    assert await asyncio.gather(*(reads.get("a", counter) for _ in range(5000))) == [1] * 5000


async def test_any_change_of_this_process_ends_what_is_kept(
    reads: ReadCache[int], counter: Counter, database: CatalogDatabase
) -> None:
    await reads.get("a", counter)
    await database.write(lambda connection: None)
    assert await reads.get("a", counter) == 2

    def fail(connection):
        raise Refused("no")

    with pytest.raises(Refused):
        await database.write(fail)
    assert await reads.get("a", counter) == 3


async def test_a_read_before_a_change_is_not_kept_past_it(
    reads: ReadCache[int], counter: Counter, database: CatalogDatabase
) -> None:
    before = asyncio.ensure_future(reads.get("a", counter))
    await asyncio.sleep(0)
    await database.write(lambda connection: None)

    assert await reads.get("a", counter) == 2
    assert await before == 1


async def test_a_change_whose_caller_was_cancelled_counts_too(
    reads: ReadCache[int], counter: Counter, database: CatalogDatabase
) -> None:
    await reads.get("a", counter)
    change = asyncio.ensure_future(database.write(lambda connection: None))
    await asyncio.sleep(0)
    change.cancel()
    await database.read(lambda connection: None)

    # A call that the thread has not begun is dropped; one that it has begun is counted.
    assert await reads.get("a", counter) == 1 + await database.changes()


async def test_what_is_kept_ends_by_itself(reads: ReadCache[int], counter: Counter, clock) -> None:
    await reads.get("a", counter)
    clock.advance(timedelta(milliseconds=999))
    assert await reads.get("a", counter) == 1
    clock.advance(timedelta(milliseconds=1))
    assert await reads.get("a", counter) == 2


async def test_what_is_too_large_is_not_kept(database: CatalogDatabase, counter: Counter, clock) -> None:
    reads = ReadCache[int](database, clock, lambda value: value > 1)

    assert [await reads.get("a", counter) for _ in range(3)] == [1, 2, 2]


async def test_the_number_of_entries_is_bounded(reads: ReadCache[int], counter: Counter) -> None:
    for number in range(read_cache.MAX_ENTRIES + 1):
        await reads.get(number, counter)

    assert await reads.get(read_cache.MAX_ENTRIES, counter) == read_cache.MAX_ENTRIES + 1
    assert await reads.get(0, counter) == read_cache.MAX_ENTRIES + 2


async def test_the_oldest_entry_is_evicted(database: CatalogDatabase, counter: Counter, clock) -> None:
    reads = ReadCache[int](database, clock, lambda value: True, seconds=5, entries=2)
    for key in ("a", "b"):
        await reads.get(key, counter)
    clock.advance(timedelta(seconds=5))
    assert [await reads.get(key, counter) for key in ("a", "c", "a", "b")] == [3, 4, 3, 5]


async def test_errors_are_not_kept(reads: ReadCache[int], counter: Counter) -> None:
    async def fail() -> int:
        raise NotFound("nothing")

    with pytest.raises(NotFound):
        await reads.get("a", fail)
    assert await reads.get("a", counter) == 1
