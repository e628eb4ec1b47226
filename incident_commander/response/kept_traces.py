"""Which metrics of a run are kept for its charts, and their samples on an even grid."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..domain.telemetry import MetricSeries, from_epoch
from .record import IncidentRecord
from .recording import MetricTrace

MOST_TRACES = 40
_DIGITS = 5
"""Significant digits of a sample."""


def kept_traces(
    record: IncidentRecord, series: Sequence[MetricSeries], interval_seconds: float
) -> tuple[MetricTrace, ...]:
    """The series that the record's checks, predictions, evidence and anomalies speak of, the weightiest first.

    Args:
        series: What was scraped; a metric that the record names and that is not there is left out.
        interval_seconds: Between two scrapes.

    Returns:
        At most `MOST_TRACES`.
    """
    scraped: dict[tuple[str, str], MetricSeries] = {
        (each.service, each.metric): each for each in series if len(each.values)
    }
    kept: dict[tuple[str, str], MetricTrace] = {}
    for name in _spoken_of(record, scraped):
        if name in scraped and name not in kept and len(kept) < MOST_TRACES:
            kept[name] = _trace(scraped[name], interval_seconds)
    return tuple(kept.values())


def _spoken_of(record: IncidentRecord, scraped: dict[tuple[str, str], MetricSeries]) -> Iterator[tuple[str, str]]:
    for check in record.checks:
        yield check.service, check.metric
    for prediction in record.predictions:
        yield prediction.service, prediction.metric
    causes = record.diagnosis.hypotheses if record.diagnosis else ()
    told = [evidence for cause in causes for evidence in (*cause.evidence, *cause.against)]
    for evidence in (*told, *record.detection_evidence):
        # Evidence names its metric in words only.
        for service, metric in scraped:
            if service == evidence.service and metric.replace("_", " ") in evidence.what:
                yield service, metric
    for anomaly in sorted(record.anomalies, key=lambda anomaly: -anomaly.score):
        yield anomaly.service, anomaly.metric
    for plan in record.plans:
        for check in plan.checks:
            yield check.service, check.metric


def _trace(series: MetricSeries, interval_seconds: float) -> MetricTrace:
    places = np.rint((series.timestamps - series.timestamps[0]) / interval_seconds).astype(int)
    values: list[float | None] = [None] * (int(places[-1]) + 1)
    for place, value in zip(places.tolist(), series.values.tolist(), strict=True):
        if np.isfinite(value):
            values[place] = float(f"{value:.{_DIGITS}g}")
    return MetricTrace(
        service=series.service,
        metric=series.metric,
        unit=series.unit,
        start=from_epoch(float(series.timestamps[0])),
        interval_seconds=interval_seconds,
        values=tuple(values),
    )
