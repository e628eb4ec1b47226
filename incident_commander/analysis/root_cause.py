"""Ranked root causes from anomalies, topology, traces, logs and changes.

Every (service, kind of fault) that shows trouble of its own is a candidate; the evidence for and against each is added
up as log-likelihood ratios, and the posterior is normalised over all candidates and over "no fault, or one that was not
seen". Victims are told from causes by explaining away (Pearl 1988, ch. 4): trouble of a dependency that began no later
explains the latency, errors and waiting of those who call it, never the other way round. The walk to the deepest
abnormal service is the idea of MonitorRank and its kin (Kim et al. 2013).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ..domain.base import ServiceName
from ..domain.findings import Evidence, Hypothesis, Impact
from ..domain.memory import Cause, Witness
from ..domain.telemetry import FloatArray, Observations, from_epoch
from .anomaly import Deviation, deviations_in
from .call_graph import call_graph
from .candidates import (
    alerted_candidates,
    is_retried,
    load_sources,
    names_in,
    seen_candidates,
    unseen_candidates,
    with_leads,
)
from .change_review import Review, review_changes
from .crowds import has_stayed
from .harm_reach import harmed, is_machine
from .leads import Leads, bad_patterns, read_leads
from .leads import began as began_at
from .metric_kinds import NO_TROUBLE
from .observed_origin import observed_origin
from .operations import operational_leads
from .recording import as_paged
from .resources import SEEN, SIMULTANEOUS_SECONDS, harm_now, is_symptom
from .suspicion import Trouble, text_said
from .symptoms import symptoms_in
from .trace_signs import error_origins, self_time_excess
from .weighing import Scene, weigh

_CLAIMED = 0.5
"""The harm that an alert alone claims, of a service without any telemetry to bear it out."""
_UNTHOUGHT_OF = 0.03
"""The part of the belief that is kept for causes that nobody has thought of."""
_LOOKED_INTO = 8
"""For so many services where it may have started the changes are reviewed."""
_PRIOR_NOTHING = 2.2
_QUIET = 4.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """The outcome of the search.

    Attributes:
        hypotheses: Ranked, probabilities summing to 1 with `nothing`.
        nothing: Probability that there is no fault now, or one that the telemetry does not show.
        deviations: Every deviation that was looked at.
        harm: Whether customers are being harmed now, in [0, 1].
        reviews: What was made of each change.
        unaided: The probability of the first hypothesis had no witness said anything.
    """

    hypotheses: tuple[Hypothesis, ...]
    nothing: float
    first_failing: ServiceName | None
    blast_radius: tuple[ServiceName, ...]
    deviations: tuple[Deviation, ...]
    harm: float
    reviews: tuple[Review, ...]
    unaided: float


def rank_causes(
    observations: Observations,
    impact: Impact | None = None,
    alerting: Mapping[ServiceName, datetime] | None = None,
    testimony: Sequence[Witness] = (),
) -> Ranking:
    """Rank the root causes of what the observations show at the end of their window. Never raises for missing signals.

    Args:
        impact: What customers feel now, where it is known; otherwise latency and errors are taken as harm.
        alerting: Since when alerts fire, by service: all there is to hold changes against where no metric can be read.
        testimony: What memory and models say of causes. It weighs on those that are seen now, and never adds one.
    """
    recorded = observations
    if observations.provenance.kind == "recorded" and alerting:
        paged = min(alerting.values())
        observations, until = as_paged(observations, paged), paged.timestamp()
    else:
        until = observations.window.end.timestamp()
    found = tuple(d for d in deviations_in(observations.metrics, until) if d.score >= SEEN)
    bad = tuple(d for d in found if d.harmful and d.ongoing and not is_machine(d.series.service, observations))
    graph = call_graph(observations)
    harm = harm_now(found, impact)
    onset = began_at(observations, found)
    split = onset - SIMULTANEOUS_SECONDS
    patterns = bad_patterns(recorded, onset)
    names = names_in(observations) | frozenset(alerting or ())
    symptoms = symptoms_in(observations, tuple(d for d in found if d.ongoing), patterns)
    operational = operational_leads(recorded, found, symptoms, graph, names, split, frozenset(alerting or ()))
    leads = read_leads(observations, found, patterns, graph)
    # What a recording shows to have stayed did not pass.
    still = tuple(p for p in leads.passing if recorded is observations or not has_stayed(p.service, recorded))
    leads = Leads((*leads.leads, *operational), still)

    seen = with_leads(seen_candidates(bad, found, graph, observations), leads)
    unseen = unseen_candidates(alerting or {}, observations)
    seen = (*seen, *alerted_candidates(alerting or {}, found, seen))
    if unseen or any(c.service in (alerting or {}) for c in seen):
        harm = max(harm, _CLAIMED)
    candidates = (*seen, *unseen)
    began = {c.service: min(o.onset for o in seen if o.service == c.service) for c in seen}
    symptomatic: dict[ServiceName, float] = {}
    for d in bad:
        if is_symptom(d):
            symptomatic[d.series.service] = max(d.score, symptomatic.get(d.series.service, 0.0))

    scene = Scene(
        observations=observations, candidates=candidates, found=found, graph=graph,
        sources=load_sources(candidates, graph, found),
        retried=frozenset(c.service for c in candidates if is_retried(c.service, found)),
        began=began, symptomatic=symptomatic, patterns=patterns, names=names,
        work=self_time_excess(observations.traces, split),
        origins=error_origins(observations.traces, split),
        reviews=(), leads=leads, alerting=frozenset(alerting or ()),
    )  # fmt: skip
    suffering = [service for service in alerting or () if service in symptomatic]
    if suffering:
        nearest = max(suffering, key=lambda s: (len(graph.dependencies(s)), symptomatic[s], s))
        scene = replace(scene, origin=observed_origin(observations.metrics, graph, nearest, onset, until))
    centres = _centres(scene)
    said, usual = text_said(recorded, split)
    strongest = max((lead.strength for lead in operational), default=0.0)
    reviews: list[Review] = []
    for centre in centres:
        since = min(c.onset for c in candidates if c.service == centre)
        trouble = Trouble(symptoms, (centre,), graph, said, usual, strongest, onset=since, now=until)
        reviews += review_changes(recorded, trouble, names)
    scene = replace(scene, reviews=tuple(reviews))
    weighed = [weigh(candidate, scene) for candidate in candidates]
    spoken: defaultdict[Cause | None, list[Evidence]] = defaultdict(list)
    for each in testimony:
        spoken[each.cause].append(each.evidence)
    heard = [spoken[Cause(service=c.service, fault=c.fault)] for c, _ in weighed]
    quiet = _PRIOR_NOTHING + _QUIET * (1.0 - max(harm, leads.concern))
    weights = [sum(e.weight for e in evidence) for _, evidence in weighed]
    # Trouble that passes and trouble that stays are seen alike, so what is taken from the one goes to the other.
    left = [
        weight + passing.clue.weight
        for (candidate, _), weight in zip(weighed, weights, strict=True)
        if (passing := leads.passing_at(candidate.service, graph)) is not None
    ]
    scores = np.array([np.logaddexp.reduce([quiet, *left]), *weights])
    told = np.array([sum(e.weight for e in said) for said in (spoken[None], *heard)], dtype=np.float64)
    posterior, unaided = _posterior(scores + told), _posterior(scores)
    weighed = [(candidate, (*evidence, *said)) for (candidate, evidence), said in zip(weighed, heard, strict=True)]
    ranked = sorted(
        zip(weighed, posterior[1:].tolist(), unaided[1:].tolist(), strict=True),
        key=lambda entry: (-entry[1], entry[0][0].onset, entry[0][0].service),
    )
    hypotheses = tuple(
        Hypothesis(
            rank=rank,
            service=candidate.service,
            fault=candidate.fault,
            change=next((r.change.reference for r in reviews if r.service == candidate.service and r.convicted), None),
            onset=from_epoch(candidate.onset),
            probability=min(1.0, probability),
            evidence=tuple(sorted((e for e in evidence if e.weight > 0), key=lambda e: -e.weight)),
            against=tuple(sorted((e for e in evidence if e.weight < 0), key=lambda e: e.weight)),
        )
        for rank, ((candidate, evidence), probability, _) in enumerate(ranked, 1)
    )
    first = min(filter(_is_trouble, bad), key=lambda d: (d.onset, -d.score, d.series.service), default=None)
    leading = hypotheses[0].service if hypotheses else None
    radius: tuple[ServiceName, ...] = ()
    if leading is not None and observations.topology.calls:
        radius = tuple(s for s in graph.dependents(leading) if s in symptomatic)
    elif leading is not None:
        radius = harmed(leading, split, recorded, patterns, graph)
    return Ranking(
        hypotheses=hypotheses,
        nothing=float(posterior[0]),
        first_failing=leading if leading is not None else (first.series.service if first else None),
        blast_radius=radius,
        deviations=found,
        harm=harm,
        reviews=tuple(r for r in reviews if r.service == leading),
        unaided=ranked[0][2] if ranked else 0.0,
    )


def _posterior(scores: FloatArray) -> FloatArray:
    """The belief in each, first that nothing is wrong: nobody has thought of every cause, nor seen everything."""
    belief: FloatArray = np.exp(scores - scores.max())
    belief /= belief.sum()
    belief *= 1.0 - _UNTHOUGHT_OF
    belief[0] += _UNTHOUGHT_OF
    return belief


def _centres(scene: Scene) -> tuple[ServiceName, ...]:
    """The services where the trouble may start, the likeliest first, before any change is looked at."""
    weighed = ((sum(e.weight for e in weigh(c, scene)[1]), c) for c in scene.candidates)
    ranked = [c.service for _, c in sorted(weighed, key=lambda entry: (-entry[0], entry[1].onset, entry[1].service))]
    return tuple(dict.fromkeys(ranked))[:_LOOKED_INTO]


def _is_trouble(deviation: Deviation) -> bool:
    return deviation.meaning.kind not in NO_TROUBLE
