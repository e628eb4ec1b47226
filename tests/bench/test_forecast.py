import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from incident_commander.analysis.forecast import Forecast, time_to_limit
from incident_commander.bench.commands import app
from incident_commander.bench.forecast import Asked, ask, run_forecast, score_forecasts
from incident_commander.bench.forecast_peers import last_value, linear
from incident_commander.bench.forecast_series import FAMILIES, given, simulated
from incident_commander.bench.reading import BadData


def forecast(probability: float, earliest: float | None = None, latest: float | None = None) -> Forecast:
    return Forecast(probability, earliest, earliest, latest, 0.0, 0.0)


def test_a_seed_gives_the_same_series_twice_and_another_seed_others() -> None:
    first, again, other = simulated(range(1)), simulated(range(1)), simulated(range(1, 2))
    assert [each.family for each in first] == list(FAMILIES)
    for one, two, three in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one.values, two.values)
        assert one.values.size != three.values.size or not np.array_equal(one.values, three.values, equal_nan=True)


def test_a_series_that_never_crosses_stays_on_its_side_of_the_limit() -> None:
    for each in simulated(range(4)):
        if not each.crosses:
            known = each.values[np.isfinite(each.values)]
            assert (known < each.limit).all() if each.direction == "above" else (known > each.limit).all()


def test_a_series_is_asked_about_before_it_crosses_only() -> None:
    for each in simulated(range(4)):
        assert all(row < each.crosses[0] for row in each.asked if each.crosses)


def test_a_forecaster_sees_the_rows_up_to_where_it_is_asked_only() -> None:
    case = simulated(range(1))[0]
    seen: list[tuple[int, float]] = []
    ask(lambda times, values, *_: seen.append((values.size, float(times[-1]))), case)
    assert seen == [(row + 1, case.timestamps[row]) for row in case.asked]


def test_scores_are_counted_as_they_say() -> None:
    right = [Asked(forecast(0.2), 500.0, 100.0), Asked(forecast(0.9, 50.0, 90.0), 80.0, 100.0)]
    early = [Asked(forecast(0.9, 10.0, 40.0), 300.0, 100.0), Asked(forecast(0.9, 10.0, None), 60.0, 100.0)]
    alarmed = [Asked(forecast(0.9, 10.0, 40.0), None, 100.0), Asked(forecast(0.1), None, 100.0)]
    scores = score_forecasts([right, early, alarmed])
    assert (scores.series, scores.crossing, scores.warnings) == (3, 2, 4)
    assert scores.coverage == pytest.approx(2 / 3)
    assert scores.lead_time_seconds == 70.0
    assert scores.false_crossings == 0.25
    assert scores.alarmed == 1.0
    assert scores.brier == pytest.approx((0.04 + 0.01 + 0.81 + 0.01 + 0.81 + 0.01) / 6)


def test_a_crossing_nobody_warned_of_counts_as_no_lead_time() -> None:
    assert score_forecasts([[Asked(forecast(0.1), 50.0, 100.0)]]).lead_time_seconds == 0.0


def test_on_one_seed_its_probabilities_are_better_than_both_peers() -> None:
    result = run_forecast(seeds=range(1, 2))
    ours = result.scores["ours"].brier
    assert ours is not None
    for peer in ("linear", "last value"):
        theirs = result.scores[peer].brier
        assert theirs is not None
        assert ours < theirs


def test_peers_say_what_their_models_do() -> None:
    times = np.arange(100.0)
    line = linear(times, 0.5 * times, 60.0, "above", 50.0)
    assert line is not None
    assert line.seconds == pytest.approx(21.0)
    walk = np.cumsum(np.where(np.arange(100) % 2, 1.0, -1.0))
    last = last_value(times, walk, 10.0, "above", 1e4)
    assert last is not None
    assert last.earliest is not None
    assert last.latest is not None
    assert last.earliest < 100.0 / 0.4549 < last.latest, "Levy's median is distance squared over 0.4549 variance"
    for peer in (linear, last_value):
        assert peer(times[:4], walk[:4], 10.0, "above", 10.0) is None
        beyond = peer(times, walk, -5.0, "above", 10.0)
        assert beyond is not None
        assert beyond.seconds == 0.0


def write_series(folder: Path, values: list[float]) -> None:
    path = folder / "data" / "own" / "load.csv"
    path.parent.mkdir(parents=True)
    rows = [f"2026-03-02 {i // 12:02d}:{i % 12 * 5:02d}:00,{value}" for i, value in enumerate(values)]
    path.write_text("\n".join(["timestamp,value", *rows]) + "\n")


def test_given_series_have_two_limits_that_are_crossed_and_two_that_are_not(tmp_path: Path) -> None:
    write_series(tmp_path, [float(i % 24) for i in range(240)])
    above, below, high, low = given(tmp_path)
    assert above.crosses
    assert below.crosses
    assert not high.crosses
    assert not low.crosses
    assert (high.limit, low.limit) == (34.5, -11.5)
    assert min(above.asked) >= 120


def test_the_command_prints_one_json_object_with_the_peers_beside(tmp_path: Path) -> None:
    write_series(tmp_path, [50 + 0.2 * i + (i * 7919 % 13) / 13 for i in range(240)])
    result = CliRunner().invoke(app, ["forecast", "--data", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["series"] == 4
    assert {"coverage", "lead_time_seconds", "false_crossings"} <= found.keys()
    assert set(found["peers"]) == {"linear", "last_value"}


def test_a_folder_without_series_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="holds no data"):
        run_forecast(tmp_path)


def test_constant_and_nearly_empty_series_are_forecast_or_left_out(tmp_path: Path) -> None:
    write_series(tmp_path, [5.0] * 240)
    for case in given(tmp_path):
        assert all(not each.warned for each in ask(time_to_limit, case) if each.actual is None)
