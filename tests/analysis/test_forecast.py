import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.forecast import time_to_limit

from .series import clock, noise


def test_a_rising_line_crosses_when_it_should() -> None:
    values = 50 + 0.1 * np.arange(200) + 0.5 * noise(200, 1)
    forecast = time_to_limit(clock(200), values, 90.0, "above", 7200)
    assert forecast is not None
    assert forecast.going_to
    assert forecast.seconds is not None
    assert forecast.earliest is not None
    assert forecast.latest is not None
    truth = (90 - values[-1]) / 0.1 * 15
    assert forecast.earliest <= truth * 1.05
    assert forecast.latest >= truth * 0.95
    assert forecast.seconds == pytest.approx(truth, rel=0.1)


def test_a_falling_line_crosses_from_above() -> None:
    forecast = time_to_limit(clock(100), 100 - 0.5 * np.arange(100, dtype=np.float64), 20.0, "below", 7200)
    assert forecast is not None
    assert forecast.going_to
    assert forecast.slope < 0


def test_a_flat_noisy_series_is_not_going_to() -> None:
    for seed in range(20):
        forecast = time_to_limit(clock(200), 50 + noise(200, seed), 90.0, "above", 1800)
        assert forecast is not None
        assert not forecast.going_to
        assert forecast.seconds is None


def test_beyond_the_limit_is_now() -> None:
    forecast = time_to_limit(clock(50), np.full(50, 95.0), 90.0, "above", 1800)
    assert forecast is not None
    assert (forecast.probability, forecast.seconds) == (1.0, 0.0)


def test_too_few_points_give_nothing() -> None:
    assert time_to_limit(clock(4), np.arange(4.0), 90.0, "above", 1800) is None
    assert time_to_limit(np.full(9, 1.0), np.arange(9.0), 90.0, "above", 1800) is None


@given(spikes=st.lists(st.integers(0, 199), max_size=8), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_spikes_and_missing_points_do_not_bend_the_trend(spikes: list[int], seed: int) -> None:
    values = 50 + 0.1 * np.arange(200) + 0.3 * noise(200, seed)
    values[spikes] = 1e6
    values[::17] = np.nan
    forecast = time_to_limit(clock(200), values, 90.0, "above", 7200)
    assert forecast is not None
    assert forecast.slope == pytest.approx(0.1 / 15, rel=0.15)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_values_give_a_result_or_nothing(raw: list[float]) -> None:
    forecast = time_to_limit(clock(len(raw)), np.array(raw, dtype=np.float64), 1.0, "above", 600)
    assert forecast is None or 0.0 <= forecast.probability <= 1.0


def test_a_level_line_far_below_its_limit_never_crosses() -> None:
    forecast = time_to_limit(clock(5), np.full(5, -56848048.0), 1.0, "above", 600)
    assert forecast is not None
    assert (forecast.seconds, forecast.earliest, forecast.latest) == (None, None, None)
