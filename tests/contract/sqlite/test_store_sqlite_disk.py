"""What the SQLite store does when the disk is full, fails, or is held by others."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from contract.store.samples import Samples
from looply.clock import SystemClock
from looply.engine.records.pruning import RetentionFilter
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.reserve import RESERVE_BYTES, Reserve
from looply.engine.upkeep.pruner import prune_now
from looply.errors import EngineError, Stale, StoreFull, StoreLost, StoreUnreachable
from looply.testing.clock import FakeClock
from suite.small_disk import small_disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def samples() -> Samples:
    return Samples()


async def limit_pages(store: SqliteStore, extra: int) -> None:
    """Bounds the file at a few pages more than it has, as a full disk would."""

    def write(connection: apsw.Connection) -> None:
        connection.pragma("max_page_count", connection.pragma("page_count") + extra)

    await store._threads.write(write)


async def free_pages(store: SqliteStore) -> None:
    """Takes the bound away. The writer must be reachable for it: it is, since a full disk is no end."""
    await store._threads.write(lambda connection: connection.pragma("max_page_count", 1_000_000))


async def test_a_full_disk_fails_the_whole_group_and_work_continues_when_space_returns(
    store: SqliteStore, folder: Path, samples: Samples
) -> None:
    await store.journal.commit(samples.first())
    await limit_pages(store, 4)
    units = [samples.first(current_state="x" * 3000) for _ in range(20)]
    found = await asyncio.gather(*(store.journal.commit(unit) for unit in units), return_exceptions=True)
    assert [type(outcome) for outcome in found] == [StoreFull] * 20
    assert len(await store.reads.scan("", 100)) == 1
    assert store.failure() is None
    assert not (folder / "reserve").exists()
    await free_pages(store)
    await asyncio.gather(*(store.journal.commit(unit) for unit in units))
    assert len(await store.reads.scan("", 100)) == 21


async def test_on_a_full_disk_pruning_makes_space_and_work_continues(store: SqliteStore, samples: Samples) -> None:
    old = [samples.first(status="COMPLETED", current_state="x" * 3000) for _ in range(300)]
    await asyncio.gather(*(store.journal.commit(unit) for unit in old))
    await limit_pages(store, 4)
    units = [samples.first(current_state="x" * 3000) for _ in range(100)]
    found = await asyncio.gather(*(store.journal.commit(unit) for unit in units), return_exceptions=True)
    # A first group of one unit has still had its place.
    refused = [unit for unit, outcome in zip(units, found, strict=True) if outcome is not None]
    assert {type(outcome) for outcome in found if outcome is not None} == {StoreFull}
    assert len(refused) >= 98
    later = samples.now + timedelta(days=1)
    report = await prune_now(store.pruning, [RetentionFilter(now=later, ended_before=later, overrides=True)])
    assert report.executions == 299
    await asyncio.gather(*(store.journal.commit(unit) for unit in refused))
    assert len(await store.reads.scan("", 200)) == 101


async def test_names_of_a_group_that_failed_are_not_remembered(store: SqliteStore, samples: Samples) -> None:
    await store.journal.commit(samples.first())
    await limit_pages(store, 2)
    strangers = [samples.first(workflow_id=f"workflow-{n}", current_state="x" * 3000) for n in (1, 1, 1, 2, 2, 2)]
    found = await asyncio.gather(*(store.journal.commit(unit) for unit in strangers), return_exceptions=True)
    assert {type(outcome) for outcome in found} == {StoreFull}
    await free_pages(store)
    await store.journal.commit(samples.first(workflow_id="workflow-3"))
    await asyncio.gather(*(store.journal.commit(unit) for unit in strangers))
    heads = await store.reads.scan("", 100)
    assert [head.workflow_id for head in heads[1:]] == [f"workflow-{n}" for n in (1, 1, 1, 2, 2, 2, 3)]


def test_a_reserve_that_was_given_up_means_short_of_space_until_more_than_it_is_free(folder: Path) -> None:
    free = {"bytes": 10 * RESERVE_BYTES}
    clock = FakeClock()
    folder.mkdir(exist_ok=True)
    reserve = Reserve(folder, clock, free_bytes=lambda: free["bytes"])
    reserve.allocate()
    assert not reserve.is_exhausted()
    free["bytes"] = RESERVE_BYTES
    reserve.give_up()
    assert reserve.is_exhausted(), "what the reserve itself freed does not count"
    free["bytes"] = 3 * RESERVE_BYTES
    clock.advance(timedelta(seconds=1))
    assert not reserve.is_exhausted()


def test_a_disk_too_small_for_a_reserve_is_short_only_while_it_is_full(folder: Path) -> None:
    free = {"bytes": 2 * 1024 * 1024}
    clock = FakeClock()
    folder.mkdir(exist_ok=True)
    reserve = Reserve(folder, clock, free_bytes=lambda: free["bytes"])
    reserve.allocate()
    assert not reserve.is_exhausted()
    free["bytes"] = 0
    reserve.give_up()
    assert reserve.is_exhausted()
    free["bytes"] = 2 * 1024 * 1024
    clock.advance(timedelta(seconds=1))
    assert not reserve.is_exhausted()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Returns the folder of a disk of 3 MB."""
    with small_disk(tmp_path / "disk", "3m") as place:
        yield place


async def test_a_small_disk_that_runs_full_keeps_what_was_answered(tiny_disk: Path, samples: Samples) -> None:
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(bytes(1024 * 1024))
    store = SqliteStore(tiny_disk / "data", SystemClock())
    await store.open()
    answered: list[str] = []
    refused = None
    while refused is None:
        unit = samples.first(current_state="x" * 5000)
        try:
            await store.journal.commit(unit)
            answered.append(unit.execution_id)
        except StoreFull as error:
            refused = error
    ballast.unlink()
    unit = samples.first()
    await store.journal.commit(unit)
    heads = await store.reads.scan("", 10_000)
    assert [head.execution_id for head in heads] == [*answered, unit.execution_id]
    assert await store.integrity_check() == []
    await store.close()


class BrokenDisk(apsw.VFS):
    """The system's files, until `is_broken`: then nothing can be flushed."""

    def __init__(self) -> None:
        super().__init__("broken-disk", "unix", makedefault=True)
        self.is_broken = False

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "BrokenFile":  # noqa: N802
        return BrokenFile(self, name, flags)


class BrokenFile(apsw.VFSFile):
    """A file on the disk."""

    def __init__(self, disk: BrokenDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._disk.is_broken:
            raise apsw.IOError("the disk cannot be flushed")
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[BrokenDisk]:
    disk = BrokenDisk()
    yield disk
    disk.unregister()


async def test_after_a_failed_flush_no_caller_gets_that_nothing_was_done(
    disk: BrokenDisk, folder: Path, samples: Samples
) -> None:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.journal.commit(samples.first())
    disk.is_broken = True
    found = await asyncio.gather(*(store.journal.commit(samples.first()) for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in found} == {StoreLost}
    disk.is_broken = False
    with pytest.raises(StoreLost):
        await store.journal.commit(samples.first())
    assert isinstance(store.failure(), StoreLost)
    await store.close()
    again = SqliteStore(folder, SystemClock())
    await again.open()
    assert await again.integrity_check() == []
    await again.close()


async def test_a_file_that_another_program_locks_stores_nothing_for_now(
    store: SqliteStore, folder: Path, samples: Samples
) -> None:
    await store._threads.write(lambda connection: connection.set_busy_timeout(1))
    other = apsw.Connection(str(folder / "executions.db"))
    other.execute("BEGIN IMMEDIATE")
    unit = samples.first()
    with pytest.raises(StoreUnreachable, match=r"locked.*stop the program that holds it; the call can be repeated"):
        await store.journal.commit(unit)
    other.execute("ROLLBACK")
    other.close()
    await store.journal.commit(unit)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_defect_of_the_writer_leaves_no_caller_waiting(store: SqliteStore, samples: Samples) -> None:
    def defect(_connection: apsw.Connection) -> None:
        raise ZeroDivisionError

    found = await asyncio.gather(
        store._threads.write(defect), store.journal.commit(samples.first()), return_exceptions=True
    )
    assert [type(outcome) for outcome in found] == [StoreLost, StoreLost]
    with pytest.raises(StoreLost):
        await store.journal.commit(samples.first())


async def test_an_io_error_while_writing_ends_the_store(store: SqliteStore, folder: Path, samples: Samples) -> None:
    await store.journal.commit(samples.first())

    def broken(_connection: apsw.Connection) -> None:
        raise apsw.IOError("disk I/O error")

    def innocent(_connection: apsw.Connection) -> None:
        return None

    found = await asyncio.gather(store._threads.write(innocent), store._threads.write(broken), return_exceptions=True)
    assert [type(outcome) for outcome in found] == [StoreLost, StoreLost]
    with pytest.raises(StoreLost):
        await store.journal.commit(samples.first())
    assert isinstance(store.failure(), StoreLost)
    await store.close()
    again = SqliteStore(folder, SystemClock())
    await again.open()
    assert len(await again.reads.scan("", 10)) == 1
    await again.close()


async def test_a_unit_that_cannot_be_stored_fails_alone(store: SqliteStore, samples: Samples) -> None:
    good, bad = samples.first(), samples.first(seq=2**70)
    found = await asyncio.gather(
        store.journal.commit(good), store.journal.commit(bad), store.journal.commit(good), return_exceptions=True
    )
    assert [type(outcome) for outcome in found] == [type(None), EngineError, Stale]
    assert store.failure() is None
