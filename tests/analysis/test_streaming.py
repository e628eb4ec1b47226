"""The streaming detector: both of its ways agree, it never looks ahead, and it finds what an operator would."""

import pickle
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from incident_commander.analysis import streaming
from incident_commander.analysis.streaming import StreamingDetector
from incident_commander.domain.telemetry import FloatArray

STEP_SECONDS = 300.0
DAY_ROWS = 288
Numbers = npt.NDArray[np.floating]
Shape = Callable[[np.random.Generator, int], Numbers]

SHAPES: dict[str, Shape] = {
    "noise": lambda rng, n: 50.0 + rng.standard_normal(n),
    "constant": lambda rng, n: np.full(n, 0.1),
    "quantised": lambda rng, n: np.round(3.0 * rng.standard_normal(n)) * 0.1,
    "rare bursts": lambda rng, n: (rng.random(n) < 0.05) * rng.lognormal(14.0, 2.0, n),
    "season": lambda rng, n: np.sin(np.arange(n) * 2 * np.pi / DAY_ROWS) + 0.1 * rng.standard_normal(n),
    "random walk": lambda rng, n: np.cumsum(rng.standard_normal(n)),
    "counter": lambda rng, n: np.cumsum(rng.gamma(2.0, 1.0, n)),
    "counter that falls": lambda rng, n: np.cumsum(rng.gamma(2.0, 1.0, n)) - 900.0 * (np.arange(n) // 200),
    "counter that was none": lambda rng, n: np.where(np.arange(n) < 90, np.arange(n), 90.0 + rng.standard_normal(n)),
    "level shift": lambda rng, n: rng.standard_normal(n) + 20.0 * (np.arange(n) > n // 2),
}


@st.composite
def any_series(draw: st.DrawFn) -> tuple[FloatArray, FloatArray]:
    """Random, constant, quantised, counting, gapped, duplicate and unordered series, some with values missing."""
    n_rows = draw(st.integers(0, 500))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = SHAPES[draw(st.sampled_from(sorted(SHAPES)))](rng, n_rows)
    timestamps = 1.4e9 + STEP_SECONDS * draw(st.sampled_from([1.0, 12.0, 400.0])) * np.arange(n_rows)
    disorder = draw(st.sampled_from(["none", "gapped", "duplicate", "unordered"]))
    if disorder == "gapped":
        timestamps = timestamps + 1e6 * np.cumsum(rng.random(n_rows) < 0.02)
    elif disorder == "duplicate":
        timestamps = np.repeat(timestamps[::2], 2)[:n_rows]
    elif disorder == "unordered":
        rng.shuffle(timestamps)
    for missing in draw(st.sets(st.sampled_from([np.nan, np.inf, -np.inf, 1e200]))):
        values = np.where(rng.random(n_rows) < 0.03, missing, values)
    if draw(st.booleans()):
        timestamps = np.where(rng.random(n_rows) < 0.01, np.nan, timestamps)
    return np.asarray(timestamps, dtype=np.float64), np.asarray(values, dtype=np.float64)


def score_series(timestamps: Numbers, values: Numbers) -> FloatArray:
    return streaming.score_series(np.asarray(timestamps, dtype=np.float64), np.asarray(values, dtype=np.float64))


def streamed(timestamps: Numbers, values: Numbers) -> FloatArray:
    detector = StreamingDetector()
    return np.array([detector.update(*row) for row in zip(timestamps.tolist(), values.tolist(), strict=True)])


@given(any_series())
@settings(max_examples=30, deadline=None)
def test_the_vectorised_way_equals_the_streaming_one(series: tuple[FloatArray, FloatArray]) -> None:
    np.testing.assert_allclose(score_series(*series), streamed(*series), rtol=0, atol=1e-9)


@given(any_series(), st.data())
@settings(max_examples=30, deadline=None)
def test_a_score_does_not_change_when_later_rows_are_removed(
    series: tuple[FloatArray, FloatArray], data: st.DataObject
) -> None:
    timestamps, values = series
    kept = data.draw(st.integers(0, values.size))
    np.testing.assert_array_equal(
        score_series(timestamps[:kept], values[:kept]), score_series(timestamps, values)[:kept]
    )


ANY_FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)


@given(arrays.arrays(np.float64, (2, 150), elements=ANY_FLOATS))
@settings(max_examples=40, deadline=None)
def test_whatever_comes_gets_a_score_between_0_and_1(rows: FloatArray) -> None:
    scores = score_series(rows[0], rows[1])
    assert np.all((scores >= 0.0) & (scores <= 1.0))
    np.testing.assert_allclose(scores, streamed(rows[0], rows[1]), rtol=0, atol=1e-9)


@given(any_series(), st.integers(-20, 20))
@settings(max_examples=20, deadline=None)
def test_the_unit_does_not_matter(series: tuple[FloatArray, FloatArray], exponent: int) -> None:
    timestamps, values = series
    values = np.where(np.abs(values) < 1e100, values, np.nan)
    np.testing.assert_array_equal(score_series(timestamps, values * 2.0**exponent), score_series(timestamps, values))


def test_both_ways_agree_past_the_point_where_old_rows_are_forgotten() -> None:
    values = SHAPES["rare bursts"](np.random.default_rng(5), 11_000)
    timestamps = STEP_SECONDS * np.arange(values.size)
    np.testing.assert_array_equal(score_series(timestamps, values), streamed(timestamps, values))


def test_memory_does_not_grow_with_the_stream() -> None:
    values = SHAPES["random walk"](np.random.default_rng(6), 6_000)
    detector = StreamingDetector()
    sizes = []
    for row, value in enumerate(values.tolist(), start=1):
        detector.update(STEP_SECONDS * row, value)
        if row % 2_000 == 0:
            sizes.append(len(pickle.dumps(detector)))
    assert max(sizes) < 1.1 * sizes[0]


def test_a_series_of_no_or_few_rows_scores_nothing() -> None:
    for n_rows in (0, 1, 59):
        assert not score_series(np.arange(n_rows, dtype=np.float64), np.ones(n_rows)).any()


def test_timestamps_that_do_not_match_the_values_are_refused() -> None:
    with pytest.raises(ValueError, match="give one for each"):
        score_series(np.zeros(3), np.zeros(4))


def spike(values: Numbers) -> None:
    values[1500] += 15.0


def dip(values: Numbers) -> None:
    values[1500:1503] -= 15.0


def level_shift(values: Numbers) -> None:
    values[1500:] += 8.0


def flat_line(values: Numbers) -> None:
    values[1500:1700] = values[1499]


def wider_spread(values: Numbers) -> None:
    values[1500:1700] = 50.0 + 4.0 * (values[1500:1700] - 50.0)


def slow_drift(values: Numbers) -> None:
    values[1500:] += 0.03 * np.arange(values.size - 1500)


@pytest.mark.parametrize("change", [spike, dip, level_shift, flat_line, wider_spread, slow_drift])
def test_a_change_mostly_scores_above_one_half(change: Callable[[Numbers], None]) -> None:
    assert sum(highest_after(change, seed) > 0.5 for seed in range(1, 11)) >= 7


@pytest.mark.parametrize("change", [spike, dip, level_shift, wider_spread])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_large_change_scores_above_all_that_came_before_it(change: Callable[[Numbers], None], seed: int) -> None:
    values = SHAPES["noise"](np.random.default_rng(seed), 1_500)
    before = score_series(STEP_SECONDS * np.arange(values.size), values).max()
    assert highest_after(change, seed) > 1.1 * before


def highest_after(change: Callable[[Numbers], None], seed: int) -> float:
    values = SHAPES["noise"](np.random.default_rng(seed), 2_000)
    change(values)
    return float(score_series(STEP_SECONDS * np.arange(values.size), values)[1500:1700].max())


def test_a_day_without_its_usual_rise_is_found_though_no_value_is_new() -> None:
    rng = np.random.default_rng(4)
    day = np.where(np.arange(DAY_ROWS) % DAY_ROWS < 100, 80.0, 20.0)
    values = np.tile(day, 14) + rng.standard_normal(14 * DAY_ROWS)
    quiet = slice(10 * DAY_ROWS, 10 * DAY_ROWS + 100)
    values[quiet] = 20.0 + rng.standard_normal(100)
    scores = score_series(1.4e9 // 86_400 * 86_400 + STEP_SECONDS * np.arange(values.size), values)
    assert scores[quiet].max() > 0.5
    assert scores[quiet].max() > scores[2 * DAY_ROWS : 10 * DAY_ROWS].max()


def test_a_counter_is_judged_by_its_rate() -> None:
    rng = np.random.default_rng(7)
    increments = rng.gamma(20.0, 1.0, 3_000)
    increments[2_000:2_100] *= 5.0
    total = np.cumsum(increments)
    total[1_000:] -= total[1_000]
    scores = score_series(STEP_SECONDS * np.arange(total.size), total)
    assert scores[2_000:2_100].max() > 0.6
    assert scores[2_000:2_100].max() > 1.5 * scores[:2_000].max()


@pytest.mark.parametrize("shape", ["noise", "constant", "quantised", "season", "random walk", "counter"])
def test_a_series_without_change_scores_above_one_half_at_most_once_in_a_thousand_rows(shape: str) -> None:
    alarms = 0
    for seed in range(10):
        values = SHAPES[shape](np.random.default_rng(100 + seed), 3_000)
        alarms += int(np.sum(score_series(STEP_SECONDS * np.arange(values.size), values) > 0.5))
    assert alarms <= 30


def test_the_rest_of_an_event_scores_less_than_its_beginning() -> None:
    values = SHAPES["noise"](np.random.default_rng(8), 2_000)
    values[1500:1520] += 20.0
    scores = score_series(STEP_SECONDS * np.arange(values.size), values)
    assert scores[1500] > 0.7
    assert np.sum(scores[1500:1520] > 0.5) <= 4


def test_a_gap_scores_nothing_and_teaches_nothing() -> None:
    timestamps, values = STEP_SECONDS * np.arange(1_000), SHAPES["noise"](np.random.default_rng(9), 1_000)
    values[900] += 12.0
    gapped = np.insert(values, 500, [np.nan, np.inf, np.nan])
    scores = score_series(np.insert(timestamps, 500, [timestamps[500]] * 3), gapped)
    assert not scores[500:503].any()
    np.testing.assert_array_equal(np.delete(scores, [500, 501, 502]), score_series(timestamps, values))
