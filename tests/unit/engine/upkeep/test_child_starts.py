"""Starts that are delayed, where there are many of them."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest

from contract.engine.steps.child_bounds import caught, children, limited
from kit.driver import ORGANIZATION, Driver
from kit.memory import MemoryData, MemoryStore
from looply.engine.upkeep.child_starts import ChildStarts
from looply.engine.upkeep.deliveries import Deliverer
from looply.engine.upkeep.quarantine import Quarantine
from looply.errors import Refused
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.rates import Turns
from looply.testing.clock import FakeClock


@pytest.fixture
async def shared_engine() -> AsyncIterator[Driver]:
    """An engine that another organization uses too."""
    data, turns = MemoryData(), used_by(ORGANIZATION, "umbrella")
    driver = Driver(lambda: MemoryStore(driver.clock, data), turns=turns)
    await driver.open()
    yield driver
    await driver.finish()


def row(number: int) -> DeliveryKey:
    return DeliveryKey(f"child {number}", "parent", number)


def used_by(*organization_ids: str) -> Turns:
    """Returns the turns of a process that these organizations use."""
    turns = Turns(FakeClock())
    for organization_id in organization_ids:
        turns.note(organization_id)
    return turns


async def test_more_delayed_starts_than_are_read_at_once_hold_up_no_other_organization(engine: Driver) -> None:
    await limited(engine, child_starts=210)
    for n in range(430):
        await engine.trigger(caught(wait=False), {"po": n})
    await engine.deliver()
    assert await children(engine) == 210
    await engine.trigger(caught(wait=False), {"po": 0}, organization_id="umbrella")
    await engine.deliver()
    assert await children(engine, "umbrella") == 1


def test_a_delayed_start_keeps_its_time_and_is_admitted_when_it_is_due() -> None:
    starts = ChildStarts(2)
    assert [starts.admit(row(number), "a", 0) for number in range(4)] == [True, True, False, False]
    with pytest.raises(Refused, match="the limit child_starts_per_minute is 2"):
        starts.admit(row(4), "a", 0)
    assert starts.admit(row(5), "b", 0)
    assert not starts.admit(row(2), "a", 29)
    assert list(starts.find_delayed(29)) == ["child 2", "child 3"]
    assert starts.admit(row(2), "a", 30)
    assert list(starts.find_delayed(30)) == ["child 3"]
    assert starts.admit(row(3), "a", 60)


def test_a_time_whose_row_does_not_come_again_is_dropped() -> None:
    starts = ChildStarts(1)
    assert [starts.admit(row(number), "a", 0) for number in range(2)] == [True, False]
    assert list(starts.find_delayed(121)) == []
    assert not starts.is_delayed(row(1), 121)
    assert starts.admit(row(1), "a", 121)
    assert not starts.admit(row(2), "a", 121)


def test_the_starts_of_a_minute_are_spread_over_it_while_another_organization_uses_the_process() -> None:
    starts = ChildStarts(60, used_by("a", "b"))
    now = FakeClock().monotonic()
    assert [starts.admit(row(number), "a", now) for number in range(120)] == [True] + [False] * 119
    with pytest.raises(Refused):
        starts.admit(row(120), "a", now)
    assert starts.next_due(now) == 1
    waiting = [len(starts.find_delayed(now + seconds)) for seconds in (0, 0.5, 1, 10, 119)]
    assert waiting == [119, 119, 118, 109, 0]


def test_the_starts_of_an_organization_that_is_alone_are_not_spread() -> None:
    starts = ChildStarts(60, used_by("a"))
    assert all(starts.admit(row(number), "a", FakeClock().monotonic()) for number in range(60))


def test_spread_starts_hold_up_neither_other_organizations_nor_other_work() -> None:
    turns = used_by("a", "b")
    starts = ChildStarts(60, turns)
    now = FakeClock().monotonic()
    for number in range(60):
        starts.admit(row(number), "a", now)
    assert starts.admit(row(60), "b", now)
    assert turns.wait_seconds("a") == 0


async def test_a_delayed_start_is_made_when_it_is_due_and_not_at_the_next_look(shared_engine: Driver) -> None:
    engine = shared_engine
    await limited(engine, child_starts=600)
    for n in range(30):
        await engine.trigger(caught(wait=False), {"po": n})
    await engine.deliver()
    made = [await children(engine)]
    for _ in range(4):
        pause = await engine.pump.round()
        assert pause == pytest.approx(0.1)
        engine.clock.advance(timedelta(seconds=pause))
        await engine.deliver()
        made.append(await children(engine))
    assert made == [1, 2, 3, 4, 5]


class OnceOnly:
    """A store that gives each delivery once, as a shared one does for as long as a process may need to apply it."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._given: set[Delivery] = set()
        self.work = self

    async def deliveries(self, limit: int, but_to: Collection[str] = ()) -> Sequence[Delivery]:
        found = [row for row in await self._store.work.deliveries(limit, but_to) if row not in self._given]
        self._given.update(found)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_a_delayed_start_is_made_when_it_is_due_where_a_store_gives_its_row_once(shared_engine: Driver) -> None:
    engine = shared_engine
    await limited(engine, child_starts=600)
    for n in range(5):
        await engine.trigger(caught(wait=False), {"po": n})
    store: Any = OnceOnly(engine.store)
    quarantine = Quarantine(engine.shell, engine.store, engine.clock)
    deliverer = Deliverer(engine.shell, store, engine.clock, engine.callees.find, quarantine)
    made = []
    for _ in range(6):
        await deliverer.apply_due()
        await engine.settle()
        made.append(await children(engine))
        engine.clock.advance(timedelta(seconds=0.1001))
    assert made == [1, 2, 3, 4, 5, 5]
    assert deliverer.next_start() is None
