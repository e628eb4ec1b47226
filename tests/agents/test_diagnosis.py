import pickle
from dataclasses import replace

import pytest

from incident_commander.agents import diagnosis
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Evidence, FaultKind, Hypothesis, Verdict
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import Gap, Signal

from ..analysis.series import EPOCH, series, step
from ..analysis.test_root_cause import cascade, deploy, observe
from .cases import NOTHING, blinded, case_of, plan

GUILTY = deploy("orders-db", 296, "Take sessions from the shared pool", "+ pool.acquire()")
RAISE = plan("raise_pool", "orders-db", "connection_pool_exhaustion")
WRONG = plan("raise_pool", "orders", "connection_pool_exhaustion")
BACK = plan("rollback", "orders-db", "connection_pool_exhaustion", reference=GUILTY.reference)


def test_the_cause_is_confirmed_with_evidence_for_and_the_blast_radius() -> None:
    findings = diagnosis.examine(case_of(observe(cascade())))
    cause = findings.diagnosis.cause
    assert cause is not None
    assert (cause.service, cause.fault) == ("orders-db", "connection_pool_exhaustion")
    assert findings.diagnosis.verdict == "confirmed"
    assert findings.diagnosis.blast_radius == ("orders", "edge")
    assert findings.diagnosis.next_question


def test_it_votes_for_the_plan_that_mends_the_cause() -> None:
    findings = diagnosis.examine(case_of(observe(cascade())))
    assert diagnosis.judge((WRONG, RAISE, NOTHING), findings).choice == RAISE.digest
    assert diagnosis.judge((WRONG, NOTHING), findings).choice == NOTHING.digest


def test_it_prefers_to_take_back_the_change_that_did_it() -> None:
    findings = diagnosis.examine(case_of(observe(cascade(), (GUILTY,))))
    assert diagnosis.judge((RAISE, BACK, NOTHING), findings).choice == BACK.digest
    innocent = diagnosis.examine(case_of(observe(cascade())))
    assert diagnosis.judge((BACK, NOTHING), innocent).choice == NOTHING.digest


def test_symptoms_without_any_visible_cause_are_inconclusive() -> None:
    alone = observe([series("edge", "latency_p99_ms", "ms", step(200, 2000, 330, 400, 1))])
    findings = diagnosis.examine(case_of(alone))
    assert findings.diagnosis.verdict == "inconclusive"
    assert findings.diagnosis.cause is None
    assert diagnosis.judge((RAISE, NOTHING), findings).choice == NOTHING.digest


def test_a_gap_is_listed_and_lowers_the_confidence() -> None:
    whole = case_of(observe(cascade()))
    gap = Gap(signal="traces", reason="no trace source is configured", remedy="configure one")
    partial = replace(whole, observations=replace(whole.observations, gaps=(gap,)))
    findings = diagnosis.examine(partial)
    assert gap in findings.diagnosis.gaps
    assert findings.confidence < diagnosis.examine(whole).confidence


def test_without_metrics_it_is_inconclusive_says_so_and_abstains() -> None:
    findings = diagnosis.examine(blinded(case_of(observe(cascade()))))
    assert findings.diagnosis.verdict == "inconclusive"
    assert findings.diagnosis.gaps
    assert diagnosis.judge((RAISE, NOTHING), findings).choice is None


def test_findings_pickle_and_are_the_same_twice() -> None:
    case = case_of(observe(cascade()))
    assert pickle.loads(pickle.dumps(diagnosis.examine(case))) == diagnosis.examine(case)


def test_without_metrics_a_deployment_minutes_before_the_alert_is_suspected_but_not_convicted() -> None:
    shipped = deploy("edge", 335, "version 4.2.0")
    findings = diagnosis.examine(blinded(case_of(observe([], (shipped,)))))
    assert findings.diagnosis.verdict == "inconclusive"
    (hypothesis,) = findings.diagnosis.hypotheses
    assert (hypothesis.service, hypothesis.fault, hypothesis.change) == ("edge", "bad_deploy", shipped.reference)
    assert {evidence.signal for evidence in hypothesis.evidence} == {"alerts", "changes"}
    assert shipped.reference in findings.diagnosis.next_question
    assert diagnosis.judge((BACK, NOTHING), findings).choice is None


def test_without_metrics_a_change_that_cannot_have_done_it_is_told_as_evidence_against() -> None:
    findings = diagnosis.examine(blinded(case_of(observe([], (deploy("edge", 335, "fix a typo in the readme"),)))))
    (hypothesis,) = findings.diagnosis.hypotheses
    assert (hypothesis.fault, hypothesis.change) == ("unknown", None)
    assert ["cannot do this" in evidence.what for evidence in hypothesis.against] == [True]


def test_without_metrics_a_change_of_another_service_is_no_hypothesis() -> None:
    findings = diagnosis.examine(blinded(case_of(observe([], (deploy("search", 335, "version 4.2.0"),)))))
    assert findings.diagnosis.hypotheses == ()


@pytest.mark.parametrize(
    ("fault", "unread", "verdict"),
    [
        ("node_failure", (), "confirmed"),
        ("node_failure", ("changes",), "likely"),
        ("node_failure", ("traces",), "confirmed"),
        ("overload", ("logs",), "likely"),
        ("memory_leak", ("changes",), "confirmed"),
        ("memory_leak", ("metrics",), "likely"),
    ],
)
def test_a_cause_is_not_confirmed_where_what_would_have_refuted_it_could_not_be_read(
    fault: FaultKind, unread: tuple[Signal, ...], verdict: Verdict
) -> None:
    def seen(signal: Signal) -> Evidence:
        provenance = Provenance(kind="simulated", source="test")
        return Evidence(signal=signal, what="x", when=EPOCH, weight=4.0, provenance=provenance)

    lead = Hypothesis(
        rank=1,
        service=ServiceName("orders-db"),
        fault=fault,
        probability=0.99,
        evidence=(seen("metrics"), seen("topology")),
    )
    gaps = tuple(Gap(signal=signal, reason="not read", remedy="read it") for signal in unread)
    assert diagnosis.verdict_of(lead, 0.9, gaps) == verdict
