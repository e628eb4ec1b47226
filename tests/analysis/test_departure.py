import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from incident_commander.analysis.departure import departure_of
from incident_commander.domain.telemetry import FloatArray

from .series import noise

Values = arrays(
    np.float64,
    st.integers(0, 60),
    elements=st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)),
)


def test_two_rows_of_five_beyond_all_usual_ones_are_no_accident() -> None:
    window = noise(5, 1)
    window[2:4] = 8.0
    found = departure_of(noise(500, 2), window)
    assert found.probability < 1e-3
    assert found.level < 1e-3
    assert found.rise < 1e-3


def test_one_row_however_extreme_is_no_departure() -> None:
    window = np.array([0.1, 1e9, -0.2, 0.3, 0.0])
    found = departure_of(noise(500, 2), window)
    assert found.probability > 0.05
    assert found.blip < 0.02


def test_a_rise_over_a_level_that_fell_is_seen() -> None:
    window = np.array([-9.0, -9.1, -1.0, -0.5, -9.0])
    found = departure_of(noise(500, 2), window)
    assert found.level > 0.1
    assert found.rise < 1e-3


def test_windows_of_the_same_noise_depart_as_rarely_as_said() -> None:
    found = [departure_of(noise(300, seed), noise(6, 10_000 + seed)).probability for seed in range(400)]
    assert np.mean(np.array(found) <= 0.01) <= 0.02
    assert np.mean(np.array(found) <= 0.1) <= 0.12


def test_half_of_a_slowly_wandering_series_is_not_unlike_the_other() -> None:
    found = []
    for seed in range(30):
        wander = np.zeros(600)
        for row, shock in enumerate(noise(599, seed), 1):
            wander[row] = 0.9 * wander[row - 1] + shock
        found.append(departure_of(wander[:300], wander[300:]).probability)
    assert np.mean(np.array(found) <= 0.01) <= 0.1


def test_a_short_reference_cannot_make_a_window_improbable() -> None:
    assert departure_of(np.array([1.0, 2.0]), np.array([9.0, 9.0, 9.0])).probability > 0.03
    assert departure_of(noise(500, 2), np.full(3, 9.0)).probability < 1e-3


def test_a_constant_reference_is_departed_from_upwards_only() -> None:
    usual = np.zeros(200)
    assert departure_of(usual, np.full(5, 0.2)).probability < 1e-3
    assert departure_of(usual, np.zeros(5)).probability == 1.0
    assert departure_of(usual, np.full(5, -0.2)).probability == 1.0


@pytest.mark.parametrize(("usual", "now"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0]), ([1.0], [np.nan])])
def test_nothing_is_said_where_a_side_has_no_row(usual: list[float], now: list[float]) -> None:
    assert departure_of(np.array(usual), np.array(now)).probability == 1.0


def test_windows_of_thousands_of_rows_are_judged() -> None:
    assert departure_of(noise(4000, 1), noise(3000, 2) + 3.0).probability < 1e-6
    assert departure_of(noise(4000, 1), noise(3000, 2)).probability > 0.05


@settings(deadline=None, max_examples=60)
@given(Values, Values)
def test_is_a_probability_and_does_not_change_with_the_scale(usual: FloatArray, now: FloatArray) -> None:
    found = departure_of(usual, now)
    assert 0.0 <= found.probability <= 1.0
    assert 0.0 <= found.blip <= 1.0
    whole: FloatArray = np.asarray(np.round(np.concatenate((usual, now))), dtype=np.float64)
    twice: FloatArray = 2.0 * whole
    plain = departure_of(whole[: usual.size], whole[usual.size :])
    doubled = departure_of(twice[: usual.size], twice[usual.size :])
    assert plain.level == pytest.approx(doubled.level)
    assert plain.rise == pytest.approx(doubled.rise)
