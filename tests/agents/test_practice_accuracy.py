"""How often the practice company's causes are found, seen through what its ports emit; tuned on seeds 101 to 160."""

import pytest

from incident_commander.bench.diagnoses import DiagnosisScores, diagnose_world, summarise
from incident_commander.sandbox.scenarios import load_scenarios

SCENARIOS = sorted(scenario.name for scenario in load_scenarios())


def scores(scenario: str, seeds: range) -> DiagnosisScores:
    return summarise([diagnose_world(scenario, seed) for seed in seeds], len(seeds), seeds.start, ())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_three_of_four_services_are_right_and_no_wrong_one_is_confirmed(scenario: str) -> None:
    overall = scores(scenario, range(4)).overall
    assert overall.right_service >= 0.75
    assert overall.confirmed_wrongly == 0


@pytest.mark.full
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nine_of_ten_services_are_right_and_no_wrong_one_is_confirmed_on_seeds_not_tuned_on(scenario: str) -> None:
    overall = scores(scenario, range(201, 221)).overall
    assert overall.right_service >= 0.9
    assert overall.confirmed_wrongly == 0
