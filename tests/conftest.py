"""What all tests share: assertions in the test kit explain themselves, long tests have a short form, and a summary."""

from collections.abc import Callable

import pytest

from summaries import summarize

pytest.register_assert_rewrite("looply.testing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the switch of the long forms."""
    parser.addoption("--soak", action="store_true", help="run the long forms of the tests of faults (make soak)")


@pytest.fixture(scope="session")
def repetitions(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """Returns the first of two counts in a normal run, the second with `--soak`."""
    is_long = bool(request.config.getoption("--soak"))
    return lambda short, long: long if is_long else short


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Adds what the tests with very many cases came to."""
    summarize(terminalreporter)
