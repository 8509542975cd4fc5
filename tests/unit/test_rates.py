"""Rate limiting: how often an owner may do something in a minute, and how much heavy work in a second."""

from looply.rates import RateLimiter, WorkPace


def test_an_owner_may_do_something_so_often_and_as_often_again_a_minute_later() -> None:
    rates = RateLimiter(3)
    assert [rates.take("a", 0) for _ in range(4)] == [0, 0, 0, 20]
    assert rates.take("b", 0) == 0
    assert rates.take("a", 20) == 0
    assert rates.take("a", 20) > 0
    assert [bool(rates.take("a", 600)) for _ in range(4)] == [False, False, False, True]


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


def shared(*owners: str) -> WorkPace:
    """Returns a pace of 100 units a second that these owners share."""
    pace = WorkPace(100)
    for owner in owners:
        pace.note(owner, 0)
    return pace


def test_heavy_work_is_followed_by_a_pause_in_proportion_to_it() -> None:
    pace = shared("a", "b")
    assert [pace.reserve("a", units, 0) for units in (50, 100, 10)] == [0, 0.5, 1.5]
    assert pace.reserve("b", 10, 0) == 0
    assert pace.reserve("a", 10, 60) == 0


def test_work_of_one_kind_does_not_wait_for_that_of_another_kind() -> None:
    pace = shared("a", "b")
    assert [pace.reserve("a", 100, 0, kind) for kind in ("read", "run", "read", "run")] == [0, 0, 1, 1]


def test_an_owner_has_its_share_of_the_time_however_much_it_requests() -> None:
    pace = shared("a", "b")
    begun = [pace.reserve("a", 7, 0) for _ in range(1000)]
    assert sum(7 for each in begun if each < 60) <= 60 * 100 + 7


def test_an_owner_that_is_alone_has_no_pauses() -> None:
    pace = shared("b", "a")
    pace.note("a", 61)
    assert [pace.reserve("a", 1000, 61) for _ in range(5)] == [0] * 5
    pace.note("b", 62)
    assert [pace.reserve("a", 100, 62) for _ in range(3)] == [0, 1, 2]
    pace.note("a", 63)
    pace.note("a", 64)
    assert pace.wait_seconds("a", 64) == 1


def test_of_many_owners_with_work_the_first_ones_are_forgotten() -> None:
    pace = shared("a", "b")
    for owner in range(20_000):
        pace.reserve(str(owner), 100, 0)
    assert len(pace._free_at) == 10_000
