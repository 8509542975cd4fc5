"""Simulated runs whose cards are shown by a channel that fails, hangs and loses answers; every guarantee holds."""

from collections import Counter
from collections.abc import Callable

import pytest
from sim_seed import report

from simulation.checking.card_checkers import problems_of
from simulation.pools.pools import CARDS
from simulation.running.choice import ReplayChoice, SeededChoice
from simulation.running.run import simulate
from suite.tiers import shards

SHARDS = 4
FEWEST_HITS = 3
MUST_BE_SEEN = (
    *("CardDelivered", "CardUndelivered", "more messages than known"),
    *("card_refused", "card_pause", "card_answer_lost", "card_hangs", "card_late", "card_blocked"),
)


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_every_guarantee_holds_while_a_channel_shows_cards(shard: int, repetitions: Callable[..., int]) -> None:
    count = repetitions(100, 10_000)
    seen: Counter[str] = Counter()
    for seed in range(shard * count, (shard + 1) * count):
        trace = simulate(SeededChoice(seed), str(seed), CARDS)
        problems = problems_of(trace)
        assert not problems, report(f"{seed} --pool cards", trace, problems)
        seen.update(event["type"] for history in trace.histories.values() for event in history)
        seen.update(trace.hits)
        seen["more messages than known"] += len(trace.messages) > sum(len(copy.messages) for copy in trace.copies)
    assert [kind for kind in MUST_BE_SEEN if seen[kind] < FEWEST_HITS] == []


def test_the_choices_of_a_run_with_a_channel_make_the_same_run() -> None:
    trace = simulate(SeededChoice(7), "7", CARDS)
    assert simulate(ReplayChoice(trace.choices), "7", CARDS).digest() == trace.digest()
