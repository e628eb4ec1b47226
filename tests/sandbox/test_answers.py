"""The answers are true of the model: what is acceptable mends it, and what is not does not."""

from datetime import timedelta

import pytest

from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Prediction
from incident_commander.domain.plan import Action
from incident_commander.sandbox import Received, assume, courses, hindsight_of, load_assumptions, outcome_of
from incident_commander.sandbox.answers import answer, answer_on, finish
from incident_commander.sandbox.courses import cost_usd, untouched_crosses
from incident_commander.sandbox.rehearsal import build_world
from incident_commander.sandbox.scenarios import is_calm, load_scenarios

NAMES = [scenario.name for scenario in load_scenarios()]


def check_answer(name: str, seed: int) -> None:
    found = finish(answer(name, seed))
    assert bool(found.acceptable) != is_calm(name, seed), f"{name} {seed}: {found}"
    assert not set(found.acceptable) & set(found.harmful)
    if found.fault is None:
        assert found.service is None
    if found.acceptable:
        assert len(found.acceptable) <= 4
        assert found.onset is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_mendable_fault_has_few_right_actions_and_the_others_have_none(name: str) -> None:
    for seed in range(3):
        check_answer(name, seed)


def test_the_answer_on_some_deeds_is_that_part_of_the_whole_answer() -> None:
    whole = finish(answer("memory_leak", 3))
    right, wrong = whole.acceptable[0], whole.harmful[0]
    part = finish(answer_on("memory_leak", 3, (right, wrong)))
    assert (part.acceptable, part.harmful) == ((right,), (wrong,))
    assert part.service == whole.service
    # Where none of the asked mends it, all are tried, to know whether anything does.
    asked_in_vain = finish(answer_on("memory_leak", 3, (wrong,)))
    assert set(asked_in_vain.acceptable) == set(whole.acceptable)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_so_over_many_seeds(name: str) -> None:
    for seed in range(3, 20):
        check_answer(name, seed)


def test_the_right_action_in_time_costs_less_than_the_person_who_costs_less_than_nobody() -> None:
    name, seed = "database_cascade", 3
    known = hindsight_of(name, seed)
    right, baseline = known.answer, known.baseline
    assert right.onset is not None
    assert baseline.acknowledged_seconds is not None
    assert baseline.mttr_seconds is not None
    assert baseline.mttr_seconds > baseline.acknowledged_seconds + 1200
    assert baseline.provenance.kind == "assumed"
    epoch = build_world(name, seed).epoch
    action, target = right.acceptable[0]
    at = (right.onset - epoch).total_seconds() + 900
    ours = outcome_of(name, seed, [Received(Action(name=action, target=target), at, at + 150)], ())
    assert ours.cost_usd < baseline.customer_cost_usd["human"] < baseline.customer_cost_usd["nobody"]
    shown = courses(known, ours)
    figures = load_assumptions()
    costs = {
        each.name: round(cost_usd(each, shown.interval_seconds, figures), 2)
        for each in (shown.ours, shown.human, shown.nobody)
    }
    assert costs == {"ours": ours.cost_usd, **baseline.customer_cost_usd}
    assert len({len(each.requests_per_second) for each in (shown.ours, shown.human, shown.nobody)}) == 1
    assert shown.alerted_at is not None
    assert shown.ours.acted_at == epoch + timedelta(seconds=at)
    assert shown.ours.well_at is not None
    assert shown.human.well_at == right.onset + timedelta(seconds=baseline.mttr_seconds)
    assert shown.ours.well_at < shown.human.well_at
    assert shown.nobody.acted_at is None
    assert shown.nobody.well_at is None
    untouched = outcome_of(name, seed, [], ())
    assert (untouched.cost_usd, untouched.course.flows) == (baseline.customer_cost_usd["nobody"], shown.nobody.flows)


def test_a_viewer_may_assume_another_person_and_other_prices_but_not_another_world() -> None:
    name, seed = "database_cascade", 3
    shipped = hindsight_of(name, seed)
    chosen = assume(load_assumptions(), {"human_diagnose_seconds": 600, "usd_per_failed_request": 0.05})
    other = hindsight_of(name, seed, chosen)
    assert other.answer == shipped.answer
    assert other.alerted_at == shipped.alerted_at
    assert (other.baseline.mttr_seconds or 0) < (shipped.baseline.mttr_seconds or 0) - 500
    told = other.baseline.assumptions["human_diagnose_seconds"]
    assert told == {"value": 600.0, "source": "the viewer's own figure; the file says 1200: assumption, no source"}
    assert load_assumptions().human_diagnose_seconds.value == 1200


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
