"""Faults of a distributed installation under load: whatever dies, nothing acknowledged is lost or done twice.

The hypothesis: two servers, two workers, PostgreSQL and Temporal may each die and return while callers keep working.
Acknowledged executions exist, continue and end; a wait is passed once; a call of a step is repeated only where a fault
lies between the two, under its key, and never where it must not be repeated. Without Temporal everything except the
calls of steps works. Each planned fault must have hit.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blackbox.evidence.arena import (
    OF_COMPLETED,
    OF_RACES,
    ONE_WINS,
    arena,
    check_ending,
    check_what_followed,
    race_ends,
    race_resumes,
)
from blackbox.evidence.distributed import KILLED, LOST, DistributedRun, Operator, until_calls
from blackbox.evidence.invariants import FOR_TIME, Evidence, hold
from blackbox.evidence.load import SEED, Line
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import ASKING, HELD, LINEAR, MIXED, RACED, RETRIED, Workload
from blackbox.harness.holders import is_unanswered, until_held
from blackbox.harness.installation import Node
from blackbox.harness.sink import Sink

pytestmark = pytest.mark.distributed

LONGEST_SECONDS = 3 * 3600
CALLERS = 6
AWAIT_SECONDS = 3.0
"""How long a caller waits for the end of its order before the next, so that orders do not pile up on a slow machine."""
RESUMES = 16
STOPPED_SECONDS = 60.0
"""How long a process is paused: twice the lease time."""
BETWEEN_STOPS_SECONDS = (5.0, 20.0)
"""The span from which the time is drawn for which PostgreSQL is up, and below the one for which it is away."""
DOWN_SECONDS = (0.0, 5.0)

Repetitions = Callable[[int, int], int]
Reported = Callable[..., FaultReport]


@contextmanager
def under_load(
    folder: Path, sink: Sink, report: FaultReport, workloads: tuple[Workload, ...]
) -> Iterator[DistributedRun]:
    """Yields an installation with working callers; everything ends with the block."""
    run = DistributedRun(folder / "run", sink, report.name, workloads)
    try:
        run.load.begin(count=CALLERS, await_seconds=AWAIT_SECONDS)
        yield run
    finally:
        run.close()


def hit_in_a_call(run: DistributedRun, step: str, strike: Callable[[Node], None]) -> tuple[Node, Line]:
    """Strikes a worker in the middle of its call of a step; again when the call may have been over by then."""
    while True:
        worker, line = until_held(run, step)
        strike(worker)
        if is_unanswered(line):
            return worker, line
        worker.process.resume()


def times_called(evidence: Evidence, line: Line) -> int:
    """Returns how often the call of a line was made in all."""
    return sum(other["key"] == line["key"] for other in evidence.lines)


@pytest.mark.timeout(LONGEST_SECONDS)
def test_killed_workers_lose_no_call_and_repeat_none_that_must_not_be_repeated(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    rounds = repetitions(2, 100)
    steps = ("got", "retried", "once")
    report = reported("distributed_worker_kills", *(f"KILL a worker during {step}" for step in steps), rounds=rounds)
    with under_load(tmp_path, sink, report, (ASKING, *HELD)) as run:
        cut_off = []
        for step in steps * rounds:
            with run.fault(f"KILL a worker during {step}"):
                # Stopped first, so that it is certain that the call has no outcome.
                worker, line = hit_in_a_call(run, step, lambda node: node.process.pause())
                worker.kill()
            cut_off.append((step, line))
        evidence = run.conclude(report, KILLED)
    for step, line in cut_off:
        count = times_called(evidence, line)
        assert (count == 1) == (step == "once"), f"{line['path']} was called {count} times"
        report.checked(f"S3 a call of {step} that a kill cut off")
    report.finish()


@pytest.mark.timeout(LONGEST_SECONDS)
def test_a_worker_paused_beyond_its_lease_changes_nothing_when_it_returns_and_killed_servers_neither(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    rounds = repetitions(1, 20)
    report = reported("distributed_worker_stops", "STOP a worker beyond its lease", "KILL a server", stops=rounds)
    chance = random.Random(SEED)
    with under_load(tmp_path, sink, report, (ASKING, *HELD)) as run:
        held = []
        for _ in range(rounds):
            with run.fault("STOP a worker beyond its lease"):
                worker, line = hit_in_a_call(run, "got", lambda node: node.process.pause())
                ends = len(worker.process.exits)
                # The others must have been there all that time themselves, and look every few seconds.
                over = time.monotonic() + STOPPED_SECONDS
                while time.monotonic() < over:
                    run.kill()
                    time.sleep(chance.uniform(1, 4))
                worker.process.resume()
                worker.process.until_exit(LOST, after=ends)
                worker.until_ready()
            held.append(line)
        evidence = run.conclude(report, KILLED, LOST)
    for line in held:
        assert times_called(evidence, line) == 2, f"no worker took over {line['path']}, or several did"
        report.checked("S10 a call that another worker took over")
    report.finish()


@pytest.mark.timeout(LONGEST_SECONDS)
def test_a_server_paused_beyond_its_lease_changes_nothing_when_it_returns(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    rounds = repetitions(1, 20)
    fault = "STOP a server beyond its lease"
    report = reported("distributed_server_stops", fault, stops=rounds)
    with under_load(tmp_path, sink, report, (*MIXED, *HELD)) as run:
        for number in range(rounds):
            until_calls(run, "call_1")
            server = run.server.servers[number % len(run.server.servers)]
            ends = len(server.process.exits)
            # Calls of steps are the workers': none of them may be made again.
            with run.fault(fault, hides=False):
                server.process.pause()
                time.sleep(STOPPED_SECONDS)
                # The other one has started, resumed and ended executions in the meantime.
                until_calls(run, "call_1")
                server.process.resume()
                server.process.until_exit(LOST, after=ends)
                server.until_ready()
            until_calls(run, "call_1")
        evidence = run.conclude(report, LOST)
    assert evidence.rows
    assert report.figures["calls repeated after a fault"] == 0
    assert report.figures["outcomes left open by a fault"] == 0
    report.finish()


@pytest.mark.timeout(LONGEST_SECONDS)
def test_without_temporal_only_calls_of_steps_wait_and_a_lost_temporal_database_is_recovered(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    rounds = repetitions(1, 30)
    faults = ("KILL Temporal", "EMPTY Temporal")
    report = reported("distributed_temporal", *faults, rounds=rounds)
    with under_load(tmp_path, sink, report, (LINEAR, RETRIED, *HELD)) as run:
        operator = Operator(run)
        try:
            for fault in faults * rounds:
                until_calls(run, "got")
                with run.fault(fault):
                    run.server.temporal.stop()
                    operator.make_calls()
                    if fault == "EMPTY Temporal":
                        run.server.temporal.empty()
                    run.server.temporal.start()
                report.checked("S27 triggers, commands and reads work without Temporal")
                # Calls of steps are made again.
                until_calls(run, "got", 2)
        finally:
            operator.close()
        run.conclude(report, others=len(operator.executions))
    report.finish()


@pytest.mark.timeout(LONGEST_SECONDS)
def test_a_postgresql_that_stops_again_and_again_costs_time_and_nothing_else(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    stops = repetitions(6, 500)
    modes = ("fast", "immediate")
    refused = "calls refused with a code"
    report = reported("distributed_postgres", *(f"STOP PostgreSQL ({mode})" for mode in modes), refused, stops=stops)
    chance = random.Random(SEED)
    with under_load(tmp_path, sink, report, (*MIXED, *HELD)) as run:
        for number in range(stops):
            time.sleep(chance.uniform(*BETWEEN_STOPS_SECONDS))
            mode = modes[number % 2]
            with run.fault(f"STOP PostgreSQL ({mode})"):
                run.server.postgres.stop(mode)
                time.sleep(chance.uniform(*DOWN_SECONDS))
                run.server.postgres.start()
        run.server.until_ready()
        run.conclude(report, LOST)
    report.hit(refused, run.log.counts["fail"])
    report.finish()


@pytest.mark.timeout(LONGEST_SECONDS)
def test_without_a_fault_no_call_is_made_twice_and_pauses_keep_their_time(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    calls = repetitions(40, 20_000)
    report = reported("distributed_no_fault", "executions", calls=calls)
    with under_load(tmp_path, sink, report, MIXED) as run:
        until_calls(run, "call_1", calls)
        evidence = run.conclude(report)
    hold(evidence, report, FOR_TIME)
    assert report.figures["calls repeated after a fault"] == 0
    assert report.figures["outcomes left open by a fault"] == 0
    report.hit("executions", len(evidence.rows))
    report.finish()


@pytest.mark.timeout(LONGEST_SECONDS)
def test_of_16_resumes_over_both_servers_one_wins_and_nothing_follows_a_terminate(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, reported: Reported
) -> None:
    rounds = repetitions(20, 500)
    faults = ("requests in one moment", "KILL in the race", "answers lost by a kill")
    report = reported("distributed_races", *faults, rounds=rounds, callers=RESUMES)
    run = DistributedRun(tmp_path / "run", sink, report.name, RACED)
    with arena(run, report, RESUMES, kill_every=5) as found:
        for number in range(rounds):
            race_resumes(found, number, RESUMES)
        resumed = found.evidence()
        answers = [race_ends(found, number) for number in range(rounds, 2 * rounds)]
        evidence = found.evidence()
    hold(resumed, report, OF_COMPLETED)
    check_what_followed(resumed, report)
    hold(evidence, report, OF_RACES)
    for order, to_resumes, to_terminates in answers:
        row = evidence.rows[order.execution_id]
        check_ending(row, to_resumes, to_terminates, is_certain=not order.asked["wait_1"].unknown)
        report.checked(f"I9 final and truthful: {row['status']}")
    report.finish()
    assert report.invariants[ONE_WINS.format(RESUMES, RESUMES - 1)] >= rounds / 2
    assert report.invariants["I9 final and truthful: TERMINATED"]
