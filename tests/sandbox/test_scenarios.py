"""What holds for every scenario over many seeds."""

import numpy as np
import pytest

from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import FloatArray
from incident_commander.sandbox.answers import Course, finish
from incident_commander.sandbox.scenarios import Episode, draw, is_calm, load_scenarios, scenario_named
from incident_commander.sandbox.topology import load_company
from incident_commander.sandbox.world import DAY_SECONDS, HISTORY_SECONDS

NAMES = [scenario.name for scenario in load_scenarios()]
SEEDS = range(20)
COMPANY = load_company()
HIDDEN_CAUSES = {"ddos_attack": 0.6, "storage_failure": 0.6, "security_breach": 0.6}
"""Share of the faults whose cause is not the loudest; 0.8 elsewhere. An attack is loud where it strikes, too."""
LOUD = 5.0


def played(name: str, seed: int) -> tuple[Episode, Course]:
    """An episode, and its world five minutes after the first alarm."""
    episode = draw(COMPANY, scenario_named(name), seed)
    course = Course.start(COMPANY, episode)
    fired = finish(course.run_to_alarm(DAY_SECONDS))
    if fired is not None:
        finish(course.run(fired + 300))
    return episode, course


def changed(values: FloatArray, floor: float, onset_row: int) -> float:
    """How many times its quiet self a metric has become."""
    quiet = max(floor, float(np.median(values[:onset_row])))
    return float(values[onset_row:].max()) / quiet


def loudness(course: Course, service: ServiceName, onset_row: int) -> float:
    archive = course.world.archive
    return max(
        changed(archive.values(service, "error_ratio"), 0.002, onset_row),
        changed(archive.values(service, "latency_p99_ms"), 1.0, onset_row),
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_seed_alerts_after_a_quiet_start_beside_an_innocent_change(name: str) -> None:
    services: set[ServiceName] = set()
    louder = 0
    faults = 0
    for seed in SEEDS:
        episode, course = played(name, seed)
        fired = course.first_firing
        assert fired is not None, f"seed {seed} never alerts"
        assert fired > HISTORY_SECONDS, f"seed {seed} alerts before anyone looks"
        assert fired >= episode.onset + 120, f"seed {seed} has no quiet start"
        innocent = [c for c in episode.changes if c.service != episode.service and -900 <= c.at - episode.onset <= 0]
        assert innocent, f"seed {seed} has no innocent change near its onset"
        if episode.service is not None:
            services.add(episode.service)
            faults += 1
            row = int(episode.onset / course.world.archive.interval)
            own = loudness(course, episode.service, row)
            others = [loudness(course, s.name, row) for s in COMPANY.services if s.name != episode.service]
            louder += max(others) > own or own < LOUD
    assert len(services) >= 4, "the service at fault hardly varies"
    hidden = HIDDEN_CAUSES.get(name, 0.8)
    assert louder >= hidden * faults, f"the cause is not the loudest in {louder} of {faults} only"


@pytest.mark.parametrize("name", NAMES)
def test_in_exactly_a_fifth_of_the_seeds_acting_is_wrong(name: str) -> None:
    assert sum(is_calm(name, seed) for seed in range(100)) == 20
    assert sum(is_calm(name, seed) for seed in SEEDS) == 4


def test_an_unknown_scenario_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="database_cascade"):
        scenario_named("earthquake")
