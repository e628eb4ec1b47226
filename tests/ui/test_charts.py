"""Charts: drawn within their room, true to their samples, readable without seeing them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.ui.components.charts import HEIGHT, WIDTH, ChartView, Series, draw, time_ticks, value_ticks

POINT = re.compile(r"(-?[\d.]+) (-?[\d.]+)")


def drawn(*values: tuple[float | None, ...], unit: str = "USD", interval: float = 60.0) -> ChartView:
    series = [Series(name=f"curve {place}", tone="ours", values=each) for place, each in enumerate(values)]
    return draw("cost", "Cost", "It rises.", series, interval_seconds=interval, unit=unit)


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in POINT.findall(path)]


def test_a_curve_runs_from_the_left_edge_to_the_right_one() -> None:
    found = points(drawn((0.0, 5.0, 10.0)).curves[0].path)
    assert found[0] == (0.0, HEIGHT)
    assert found[-1] == (WIDTH, 0.0)


def test_a_hole_in_the_samples_is_a_hole_in_the_curve() -> None:
    assert drawn((1.0, 2.0, None, 3.0)).curves[0].path.count("M") == 2


def test_samples_on_one_line_need_only_its_ends() -> None:
    assert len(points(drawn(tuple(float(i) for i in range(500))).curves[0].path)) == 2


def test_the_axes_are_labelled_in_round_figures_with_their_unit() -> None:
    view = drawn(tuple(41.0 * i for i in range(61)))
    assert [tick.text for tick in view.value_ticks] == ["$0", "$1,000", "$2,000", "$3,000"]
    assert [tick.text for tick in view.time_ticks][:3] == ["0", "10 min", "20 min"]
    assert (view.time_ticks[0].at, view.time_ticks[-1].at) == (0, 100)


def test_the_table_holds_each_curves_value_at_each_labelled_time() -> None:
    view = drawn(tuple(10.0 * i for i in range(21)), (7.0,))
    assert view.rows[1].time == view.time_ticks[1].text == "5 min"
    assert view.rows[1].cells == ("$50.00", "no value")


def test_moments_outside_of_the_time_drawn_are_left_out() -> None:
    series = [Series(name="a", tone="ours", values=(0.0, 1.0, 2.0))]
    view = draw("c", "", "", series, interval_seconds=60, unit="", marks=[(60, "in", "ours"), (999, "out", "plain")])
    assert [(mark.text, mark.at) for mark in view.marks] == [("in", 50.0)]


@pytest.mark.parametrize("values", [(), (0.0,), (0.0, 0.0, 0.0), (None, None), (3.0, 3.0), (5e-324,)])
def test_a_chart_with_next_to_nothing_in_it_is_drawn_all_the_same(values: tuple[float | None, ...]) -> None:
    view = drawn(values)
    assert all("nan" not in curve.path and "inf" not in curve.path for curve in view.curves)
    assert len(view.value_ticks) >= 2


@given(st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=300))
def test_every_point_lies_within_the_drawing(values: list[float | None]) -> None:
    for x, y in points(drawn(tuple(values)).curves[0].path):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12))
def test_value_ticks_are_few_and_hold_the_range(low: float, span: float) -> None:
    ticks = value_ticks(low, low + span)
    assert 2 <= len(ticks) <= 7
    slack = 1e-6 * max(span, abs(low), 1e-300)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + span - slack


@given(st.floats(1, 1e7))
def test_time_ticks_begin_at_nothing_and_stay_within_the_time(seconds: float) -> None:
    ticks = time_ticks(seconds)
    assert ticks[0] == 0
    assert ticks[-1] <= seconds * (1 + 1e-6)
    assert len(ticks) <= 8


def test_next_to_nothing_is_not_drawn_as_much() -> None:
    series = [Series(name="a", tone="ours", values=(0.0, 0.001))]
    view = draw("c", "", "", series, interval_seconds=60, unit="USD", least_top=1.0)
    assert view.value_ticks[-1].text == "$1"
    assert points(view.curves[0].path)[-1][1] > 0.99 * HEIGHT
