import pickle

import numpy as np

from incident_commander.agents import detection, diagnosis, prediction

from ..analysis.series import level, series, step
from ..analysis.test_root_cause import N, cascade, observe
from .cases import NOTHING, blinded, case_of, plan

RAISE = plan("raise_pool", "orders-db", "connection_pool_exhaustion")
CALLER = plan("scale_out", "orders", "overload")


def test_a_filling_resource_is_predicted_to_run_out_with_its_time() -> None:
    memory = level(50, N, 1, spread=0.005)
    memory[250:] += np.linspace(0, 33, N - 250)
    case = case_of(observe([series("orders", "memory_utilization", "percent", memory)]))
    found = prediction.examine(case).predictions
    assert [(p.service, p.metric, p.direction, p.threshold) for p in found] == [
        ("orders", "memory_utilization", "above", 90.0)
    ]
    slope = 33 / (N - 250) / 15
    expected = (90 - 83) / slope
    assert 0.5 * expected < (found[0].by - case.now).total_seconds() < 2 * expected
    assert found[0].probability > 0.8
    earliest, latest = found[0].earliest, found[0].latest
    assert earliest is not None
    assert latest is not None
    assert case.now < earliest < latest <= found[0].by


def test_a_quiet_company_has_nothing_to_predict() -> None:
    assert prediction.examine(case_of(observe(s for s in cascade() if s.service == "search"))).predictions == ()


def test_lasting_symptoms_are_predicted_to_last() -> None:
    found = prediction.examine(case_of(observe(cascade()))).predictions
    assert {"orders", "edge"} <= {p.service for p in found}
    assert all(p.probability > 0.5 for p in found)
    assert all(p.earliest is None and p.latest is None for p in found), "no trend was extended, so there is no interval"


def test_it_votes_for_relief_at_the_resource_that_ran_out() -> None:
    findings = prediction.examine(case_of(observe(cascade())))
    assert prediction.judge((CALLER, RAISE, NOTHING), findings).choice == RAISE.digest


def test_it_votes_against_sending_more_to_a_database_that_is_full() -> None:
    busy = [
        *cascade(),
        series("orders", "queue_depth", "count", step(5, 900, 334, N, 20)),
    ]
    judgement = prediction.judge((CALLER, NOTHING), prediction.examine(case_of(observe(busy))))
    assert judgement.choice == NOTHING.digest


def test_going_back_helps_only_where_something_came_shortly_before() -> None:
    findings = prediction.examine(case_of(observe(cascade())))
    back = plan("rollback", "orders-db", "connection_pool_exhaustion", reference="never-deployed")
    assert prediction.judge((back, NOTHING), findings).choice == NOTHING.digest


def test_without_its_own_evidence_it_alone_changes_its_mind() -> None:
    case = case_of(observe(cascade()))
    plans = (CALLER, RAISE, NOTHING)
    others = (
        detection.judge(plans, detection.examine(case)),
        diagnosis.judge(plans, diagnosis.examine(case)),
    )
    assert prediction.judge(plans, prediction.examine(blinded(case))).choice is None
    assert others == (
        detection.judge(plans, detection.examine(case)),
        diagnosis.judge(plans, diagnosis.examine(case)),
    )


def test_findings_pickle_and_are_the_same_twice() -> None:
    case = case_of(observe(cascade()))
    assert pickle.loads(pickle.dumps(prediction.examine(case))) == prediction.examine(case)
