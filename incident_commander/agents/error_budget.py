"""What a service's error ratio does to its error budget, said in words beside a prediction.

The budget is no metric that anybody exports, so that it is no prediction by itself: nobody could look afterwards.
"""

from datetime import datetime, timedelta

from ..analysis.anomaly import clean
from ..analysis.burn_rate import Objective, burn_rate
from ..analysis.metric_kinds import meaning_of
from ..domain.telemetry import MetricSeries, from_epoch

ASSUMED = Objective()
"""What is assumed where no objective is configured: 99.9 % over 30 days, the workbook's example."""


def budget_told(series: MetricSeries, now: datetime) -> str:
    """When the error budget runs out, for an error ratio that burns it fast; empty for any other series."""
    meaning = meaning_of(series.metric, series.unit)
    times, values = clean(series.timestamps, series.values)
    if meaning.kind != "errors" or meaning.resource != "none" or values.size == 0:
        return ""
    whole = meaning.capacity(series.unit, float(values.max()))
    if whole is None:
        return ""
    burn = burn_rate(times, values / whole, ASSUMED, until=now.timestamp())
    if burn is None or burn.exhaustion is None or burn.fastest is None or not burn.fastest.pair.pages:
        return ""
    burning, windows, end = burn.fastest, burn.fastest.pair, burn.exhaustion
    said = (
        f"; what failed in the last {_span(windows.short_seconds)} burns the error budget {burning.short:.0f} times as "
        f"fast as {ASSUMED.share:.1%} over {_span(ASSUMED.period_seconds)} allows (assumed: no objective is "
        f"configured), that of the last {_span(windows.long_seconds)} {burning.long:.0f} times"
    )
    if end.seconds is None:
        return f"{said}; it is not going to be used up"
    if end.seconds == 0.0:
        return f"{said}; it is used up"
    latest = f"to {_moment(burn.at, end.latest)}" if end.latest is not None else "or never"
    return (
        f"{said}; it will be used up by {_moment(burn.at, end.seconds)} "
        f"(80% interval {_moment(burn.at, end.earliest or 0.0)} {latest})"
    )


def _moment(at: float, seconds: float) -> str:
    """To the minute and in UTC, with the day where it is not the present one."""
    begin = from_epoch(at)
    moment = begin + timedelta(seconds=seconds)
    return f"{moment:%H:%M}" if moment.date() == begin.date() else f"{moment:%d %b %H:%M}"


def _span(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 86400 else f"{seconds / 86400:.0f} days"
