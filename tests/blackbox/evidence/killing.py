"""Callers of one workflow that continue while the server is killed repeatedly, and their orders.

    with reported("families", folder, sink, 20) as (run, report):
        left = killed(run, report, 20, workflow_id, body)

or, with other work beside,

    with ordering(run, workflow_id, body) as asked:
        kill_again_and_again(run, report, 20)
    rows = run.rows()

Each trigger is repeated under its own idempotency key until it is acknowledged: afterwards `asked` and the executions
of the workflow must be the same set. Calls go to `<place>/<number of the order>/...`.
"""

import itertools
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from blackbox.evidence.invariants import Evidence, damages
from blackbox.evidence.load import PATIENCE_SECONDS, SEED, Line, Row, Run
from blackbox.evidence.report import FaultReport
from blackbox.harness.client import Organization
from blackbox.harness.sink import Sink

CALLERS = 4
PAUSE_SECONDS = 0.1
KILLS = ("KILL", "KILL while it starts")
LONGEST_SECONDS = 3 * 3600
"""Timeout of the long form of such a test."""

Body = Callable[[int], dict[str, Any]]
Repetitions = Callable[[int, int], int]


class Left(NamedTuple):
    """The state after the kills: execution ids by orders, all executions by id, and the calls as `by_path`."""

    asked: Mapping[int, str]
    rows: Mapping[str, Row]
    calls: Mapping[tuple[str, ...], Sequence[Line]]


@contextmanager
def reported(name: str, folder: Path, sink: Sink, kills: int, **options: int) -> Iterator[tuple[Run, FaultReport]]:
    """Yields the run and the report of a test that kills the server so many times, and checks what it left.

    The report `kill_NAME` is finished unless a check has failed.
    """
    report = FaultReport(f"kill_{name}", seed=SEED, options={"kills": kills, **options}, faults=KILLS)
    run = run_of(folder, sink, name)
    try:
        yield run, report
    finally:
        run.close()
    report.finish()


def killed(run: Run, report: FaultReport, count: int, workflow_id: str, body: Body, *, shortest: float = 0.02) -> Left:
    """Lets callers trigger a workflow during `count` kills of the server; stops it, and returns the state.

    Guarantees: the store is consistent.
    """
    with ordering(run, workflow_id, body) as asked:
        kill_again_and_again(run, report, count, shortest=shortest)
    left = Left(asked, run.rows(), by_path(run))
    check_store(run, left.rows)
    return left


@contextmanager
def ordering(run: Run, workflow_id: str, body: Body, callers: int = CALLERS) -> Iterator[dict[int, str]]:
    """Lets callers trigger a workflow until the block ends; yields the execution ids by the numbers of the orders.

    Guarantees: each caller has one order at least; after the block every order was acknowledged. The server must be
    running then.
    """
    numbers, asked = itertools.count(), dict[int, str]()
    is_over, failures = threading.Event(), list[BaseException]()

    def call() -> None:
        try:
            while True:
                number = next(numbers)
                asked[number] = acknowledged(run, workflow_id, number, body(number))
                if is_over.wait(PAUSE_SECONDS):
                    return
        except BaseException as error:  # raised below, in the thread of the test
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        is_over.set()
        for thread in threads:
            thread.join(2 * PATIENCE_SECONDS)
    if failures:
        raise failures[0]


def acknowledged(run: Run, workflow_id: str, number: int, body: dict[str, Any]) -> str:
    """Triggers an order until the server acknowledges it; returns its execution id."""
    headers = {"idempotency-key": f"order-{number}", "x-api-key": run.made["api_key"]}
    deadline = time.monotonic() + PATIENCE_SECONDS
    with run.server.connect(timeout=15) as client:
        while True:
            outcome, answer = run.log.call(client, f"/v2/workflows/triggerworkflow/{workflow_id}", body, headers)
            if outcome == "ok":
                return str(answer["looply_execution_id"])
            assert outcome != "fail" or answer["status_code"] == 503, answer
            assert time.monotonic() < deadline, f"order {number} gets no answer"
            time.sleep(0.1)


def kill_again_and_again(run: Run, report: FaultReport, count: int, *, shortest: float = 0.02) -> None:
    """Kills the server `count` times; each third time before it is ready, while it recovers. It runs afterwards."""
    chance = random.Random(SEED)
    for number in range(1, count + 1):
        time.sleep(chance.uniform(shortest, shortest + 0.8))
        report.hit(KILLS[0] if run.lives[-1].ready else KILLS[1])
        run.kill(until_ready=number == count or number % 3 != 1)


def created(run: Run, definition: dict[str, Any]) -> str:
    """Stores and activates a workflow."""
    with run.server.connect(timeout=120) as client:
        return Organization(client, **run.made).create(definition)


def place_of(run: Run) -> str:
    """Returns the base URL of the calls of a run."""
    return f"{run.sink.address}{run.ledger}"


def run_of(folder: Path, sink: Sink, name: str) -> Run:
    """Returns a run whose executions may take as long as the timeout of its callers: a slow machine is no failure."""
    run = Run(folder / "data", sink, name, ())
    run.live_seconds = PATIENCE_SECONDS
    return run


def by_path(run: Run) -> dict[tuple[str, ...], list[Line]]:
    """Returns the calls of a run by the parts of their paths, the number of the order first, in order of arrival."""
    found: dict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in run.calls():
        found[tuple(line["path"].removeprefix(f"{run.ledger}/").split("/"))].append(line)
    return found


def repeated_only_by_kills(run: Run, calls: Mapping[tuple[str, ...], Sequence[Line]]) -> int:
    """Checks that no call was repeated without a kill in between, and that each has one key; returns their number."""
    evidence, count, holders = Evidence(lives=run.lives), 0, dict[str, tuple[str, ...]]()
    for path, lines in calls.items():
        for line, following in itertools.pairwise(lines):
            assert evidence.is_disturbed(line, following), f"{path} was called twice: {lines}; {run.lives}"
            count += 1
        keys = {line["key"] for line in lines}
        assert len(keys) == 1, f"{path} was called with the keys {keys}"
        assert holders.setdefault(*keys, path) == path, f"{path} and {holders[keys.pop()]} share a key"
    return count


def check_store(run: Run, rows: Mapping[str, Row]) -> None:
    """Stops the server and checks that nothing is orphaned or damaged, and that `rows` are all that is stored."""
    audit = run.stop()
    assert audit["problems"] == [], audit["problems"]
    assert (audit["executions"], audit["open"], audit["orphans"]) == (len(rows), 0, 0), audit
    assert damages(run.server.folder) == []


def entries(row: Row, *types: str) -> list[Row]:
    """Returns the entries of these types in an execution's log."""
    return [entry for entry in row["workflow_event_log"]["events"] if entry["type"] in types]
