from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.burn_rate import PAIRS, BurnRate, Objective, burn_rate
from incident_commander.domain.telemetry import FloatArray

from .series import EPOCH

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
NINES = Objective()


def clock(n_points: int, step: float = MINUTE) -> FloatArray:
    return EPOCH.timestamp() + step * np.arange(1, n_points + 1, dtype=np.float64)


def told(errors: FloatArray, step: float = MINUTE, objective: Objective = NINES) -> BurnRate:
    found = burn_rate(clock(errors.size, step), errors, objective)
    assert found is not None
    return found


def test_the_factors_are_the_workbooks() -> None:
    assert [pair.factor(NINES) for pair in PAIRS] == pytest.approx([14.4, 6.0, 1.0])


def test_a_budget_lasts_at_a_rate_of_one_whatever_the_period() -> None:
    assert [pair.factor(Objective(0.99, DAY)) for pair in PAIRS] == [1.0, 1.0, 1.0]


def test_a_steady_burn_is_the_same_in_every_window_and_ends_the_budget_when_it_is_spent() -> None:
    found = told(np.full(3 * 144, 0.01), 10 * MINUTE)
    assert [(pair.long, pair.short) for pair in found.pairs] == [pytest.approx((10, 10))] * 3
    assert found.spent == pytest.approx(1.0)
    found = told(np.full(3 * 144, 0.005), 10 * MINUTE)
    assert found.spent == pytest.approx(0.5)
    assert found.fastest is not None
    assert found.fastest.pair == PAIRS[2]
    assert found.exhaustion is not None
    assert found.exhaustion.seconds == pytest.approx(3 * DAY, rel=0.05)


def test_an_outage_burns_in_both_windows_until_it_is_mended() -> None:
    errors = np.concatenate((np.zeros(60), np.full(10, 0.5), np.zeros(10)))
    during, after = told(errors[:70]), told(errors)
    assert during.fastest is not None
    assert during.fastest.pair == PAIRS[0]
    assert during.pairs[0].long == pytest.approx(500 / 6)
    assert during.pairs[0].short == pytest.approx(500)
    assert after.pairs[0].long > after.pairs[0].factor
    assert after.pairs[0].short == 0
    assert not after.pairs[0].burning
    assert after.exhaustion is not None
    assert not after.exhaustion.going_to
    assert after.exhaustion.seconds is None


def test_time_that_was_not_seen_counts_as_free_of_errors() -> None:
    found = told(np.full(30, 0.02))
    assert found.pairs[0].long == pytest.approx(10)
    assert found.seen_seconds == 30 * MINUTE


def test_requests_weigh_the_moments() -> None:
    requests = np.tile([900.0, 100.0], 30)
    found = burn_rate(clock(60), np.tile([9.0, 50.0], 30), NINES, requests=requests)
    assert found is not None
    assert found.pairs[0].long == pytest.approx(59.0)
    asleep = burn_rate(clock(60), np.zeros(60), NINES, requests=np.zeros(60))
    assert asleep is not None
    assert asleep.spent == 0


def test_a_spent_budget_is_exhausted_now() -> None:
    found = told(np.full(60, 1.0))
    assert found.spent == pytest.approx(1000 / 720)
    assert found.exhaustion is not None
    assert (found.exhaustion.probability, found.exhaustion.seconds) == (1.0, 0.0)


@pytest.mark.parametrize("errors", [np.zeros(90), np.full(90, 0.0009)])
def test_a_level_below_the_objective_is_not_going_to(errors: FloatArray) -> None:
    found = told(errors)
    assert found.fastest is None
    assert found.exhaustion is not None
    assert not found.exhaustion.going_to


def test_when_samples_stop_the_short_window_empties() -> None:
    times, errors = clock(60), np.full(60, 0.5)
    stopped = burn_rate(times, errors, NINES, until=float(times[-1]) + 10 * MINUTE)
    fresh = burn_rate(times, errors, NINES, until=float(times[-1]) + MINUTE)
    assert stopped is not None
    assert fresh is not None
    assert stopped.pairs[0].short == 0
    assert stopped.pairs[0].long == pytest.approx(500 * 50 / 60)
    assert fresh.pairs[0].short == pytest.approx(500)


def test_too_little_tells_nothing() -> None:
    assert burn_rate(np.empty(0), np.empty(0), NINES) is None
    assert burn_rate(clock(1), np.ones(1), NINES) is None
    assert burn_rate(np.full(9, 1.0), np.ones(9), NINES) is None
    assert burn_rate(clock(9), np.full(9, np.nan), NINES) is None
    few = burn_rate(clock(4), np.full(4, 0.1), NINES)
    assert few is not None
    assert few.exhaustion is None


@pytest.mark.parametrize(("share", "period"), [(0.0, DAY), (1.0, DAY), (99.9, DAY), (np.nan, DAY), (0.99, 0.0)])
def test_an_objective_that_cannot_be_is_refused_with_its_value(share: float, period: float) -> None:
    with pytest.raises(ValueError, match="give"):
        Objective(share, period)


@given(
    points=st.lists(
        st.tuples(
            st.floats(-1e9, 2e9) | st.just(np.nan) | st.integers(0, 40).map(lambda at: EPOCH.timestamp() + 60 * at),
            st.floats(allow_nan=True, allow_infinity=True),
            st.floats(allow_nan=True, allow_infinity=True),
        ),
        max_size=60,
    ),
    counted=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_series_gives_a_sound_answer_or_none(points: list[tuple[float, float, float]], counted: bool) -> None:
    times, errors, requests = np.array(points, dtype=np.float64).reshape(-1, 3).T
    found = burn_rate(times, errors, NINES, requests=requests if counted else None)
    if found is None:
        return
    assert found.spent >= 0
    assert all(0 <= rate <= 1000.001 for pair in found.pairs for rate in (pair.long, pair.short))
    end = found.exhaustion
    if end is not None:
        assert 0 <= end.probability <= 1 + 1e-9
        if end.seconds is not None:
            assert end.earliest is not None
            assert 0 <= end.earliest <= end.seconds
            assert end.latest is None or end.latest >= end.seconds


@given(seed=st.integers(0, 99), cut=st.integers(2, 119))
@settings(max_examples=40, deadline=None)
def test_nothing_looks_ahead_and_order_and_duplicates_do_not_matter(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    times, errors = clock(120), rng.random(120) * 0.1
    errors[rng.random(120) < 0.1] = np.nan
    until = float(times[cut - 1])
    seen = burn_rate(times[:cut], errors[:cut], NINES, until=until)
    shuffled = np.concatenate((rng.permutation(120), rng.permutation(120)))
    assert burn_rate(times, errors, NINES, until=until) == seen
    assert burn_rate(times[shuffled], errors[shuffled], NINES, until=until) == seen


Kind = Literal["fast", "slow", "mended", "nothing"]


def drawn(kind: Kind, seed: int) -> tuple[FloatArray, FloatArray, float | None]:
    """A service's error ratios up to now, at a pace that wanders, and when its budget is then spent, in seconds."""
    rng = np.random.default_rng((len(kind), seed))
    quick = kind in ("fast", "mended")
    step, seen, ahead = (30.0, rng.uniform(75, 120) * MINUTE, 2 * DAY) if quick else (600.0, 3 * DAY, 30 * DAY)
    n_points, now = int((seen + ahead) / step), int(seen / step)
    burn = np.full(n_points, rng.uniform(0.02, 0.4))
    outage = float(np.exp(rng.uniform(np.log(40), np.log(600))))
    if kind == "fast":
        burn[now - int(rng.uniform(5, 40) * MINUTE / step) :] = outage
    if kind == "mended":
        end = now - int(rng.uniform(8, 30) * MINUTE / step)
        burn[end - int(rng.uniform(5, 20) * MINUTE / step) : end] = outage
    if kind == "slow":
        burn[:] = rng.uniform(1.5, 9)
    keeps = np.exp(-step / (2 * HOUR if quick else DAY))
    shocks, drift = 0.4 * np.sqrt(1 - keeps**2) * rng.standard_normal(n_points), np.empty(n_points)
    level = 0.4 * rng.standard_normal()
    for row in range(n_points):
        level = keeps * level + shocks[row]
        drift[row] = level
    burn *= np.exp(drift - 0.08)
    n_requests = int(rng.integers(500, 5000) * step / 30)
    errors = rng.binomial(n_requests, np.minimum(burn * 0.001, 1.0)) / n_requests
    spent = np.flatnonzero(np.cumsum(burn * step) >= NINES.period_seconds)
    return clock(now, step), errors[:now], float(spent[0] + 1 - now) * step if spent.size else None


def test_outages_and_slow_burns_end_the_budget_within_the_interval_about_as_often_as_it_says() -> None:
    covered = n_drawn = 0
    for kind in ("fast", "slow"):
        for seed in range(200, 240):
            times, errors, truth = drawn(kind, seed)
            found = burn_rate(times, errors, NINES)
            assert found is not None
            end = found.exhaustion
            assert end is not None
            if truth is None or truth <= 0:
                continue
            n_drawn += 1
            assert end.earliest is not None
            covered += end.earliest <= truth <= (np.inf if end.latest is None else end.latest)
    assert n_drawn > 70
    assert 0.7 <= covered / n_drawn <= 0.95


@pytest.mark.parametrize("kind", ["mended", "nothing"])
def test_a_mended_outage_and_none_at_all_are_not_going_to(kind: Kind) -> None:
    going = 0
    for seed in range(200, 240):
        times, errors, _ = drawn(kind, seed)
        found = burn_rate(times, errors, NINES)
        assert found is not None
        assert found.exhaustion is not None
        going += found.exhaustion.going_to
        assert found.pairs[0].burning is False
    assert going <= 2
