"""What each service says of itself: used-up resources, own log lines, changes, and whether a callee explains it."""

from dataclasses import dataclass

from ..actions.catalogue import Precondition
from ..analysis.anomaly import Deviation, deviations_in
from ..analysis.call_graph import CallGraph, call_graph, mentioned
from ..analysis.change_review import Review, review_by_words
from ..analysis.clues import Lead, Passing
from ..analysis.leads import Leads, read_leads
from ..analysis.log_patterns import Pattern, rising_patterns
from ..analysis.metric_kinds import NO_TROUBLE, meaning_of
from ..analysis.resources import FAULT_OF_RESOURCE, SEEN, is_symptom, onset_of, own_strength, traffic_factor
from ..analysis.surge import are_repeated
from ..analysis.volumes import Filler, what_fills
from ..domain.base import ServiceName
from ..domain.findings import FaultKind
from ..domain.telemetry import Change, Observations, from_epoch

SIMULTANEOUS_SECONDS = 120.0
"""Onsets closer than this are not told apart."""
_NEARLY_FULL = 0.85
_BUSY = 0.7
_RECENT_SECONDS = 5400.0


@dataclass(frozen=True, slots=True)
class Signs:
    """What was read about one service.

    Attributes:
        deviations: Of its own metrics: harmful, still going on.
        strengths: How much its own resources show each kind of fault, in [0, 1].
        onset: When its own trouble began, seconds since the epoch; infinite where it has none.
        symptom: How much its latency, errors or availability are off, in [0, 1].
        own_logs: Rising warnings and errors that name no other service.
        blames: Services that its own rising lines name.
        blamed_by: Services whose rising lines name it.
        deploys: Deploys of it, the latest first.
        convicted: The deploys that may have caused its trouble, by time and content.
        explained_by: A service it depends on whose own trouble began no later, and how strongly that explains it.
        dependents: How many services depend on it.
        carries_traffic: Whether a rate of requests is seen at it.
        slow: How much its latency is off, in [0, 1].
        grown: Its requests now over their usual; 1 where they kept their course.
        repeated: Whether its callers repeat what fails, so that most of its requests are the same ones again.
        demand: Its requests now in units of what its processors can do at most, where they left their course; else 0.
        leads: To causes at it that no used-up resource shows; at an edge also those to attacks on what lies behind it.
        filler: What its volume fills with, where a lead says that it does.
        passes: Why its trouble may pass by itself, and how probable that is; None where nothing says so.
    """

    service: ServiceName
    deviations: tuple[Deviation, ...]
    strengths: dict[FaultKind, float]
    onset: float
    symptom: float
    own_logs: tuple[Pattern, ...]
    blames: frozenset[ServiceName]
    blamed_by: frozenset[ServiceName]
    deploys: tuple[Change, ...]
    convicted: tuple[Review, ...]
    explained_by: tuple[ServiceName, float] | None
    dependents: int
    carries_traffic: bool
    slow: float
    grown: float
    repeated: bool
    demand: float
    leads: tuple[Lead, ...]
    filler: Filler | None
    passes: Passing | None

    def unmet(self, preconditions: tuple[Precondition, ...]) -> str:
        """The first precondition that does not hold, in words; empty when all hold."""
        for precondition in preconditions:
            missing = self._missing(precondition)
            if missing:
                return missing
        return ""

    def _missing(self, precondition: Precondition) -> str:
        match precondition:
            case "recent_deploy":
                began = self.onset if self.deviations else float("inf")
                fits = [c for c in self.deploys if c.at.timestamp() <= began + SIMULTANEOUS_SECONDS]
                return "" if fits else f"{self.service} was not deployed before its trouble began"
            case "saturated":
                return "" if self._used_up(("cpu", "queue"), _BUSY) else f"{self.service} is not short of capacity"
            case "pool_exhausted":
                return "" if self._used_up(("pool",), _NEARLY_FULL) else f"no pool of {self.service} is used up"
            case "own_trouble":
                shown = self.deviations or any(lead.service == self.service for lead in self.leads)
                return "" if shown else f"nothing of {self.service} itself is abnormal"
            case "carries_traffic":
                return "" if self.carries_traffic else f"no traffic is seen at {self.service}"

    def _used_up(self, resources: tuple[str, ...], share: float) -> bool:
        return any(
            d.meaning.resource in resources
            and d.meaning.kind == "saturation"
            and (d.fullness >= share if d.fullness is not None else d.score >= 0.5)
            for d in self.deviations
        )


def read_signs(observations: Observations) -> dict[ServiceName, Signs]:
    """The signs of every service that a metric, a log line or the topology names."""
    until = observations.window.end.timestamp()
    found = tuple(d for d in deviations_in(observations.metrics, until) if d.score >= SEEN)
    bad = tuple(d for d in found if d.harmful and d.ongoing and d.meaning.kind not in NO_TROUBLE)
    graph = call_graph(observations)
    names = frozenset(s.service for s in observations.metrics) | {s.name for s in observations.topology.services}
    own = {name: tuple(d for d in bad if d.series.service == name) for name in sorted(names)}
    strengths = {name: _strengths(own[name]) for name in own}
    began = {name: onset_of(deviations) for name, deviations in own.items() if deviations}
    split = from_epoch(min(began.values(), default=observations.onset_hint.timestamp()) - SIMULTANEOUS_SECONDS)
    patterns = tuple(
        pattern
        for pattern in rising_patterns(observations.logs, observations.window.start, split, observations.window.end)
        if pattern.bad
    )
    read = read_leads(observations, found, patterns, graph)
    leads = {name: _leads_at(name, read, observations, graph) for name in own}
    for name, pointing in leads.items():
        strengths[name] = _with_leads(strengths[name], pointing)
    named = {id(p): frozenset(mentioned(p.example, names)) - {p.service} for p in patterns}
    faults = {name: max(kinds, key=kinds.__getitem__) for name, kinds in strengths.items() if kinds}
    reviews = review_by_words(observations.changes, began, names, faults)
    symptom = {
        name: max((d.score for d in deviations if is_symptom(d)), default=0.0) for name, deviations in own.items()
    }
    carrying = {
        series.service for series in observations.metrics if meaning_of(series.metric, series.unit).kind == "traffic"
    }
    return {
        name: Signs(
            service=name,
            deviations=own[name],
            strengths=strengths[name],
            onset=began.get(name, float("inf")),
            symptom=symptom[name],
            own_logs=tuple(p for p in patterns if p.service == name and not named[id(p)]),
            blames=frozenset().union(*(named[id(p)] for p in patterns if p.service == name)),
            blamed_by=frozenset(p.service for p in patterns if name in named[id(p)]),
            deploys=_deploys(name, observations, began.get(name, until)),
            convicted=tuple(r for r in reviews if r.service == name and r.convicted and r.change.kind == "deploy"),
            explained_by=None if leads[name] else _explained(name, strengths, symptom, began, graph),
            dependents=len(graph.dependents(name)),
            carries_traffic=name in carrying,
            slow=max((d.score for d in own[name] if d.meaning.kind == "latency"), default=0.0),
            grown=traffic_factor(name, found),
            repeated=are_repeated(name, found, graph),
            demand=traffic_factor(name, found) * _usual_load(own[name]),
            leads=leads[name],
            filler=_filler(leads[name], observations),
            passes=read.passing_at(name, graph),
        )
        for name in own
    }


def _strengths(own: tuple[Deviation, ...]) -> dict[FaultKind, float]:
    strengths: dict[FaultKind, float] = {}
    for deviation in own:
        fault = FAULT_OF_RESOURCE.get(deviation.meaning.resource)
        if fault is not None:
            strengths[fault] = max(strengths.get(fault, 0.0), min(1.0, own_strength(deviation)))
    return strengths


def _leads_at(name: ServiceName, read: Leads, observations: Observations, graph: CallGraph) -> tuple[Lead, ...]:
    """The leads to a service, and, where it is an edge, to attacks on what it lets requests through to."""
    edge = observations.topology.kind_of(name) == "edge"
    behind = frozenset(graph.dependencies(name)) if edge else frozenset[ServiceName]()
    return tuple(
        lead
        for lead in read.leads
        if lead.service == name or (lead.fault == "attack_traffic" and lead.service in behind)
    )


def _with_leads(strengths: dict[FaultKind, float], leads: tuple[Lead, ...]) -> dict[FaultKind, float]:
    """What the resources show, and what leads point to; of a volume the gauge alone counts little."""
    merged = {fault: 0.3 * strength if fault == "disk_full" else strength for fault, strength in strengths.items()}
    for lead in leads:
        shown = strengths.get(lead.fault, 0.0) if lead.fault == "disk_full" else 0.0
        merged[lead.fault] = max(merged.get(lead.fault, 0.0), lead.strength, shown)
    return merged


def _filler(leads: tuple[Lead, ...], observations: Observations) -> Filler | None:
    lead = next((lead for lead in leads if lead.fault == "disk_full"), None)
    return what_fills(observations.logs, lead.service, lead.onset) if lead is not None else None


def _usual_load(own: tuple[Deviation, ...]) -> float:
    """The share of its processors that a service uses usually, in [0, 1]; 0 where they did not leave their course."""
    usual = [d.excursion.baseline / d.capacity for d in own if d.meaning.resource == "cpu" and d.capacity is not None]
    return max(usual, default=0.0)


def _deploys(name: ServiceName, observations: Observations, began: float) -> tuple[Change, ...]:
    return tuple(
        sorted(
            (
                change
                for change in observations.changes
                if change.service == name
                and change.kind == "deploy"
                and began - change.at.timestamp() < _RECENT_SECONDS
            ),
            key=lambda change: change.at,
            reverse=True,
        )
    )


def _explained(
    name: ServiceName,
    strengths: dict[ServiceName, dict[FaultKind, float]],
    symptom: dict[ServiceName, float],
    began: dict[ServiceName, float],
    graph: CallGraph,
) -> tuple[ServiceName, float] | None:
    """The dependency whose own trouble explains this service's best: waiting is passed up the calls, never down."""
    if name not in began:
        return None
    best: tuple[ServiceName, float] | None = None
    for other in graph.dependencies(name):
        if other not in began or began[other] > began[name] + SIMULTANEOUS_SECONDS:
            continue
        if name in graph.dependencies(other):
            continue
        strength = max(strengths[other].values(), default=0.0)
        share = strength if strength > 0.1 else 0.6 * symptom[other]
        if share > (best[1] if best else 0.0):
            best = (other, share)
    return best
