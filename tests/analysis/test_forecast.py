from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.forecast import Forecast, time_to_limit
from incident_commander.domain.telemetry import FloatArray

from .series import STEP, clock, noise


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


def ask(values: FloatArray, limit: float, horizon_steps: float = 100) -> Forecast:
    forecast = time_to_limit(clock(values.size), values, limit, "above", horizon_steps * STEP)
    assert forecast is not None
    return forecast


def test_teeth_that_never_reached_the_limit_are_not_prolonged_to_it() -> None:
    rising = 40 + 30 * (np.arange(400) % 40) / 40
    for n_points in (370, 380, 390, 395):
        assert not ask(rising[:n_points], 75).going_to


def test_teeth_on_a_rising_floor_cross() -> None:
    teeth = 40 + 0.05 * np.arange(400) + 20 * (np.arange(400) % 40) / 40
    forecast = ask(teeth, 83)
    assert forecast.going_to
    assert forecast.seconds is not None
    course = 40 + 0.05 * np.arange(400, 600) + 20 * (np.arange(400, 600) % 40) / 40
    assert forecast.seconds == pytest.approx((1 + int(np.argmax(course >= 83))) * STEP, rel=0.3)


def test_a_season_under_its_limit_is_not_prolonged_on_its_rising_side() -> None:
    wave = 50 + 30 * np.sin(2 * np.pi * np.arange(500) / 100) + 0.5 * noise(500, 4)
    for n_points in (405, 410, 415, 420):
        assert not ask(wave[:n_points], 85).going_to


def test_a_season_that_comes_back_crosses_when_it_did_before() -> None:
    wave = 50 + 30 * np.sin(2 * np.pi * np.arange(460) / 100) + 0.5 * noise(460, 4)
    forecast = ask(wave, 75)
    assert forecast.going_to
    assert forecast.seconds == pytest.approx((500 - 460 + 16) * STEP, rel=0.2)


def test_growth_that_levels_off_below_the_limit_is_not_going_to_cross() -> None:
    warming = 80 - 70 * np.exp(-np.arange(300) / 80) + 0.3 * noise(300, 2)
    for n_points in (160, 200, 300):
        assert not ask(warming[:n_points], 90).going_to


def test_a_step_is_not_a_trend() -> None:
    values = 30 + 0.5 * noise(300, 3)
    values[240:] += 35
    assert not ask(values, 90).going_to


def test_a_leak_that_began_late_is_seen() -> None:
    values = 30 + 0.5 * noise(300, 3)
    values[250:] += 0.8 * np.arange(50)
    forecast = ask(values, 90)
    assert forecast.going_to
    assert forecast.seconds == pytest.approx((90 - 70) / 0.8 * STEP, rel=0.35)


def test_a_gap_in_the_samples_does_not_change_the_answer() -> None:
    values = 30 + 0.1 * np.arange(400) + 0.3 * noise(400, 5)
    whole = ask(values, 75)
    values[200:260] = np.nan
    holed = ask(values, 75)
    assert whole.seconds is not None
    assert holed.seconds == pytest.approx(whole.seconds, rel=0.15)


@given(seed=st.integers(0, 50), scale=st.sampled_from([1e-6, 0.01, 1.0, 1e9]), offset=st.sampled_from([0.0, 50.0]))
@settings(max_examples=30, deadline=None)
def test_the_unit_does_not_matter(seed: int, scale: float, offset: float) -> None:
    values = np.cumsum(noise(150, seed)) + 0.1 * np.arange(150)
    plain, scaled = ask(values, values.max() + 5), ask(scale * (values + offset), scale * (values.max() + 5 + offset))
    assert scaled.probability == pytest.approx(plain.probability, abs=0.02)


@given(seed=st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_below_is_above_upside_down(seed: int) -> None:
    values = np.cumsum(noise(150, seed)) + 0.1 * np.arange(150)
    limit = float(values.max()) + 5
    above = ask(values, limit)
    below = time_to_limit(clock(150), -values, -limit, "below", 100 * STEP)
    assert below is not None
    assert (below.probability, below.seconds, below.latest) == (above.probability, above.seconds, above.latest)
    assert below.slope == -above.slope


@given(st.lists(st.floats(-1e6, 1e6), min_size=24, max_size=120), st.floats(-1e6, 1e6), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_rows_does_not_matter_and_the_interval_is_in_order(
    raw: list[float], limit: float, random: Random
) -> None:
    values = np.array(raw)
    forecast = ask(values, limit)
    order = list(range(len(raw)))
    random.shuffle(order)
    assert time_to_limit(clock(len(raw))[order], values[order], limit, "above", 100 * STEP) == forecast
    times = [t if t is not None else np.inf for t in (forecast.earliest, forecast.seconds, forecast.latest)]
    assert times == sorted(times)
    assert (forecast.seconds is not None) <= (forecast.probability >= 0.5)
