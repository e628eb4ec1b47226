"""A recorded incident, seen as of its page: a recording may go on past the end of the incident it tells of."""

from dataclasses import replace
from datetime import datetime, timedelta

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
    cuts = [tuple(_until(series, cut.timestamp()) for series in observations.metrics) for cut in (min(paged, end), end)]
    found = [deviation_of_each(metrics) for metrics in cuts]
    return replace(
        observations,
        window=observations.window.model_copy(update={"end": end}),
        metrics=tuple(
            later if _standing(second) > _standing(first) else early
            for early, later, first, second in zip(*cuts, *found, strict=True)
        ),
    )


def _until(series: MetricSeries, end: float) -> MetricSeries:
    kept = ~(series.timestamps > end)
    n_kept = int(kept.sum())
    # In order of time what is kept comes first, and need not be copied.
    chosen = slice(n_kept) if kept[:n_kept].all() else kept
    return replace(series, timestamps=series.timestamps[chosen], values=series.values[chosen])


def _standing(found: Deviation | None) -> tuple[bool, float]:
    return (found.ongoing and found.harmful, found.score) if found is not None else (False, 0.0)
