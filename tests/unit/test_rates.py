"""Rate limiting: how often an owner may do something in a minute, and how much heavy work in a second."""

from datetime import timedelta

import pytest

from looply.rates import Kind, RateLimiter, Turns, growing_pause
from looply.testing.clock import FakeClock

WORK = Kind("work", 100)


def test_an_owner_may_do_something_so_often_and_as_often_again_a_minute_later() -> None:
    rates = RateLimiter(3)
    assert [rates.take("a", 0) for _ in range(4)] == [0, 0, 0, 20]
    assert rates.take("b", 0) == 0
    assert rates.take("a", 20) == 0
    assert rates.take("a", 20) > 0
    assert [bool(rates.take("a", 600)) for _ in range(4)] == [False, False, False, True]


def test_a_pause_grows_with_each_failure_up_to_the_longest_one() -> None:
    first, longest = timedelta(seconds=2), timedelta(minutes=5)
    pauses = [growing_pause(first, longest, failures).total_seconds() for failures in (0, 1, 2, 7, 8, 10**9)]
    assert pauses == [2, 4, 8, 256, 300, 300]


def test_of_many_owners_the_least_recently_active_ones_are_forgotten() -> None:
    rates = RateLimiter(1)
    for owner in range(20_000):
        rates.take(str(owner), 0)
    assert len(rates._left) == 10_000
    assert rates.take("19999", 0) > 0


def test_what_is_reserved_comes_within_the_next_minute_in_order() -> None:
    rates = RateLimiter(3)
    assert [rates.reserve("a", 0) for _ in range(8)] == [0, 0, 0, 20, 40, 60, None, None]
    assert rates.reserve("b", 0) == 0
    assert [rates.reserve("a", 20) for _ in range(2)] == [60, None]
    assert [rates.reserve("a", 200) for _ in range(4)] == [0, 0, 0, 20]


def shared(clock: FakeClock, *owners: str) -> Turns:
    """Returns turns that these owners share."""
    turns = Turns(clock)
    for owner in owners:
        turns.note(owner)
    return turns


def test_heavy_work_is_followed_by_a_pause_in_proportion_to_it() -> None:
    clock = FakeClock()
    turns = shared(clock, "a", "b")
    assert [turns.reserve("a", units, WORK) for units in (50, 100, 10)] == pytest.approx([0, 0.5, 1.5])
    assert turns.reserve("b", 10, WORK) == 0
    clock.advance(timedelta(seconds=60))
    assert turns.reserve("a", 10, WORK) == 0


def test_work_of_one_kind_does_not_wait_for_that_of_another_kind() -> None:
    turns, other = shared(FakeClock(), "a", "b"), Kind("other", 200)
    assert [turns.reserve("a", 100, kind) for kind in (WORK, other, WORK, other)] == pytest.approx([0, 0, 1, 0.5])


def test_an_owner_has_its_share_of_the_time_however_much_it_requests() -> None:
    turns = shared(FakeClock(), "a", "b")
    begun = [turns.reserve("a", 7, WORK) for _ in range(1000)]
    assert sum(7 for each in begun if each < 60) <= 60 * 100 + 7


def test_an_owner_that_is_alone_has_no_pauses() -> None:
    clock = FakeClock()
    turns = shared(clock, "b", "a")
    clock.advance(timedelta(seconds=61))
    turns.note("a")
    assert [turns.reserve("a", 1000, WORK) for _ in range(5)] == [0] * 5
    clock.advance(timedelta(seconds=1))
    turns.note("b")
    assert [turns.reserve("a", 100, WORK) for _ in range(3)] == pytest.approx([0, 1, 2])
    clock.advance(timedelta(seconds=1))
    turns.note("a")
    clock.advance(timedelta(seconds=1))
    turns.note("a")
    assert turns.wait_seconds("a", WORK) == pytest.approx(1)


def test_of_many_owners_with_work_the_first_ones_are_forgotten() -> None:
    turns = shared(FakeClock(), "a", "b")
    for owner in range(20_000):
        turns.reserve(str(owner), 100, WORK)
    assert len(turns._free_at) == 10_000


def test_the_process_is_shared_while_a_second_owner_was_seen_within_a_minute() -> None:
    clock = FakeClock()
    turns = Turns(clock)
    assert not turns.is_shared
    assert turns.note("a")
    assert not turns.is_shared
    assert not turns.note("b")
    assert turns.is_shared
    clock.advance(timedelta(seconds=61))
    assert turns.note("b")
    assert not turns.is_shared
