"""Simulated runs in which systems are down for a time and operators stop them, in which every guarantee holds."""

from collections import Counter
from collections.abc import Callable

import pytest
from sim_seed import report

from simulation.checking.outage_checkers import problems_of
from simulation.pools.pools import OUTAGES
from simulation.running.choice import ReplayChoice, SeededChoice
from simulation.running.run import simulate
from suite.tiers import shards

SHARDS = 4
FEWEST_HITS = 3
MUST_BE_SEEN = ("again True", "again False", "openings", "alarms", "probes")


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_every_guarantee_holds_while_systems_are_down(shard: int, repetitions: Callable[..., int]) -> None:
    count = repetitions(300, 10_000)
    seen: Counter[str] = Counter()
    for seed in range(shard * count, (shard + 1) * count):
        trace = simulate(SeededChoice(seed), str(seed), OUTAGES)
        problems = problems_of(trace)
        assert not problems, report(f"{seed} --pool outages", trace, problems)
        events = [event for history in trace.histories.values() for event in history]
        seen.update(f"again {event.get('again', False)}" for event in events if event["type"] == "StepParked")
        seen.update({"openings": trace.openings, "alarms": trace.alarms, "probes": trace.probes})
    assert [kind for kind in MUST_BE_SEEN if seen[kind] < FEWEST_HITS] == []


def test_the_choices_of_a_run_with_outages_make_the_same_run() -> None:
    trace = simulate(SeededChoice(7), "7", OUTAGES)
    assert simulate(ReplayChoice(trace.choices), "7", OUTAGES).digest() == trace.digest()
