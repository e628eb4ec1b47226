"""Which incident an alert belongs to, first version: close in time, and by service, topology, group or labels.

To correlate is not to merge: each alert keeps its own life, and the reason is kept in words that a person can check.
All times are on the incident's clock, and whatever an alert is compared with is of its own practice run, or live as it.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..domain.alert import Alert
from ..domain.base import IncidentId, ServiceName
from ..domain.telemetry import Topology
from ..store import Member, StoredAlert

SAME_SERVICE_WITHIN = timedelta(minutes=60)
"""Troubles of one service this close are one incident, or at any distance while the earlier one still fires."""

RELATED_WITHIN = timedelta(minutes=20)
"""Troubles of services that call each other: a cascade takes minutes, not hours, to reach the next service."""

MAX_CALLS_APART = 3
"""Edge to API to database to a neighbour; further apart in a small topology everything is related."""

PLACE_LABELS = ("cluster", "node", "host", "hostname", "instance", "pod", "namespace", "database", "zone", "region")
"""Labels that say where something runs."""

MIN_SHARED_PLACES = 2
"""One shared label alone, such as a region, would tie everything in it together."""

_LABELS_NAMED = 4
"""Of a group, in a reason: enough to know it by."""


@dataclass(frozen=True, slots=True)
class Match:
    """The incident an alert belongs to, and why."""

    incident_id: IncidentId
    reason: str


def correlate(alert: Alert, members: Sequence[Member], topology: Topology) -> Match | None:
    """The incident with the strongest tie to an alert by service or by calls; None where no tie is strong enough.

    Ties, strongest first: the same service; the fewest calls apart in the topology; the closest in time.

    Args:
        members: Alerts of incidents that the alert may join: of every service in question at least the nearest in time,
            and of its own also the nearest that fires.
    """
    if alert.service is None:
        return None
    ways = _ways(topology, alert.service)
    best: tuple[tuple[int, timedelta], Member] | None = None
    for member in members:
        way = ways.get(member.service) if member.service is not None else None
        if way is None:
            continue
        calls, gap = len(way) - 1, abs(alert.starts_at - member.starts_at)
        close = gap <= (RELATED_WITHIN if calls else SAME_SERVICE_WITHIN)
        if calls == 0 and member.status == "firing":
            close = True
        if close and (best is None or (calls, gap) < best[0]):
            best = (calls, gap), member
    if best is None:
        return None
    (calls, gap), nearest = best
    when = f"began {_words(gap)} from {nearest.name!r} of this incident"
    if calls == 0:
        return Match(nearest.incident_id, f"same service {alert.service!r}, {when}")
    apart = f"{calls} call{'s' if calls > 1 else ''} apart ({' - '.join(ways[nearest.service or alert.service])})"
    return Match(nearest.incident_id, f"{apart}, {when}")


def correlate_by_place(alert: Alert, others: Sequence[StoredAlert]) -> Match | None:
    """The incident of the alert that shares the most labels of place and began close to this one, if enough are shared.

    Args:
        others: Alerts of incidents that this one may join, which began within RELATED_WITHIN of it.
    """
    ties = [
        (len(shared), -abs(alert.starts_at - other.alert.starts_at), shared, other)
        for other in others
        if len(shared := _shared_places(alert, other.alert)) >= MIN_SHARED_PLACES
    ]
    if not ties:
        return None
    _, gap, shared, other = max(ties, key=lambda tie: tie[:2])
    if other.incident_id is None:
        return None
    reason = f"shares {', '.join(shared)}; began {_words(-gap)} from {other.alert.name!r} of this incident"
    return Match(other.incident_id, reason)


def correlate_by_group(alert: Alert, others: Sequence[StoredAlert]) -> Match | None:
    """The incident of an alert of the same Alertmanager group, where one of the two is PagerDuty's event of that group.

    Such an event carries the labels that all alerts of its group have, so every one of them is a label of each.

    Args:
        others: Alerts of incidents that this one may join, which began within RELATED_WITHIN of it.
    """
    for other in others:
        group, member = (alert, other.alert) if alert.source == "pagerduty" else (other.alert, alert)
        of_group = group.source == "pagerduty" and "alertname" in group.labels
        if of_group and group.labels.items() <= member.labels.items() and other.incident_id is not None:
            gap = abs(alert.starts_at - other.alert.starts_at)
            named = ", ".join(f"{name} {text!r}" for name, text in sorted(group.labels.items())[:_LABELS_NAMED])
            reason = f"of the same group, {named}; began {_words(gap)} from {other.alert.name!r} of this incident"
            return Match(other.incident_id, reason)
    return None


def may_be_of_group(alert: Alert) -> bool:
    """Whether an alert that no service ties to others may be tied to them by its Alertmanager group."""
    return alert.service is None or alert.source == "pagerduty"


def has_place(alert: Alert) -> bool:
    """Whether an alert has labels enough to be grouped by place."""
    return len(_places(alert)) >= MIN_SHARED_PLACES


def within_reach(topology: Topology, service: ServiceName) -> Collection[ServiceName]:
    """The services whose alerts may be tied to those of `service` by calls; itself among them."""
    return _ways(topology, service).keys()


def _ways(topology: Topology, service: ServiceName) -> dict[ServiceName, tuple[ServiceName, ...]]:
    """The shortest way over calls, in either direction, to each service that is not too many calls apart."""
    ways: dict[ServiceName, tuple[ServiceName, ...]] = {service: (service,)}
    reached = deque([service])
    neighbours: dict[ServiceName, list[ServiceName]] = {}
    for caller, callee in topology.calls:
        neighbours.setdefault(caller, []).append(callee)
        neighbours.setdefault(callee, []).append(caller)
    while reached:
        here = reached.popleft()
        if len(ways[here]) > MAX_CALLS_APART:
            continue
        for neighbour in neighbours.get(here, ()):
            if neighbour not in ways:
                ways[neighbour] = (*ways[here], neighbour)
                reached.append(neighbour)
    return ways


def _places(alert: Alert) -> Collection[str]:
    return [name for name in PLACE_LABELS if name in alert.labels]


def _shared_places(alert: Alert, other: Alert) -> tuple[str, ...]:
    return tuple(
        f"{name} {alert.labels[name]!r}" for name in _places(alert) if alert.labels[name] == other.labels.get(name)
    )


def _words(gap: timedelta) -> str:
    seconds = round(gap.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
