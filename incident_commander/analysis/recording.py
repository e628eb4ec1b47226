"""A recorded incident, seen as of its page: a recording may go on past the end of the incident it tells of."""

from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter

from ..domain.telemetry import MetricSeries, Observations
from .anomaly import Deviation, deviation_of_each

_LATER = timedelta(minutes=5)
"""What had only begun when the page came is plain by then."""


def as_paged(observations: Observations, paged: datetime) -> Observations:
    """The same with each series cut where its trouble stands out most: at the page, or a few minutes after.

    What crashed and came back, or was over soon, would look well at the end of the recording. Lines, spans and changes
    stay as they are.
    """
    end = min(observations.window.end, max(paged + _LATER, observations.window.start + _LATER))
    at_page, after = (_standing_at(cut.timestamp(), observations.metrics) for cut in (min(paged, end), end))
    return replace(
        observations,
        window=observations.window.model_copy(update={"end": end}),
        metrics=tuple(max(choices, key=itemgetter(1))[0] for choices in zip(at_page, after, strict=True)),
    )


def _standing_at(end: float, metrics: tuple[MetricSeries, ...]) -> list[tuple[MetricSeries, tuple[bool, float, int]]]:
    """Each series cut at `end`, in seconds since the epoch, with how much its trouble stands out there."""
    cut = [_until(series, end) for series in metrics]
    return [(series, _standing(series, found)) for series, found in zip(cut, deviation_of_each(cut), strict=True)]


def _until(series: MetricSeries, end: float) -> MetricSeries:
    kept = ~(series.timestamps > end)
    n_kept = int(kept.sum())
    # In order of time what is kept comes first, and is not copied.
    chosen = slice(n_kept) if kept[:n_kept].all() else kept
    return replace(series, timestamps=series.timestamps[chosen], values=series.values[chosen])


def _standing(series: MetricSeries, found: Deviation | None) -> tuple[bool, float, int]:
    if found is None:
        return False, 0.0, series.timestamps.size
    return found.ongoing and found.harmful, found.score, series.timestamps.size
