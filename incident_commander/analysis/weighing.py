"""What speaks for and against each candidate for a root cause, in nats. The weights are judgements, in one place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..domain.base import ServiceName
from ..domain.findings import Evidence, FaultKind
from ..domain.telemetry import Change, Observations, from_epoch
from .anomaly import Deviation
from .caches import asked_instead
from .call_graph import CallGraph, mentioned
from .candidates import LOADS, Candidate, explained_by
from .change_review import Review
from .clues import Clue
from .leads import Leads
from .log_patterns import Pattern
from .observed_origin import ObservedOrigin
from .resources import SIMULTANEOUS_SECONDS, WAITING, jumped, traffic_factor
from .words import multiple, sentence

_OWN, _SYMPTOM, _LEADS, _LATER_PER_MINUTE, _COVERS = 5.0, 1.6, 1.0, 0.15, 1.5
_EXPLAINED, _LOG, _BLAMED, _SELF_TIME, _ERROR_ORIGIN = 3.5, 1.0, 0.8, 1.2, 0.8
_LOADED, _RETRIED, _SLOWED, _FOREIGN_WORK, _MISSED, _MISCOUNTED = 3.0, 1.5, 2.0, 4.0, 4.5, 4.0
_PAGED = 0.8
_STEP = 0.2
"""For each step of the way from a convicted change to the trouble."""
_GUESSED_GRAPH = 0.4
_UNSEEN = "no call was seen by which it would reach"
_HELD = 0.35
_LEAST = 0.05
"""Evidence that weighs less is not worth telling."""
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
class Scene:
    """Everything that candidates are weighed by.

    Attributes:
        found: Every deviation that was looked at.
        sources: For each overloaded service the caller whose requests overload it.
        retried: Services whose requests grew because callers repeat what fails.
        began: When each service's own trouble began, seconds since the epoch.
        symptomatic: How much latency, errors or availability of each service are off, in [0, 1].
        patterns: Rising warnings and errors.
        work: Share of the time added to requests that was spent in each service itself.
        origins: Share of the failed calls that fail first in each service.
        alerting: The services that alerts speak of.
        origin: Where the trouble of the one nearest to customers begins.
    """

    observations: Observations
    candidates: tuple[Candidate, ...]
    found: tuple[Deviation, ...]
    graph: CallGraph
    sources: dict[ServiceName, ServiceName]
    retried: frozenset[ServiceName]
    began: dict[ServiceName, float]
    symptomatic: dict[ServiceName, float]
    patterns: tuple[Pattern, ...]
    names: frozenset[ServiceName]
    work: dict[ServiceName, float]
    origins: dict[ServiceName, float]
    reviews: tuple[Review, ...]
    leads: Leads
    alerting: frozenset[ServiceName] = frozenset()
    origin: ObservedOrigin | None = None


def weigh(candidate: Candidate, scene: Scene) -> tuple[Candidate, tuple[Evidence, ...]]:
    """All evidence for and against a candidate; the fault of one with symptoms alone is read from logs and changes."""
    fault = _fault_read(candidate, scene)
    named = Candidate(candidate.service, fault, candidate.own, candidate.strength, candidate.onset)
    clues = (
        *_of_its_own(candidate, scene),
        *_of_its_alert(candidate, scene),
        *_of_its_time(candidate, scene),
        *_of_its_reach(candidate, scene),
        *_of_load_and_waiting(candidate, scene),
        *_of_leads(candidate, scene),
        *_of_logs(named, scene),
        *_of_traces(candidate, scene),
        *_of_origin(candidate, scene),
        *_of_changes(candidate, scene),
    )
    return named, tuple(
        Evidence(
            signal=clue.signal,
            what=clue.what,
            when=from_epoch(candidate.onset if clue.at is None else clue.at),
            service=candidate.service,
            weight=clue.weight,
            provenance=scene.observations.provenance_of(clue.signal, candidate.service),
        )
        for clue in clues
        if abs(clue.weight) >= _LEAST
    )


def _fault_read(candidate: Candidate, scene: Scene) -> FaultKind:
    read = _fault_in([p for p in scene.patterns if p.service == candidate.service])
    if candidate.fault in ("unknown", "dependency_failure") and read is not None:
        return read[0]
    convicted = any(r.service == candidate.service and r.convicted for r in scene.reviews)
    return "bad_deploy" if candidate.fault == "unknown" and convicted else candidate.fault


def _of_its_own(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    service = candidate.service
    if candidate.own is not None and candidate.strength > 0:
        yield Clue("metrics", sentence(candidate.own), _OWN * candidate.strength, candidate.own.onset)
        fills = candidate.fault in ("memory_leak", "disk_full")
        if fills and service not in scene.symptomatic and jumped(candidate.own):
            what = f"it jumped between two samples, and nobody feels anything of {service}"
            yield Clue("metrics", what, -_MISCOUNTED)
        traffic = traffic_factor(service, scene.found)
        if candidate.fault == "overload" and traffic > 1.2:
            yield Clue("metrics", f"requests to {service} grew to {multiple(traffic)} times the usual", 0.5)
    elif candidate.own is not None:
        yield Clue("metrics", sentence(candidate.own), _SYMPTOM * candidate.own.score, candidate.own.onset)
        if scene.leads.at(service, candidate.fault) is None:
            yield Clue("metrics", f"no resource of {service} is near its limit", -0.6)
    elif scene.leads.at(service, candidate.fault) is None:
        since = f"{from_epoch(candidate.onset):%H:%M:%S}"
        yield Clue("alerts", f"an alert of {service} fires since {since}; no metric of it can be read", _SYMPTOM)


def _of_its_alert(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    """Whom people were paged for says something of a recorded incident; live, what pages is the metric seen anyway."""
    if scene.observations.provenance.kind == "recorded" and scene.alerting == {candidate.service}:
        yield Clue("alerts", f"the alert is of {candidate.service}, and of nobody else", _PAGED)


def _of_its_time(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    if len(scene.began) < 2 or candidate.own is None:
        return
    lag = candidate.onset - min(scene.began.values())
    if lag <= SIMULTANEOUS_SECONDS:
        yield Clue("metrics", f"{candidate.service} is among the first to leave its course", _LEADS)
    else:
        first = min(scene.began, key=lambda name: (scene.began[name], name))
        yield Clue("metrics", f"it began {lag / 60:.1f} min after {first}", -min(2.0, _LATER_PER_MINUTE * lag / 60))


def _of_its_reach(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    service, graph = candidate.service, scene.graph
    others = sorted((o for o in scene.symptomatic if o != service), key=lambda o: (-scene.symptomatic[o], o))
    total = sum(scene.symptomatic[other] for other in others)
    above = set(graph.dependents(service))
    if candidate.fault == "attack_traffic":
        for loaded in graph.dependencies(service):
            above |= {loaded, *graph.dependents(loaded)}
    elif scene.observations.topology.kind_of(service) == "cache":
        for loaded in asked_instead(service, graph):
            above |= {loaded, *graph.dependents(loaded)}
    elif candidate.fault == "overload":
        for loaded in (other for other, origin in scene.sources.items() if origin == service):
            above |= {loaded, *graph.dependents(loaded)}
    if not others or not graph.callees:
        return
    reached = [other for other in others if other in above]
    if reached:
        verbs = ("depends", "suffers") if len(reached) == 1 else ("depend", "suffer")
        what = f"{', '.join(reached[:4])} {verbs[0]} on {service} and {verbs[1]} too"
        yield Clue("topology", what, _COVERS * sum(scene.symptomatic[o] for o in reached) / total)
    missed = [other for other in others if other not in above]
    if missed:
        # A graph read from traces and lines is never whole.
        known, verb = (1.0, "it does not explain") if scene.observations.topology.calls else (_GUESSED_GRAPH, _UNSEEN)
        what = f"{verb} {', '.join(missed[:4])}"
        yield Clue("topology", what, -_COVERS * known * sum(scene.symptomatic[o] for o in missed) / total)


def _of_load_and_waiting(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    """What another's trouble explains: load is passed down the calls, waiting up."""
    service = candidate.service
    source = scene.sources.get(service) if candidate.fault == "overload" else None
    if source is not None:
        what = f"the requests that overload it come from {source}, which is overloaded itself"
        yield Clue("metrics", what, -_LOADED)
    elif candidate.fault == "overload" and service in scene.retried:
        what = f"requests to {service} grew only after it had become slow: they are repeated calls"
        yield Clue("metrics", what, -_RETRIED)
    slowed = next((c for c in scene.candidates if c.service == service and c.fault == "node_failure"), None)
    if (
        slowed is not None
        and candidate.fault in ("connection_pool_exhaustion", "overload")
        and slowed.onset <= candidate.onset + SIMULTANEOUS_SECONDS / 2
    ):
        what = f"{service} became slower itself, and what waits for it piles up"
        yield Clue("metrics", what, -_SLOWED * slowed.strength)
    share, by = explained_by(candidate, scene.candidates, scene.graph, scene.sources, scene.retried)
    if candidate.own is not None and candidate.own.meaning.resource == "pool" and by not in scene.symptomatic:
        # Whoever is neither slow nor failing keeps nobody waiting: its connections are those that the caller holds.
        share *= _HELD
    if by is not None and share > 0:
        yield Clue("topology", f"{service} calls {by}, whose own trouble explains it", -_EXPLAINED * share)


def _of_leads(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    """The clues of its own lead; what the lead to another explains of it; and why it may pass by itself."""
    service, graph, leads = candidate.service, scene.graph, scene.leads
    own = leads.at(service, candidate.fault)
    if own is not None:
        yield from (replace(clue, at=own.onset) if clue.at is None else clue for clue in own.clues)
    for lead in leads.leads:
        if lead is own:
            continue
        below = service in graph.dependencies(lead.service)
        missing = scene.observations.topology.kind_of(lead.service) == "cache"
        if lead.fault == "attack_traffic" and (below or service in graph.dependents(lead.service)):
            what = f"what loads {service} are the hostile requests that press {lead.service}"
            yield Clue("topology", what, -_LOADED * (1.0 if below else 0.5) * lead.strength)
        elif lead.fault == "node_failure" and service in asked_instead(lead.service, graph) and missing:
            what = f"what loads {service} is what {lead.service} no longer answers"
            yield Clue("topology", what, -_MISSED * lead.strength)
        elif lead.fault == "credential_compromise" and service in graph.dependencies(lead.service):
            what = f"what loads {service} may be calls under the identity of {lead.service} that others make"
            yield Clue("topology", what, -_LOADED * lead.strength)
        elif lead.service == service and lead.strength > 0.5:
            what = f"{lead.fault.replace('_', ' ')} of {service} explains it"
            yield Clue("metrics", what, -_FOREIGN_WORK * lead.strength)
    passing = leads.passing_at(service, graph)
    if passing is not None:
        yield Clue(passing.clue.signal, passing.clue.what, passing.against)


def _of_logs(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    service = candidate.service
    own = [p for p in scene.patterns if p.service == service]
    read = _fault_in(own)
    if read is not None and read[0] == candidate.fault:
        yield Clue("logs", f"{service} logs {read[1]}", _LOG, _seen(read[1]))
    elsewhere = [p for p in own if any(name != service for name in mentioned(p.example, scene.names))]
    if elsewhere:
        what = f"{service} itself logs trouble with another: {elsewhere[0]}"
        yield Clue("logs", what, -0.5 * _LOG, _seen(elsewhere[0]))
    blaming = [p for p in scene.patterns if p.service != service and service in mentioned(p.example, scene.names)]
    if blaming:
        yield Clue("logs", f"{blaming[0].service} logs {blaming[0]}", _BLAMED, _seen(blaming[0]))


def _of_traces(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    service = candidate.service
    if scene.work:
        # Waiting for a connection or in a queue is spent in the service too, whoever is to blame for it.
        waits = candidate.own is not None and candidate.own.meaning.resource in WAITING
        own = scene.work.get(service, 0.0)
        yield Clue(
            "traces",
            f"{own * 100:.0f} % of the time added to requests is spent in {service} itself",
            _SELF_TIME * (0.3 if waits else 1.0) * (own if own > 0.5 else -0.5 * (own < 0.1)),
        )
    if scene.origins:
        origin = scene.origins.get(service, 0.0)
        yield Clue(
            "traces",
            f"{origin * 100:.0f} % of failed calls fail first in {service}",
            _ERROR_ORIGIN if origin >= 0.5 else (-0.5 * _ERROR_ORIGIN if origin == 0 else 0.0),
        )


def _of_origin(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    """Where the trouble of the alerting service begins: the same for every kind of fault there."""
    # What a cache no longer answers is felt by its callers and by whom they ask instead, not at the cache.
    kind_of = scene.observations.topology.kind_of
    known = scene.origin.clues if scene.origin is not None else {}
    clues = {service: clue for service, clue in known.items() if kind_of(service) != "cache"}
    clue = clues.get(candidate.service)
    if clue is None:
        return
    # Trouble of whoever has neither latency nor errors to read looks as if it began in its callers.
    called = scene.graph.callees.get(candidate.service, frozenset())
    unread = any(c.service in called and c.service not in clues for c in scene.candidates)
    # Load is felt where it lands, below the service that it comes through.
    if not (clue.weight > 0 and unread) and not (clue.weight < 0 and candidate.fault in LOADS):
        yield clue


def _of_changes(candidate: Candidate, scene: Scene) -> Iterator[Clue]:
    for review in scene.reviews:
        if review.service == candidate.service:
            what = f"{_change_words(review.change)}: {review.reason}"
            yield Clue("changes", what, review.weight, review.change.at.timestamp())
            told = {sentence(candidate.own)} if candidate.own is not None else set()
            for step in review.chain:
                if step.text not in told:
                    yield Clue(step.signal, step.text, _STEP, step.onset)


def _seen(pattern: Pattern) -> float:
    return pattern.first_seen.timestamp()


def _fault_in(patterns: list[Pattern]) -> tuple[FaultKind, Pattern] | None:
    """The kind of fault that the strongest of these log patterns speaks of."""
    for pattern in patterns:
        text = pattern.example.lower()
        for fault, words in _FAULT_WORDS:
            # The beginning of a word: `shop_pool` is a name, and no pool.
            if any(re.search(rf"(?<![a-z_-]){re.escape(word)}", text) for word in words):
                return fault, pattern
    return None


def _change_words(change: Change) -> str:
    by = f" ({change.author}, {change.at:%H:%M})" if change.author else f" at {change.at:%H:%M:%S}"
    return f"{change.kind} {change.reference[:12]}{by}"
