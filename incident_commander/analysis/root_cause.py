"""Ranked root causes from anomalies, topology, traces, logs and changes.

Every (service, kind of fault) that shows trouble of its own is a candidate; the evidence for and against each is added
up as log-likelihood ratios, and the posterior is normalised over all candidates and over "no fault, or one that was not
seen". Victims are told from causes by explaining away (Pearl 1988, ch. 4): trouble of a dependency that began no later
explains the latency, errors and waiting of those who call it, never the other way round. The walk to the deepest
abnormal service is the idea of MonitorRank and its kin (Kim et al. 2013). The weights are judgements, in one place.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ..domain.base import ServiceName
from ..domain.findings import Evidence, FaultKind, Hypothesis, Impact
from ..domain.telemetry import Change, Observations, Signal, from_epoch
from .anomaly import Deviation, deviations_in
from .call_graph import CallGraph, call_graph, mentioned
from .change_review import SUSPECT_SECONDS, Review, review_changes
from .log_patterns import Pattern, rising_patterns
from .metric_kinds import meaning_of
from .resources import (
    SEEN,
    SIMULTANEOUS_SECONDS,
    WAITING,
    fault_shown,
    harm_now,
    is_symptom,
    own_strength,
    traffic_factor,
)
from .trace_signs import error_origins, self_time_excess
from .words import sentence

_CLAIMED = 0.5
"""The harm that an alert alone claims, of a service without any telemetry to bear it out."""
_PRIOR_NOTHING = 2.2
_OWN, _SYMPTOM, _LEADS, _LATER_PER_MINUTE, _COVERS = 5.0, 1.6, 1.0, 0.15, 1.5
_EXPLAINED, _LOG, _BLAMED, _SELF_TIME, _ERROR_ORIGIN, _CHANGE, _QUIET = 3.5, 1.0, 0.8, 1.2, 0.8, 1.2, 4.0
_LOADED, _RETRIED, _OUTSIDE, _SLOWED = 3.0, 1.5, 0.8, 2.0
_FAULT_WORDS: tuple[tuple[FaultKind, tuple[str, ...]], ...] = (
    ("bad_deploy", ("panic", "nil pointer", "nullpointer", "undefined", "traceback", "typeerror", "unhandled")),
    ("connection_pool_exhaustion", ("pool", "connection slots", "too many connections", "acquire connection")),
    ("memory_leak", ("out of memory", "oom", "heap", "garbage", "gc pause", "memory")),
    ("overload", ("overload", "shedding", "saturated", "queue full", "backlog", "throttl", "thread")),
    ("disk_full", ("no space", "disk", "read-only file system")),
    ("node_failure", ("node not ready", "unreachable", "host down", "instance terminated", "hardware")),
    ("certificate_expiry", ("certificate", "x509", "tls handshake")),
    ("credential_compromise", ("unauthorized", "access denied", "invalid token")),
    ("dependency_failure", ("upstream", "provider", "third-party", "external", "vendor")),
)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The outcome of the search.

    Attributes:
        hypotheses: Ranked, probabilities summing to 1 with `nothing`.
        nothing: Probability that there is no fault now, or one that the telemetry does not show.
        deviations: Every deviation that was looked at.
        troubled: The services with trouble of their own, in [0, 1]: resources used up, not explained by a dependency.
        harm: Whether customers are being harmed now, in [0, 1].
        reviews: What was made of each change.
    """

    hypotheses: tuple[Hypothesis, ...]
    nothing: float
    first_failing: ServiceName | None
    blast_radius: tuple[ServiceName, ...]
    deviations: tuple[Deviation, ...]
    troubled: dict[ServiceName, float]
    harm: float
    reviews: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    service: ServiceName
    fault: FaultKind
    own: Deviation | None
    strength: float
    onset: float


def rank_causes(
    observations: Observations, impact: Impact | None = None, alerting: Mapping[ServiceName, datetime] | None = None
) -> Ranking:
    """Rank the root causes of what the observations show at the end of their window. Never raises for missing signals.

    Args:
        impact: What customers feel now, where it is known; otherwise latency and errors are taken as harm.
        alerting: Since when alerts fire, by service: all there is to hold changes against where no metric can be read.
    """
    until = observations.window.end.timestamp()
    found = tuple(d for d in deviations_in(observations.metrics, until) if d.score >= SEEN)
    bad = tuple(d for d in found if d.harmful and d.ongoing)
    graph = call_graph(observations)
    harm = harm_now(found, impact)
    onset = min((d.onset for d in bad if _is_trouble(d)), default=observations.onset_hint.timestamp())
    split = from_epoch(onset) - timedelta(seconds=SIMULTANEOUS_SECONDS)
    patterns = tuple(
        p
        for p in rising_patterns(observations.logs, observations.window.start, split, observations.window.end)
        if p.bad
    )
    work = self_time_excess(observations.traces, split.timestamp())
    origins = error_origins(observations.traces, split.timestamp())

    seen = _candidates(bad, found, graph, observations)
    unseen = _unseen(alerting or {}, observations)
    if unseen:
        harm = max(harm, _CLAIMED)
    candidates = (*seen, *unseen)
    began = {c.service: min(o.onset for o in seen if o.service == c.service) for c in seen}
    names = _names(observations) | {c.service for c in unseen}
    symptomatic: dict[ServiceName, float] = {}
    for d in bad:
        if is_symptom(d):
            symptomatic[d.series.service] = max(d.score, symptomatic.get(d.series.service, 0.0))
    strongest = sorted(candidates, key=lambda c: c.strength)
    reviews = review_changes(
        observations.changes,
        {c.service: c.onset for c in strongest},
        names,
        {c.service: c.fault for c in strongest},
    )

    sources = _load_sources(candidates, graph, found)
    retried = frozenset(c.service for c in candidates if _retried(c.service, found))
    weighed = [
        _weigh(c, candidates, sources, retried, began, graph, found, symptomatic, patterns, names, work, origins,
               reviews, observations)
        for c in candidates
    ]  # fmt: skip
    quiet = _PRIOR_NOTHING + _QUIET * (1.0 - harm)
    scores = np.array([quiet, *(sum(e.weight for e in evidence) for _, evidence in weighed)])
    posterior = np.exp(scores - scores.max())
    posterior /= posterior.sum()
    ranked = sorted(
        zip(weighed, posterior[1:].tolist(), strict=True),
        key=lambda entry: (-entry[1], entry[0][0].onset, entry[0][0].service),
    )
    hypotheses = tuple(
        Hypothesis(
            rank=rank,
            service=candidate.service,
            fault=candidate.fault,
            change=next((r.change.reference for r in reviews if r.service == candidate.service and r.convicted), None),
            probability=min(1.0, probability),
            evidence=tuple(sorted((e for e in evidence if e.weight > 0), key=lambda e: -e.weight)),
            against=tuple(sorted((e for e in evidence if e.weight < 0), key=lambda e: e.weight)),
        )
        for rank, ((candidate, evidence), probability) in enumerate(ranked, 1)
    )
    first = min(bad, key=lambda d: (d.onset, -d.score, d.series.service), default=None)
    leading = hypotheses[0].service if hypotheses else None
    return Ranking(
        hypotheses=hypotheses,
        nothing=float(posterior[0]),
        first_failing=leading if leading is not None else (first.series.service if first else None),
        blast_radius=tuple(s for s in graph.dependents(leading) if s in symptomatic) if leading is not None else (),
        deviations=found,
        troubled=_unexplained_trouble(candidates, graph, sources, retried),
        harm=harm,
        reviews=reviews,
    )


def _is_trouble(deviation: Deviation) -> bool:
    return deviation.meaning.kind not in ("traffic", "other")


def _names(observations: Observations) -> frozenset[ServiceName]:
    return (
        frozenset(series.service for series in observations.metrics)
        | frozenset(service.name for service in observations.topology.services)
        | frozenset(record.service for record in observations.logs)
    )


def _retried(service: ServiceName, found: tuple[Deviation, ...]) -> bool:
    """Whether requests to a service grew only after its latency and errors had: callers repeat what fails."""
    grown = [d.onset for d in found if d.series.service == service and d.meaning.kind == "traffic" and d.ongoing]
    suffered = [d.onset for d in found if d.series.service == service and is_symptom(d) and d.ongoing]
    return bool(grown and suffered) and min(grown) > min(suffered)


def _load_sources(
    candidates: tuple[_Candidate, ...], graph: CallGraph, found: tuple[Deviation, ...]
) -> dict[ServiceName, ServiceName]:
    """For each overloaded service an overloaded caller whose requests grew as much and no later: load passed down."""
    onsets = {d.series.service: d.onset for d in reversed(found) if d.meaning.kind == "traffic" and d.ongoing}
    overloaded = [c for c in candidates if c.fault == "overload" and c.service in onsets]
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


def _candidates(
    bad: tuple[Deviation, ...], found: tuple[Deviation, ...], graph: CallGraph, observations: Observations
) -> tuple[_Candidate, ...]:
    """Every service with a resource used up, by kind of fault; those with symptoms alone as `unknown`.

    Of a service that calls nobody and shows none of its resources, symptoms are its own trouble: it lies outside.
    """
    inside = {s.service for s in observations.metrics if meaning_of(s.metric, s.unit).kind == "saturation"}
    chosen: dict[tuple[ServiceName, FaultKind], _Candidate] = {}
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
            chosen[service, fault] = _Candidate(service, fault, deviation, strength, onset)
    own = {service for service, fault in chosen if fault != "unknown"}
    return tuple(
        candidate for (service, fault), candidate in sorted(chosen.items()) if fault != "unknown" or service not in own
    )


def _unseen(alerting: Mapping[ServiceName, datetime], observations: Observations) -> tuple[_Candidate, ...]:
    """The alerting services of which no metric can be read, but which were changed shortly before."""
    read = frozenset(series.service for series in observations.metrics)
    names = _names(observations) | frozenset(alerting)
    unread = {service: since.timestamp() for service, since in sorted(alerting.items()) if service not in read}
    changed = {
        review.service
        for review in review_changes(observations.changes, unread, names)
        if abs(unread[review.service] - review.change.at.timestamp()) <= SUSPECT_SECONDS
    }
    return tuple(_Candidate(service, "unknown", None, 0.0, unread[service]) for service in unread if service in changed)


def _unexplained_trouble(
    candidates: tuple[_Candidate, ...],
    graph: CallGraph,
    sources: dict[ServiceName, ServiceName],
    retried: frozenset[ServiceName],
) -> dict[ServiceName, float]:
    trouble: dict[ServiceName, float] = {}
    for candidate in candidates:
        left = candidate.strength * (1.0 - _explained(candidate, candidates, graph, sources, retried)[0])
        trouble[candidate.service] = max(trouble.get(candidate.service, 0.0), left)
    return trouble


def _explained(
    candidate: _Candidate,
    candidates: tuple[_Candidate, ...],
    graph: CallGraph,
    sources: dict[ServiceName, ServiceName],
    retried: frozenset[ServiceName],
) -> tuple[float, ServiceName | None]:
    """How far a dependency's own trouble explains the candidate's, in [0, 1], and which dependency that is."""
    best: tuple[float, ServiceName | None] = (0.0, None)
    below = frozenset(graph.dependencies(candidate.service))
    for other in candidates:
        if other.service == candidate.service or other.service not in below:
            continue
        if other.fault == candidate.fault == "overload" and sources.get(other.service) == candidate.service:
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


def _weigh(
    candidate: _Candidate,
    candidates: tuple[_Candidate, ...],
    sources: dict[ServiceName, ServiceName],
    retried: frozenset[ServiceName],
    began: dict[ServiceName, float],
    graph: CallGraph,
    found: tuple[Deviation, ...],
    symptomatic: dict[ServiceName, float],
    patterns: tuple[Pattern, ...],
    names: frozenset[ServiceName],
    work: dict[ServiceName, float],
    origins: dict[ServiceName, float],
    reviews: tuple[Review, ...],
    observations: Observations,
) -> tuple[_Candidate, tuple[Evidence, ...]]:
    """All evidence for and against a candidate; the fault of one with symptoms alone is read from logs and changes."""
    service = candidate.service
    when = from_epoch(candidate.onset)
    evidence: list[Evidence] = []

    def say(signal: Signal, what: str, weight: float) -> None:
        if abs(weight) >= 0.05:
            evidence.append(
                Evidence(
                    signal=signal, what=what, when=when, service=service, weight=weight,
                    provenance=observations.provenance,
                )
            )  # fmt: skip

    if candidate.own is not None and candidate.strength > 0:
        say("metrics", sentence(candidate.own), _OWN * candidate.strength)
        traffic = traffic_factor(service, found)
        if candidate.fault == "overload" and traffic > 1.2:
            say("metrics", f"requests to {service} grew to {traffic:.2g} times the usual", 0.5)
    elif candidate.own is not None:
        say("metrics", sentence(candidate.own), _SYMPTOM * candidate.own.score)
        say("metrics", f"no resource of {service} is near its limit", -0.6)
    else:
        say("alerts", f"an alert of {service} fires since {when:%H:%M:%S}; no metric of it can be read", _SYMPTOM)

    if len(began) > 1 and candidate.own is not None:
        lag = candidate.onset - min(began.values())
        if lag <= SIMULTANEOUS_SECONDS:
            say("metrics", f"{service} is among the first to leave its course", _LEADS)
        else:
            first = min(began, key=lambda name: (began[name], name))
            say("metrics", f"it began {lag / 60:.1f} min after {first}", -min(2.0, _LATER_PER_MINUTE * lag / 60))

    others = sorted((o for o in symptomatic if o != service), key=lambda o: (-symptomatic[o], o))
    total = sum(symptomatic[other] for other in others)
    above = set(graph.dependents(service))
    if candidate.fault == "overload":
        for loaded in (other for other, origin in sources.items() if origin == service):
            above |= {loaded, *graph.dependents(loaded)}
    if others and graph.callees:
        reached = [other for other in others if other in above]
        if reached:
            listed = ", ".join(reached[:4])
            say("topology", f"{listed} depend{'s' if len(reached) == 1 else ''} on {service} and suffer too",
                _COVERS * sum(symptomatic[o] for o in reached) / total)  # fmt: skip
        missed = [other for other in others if other not in above]
        if missed:
            say("topology", f"it does not explain {', '.join(missed[:4])}",
                -_COVERS * sum(symptomatic[o] for o in missed) / total)  # fmt: skip

    source = sources.get(service) if candidate.fault == "overload" else None
    if source is not None:
        say("metrics", f"the requests that overload it come from {source}, which is overloaded itself", -_LOADED)
    elif candidate.fault == "overload" and service in retried:
        say("metrics", f"requests to {service} grew only after it had become slow: they are repeated calls", -_RETRIED)
    slowed = next((c for c in candidates if c.service == service and c.fault == "node_failure"), None)
    if (
        slowed is not None
        and candidate.fault in ("connection_pool_exhaustion", "overload")
        and slowed.onset <= candidate.onset + SIMULTANEOUS_SECONDS / 2
    ):
        say("metrics", f"{service} became slower itself, and what waits for it piles up", -_SLOWED * slowed.strength)
    share, by = _explained(candidate, candidates, graph, sources, retried)
    if by is not None and share > 0:
        say("topology", f"{service} calls {by}, whose own trouble explains it", -_EXPLAINED * share)

    fault = candidate.fault
    own_patterns = [p for p in patterns if p.service == service]
    blaming = [p for p in patterns if p.service != service and service in mentioned(p.example, names)]
    read = _fault_in(own_patterns)
    if fault in ("unknown", "dependency_failure") and read is not None:
        fault = read[0]
    if read is not None and read[0] == fault:
        say("logs", f"{service} logs {read[1].example!r} ({read[1].after} times, {read[1].before} before)", _LOG)
    elsewhere = [p for p in own_patterns if any(name != service for name in mentioned(p.example, names))]
    if elsewhere:
        say("logs", f"{service} itself logs trouble with another: {elsewhere[0].example!r}", -0.5 * _LOG)
    if blaming:
        say("logs", f"{blaming[0].service} logs {blaming[0].example!r} ({blaming[0].after} times)", _BLAMED)
    if work:
        # Waiting for a connection or in a queue is spent in the service too, whoever is to blame for it.
        waits = candidate.own is not None and candidate.own.meaning.resource in WAITING
        own_work = work.get(service, 0.0)
        say("traces", f"{own_work * 100:.0f} % of the time added to requests is spent in {service} itself",
            _SELF_TIME * (0.3 if waits else 1.0) * (own_work if own_work > 0.5 else -0.5 * (own_work < 0.1)),
        )  # fmt: skip
    if origins:
        origin = origins.get(service, 0.0)
        say("traces", f"{origin * 100:.0f} % of failed calls fail first in {service}",
            _ERROR_ORIGIN if origin >= 0.5 else (-0.5 * _ERROR_ORIGIN if origin == 0 else 0.0))  # fmt: skip
    for review in reviews:
        if review.service != service:
            continue
        say("changes", f"{_change_words(review.change)}: {review.reason}", _CHANGE if review.convicted else -0.1)
        if review.convicted and fault == "unknown":
            fault = "bad_deploy"
    return _Candidate(service, fault, candidate.own, candidate.strength, candidate.onset), tuple(evidence)


def _fault_in(patterns: list[Pattern]) -> tuple[FaultKind, Pattern] | None:
    """The kind of fault that the strongest of these log patterns speaks of."""
    for pattern in patterns:
        text = pattern.example.lower()
        for fault, words in _FAULT_WORDS:
            if any(word in text for word in words):
                return fault, pattern
    return None


def _change_words(change: Change) -> str:
    return f"{change.kind} {change.reference[:12]} at {change.at:%H:%M:%S}"
