"""Simulated runs with branches, items, children, datastores, approvals and repairs, in which every guarantee holds."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sim_seed import report

from simulation.checking.region_checkers import problems_of
from simulation.pools.pools import REGIONS
from simulation.running.choice import HypothesisChoice, ReplayChoice, SeededChoice
from simulation.running.run import simulate
from simulation.running.trace import Trace
from suite.tiers import shards

SHARDS = 4
FEWEST_HITS = 3
TWICE_EVERY = 50
MUST_BE_SEEN = (
    "ScopeOpened", "ScopeEntered", "ScopeClosed ARRIVED", "ScopeClosed", "Cancelled", "Discarded", "ErrorCaught",
    "ChildStarted", "ChildClosed COMPLETED", "ChildClosed FAILED", "ChildClosed CANCELLED", "ChildClosed STARTED",
    "AnswerRecorded approved", "AnswerRecorded rejected", "Resumed approved", "Resumed rejected", "WaitTimedOut",
    "TimerStarted REMINDER", "TimerStarted ESCALATION", "IncidentOpened FAILED", "IncidentOpened UNKNOWN",
    "IncidentClosed attempt", "IncidentClosed visit", "IncidentClosed", "StepSkipped", "DocumentEdited",
    "LetterSettled", "CardClosed REASSIGNED", "CardClosed ABSENT",
    "DocumentEdited within", "Moved", "Moved within", "Migrated",
)  # fmt: skip
_TELLING = {
    "ScopeClosed": "how", "ChildClosed": "outcome", "AnswerRecorded": "decision", "Resumed": "branch",
    "TimerStarted": "kind", "IncidentOpened": "kind", "IncidentClosed": "again", "CardClosed": "reason",
}  # fmt: skip
_WITHIN = ("DocumentEdited", "Moved")


def kinds_of(trace: Trace) -> Counter[str]:
    """Counts the events of all histories by their type and its variants."""
    events = [event for history in trace.histories.values() for event in history]
    within = (f"{one['type']} within" for one in events if one["type"] in _WITHIN and one.get("scope"))
    return Counter(within) + Counter(
        f"{event['type']} {event.get(_TELLING.get(event['type'], ''), '')}".strip() for event in events
    )


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_every_guarantee_holds_with_branches(shard: int, repetitions: Callable[..., int]) -> None:
    count = repetitions(300, 10_000)
    seen: Counter[str] = Counter()
    for seed in range(shard * count, (shard + 1) * count):
        trace = simulate(SeededChoice(seed), str(seed), REGIONS)
        problems = problems_of(trace)
        assert not problems, report(f"{seed} --pool regions", trace, problems)
        seen.update(kinds_of(trace))
        if seed % TWICE_EVERY == 0:
            again = simulate(SeededChoice(seed), str(seed), REGIONS)
            assert again.digest() == trace.digest(), f"seed {seed} does not run the same way twice"
    assert [kind for kind in MUST_BE_SEEN if seen[kind] < FEWEST_HITS] == []


def test_the_choices_of_a_run_with_branches_make_the_same_run() -> None:
    trace = simulate(SeededChoice(7), "7", REGIONS)
    assert simulate(ReplayChoice(trace.choices), "7", REGIONS).digest() == trace.digest()


@pytest.mark.timeout(600)
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_runs_with_branches_that_hypothesis_draws_keep_every_promise(data: st.DataObject) -> None:
    trace = simulate(HypothesisChoice(data), "", REGIONS)
    problems = problems_of(trace)
    assert not problems, report(str(trace.choices), trace, problems)
