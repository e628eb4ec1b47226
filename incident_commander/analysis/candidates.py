"""The candidates for a root cause: every service with each kind of fault that it shows, and who explains whom."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..domain.base import ServiceName
from ..domain.findings import FaultKind
from ..domain.telemetry import Observations
from .anomaly import Deviation
from .call_graph import CallGraph
from .change_review import SUSPECT_SECONDS, review_by_words
from .leads import Leads
from .metric_kinds import meaning_of
from .resources import SIMULTANEOUS_SECONDS, WAITING, fault_shown, is_symptom, own_strength, traffic_factor

LOADS: frozenset[FaultKind] = frozenset(("overload", "attack_traffic"))
"""Faults that are passed down the calls, not up: too many requests."""
_OUTSIDE = 0.8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service and a kind of fault.

    Attributes:
        own: The deviation that shows it best; None where only an alert or a lead speaks of it.
        strength: How much its own resources show it, in [0, 1].
    """

    service: ServiceName
    fault: FaultKind
    own: Deviation | None
    strength: float
    onset: float


def seen_candidates(
    bad: tuple[Deviation, ...], found: tuple[Deviation, ...], graph: CallGraph, observations: Observations
) -> tuple[Candidate, ...]:
    """Every service with a resource used up, by kind of fault; those with symptoms alone as `unknown`.

    Of a service that calls nobody, logs nothing, is never deployed and shows none of its resources, symptoms are its
    own trouble: it lies outside.
    """
    inside = {s.service for s in observations.metrics if meaning_of(s.metric, s.unit).kind == "saturation"}
    inside |= {record.service for record in observations.logs}
    inside |= {change.service for change in observations.changes if change.kind == "deploy" and change.service}
    chosen: dict[tuple[ServiceName, FaultKind], Candidate] = {}
    for deviation in bad:
        service = deviation.series.service
        strength = own_strength(deviation)
        fault = fault_shown(deviation, observations.topology.kind_of(service), found)
        if strength < 0.1:
            if not is_symptom(deviation):
                continue
            strength, fault = 0.0, "unknown"
            if service not in inside and graph.callers.get(service) and not graph.callees.get(service):
                strength, fault = _OUTSIDE * deviation.score, "dependency_failure"
        known = chosen.get((service, fault))
        if known is None or strength > known.strength:
            onset = min(deviation.onset, known.onset) if known else deviation.onset
            chosen[service, fault] = Candidate(service, fault, deviation, strength, onset)
    own = {service for service, fault in chosen if fault != "unknown"}
    return tuple(
        candidate for (service, fault), candidate in sorted(chosen.items()) if fault != "unknown" or service not in own
    )


def unseen_candidates(alerting: Mapping[ServiceName, datetime], observations: Observations) -> tuple[Candidate, ...]:
    """The alerting services of which no metric can be read, but which were changed shortly before."""
    read = frozenset(series.service for series in observations.metrics)
    names = names_in(observations) | frozenset(alerting)
    unread = {service: since.timestamp() for service, since in sorted(alerting.items()) if service not in read}
    changed = {
        review.service
        for review in review_by_words(observations.changes, unread, names)
        if abs(unread[review.service] - review.change.at.timestamp()) <= SUSPECT_SECONDS
    }
    return tuple(Candidate(service, "unknown", None, 0.0, unread[service]) for service in unread if service in changed)


def alerted_candidates(
    alerting: Mapping[ServiceName, datetime], found: tuple[Deviation, ...], seen: tuple[Candidate, ...]
) -> tuple[Candidate, ...]:
    """The alerting services that nothing else makes a candidate, but of which a metric of any kind left its course."""
    known = {candidate.service for candidate in seen}
    chosen: list[Candidate] = []
    for service in sorted(alerting.keys() - known):
        own = [d for d in found if d.series.service == service and d.ongoing and d.harmful]
        if own:
            most = max(own, key=lambda d: (d.score, -d.onset))
            chosen.append(Candidate(service, "unknown", most, 0.0, most.onset))
    return tuple(chosen)


def with_leads(candidates: tuple[Candidate, ...], leads: Leads) -> tuple[Candidate, ...]:
    """The candidates with those that leads point to; a service under attack is overloaded by the attack."""
    kept = {(c.service, c.fault): c for c in candidates}
    for lead in leads.leads:
        key = (lead.service, lead.fault)
        replaced = kept.pop((lead.service, "overload"), None) if lead.fault == "attack_traffic" else None
        symptom = kept.pop((lead.service, "unknown"), None)
        outside = kept.get((lead.service, "dependency_failure"))
        if outside is not None and outside.own is not None and is_symptom(outside.own):
            # That nothing of its own is seen to run out says less than what the lead has seen.
            symptom = kept.pop((lead.service, "dependency_failure")) if lead.fault != "dependency_failure" else symptom
        known = kept.get(key) or replaced or symptom
        kept[key] = Candidate(
            service=lead.service,
            fault=lead.fault,
            own=known.own if known else None,
            strength=known.strength if known else 0.0,
            onset=min(lead.onset, known.onset) if known else lead.onset,
        )
    return tuple(kept[key] for key in sorted(kept))


def explained_by(
    candidate: Candidate,
    candidates: tuple[Candidate, ...],
    graph: CallGraph,
    sources: dict[ServiceName, ServiceName],
    retried: frozenset[ServiceName],
) -> tuple[float, ServiceName | None]:
    """How far a dependency's own trouble explains the candidate's, in [0, 1], and which dependency that is."""
    best: tuple[float, ServiceName | None] = (0.0, None)
    if candidate.fault in ("attack_traffic", "credential_compromise"):
        return best
    below = frozenset(graph.dependencies(candidate.service))
    for other in candidates:
        if other.service == candidate.service or other.service not in below:
            continue
        if other.fault in LOADS and candidate.fault in LOADS and sources.get(other.service) == candidate.service:
            continue
        if candidate.service in graph.dependencies(other.service) and other.onset > candidate.onset:
            continue
        late = math.exp(-max(0.0, other.onset - candidate.onset) / SIMULTANEOUS_SECONDS)
        # Waiting (latency, pools, queues, calls repeated) is passed up the calls; work and storage are a service's own.
        waits = (
            candidate.own is None
            or candidate.strength == 0
            or candidate.own.meaning.resource in WAITING
            or (candidate.fault == "overload" and candidate.service in retried)
        )
        if other.strength > 0:
            share = late * other.strength * (1.0 if waits else 0.35)
        else:
            share = 0.4 * late if candidate.strength == 0 else 0.0
        if share > best[0]:
            best = (share, other.service)
    return best


def load_sources(
    candidates: tuple[Candidate, ...], graph: CallGraph, found: tuple[Deviation, ...]
) -> dict[ServiceName, ServiceName]:
    """For each overloaded service an overloaded caller whose requests grew as much and no later: load passed down."""
    onsets = {d.series.service: d.onset for d in reversed(found) if d.meaning.kind == "traffic" and d.ongoing}
    overloaded = [c for c in candidates if c.fault in LOADS and c.service in onsets]
    growth = {c.service: traffic_factor(c.service, found) for c in overloaded}
    sources: dict[ServiceName, ServiceName] = {}
    for candidate in overloaded:
        own = growth[candidate.service]
        callers = [
            other
            for other in overloaded
            if other.service in graph.callers.get(candidate.service, frozenset())
            and other.strength >= 0.4
            and min(own, growth[other.service]) > 1.2
            and growth[other.service] > 0.75 * own
            and onsets[other.service] <= onsets[candidate.service] + SIMULTANEOUS_SECONDS
        ]
        if callers:
            sources[candidate.service] = max(callers, key=lambda c: (c.strength, -c.onset, c.service)).service
    return sources


def is_retried(service: ServiceName, found: tuple[Deviation, ...]) -> bool:
    """Whether requests to a service grew only after its latency and errors had: callers repeat what fails."""
    grown = [d.onset for d in found if d.series.service == service and d.meaning.kind == "traffic" and d.ongoing]
    suffered = [d.onset for d in found if d.series.service == service and is_symptom(d) and d.ongoing]
    return bool(grown and suffered) and min(grown) > min(suffered)


def names_in(observations: Observations) -> frozenset[ServiceName]:
    return (
        frozenset(series.service for series in observations.metrics)
        | frozenset(service.name for service in observations.topology.services)
        | frozenset(record.service for record in observations.logs)
    )
