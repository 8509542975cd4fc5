"""Ten thousand simulated runs of an engine, in which every guarantee holds."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sim_seed import REGRESSIONS, Regression, mutated, pool_of, report
from sim_seed import problems_of as problems_in

from simulation.checking.checkers import problems_of
from simulation.running.choice import HypothesisChoice, ReplayChoice, SeededChoice
from simulation.running.options import FAULTS
from simulation.running.run import simulate
from simulation.running.trace import Trace
from suite.tiers import shards

SHARDS = 8
FEWEST_HITS = 10
TWICE_EVERY = 50
MUST_BE_SEEN = (
    "ExecutionStarted", "Computed", "StepScheduled", "StepSucceeded", "StepFailed", "ErrorCaught",
    "StepUnknown CRASH", "StepUnknown TIMEOUT", "StepUnknown CONNECTION",
    "TimerStarted DELAY", "TimerStarted RETRY", "TimerStarted WAIT", "TimerStarted EXECUTION", "TimerFired",
    "WaitOpened", "WaitTimedOut", "Resumed", "Resumed BUFFER", "Resumed INBOX", "ResumeBuffered",
    "ResumeIgnored DUPLICATE", "ResumeIgnored UNUSED", "ResumeIgnored UNFIT", "AnswerRecorded", "CardWanted",
    "CardClosed", "Cancelled", "Discarded", "Continued", "IncidentOpened FAILED", "IncidentOpened UNKNOWN",
    "IncidentOpened TIMEOUT", "IncidentClosed", "ExecutionClosed COMPLETED", "ExecutionClosed FAILED",
    "ExecutionClosed TERMINATED",
)  # fmt: skip


def kinds_of(trace: Trace) -> Counter[str]:
    """Counts the events of all histories by their type and its variants."""
    seen: Counter[str] = Counter()
    for history in trace.histories.values():
        for event in history:
            more = (event.get(name) for name in ("cause", "kind", "reason", "status"))
            via = event["via"] if event["type"] == "Resumed" and event.get("via") else ""
            words = {"ExecutionClosed": event.get("status"), "Resumed": via}
            detail = words[event["type"]] if event["type"] in words else next((one for one in more if one), "")
            name = f"{event['type']} {detail}".strip()
            seen[name if name in MUST_BE_SEEN else event["type"]] += 1
    return seen


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_every_guarantee_holds(shard: int, repetitions: Callable[..., int]) -> None:
    count = repetitions(400, 1250, 40_000)
    fewest = min(FEWEST_HITS, count // 125)
    hits: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for seed in range(shard * count, (shard + 1) * count):
        trace = simulate(SeededChoice(seed), str(seed))
        problems = problems_of(trace)
        assert not problems, report(str(seed), trace, problems)
        hits.update(trace.hits)
        seen.update(kinds_of(trace))
        if seed % TWICE_EVERY == 0:
            again = simulate(SeededChoice(seed), str(seed))
            assert again.digest() == trace.digest(), f"seed {seed} does not run the same way twice"
    assert [fault for fault in FAULTS if hits[fault] < fewest] == []
    assert [kind for kind in MUST_BE_SEEN if seen[kind] < fewest] == []


@pytest.mark.timeout(600)
def test_a_run_is_the_same_under_every_hash_seed() -> None:
    seeds = ("7", "59", "256")
    script = str(Path(__file__).with_name("sim_seed.py"))
    runs = [
        subprocess.run(
            [sys.executable, script, *seeds, "--digest"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=250,
        ).stdout.split()
        for hash_seed in ("1", "2")
    ]
    assert len(set(runs[0])) == len(seeds)
    assert runs[0] == runs[1]


def test_the_choices_of_a_run_make_the_same_run() -> None:
    trace = simulate(SeededChoice(7), "7")
    assert simulate(ReplayChoice(trace.choices), "7").digest() == trace.digest()


def test_a_run_of_plain_choices_is_quiet() -> None:
    trace = simulate(ReplayChoice(()))
    assert problems_of(trace) == []
    assert not trace.hits
    assert not trace.stops


@pytest.mark.proof
@pytest.mark.timeout(600)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_runs_that_hypothesis_draws_keep_every_promise(data: st.DataObject) -> None:
    trace = simulate(HypothesisChoice(data))
    problems = problems_of(trace)
    assert not problems, report(str(trace.choices), trace, problems)


@pytest.mark.parametrize("path", sorted(REGRESSIONS.glob("*.json")), ids=lambda path: path.stem)
def test_saved_regressions_stay_fixed(path: Path) -> None:
    found = Regression.read(path)
    pool = pool_of(found.pool)
    trace = simulate(ReplayChoice(found.choices), "", pool)
    problems = problems_in(trace, pool)
    assert not problems, report(str(path), trace, problems)
    # The choices must still lead to the defect for which they were saved.
    with mutated(found.mutant):
        is_found = bool(problems_in(simulate(ReplayChoice(found.choices), "", pool), pool))
    assert is_found, f"the choices lead elsewhere: save them again from a seed that {found.mutant} fails, see README.md"
