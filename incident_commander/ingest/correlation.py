"""Which incident an alert belongs to, first version: close in time, and by service, topology or labels. To correlate is
not to merge: each alert keeps its own life, and the reason is kept in words that a person can check.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..domain.alert import Alert
from ..domain.base import ServiceName
from ..domain.incident import Incident
from ..domain.telemetry import Topology

SAME_SERVICE_WITHIN = timedelta(minutes=60)
"""Troubles of one service this close are one incident, or at any distance while the earlier one still fires."""

RELATED_WITHIN = timedelta(minutes=20)
"""Troubles of services that call each other: a cascade takes minutes, not hours, to reach the next service."""

MAX_CALLS_APART = 3
"""Edge to API to database to a neighbour; further apart in a small topology everything is related."""

PLACE_LABELS = ("cluster", "node", "host", "hostname", "instance", "pod", "namespace", "database", "zone", "region")
"""Labels that say where something runs; sharing the narrow ones means more, and they are named in the reason."""

MIN_SHARED_PLACES = 2
"""One shared label alone, such as a region, would tie everything in it together."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that still takes alerts, with those it has."""

    incident: Incident
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The incident an alert belongs to, and why."""

    incident: Incident
    reason: str


def correlate(alert: Alert, candidates: Sequence[Candidate], topology: Topology) -> Match | None:
    """The candidate with the strongest tie to an alert, or None where no tie is strong enough.

    Ties, strongest first: the same service; fewest calls apart in the topology; most shared place labels; closest in
    time. Times are on the incident's clock. Candidates must be of the alert's own practice run, or all live.
    """
    ties = [tie for candidate in candidates if (tie := _tie(alert, candidate, topology)) is not None]
    return min(ties, key=lambda tie: tie.strength).match if ties else None


@dataclass(frozen=True, slots=True)
class _Tie:
    strength: tuple[int, int, float]
    match: Match


def _tie(alert: Alert, candidate: Candidate, topology: Topology) -> _Tie | None:
    nearest = min(candidate.alerts, key=lambda other: _apart(alert, other), default=None)
    if nearest is None:
        return None
    gap = _apart(alert, nearest)
    when = f"{_words(gap)} from {nearest.name!r} of this incident"

    ongoing = any(other.service == alert.service and other.status == "firing" for other in candidate.alerts)
    same = alert.service is not None and alert.service in candidate.incident.services
    if same and (ongoing or gap <= SAME_SERVICE_WITHIN):
        return _found((0, 0), gap, candidate, f"same service {alert.service!r}, began {when}")
    if gap > RELATED_WITHIN:
        return None
    path = _path(topology, alert.service, candidate.incident.services)
    if path is not None:
        calls = len(path) - 1
        apart = f"{calls} call{'s' if calls > 1 else ''} apart ({' - '.join(path)})"
        return _found((1, calls), gap, candidate, f"{apart}, began {when}")
    shared = max((_shared_places(alert, other) for other in candidate.alerts), key=len)
    if len(shared) >= MIN_SHARED_PLACES:
        return _found((2, -len(shared)), gap, candidate, f"shares {', '.join(shared)}; began {when}")
    return None


def _found(kind: tuple[int, int], gap: timedelta, candidate: Candidate, reason: str) -> _Tie:
    return _Tie((*kind, gap.total_seconds()), Match(candidate.incident, reason))


def _apart(alert: Alert, other: Alert) -> timedelta:
    """Between the beginnings of two alerts."""
    return abs(alert.starts_at - other.starts_at)


def _path(
    topology: Topology, service: ServiceName | None, others: Sequence[ServiceName]
) -> tuple[ServiceName, ...] | None:
    """The shortest way over calls, in either direction, from a service to any of the others."""
    if service is None:
        return None
    wanted = set(others)
    ways: deque[tuple[ServiceName, ...]] = deque([(service,)])
    seen = {service}
    while ways:
        way = ways.popleft()
        if way[-1] in wanted:
            return way
        if len(way) <= MAX_CALLS_APART:
            for neighbour in (*topology.callees(way[-1]), *topology.callers(way[-1])):
                if neighbour not in seen:
                    seen.add(neighbour)
                    ways.append((*way, neighbour))
    return None


def _shared_places(alert: Alert, other: Alert) -> tuple[str, ...]:
    return tuple(
        f"{name} {alert.labels[name]!r}"
        for name in PLACE_LABELS
        if name in alert.labels and alert.labels[name] == other.labels.get(name)
    )


def _words(gap: timedelta) -> str:
    seconds = round(gap.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
