"""The moments that a server is asked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.domain.telemetry import Window
from incident_commander.telemetry.prometheus.client import Moment
from incident_commander.telemetry.prometheus.pace import INTERVAL, MOST_POINTS, Grid, Pace
from tests.loopback.monitoring import prometheus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

windows = st.builds(
    lambda start, seconds: Window(start=NOON + timedelta(seconds=start), end=NOON + timedelta(seconds=start + seconds)),
    st.floats(-1e6, 1e6),
    st.floats(0, 30 * 86400),
)
paces = st.builds(Pace, st.floats(1, 120), st.floats(-4000, 4000).map(round).map(float))
nows = st.floats(-1e6, 1e6).map(lambda seconds: NOON.timestamp() + seconds)


@given(windows, paces, nows)
def test_they_are_few_and_lie_in_the_window_and_in_the_past(window: Window, pace: Pace, now: float) -> None:
    grid = Grid.of(window, pace, now)
    if grid.empty:
        return
    assert (grid.last - grid.first) / grid.step + 1 <= MOST_POINTS + 1
    assert window.start.timestamp() <= grid.first - pace.ahead
    assert grid.last - pace.ahead < min(window.end.timestamp(), max(now, window.start.timestamp()))
    assert grid.step >= pace.interval - 1e-6


@given(windows, paces)
def test_a_window_that_grew_by_less_than_a_step_has_the_same_moments_first(window: Window, pace: Pace) -> None:
    far = window.end.timestamp() + 1e6
    grid = Grid.of(window, pace, far)
    grown = Grid.of(Window(start=window.start, end=window.end + timedelta(milliseconds=1)), pace, far)
    if grown.step == grid.step:
        assert grown.first == grid.first
        assert grown.last in (grid.last, grid.last + grid.step)


def test_a_rate_looks_back_over_a_few_samples() -> None:
    window = Window(start=NOON, end=NOON + timedelta(hours=1))
    assert Grid.of(window, Pace(interval=15, ahead=0), NOON.timestamp() + 9999).reach == 60
    assert Grid.of(window, Pace(interval=60, ahead=0), NOON.timestamp() + 9999).reach == 240


def test_a_server_without_targets_is_taken_for_a_slow_one() -> None:
    assert Pace.of(Moment(value=float("nan"), at=0, ahead=0)).interval == 60


@pytest.mark.parametrize(("measured", "taken"), [(0.92, 1), (13.1, 15), (15.0, 15), (52.5, 60), (900.0, 120)])
def test_scrapes_are_taken_to_be_as_far_apart_as_people_set_them(measured: float, taken: float) -> None:
    assert Pace.of(Moment(value=measured, at=0, ahead=0)).interval == taken


def test_a_clock_within_what_a_network_blurs_is_taken_for_ours_and_another_is_told() -> None:
    assert Pace.of(Moment(value=15, at=0, ahead=-4.9)).ahead == 0
    assert Pace.of(Moment(value=15, at=0, ahead=-240.3)).ahead == -240


@pytest.mark.parametrize(("every", "told"), [(1, 1), (10, 10), (15, 15), (30, 30), (60, 60)])
def test_the_interval_is_told_right_in_whatever_second_it_is_asked_for(tmp_path: Path, every: int, told: float) -> None:
    begin = int(datetime.now(UTC).timestamp()) // 60 * 60 - 900
    beats = [f'up{{job="a",instance="a:1"}} 1 {begin + second}' for second in range(0, 900, every)]
    with (
        prometheus(tmp_path / "prometheus", history="\n".join([*beats, "# EOF", ""])) as server,
        httpx.Client(base_url=server.url, timeout=30) as asking,
    ):
        found = set()
        for second in range(60):
            answer = asking.get("/api/v1/query", params={"query": INTERVAL, "time": begin + 600 + second + 0.3})
            value = float(answer.json()["data"]["result"][1])
            found.add(Pace.of(Moment(value=value, at=0, ahead=0)).interval)
    assert found == {told}
