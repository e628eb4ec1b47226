"""Through whom customers' requests fail: by failing traces held against those that went well, and by what is logged."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from ..analysis.call_graph import mentioned
from ..analysis.log_patterns import Pattern
from ..domain.base import ServiceName
from ..domain.telemetry import Span

RECENT_SECONDS = 600.0
"""How far back customers' requests are followed: older ones tell of another situation."""
FEWEST_TRACES = 3
"""With fewer failing requests nothing is said about where they fail."""
_SLOW_FACTOR = 3.0
_SLOW_END_FACTOR = 1.5
_SLOW_MS = 50.0
_FEWEST_USUAL = 3
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class FailingPaths:
    """What the traced customer requests tell.

    Attributes:
        failing: How many of them had a call that failed or took far longer than usual.
        on_path: By service, the share of the failing ones that pass through it (recall).
        precision: By service, the share of those that pass through it which fail.
        blame: By service, how well it explains which ones fail, the best being 1: the harmonic mean of the two above,
            times the share of its bad calls for which nothing that it called was bad.
    """

    failing: int
    on_path: dict[ServiceName, float]
    precision: dict[ServiceName, float]
    blame: dict[ServiceName, float]


def follow(spans: Iterable[Span], began: float, until: float) -> FailingPaths:
    """Follow the requests that started since `began`, at most `RECENT_SECONDS` before `until`; both since the epoch.

    What is usual is taken from before `began`, by service and, for the first span of a request, by what it called.
    """
    traces: dict[str, list[Span]] = {}
    for span in spans:
        traces.setdefault(span.trace_id, []).append(span)
    before: dict[tuple[ServiceName, frozenset[ServiceName]], list[float]] = {}
    recent: list[list[Span]] = []
    for trace in traces.values():
        started = min(span.start for span in trace).timestamp()
        if started >= max(began, until - RECENT_SECONDS):
            recent.append(trace)
        elif started < began:
            for span in trace:
                before.setdefault((span.service, frozenset()), []).append(span.duration_ms)
                if span.parent_id is None:
                    before.setdefault((span.service, _called(span, trace)), []).append(span.duration_ms)
    slow = {key: _slow_from(times) for key, times in before.items() if len(times) >= _FEWEST_USUAL}

    passed: dict[ServiceName, int] = {}
    failed: dict[ServiceName, int] = {}
    involved: dict[ServiceName, int] = {}
    deepest: dict[ServiceName, int] = {}
    failing = 0
    for trace in recent:
        bad = {span.span_id for span in trace if _is_bad(span, trace, slow)}
        fails = bool(bad)
        failing += fails
        for service in {span.service for span in trace}:
            passed[service] = passed.get(service, 0) + 1
            failed[service] = failed.get(service, 0) + fails
        if fails:
            worse_below = _with_bad_callee(trace, bad)
            for service in {span.service for span in trace if span.span_id in bad or span.span_id in worse_below}:
                involved[service] = involved.get(service, 0) + 1
            for service in {span.service for span in trace if span.span_id in bad and span.span_id not in worse_below}:
                deepest[service] = deepest.get(service, 0) + 1
    if failing == 0:
        return FailingPaths(0, {}, {}, {})
    on_path = {service: failed[service] / failing for service in sorted(passed)}
    precision = {service: failed[service] / passed[service] for service in sorted(passed)}
    blame = {
        service: 2 * on_path[service] * precision[service] / (on_path[service] + precision[service])
        * deepest.get(service, 0) / involved[service]
        if failed[service] and involved.get(service)
        else 0.0
        for service in on_path
    }  # fmt: skip
    most = max(blame.values())
    return FailingPaths(
        failing, on_path, precision, {service: share / most if most > 0 else 0.0 for service, share in blame.items()}
    )


def told_by(patterns: Iterable[Pattern], facing: frozenset[ServiceName]) -> dict[ServiceName, float]:
    """Whom the services that face customers name in their rising errors, and whom those name in turn, the most being 1.

    Traces are sampled and a rare route is hardly among them; a line is written for each request that fails.
    """
    named: dict[ServiceName, dict[ServiceName, int]] = {}
    lines = tuple(patterns)
    names = frozenset(p.service for p in lines)
    for pattern in lines:
        others = [name for name in mentioned(pattern.example, names) if name != pattern.service]
        for name in others or [pattern.service]:
            counts = named.setdefault(pattern.service, {})
            counts[name] = counts.get(name, 0) + pattern.after
    told: dict[ServiceName, float] = {}
    layer = {service: 1.0 for service in facing if service in named}
    for _ in range(_DEEPEST):
        deeper: dict[ServiceName, float] = {}
        for service, weight in layer.items():
            counts = named.get(service, {service: 1})
            total = sum(counts.values())
            for name, count in counts.items():
                into = told if name == service else deeper
                into[name] = into.get(name, 0.0) + weight * count / total
        layer = deeper
    for service in facing:
        told.pop(service, None)
    most = max(told.values(), default=0.0)
    return {service: weight / most for service, weight in sorted(told.items())} if most > 0 else {}


def _called(span: Span, trace: list[Span]) -> frozenset[ServiceName]:
    return frozenset(other.service for other in trace if other.parent_id == span.span_id)


def _slow_from(times: list[float]) -> float:
    """The duration in ms from which a call is worse than its usual: well beyond both its middle and its slow end."""
    ordered = sorted(times)
    slow_end = ordered[int(0.95 * (len(ordered) - 1))]
    return max(_SLOW_FACTOR * median(ordered), _SLOW_END_FACTOR * slow_end, _SLOW_MS)


def _is_bad(span: Span, trace: list[Span], slow: dict[tuple[ServiceName, frozenset[ServiceName]], float]) -> bool:
    if span.error:
        return True
    key = (span.service, _called(span, trace)) if span.parent_id is None else (span.service, frozenset[ServiceName]())
    limit = slow.get(key, slow.get((span.service, frozenset())))
    return limit is not None and span.duration_ms > limit


def _with_bad_callee(trace: list[Span], bad: set[str]) -> frozenset[str]:
    """The spans below which, at any depth, another is bad."""
    parents = {span.span_id: span.parent_id for span in trace}
    above: set[str] = set()
    for span_id in bad:
        parent = parents.get(span_id)
        while parent is not None and parent not in above:
            above.add(parent)
            parent = parents.get(parent)
    return frozenset(above)
