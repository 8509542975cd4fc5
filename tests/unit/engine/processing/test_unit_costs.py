"""What one unit computes: open work and status once for each state."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

import pytest

from kit.calls import observed_calls
from kit.definitions import asking, call, chain
from kit.driver import Driver
from looply.app.context.metrics import Metrics
from looply.engine.records.changes import ChangeLog, StateChange
from looply.execution import ExecutionState
from looply.execution.facts.open_work import open_work
from looply.testing.world import Answer


def code_of(name: str) -> CodeType:
    """Returns the code of a property of states."""
    return vars(ExecutionState)[name].fget.__code__


COUNTED = {
    open_work.__code__: "open_work",
    code_of("status"): "status",
    code_of("current_state"): "current_state",
}


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts the calls of the functions within its block."""
    counts: Counter[str] = Counter()

    def count(frame: FrameType) -> None:
        if frame.f_code in COUNTED:
            counts[COUNTED[frame.f_code]] += 1

    with observed_calls(count):
        yield counts


@pytest.fixture
def units(engine: Driver) -> list[StateChange]:
    """The units that were stored; the observers are those of a process."""
    found: list[StateChange] = []
    log, metrics = ChangeLog(), Metrics("embedded")

    def observe(change: StateChange) -> None:
        found.append(change)
        log(change)
        metrics.count_change(change)

    engine.shell.observers.on_change = observe
    return found


async def test_the_first_unit_computes_the_open_work_and_the_status_of_one_state(
    engine: Driver, units: list[StateChange]
) -> None:
    with counted() as counts:
        await engine.trigger(asking())
    assert len(units) == 1
    assert counts == {"open_work": 1, "status": 1, "current_state": 1}


async def test_a_further_unit_computes_the_open_work_of_the_states_before_and_after_it(
    engine: Driver, units: list[StateChange]
) -> None:
    execution_id = await engine.trigger(asking())
    units.clear()
    with counted() as counts:
        await engine.resume(execution_id, {"answer": "yes"})
    assert len(units) == 1
    # The statuses: what the decision on the command looks at, and those before and after the unit.
    assert counts == {"open_work": 2, "status": 3, "current_state": 1}


async def test_an_incident_that_is_closed_computes_nothing_twice(engine: Driver, units: list[StateChange]) -> None:
    engine.world.script("call_1", Answer(status=500))
    await engine.trigger(chain(call(fail_on=["5xx"])))
    with counted() as counts:
        await engine.settle()
    assert counts["open_work"] <= 2 * len(units)
    assert counts["status"] <= 2 * len(units)
