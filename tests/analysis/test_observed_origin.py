import numpy as np
import pytest

from incident_commander.analysis.call_graph import CallGraph
from incident_commander.analysis.observed_origin import observed_origin
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import FloatArray, MetricSeries

from .series import EPOCH, STEP, level, series

N = 240
BEGUN = 200
ONSET, END = EPOCH.timestamp() + STEP * BEGUN, EPOCH.timestamp() + STEP * N
EDGE, API, DB, OTHER = (ServiceName(name) for name in ("edge", "api", "db", "other"))
GRAPH = CallGraph(
    {EDGE: frozenset({API, OTHER}), API: frozenset({DB})},
    {API: frozenset({EDGE}), OTHER: frozenset({EDGE}), DB: frozenset({API})},
)


def raised(value: float, by: float, seed: int, at: int = BEGUN) -> FloatArray:
    values = level(value, N, seed)
    values[at:] += by
    return values


def company(added_ms: dict[ServiceName, float]) -> list[MetricSeries]:
    usual = {EDGE: 100.0, API: 60.0, DB: 10.0, OTHER: 20.0}
    latencies = [
        series(name, "latency_avg", "ms", raised(usual[name], added_ms.get(name, 0.0), 10 + i))
        for i, name in enumerate(usual)
    ]
    return latencies + [series(name, "requests", "per_second", level(50, N, 40 + i)) for i, name in enumerate(usual)]


def test_blames_the_deepest_service_that_explains_its_callers() -> None:
    origin = observed_origin(company({EDGE: 200, API: 200, DB: 200}), GRAPH, EDGE, ONSET, END)
    assert origin is not None
    assert origin.harm == "latency"
    assert origin.found.suspects[0].node == DB
    assert origin.clues[DB].weight > 1 > 0 > origin.clues[API].weight
    assert origin.clues[OTHER].weight < 0
    assert "rose from 10 ms to 2" in origin.clues[DB].what


def test_blames_the_middle_where_what_it_calls_is_well() -> None:
    origin = observed_origin(company({EDGE: 200, API: 200}), GRAPH, EDGE, ONSET, END)
    assert origin is not None
    assert next(suspect.node for suspect in origin.found.suspects) == API


def test_has_no_clue_in_normal_times() -> None:
    origin = observed_origin(company({}), GRAPH, EDGE, ONSET, END)
    assert origin is not None
    assert origin.clues == {}
    assert origin.found.reason


@pytest.mark.parametrize("unit", ["percent", "ratio"])
@pytest.mark.parametrize("availability", [True, False])
def test_reads_errors_and_availability_alike(unit: str, availability: bool) -> None:
    whole = 100.0 if unit == "percent" else 1.0
    metrics = []
    for i, (name, bad) in enumerate({EDGE: 0.1, API: 0.1, DB: 0.1, OTHER: 0.0}.items()):
        failed = np.clip(raised(0.002, bad, 70 + i), 0, 1)
        values = whole * ((1 - failed) if availability else failed)
        metrics.append(series(name, "availability" if availability else "error_rate", unit, values))
    origin = observed_origin(metrics, GRAPH, EDGE, ONSET, END)
    assert origin is not None
    assert origin.harm == "errors"
    assert origin.found.suspects[0].node == DB


def test_counted_errors_are_divided_by_the_traffic() -> None:
    metrics = []
    for i, (name, bad) in enumerate({EDGE: 5.0, API: 5.0, DB: 0.0}.items()):
        metrics.append(series(name, "errors", "per_second", np.clip(raised(0.1, bad, 90 + i), 0, None)))
        metrics.append(series(name, "requests", "per_second", level(50, N, 95 + i)))
    origin = observed_origin(metrics, GRAPH, EDGE, ONSET, END)
    assert origin is not None
    assert origin.found.suspects[0].node == API


def test_says_nothing_without_metrics_of_the_alerting_service_or_rows_before_the_onset() -> None:
    metrics = company({EDGE: 200})
    assert observed_origin([s for s in metrics if s.service != EDGE], GRAPH, EDGE, ONSET, END) is None
    assert observed_origin(metrics, GRAPH, EDGE, EPOCH.timestamp() + STEP, END) is None
    assert observed_origin(metrics, GRAPH, EDGE, END + 60, END) is None
    assert observed_origin([], GRAPH, EDGE, ONSET, END) is None


def test_stands_gaps_and_series_on_other_clocks() -> None:
    metrics = company({EDGE: 200, API: 200, DB: 200})
    cut = np.s_[20:60]
    thinned = [
        MetricSeries(s.service, s.metric, s.unit, np.delete(s.timestamps, cut) + 3 * i, np.delete(s.values, cut))
        for i, s in enumerate(metrics)
    ]
    origin = observed_origin(thinned, GRAPH, EDGE, ONSET, END)
    assert origin is not None
    assert origin.found.suspects[0].node == DB
