"""Sampled traces written from what was scraped: spans follow the call graph, with its latencies and failures."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from ..domain.telemetry import Span, Window
from .archive import COLUMN, Archive
from .load import stream

_TRACES_PER_SCRAPE = 2
_DEEPEST = 5
_SIGMAS_TO_P99 = 2.3263
_P50, _P99, _ERRORS = COLUMN["latency_p50_ms"], COLUMN["latency_p99_ms"], COLUMN["error_ratio"]


def spans(archive: Archive, window: Window) -> Iterator[list[Span]]:
    """Every scrape's sampled spans that start inside the window; one list a scrape."""
    low, high = archive.span(Window(start=window.start, end=window.end + timedelta(seconds=archive.interval)))
    for row in range(low, high):
        yield [span for span in sampled(archive, row) if window.start <= span.start < window.end]


def sampled(archive: Archive, row: int) -> list[Span]:
    """The spans of one scrape, sampled the first time anybody asks."""
    if row not in archive.spans:
        archive.spans[row] = _of_scrape(archive, row)
    return archive.spans[row]


def _of_scrape(archive: Archive, row: int) -> list[Span]:
    draw = stream(archive.text_seed, 2, row)
    begins = archive.at(row) - timedelta(seconds=archive.interval)
    found: list[Span] = []
    for _ in range(_TRACES_PER_SCRAPE):
        start = begins + timedelta(milliseconds=int(draw.integers(0, int(archive.interval * 1000))))
        trace = f"{int(draw.integers(2**62)):016x}{int(draw.integers(2**62)):016x}"
        _walk(archive, row, 0, trace, None, start, draw, found, 0, None)
    found.sort(key=lambda s: (s.start, s.span_id))
    return found


def _walk(
    archive: Archive, row: int, i: int, trace: str, parent: str | None, start: datetime,
    draw: np.random.Generator, found: list[Span], depth: int, failing: float | None,
) -> tuple[float, bool]:  # fmt: skip
    """One call of service `i` and all below it; the duration in ms and whether it failed."""
    spec = archive.services[i]
    p50 = max(0.1, float(archive.rows[row, i, _P50]))
    p99 = max(p50 * 1.05, float(archive.rows[row, i, _P99]))
    sigma = math.log(p99 / p50) / _SIGMAS_TO_P99
    span_id = f"{int(draw.integers(2**62)):016x}"
    place = len(found)
    below_ms = 0.0
    below_failed = False
    calls = [(k, callee, weight) for k, (caller, callee, weight) in enumerate(archive.edges) if caller == i]
    if spec.kind == "edge":
        chosen = int(draw.choice(len(calls), p=[w for _, _, w in calls]))
        calls = [(calls[chosen][0], calls[chosen][1], 1.0)]
    for k, callee, weight in calls:
        if depth >= _DEEPEST or draw.random() > min(1.0, weight):
            continue
        took, failed = _walk(
            archive, row, callee, trace, span_id, start + timedelta(milliseconds=below_ms + 0.5), draw, found,
            depth + 1, float(archive.failing[row, k]),
        )  # fmt: skip
        below_ms += min(took, spec.timeout_ms) if spec.timeout_ms > 0 else took
        below_failed = below_failed or failed
    own = p50 * math.exp(sigma * float(draw.normal())) if not calls else p50 * float(draw.uniform(0.2, 0.5))
    duration = max(own, below_ms + own * 0.3)
    share = failing if failing is not None else float(archive.rows[row, i, _ERRORS])
    error = bool(draw.random() < share) or (below_failed and bool(draw.random() < 0.8))
    found.insert(
        place,
        Span(
            trace_id=trace, span_id=span_id, parent_id=parent, service=spec.name, name=f"{spec.kind} {spec.name}",
            start=start, duration_ms=round(duration, 2), error=error,
        ),
    )  # fmt: skip
    return duration, error
