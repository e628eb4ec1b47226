"""What spans say of where time is spent and where errors begin."""

import numpy as np

from ..domain.base import ServiceName
from ..domain.telemetry import Span


def self_time_excess(spans: tuple[Span, ...], split: float) -> dict[ServiceName, float]:
    """Share of the time added to requests since `split` that was spent in each service itself, callees taken out."""
    inside: dict[tuple[str, str], float] = {}
    for span in spans:
        if span.parent_id is not None:
            key = (span.trace_id, span.parent_id)
            inside[key] = inside.get(key, 0.0) + span.duration_ms
    before: dict[ServiceName, list[float]] = {}
    after: dict[ServiceName, list[float]] = {}
    for span in spans:
        own = max(0.0, span.duration_ms - inside.get((span.trace_id, span.span_id), 0.0))
        (after if span.start.timestamp() >= split else before).setdefault(span.service, []).append(own)
    excess = {
        service: max(0.0, float(np.mean(own)) - float(np.mean(before.get(service, [0.0]))))
        for service, own in sorted(after.items())
    }
    total = sum(excess.values())
    return {service: value / total for service, value in excess.items()} if total > 1.0 else {}


def error_origins(spans: tuple[Span, ...], split: float) -> dict[ServiceName, float]:
    """Share of the failed spans since `split` with no failed child, by service: where errors begin."""
    failed = [span for span in spans if span.error and span.start.timestamp() >= split]
    parents = {(span.trace_id, span.parent_id) for span in failed}
    origins = [span.service for span in failed if (span.trace_id, span.span_id) not in parents]
    return {service: origins.count(service) / len(origins) for service in sorted(set(origins))}
