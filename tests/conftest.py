"""What all tests share: tiers, forms of several lengths, assertions of the kit that explain themselves, a summary."""

import gc
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from suite import teardowns
from suite.durations import Meter, Recorder
from suite.failures import Ending, Evidence
from suite.memory_disk import use_memory
from suite.small_disk import unmount_abandoned
from suite.summaries import summarize
from suite.tiers import ALL, GATE, PROOF, QUARTERS, choose, may_be_of, quarter_of_commit

EMBEDDED = "embedded"
POSTGRES = "postgres"
DISTRIBUTED = "distributed"
ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
BY_COMMIT = "commit"

pytest.register_assert_rewrite("contract", "golden.stores", "kit", "looply.testing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the switches of the tiers, and the choice of the engine behind the black-box tests."""
    parser.addoption("--tier", choices=(GATE, PROOF, ALL), default=ALL, help="the tests of make test, or make proof")
    parser.addoption(
        "--quarter",
        choices=(ALL, BY_COMMIT, *map(str, range(QUARTERS))),
        default=ALL,
        help="the quarter of the proof's rotating tests: that of the commit's number, one by its number, or all",
    )
    parser.addoption("--soak", action="store_true", help="run the long forms of the tests of faults (make soak)")
    parser.addoption("--part", type=int, default=1, help="with --soak: a part of the counts, one in so many")
    parser.addoption(
        "--engine",
        choices=(EMBEDDED, POSTGRES, DISTRIBUTED),
        default=EMBEDDED,
        help="run the black-box tests against a data folder, a process on PostgreSQL (make test-postgres), or servers"
        " and workers (make test-distributed)",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Returns three workers for two cores: tests wait for disks and servers at least a third of their time.

    Those of distributed installations wait for PostgreSQL and Temporal half of it: they have four.
    """
    cores = len(os.sched_getaffinity(0))
    return 2 * cores if config.getoption("engine") == DISTRIBUTED else cores + max(1, cores // 2)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the examples of property tests the same in every run but long ones, which look for new ones.

    Leaves the tests of distributed installations out, unless they are asked for.
    """
    # All tests are objects that live to the end: searching them for cycles took half of the time of their collection.
    gc.disable()
    use_memory()
    settings.register_profile("soak", deadline=None, max_examples=1_000, print_blob=True)
    settings.load_profile("soak" if config.getoption("soak") else "ci")
    chosen: str = config.option.markexpr
    if config.getoption("engine") != DISTRIBUTED and DISTRIBUTED not in chosen:
        config.option.markexpr = f"({chosen}) and not {DISTRIBUTED}" if chosen else f"not {DISTRIBUTED}"
    if config.option.quarter == BY_COMMIT:
        # The processes of tests get the options of this one.
        by_commit = quarter_of_commit(ROOT)
        config.option.quarter = ALL if by_commit is None else str(by_commit)
    config.pluginmanager.register(Meter())
    config.pluginmanager.register(teardowns)
    config.pluginmanager.register(Evidence(BUILD / "failures"))
    if not hasattr(config, "workerinput"):
        unmount_abandoned()
        config.pluginmanager.register(Ending())
        run = "-".join((config.getoption("tier"), config.getoption("engine")))
        config.pluginmanager.register(Recorder(BUILD / f"durations-{run}.json"))


def pytest_report_header(config: pytest.Config) -> str | None:
    """Says which quarter of the rotating tests runs."""
    return None if config.option.quarter == ALL else _said(config.option.quarter)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves files without a test of the tier out, which takes a part of the time of importing all of them."""
    is_file = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_file and not may_be_of(config.getoption("tier"), collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Chooses the tests of the tier and the quarter."""
    chosen: str = config.option.quarter
    choose(config, items, config.getoption("tier"), None if chosen == ALL else int(chosen))


def pytest_collection_finish() -> None:
    """Begins to look for cycles, among what the tests make from now on."""
    gc.collect()
    gc.freeze()
    gc.enable()


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
def repetitions(request: pytest.FixtureRequest) -> Callable[..., int]:
    """Returns one of the counts (gate, proof, long), or (proof, long) of a test that the gate leaves out.

    The gate takes the first of three, a run with `--soak` the last one or a part of it, every other run the one before.
    """
    option = request.config.getoption

    def chosen(*counts: int) -> int:
        *gate, proof, long = counts
        if option("--soak"):
            return max(long // int(option("--part")), 1)
        return gate[0] if gate and option("--tier") == GATE else proof

    return chosen


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Adds what the tests with very many cases came to, and which quarter of the rotating ones ran."""
    summarize(terminalreporter)
    if (quarter := terminalreporter.config.option.quarter) != ALL:
        terminalreporter.section("rotation")
        terminalreporter.line(_said(quarter))


def _said(quarter: str) -> str:
    return f"quarter {quarter} of 0 to {QUARTERS - 1} of the rotating tests of the proof; make proof ARGS=all runs all"
