import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from incident_commander.analysis.anomaly import clean, deviation_of, deviations_in, find_excursion
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import FloatArray, MetricSeries

from .series import STEP, clock, level, noise, series, step

ANY_FLOATS = arrays.arrays(
    np.float64, st.integers(0, 80), elements=st.floats(allow_nan=True, allow_infinity=True, width=64)
)


def test_a_jump_is_found_with_its_onset_baseline_and_size() -> None:
    found = deviation_of(series("orders", "latency_p99_ms", "ms", step(100, 900, 300, 400, 1)))
    assert found is not None
    assert found.onset == pytest.approx(clock(400)[300], abs=2 * STEP)
    assert found.excursion.baseline == pytest.approx(100, rel=0.02)
    assert found.excursion.extreme == pytest.approx(900, rel=0.1)
    assert found.ongoing
    assert found.harmful
    assert found.score > 0.9


def test_a_quiet_series_has_no_deviation_that_matters() -> None:
    for seed in range(50):
        found = deviation_of(series("orders", "cpu_utilization", "percent", level(50, 400, seed)))
        assert found is None or found.score < 0.15


def test_a_blip_that_passed_is_not_ongoing() -> None:
    values = step(100, 900, 300, 400, 1)
    values[320:] = level(100, 80, 9)
    found = deviation_of(series("orders", "latency_p99_ms", "ms", values))
    assert found is not None
    assert not found.ongoing
    assert found.ended == pytest.approx(clock(400)[320], abs=4 * STEP)


def test_a_single_spike_is_no_excursion() -> None:
    values = level(100, 400, 3)
    values[350] = 5000
    assert deviation_of(series("orders", "latency_p99_ms", "ms", values)) is None


def test_a_leak_is_dated_near_its_beginning_though_it_begins_within_the_reference() -> None:
    values = level(40, 400, 4, spread=0.01)
    values[100:] += 0.15 * np.arange(300)
    found = deviation_of(series("orders", "memory_utilization", "percent", values))
    assert found is not None
    assert found.ongoing
    assert abs(found.onset - clock(400)[100]) < 60 * STEP


def test_a_small_drift_before_a_collapse_does_not_antedate_it() -> None:
    values = level(100, 400, 5)
    values[260:] += 6
    values[360:] = 4000
    found = deviation_of(series("orders", "latency_p99_ms", "ms", values))
    assert found is not None
    assert found.onset == pytest.approx(clock(400)[360], abs=4 * STEP)


def test_a_series_that_fell_silent_is_not_ongoing() -> None:
    gone = series("orders", "latency_p99_ms", "ms", step(100, 900, 300, 400, 1))
    found = deviation_of(gone, until=float(gone.timestamps[-1]) + 1800)
    assert found is not None
    assert not found.ongoing


@given(scale=st.floats(0.01, 1000), offset=st.floats(-1000, 1000), seed=st.integers(0, 20), at=st.integers(150, 280))
@settings(max_examples=40, deadline=None)
def test_the_excursion_does_not_depend_on_scale_or_offset(scale: float, offset: float, seed: int, at: int) -> None:
    values = noise(300, seed)
    values[at:] += 12
    one, other = find_excursion(clock(300), values), find_excursion(clock(300), scale * values + offset)
    assert one is not None
    assert other is not None
    assert (other.start, other.end, other.ongoing) == (one.start, one.end, one.ongoing)
    assert other.score == pytest.approx(one.score, abs=1e-6)


@given(seed=st.integers(0, 20), lost=st.floats(0, 0.4), broken=st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_gaps_and_broken_points_do_not_hide_a_jump(seed: int, lost: float, broken: int) -> None:
    draw = np.random.default_rng(seed)
    values = step(100, 900, 300, 400, seed)
    values[draw.integers(0, 400, broken)] = np.nan
    kept = draw.random(400) >= lost
    found = deviation_of(MetricSeries(ServiceName("orders"), "latency_p99_ms", "ms", clock(400)[kept], values[kept]))
    assert found is not None
    assert found.ongoing
    assert found.onset == pytest.approx(clock(400)[300], abs=8 * STEP)


@given(values=ANY_FLOATS, times=ANY_FLOATS)
@settings(max_examples=200, deadline=None)
def test_any_series_gives_a_result_or_nothing(values: FloatArray, times: FloatArray) -> None:
    found = deviation_of(MetricSeries(ServiceName("orders"), "error_ratio", "ratio", times, values))
    if found is not None:
        assert 0.0 <= found.anomaly().score <= 1.0


@given(value=st.floats(-1e6, 1e6), n_points=st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_a_constant_series_has_no_deviation(value: float, n_points: int) -> None:
    assert deviation_of(series("orders", "queue_depth", "count", np.full(n_points, value))) is None


def test_order_and_duplicates_do_not_matter() -> None:
    plain = series("orders", "latency_p99_ms", "ms", step(100, 900, 300, 400, 1))
    shuffled = np.random.default_rng(0).permutation(400)
    twice = np.concatenate((shuffled, shuffled))
    mixed = MetricSeries(plain.service, plain.metric, plain.unit, plain.timestamps[twice], plain.values[twice])
    one, other = deviation_of(plain), deviation_of(mixed)
    assert one is not None
    assert other is not None
    assert one.excursion == other.excursion


def test_cleaning_sorts_drops_what_is_not_finite_and_keeps_the_last_of_duplicates() -> None:
    times, values = clean(np.array([3.0, 1.0, 2.0, 2.0, np.nan]), np.array([30.0, 10.0, 20.0, 21.0, 5.0]))
    assert times.tolist() == [1.0, 2.0, 3.0]
    assert values.tolist() == [10.0, 21.0, 30.0]


def test_the_most_important_deviation_comes_first() -> None:
    found = deviations_in(
        (
            series("quiet", "cpu_utilization", "percent", level(50, 400, 1)),
            series("mild", "cpu_utilization", "percent", step(50, 60, 300, 400, 2)),
            series("wild", "cpu_utilization", "percent", step(50, 98, 300, 400, 3)),
        )
    )
    assert [d.series.service for d in found][:2] == ["wild", "mild"]
