"""How often the practice company's causes are found, seen through what its ports emit. Tuned on seeds from 1000 on."""

from datetime import timedelta

import pytest

from incident_commander.agents import diagnosis
from incident_commander.domain.telemetry import Window
from incident_commander.sandbox.answers import Course, finish
from incident_commander.sandbox.rehearsal import observe
from incident_commander.sandbox.scenarios import draw, load_scenarios
from incident_commander.sandbox.topology import load_company

from .cases import case_of

SCENARIOS = {scenario.name: scenario for scenario in load_scenarios()}
WAIT_SECONDS = 7200.0


def right(scenario: str, seed: int) -> bool | None:
    """Whether the diagnosis names the right service, or rightly none; None where no alarm fires."""
    company = load_company()
    episode = draw(company, SCENARIOS[scenario], seed)
    course = Course.start(company, episode)
    fired = finish(course.run_to_alarm(WAIT_SECONDS))
    if fired is None:
        return None
    world = course.world
    began, now = world.moment(fired), world.moment(world.seconds)
    window = Window(start=max(world.epoch, began - timedelta(minutes=90)), end=now)
    cause = diagnosis.examine(case_of(observe(world, window, began))).diagnosis.cause
    return (cause.service if cause is not None else None) == episode.service


def share(scenario: str, seeds: range) -> float:
    answers = [answer for seed in seeds if (answer := right(scenario, seed)) is not None]
    return sum(answers) / len(answers)


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_four_of_five_causes_are_right_on_seeds_that_were_not_tuned_on(scenario: str) -> None:
    assert share(scenario, range(8)) >= 0.8


@pytest.mark.full
@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_four_of_five_causes_are_right_on_twenty_seeds(scenario: str) -> None:
    assert share(scenario, range(20)) >= 0.8
