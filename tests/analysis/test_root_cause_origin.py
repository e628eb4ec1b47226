"""Where the trouble of the alerting service begins, as one clue beside the others: metrics and the calls alone."""

from incident_commander.analysis.root_cause import Ranking, rank_causes
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import MetricSeries

from .series import level, series, step
from .test_root_cause import N, at, leading, observe

EDGE = ServiceName("edge")


def held_connections() -> list[MetricSeries]:
    """Orders leaks connections; its database, as quick as ever, counts those that it holds."""
    return [
        series("orders", "connection_pool_utilization", "percent", step(23, 100, 330, N, 1)),
        series("orders", "latency_p50_ms", "ms", step(60, 900, 330, N, 2)),
        series("orders-db", "connection_pool_utilization", "percent", step(36, 94, 330, N, 3)),
        series("orders-db", "latency_p50_ms", "ms", level(20, N, 4)),
        series("search", "latency_p50_ms", "ms", level(30, N, 5)),
        series("edge", "latency_p50_ms", "ms", step(120, 960, 330, N, 6)),
    ]


def heavier_requests() -> list[MetricSeries]:
    """Edge passes more requests down; only those who serve them become slower."""
    return [
        series("edge", "cpu_utilization", "percent", step(40, 97, 330, N, 1)),
        series("edge", "request_rate", "per_second", step(50, 200, 330, N, 2)),
        series("edge", "latency_p50_ms", "ms", step(120, 960, 330, N, 3)),
        series("orders", "latency_p50_ms", "ms", step(60, 900, 330, N, 4)),
        series("orders", "request_rate", "per_second", step(50, 200, 330, N, 5)),
        series("orders-db", "latency_p50_ms", "ms", level(20, N, 6)),
    ]


def weight(ranking: Ranking, service: str, words: str) -> float:
    """What the evidence with these words weighs for a service; 0 without any."""
    found = next(h for h in ranking.hypotheses if h.service == service)
    return sum(e.weight for e in (*found.evidence, *found.against) if words in e.what)


def probability(ranking: Ranking, service: str) -> float:
    return sum(h.probability for h in ranking.hypotheses if h.service == service)


def test_metrics_and_calls_alone_show_where_the_trouble_begins() -> None:
    ranking = rank_causes(observe(held_connections()), alerting={EDGE: at(345)})
    assert leading(ranking) == ("orders", "connection_pool_exhaustion")
    assert weight(ranking, "orders", "of what edge suffers") > 0.5
    assert weight(ranking, "orders-db", "of what edge suffers begins in orders-db") < -0.5


def test_the_clue_makes_the_cause_likelier_and_what_is_well_less_likely() -> None:
    with_clue = rank_causes(observe(held_connections()), alerting={EDGE: at(345)})
    without = rank_causes(observe(held_connections()))
    assert probability(with_clue, "orders") > probability(without, "orders")
    assert probability(with_clue, "orders-db") < probability(without, "orders-db")


def test_an_overloaded_service_is_not_acquitted_because_its_load_is_felt_below() -> None:
    ranking = rank_causes(observe(heavier_requests()), alerting={EDGE: at(345)})
    assert leading(ranking) == ("edge", "overload")
    assert weight(ranking, "edge", "of what edge suffers begins in edge") >= 0


def test_without_an_alert_nothing_is_said_of_it() -> None:
    ranking = rank_causes(observe(held_connections()))
    assert weight(ranking, "orders", "of what edge suffers") == 0


def test_a_caller_is_not_blamed_for_a_store_that_has_neither_latency_nor_errors() -> None:
    unread = [each for each in held_connections() if (each.service, each.unit) != ("orders-db", "ms")]
    ranking = rank_causes(observe(unread), alerting={EDGE: at(345)})
    assert weight(ranking, "orders", "of what edge suffers") == 0
    assert weight(ranking, "edge", "of what edge suffers begins in edge") < 0
