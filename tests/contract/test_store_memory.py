"""The accidents of the memory store do what they say. The contract itself is in `test_store.py`."""

import asyncio

import pytest

from contract.store.samples import Samples
from kit.memory import MemoryStore
from looply.errors import StoreFull, StoreLost
from looply.testing.clock import FakeClock


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore(FakeClock())
    await store.open()
    return store


@pytest.fixture
def samples() -> Samples:
    return Samples()


async def test_what_is_committed_in_one_turn_is_one_group(store: MemoryStore, samples: Samples) -> None:
    await asyncio.gather(*(store.journal.commit(samples.first()) for _ in range(5)))
    await store.journal.commit(samples.first())
    assert (store.commits.groups, store.commits.units) == (2, 6)


async def test_held_commits_wait_for_their_release(store: MemoryStore, samples: Samples) -> None:
    store.commits.hold()
    commits = [asyncio.ensure_future(store.journal.commit(samples.first())) for _ in range(3)]
    await asyncio.sleep(0)
    assert (store.commits.waiting, len(store.data.heads)) == (3, 0)
    store.commits.release()
    await asyncio.gather(*commits)
    assert (store.commits.groups, len(store.data.heads)) == (1, 3)


async def test_a_full_disk_stores_nothing_of_the_group_and_work_continues(store: MemoryStore, samples: Samples) -> None:
    store.commits.fail_next("FULL")
    found = await asyncio.gather(*(store.journal.commit(samples.first()) for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in found] == [StoreFull] * 3
    assert (len(store.data.heads), store.failure()) == (0, None)
    await store.journal.commit(samples.first())


@pytest.mark.parametrize(("fault", "kept"), [("LOST_BEFORE", 0), ("LOST_AFTER", 1)])
async def test_a_lost_group_may_be_stored_and_nothing_is_taken_after_it(
    store: MemoryStore, samples: Samples, fault: str, kept: int
) -> None:
    store.commits.fail_next(fault)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(StoreLost):
            await store.journal.commit(samples.first())
    assert isinstance(store.failure(), StoreLost)
    again = store.reopened()
    await again.open()
    assert len(await again.reads.scan("", 10)) == kept


async def test_a_process_that_was_overtaken_stores_nothing(store: MemoryStore, samples: Samples) -> None:
    unit = samples.first()
    again = store.reopened()
    await again.open()
    with pytest.raises(StoreLost):
        await store.journal.commit(unit)
    await again.journal.commit(unit)
