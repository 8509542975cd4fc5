"""What was decided under an earlier release: it is recorded from the histories, and nothing of it goes before."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import apsw
import psycopg
import pytest
import structlog.testing

from contract.engine.people.approvals import ANN, BOB, asked, decide
from contract.engine.people.decisions import of, recorded
from contract.engine.upkeep.pruning import aged, pruned
from kit.driver import Driver
from kit.memory import MemoryData, MemoryStore
from looply.engine.decision_filler import SLICE
from looply.engine.decisions import Gap
from looply.engine.postgres import PostgresStore
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.opening import FILE_NAME
from looply.testing.clock import FakeClock
from postgres_server import PostgresStores

NO_ID = str(UUID(int=0))
Age = Callable[[str], None]
"""Makes a store what an upgrade makes of one of an earlier release, in which this was the last execution."""


class Upgraded:
    """An engine, and what makes its store an older one."""

    def __init__(self, engine: Driver, age: Age) -> None:
        self.engine = engine
        self.age = age


def in_memory(_folder: Path, _stores: PostgresStores) -> tuple[Callable[[], MemoryStore], Age]:
    data = MemoryData()

    def age(last: str) -> None:
        data.decisions.clear()
        data.gap = Gap(after=NO_ID, last=last)

    return lambda: MemoryStore(FakeClock(), data), age


def in_a_folder(folder: Path, _stores: PostgresStores) -> tuple[Callable[[], SqliteStore], Age]:
    def age(last: str) -> None:
        with closing(apsw.Connection(str(folder / FILE_NAME))) as beside:
            beside.execute("DELETE FROM decision")
            beside.execute("INSERT INTO decision_gap VALUES (?, ?, 0)", (bytes(16), UUID(last).bytes))

    return lambda: SqliteStore(folder, FakeClock()), age


def in_a_database(_folder: Path, stores: PostgresStores) -> tuple[Callable[[], PostgresStore], Age]:
    def age(last: str) -> None:
        with psycopg.connect(stores.address, options="-c search_path=looply", autocommit=True) as beside:
            beside.execute("DELETE FROM decision")
            beside.execute("INSERT INTO decision_gap VALUES (%s, %s, 0)", (NO_ID, last))

    return stores.make, age


@pytest.fixture(params=[in_memory, in_a_folder, in_a_database])
async def upgraded(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_stores: PostgresStores
) -> AsyncIterator[Upgraded]:
    make, age = request.param(tmp_path, postgres_stores)
    engine = Driver(make)
    await engine.open()
    yield Upgraded(engine, age)
    await engine.finish()


async def filled(engine: Driver) -> int:
    """Fills the gap; returns with how many calls."""
    for calls in range(1, 100):
        if not await engine.shell.fill_decisions():
            return calls
    raise AssertionError("the gap is never filled")


async def test_nothing_is_pruned_before_its_decisions_are_recorded(upgraded: Upgraded) -> None:
    engine = upgraded.engine
    old, waiting = await asked(engine, api=True), await asked(engine)
    await decide(engine, old, 0, "approve", "fine")
    await engine.resume(old, {"outcome": "rejected"})
    await decide(engine, waiting, 0)
    upgraded.age(waiting)
    await decide(engine, waiting, 1)
    young = await asked(engine, quorum="any")
    await decide(engine, young, 0)
    assert await of(engine, old) == []
    assert await of(engine, waiting) == [(BOB, "approved", "")]
    await aged(engine)
    found = await pruned(engine)
    assert (found.executions, found.held) == (1, 1)
    await filled(engine)
    assert await engine.store.decisions.gap() is None
    assert await of(engine, waiting) == [(ANN, "approved", ""), (BOB, "approved", "")]
    assert (await pruned(engine)).executions == 1
    assert await of(engine, old) == [(ANN, "approved", "fine"), ("caller", "rejected", "")]
    assert len(await recorded(engine)) == 5


async def test_a_crash_on_the_way_loses_nothing_and_many_are_read_a_slice_at_a_time(upgraded: Upgraded) -> None:
    engine = upgraded.engine
    ids = [await asked(engine, quorum="any") for _ in range(SLICE + 5)]
    for execution_id in ids[::9]:
        await decide(engine, execution_id, 0)
    before = await recorded(engine)
    upgraded.age(ids[-1])
    assert await engine.shell.fill_decisions()
    gap = await engine.store.decisions.gap()
    assert gap is not None
    assert gap.after == ids[SLICE - 1]
    await engine.crash()
    assert await filled(engine) == 1
    assert await recorded(engine) == before
    assert not await engine.shell.fill_decisions()


async def test_a_history_that_cannot_be_read_does_not_hold_the_others(
    tmp_path: Path, postgres_stores: PostgresStores
) -> None:
    make, age = in_a_folder(tmp_path, postgres_stores)
    engine = Driver(make)
    await engine.open()
    damaged, sound = await asked(engine), await asked(engine)
    for execution_id in (damaged, sound):
        await decide(engine, execution_id, 0)
    age(sound)
    with closing(apsw.Connection(str(tmp_path / FILE_NAME))) as beside:
        beside.execute("UPDATE batch SET events = x'00' WHERE execution_id = ?", (UUID(damaged).bytes,))
    with structlog.testing.capture_logs() as lines:
        assert await filled(engine) == 1
    assert [(line["event"], line["execution_id"]) for line in lines] == [("decisions_unreadable", damaged)]
    assert await of(engine, damaged) == []
    assert await of(engine, sound) == [(ANN, "approved", "")]
    await engine.crash(reopens=False)


async def test_the_gap_is_not_closed_while_a_process_of_the_earlier_release_lives(
    postgres_stores: PostgresStores,
) -> None:
    engine = Driver(lambda: postgres_stores.make(is_alone=False))
    await engine.open()
    with psycopg.connect(postgres_stores.address, options="-c search_path=looply", autocommit=True) as beside:
        beside.execute("INSERT INTO lease(epoch) VALUES (-7)")
        beside.execute("INSERT INTO decision_gap(after_id, epoch) VALUES (%s, -7)", (NO_ID,))
        ended = await asked(engine, quorum="any")
        await decide(engine, ended, 0)
        last = await aged(engine)
        assert not await engine.shell.fill_decisions()
        assert (await pruned(engine)).held == 1
        beside.execute("DELETE FROM decision")  # as if that process had stored it
        beside.execute("DELETE FROM lease WHERE epoch = -7")
        assert await engine.store.decisions.gap() == Gap(after=NO_ID, last=last)
        await filled(engine)
        assert await of(engine, ended) == [(ANN, "approved", "")]
        assert (await pruned(engine)).executions == 1
    await engine.finish()
