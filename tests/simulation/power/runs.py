"""Runs of the SQLite store on a crash disk: a run is recorded, then examined after a power loss at each point.

A loss of power is an instant: later actions of the store cannot matter. So one run gives as many losses as it has
operations of the disk. At each, the recorder keeps the files that the next start would find and the acknowledgements.
Before that it lets every sent answer arrive, so that a store that answers too early is not hidden by a slow caller.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, Protocol

import apsw

from contract.store.samples import Samples
from looply.clock import Clock, SystemClock
from looply.engine.coding.codec import FOLD_VERSION
from looply.engine.records.startup import StartupState
from looply.engine.sql.reads import SqlReads
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.backup import integrity_check
from looply.engine.sqlite.file.names import Names
from looply.engine.sqlite.file.opening import FILE_NAME, connect_reader
from looply.engine.sqlite.file.sessions import SqliteSessions
from looply.engine.sqlite.histories.journal import SqliteJournal
from looply.engine.sqlite.histories.lists import LISTS
from looply.engine.sqlite.ownership import Ownership
from looply.engine.sqlite.pending.schedules import SqliteSchedules
from looply.errors import EngineError, StoreCorrupt
from simulation.power.crash_disk import CrashDisk, Image, Op, Volume
from simulation.power.units import Ledger, Promise, Workload, examine, fire_all, schedule_problems

_PATIENCE: Final = 60.0
_ENOUGH: Final = 40
"""Units of one life before a checkpoint."""

OpenStore = Callable[[Path], SqliteStore]


class Loss(NamedTuple):
    """One loss of power: the operation before it, the files that the next start finds, and the promise by then."""

    op: Op
    files: dict[str, Image]
    promise: Any


class Promiser(Protocol):
    """Records acknowledgements."""

    def promise(self) -> Any:
        """Returns the acknowledgements so far."""
        ...


class Recorder:
    """Takes a loss at some of the operations of a volume, a share of them between 0 and 1."""

    def __init__(self, ledger: Promiser, rng: Random, share: float = 1.0) -> None:
        self.losses: list[Loss] = []
        self.volume: Volume
        self.share = share
        self.seen: Counter[tuple[str, str]] = Counter()
        self._ledger = ledger
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._requested: set[int] = set()
        self._new = threading.Condition()

    def before(self, op: Op) -> None:
        """Decides whether the power is lost after this operation; if so, lets answers arrive."""
        if self._rng.random() < self.share:
            self._requested.add(op.number)
            if threading.get_ident() != self._loop_thread:
                self._let_answers_arrive()

    def after(self, op: Op) -> None:
        """Records a loss, if one was decided."""
        with self._new:
            self.seen[op.kind, op.file] += 1
            self._new.notify_all()
        if op.number in self._requested:
            self._requested.discard(op.number)
            promise = self._ledger.promise()
            self.losses.append(Loss(op, self.volume.power_loss(self._rng), promise))

    async def until(self, kind: str, file: str, count: int) -> None:
        """Waits for so many operations of a kind."""

        def wait() -> bool:
            with self._new:
                return self._new.wait_for(lambda: self.seen[kind, file] >= count, _PATIENCE)

        assert await asyncio.to_thread(wait), f"no {kind} of {file} came"

    def _let_answers_arrive(self) -> None:
        arrived = threading.Event()

        def later(rounds: int) -> None:
            if rounds:
                self._loop.call_soon(later, rounds - 1)
            else:
                arrived.set()

        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(later, 3)
            assert arrived.wait(_PATIENCE), "the loop does not turn"


class _OneThread:
    """Runs the product's reads in the caller's thread: an examination makes hundreds of them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.names = Names()

    async def read(self, read: Callable[[apsw.Connection], Any]) -> Any:
        return read(self._connection)


class Reading:
    """The reading sides of a store's file."""

    def __init__(self, connection: apsw.Connection) -> None:
        thread: Any = _OneThread(connection)
        self.journal = SqliteJournal(thread, FOLD_VERSION)
        self.reads = SqlReads(SqliteSessions(thread), LISTS)
        self.schedules = SqliteSchedules(thread)


def plain_store(folder: Path) -> SqliteStore:
    """Returns the product's store."""
    return SqliteStore(folder, SystemClock())


class CarelessOwnership(Ownership):
    """Opens the file with a connection that does not wait for the disk."""

    def acquire(self) -> tuple[StartupState, apsw.Connection]:
        """Takes the folder; a commit on the connection returns before its flush."""
        boot, connection = super().acquire()
        connection.execute("PRAGMA synchronous = NORMAL")
        return boot, connection


class UnsyncedStore(SqliteStore):
    """Does not wait for the disk: a commit returns before its flush."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, clock)
        careless = CarelessOwnership(folder, clock, seal=None, is_working=True)
        careless.reserve = self._ownership.reserve
        self._ownership = careless


async def live(store: SqliteStore, ledger: Ledger, recorder: Recorder, rng: Random) -> None:
    """Runs a store once: opening, units of many callers, a concurrent checkpoint, an orderly end."""
    ledger.epoch = (await store.open()).epoch
    samples = Samples()
    workload = Workload(rng, ledger, samples)
    done = asyncio.Event()
    moved = recorder.seen["sync", "db"]

    async def checkpointed() -> None:
        await recorder.until("sync", "db", moved + 1)
        done.set()

    watch = asyncio.create_task(checkpointed())

    def is_over() -> bool:
        # On a busy machine the checkpoint comes late; more units would only make each examination slower.
        return done.is_set() or ledger.acknowledged >= _ENOUGH

    await asyncio.gather(fire_all(store, ledger, samples, 2), workload.run(store, rng.randrange(1, 6), is_over))
    await watch
    # On a log that was moved whole the next commit begins at its start again.
    await workload.run(store, 2, lambda: True)
    await store.close()


class Bench:
    """A crash disk, and a folder in which volumes come and go."""

    def __init__(self, disk: CrashDisk, place: Path) -> None:
        self._disk = disk
        self._place = place
        self._count = 0

    def mount(self, rng: Random, files: dict[str, Image] | None = None, watcher: Any = None) -> tuple[Path, Volume]:
        """Returns a new folder with these files, and its volume."""
        self._count += 1
        folder = self._place / str(self._count)
        return folder, self._disk.mount(folder, rng, files, watcher)

    def unmount(self, folder: Path) -> None:
        """Takes a volume away."""
        self._disk.unmount(folder)

    async def record(
        self, rng: Random, share: float, open_store: OpenStore | None = None, *, is_lying: bool = False
    ) -> "Recording":
        """Runs a new store once and returns the losses that were recorded, for a share of its operations."""
        ledger = Ledger()
        recorder = Recorder(ledger, rng, share)
        folder, recorder.volume = self.mount(rng, watcher=recorder)
        recorder.volume.is_lying = is_lying
        await live((open_store or plain_store)(folder), ledger, recorder, rng)
        self._disk.unmount(folder)
        return Recording(ledger, recorder.losses)

    async def look(self, loss: Loss, ledger: Ledger, rng: Random) -> list[str]:
        """Starts the product's store after a loss and returns its problems, none when all promises are kept."""
        folder, _ = self.mount(rng, loss.files)
        try:
            return await _looked_at(folder, ledger, loss.promise)
        finally:
            self._disk.unmount(folder)

    async def look_at_all(self, recording: "Recording", rng: Random) -> "Findings":
        """Examines every loss of a recording."""
        findings = Findings()
        for loss in recording.losses:
            findings.add(loss, await self.look(loss, recording.ledger, rng))
        return findings

    async def restart(self, loss: Loss, ledger: Ledger, rng: Random) -> "Recording":
        """Starts the store after a loss, ends it at once, and returns losses at some operations of that."""
        later = ledger.as_of(loss.promise)
        recorder = Recorder(later, rng, 0.1)
        folder, recorder.volume = self.mount(rng, loss.files, recorder)
        store = plain_store(folder)
        later.epoch = (await store.open()).epoch
        await store.close()
        self._disk.unmount(folder)
        return Recording(later, recorder.losses)


class Recording(NamedTuple):
    """The ledger of a store, and the losses of power during its run."""

    ledger: Ledger
    losses: list[Loss]


class Findings:
    """The results of losses, by the first word of the first problem: "kept", LOST, HALF, DAMAGED."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.problems: list[str] = []

    def add(self, loss: Loss, problems: list[str]) -> None:
        """Counts one."""
        self.ends[problems[0].split(":")[0] if problems else "kept"] += 1
        self.points[f"{loss.op.kind} {loss.op.file}"] += 1
        if problems:
            self.problems.append(f"after {loss.op}: {problems[:3]}")

    def update(self, other: "Findings") -> None:
        """Adds those of another run."""
        self.ends.update(other.ends)
        self.points.update(other.points)
        self.problems.extend(other.problems)

    @property
    def count(self) -> int:
        """Losses so far."""
        return self.ends.total()


async def _looked_at(folder: Path, ledger: Ledger, promise: Promise) -> list[str]:
    store = plain_store(folder)
    try:
        boot = await store.open()
    except StoreCorrupt as error:
        return [f"DAMAGED: {error}"]
    except EngineError as error:
        return [f"CLOSED: {error!r}"]
    try:
        problems = [f"DAMAGED: {line}" for line in integrity_check(folder / FILE_NAME)]
        if boot.epoch <= promise.epoch:
            problems.append(f"LOST: the epoch is {boot.epoch}, a process had {promise.epoch}")
        return problems + await contents(folder, ledger, promise)
    finally:
        await store.abandon()


async def contents(folder: Path, ledger: Ledger, promise: Promise) -> list[str]:
    """Returns the problems of the content of a store in a folder, which may be open at the same time."""
    connection = connect_reader(folder / FILE_NAME)
    reading: Any = Reading(connection)
    try:
        connection.execute("BEGIN")
        return await examine(reading, ledger, promise) + await schedule_problems(reading, ledger, promise)
    except (apsw.Error, EngineError, TypeError, ValueError) as error:  # a damaged page may say anything
        return [f"DAMAGED: {error!r}"]
    finally:
        connection.close()
