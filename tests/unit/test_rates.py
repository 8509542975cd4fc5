"""Rate limiting: how often an owner may do something in a minute."""

from looply.rates import RateLimiter


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
