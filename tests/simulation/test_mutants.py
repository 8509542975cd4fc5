"""The simulator detects defects: each mutant is caught."""

from collections.abc import Callable

import pytest
from sim_seed import problems_of

from simulation.defects.mutants import MUTANTS, RARE, Mutant
from simulation.defects.pruning_mutants import PRUNING_MUTANTS, PRUNING_MUTANTS_OF_REGIONS
from simulation.defects.region_mutants import REGION_MUTANTS, REGION_RARE
from simulation.pools.pools import FLAT, REGIONS, RETENTION, Pool
from simulation.running.choice import SeededChoice
from simulation.running.run import simulate

MOST_SEEDS = 2000


def first_caught(pool: Pool) -> int | None:
    """Returns the first seed that shows a problem. A mutant that is out of date and raises is not caught."""
    for seed in range(MOST_SEEDS):
        trace = simulate(SeededChoice(seed), str(seed), pool)
        if problems_of(trace, pool):
            assert not [one for one in trace.broken if one.startswith(("TypeError", "AttributeError"))]
            return seed
    return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "mutant", [mutant for mutant in MUTANTS if mutant not in RARE], ids=lambda mutant: mutant.__name__
)
def test_a_mutant_is_caught(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    with mutant():
        caught = first_caught(FLAT)
    assert caught is not None, f"{mutant.__name__} lived through {MOST_SEEDS} seeds: {mutant.__doc__}"
    record_property("seeds", caught + 1)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "mutant", [mutant for mutant in REGION_MUTANTS if mutant not in REGION_RARE], ids=lambda mutant: mutant.__name__
)
def test_a_mutant_of_branches_is_caught(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    with mutant():
        caught = first_caught(REGIONS)
    assert caught is not None, f"{mutant.__name__} lived through {MOST_SEEDS} seeds: {mutant.__doc__}"
    record_property("seeds", caught + 1)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", PRUNING_MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_of_pruning_is_caught(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    with mutant():
        caught = first_caught(REGIONS if mutant in PRUNING_MUTANTS_OF_REGIONS else RETENTION)
    assert caught is not None, f"{mutant.__name__} lived through {MOST_SEEDS} seeds: {mutant.__doc__}"
    record_property("seeds", caught + 1)
