"""Power losses at every operation of the disk: the real SQLite store on a disk that keeps flushed writes only.

After each loss a start must find a valid file, every unit whose commit had returned, and every other unit whole or not
at all. The controls at the end of the file show that these tests detect violations.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from looply.clock import SystemClock
from looply.engine.ports.store import Unit
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.histories.journal import SqliteJournal
from simulation.power.crash_disk import CrashDisk
from simulation.power.runs import Bench, Findings, Recorder, Recording, UnsyncedStore, plain_store
from simulation.power.units import Ledger

Repetitions = Callable[..., int]

pytestmark = pytest.mark.timeout(3 * 3600)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    disk = CrashDisk()
    yield Bench(disk, tmp_path)
    disk.unregister()


MOST_LIVES = 1000


async def losses(
    bench: Bench,
    count: int,
    open_store: Callable[[Path], SqliteStore] = plain_store,
    is_enough: Callable[[Findings], bool] = lambda _: True,
) -> Findings:
    """Returns the findings after so many losses of power, at a third of the operations of many runs.

    It continues until `is_enough` is true: the operations at which power is lost depend on the scheduling of threads.
    """
    findings = Findings()
    seed = 0
    while (findings.count < count or not is_enough(findings)) and seed < MOST_LIVES:
        rng = Random(seed)
        recording = await bench.record(rng, 0.3, open_store)
        findings.update(await bench.look_at_all(recording, rng))
        seed += 1
    return findings


def went_everywhere(findings: Findings) -> bool:
    """Returns whether there were losses in commits, the creation of the file, checkpoints, and the orderly end."""
    points = findings.points
    often = ("write db-wal", "sync db-wal", "write db", "sync db", "write db-journal")
    return all(points[point] >= 3 for point in often) and points["truncate db-wal"] + points["delete db-wal"] >= 1


async def test_acknowledged_units_survive_a_loss_of_power_at_any_moment(bench: Bench, repetitions: Repetitions) -> None:
    findings = await losses(bench, repetitions(250, 2500, 100_000), is_enough=went_everywhere)
    assert findings.problems == []
    assert findings.ends.keys() == {"kept"}
    assert went_everywhere(findings), findings.points


@pytest.mark.proof
async def test_the_power_may_be_lost_again_while_a_store_starts(bench: Bench, repetitions: Repetitions) -> None:
    findings, thrice = Findings(), Findings()
    seed, lives = 0, repetitions(1, 300)
    while (seed < lives or findings.count < 100 or thrice.count < 30) and seed < MOST_LIVES:
        rng = Random(seed)
        seed += 1
        first = await bench.record(rng, 0.02)
        for loss in first.losses:
            second = await bench.restart(loss, first.ledger, rng)
            findings.update(await bench.look_at_all(second, rng))
            if second.losses:
                third = await bench.restart(rng.choice(second.losses), second.ledger, rng)
                thrice.update(await bench.look_at_all(third, rng))
    assert findings.problems + thrice.problems == []
    assert findings.count >= 100
    assert thrice.count >= 30


@pytest.mark.proof
async def test_a_store_that_is_made_during_a_loss_of_power_exists_or_is_made_again(bench: Bench) -> None:
    findings = Findings()
    rng = Random(0)
    for _ in range(2):
        ledger = Ledger()
        recorder = Recorder(ledger, rng)
        folder, recorder.volume = bench.mount(rng, watcher=recorder)
        store = plain_store(folder)
        ledger.epoch = (await store.open()).epoch
        await store.close()
        findings.update(await bench.look_at_all(Recording(ledger, recorder.losses), rng))
    assert findings.problems == []
    assert findings.count >= 300
    assert findings.points["write db-journal"] >= 2


@pytest.mark.proof
async def test_a_store_that_does_not_wait_for_the_disk_is_found_out(bench: Bench) -> None:
    findings = await losses(bench, 150, lambda folder: UnsyncedStore(folder, SystemClock()))
    # Their number depends on the scheduling of threads; a few are enough, here and for the stores below.
    assert findings.ends["LOST"] >= 5, findings.ends
    # The file is valid, but old: where the watermark survived, the store itself reports the missing units.
    assert findings.ends.keys() <= {"kept", "LOST", "DAMAGED"}
    assert all("lacks what was committed" in problem for problem in findings.problems if "DAMAGED" in problem)


class HastyJournal(SqliteJournal):
    """Acknowledges a unit before it is stored."""

    async def commit(self, unit: Unit) -> None:
        task = asyncio.create_task(super().commit(unit))
        self._tasks = {*getattr(self, "_tasks", ()), task}
        await asyncio.sleep(0)


class HastyStore(SqliteStore):
    """Acknowledges before the commit."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SystemClock())
        self.journal = HastyJournal(self._threads, 1)


@pytest.mark.proof
async def test_a_store_that_acknowledges_before_the_commit_is_found_out(bench: Bench) -> None:
    findings = await losses(bench, 150, HastyStore)
    assert findings.ends["LOST"] >= 5, findings.ends
    assert findings.ends.keys() <= {"kept", "LOST"}


class SplitJournal(SqliteJournal):
    """Stores a unit in two transactions: the definition after all the rest."""

    async def commit(self, unit: Unit) -> None:
        await super().commit(replace(unit, definition=None))
        if unit.definition is not None:
            await super().put_definition(unit.definition)


class SplitStore(SqliteStore):
    """Stores units in two parts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SystemClock())
        self.journal = SplitJournal(self._threads, 1)


@pytest.mark.proof
async def test_a_store_that_stores_a_unit_in_two_transactions_is_found_out(bench: Bench) -> None:
    findings = await losses(bench, 150, SplitStore)
    assert findings.ends["HALF"] >= 1, findings.ends


@pytest.mark.proof
async def test_a_disk_that_only_pretends_to_flush_is_found_out(bench: Bench) -> None:
    findings = Findings()
    for seed in range(3):
        rng = Random(seed)
        recording = await bench.record(rng, 0.1, is_lying=True)
        findings.update(await bench.look_at_all(recording, rng))
    assert findings.ends["LOST"] + findings.ends["DAMAGED"] >= 50, findings.ends
    assert findings.ends["DAMAGED"] >= 1, findings.ends
