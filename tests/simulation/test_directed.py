"""Directed scenarios of rare races: the engine passes them, and each mutant fails its scenario."""

import pytest

from simulation.defects import directed_mutants
from simulation.defects.directed import SCENARIOS, Scenario, problems_of
from simulation.defects.mutants import RARE


def name_of(scenario: Scenario) -> str:
    return scenario.__name__


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_nothing_is_wrong_after_a_scenario(scenario: Scenario) -> None:
    assert problems_of(scenario) == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_the_mutant_of_a_scenario_is_caught(scenario: Scenario) -> None:
    with SCENARIOS[scenario]():
        problems = problems_of(scenario)
    assert problems, SCENARIOS[scenario].__doc__


def test_each_rare_mutant_has_a_scenario() -> None:
    of_scenarios = {made for name, made in vars(directed_mutants).items() if name[0] == "d" and name[1:3].isdigit()}
    assert set(SCENARIOS.values()) == of_scenarios | set(RARE)
