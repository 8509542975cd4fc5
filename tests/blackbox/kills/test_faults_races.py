"""Many concurrent callers: one wins, all get the correct answer, also when the server is killed.

Each round releases its requests together, on open connections. A share of the rounds kills the server
within 50 ms of the start; callers without an answer then repeat their calls.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from blackbox.evidence.arena import (
    KILL_EVERY,
    OF_COMPLETED,
    OF_RACES,
    ONE_WINS,
    Arena,
    arena,
    check_ending,
    check_what_followed,
    race_ends,
    race_resumes,
)
from blackbox.evidence.invariants import hold
from blackbox.evidence.load import SEED, Run
from blackbox.evidence.race import NONE, post
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import RACED, TO_A_WAIT, TO_THE_END
from blackbox.harness.sink import Sink

LONGEST_SECONDS = 3 * 3600
RESUMES = 32
TRIGGERS = 64

Repetitions = Callable[[int, int], int]


def _run(folder: Path, sink: Sink, report: FaultReport) -> Run:
    return Run(folder / "data", sink, report.name, RACED)


def _report(name: str, rounds: int, callers: int) -> FaultReport:
    options = {"rounds": rounds, "callers": callers, "a kill every": f"{KILL_EVERY} rounds"}
    faults = ("requests in one moment", "KILL in the race", "answers lost by a kill")
    return FaultReport(name, seed=SEED, options=options, faults=faults)


@pytest.mark.timeout(LONGEST_SECONDS)
def test_of_32_concurrent_resumes_exactly_one_wins_and_its_payload_is_used(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    rounds = repetitions(200, 1000)
    report = _report("race_of_resumes", rounds, RESUMES)
    with arena(_run(tmp_path, sink, report), report, RESUMES) as found:
        for number in range(rounds):
            race_resumes(found, number, RESUMES)
        evidence = found.evidence()
    hold(evidence, report, {**OF_RACES, **OF_COMPLETED})
    check_what_followed(evidence, report)
    report.finish()
    assert report.invariants[ONE_WINS.format(RESUMES, RESUMES - 1)] >= rounds * 0.9


@pytest.mark.timeout(LONGEST_SECONDS)
def test_of_8_resumes_and_8_concurrent_terminates_each_gets_the_correct_answer(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    rounds = repetitions(200, 1000)
    report = _report("race_of_ends", rounds, 16)
    with arena(_run(tmp_path, sink, report), report, 16) as found:
        answers = [race_ends(found, number) for number in range(rounds)]
        evidence = found.evidence()
    hold(evidence, report, OF_RACES)
    for order, resumed, terminated in answers:
        row = evidence.rows[order.execution_id]
        check_ending(row, resumed, terminated, is_certain=not order.asked["wait_1"].unknown)
        report.checked(f"I9 final and truthful: {row['status']}")
    report.finish()
    assert report.invariants["I9 final and truthful: TERMINATED"]
    assert report.invariants["I9 final and truthful: COMPLETED"]


def _race_triggers(arena: Arena, number: int, kind: str, *, is_same: bool) -> None:
    """Lets 64 triggers with one name race, with one body or with as many."""
    workload = TO_A_WAIT if kind == "process id" else TO_THE_END
    query = f"?process_id=storm-{number}" if kind == "process id" else ""
    headers = {"idempotency-key": f"storm-{number}"} if kind == "idempotency key" else {}
    bodies = [{"n": number, "other": 0 if is_same else other} for other in range(TRIGGERS)]
    target = f"triggerworkflow/{arena.run.workflows[workload]}{query}"
    requests = [post(arena.run, target, body, headers) for body in bodies]
    first, again = arena.race(number, requests)
    replies = [reply for reply in (*first, *again) if reply is not NONE]
    done = [reply for reply in replies if reply.status == 200]
    ids = {reply.body["looply_execution_id"] for reply in done}
    assert len(ids) == 1, f"{kind} storm-{number} named {ids}"
    fresh = sum(not reply.is_replayed for reply in done)
    assert fresh == 1 or (again and fresh == 0), f"{fresh} of {len(done)} answers say that they started it"
    refused = {"process id": (409, "PROCESS_ID_IN_USE"), "idempotency key": (422, "KEY_REUSED")}[kind]
    others = Counter((reply.status, reply.said) for reply in replies if reply.status != 200)
    expected = {} if is_same else {refused: len(replies) - len(done)}
    assert others == expected, others
    assert is_same or len(done) == 1, f"{len(done)} different bodies were accepted"
    arena.executions |= ids
    arena.report.checked(f"S9 one execution for one {kind}, {'one body' if is_same else '64 bodies'}")


@pytest.mark.timeout(LONGEST_SECONDS)
@pytest.mark.parametrize("kind", ["process id", "idempotency key"])
def test_64_triggers_at_one_moment_under_one_name_start_one_execution(
    tmp_path: Path, sink: Sink, repetitions: Repetitions, kind: str
) -> None:
    rounds = repetitions(60, 2000)
    report = _report(f"race_of_triggers_by_{kind.replace(' ', '_')}", rounds, TRIGGERS)
    with arena(_run(tmp_path, sink, report), report, TRIGGERS) as found:
        for number in range(rounds):
            _race_triggers(found, number, kind, is_same=bool(number % 3))
        rows = found.rows()
    assert set(rows) == found.executions
    assert len(rows) == rounds
    report.checked("I2 no execution beside those", len(rows))
    report.finish()
