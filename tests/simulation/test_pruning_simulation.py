"""Simulated runs with pruning and streams, in which every guarantee holds."""

from collections import Counter
from collections.abc import Callable

import pytest
from sim_seed import report

from simulation.checking.pruning_checkers import problems_of
from simulation.pools.pools import RETENTION
from simulation.running.choice import ReplayChoice, SeededChoice
from simulation.running.run import simulate
from simulation.running.trace import Trace
from suite.tiers import shards

SHARDS = 4
FEWEST_HITS = 3
TWICE_EVERY = 50
MUST_BE_SEEN = (
    "goes by its own expiry", "goes by age", "goes with its own expiry by hand", "stays", "is scheduled and goes",
    "follows", "receives commits", "is refused for pruned events",
)  # fmt: skip


def kinds_of(trace: Trace) -> Counter[str]:
    """Counts the events of pruning and of streams in a run."""
    seen: Counter[str] = Counter()
    for pruned in trace.pruned:
        settings_ = trace.definitions[trace.heads[pruned.execution]["workflow_id"]].get("workflow_settings", {})
        seen["goes by its own expiry" if pruned.ended_before is None else "goes by age"] += 1
        seen["goes with its own expiry by hand"] += pruned.ended_before is not None and "retention" in settings_
        seen["is scheduled and goes"] += trace.heads[pruned.execution]["trigger_type"] == "SCHEDULED"
    for stream in trace.streams:
        seen["follows"] += 1
        seen["receives commits"] += bool(stream.received)
        seen["is refused for pruned events"] += stream.code == "EVENTS_PRUNED"
    seen["stays"] += len(trace.left[1]) if trace.left is not None else 0
    return seen


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_every_guarantee_holds_with_pruning(shard: int, repetitions: Callable[..., int]) -> None:
    count = repetitions(100, 10_000)
    seen: Counter[str] = Counter()
    for seed in range(shard * count, (shard + 1) * count):
        trace = simulate(SeededChoice(seed), str(seed), RETENTION)
        problems = problems_of(trace)
        assert not problems, report(f"{seed} --pool retention", trace, problems)
        seen.update(kinds_of(trace))
        if seed % TWICE_EVERY == 0:
            again = simulate(SeededChoice(seed), str(seed), RETENTION)
            assert again.digest() == trace.digest(), f"seed {seed} does not run the same way twice"
    assert [kind for kind in MUST_BE_SEEN if seen[kind] < FEWEST_HITS] == []


def test_the_choices_of_a_run_with_pruning_make_the_same_run() -> None:
    trace = simulate(SeededChoice(7), "7", RETENTION)
    assert simulate(ReplayChoice(trace.choices), "7", RETENTION).digest() == trace.digest()
