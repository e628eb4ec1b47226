"""Communication: whether customers suffer and through whom, the vote that follows from it, and what people are told."""

import math
from statistics import median

from ..actions.catalogue import load_catalogue
from ..analysis.anomaly import Deviation, deviations_in
from ..analysis.root_cause import SEEN, is_symptom
from ..analysis.words import sentence
from ..domain.ballot import Judgement
from ..domain.base import Digest, ServiceName, Value
from ..domain.findings import Evidence
from ..domain.plan import Plan
from ..domain.telemetry import Observations, Span, Topology, from_epoch
from .case import Case
from .postmortem import postmortem
from .preference import abstain, prefer
from .updates import Moment, draft_update

__all__ = ["NAME", "CommunicationFindings", "Moment", "draft_update", "examine", "judge", "postmortem"]

NAME = "communication"

SERIOUS_SHARE = 0.02
"""Share of customer requests that fail or are too slow from which customers certainly suffer."""
_SLOW_FACTOR = 3.0
_SLOW_MS = 50.0
_RECENT_SECONDS = 300.0
_FEWEST_TRACES = 5


class CommunicationFindings(Value):
    """Who suffers, and where on their way.

    Attributes:
        suffering: Whether customers are harmed now, in [0, 1].
        failed_share: Share of customer requests that fail or are too slow; None where it is not measured.
        on_path: By service, the share of failing customer requests whose trace passes through it.
        origin: By service, the share of them where it is the deepest that is slower than usual or fails.
        traces: How many failing customer requests were traced.
        behind: Workers: they serve customers out of their sight, by what requests put in queues.
        seen: Whether anything could be read that tells how customers fare.
    """

    suffering: float
    failed_share: float | None
    on_path: dict[ServiceName, float]
    origin: dict[ServiceName, float]
    traces: int
    behind: tuple[ServiceName, ...]
    seen: bool
    evidence: tuple[Evidence, ...]
    confidence: float


def examine(case: Case) -> CommunicationFindings:
    """Measure customers' harm by the impact and the edge's own metrics, and follow their failing requests by trace."""
    observations = case.observations
    until = observations.window.end.timestamp()
    deviations = tuple(
        d
        for d in deviations_in(observations.metrics, until)
        if d.score >= SEEN and d.harmful and d.ongoing and is_symptom(d)
    )
    facing = _customer_facing(observations.topology)
    felt = tuple(d for d in deviations if not facing or d.series.service in facing)
    by_metrics = max((d.score for d in felt), default=0.0)
    share = case.impact.failed_share if case.impact is not None and case.impact.provenance.available else None
    suffering = by_metrics if share is None else min(1.0, share / SERIOUS_SHARE)
    on_path, origin, traces = _follow(observations, deviations)
    seen = share is not None or bool(observations.metrics)
    return CommunicationFindings(
        suffering=suffering,
        failed_share=share,
        on_path=on_path,
        origin=origin,
        traces=traces,
        behind=_behind(observations.topology, facing),
        seen=seen,
        evidence=_evidence(case, felt, origin, traces),
        confidence=0.0 if not seen else (0.9 if share is not None and traces >= _FEWEST_TRACES else 0.7),
    )


def judge(plans: tuple[Plan, ...], findings: CommunicationFindings) -> Judgement:
    """Score plans by the cost of acting against that of waiting: for whom they act, and whom they disturb meanwhile."""
    if not findings.seen:
        return abstain(plans, "neither the impact on customers nor any metric could be read")
    catalogue = load_catalogue()
    scores: dict[Digest, float] = {}
    why: dict[Digest, str] = {}
    for plan in plans:
        if plan.action is None:
            continue
        target, spec = plan.action.target, catalogue[plan.action.name]
        reach, because = _reach(target, findings)
        # What is away while it runs hits the same customers; it is a small part of what waiting costs them.
        scores[plan.digest] = findings.suffering * reach * (1.0 - 0.1 * spec.disturbs)
        why[plan.digest] = because
    for plan in plans:
        if plan.action is None:
            scores[plan.digest] = 1.0 - max(scores.values(), default=0.0)
            why[plan.digest] = (
                "customers hardly notice anything, so waiting costs less than acting"
                if findings.suffering < 0.5
                else "no plan acts where customers' requests fail"
            )
    return prefer(plans, scores, findings.confidence, why, tuple(e.reference() for e in findings.evidence))


def _reach(target: ServiceName, findings: CommunicationFindings) -> tuple[float, str]:
    """How far acting on a service reaches the customers who suffer, in [0, 1]."""
    if findings.traces < _FEWEST_TRACES:
        if target in findings.behind:
            return 0.8, f"{target} works for customers out of their sight, and few of their own requests fail"
        return 0.7, "too few failing customer requests were traced to tell through whom they fail"
    path, origin = findings.on_path.get(target, 0.0), findings.origin.get(target, 0.0)
    if path == 0.0:
        return 0.0, f"no failing customer request passes through {target}"
    most = max(findings.origin.values(), default=0.0)
    reach = 0.25 * path + 0.75 * (origin / most if most > 0 else 0.0)
    return min(1.0, reach), (
        f"{origin:.0%} of {findings.traces} traced failing customer requests begin to fail at {target}, "
        f"{path:.0%} pass through it"
    )


def _customer_facing(topology: Topology) -> frozenset[ServiceName]:
    """The edge; where no service is one, what nobody calls."""
    edges = frozenset(service.name for service in topology.services if service.kind == "edge")
    if edges:
        return edges
    called = {callee for _, callee in topology.calls}
    return frozenset(caller for caller, _ in topology.calls if caller not in called)


def _behind(topology: Topology, facing: frozenset[ServiceName]) -> tuple[ServiceName, ...]:
    """Workers: they serve customers, but no customer waits for them."""
    return tuple(s.name for s in topology.services if s.kind == "worker" and s.name not in facing)


def _follow(
    observations: Observations, deviations: tuple[Deviation, ...]
) -> tuple[dict[ServiceName, float], dict[ServiceName, float], int]:
    """Where failing customer requests pass and where they begin to fail: the deepest span worse than its usual.

    A span is bad when it failed or took three times its service's usual. A request is a failing one when its root span
    is bad. The usual is the median before the first symptom.
    """
    began = min((d.onset for d in deviations), default=math.inf)
    until = observations.window.end.timestamp()
    usual_times: dict[ServiceName, list[float]] = {}
    for span in observations.traces:
        if span.start.timestamp() < min(began, until - _RECENT_SECONDS):
            usual_times.setdefault(span.service, []).append(span.duration_ms)
    usual = {service: median(times) for service, times in usual_times.items()}
    recent: dict[str, list[Span]] = {}
    for span in observations.traces:
        if span.start.timestamp() >= max(until - _RECENT_SECONDS, began if began < until else 0.0):
            recent.setdefault(span.trace_id, []).append(span)

    def bad(span: Span) -> bool:
        slow = usual.get(span.service, math.inf) * _SLOW_FACTOR
        return span.error or (span.duration_ms > slow and span.duration_ms > _SLOW_MS)

    passed: dict[ServiceName, int] = {}
    began_at: dict[ServiceName, float] = {}
    failing = 0
    for spans in recent.values():
        if not any(span.parent_id is None and bad(span) for span in spans):
            continue
        failing += 1
        for service in {span.service for span in spans}:
            passed[service] = passed.get(service, 0) + 1
        worse = [span for span in spans if bad(span)]
        parents = {span.parent_id for span in worse}
        deepest = {span.service for span in worse if span.span_id not in parents}
        for service in deepest:
            began_at[service] = began_at.get(service, 0.0) + 1.0 / len(deepest)
    if failing == 0:
        return {}, {}, 0
    return (
        {service: count / failing for service, count in sorted(passed.items())},
        {service: count / failing for service, count in sorted(began_at.items())},
        failing,
    )


def _evidence(
    case: Case, felt: tuple[Deviation, ...], origin: dict[ServiceName, float], traces: int
) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    if case.impact is not None and case.impact.provenance.available:
        cost = case.impact.usd_per_minute
        found.append(
            Evidence(
                signal="impact",
                what=f"{case.impact.failed_share:.1%} of {case.impact.requests_per_second:.0f} customer requests a "
                "second fail or are too slow" + (f", which costs {cost:.2f} USD a minute" if cost is not None else ""),
                when=case.now,
                weight=3.0 * min(1.0, case.impact.failed_share / SERIOUS_SHARE) - 1.0,
                provenance=case.impact.provenance,
            )
        )
    found.extend(
        Evidence(
            signal="metrics", what=sentence(d), when=from_epoch(d.onset), service=d.series.service,
            weight=2.0 * d.score, provenance=case.observations.provenance,
        )
        for d in felt[:3]
    )  # fmt: skip
    for service, share in sorted(origin.items(), key=lambda entry: -entry[1])[:3]:
        found.append(
            Evidence(
                signal="traces",
                what=f"{share:.0%} of {traces} traced failing customer requests begin to fail at {service}",
                when=case.now,
                service=service,
                weight=2.0 * share,
                provenance=case.observations.provenance,
            )
        )
    return tuple(found)
