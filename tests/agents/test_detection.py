import pickle

from incident_commander.agents import detection

from ..analysis.test_root_cause import cascade, observe
from .cases import NOTHING, blinded, case_of, plan

RAISE = plan("raise_pool", "orders-db", "connection_pool_exhaustion")
VICTIM = plan("scale_out", "orders", "overload")
PLANS = (VICTIM, RAISE, NOTHING)


def test_anomalies_and_evidence_carry_the_measured_values() -> None:
    findings = detection.examine(case_of(observe(cascade())))
    pool = next(a for a in findings.anomalies if a.metric == "connection_pool_utilization")
    assert 44 < pool.baseline < 46
    assert pool.observed > 95
    assert pool.ongoing
    assert any("connection pool utilization of orders-db rose from 45 % to" in e.what for e in findings.evidence)


def test_it_votes_for_the_plan_where_the_trouble_itself_is() -> None:
    judgement = detection.judge(PLANS, detection.examine(case_of(observe(cascade()))))
    assert judgement.choice == RAISE.digest
    assert judgement.scores[RAISE.digest] > judgement.scores[NOTHING.digest] > judgement.scores[VICTIM.digest]


def test_it_votes_for_nothing_when_only_victims_are_on_offer() -> None:
    judgement = detection.judge((VICTIM, NOTHING), detection.examine(case_of(observe(cascade()))))
    assert judgement.choice == NOTHING.digest


def test_it_votes_for_nothing_when_all_is_quiet() -> None:
    quiet = observe(s for s in cascade() if s.service == "search")
    assert detection.judge(PLANS, detection.examine(case_of(quiet))).choice == NOTHING.digest


def test_without_metrics_it_abstains() -> None:
    judgement = detection.judge(PLANS, detection.examine(blinded(case_of(observe(cascade())))))
    assert judgement.choice is None
    assert judgement.confidence == 0


def test_findings_pickle_and_are_the_same_twice() -> None:
    case = case_of(observe(cascade()))
    assert pickle.loads(pickle.dumps(detection.examine(case))) == detection.examine(case)
