"""What all tests share: assertions in the test kit explain themselves, long tests have a short form, and a summary."""

import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import settings

from summaries import summarize

EMBEDDED = "embedded"
POSTGRES = "postgres"
DISTRIBUTED = "distributed"

pytest.register_assert_rewrite("contract", "kit", "looply.testing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the switch of the long forms, and the choice of the engine behind the black-box tests."""
    parser.addoption("--soak", action="store_true", help="run the long forms of the tests of faults (make soak)")
    parser.addoption("--part", type=int, default=1, help="with --soak: a part of the counts, one in so many")
    parser.addoption(
        "--engine",
        choices=(EMBEDDED, POSTGRES, DISTRIBUTED),
        default=EMBEDDED,
        help="run the black-box tests against a data folder, a process on PostgreSQL (make test-postgres), or servers"
        " and workers (make test-distributed)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes the examples of property tests the same in every run but long ones, which look for new ones.

    Leaves the tests of distributed installations out, unless they are asked for.
    """
    settings.register_profile("soak", deadline=None, max_examples=1_000, print_blob=True)
    settings.load_profile("soak" if config.getoption("soak") else "ci")
    chosen: str = config.option.markexpr
    if config.getoption("engine") != DISTRIBUTED and DISTRIBUTED not in chosen:
        config.option.markexpr = f"({chosen}) and not {DISTRIBUTED}" if chosen else f"not {DISTRIBUTED}"


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Undoes what a test did to the process's log: a command that ran in this process configures it as its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def repetitions(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """Returns the first of two counts in a normal run, the second with `--soak`, or a part of it."""
    is_long, part = bool(request.config.getoption("--soak")), int(request.config.getoption("--part"))
    return lambda short, long: max(long // part, 1) if is_long else short


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Adds what the tests with very many cases came to."""
    summarize(terminalreporter)
