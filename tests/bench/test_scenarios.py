"""Scores over many practice runs: what counts as right, and over which runs a share is taken."""

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.bench.practice import WatchedRun
from incident_commander.bench.scenarios import VerdictCount, score, scores_table
from incident_commander.bench.speed import summarise_practice
from incident_commander.domain.base import IncidentId, RunId, ServiceName
from incident_commander.domain.findings import FaultKind
from incident_commander.domain.plan import ActionName
from incident_commander.domain.practice import Answer
from incident_commander.domain.telemetry import Service, Topology
from incident_commander.response.report import (
    CertificateReport,
    ClockReport,
    LedgerState,
    PlanReport,
    PredictionsReport,
    RootCauseReport,
    RunReport,
)

API, DATABASE = ServiceName("orders-api"), ServiceName("orders-db")
TOPOLOGY = Topology(services=(Service(name=API, kind="api"), Service(name=DATABASE, kind="database")))
CATALOGUE = load_catalogue()


def run(
    *,
    fault_at: ServiceName | None,
    named: ServiceName | None,
    acted: ActionName | None = None,
    acceptable: bool,
    fault: FaultKind = "connection_pool_exhaustion",
    mttr: float | None = None,
    seconds: float = 1.0,
) -> WatchedRun:
    report = RunReport(
        incident_id=IncidentId("i-1"),
        scenario="database_cascade",
        seed=1,
        run_id=RunId("r-1"),
        status="resolved" if mttr is not None else "escalated",
        verdict="confirmed" if named else "inconclusive",
        root_cause=RootCauseReport(service=named, fault=fault if named else None, correct=named == fault_at),
        plan=PlanReport(
            action=acted or "none", target=API if acted else None, executed=acted is not None, acceptable=acceptable
        ),
        certificate=CertificateReport(valid=acted is not None, ballots=5 if acted else 0),
        clock=ClockReport(mttd_seconds=60, mttr_seconds=mttr, baseline_mttr_seconds=1800),
        predictions=PredictionsReport(made=2, hits=1, misses=1),
        wall_seconds=seconds,
        ledger=LedgerState(events=40, valid=True),
    )
    answer = Answer(
        service=fault_at,
        fault="connection_pool_exhaustion" if fault_at else None,
        acceptable=(("raise_pool", DATABASE),) if fault_at else (),
        harmful=(),
        explanation="",
    )
    return WatchedRun(report, answer, TOPOLOGY, alerts=(), events=(), seconds=seconds, lags_ms=(1.0, 2.0))


RUNS = [
    run(fault_at=DATABASE, named=DATABASE, acted="raise_pool", acceptable=True, mttr=300, seconds=2.0),
    run(fault_at=DATABASE, named=API, acted="restart", acceptable=False, seconds=4.0),
    run(fault_at=DATABASE, named=None, acceptable=False, seconds=3.0),
    run(fault_at=None, named=API, acceptable=True, seconds=1.0),
]


def test_causes_are_shares_of_the_runs_with_a_fault_and_plans_of_all() -> None:
    overall = score(RUNS, CATALOGUE, seeds=4).overall
    assert (overall.runs, overall.with_fault) == (4, 3)
    assert overall.right_cause.ours == 1 / 3
    assert overall.acceptable_plan.ours == 2 / 4
    assert overall.acted_wrongly == 1
    assert overall.named_without_fault == 1
    assert overall.statuses == {"resolved": 1, "escalated": 3}
    assert overall.median_mttr_seconds == 300


def test_every_verdict_is_counted_by_whether_the_service_named_is_right() -> None:
    overall = score(RUNS, CATALOGUE, seeds=4).overall
    assert overall.right_service == 1 / 4
    assert overall.verdicts == {
        "confirmed": VerdictCount(right=1, wrong=2),
        "inconclusive": VerdictCount(right=0, wrong=1),
    }
    assert overall.confirmed_wrongly == 2


def test_naming_nobody_is_right_where_nothing_is_at_fault() -> None:
    overall = score([run(fault_at=None, named=None, acceptable=True)], CATALOGUE, seeds=1).overall
    assert (overall.right_service, overall.right_service_and_fault, overall.right_cause.ours) == (1.0, 1.0, None)
    assert overall.verdicts == {"inconclusive": VerdictCount(right=1, wrong=0)}


def test_a_right_service_with_another_kind_of_fault_counts_apart() -> None:
    misread = run(fault_at=DATABASE, named=DATABASE, fault="disk_full", acceptable=True)
    overall = score([RUNS[0], misread], CATALOGUE, seeds=2).overall
    assert (overall.right_service, overall.right_service_and_fault) == (1.0, 0.5)


def test_guessers_are_judged_on_the_same_runs() -> None:
    overall = score(RUNS, CATALOGUE, seeds=4).overall
    assert overall.right_cause.random_guesser == 1 / 2
    assert overall.right_cause.oldest_alert_guesser == 0
    assert overall.acceptable_plan.oldest_alert_guesser == 1 / 4


def test_the_table_has_a_line_for_each_scenario_and_one_for_all() -> None:
    told = scores_table(score(RUNS, CATALOGUE, seeds=4, first_seed=101, without=("logs",)))
    lines = told.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["database_cascade", "all"]
    assert "33%" in lines[3]
    assert "1 + 2" in lines[3]
    assert "Seeds 101 to 104 of each scenario of the simulated practice company. Kept from the agents: logs." in told


def test_a_plan_that_never_was_signed_adds_no_sample() -> None:
    figures = {(figure.name, figure.aggregate): figure for figure in summarise_practice(RUNS)}
    assert figures["alert to signed plan", "p95"].samples == 0
    assert figures["a scenario end to end", "median"].measured == 2.5
    assert figures["event loop lag while a scenario runs", "p99"].samples == 8
