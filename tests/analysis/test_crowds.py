"""What came within minutes, for one thing, and what stays."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.analysis.anomaly import deviations_in
from incident_commander.analysis.call_graph import call_graph
from incident_commander.analysis.clues import Passing
from incident_commander.analysis.crowds import crowds_that_pass, has_stayed, jobs_that_pass, rise_of, suddenness
from incident_commander.analysis.edges import behind, edges
from incident_commander.analysis.leads import leads_in
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import FloatArray, MetricSeries, Observations, Topology

from .series import STEP, level, series, step
from .test_root_cause import N, observe

NOW = N
TRAFFIC = "request_rate"


def ramp(usual: float, factor: float, points: int, seed: int, since: int = 340) -> FloatArray:
    """A level that rises to `factor` times its usual over so many points."""
    values = level(usual, N, seed, spread=0.01)
    values[since : since + points] *= np.linspace(1.0, factor, points)
    values[since + points :] *= factor
    return values


def crowd(minutes: float, others: float = 1.0) -> list[MetricSeries]:
    """`search` is asked two and a half times as much, and everything else `others` times."""
    points = round(60 * minutes / STEP)
    return [
        series("edge", TRAFFIC, "per_second", ramp(100.0, 1.6 * others, points, 2)),
        series("search", TRAFFIC, "per_second", ramp(40.0, 2.5, points, 1)),
        series("orders", TRAFFIC, "per_second", ramp(60.0, others, points, 3)),
    ]


def passing(observations: Observations) -> dict[ServiceName, float]:
    found = deviations_in(observations.metrics, observations.window.end.timestamp())
    graph = call_graph(observations)
    return by_service(crowds_that_pass(observations, found, graph, attacked=False))


def by_service(several: tuple[Passing, ...]) -> dict[ServiceName, float]:
    return {each.service: each.clue.weight for each in several}


@pytest.mark.parametrize(("minutes", "leaves"), [(2.0, True), (3.0, True), (8.0, False), (12.0, False)])
def test_a_crowd_leaves_as_fast_as_it_came(minutes: float, leaves: bool) -> None:
    assert ("search" in passing(observe(crowd(minutes)))) is leaves


def test_customers_who_come_for_everything_stay() -> None:
    alone, with_others = crowd(3.0), crowd(3.0, others=1.12)
    assert passing(observe(alone))[ServiceName("search")] > 4.0
    assert passing(observe(with_others)) == {}


def test_calls_repeated_within_are_no_crowd() -> None:
    inside = [crowd(2.0)[1], series("edge", TRAFFIC, "per_second", level(100.0, N, 2))]
    assert passing(observe(inside)) == {}


def test_an_attack_is_no_crowd() -> None:
    observations = observe(crowd(2.0))
    assert crowds_that_pass(observations, (), call_graph(observations), attacked=True) == ()


def test_nothing_is_said_of_series_that_are_too_short_empty_or_constant() -> None:
    for values in (np.zeros(0), np.ones(5), np.full(200, 7.0)):
        assert rise_of(series("search", TRAFFIC, "per_second", values)) is None


@given(st.floats(1.0, 1e5), st.floats(1.0, 1e5))
def test_the_shorter_the_rise_the_sooner_it_passes(one: float, other: float) -> None:
    assert (suddenness(one) >= suddenness(other)) is (one <= other)


@given(st.floats(1e-3, 1e6))
def test_how_much_a_crowd_is_does_not_depend_on_the_unit(scale: float) -> None:
    scaled = [replace(each, values=each.values * scale) for each in crowd(3.0)]
    assert passing(observe(scaled)) == pytest.approx(passing(observe(crowd(3.0))))


def sessions(minutes: float, *more: MetricSeries) -> Observations:
    points = round(60 * minutes / STEP)
    held = np.minimum(ramp(45.0, 2.2, points, 1), 100.0)
    return observe([series("orders-db", "connection_pool_utilization", "percent", held), *more])


def jobs(observations: Observations) -> dict[ServiceName, float]:
    found = deviations_in(observations.metrics, observations.window.end.timestamp())
    return by_service(jobs_that_pass(found, call_graph(observations)))


def test_sessions_that_no_caller_holds_and_that_came_at_once_are_a_jobs() -> None:
    assert jobs(sessions(3.0)).keys() == {"orders-db"}
    assert jobs(sessions(14.0)) == {}


def test_connections_that_are_held_longer_or_by_a_caller_are_no_jobs() -> None:
    slow = series("orders-db", "latency_p99_ms", "ms", step(20, 400, 340, N, 5))
    own = series("orders", "connection_pool_utilization", "percent", np.minimum(ramp(45.0, 2.2, 12, 6), 100.0))
    assert jobs(sessions(3.0, slow)) == {}
    assert "orders-db" not in jobs(sessions(3.0, own))


def test_where_requests_come_in_is_seen_without_a_topology() -> None:
    counted = series("edge", "new_source_ratio", "ratio", level(0.07, N, 4))
    blind = replace(observe([*crowd(2.0), counted]), topology=Topology())
    graph = call_graph(blind)
    assert edges(blind, graph) == ("edge",)
    assert behind(ServiceName("edge"), blind, graph) == ("orders", "search")
    assert [each.service for each in leads_in(blind).passing] == ["search"]


def test_without_anything_that_tells_who_calls_whom_nothing_is_an_edge() -> None:
    blind = replace(observe(crowd(2.0)), topology=Topology())
    assert edges(blind, call_graph(blind)) == ()


@pytest.mark.parametrize(("since", "stayed"), [(340, True), (385, False)])
def test_a_crowd_that_a_recording_shows_to_have_stayed_did_not_pass(since: int, stayed: bool) -> None:
    search, usual = ServiceName("search"), level(60.0, N, 3, spread=0.01)
    metrics = [
        series("search", TRAFFIC, "per_second", ramp(40.0, 2.5, 8, 1, since)),
        series("orders", TRAFFIC, "per_second", usual),
    ]
    assert has_stayed(search, observe(metrics)) is stayed
    assert not has_stayed(ServiceName("orders"), observe(metrics))
    assert not has_stayed(ServiceName("edge"), observe(metrics))
