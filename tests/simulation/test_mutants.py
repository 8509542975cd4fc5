"""The simulator sees what it is there to see: each engine that is wrong in one thing is caught."""

from collections.abc import Callable

import pytest
from checkers import problems_of
from mutants import MUTANTS, RARE, Mutant
from sim_choice import SeededChoice
from sim_life import simulate

MOST_SEEDS = 2000


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "mutant", [mutant for mutant in MUTANTS if mutant not in RARE], ids=lambda mutant: mutant.__name__
)
def test_a_mutant_is_caught(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    with mutant():
        caught = next((seed for seed in range(MOST_SEEDS) if problems_of(simulate(SeededChoice(seed)))), None)
    assert caught is not None, f"{mutant.__name__} lived through {MOST_SEEDS} seeds: {mutant.__doc__}"
    record_property("seeds", caught + 1)
