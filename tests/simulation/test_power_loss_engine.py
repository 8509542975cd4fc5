"""Power losses of a whole engine: all acknowledgements hold after the restart, and every execution continues.

The losses are taken while executions start, wait, are resumed by several callers at once, call other systems, sleep,
are answered by people and are ended. After each, a new engine opens the files: they are valid, every
acknowledged unit is in its history, every history has a valid chain and folds to the rows beside it, and
all acknowledgements hold. Then time passes, and no orphan is left.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from kit import definitions
from kit.driver import Driver
from looply.clock import Clock
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.backup import integrity_check
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.errors import LooplyError
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import Recorded, Released, Terminated
from looply.execution.facts.events import Resumed
from looply.testing.clock import FakeTimeLoop
from looply.testing.world import HANG
from simulation.power.crash_disk import CrashDisk
from simulation.power.runs import Bench, Loss, Recorder, UnsyncedStore

OpenStore = Callable[[Path, Clock], SqliteStore]

HOUR = timedelta(hours=1)
AT_REST = {"WAITING", "COMPLETED", "FAILED", "TERMINATED"}

pytestmark = pytest.mark.timeout(3 * 3600)


class Acknowledgement(NamedTuple):
    """An acknowledgement to a caller: an execution is STARTED, RESUMED or TERMINATED."""

    execution_id: str
    status: str


class Promise(NamedTuple):
    """The number of acknowledged units, and the acknowledgements to callers."""

    units: int
    acknowledgements: tuple[Acknowledgement, ...]


class Witness:
    """Records acknowledgements."""

    def __init__(self) -> None:
        self.acknowledgements: list[Acknowledgement] = []
        self.driver: Driver

    def promise(self) -> Promise:
        """Returns the acknowledgements so far."""
        return Promise(len(self.driver.faults.units), tuple(self.acknowledgements))

    async def observes(self, call: Awaitable[Any], execution_id: str = "") -> Any:
        """Returns the answer of a call, and records it."""
        answer = await call
        words: Mapping[type, str] = {Released: "RESUMED", Recorded: "RESUMED", Terminated: "TERMINATED"}
        status = words.get(type(answer), "" if execution_id else "STARTED")
        if status:
            self.acknowledgements.append(Acknowledgement(execution_id or answer.execution_id, status))
        return answer


class Story:
    """Executions of every kind on one engine."""

    def __init__(self, driver: Driver, witness: Witness, rng: Random) -> None:
        self._driver = driver
        self._witness = witness
        self._rng = rng

    async def play(self) -> None:
        """Plays the story to its orderly end."""
        driver, rng = self._driver, self._rng
        driver.world.script("call_1", HANG, RuntimeError("a defect"))
        await driver.put_schedule(definitions.every("PT1H"))
        await driver.together(*(self._short() for _ in range(rng.randrange(2, 5))), self._asked(), self._asked())
        await driver.together(self._answered(), self._ended(), self._large())
        await driver.settle()
        await driver.advance(HOUR)
        for call in driver.world.open_calls():
            call.release()
        await driver.settle()

    async def _start(self, workflow: Any, body: Any = None, **fields: Any) -> str:
        answer = await self._witness.observes(self._driver.start(workflow, body, **fields))
        return str(answer.execution_id)

    async def _short(self) -> None:
        await self._start(
            self._rng.choice(
                (definitions.computing(), definitions.calling(timeout="PT2H"), definitions.delaying("PT30M"))
            ),
            {"po": 1},
        )

    async def _asked(self) -> None:
        number = str(self._rng.randrange(10**9))
        execution_id = await self._start(definitions.asking_twice(), process_id=number, key=number)
        observes, resume = self._witness.observes, self._driver.resume
        payloads = ({"choice": str(choice)} for choice in range(3))
        await self._driver.together(*(observes(resume(execution_id, payload), execution_id) for payload in payloads))

    async def _answered(self) -> None:
        execution_id = await self._start(definitions.chain(definitions.card(), definitions.note()))
        seed = (await self._driver.state(execution_id)).started.seed
        token = card_token(execution_id, seed, parse_address("card_1:1"), 0)
        await self._witness.observes(self._driver.answer(execution_id, token), execution_id)

    async def _ended(self) -> None:
        execution_id = await self._start(definitions.asking())
        await self._witness.observes(self._driver.terminate(execution_id), execution_id)

    async def _large(self) -> None:
        await self._start(definitions.asking(), {"text": self._rng.randbytes(12_000).hex()})


async def recorded(
    bench: Bench, rng: Random, share: float, open_store: OpenStore = SqliteStore
) -> tuple[Driver, list[Loss]]:
    """Plays the story once on a new store and returns the engine, and the recorded losses."""
    witness = Witness()
    recorder = Recorder(witness, rng, share)
    folder, recorder.volume = bench.mount(rng)
    driver = witness.driver = Driver(lambda: open_store(folder, driver.clock))
    await driver.open()
    recorder.volume.watcher = recorder
    await Story(driver, witness, rng).play()
    await driver.stop(timedelta(0))
    bench.unmount(folder)
    return driver, recorder.losses


async def examine(bench: Bench, first: Driver, loss: Loss, rng: Random) -> None:
    """Starts a new engine after a loss and proves it. Raises: AssertionError, StoreCorrupt, NotFound."""
    folder, _ = bench.mount(rng, loss.files)
    driver = Driver(lambda: SqliteStore(folder, driver.clock))
    driver.entropy = first.entropy
    try:
        await driver.open()
        try:
            assert integrity_check(folder / FILE_NAME) == []
            await prove_all(driver, first, loss.promise)
        finally:
            await driver.stop(timedelta(0))
    finally:
        bench.unmount(folder)


async def prove_all(driver: Driver, first: Driver, promise: Promise) -> None:
    """Proves that an engine keeps its promise, and that it continues. Raises: AssertionError, NotFound."""
    for unit in first.faults.units[: promise.units]:
        assert unit.batch in await driver.store.journal.history(unit.execution_id, 0, 10_000)
    await driver.prove()
    expected = Counter(promise.acknowledgements)
    for acknowledged, count in expected.items():
        await assert_holds(driver, acknowledged, count)
    await driver.settle()
    await driver.advance(3 * HOUR)
    audit = await driver.prove()
    assert audit.executions >= sum(acknowledged.status == "STARTED" for acknowledged in expected)
    statuses = Counter(listed.head.status for listed in await driver.newest())
    assert statuses.keys() <= AT_REST, statuses


async def assert_holds(driver: Driver, acknowledged: Acknowledgement, count: int) -> None:
    """Proves that an acknowledgement holds."""
    state = await driver.state(acknowledged.execution_id)
    if acknowledged.status == "RESUMED":
        assert len(await driver.events(acknowledged.execution_id, Resumed)) >= count
    if acknowledged.status == "TERMINATED":
        assert state.status == "TERMINATED"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    disk = CrashDisk()
    yield Bench(disk, tmp_path)
    disk.unregister()


def test_acknowledgements_of_an_engine_survive_a_loss_of_power(bench: Bench, repetitions: Callable[..., int]) -> None:
    count = repetitions(300, 15_000)
    seen = 0
    seed = 0
    while seen < count:
        with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
            seen += runner.run(story(bench, Random(seed)))
        seed += 1


async def story(bench: Bench, rng: Random) -> int:
    """Plays the story once and examines its losses; returns how many."""
    first, losses = await recorded(bench, rng, 0.25)
    for loss in losses:
        try:
            await examine(bench, first, loss, rng)
        except BaseException as error:
            error.add_note(f"after {loss.op}, with the promise {loss.promise}")
            raise
    return len(losses)


def test_an_engine_on_a_store_that_does_not_wait_for_the_disk_is_found_out(bench: Bench) -> None:
    with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        kept, broken = runner.run(careless_story(bench, Random(0)))
    assert broken >= (kept + broken) / 5  # between a third and two thirds, by the moments of the losses


async def careless_story(bench: Bench, rng: Random) -> tuple[int, int]:
    """Plays the story on a store that acknowledges too early; returns how many losses it survived, and did not."""
    first, losses = await recorded(bench, rng, 0.1, UnsyncedStore)
    broken = 0
    for loss in losses:
        try:
            await examine(bench, first, loss, rng)
        except (AssertionError, LooplyError):
            broken += 1
    return len(losses) - broken, broken
