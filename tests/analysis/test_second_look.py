"""The streaming detector speaks up where a series jumps, at that time, and not where none does."""

import numpy as np
import pytest

from incident_commander.analysis.anomaly import deviations_in
from incident_commander.analysis.second_look import ALARM, agreement, alarms_of

from .series import STEP, clock, level, series, step


def test_a_jump_raises_an_alarm_near_its_onset() -> None:
    found = deviations_in((series("orders", "latency_p99_ms", "ms", step(100, 900, 300, 400, 1)),))
    (alarm,) = alarms_of(found)
    assert alarm.at == pytest.approx(clock(400)[300], abs=4 * STEP)
    assert ALARM <= alarm.score <= 1.0


def test_what_came_long_before_the_deviation_is_no_alarm_of_it() -> None:
    values = step(100, 900, 300, 400, 2)
    values[150:153] = 5000
    (found,) = deviations_in((series("orders", "latency_p99_ms", "ms", values),))
    assert all(alarm.at > clock(400)[290] for alarm in alarms_of((found,)))


def test_a_slow_drift_that_looking_back_shows_need_not_raise_any() -> None:
    values = level(100, 400, 3, spread=0.05) + np.linspace(0, 60, 400)
    found = deviations_in((series("orders", "heap_bytes", "bytes", values),))
    assert found
    assert len(alarms_of(found)) <= len(found)


def test_without_deviations_there_are_no_alarms() -> None:
    assert alarms_of(()) == ()


def test_the_foremost_deviations_are_looked_at_again_and_what_is_seen_weighs_nothing() -> None:
    metrics = (
        series("orders", "latency_p99_ms", "ms", step(100, 900, 300, 400, 1)),
        series("orders", "cpu_utilization", "percent", step(20, 95, 310, 400, 2)),
    )
    clue = agreement(deviations_in(metrics))
    assert clue is not None
    assert clue.what.startswith(
        "the streaming detector alarms as well, on 2 of 2 metrics: latency p99 ms of orders first"
    )
    assert clue.weight == 0.0
    assert clue.at == pytest.approx(clock(400)[300], abs=4 * STEP)
    assert agreement(()) is None
