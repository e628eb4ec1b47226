"""What points to attacks, volumes and stolen credentials, and what only looks like them."""

from datetime import timedelta

import numpy as np
import pytest

from incident_commander.analysis.clues import Lead
from incident_commander.analysis.leads import leads_in
from incident_commander.analysis.root_cause import rank_causes
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Impact
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import Change, FloatArray, LogRecord, MetricSeries, Observations

from .series import level, series, step
from .test_root_cause import N, at, leading, observe

BROKE = 340
UNHARMED = Impact(
    failed_share=0, requests_per_second=100, usd_per_minute=None,
    provenance=Provenance(kind="simulated", source="test"),
)  # fmt: skip


def only(observations: Observations) -> Lead:
    """The one lead there is."""
    (lead,) = leads_in(observations).leads
    return lead


def lines(service: str, message: str, count: int = 8) -> tuple[LogRecord, ...]:
    return tuple(
        LogRecord(at(BROKE + 1) + timedelta(seconds=20 * n), ServiceName(service), "WARN", message)
        for n in range(count)
    )


def announced(service: str, summary: str) -> Change:
    return Change(at=at(BROKE - 4), service=ServiceName(service), kind="config", reference="c-1", summary=summary)


def pressed() -> list[MetricSeries]:
    """`search` gets two and a half times its requests through the edge, and its processors are busy."""
    ramp = level(40.0, N, 1)
    ramp[BROKE - 30 : BROKE] *= np.linspace(1.0, 2.5, 30)
    ramp[BROKE:] *= 2.5
    edge = level(100.0, N, 2)
    edge[BROKE - 30 : BROKE] *= np.linspace(1.0, 1.6, 30)
    edge[BROKE:] *= 1.6
    return [
        series("search", "request_rate", "per_second", ramp),
        series("edge", "request_rate", "per_second", edge),
        series("search", "cpu_utilization", "percent", step(50, 99.9, BROKE, N, 3)),
        series("search", "latency_p99_ms", "ms", step(100, 3000, BROKE + 1, N, 4)),
        series("edge", "error_ratio", "ratio", step(0.001, 0.2, BROKE + 2, N, 5)),
    ]


def sources(new: float, few: float = 0.04) -> list[MetricSeries]:
    return [
        series("edge", "new_source_ratio", "ratio", step(0.07, new, BROKE - 10, N, 6)),
        series("edge", "top_sources_ratio", "ratio", step(0.04, few, BROKE - 10, N, 7)),
    ]


def test_requests_from_sources_never_seen_are_an_attack_on_the_service_they_press() -> None:
    observations = observe([*pressed(), *sources(new=0.4)])
    assert (only(observations).service, only(observations).fault) == ("search", "attack_traffic")
    assert leading(rank_causes(observations)) == ("search", "attack_traffic")


def test_requests_from_few_sources_are_an_attack() -> None:
    assert leading(rank_causes(observe([*pressed(), *sources(new=0.08, few=0.4)]))) == ("search", "attack_traffic")


def test_as_many_requests_from_sources_as_usual_are_an_overload() -> None:
    assert leading(rank_causes(observe([*pressed(), *sources(new=0.07)]))) == ("search", "overload")


def test_strangers_who_buy_as_customers_do_are_customers() -> None:
    buying = series("edge", "conversion_ratio", "ratio", level(0.03, N, 8))
    browsing = series("edge", "conversion_ratio", "ratio", step(0.03, 0.019, BROKE, N, 8))
    assert leads_in(observe([*pressed(), *sources(new=0.4), buying])).leads == ()
    assert only(observe([*pressed(), *sources(new=0.4), browsing])).fault == "attack_traffic"


def test_a_count_of_new_sources_that_nothing_bears_out_is_no_attack() -> None:
    quiet = [
        series("edge", "request_rate", "per_second", level(100.0, N, 1)),
        series("edge", "latency_p99_ms", "ms", level(100.0, N, 2)),
        *sources(new=0.5),
    ]
    assert leads_in(observe(quiet)).leads == ()
    assert rank_causes(observe(quiet), UNHARMED).nothing > 0.5


def test_a_crowd_of_customers_that_came_within_two_minutes_leaves_again() -> None:
    sudden = pressed()
    for number, (usual, factor) in enumerate(((40.0, 2.5), (100.0, 1.6))):
        values = level(usual, N, number)
        values[BROKE - 8 : BROKE] *= np.linspace(1.0, factor, 8)
        values[BROKE:] *= factor
        sudden[number] = series(sudden[number].service, "request_rate", "per_second", values)
    assert [passing.service for passing in leads_in(observe(sudden)).passing] == ["search"]
    assert rank_causes(observe(sudden)).nothing > 0.5


def disk(values: FloatArray) -> MetricSeries:
    return series("orders-db", "disk_utilization", "percent", values)


def test_a_volume_that_fills_steadily_is_full_before_anybody_is_harmed() -> None:
    values = level(60.0, N, 1, spread=0.001)
    values[BROKE - 40 :] += np.linspace(0, 33, N - BROKE + 40)
    ranking = rank_causes(observe([disk(values)]), UNHARMED)
    assert leading(ranking) == ("orders-db", "disk_full")
    assert ranking.hypotheses[0].probability > 0.5


def test_a_gauge_that_jumps_is_no_full_volume_though_the_log_repeats_it() -> None:
    said = lines("orders-db", "volume is 97% full, 6.0 GiB left")
    observations = observe([disk(step(44, 97, BROKE, N, 1))], logs=said)
    assert leads_in(observations).leads == ()
    assert rank_causes(observations, UNHARMED).nothing > 0.5


def slow_volume() -> list[MetricSeries]:
    return [
        series("orders-db", "io_latency_ms", "ms", step(2.0, 90.0, BROKE, N, 1)),
        series("orders-db", "request_rate", "per_second", level(100.0, N, 2)),
        series("orders-db", "latency_p99_ms", "ms", step(20, 2000, BROKE + 1, N, 3)),
        series("orders", "latency_p99_ms", "ms", step(100, 4000, BROKE + 2, N, 4)),
        series("edge", "error_ratio", "ratio", step(0.001, 0.3, BROKE + 3, N, 5)),
    ]


def test_a_volume_that_answers_slowly_is_a_node_that_failed() -> None:
    assert leading(rank_causes(observe(slow_volume()))) == ("orders-db", "node_failure")


def test_a_snapshot_that_was_announced_slows_a_volume_and_passes() -> None:
    change = announced("orders-db", "Take a snapshot of the volume before the weekend")
    assert rank_causes(observe(slow_volume(), (change,))).nothing > 0.5


def reading() -> list[MetricSeries]:
    """Somebody reads the database under the identity of `orders`."""
    return [
        series("orders", "identity_call_rate", "per_second", step(40.0, 95.0, BROKE, N, 1)),
        series("orders", "request_rate", "per_second", level(30.0, N, 2)),
        series("orders-db", "egress_bytes_per_second", "bytes_per_second", step(5e5, 1.5e7, BROKE, N, 3)),
        series("orders-db", "request_rate", "per_second", level(90.0, N, 4)),
    ]


OUTSIDE = lines("orders-db", "audit: identity=svc-orders source=203.0.113.77 call=COPY rows=48211 allowed")


def test_calls_under_an_identity_from_outside_are_stolen_credentials_of_its_owner() -> None:
    ranking = rank_causes(observe(reading(), logs=OUTSIDE), UNHARMED)
    assert leading(ranking) == ("orders", "credential_compromise")
    assert ranking.hypotheses[0].probability > 0.85


def test_the_same_calls_from_the_own_network_are_no_theft() -> None:
    inside = lines("orders-db", "audit: identity=svc-orders source=10.20.4.17 call=SELECT rows=14 allowed")
    quiet = [s for s in reading() if s.metric == "request_rate"]
    assert leads_in(observe(quiet, logs=inside)).leads == ()


def test_an_export_that_was_announced_is_no_theft() -> None:
    export = lines("orders-db", "audit: identity=backup-operator source=10.20.0.9 call=COPY rows=9000 allowed")
    change = announced("orders-db", "Export the last quarter to the warehouse, once, as backup-operator")
    egress = [s for s in reading() if s.service == "orders-db"]
    assert rank_causes(observe(egress, (change,), export), UNHARMED).nothing > 0.5


@pytest.mark.parametrize(
    "said",
    ["process xm-worker is not in the image, started under svc-orders", "outbound connection to 192.0.2.44:3333"],
)
def test_a_foreign_process_explains_busy_processors(said: str) -> None:
    busy = [
        series("orders", "cpu_utilization", "percent", step(50, 99.9, BROKE, N, 1)),
        series("orders", "request_rate", "per_second", level(30.0, N, 2)),
        series("orders", "latency_p99_ms", "ms", step(100, 3000, BROKE + 1, N, 3)),
        series("edge", "error_ratio", "ratio", step(0.001, 0.2, BROKE + 2, N, 5)),
    ]
    assert leading(rank_causes(observe(busy, logs=lines("orders", said)))) == ("orders", "credential_compromise")
    assert leading(rank_causes(observe(busy))) == ("orders", "overload")
