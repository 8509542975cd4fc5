"""Turns of long runs: the stretches of one organization leave the event loop to the others."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from kit.definitions import counting
from kit.driver import ORGANIZATION, Driver
from kit.memory import MemoryData, MemoryStore
from looply.engine.processing.processor import STRETCH_UNITS
from looply.execution.facts.events import Continued
from looply.limits import Limits
from looply.rates import UNITS_PER_SECOND, Turns
from looply.testing.clock import fake_loop

OTHER = "umbrella"
RUNS = 6
SECONDS_OF_STRETCH = STRETCH_UNITS / UNITS_PER_SECOND


@pytest.fixture
async def engine() -> AsyncIterator[Driver]:
    """An engine that cuts stretches after a few steps, and whose long runs wait for their turns."""
    data = MemoryData()
    turns = Turns(fake_loop().clock)
    driver = Driver(lambda: MemoryStore(driver.clock, data), turns=turns, limits=Limits(stretch_steps=5))
    turns.note(ORGANIZATION)
    await driver.open()
    yield driver
    await driver.finish()


async def begin(engine: Driver, organization_id: str = ORGANIZATION) -> list[str]:
    """Triggers long runs, and lets them run as far as they get without time."""
    found = [await engine.trigger(counting(10), organization_id=organization_id) for _ in range(RUNS)]
    await engine.settle()
    return found


async def stretches(engine: Driver, runs: list[str]) -> int:
    """Returns how many stretches were run after the first one of each."""
    return sum([len(await engine.events(run, Continued)) for run in runs])


async def test_long_runs_of_an_organization_that_is_alone_never_wait(engine: Driver) -> None:
    runs = await begin(engine)
    assert {await engine.status(run) for run in runs} == {"COMPLETED"}


async def test_stretches_come_one_after_the_other_while_another_organization_uses_the_process(engine: Driver) -> None:
    engine.shell.turns.note(OTHER)
    runs = await begin(engine)
    made = [await stretches(engine, runs)]
    for _ in range(4):
        await engine.advance(timedelta(seconds=SECONDS_OF_STRETCH * 1.001))
        made.append(await stretches(engine, runs))
    assert made == [1, 2, 3, 4, 5]
    # In the order in which they were ready: the first one was ready again before the second one was triggered.
    assert [await stretches(engine, [run]) for run in runs] == [2, 1, 1, 1, 0, 0]


async def test_the_long_runs_of_another_organization_do_not_wait_behind_them(engine: Driver) -> None:
    engine.shell.turns.note(OTHER)
    await begin(engine)
    assert await stretches(engine, await begin(engine, OTHER)) == 1


async def test_runs_that_wait_for_their_turns_come_to_their_end(engine: Driver) -> None:
    engine.shell.turns.note(OTHER)
    runs = await begin(engine)
    for _ in range(100):
        await engine.advance(timedelta(seconds=SECONDS_OF_STRETCH * 1.001))
        if {await engine.status(run) for run in runs} == {"COMPLETED"}:
            break
    assert {(await engine.state(run)).payload["count"] for run in runs} == {10}


async def test_an_execution_that_has_few_steps_never_waits(engine: Driver) -> None:
    engine.shell.turns.note(OTHER)
    await begin(engine)
    short = await engine.trigger(counting(1))
    assert await engine.status(short) == "COMPLETED"
