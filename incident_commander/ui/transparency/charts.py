"""What the recording holds as samples, drawn by the charts that all pages share."""

from ...response import view_text as text
from ...response.explain.analytics import ImpactView
from ...response.explain.held import HeldView
from ...response.explain.traces import TraceView
from ..components.charts import HEIGHT, WIDTH, ChartView, Curve, Row, Series, Tick, Tone, draw

_TONES: dict[str, Tone] = {"ours": "ours", "human": "human", "nobody": "nobody"}


def draw_trace(claim: str, trace: TraceView) -> ChartView:
    """A metric with the level it is held against."""
    known = [value for value in trace.values if value is not None]
    extremes = ", ".join(
        f"{name} {text.quantity(value, trace.unit)}"
        for name, value in (("lowest", min(known)), ("highest", max(known)))
        if known
    )
    level = text.quantity(trace.level, trace.unit)
    return draw(
        f"trace-{claim.replace('.', '-')}",
        f"{trace.title}, from {text.clock_time(trace.start)} UTC",
        f"{trace.title}: {extremes or 'no sample'}; {trace.level_name} {level}",
        (
            Series(name=trace.title, tone="ours", values=trace.values),
            Series(name=f"{trace.level_name}: {level}", tone="limit", values=(trace.level,) * len(trace.values)),
        ),
        interval_seconds=trace.interval_seconds,
        unit=trace.unit,
        marks=tuple((mark.seconds, mark.text, "plain") for mark in trace.marks),
    )


def draw_impact(impact: ImpactView) -> ChartView:
    """What customers lost along the three courses; an empty chart where prices are missing."""
    if not impact.curves:
        return ChartView()
    moments: list[tuple[float, str, Tone]] = []
    if impact.alerted_seconds is not None:
        moments.append((impact.alerted_seconds, "first alert", "plain"))
    if impact.acted_seconds is not None:
        moments.append((impact.acted_seconds, "we acted", "ours"))
    since = f"since {text.clock_time(impact.start)} UTC" if impact.start else ""
    return draw(
        "impact",
        f"What customers lost {since}",
        "; ".join(f"{curve.name} {curve.total}, {curve.well}" for curve in impact.curves),
        tuple(Series(name=curve.name, tone=_TONES[curve.tone], values=curve.usd) for curve in impact.curves),
        interval_seconds=impact.interval_seconds,
        unit="USD",
        marks=moments,
    )


def draw_reliability(held: HeldView) -> ChartView:
    """What came true of statements against what they stated; on the dashed line they would hold exactly."""
    if not held.bands:
        return ChartView()
    points = [f"{band.stated * WIDTH:.1f} {(1.0 - band.true_share) * HEIGHT:.1f}" for band in held.bands]
    ticks = tuple(Tick(at=at, text=f"{at} %") for at in range(0, 101, 25))
    return ChartView(
        name="reliability",
        title=f"Stated from left to right, came true upwards: {held.name}",
        summary="; ".join(f"stated {band.stated_text}, came true {band.true_text}" for band in held.bands),
        axis="Stated",
        curves=(
            Curve(name="came true", tone="ours", path="M" + "L".join(points), area=""),
            Curve(name="stated on average", tone="limit", path=f"M0 {HEIGHT:g}L{WIDTH:g} 0", area=""),
        ),
        time_ticks=ticks,
        value_ticks=ticks,
        rows=tuple(Row(time=band.text, cells=(band.true_text, band.stated_text)) for band in held.bands),
    )
