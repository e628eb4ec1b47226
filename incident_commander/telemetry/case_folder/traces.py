"""The traces of a case: traces.json, a list of OTel-style spans."""

from pathlib import Path

from pydantic import JsonValue

from ...domain.telemetry import Span
from .documents import Entry, Skipped, read_entries, read_lines
from .fields import SERVICES, moment, number, others, pick, service, shown, text

_TRACES = ("trace_id", "traceId", "traceID")
_SPANS = ("span_id", "spanId", "spanID", "id")
_PARENTS = ("parent_id", "parent_span_id", "parentId", "parentSpanId", "parent")
_NAMES = ("name", "operation", "operationName", "span_name")
_STARTS = ("start", "start_time", "startTime", "startTimeUnixNano", "start_time_unix_nano", "timestamp", "time")
_DURATIONS = (("duration_ms", 1.0), ("durationMs", 1.0), ("duration_us", 1e-3), ("duration_ns", 1e-6))
_STATUS = ("status", "status_code", "statusCode")
_FAILED = frozenset(("error", "status_code_error", "failed", "2"))


def read_traces(path: Path) -> tuple[tuple[Span, ...], Skipped]:
    """The spans of a file in order of time, and what was skipped."""
    skipped = Skipped(path.name, "traces", "entries")
    spans: list[Span] = []
    entries = read_lines(path, skipped) if path.suffix == ".ndjson" else read_entries(path, skipped)
    for entry in entries:
        if (span := _span(entry, skipped)) is not None:
            spans.append(span)
    return tuple(sorted(spans, key=lambda span: span.start)), skipped


def _span(entry: Entry, skipped: Skipped) -> Span | None:
    fields = entry.fields
    named, start = service(pick(fields, SERVICES)), moment(pick(fields, _STARTS))
    span_id = text(pick(fields, _SPANS))
    duration = next((ms * unit for key, unit in _DURATIONS if (ms := number(fields.get(key))) is not None), None)
    if named is None or not span_id:
        skipped.skip(entry.place, "the span names no service, or has no id")
    elif start is None:
        skipped.skip(entry.place, f"the start {shown(pick(fields, _STARTS))} cannot be read")
    elif duration is None or duration < 0:
        skipped.skip(entry.place, f"the duration {shown(fields.get('duration_ms'))} is no number of milliseconds")
    else:
        parent = text(pick(fields, _PARENTS))
        read = (*_TRACES, *_SPANS, *_PARENTS, *_NAMES, *_STARTS, *(key for key, _ in _DURATIONS), "service", "status")
        return Span(
            trace_id=text(pick(fields, _TRACES)),
            span_id=span_id,
            parent_id=parent or None,
            service=named,
            name=text(pick(fields, _NAMES)),
            start=start,
            duration_ms=duration,
            error=_failed(pick(fields, _STATUS), fields.get("error")),
            attributes=others(fields, read),
        )
    return None


def _failed(status: JsonValue, error: JsonValue) -> bool:
    if isinstance(status, dict):
        status = pick(status, ("code", "status_code"))
    return text(status).strip().lower() in _FAILED or (status is None and error not in (None, False, "", 0))
