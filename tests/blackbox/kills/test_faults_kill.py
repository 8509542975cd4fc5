"""Repeated kills under load: acknowledged executions exist, continue, and happen once.

The hypothesis: after any number of kills, executions and acknowledged orders are the same set; every one of them ends;
a wait is passed once, with the payload of a resume that got `restarted`; a step's calls carry one key, and are repeated
only where a process ended in between; every instant of a schedule is decided once, and none is missing. The faults
are counted, and a run in which none hit is a failure.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from blackbox.evidence.fires import fires_once, owed, read_ledger
from blackbox.evidence.invariants import FOR_TIME, UNDER_KILLS, Evidence, damages, hold, repeated
from blackbox.evidence.load import SEED, Run
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import MIXED, scheduled
from blackbox.harness.client import Organization
from blackbox.harness.sink import Sink

LONGEST_SECONDS = 6 * 3600
QUIET_CYCLES = 24
"""Each time after so many kills the server lives long enough for a schedule to be watched."""
QUIET_SECONDS = 3.5

Repetitions = Callable[[int, int], int]


def _cycles(run: Run, chance: random.Random, count: int, report: FaultReport) -> None:
    """Kills the server repeatedly while its callers work; each third time before it is ready, while it recovers."""
    for number in range(1, count + 1):
        time.sleep(QUIET_SECONDS if number % QUIET_CYCLES == 0 else chance.uniform(0.02, 0.8))
        report.hit("KILL" if run.lives[-1].ready else "KILL while it starts")
        run.kill(until_ready=number == count or number % 3 != 1)
        life = run.lives[-1]
        if life.ready:
            report.worst("start_seconds", (life.ready - life.begun) / 1e9)


def _org(run: Run, client: httpx2.Client) -> Organization:
    return Organization(client, **run.made)


def _begin_schedule(run: Run) -> tuple[str, int]:
    """Returns the workflow of a schedule, and the first instant at which it fires."""
    # An instant before the activation is none of the schedule's, and a busy machine may take seconds to activate it.
    anchor = (int(time.time()) + 10) * 1000
    with httpx2.Client(base_url=run.server.address, timeout=120) as client:
        text = datetime.fromtimestamp(anchor / 1000, UTC).isoformat()
        workflow_id = _org(run, client).create(scheduled(text))
    assert time.time() * 1000 < anchor, "the machine took too long to activate the schedule before its first instant"
    return workflow_id, anchor


def _end_schedule(run: Run, workflow_id: str) -> int:
    """Pauses a schedule and returns when the server had said so, in nanoseconds."""
    with httpx2.Client(base_url=run.server.address, timeout=120) as client:
        body = {"workflow_id": workflow_id, "action": "PAUSE"}
        answer = _org(run, client).post("toggleScheduledWorkflow", body)
        assert answer.status_code == 200, answer.text
    return time.time_ns()


def _killed_again_and_again(folder: Path, sink: Sink, seed: int, cycles: int, report: FaultReport) -> None:
    run = Run(folder / "data", sink, f"kill-{seed}", MIXED)
    try:
        workflow_id, anchor = _begin_schedule(run)
        run.load.begin(seed)
        _cycles(run, random.Random(seed), cycles, report)
        run.load.end()
        paused = _end_schedule(run, workflow_id)
        ledger = read_ledger(run.server.address, run.made, workflow_id)
        rows = run.rows()
        audit = run.stop()
    finally:
        run.close()
    started = {id_: row for id_, row in rows.items() if row["workflow_trigger_type"] == "SCHEDULED"}
    asked = {id_: row for id_, row in rows.items() if id_ not in started}
    evidence = Evidence(
        orders=run.load.orders,
        rows=asked,
        lines=run.calls(),
        lives=run.lives,
        audit=audit,
        damages=damages(run.server.folder),
        others=len(started),
    )
    hold(evidence, report, {**UNDER_KILLS, **FOR_TIME})
    lives = [*run.lives[:-1], replace(run.lives[-1], ended=paused)]
    report.checked("I10 a schedule fires once", fires_once([*started.values()], ledger, anchor, lives))
    report.checked("I10 owed instants fired", len(owed(anchor, lives)))
    _count(run, evidence, report)


def _count(run: Run, evidence: Evidence, report: FaultReport) -> None:
    """Reports the effects of the faults: interrupted calls, repeated effects, executions with an unknown outcome."""
    report.hit("calls cut off", run.log.counts["unknown"])
    report.hit("calls refused", run.log.counts["refused"])
    report.hit("effects repeated after a kill", repeated(evidence))
    statuses = Counter(row["status"] for row in evidence.rows.values())
    report.hit("outcomes left open by a kill", statuses["FAILED"])
    report.checked("acknowledged calls", run.log.counts["ok"])


@pytest.mark.timeout(LONGEST_SECONDS)
def test_killed_again_and_again_under_load_nothing_acknowledged_is_lost_or_done_twice(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    runs, cycles = repetitions(1, 20), 100
    options = {"kills": runs * cycles, "callers": 8, "workloads": len(MIXED), "a process lives": "20-800 ms"}
    faults = ("KILL", "KILL while it starts", "calls cut off", "calls refused", "effects repeated after a kill")
    report = FaultReport("kill_under_load", seed=SEED, options=options, faults=faults)
    for number in range(runs):
        folder = tmp_path / str(number)
        folder.mkdir()
        _killed_again_and_again(folder, sink, SEED + 100 * number, cycles, report)
    report.finish()
    assert report.invariants["acknowledged calls"] > 5 * runs * cycles
