"""Starts that are delayed, where there are many of them."""

import pytest

from contract.engine.steps.child_bounds import caught, children, limited
from kit.driver import Driver
from looply.engine.upkeep.child_starts import ChildStarts
from looply.errors import Refused
from looply.execution.facts.deliveries import DeliveryKey


def row(number: int) -> DeliveryKey:
    return DeliveryKey(f"child {number}", "parent", number)


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
