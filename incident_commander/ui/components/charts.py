"""Line charts as plain SVG paths, computed here and sent once: no chart library in the browser.

The drawing is stretched to whatever room there is while its words stay in their own size, so one chart serves every
width. Its figures stand also in a table below it, and a summary says in words what it shows.
"""
# mypy: disable-error-code="no-any-return"

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import reflex as rx

from ...domain.base import Value
from ...domain.telemetry import FloatArray
from ...response import view_text as text

Tone = Literal["ours", "human", "nobody", "plain", "limit"]
"""How a curve is drawn; the stylesheet gives each its colour and its dashes."""

WIDTH, HEIGHT = 1000.0, 400.0
TOLERANCE = 0.6
"""How far, in the drawing's units, a path may leave the samples it is drawn from."""
_MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 1440)
_NO_SPAN = 1e-300
"""Values less apart than this are drawn as one: a step between them could not be computed."""
_MOST_TICKS = 7
_MARK_ROOM = 18.0
"""How much of the width, in percent, the words of a mark need."""


class Series(Value):
    """What one curve is drawn from; `values[i]` is the value `i * interval_seconds` after the start, None a hole."""

    name: str
    tone: Tone
    values: tuple[float | None, ...]


class Tick(Value):
    """A mark on an axis, `at` percent of its length from the left or from the bottom."""

    at: float
    text: str


class Mark(Value):
    """A moment pointed out on the time axis, `at` percent from the left; in lower rows the words of close ones."""

    at: float
    text: str
    tone: Tone = "plain"
    row: int = 0


class Curve(Value):
    """A curve as it is drawn; `area` is the surface under it, closed at the axis."""

    name: str
    tone: Tone
    path: str
    area: str


class Row(Value):
    """The values of all curves at one time, in words."""

    time: str
    cells: tuple[str, ...]


class ChartView(Value):
    """A chart, ready to be shown.

    Attributes:
        name: A word for ids in the page.
        summary: What it shows, in words, for who does not see it.
        axis: What runs from left to right: the head of the table's first column.
    """

    name: str = "chart"
    title: str = ""
    summary: str = ""
    axis: str = "After"
    curves: tuple[Curve, ...] = ()
    time_ticks: tuple[Tick, ...] = ()
    value_ticks: tuple[Tick, ...] = ()
    marks: tuple[Mark, ...] = ()
    rows: tuple[Row, ...] = ()


def draw(
    name: str,
    title: str,
    summary: str,
    series: Sequence[Series],
    *,
    interval_seconds: float,
    unit: str,
    marks: Sequence[tuple[float, str, Tone]] = (),
    from_zero: bool = True,
    least_top: float = 0.0,
) -> ChartView:
    """Draw curves over one time axis that begins at 0.

    Args:
        unit: Of the values: `USD`, `ratio`, `ms`, ...
        marks: Moments to point out: seconds after the start, words, tone.
        from_zero: Whether the value axis begins at 0; otherwise at the lowest value.
        least_top: How far the value axis goes at least, so that next to nothing is not drawn as much.
    """
    most = max((len(each.values) for each in series), default=0)
    seconds = max(interval_seconds, (most - 1) * interval_seconds)
    known = [value for each in series for value in each.values if value is not None]
    low = min([0.0, *known]) if from_zero or not known else min(known)
    ticks = value_ticks(low, max([*known, least_top] if from_zero else known, default=least_top))
    bottom, top = ticks[0], ticks[-1]
    return ChartView(
        name=name,
        title=title,
        summary=summary,
        curves=tuple(_curve(each, interval_seconds, seconds, bottom, top) for each in series),
        time_ticks=tuple(Tick(at=_percent(at, seconds), text=_after(at)) for at in time_ticks(seconds)),
        value_ticks=tuple(
            Tick(at=_percent(value - bottom, top - bottom), text=text.quantity(value, unit).removesuffix(".00"))
            for value in ticks
        ),
        marks=_marks(marks, seconds),
        rows=tuple(_row(series, at, interval_seconds, unit) for at in time_ticks(seconds)),
    )


def value_ticks(low: float, high: float) -> tuple[float, ...]:
    """Three to six round values, evenly spaced, the first at most `low` and the last at least `high`."""
    span = high - low
    if span < _NO_SPAN:
        return (low, low + 1.0)
    rough = span / 4
    step = 10.0 ** math.floor(math.log10(rough))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if factor * step >= rough * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return tuple(place * step for place in range(first, last + 1))


def time_ticks(seconds: float) -> tuple[float, ...]:
    """Round times from 0 to the end, in seconds, at most seven steps."""
    step = next((60.0 * each for each in _MINUTES if seconds / (60 * each) <= _MOST_TICKS), seconds / _MOST_TICKS)
    return tuple(place * step for place in range(math.floor(seconds / step + 1e-9) + 1))


def chart(view: ChartView, at: float = 1.0, legend: rx.Component | None = None) -> rx.Component:
    """A chart of which the time up to `at`, a share in [0, 1] of its axis, is drawn in full and the rest faintly.

    Args:
        view, at: Vars of a state.
        legend: In place of the curves' names.
    """
    return rx.el.figure(
        rx.el.figcaption(
            rx.el.h3(view.title, class_name="chart-title"),
            legend if legend is not None else rx.el.ul(rx.foreach(view.curves, _key), class_name="chart-keys"),
        ),
        rx.el.div(
            rx.el.div(
                rx.foreach(view.value_ticks, _grid_line),
                rx.el.svg(
                    rx.foreach(view.curves, _line),
                    view_box=f"0 0 {WIDTH:g} {HEIGHT:g}",
                    preserve_aspect_ratio="none",
                    class_name="chart-ahead",
                    aria_hidden="true",
                ),
                rx.el.svg(
                    rx.el.svg.title(view.title, id=view.name + "-name"),
                    rx.el.svg.desc(view.summary, id=view.name + "-summary"),
                    rx.foreach(view.curves, _surface),
                    rx.foreach(view.curves, _line),
                    view_box=f"0 0 {WIDTH:g} {HEIGHT:g}",
                    preserve_aspect_ratio="none",
                    class_name="chart-past",
                    role="img",
                    aria_labelledby=view.name + "-name " + view.name + "-summary",
                ),
                rx.foreach(view.marks, _mark),
                rx.el.span(class_name="chart-now", aria_hidden="true"),
                rx.el.div(rx.foreach(view.value_ticks, _value_tick), class_name="chart-values", aria_hidden="true"),
                rx.el.div(rx.foreach(view.time_ticks, _time_tick), class_name="chart-times", aria_hidden="true"),
                class_name="chart-plot",
            ),
            class_name="chart-frame",
        ),
        rx.el.details(
            rx.el.summary("The same as a table"),
            rx.el.div(
                rx.el.table(
                    rx.el.thead(rx.el.tr(rx.el.th(view.axis, scope="col"), rx.foreach(view.curves, _column))),
                    rx.el.tbody(rx.foreach(view.rows, _table_row)),
                ),
                class_name="table",
                tab_index=0,
                role="region",
                aria_label=view.title,
            ),
            class_name="chart-table",
        ),
        class_name="chart",
        # inline: `style` would add a rule to the stylesheet with each frame
        custom_attrs={"style": rx.Var.create({"--at": at})},
    )


def _curve(series: Series, interval: float, seconds: float, bottom: float, top: float) -> Curve:
    lines, areas = [], []
    for start, values in _stretches(series.values):
        times = (start + np.arange(len(values), dtype=np.float64)) * interval
        x = times / seconds * WIDTH
        y = HEIGHT - (np.asarray(values, dtype=np.float64) - bottom) / (top - bottom) * HEIGHT
        points = [f"{x[i]:.1f} {y[i]:.1f}" for i in _kept(x, y)]
        lines.append("M" + "L".join(points))
        areas.append(f"M{x[0]:.1f} {HEIGHT:g}L{'L'.join(points)}L{x[-1]:.1f} {HEIGHT:g}Z")
    return Curve(name=series.name, tone=series.tone, path="".join(lines), area="".join(areas))


def _stretches(values: Sequence[float | None]) -> list[tuple[int, list[float]]]:
    """The runs of values without a hole, each with the place where it begins."""
    found: list[tuple[int, list[float]]] = []
    broken = True
    for place, value in enumerate(values):
        if value is None:
            broken = True
        elif broken:
            found.append((place, [value]))
            broken = False
        else:
            found[-1][1].append(value)
    return found


def _kept(x: FloatArray, y: FloatArray) -> list[int]:
    """The points needed to draw all of them within `TOLERANCE` (Ramer 1972; Douglas and Peucker 1973)."""
    kept = {0, len(x) - 1}
    spans = [(0, len(x) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        away = np.abs(y[inner] - np.interp(x[inner], [x[first], x[last]], [y[first], y[last]]))
        worst = first + 1 + int(np.argmax(away))
        if away[worst - first - 1] > TOLERANCE:
            kept.add(worst)
            spans += [(first, worst), (worst, last)]
    return sorted(kept)


def _marks(marks: Sequence[tuple[float, str, Tone]], seconds: float) -> tuple[Mark, ...]:
    placed: list[Mark] = []
    for at, words, tone in sorted((mark for mark in marks if 0 <= mark[0] <= seconds), key=lambda mark: mark[0]):
        place = _percent(at, seconds)
        close = placed and place - placed[-1].at < _MARK_ROOM
        placed.append(Mark(at=place, text=words, tone=tone, row=placed[-1].row + 1 if close else 0))
    return tuple(placed)


def _row(series: Sequence[Series], at: float, interval: float, unit: str) -> Row:
    place = round(at / interval)
    values = (each.values[place] if place < len(each.values) else None for each in series)
    return Row(
        time=_after(at),
        cells=tuple("no value" if value is None else text.quantity(value, unit) for value in values),
    )


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 3)


def _after(seconds: float) -> str:
    """A time on the axis: `0`, `15 min`, `1 h 30 min`."""
    return text.duration(seconds) if seconds else "0"


def _key(curve: Curve) -> rx.Component:
    return rx.el.li(
        rx.el.span(class_name="chart-key", data_tone=curve.tone, aria_hidden="true"),
        curve.name,
        class_name="chart-name",
    )


def _grid_line(tick: Tick) -> rx.Component:
    return rx.el.span(class_name="chart-grid", style={"bottom": f"{tick.at}%"}, aria_hidden="true")


def _line(curve: Curve) -> rx.Component:
    return rx.el.svg.path(d=curve.path, class_name="chart-line", data_tone=curve.tone)


def _surface(curve: Curve) -> rx.Component:
    return rx.el.svg.path(d=curve.area, class_name="chart-area", data_tone=curve.tone)


def _mark(mark: Mark) -> rx.Component:
    return rx.el.span(
        rx.el.span(mark.text, class_name="chart-mark-text"),
        class_name="chart-mark",
        data_tone=mark.tone,
        data_row=mark.row,
        style={"left": f"{mark.at}%"},
    )


def _value_tick(tick: Tick) -> rx.Component:
    return rx.el.span(tick.text, style={"bottom": f"{tick.at}%"})


def _time_tick(tick: Tick) -> rx.Component:
    return rx.el.span(tick.text, style={"left": f"{tick.at}%"})


def _column(curve: Curve) -> rx.Component:
    return rx.el.th(curve.name, scope="col", class_name="number")


def _table_row(row: Row) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.time, scope="row"), rx.foreach(row.cells, lambda cell: rx.el.td(cell, class_name="number"))
    )
