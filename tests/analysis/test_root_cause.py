from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.root_cause import Ranking, rank_causes
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Impact
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import (
    Change,
    LogRecord,
    MetricSeries,
    Observations,
    Service,
    Topology,
    Window,
)

from .series import EPOCH, STEP, level, series, step

N = 400
CALLS = (("edge", "orders"), ("orders", "orders-db"), ("edge", "search"))
KINDS = {"edge": "edge", "orders": "api", "search": "api", "orders-db": "database"}


def observe(
    metrics: Iterable[MetricSeries],
    changes: tuple[Change, ...] = (),
    logs: tuple[LogRecord, ...] = (),
    calls: tuple[tuple[str, str], ...] = CALLS,
) -> Observations:
    return Observations(
        window=Window(start=EPOCH, end=at(N)),
        onset_hint=at(340),
        metrics=tuple(metrics),
        changes=changes,
        logs=logs,
        topology=Topology(
            services=tuple(
                Service.model_validate({"name": name, "kind": KINDS.get(name, "api")})
                for name in sorted({name for call in calls for name in call})
            ),
            calls=tuple((ServiceName(caller), ServiceName(callee)) for caller, callee in calls),
        ),
    )


def at(index: float) -> datetime:
    return EPOCH + timedelta(seconds=STEP * index)


def deploy(service: str, index: float, summary: str, detail: str = "") -> Change:
    return Change(
        at=at(index), service=ServiceName(service), kind="deploy", reference=f"{service}-{index:g}",
        summary=summary, detail=detail,
    )  # fmt: skip


def cascade() -> list[MetricSeries]:
    """The pool of the database fills first; its callers are louder."""
    pool = level(45, N, 1)
    pool[300:330] += np.linspace(0, 53, 30)
    pool[330:] = 98
    return [
        series("orders-db", "connection_pool_utilization", "percent", pool),
        series("orders-db", "latency_p99_ms", "ms", step(20, 60, 330, N, 2)),
        series("orders", "latency_p99_ms", "ms", step(100, 8000, 332, N, 3)),
        series("orders", "error_ratio", "ratio", step(0.001, 0.6, 333, N, 4)),
        series("orders", "cpu_utilization", "percent", level(50, N, 5)),
        series("edge", "latency_p99_ms", "ms", step(200, 9000, 334, N, 6)),
        series("edge", "error_ratio", "ratio", step(0.001, 0.7, 334, N, 7)),
        series("search", "latency_p99_ms", "ms", level(120, N, 8)),
    ]


def leading(ranking: Ranking) -> tuple[str, str]:
    assert ranking.hypotheses
    return ranking.hypotheses[0].service, ranking.hypotheses[0].fault


def test_the_victims_are_louder_than_the_cause_and_the_cause_is_found() -> None:
    ranking = rank_causes(observe(cascade()))
    assert leading(ranking) == ("orders-db", "connection_pool_exhaustion")
    assert ranking.hypotheses[0].probability > 0.85
    assert ranking.first_failing == "orders-db"
    assert ranking.blast_radius == ("orders", "edge")
    assert any("98 %" in evidence.what for evidence in ranking.hypotheses[0].evidence)


def test_probabilities_with_that_of_nothing_sum_to_one() -> None:
    ranking = rank_causes(observe(cascade()))
    assert sum(h.probability for h in ranking.hypotheses) + ranking.nothing == pytest.approx(1.0)


def test_load_that_a_caller_passes_down_is_the_callers_overload() -> None:
    ranking = rank_causes(
        observe(
            [
                series("orders", "request_rate", "per_second", step(100, 400, 320, N, 1)),
                series("orders", "cpu_utilization", "percent", step(50, 99.9, 320, N, 2)),
                series("orders", "latency_p99_ms", "ms", step(100, 3000, 321, N, 3)),
                series("stock", "request_rate", "per_second", step(100, 380, 321, N, 4)),
                series("stock", "cpu_utilization", "percent", step(50, 99.9, 321, N, 5)),
                series("stock", "latency_p99_ms", "ms", step(30, 2000, 322, N, 6)),
                series("edge", "latency_p99_ms", "ms", step(200, 4000, 322, N, 7)),
            ],
            calls=(("edge", "orders"), ("orders", "stock")),
        )
    )
    assert leading(ranking) == ("orders", "overload")


def test_a_machine_that_is_busier_though_asked_no_more_has_failed() -> None:
    ranking = rank_causes(
        observe(
            [
                series("orders-db", "request_rate", "per_second", level(100, N, 1)),
                series("orders-db", "cpu_utilization", "percent", step(45, 99.9, 325, N, 2)),
                series("orders-db", "connection_pool_utilization", "percent", step(40, 90, 328, N, 3)),
                series("orders-db", "latency_p99_ms", "ms", step(20, 5000, 327, N, 4)),
                series("orders", "latency_p99_ms", "ms", step(100, 8000, 329, N, 5)),
                series("edge", "error_ratio", "ratio", step(0.001, 0.6, 330, N, 6)),
            ]
        )
    )
    assert leading(ranking) == ("orders-db", "node_failure")


def test_a_failing_leaf_that_shows_no_resource_is_trouble_from_outside() -> None:
    ranking = rank_causes(
        observe(
            [
                series("bank", "error_ratio", "ratio", step(0.001, 0.3, 320, N, 1)),
                series("bank", "latency_p99_ms", "ms", step(300, 4000, 320, N, 2)),
                series("orders", "connection_pool_utilization", "percent", step(40, 99, 322, N, 3)),
                series("orders", "latency_p99_ms", "ms", step(100, 6000, 321, N, 4)),
                series("edge", "error_ratio", "ratio", step(0.001, 0.3, 322, N, 5)),
            ],
            calls=(("edge", "orders"), ("orders", "bank")),
        )
    )
    assert leading(ranking) == ("bank", "dependency_failure")


def test_a_blip_that_passed_names_no_cause() -> None:
    metrics = []
    for quiet in cascade():
        values = quiet.values.copy()
        values[345:] = values[:55]
        metrics.append(MetricSeries(quiet.service, quiet.metric, quiet.unit, quiet.timestamps, values))
    ranking = rank_causes(observe(metrics))
    assert ranking.nothing > 0.5


def test_a_full_resource_that_harms_nobody_is_no_incident() -> None:
    memory = series("orders", "memory_utilization", "percent", step(55, 97, 350, N, 1))
    calm = Impact(
        failed_share=0, requests_per_second=100, usd_per_minute=None,
        provenance=Provenance(kind="simulated", source="test"),
    )  # fmt: skip
    assert rank_causes(observe([memory, *(s for s in cascade() if s.service == "search")]), calm).nothing > 0.5


def test_a_change_is_convicted_when_service_time_and_content_fit() -> None:
    guilty = deploy("orders-db", 296, "Take sessions from the shared pool", "+ pool.acquire()")
    ranking = rank_causes(observe(cascade(), (guilty,)))
    assert ranking.hypotheses[0].change == guilty.reference


@pytest.mark.parametrize(
    "innocent",
    [
        deploy("search", 296, "Take sessions from the shared pool", "+ pool.acquire()"),
        deploy("orders-db", 335, "Take sessions from the shared pool", "+ pool.acquire()"),
        deploy("orders-db", 20, "Take sessions from the shared pool", "+ pool.acquire()"),
        deploy("orders-db", 296, "Update translations of the pool page"),
    ],
    ids=["another service", "after the onset", "long before", "harmless content"],
)
def test_a_change_is_not_convicted_when_one_of_them_does_not_fit(innocent: Change) -> None:
    ranking = rank_causes(observe(cascade(), (innocent,)))
    assert leading(ranking)[0] == "orders-db"
    assert ranking.hypotheses[0].change is None


def test_a_reviewed_change_of_the_cause_is_told_with_its_reason() -> None:
    ranking = rank_causes(observe(cascade(), (deploy("orders-db", 335, "Pool the sessions"),)))
    assert any(e.signal == "changes" and "after the trouble began" in e.what for e in ranking.hypotheses[0].against)


def test_without_anything_to_see_nothing_is_named() -> None:
    ranking = rank_causes(observe([]))
    assert ranking.hypotheses == ()
    assert ranking.nothing == pytest.approx(1.0)


@given(st.sets(st.integers(0, 7), min_size=0, max_size=7), st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_subset_of_the_signals_gives_a_ranking(missing: set[int], cyclic: bool) -> None:
    kept = [s for i, s in enumerate(cascade()) if i not in missing]
    calls = (*CALLS, ("orders-db", "edge"), ("island", "islet")) if cyclic else ()
    ranking = rank_causes(observe(kept, calls=calls))
    assert sum(h.probability for h in ranking.hypotheses) + ranking.nothing == pytest.approx(1.0)


def test_the_order_of_the_series_does_not_matter() -> None:
    forward, backward = rank_causes(observe(cascade())), rank_causes(observe(reversed(cascade())))
    assert forward.hypotheses == backward.hypotheses


def test_a_store_whose_connections_a_leaking_caller_holds_keeps_nobody_waiting() -> None:
    leaking = [
        series("orders", "connection_pool_utilization", "percent", step(23, 100, 300, N, 1)),
        series("orders", "latency_p99_ms", "ms", step(140, 5000, 330, N, 2)),
        series("orders-db", "connection_pool_utilization", "percent", step(36, 92, 300, N, 3)),
        series("orders-db", "latency_p99_ms", "ms", level(20, N, 4)),
        series("edge", "error_ratio", "ratio", step(0.001, 0.12, 331, N, 5)),
    ]
    said = tuple(
        LogRecord(at(331 + n), ServiceName(service), "ERROR", message)
        for n in range(20)
        for service, message in (
            ("orders", "timed out waiting for a connection from the pool"),
            ("edge", "call to orders timed out after 2500 ms"),
        )
    )
    assert leading(rank_causes(observe(leaking, logs=said))) == ("orders", "connection_pool_exhaustion")
