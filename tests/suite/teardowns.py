"""The end of a test that failed: it has a time of its own.

pytest-timeout stops a test once, and none whose call has failed. What such a test has left, such as an engine that
waits for a call, can keep the end of its fixtures waiting for ever, and with it the whole run.
"""

import signal
from collections.abc import Iterator
from typing import Final

import pytest

_SECONDS: Final = 60


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fails the end of a test that takes longer, where pytest-timeout no longer watches and no debugger is used."""
    is_watched = signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL
    if is_watched or item.config.getoption("timeout") == 0 or item.config.getoption("usepdb"):
        return (yield)
    signal.signal(signal.SIGALRM, _fail)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _fail(*_: object) -> None:
    pytest.fail(f"the fixtures of a failed test did not end within {_SECONDS} s")
