"""Every mutant of the simulator replaces something that exists; whether it is caught is proved by `test_mutants.py`."""

import pytest

from simulation.defects.mutants import MUTANTS, Mutant
from simulation.defects.pruning_mutants import PRUNING_MUTANTS, PRUNING_MUTANTS_OF_REGIONS
from simulation.defects.region_mutants import REGION_MUTANTS

ALL = (*MUTANTS, *REGION_MUTANTS, *PRUNING_MUTANTS, *PRUNING_MUTANTS_OF_REGIONS)


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.__name__)
def test_a_mutant_can_be_put_in_and_taken_out(mutant: Mutant) -> None:
    with mutant():
        pass
