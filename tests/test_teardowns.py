"""The end of a failed test has a time of its own, but where another one watches it or a debugger holds it."""

import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from suite import teardowns

WATCHED = {"timeout": 300, "usepdb": False}
SECONDS = 60


@pytest.fixture(autouse=True)
def _own_alarm() -> Iterator[None]:
    """Puts the alarm of the running test aside: the one that is tested is the only one."""
    handler = signal.getsignal(signal.SIGALRM)
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, left)


def begun(**options: Any) -> Iterator[None]:
    """Begins the end of a test under these options."""
    item: Any = SimpleNamespace(config=SimpleNamespace(getoption={**WATCHED, **options}.__getitem__))
    ending = teardowns.pytest_runtest_teardown(item)
    next(ending)
    return ending


def left() -> float:
    """Returns the seconds until the alarm; 0 without one."""
    return signal.getitimer(signal.ITIMER_REAL)[0]


def test_an_end_has_a_minute_and_leaves_no_alarm() -> None:
    ending = begun()
    assert SECONDS - 10 < left() <= SECONDS
    assert next(ending, "over") == "over"
    assert left() == 0
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_an_end_that_takes_longer_fails_and_says_so() -> None:
    ending = begun()
    with pytest.raises(pytest.fail.Exception, match=f"did not end within {SECONDS} s"):
        _wait_for_the_alarm()
    assert next(ending, "over") == "over"


def _wait_for_the_alarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    signal.pause()


@pytest.mark.parametrize("options", [{"timeout": 0}, {"usepdb": True}], ids=["without a limit", "with a debugger"])
def test_an_end_has_no_time_where_none_is_limited_or_a_debugger_is_used(options: dict[str, Any]) -> None:
    ending = begun(**options)
    assert left() == 0
    assert next(ending, "over") == "over"


def test_an_end_that_is_watched_already_keeps_its_alarm() -> None:
    signal.signal(signal.SIGALRM, _ignore)
    ending = begun()
    assert left() == 0
    assert next(ending, "over") == "over"
    assert signal.getsignal(signal.SIGALRM) is _ignore


def _ignore(*_: object) -> None:
    """Does nothing, for an alarm that never comes."""
