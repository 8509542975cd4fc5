"""The disk fails: a flush that is refused, and a disk that is full, at every point of a store's life.

After a failed flush the content of the disk is unknown, and the kernel does not flush the pages again: it marks them as
clean. A store must report this, stop, and repair its file at its next start. A full disk is not fatal: no unit of a
group is stored, every caller gets the error, and work continues when there is space.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import apsw
import pytest

from contract.store.samples import Samples
from looply.engine.ports.store import Unit
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.checkpoints import Checkpointer
from looply.errors import EngineError, StoreFull, StoreLost
from simulation.power.crash_disk import CrashDisk, Op, Volume
from simulation.power.runs import Bench, Findings, Loss, Recorder, Recording, contents, plain_store
from simulation.power.units import Ledger, Workload

Repetitions = Callable[[int, int], int]

pytestmark = pytest.mark.timeout(3 * 3600)

_BETWEEN = Op("sync", "db-wal", 0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    disk = CrashDisk()
    yield Bench(disk, tmp_path)
    disk.unregister()


class BadFlush:
    """Refuses one flush: the n-th of a file."""

    def __init__(self, file: str, number: int) -> None:
        self._file = file
        self._left = number
        self.has_come = False

    def before(self, op: Op) -> None:
        """Refuses it when it comes."""
        if (op.kind, op.file) == ("sync", self._file):
            self._left -= 1
            if self._left == 0:
                self.has_come = True
                raise apsw.IOError("the disk cannot be flushed")

    def after(self, op: Op) -> None:
        """Does nothing."""

    def came(self) -> bool:
        """Returns whether the flush was refused."""
        return self.has_come


class FullDisk:
    """Refuses writes to the log from the n-th on, until there is space again."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.is_full = False

    def before(self, op: Op) -> None:
        """Refuses writes while the disk is full."""
        if (op.kind, op.file) == ("write", "db-wal"):
            self._left -= 1
            self.is_full = self.is_full or self._left == 0
            if self.is_full:
                raise apsw.FullError("no space left on the disk")

    def after(self, op: Op) -> None:
        """Does nothing."""


async def outlive(bench: Bench, rng: Random, flush: BadFlush) -> tuple[Ledger, Volume, SqliteStore]:
    """Lets callers commit until the store is lost; returns the ledger, the volume and the lost store."""
    ledger = Ledger()
    folder, volume = bench.mount(rng)
    store = plain_store(folder)
    ledger.epoch = (await store.open()).epoch
    volume.watcher = flush
    workload = Workload(rng, ledger, Samples())
    callers = (workload.run(store, 1, lambda: False) for _ in range(4))
    ends = await asyncio.gather(*callers, return_exceptions=True)
    assert flush.has_come
    assert {type(end) for end in ends} == {StoreLost}, "the outcome is unknown, neither success nor failure"
    assert isinstance(store.failure(), StoreLost)
    with pytest.raises(StoreLost):
        await store.journal.commit(Samples().first())
    return ledger, volume, store


async def next_life(bench: Bench, rng: Random, ledger: Ledger, volume: Volume) -> Recording:
    """Restarts the store on the page cache, as a supervisor does, and returns the losses of its run."""
    later = ledger.as_of(ledger.promise())
    folder, again = bench.mount(rng, volume.page_cache())
    again.inherit(volume)
    recorder = Recorder(later, rng, 0.2)
    recorder.volume, again.watcher = again, recorder
    store = plain_store(folder)
    later.epoch = (await store.open()).epoch
    samples = Samples()
    samples.now = max(unit.batch.at for units in ledger.units.values() for unit in units)
    await Workload(rng, later, samples).run(store, 3, lambda: True)
    recorder.losses.append(Loss(_BETWEEN, again.power_loss(rng), later.promise()))
    await store.abandon()
    return Recording(later, recorder.losses)


async def test_a_failed_flush_is_reported_as_unknown_and_no_acknowledged_unit_is_lost_with_the_power(
    bench: Bench, repetitions: Repetitions
) -> None:
    findings = Findings()
    for seed in range(repetitions(25, 2000)):
        rng = Random(seed)
        ledger, volume, store = await outlive(bench, rng, BadFlush("db-wal", rng.randrange(1, 20)))
        losses = [Loss(_BETWEEN, volume.power_loss(rng), ledger.promise()) for _ in range(4)]
        findings.update(await bench.look_at_all(Recording(ledger, losses), rng))
        await ended(store)
    assert findings.problems == []


@pytest.mark.parametrize("is_killed", [True, False])
async def test_units_acknowledged_after_a_failed_flush_and_a_restart_survive_a_loss_of_power(
    bench: Bench, repetitions: Repetitions, is_killed: bool
) -> None:
    findings = Findings()
    for seed in range(repetitions(12, 1000)):
        rng = Random(seed)
        ledger, volume, store = await outlive(bench, rng, BadFlush("db-wal", rng.randrange(1, 20)))
        if not is_killed:
            await ended(store)
        findings.update(await bench.look_at_all(await next_life(bench, rng, ledger, volume), rng))
        await ended(store)
    assert findings.problems == []
    assert findings.count >= 100


async def test_a_failed_flush_of_a_checkpoint_loses_nothing(bench: Bench, repetitions: Repetitions) -> None:
    findings = Findings()
    for seed in range(repetitions(3, 500)):
        rng = Random(seed)
        ledger, volume, store = await outlive(bench, rng, BadFlush("db", 1))
        losses = [Loss(_BETWEEN, volume.power_loss(rng), ledger.promise()) for _ in range(4)]
        findings.update(await bench.look_at_all(Recording(ledger, losses), rng))
        findings.update(await bench.look_at_all(await next_life(bench, rng, ledger, volume), rng))
        await ended(store)
    assert findings.problems == []


class Interrupted:
    """Lets a commit come while the first checkpoint moves its first page, and refuses the flush of the file."""

    def __init__(self, commit: Callable[[], None]) -> None:
        self._commit: Callable[[], None] | None = commit
        self.refused = 0

    def before(self, op: Op) -> None:
        """Commits, or refuses."""
        if (op.kind, op.file) == ("write", "db") and (commit := self._commit) is not None:
            self._commit = None
            commit()
        if (op.kind, op.file) == ("sync", "db") and not self.refused:
            self.refused += 1
            raise apsw.IOError("the disk cannot be flushed")

    def after(self, op: Op) -> None:
        """Does nothing."""


@pytest.mark.parametrize("seed", range(20))
def test_what_was_moved_without_a_flush_stays_in_the_log_after_a_flush_that_failed(bench: Bench, seed: int) -> None:
    rng = Random(seed)
    folder, volume = bench.mount(rng)
    path = folder / "executions.db"
    writer = apsw.Connection(str(path))
    writer.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
    writer.execute("CREATE TABLE t(n INTEGER PRIMARY KEY, body TEXT)")
    numbers = iter(range(1000))

    def commit() -> None:
        writer.execute("INSERT INTO t VALUES (?, ?)", (next(numbers), "x" * 3000))

    for _ in range(10):
        commit()
    checkpointer = Checkpointer(path, lambda: None)

    def commit_and_notify() -> None:
        commit()
        checkpointer.notify_commit()

    volume.watcher = flush = Interrupted(commit_and_notify)
    reasons: list[str] = []
    has_failed = threading.Event()

    def note(reason: str) -> None:
        reasons.append(reason)
        has_failed.set()

    checkpointer.on_failure = note
    checkpointer.start()
    checkpointer.notify_commit()
    assert has_failed.wait(10)
    moved = volume.ops
    checkpointer.restart(writer)
    assert (flush.refused, reasons, volume.ops) == (1, ["the disk cannot be flushed"], moved)
    commit()
    kept = next(numbers)
    losses = [volume.power_loss(rng) for _ in range(5)]
    checkpointer.stop()
    with suppress(apsw.IOError):
        writer.close()
    for files in losses:
        left, _ = bench.mount(rng, files)
        found = apsw.Connection(str(left / "executions.db"))
        assert found.execute("PRAGMA integrity_check").get == "ok"
        assert found.execute("SELECT count(*) FROM t").get == kept
        found.close()


async def test_a_store_that_cannot_be_flushed_while_it_is_made_is_not_open_and_can_be_made_again(bench: Bench) -> None:
    refusals: Counter[str] = Counter()
    for file, number in ((file, number) for file in ("db-journal", "db", "db-wal") for number in range(1, 7)):
        rng = Random(number)
        flush = BadFlush(file, number)
        folder, volume = bench.mount(rng, watcher=flush)
        store = plain_store(folder)
        try:
            await store.open()
        except EngineError as error:
            refusals[type(error).__name__] += 1
            loss = Loss(_BETWEEN, volume.power_loss(rng), Ledger().promise())
            assert await bench.look(loss, Ledger(), rng) == []
        await ended(store)
    assert refusals.keys() == {"StoreLost"}
    assert refusals.total() >= 5


async def test_a_disk_that_fills_in_the_middle_of_a_group_stores_nothing_of_it_and_work_continues(
    bench: Bench, repetitions: Repetitions
) -> None:
    findings = Findings()
    for seed in range(repetitions(40, 2000)):
        rng = Random(seed)
        ledger, samples, disk = Ledger(), Samples(), FullDisk(rng.randrange(1, 300))
        folder, volume = bench.mount(rng)
        store = plain_store(folder)
        ledger.epoch = (await store.open()).epoch
        volume.watcher = disk
        workload = Workload(rng, ledger, samples)
        ends = await asyncio.gather(*(workload.run(store, 1, lambda: False) for _ in range(5)), return_exceptions=True)
        assert {type(end) for end in ends} == {StoreFull}
        assert store.failure() is None
        assert [unit for unit, _ in ledger.refused if await is_stored(store, unit)] == []
        disk.is_full = False
        await asyncio.gather(*(ledger.commit(store, unit) for unit, _ in ledger.refused))
        assert await contents(folder, ledger, ledger.promise()) == []
        losses = [Loss(_BETWEEN, volume.power_loss(rng), ledger.promise()) for _ in range(4)]
        findings.update(await bench.look_at_all(Recording(ledger, losses), rng))
        await store.close()
    assert findings.problems == []


async def is_stored(store: SqliteStore, unit: Unit) -> bool:
    """Returns whether a unit is stored."""
    head = await store.reads.head(unit.execution_id)
    return head is not None and head.seq >= unit.head.seq


async def ended(store: SqliteStore) -> None:
    """Closes a store whose disk failed."""
    # SQLite ignores errors while it closes a file; the binding does not.
    with suppress(apsw.IOError):
        await store.close()
