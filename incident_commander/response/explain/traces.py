"""The metric that a claim speaks of, cut to the time that matters and held against a level."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ...domain.base import UtcDatetime, Value
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import MetricTrace, Recording

_BEFORE, _AFTER = timedelta(minutes=20), timedelta(minutes=5)
"""How much is shown before the first moment that is marked, and after the last one and the incident's end."""


class TraceMark(Value):
    """A moment on a metric's time axis, in seconds after its first sample."""

    seconds: float
    text: str


class TraceView(Value):
    """A metric; `values[i]` was scraped `i * interval_seconds` after `start`.

    Attributes:
        level: What it is held against, in its unit, by the name `level_name`.
    """

    title: str
    unit: str
    start: UtcDatetime
    interval_seconds: float
    values: tuple[float | None, ...]
    level: float
    level_name: str
    marks: tuple[TraceMark, ...]


def trace_view(
    recording: Recording,
    record: IncidentRecord,
    of: tuple[str, str],
    level: float,
    level_name: str,
    moments: Sequence[tuple[datetime, str]],
) -> TraceView | None:
    """A metric from some time before the first of the moments to some time after the incident.

    Args:
        of: Its service and name.
        moments: To be marked; at least one.

    Returns:
        None where the recording did not keep the metric.
    """
    kept = next((trace for trace in recording.traces if (trace.service, trace.metric) == of), None)
    if kept is None:
        return None
    ended = record.incident.ended_at or record.events[-1].occurred_at
    marked = [at for at, _ in moments]
    first, last = _places(kept, min(marked) - _BEFORE, max(ended, *marked) + _AFTER)
    start = kept.start + timedelta(seconds=first * kept.interval_seconds)
    return TraceView(
        title=f"{kept.service} {text.metric_text(kept.metric)}",
        unit=kept.unit,
        start=start,
        interval_seconds=kept.interval_seconds,
        values=kept.values[first:last],
        level=level,
        level_name=level_name,
        marks=tuple(TraceMark(seconds=(at - start).total_seconds(), text=words) for at, words in moments),
    )


def _places(trace: MetricTrace, start: datetime, end: datetime) -> tuple[int, int]:
    """The samples of that time, as far as there are any."""
    first, last = (int((at - trace.start).total_seconds() / trace.interval_seconds) for at in (start, end))
    return min(max(first, 0), len(trace.values) - 1), max(min(last, len(trace.values)), 1)
