"""Many series screened at once give what each gives by itself, and none that left its course is passed over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.anomaly import deviation_of, deviation_of_each, deviations_in, find_excursion
from incident_commander.analysis.screening import THRESHOLD, BoolArray, courses, running_median
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import FloatArray, MetricSeries

from .series import clock, level, series

METRICS = ("cpu_utilization", "latency_p99_ms", "error_ratio", "requests_per_second", "db_pool_in_use", "heap_bytes")


@st.composite
def shapes(draw: st.DrawFn, n_points: int) -> FloatArray:
    """A noisy series that may jump, drift, swing, blip or stand still."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = draw(st.sampled_from((1.0, 100.0, 1e6))) * (
        1.0 + draw(st.sampled_from((0.0, 0.02, 0.2))) * random.standard_normal(n_points)
    )
    match draw(st.integers(0, 5)):
        case 1:
            values[draw(st.integers(0, n_points - 1)) :] *= draw(st.floats(-1, 5))
        case 2:
            values += np.linspace(0.0, draw(st.floats(-3, 3)), n_points) * values[0]
        case 3:
            values *= 1.0 + 0.5 * np.sin(np.arange(n_points) / 9.0)
        case 4:
            values[draw(st.integers(0, n_points - 1)) :][: draw(st.integers(1, 6))] *= 10.0
        case 5:
            values = np.round(values)
    return np.asarray(values, dtype=np.float64)


@st.composite
def many(draw: st.DrawFn) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Timestamps, values, floors and gauges of a few series of one length."""
    n_points, n_series = draw(st.integers(12, 90)), draw(st.integers(1, 6))
    values = np.stack([draw(shapes(n_points)) for _ in range(n_series)])
    steps = np.random.default_rng(draw(st.integers(0, 99))).choice([1.0, 15.0, 60.0], (n_series, n_points))
    floors = np.array(draw(st.lists(st.sampled_from((0.0, 0.01, 5.0)), min_size=n_series, max_size=n_series)))
    gauges = np.array(draw(st.lists(st.booleans(), min_size=n_series, max_size=n_series)))
    return 1.7e9 + np.cumsum(steps, axis=1), values, floors, gauges


def by_definition(times: FloatArray, values: FloatArray, floor: float, gauge: bool) -> tuple[float, float]:
    """The baseline and spread of one series, step by step."""
    n_points = values.size
    smooth = running_median(values)
    boundary = times[0] + 0.4 * (times[-1] - times[0])
    length = min(max(8, sum(1 for time in times if time < boundary)), n_points)
    jitter = float(np.median(np.abs(np.diff(values)))) * 1.4826 / np.sqrt(2.0)
    smallest = max(8, int(0.15 * n_points))
    while gauge and length > smallest:
        first, second = smooth[: length // 2], smooth[length // 2 : length]
        if abs(float(np.median(second) - np.median(first))) <= max(2.0 * jitter, 1e-12):
            break
        length = max(smallest, int(length * 0.75))
    baseline = float(np.median(values[:length]))
    distance = np.sort(np.abs(values[:length] - baseline))
    spread = max(1.4826 * distance[length // 2], distance[int(0.95 * (length - 1))] / 1.96)
    return baseline, max(spread, 0.02 * float(smooth.max() - smooth.min()), floor)


@given(many())
@settings(max_examples=80, deadline=None)
def test_baselines_and_spreads_are_those_of_the_definition_whatever_stands_in_other_rows(
    given_series: tuple[FloatArray, FloatArray, FloatArray, BoolArray],
) -> None:
    times, values, floors, gauges = given_series
    together = courses(times, values, floors, gauges)
    for row in range(len(values)):
        one = slice(row, row + 1)
        alone = courses(times[one], values[one], floors[one], gauges[one])
        assert np.array_equal(together.distance[row], alone.distance[0])
        assert together.left[row] == alone.left[0]
        if np.ptp(together.smooth[row]) > 1e-12 * np.abs(together.smooth[row]).max():
            expected = by_definition(times[row], values[row], float(floors[row]), bool(gauges[row]))
            assert (together.baseline[row], together.spread[row]) == expected


@given(many())
@settings(max_examples=80, deadline=None)
def test_no_series_that_is_not_picked_has_three_abnormal_points_in_a_row_or_any_excursion(
    given_series: tuple[FloatArray, FloatArray, FloatArray, BoolArray],
) -> None:
    times, values, floors, gauges = given_series
    course = courses(times, values, floors, gauges)
    for row in np.flatnonzero(~course.left).tolist():
        abnormal = np.abs(course.distance[row]) >= THRESHOLD
        assert not (abnormal[:-2] & abnormal[1:-1] & abnormal[2:]).any() or np.ptp(course.smooth[row]) < 1e-9
        excursion = find_excursion(times[row], values[row], floor=float(floors[row]), gauge=bool(gauges[row]))
        assert excursion is None


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_set_of_series_of_any_lengths_deviates_as_each_does_alone(data: st.DataObject) -> None:
    metrics = []
    for number in range(data.draw(st.integers(1, 8))):
        n_points = data.draw(st.sampled_from((1, 11, 12, 40, 90)))
        values = data.draw(shapes(n_points))
        values[data.draw(st.integers(0, n_points - 1))] = data.draw(st.sampled_from((values[0], np.nan, np.inf)))
        metric = data.draw(st.sampled_from(METRICS))
        metrics.append(MetricSeries(ServiceName(f"s{number}"), metric, "", clock(n_points), values))
    until = float(clock(90)[-1])
    alone = tuple(deviation_of(each, until) for each in metrics)
    assert deviation_of_each(metrics, until) == alone
    assert set(deviations_in(tuple(metrics), until)) == set(alone) - {None}


def test_more_series_than_are_screened_at_once_are_all_looked_at() -> None:
    quiet = [series(f"q{n}", "latency_p99_ms", "ms", level(100, 60, n)) for n in range(600)]
    loud = [series(f"l{n}", "latency_p99_ms", "ms", np.append(level(100, 40, n), level(900, 20, n))) for n in (1, 2)]
    found = deviations_in((*quiet[:300], loud[0], *quiet[300:], loud[1]))
    assert {"l1", "l2"} <= {each.series.service for each in found if each.score > 0.9}


@pytest.mark.parametrize("width", [3, 5, 7])
def test_the_running_median_is_the_median_of_each_window(width: int) -> None:
    values = np.random.default_rng(width).standard_normal((3, 40))
    half = width // 2
    padded = np.pad(values, ((0, 0), (half, half)), mode="edge")
    expected = [[np.median(row[at : at + width]) for at in range(40)] for row in padded]
    assert np.array_equal(running_median(values, width), expected)
    assert np.array_equal(running_median(values[0], width), expected[0])
