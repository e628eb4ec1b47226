"""What a deviation says of the service it was seen at: what ran out, whether it waits, and what customers feel."""

import math

import numpy as np

from ..domain.base import ServiceName
from ..domain.findings import FaultKind, Impact
from ..domain.telemetry import ServiceKind
from .anomaly import Deviation, clean
from .metric_kinds import Resource

SEEN = 0.15
"""Deviations that score less are not looked at."""
SIMULTANEOUS_SECONDS = 60.0
"""Onsets closer than this are not told apart: scrapes, smoothing and propagation take as long."""

WAITING: frozenset[Resource] = frozenset(("pool", "queue"))
"""What fills because something else is waited for."""
FAULT_OF_RESOURCE: dict[Resource, FaultKind] = {
    "cpu": "overload",
    "queue": "overload",
    "memory": "memory_leak",
    "pool": "connection_pool_exhaustion",
    "disk": "disk_full",
}
_ABOUT_TO = 0.7
_JUMP_SECONDS = 45.0


def harm_now(deviations: tuple[Deviation, ...], impact: Impact | None) -> float:
    """Whether customers are harmed at the end of the window, in [0, 1]: by measured impact, else latency and errors."""
    symptoms = max((d.score for d in deviations if is_symptom(d) and d.harmful and d.ongoing), default=0.0)
    if impact is None:
        return symptoms
    # Symptoms without lost requests are harm about to happen; lost requests without symptoms are seen elsewhere.
    lost = min(1.0, impact.failed_share / 0.02)
    return max(symptoms * (_ABOUT_TO + (1.0 - _ABOUT_TO) * lost), 0.5 * lost)


def fault_shown(deviation: Deviation, kind: ServiceKind, found: tuple[Deviation, ...]) -> FaultKind:
    """The kind of fault that a used-up resource of a service speaks of.

    By the utilisation law (Denning & Buzen 1978, U = X S) a machine that is busier although it is asked no more has
    become slower; where it keeps data and gets no releases, that is the machine under it.
    """
    fault = FAULT_OF_RESOURCE.get(deviation.meaning.resource, "unknown")
    keeps_data = kind in ("database", "cache", "queue", "storage")
    if deviation.meaning.resource == "cpu" and keeps_data and traffic_factor(deviation.series.service, found) < 1.3:
        return "node_failure"
    return fault


def waits_for_callee(deviation: Deviation, found: tuple[Deviation, ...], callees: tuple[ServiceName, ...]) -> float:
    """How far a slow or failing callee explains that a pool or a queue of its caller is used up, in [0, 1]."""
    if deviation.meaning.resource not in WAITING:
        return 0.0
    return max(
        (
            min(1.0, d.score) * math.exp(-max(0.0, d.onset - deviation.onset) / (2 * SIMULTANEOUS_SECONDS))
            for d in found
            if d.series.service in callees and is_symptom(d) and d.harmful and d.ongoing
        ),
        default=0.0,
    )


def own_strength(deviation: Deviation) -> float:
    """How much a deviation shows that its own service ran out of something, in [0, 1]."""
    if deviation.meaning.kind == "limit":
        return deviation.score if deviation.harmful else 0.0
    if deviation.meaning.kind != "saturation" or not deviation.harmful:
        return 0.0
    fullness = deviation.fullness
    if fullness is None:
        return 0.6 * deviation.score
    return deviation.score * float(np.clip((fullness - 0.5) / 0.35, 0.0, 1.0))


def is_symptom(deviation: Deviation) -> bool:
    return deviation.meaning.kind in ("latency", "errors", "availability")


def traffic_factor(service: ServiceName, found: tuple[Deviation, ...]) -> float:
    return max(
        (
            abs(d.excursion.latest) / max(abs(d.excursion.baseline), 1e-9)
            for d in found
            if d.series.service == service and d.meaning.kind == "traffic" and d.ongoing
        ),
        default=1.0,
    )


def onset_of(own: tuple[Deviation, ...]) -> float:
    """When what matters most of a service's own deviations (at least one) began, in seconds since the epoch.

    A faint deviation before it is no beginning of it, nor is a count of what a share of the whole tells better.
    """
    told = {d.meaning.resource for d in own if d.capacity is not None} - {"none"}
    telling = [d for d in own if d.capacity is not None or d.meaning.resource not in told] or list(own)
    weights = [max(d.score, own_strength(d)) for d in telling]
    return min(d.onset for d, weight in zip(telling, weights, strict=True) if weight >= 0.6 * max(weights))


def jumped(deviation: Deviation) -> bool:
    """Whether most of the way was made between two samples or three: what fills takes its time."""
    times, values = clean(deviation.series.timestamps, deviation.series.values)
    excursion = deviation.excursion
    share = (values - excursion.baseline) / ((excursion.extreme - excursion.baseline) or 1.0)
    top = int(np.argmax(share >= 0.8))
    below = np.flatnonzero(share[:top] < 0.2)
    return bool(below.size) and float(times[top] - times[int(below[-1])]) <= _JUMP_SECONDS
