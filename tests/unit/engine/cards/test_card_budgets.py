"""What one process asks of a channel."""

from datetime import timedelta

from looply.engine.cards.budgets import Allowance
from looply.engine.ports.card_channel import Budget
from looply.testing.clock import START_TIME

SECOND = timedelta(seconds=1)


def test_an_allowance_fills_with_time_up_to_the_calls_of_a_second() -> None:
    allowance = Allowance(Budget(per_second=4))
    assert allowance.available(START_TIME) == 4
    allowance.spend(4)
    assert allowance.available(START_TIME) == 0
    assert allowance.available(START_TIME + SECOND / 2) == 2
    assert allowance.available(START_TIME + 10 * SECOND) == 4


def test_a_slow_channel_is_asked_once_in_its_time() -> None:
    allowance = Allowance(Budget(per_second=0.5))
    assert allowance.available(START_TIME) == 1
    allowance.spend(1)
    assert allowance.available(START_TIME + SECOND) == 0
    assert allowance.available(START_TIME + 2 * SECOND) == 1


def test_a_pause_allows_nothing_and_a_shorter_one_does_not_end_it() -> None:
    allowance = Allowance(Budget(per_second=4))
    allowance.pause(START_TIME, 10 * SECOND)
    allowance.pause(START_TIME, SECOND)
    assert allowance.available(START_TIME + 9 * SECOND) == 0
    assert allowance.available(START_TIME + 10 * SECOND) == 4


def test_a_clock_that_is_set_back_gives_no_calls() -> None:
    allowance = Allowance(Budget(per_second=4))
    assert allowance.available(START_TIME) == 4
    allowance.spend(3)
    assert allowance.available(START_TIME - SECOND) == 1
