"""The answers are true of the model: what is acceptable mends it, and what is not does not."""

from datetime import timedelta

import pytest

from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Prediction
from incident_commander.domain.plan import Action
from incident_commander.sandbox.answers import answer, baseline_knowing, fared, finish, untouched_crosses
from incident_commander.sandbox.rehearsal import build_world
from incident_commander.sandbox.remedies import Received
from incident_commander.sandbox.scenarios import is_calm, load_scenarios

NAMES = [scenario.name for scenario in load_scenarios()]


def check_answer(name: str, seed: int) -> None:
    found = finish(answer(name, seed))
    assert bool(found.acceptable) != is_calm(name, seed), f"{name} {seed}: {found}"
    assert not set(found.acceptable) & set(found.harmful)
    if found.fault is None:
        assert found.service is None
    if found.acceptable:
        assert len(found.acceptable) <= 3
        assert found.onset is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_mendable_fault_has_few_right_actions_and_the_others_have_none(name: str) -> None:
    for seed in range(3):
        check_answer(name, seed)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_so_over_many_seeds(name: str) -> None:
    for seed in range(3, 20):
        check_answer(name, seed)


def test_the_right_action_in_time_costs_less_than_the_person_who_costs_less_than_nobody() -> None:
    name, seed = "database_cascade", 3
    right = finish(answer(name, seed))
    baseline = finish(baseline_knowing(name, seed, right))
    assert right.onset is not None
    assert baseline.acknowledged_seconds is not None
    assert baseline.mttr_seconds is not None
    assert baseline.mttr_seconds > baseline.acknowledged_seconds + 1200
    assert baseline.provenance.kind == "assumed"
    epoch = build_world(name, seed).epoch
    action, target = right.acceptable[0]
    at = (right.onset - epoch).total_seconds() + 900
    ours, _ = finish(fared(name, seed, [Received(Action(name=action, target=target), at, at + 150)], ()))
    assert ours < baseline.customer_cost_usd["human"] < baseline.customer_cost_usd["nobody"]
    assert finish(fared(name, seed, [], ())) == (baseline.customer_cost_usd["nobody"], ())


def test_a_prediction_is_scored_against_the_world_in_which_nobody_acted() -> None:
    name, seed = "database_cascade", 3
    onset = finish(answer(name, seed)).onset
    assert onset is not None

    def predicted(threshold: float, service: str = "gateway") -> bool:
        prediction = Prediction(
            service=ServiceName(service), metric="error_ratio", unit="ratio", direction="above", threshold=threshold,
            by=onset + timedelta(minutes=40), probability=0.8, usd_per_minute=None, basis="a test",
        )  # fmt: skip
        return finish(untouched_crosses(name, seed, [prediction]))[0]

    assert predicted(0.1)
    assert not predicted(0.99)
    assert not predicted(0.1, "elsewhere")
