"""Diagnoses alone: what counts as right, and what is kept back is told as a gap."""

from incident_commander.bench.diagnoses import Diagnosed, diagnose_world, diagnoses_table, summarise
from incident_commander.bench.scenarios import Outcome, VerdictCount
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import FaultKind

DATABASE = ServiceName("orders-db")


def run(verdict: Outcome, named: ServiceName | None, fault: FaultKind | None, *, healthy: bool = False) -> Diagnosed:
    return Diagnosed(
        scenario="storage_failure",
        seed=7,
        variant="volume_degrades",
        expected_service=None if healthy else DATABASE,
        expected_fault=None if healthy else "node_failure",
        verdict=verdict,
        service=named,
        fault=fault,
    )


RUNS = [
    run("confirmed", DATABASE, "node_failure"),
    run("confirmed", ServiceName("orders"), "overload"),
    run("likely", DATABASE, "disk_full"),
    run("inconclusive", None, None, healthy=True),
    run("inconclusive", None, None),
    run("none", None, None, healthy=True),
]


def test_right_wrong_and_confirmed_wrongly_are_counted_apart() -> None:
    overall = summarise(RUNS, 6, 1, ()).overall
    assert (overall.right_service, overall.right_service_and_fault) == (4 / 6, 3 / 6)
    assert overall.verdicts == {
        "confirmed": VerdictCount(right=1, wrong=1),
        "likely": VerdictCount(right=1, wrong=0),
        "inconclusive": VerdictCount(right=1, wrong=1),
        "none": VerdictCount(right=1, wrong=0),
    }
    assert overall.confirmed_wrongly == 1


def test_the_table_names_every_run_that_was_wrong_and_what_was_kept_back() -> None:
    told = diagnoses_table(summarise(RUNS, 6, 1, ("logs",)))
    assert "confirmed overload of orders, rightly node_failure of orders-db" in told
    assert "inconclusive nobody, rightly node_failure of orders-db" in told
    assert "Kept back: logs." in told


def test_a_world_is_diagnosed_the_same_twice_and_without_metrics_names_nobody_for_sure() -> None:
    once, again = diagnose_world("memory_leak", 101), diagnose_world("memory_leak", 101)
    assert once.model_copy(update={"seconds": 0.0}) == again.model_copy(update={"seconds": 0.0})
    assert once.right_kind
    assert diagnose_world("memory_leak", 101, ("metrics",)).verdict != "confirmed"
