"""Communication: whether customers suffer and through whom, the vote that follows from it, and what people are told."""

from dataclasses import replace

from ..actions.catalogue import load_catalogue
from ..analysis.anomaly import Deviation, clean, deviations_in
from ..analysis.forecast import time_to_limit
from ..analysis.leads import Leads, bad_patterns, began, leads_in
from ..analysis.resources import SEEN, is_symptom
from ..analysis.words import sentence
from ..domain.ballot import Judgement
from ..domain.base import Digest, ServiceName, Value
from ..domain.findings import Evidence
from ..domain.plan import Action, Plan
from ..domain.policy import Notice
from ..domain.telemetry import Observations, Topology, from_epoch
from .case import Case
from .customer_paths import FEWEST_TRACES, RECENT_SECONDS, FailingPaths, follow, told_by
from .postmortem import postmortem
from .preference import abstain, prefer
from .updates import Moment, draft_update

__all__ = ["NAME", "CommunicationFindings", "Moment", "draft_update", "examine", "judge", "postmortem"]

NAME = "communication"

SERIOUS_SHARE = 0.02
"""Share of customer requests that fail or are too slow from which customers certainly suffer."""
_EXPECTED = 0.4
"""What a maintenance window leaves of a reason to act: its services are expected to alert, so waiting is preferred."""
_FULL = 0.95
_SOON_SECONDS = 1800.0


class CommunicationFindings(Value):
    """Who suffers, and where on their way.

    Attributes:
        suffering: Whether customers are harmed now, in [0, 1].
        soon: By service, the probability that a resource of it runs out within half an hour if nobody acts.
        failed_share: Share of customer requests that fail or are too slow; None where it is not measured.
        on_path: By service, the share of failing customer requests whose trace passes through it.
        blame: By service, how well it explains which customer requests fail, the best being 1: they pass through it,
            others do not, and nothing that it calls is worse.
        told: By service, how much those who face customers, and those they name, log of it; the most being 1.
        traces: How many failing customer requests were traced.
        hostile: By edge, how far what comes in are requests that are no customers', in [0, 1].
        exposed: By service, how far others act under its identity, in [0, 1]: what customers entrusted is at risk.
        behind: Workers: they serve customers out of their sight, by what requests put in queues.
        seen: Whether anything could be read that tells how customers fare.
        confidence: The share of what tells of them that could be read: the impact, metrics, and enough failing traces.
        alerting: The services that alert.
        notices: The freezes and maintenance windows in force.
    """

    suffering: float
    soon: dict[ServiceName, float]
    failed_share: float | None
    on_path: dict[ServiceName, float]
    blame: dict[ServiceName, float]
    told: dict[ServiceName, float]
    traces: int
    hostile: dict[ServiceName, float]
    exposed: dict[ServiceName, float]
    behind: tuple[ServiceName, ...]
    seen: bool
    alerting: tuple[ServiceName, ...]
    notices: tuple[Notice, ...]
    evidence: tuple[Evidence, ...]
    confidence: float


def examine(case: Case) -> CommunicationFindings:
    """Measure customers' harm by the impact and the edge's own metrics, and follow their failing requests by trace."""
    observations = case.observations
    until = observations.window.end.timestamp()
    found = tuple(d for d in deviations_in(observations.metrics, until) if d.score >= SEEN)
    harmful = tuple(d for d in found if d.harmful and d.ongoing)
    symptoms = tuple(d for d in harmful if is_symptom(d))
    facing = _customer_facing(observations.topology)
    felt = tuple(d for d in symptoms if not facing or d.series.service in facing)
    by_metrics = max((d.score for d in felt), default=0.0)
    share = case.impact.failed_share if case.impact is not None and case.impact.provenance.available else None
    suffering = by_metrics if share is None else min(1.0, share / SERIOUS_SHARE)
    paths = follow(observations.traces, min((d.onset for d in symptoms), default=until - RECENT_SECONDS), until)
    leads = leads_in(replace(observations, changes=()))
    seen = share is not None or bool(observations.metrics)
    readable = (share is not None, bool(observations.metrics), paths.failing >= FEWEST_TRACES)
    return CommunicationFindings(
        suffering=suffering,
        soon=_running_out(harmful),
        failed_share=share,
        on_path=paths.on_path,
        blame=paths.blame,
        told=told_by(bad_patterns(observations, began(observations, found)), facing),
        traces=paths.failing,
        hostile=_hostile(observations, leads),
        exposed={lead.service: lead.strength for lead in leads.leads if lead.fault == "credential_compromise"},
        behind=_behind(observations.topology, facing),
        seen=seen,
        alerting=case.incident.services,
        notices=case.notices,
        evidence=_evidence(case, felt, paths),
        confidence=sum(readable) / len(readable),
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
        if plan.action.name == "block_sources" and findings.hostile.get(target, 0.0) > reach:
            reach = findings.hostile[target]
            because = f"what crowds customers out at {target} are requests that are none of theirs"
        # What is away while it runs hits the same customers; it is a small part of what waiting costs them.
        score = findings.suffering * reach
        if findings.soon.get(target, 0.0) > score:
            score = findings.soon[target]
            because = f"{target} is about to run out of a resource, and customers will feel it"
        if plan.action.name == "revoke_credentials" and findings.exposed.get(target, 0.0) > score:
            score = findings.exposed[target]
            because = f"others act under the identity of {target}, and what customers entrusted to it is at risk"
        score *= 1.0 - 0.07 * spec.disturbs
        scores[plan.digest], why[plan.digest] = _held_back(plan.action, score, because, findings)
    for plan in plans:
        if plan.action is None:
            scores[plan.digest] = 1.0 - max(scores.values(), default=0.0)
            why[plan.digest] = _why_wait(plans, findings)
    return prefer(plans, scores, findings.confidence, why, tuple(e.reference() for e in findings.evidence))


def _held_back(action: Action, score: float, because: str, findings: CommunicationFindings) -> tuple[float, str]:
    """What a freeze or a window leaves of a plan's score, and the reason."""
    for notice in findings.notices:
        if notice.stops(action):
            return 0.0, _noticed(notice, "changes are frozen")
    for notice in findings.notices:
        if notice.kind == "maintenance" and any(map(notice.concerns, (action.target, *findings.alerting))):
            return _EXPECTED * score, f"{because}; but {_noticed(notice, 'its alerts are expected')}"
    return score, because


def _why_wait(plans: tuple[Plan, ...], findings: CommunicationFindings) -> str:
    """Why doing nothing may be best."""
    actions = [plan.action for plan in plans if plan.action is not None]
    for notice in findings.notices:
        if actions and all(map(notice.stops, actions)):
            return _noticed(notice, "changes are frozen")
        if notice.kind == "maintenance" and any(map(notice.concerns, findings.alerting)):
            return _noticed(notice, "what alerts is being worked on")
    if findings.suffering < 0.5:
        return "customers hardly notice anything, so waiting costs less than acting"
    return "no plan acts where customers' requests fail"


def _noticed(notice: Notice, what: str) -> str:
    """`changes are frozen until 2026-12-01 00:00 UTC (the sale); ana must know`."""
    tell = f"; {', '.join(notice.tell)} must know" if notice.tell else ""
    return f"{what} until {notice.until:%Y-%m-%d %H:%M} UTC ({notice.reason}){tell}"


def _reach(target: ServiceName, findings: CommunicationFindings) -> tuple[float, str]:
    """How far acting on a service reaches the customers who suffer, in [0, 1]."""
    if target in findings.behind:
        return 0.8, f"{target} works for customers out of their sight, so their own requests do not tell"
    path, blame = findings.on_path.get(target, 0.0), findings.blame.get(target, 0.0)
    told = findings.told.get(target, 0.0)
    if told > blame:
        return told, f"the errors that customers get name {target}, directly or through those who call it"
    if findings.traces < FEWEST_TRACES:
        return 0.6, "too few failing customer requests were traced to tell through whom they fail"
    if path == 0.0:
        return 0.0, f"no failing customer request passes through {target}"
    return blame, (
        f"{path:.0%} of {findings.traces} traced failing customer requests pass through {target}, "
        f"which explains them {'best of all' if blame == 1.0 else f'{blame:.2f} as well as the best'}"
    )


def _running_out(harmful: tuple[Deviation, ...]) -> dict[ServiceName, float]:
    """By service, the probability that a resource that fills steadily is used up within half an hour."""
    soon: dict[ServiceName, float] = {}
    for deviation in harmful:
        # Pools and queues fill while they wait for another; what fills by itself does not come back by itself.
        if deviation.meaning.resource not in ("memory", "disk") or deviation.capacity is None:
            continue
        times, values = clean(deviation.series.timestamps, deviation.series.values)
        since = times >= deviation.onset
        forecast = time_to_limit(times[since], values[since], _FULL * deviation.capacity, "above", _SOON_SECONDS)
        if forecast is not None and forecast.slope > 0:
            service = deviation.series.service
            soon[service] = max(soon.get(service, 0.0), 0.9 * forecast.probability)
    return soon


def _customer_facing(topology: Topology) -> frozenset[ServiceName]:
    """The edge; where no service is one, what nobody calls."""
    edges = frozenset(service.name for service in topology.services if service.kind == "edge")
    if edges:
        return edges
    called = {callee for _, callee in topology.calls}
    return frozenset(caller for caller, _ in topology.calls if caller not in called)


def _hostile(observations: Observations, leads: Leads) -> dict[ServiceName, float]:
    """Attacks, by the edges that they come through and by the services that they press."""
    hostile: dict[ServiceName, float] = {}
    edges = [service.name for service in observations.topology.services if service.kind == "edge"]
    for lead in leads.leads:
        if lead.fault == "attack_traffic":
            for service in (lead.service, *edges):
                hostile[service] = max(lead.strength, hostile.get(service, 0.0))
    return hostile


def _behind(topology: Topology, facing: frozenset[ServiceName]) -> tuple[ServiceName, ...]:
    """Workers: they serve customers, but no customer waits for them."""
    return tuple(s.name for s in topology.services if s.kind == "worker" and s.name not in facing)


def _evidence(case: Case, felt: tuple[Deviation, ...], paths: FailingPaths) -> tuple[Evidence, ...]:
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
            weight=2.0 * d.score, provenance=case.observations.provenance_of("metrics", d.series.service),
        )
        for d in felt[:3]
    )  # fmt: skip
    for service, blame in sorted(paths.blame.items(), key=lambda entry: -entry[1])[:3]:
        if blame > 0:
            found.append(
                Evidence(
                    signal="traces",
                    what=f"{paths.on_path[service]:.0%} of {paths.failing} traced failing customer requests pass "
                    f"through {service}, {paths.precision[service]:.0%} of those that do fail",
                    when=case.now,
                    service=service,
                    weight=2.0 * blame,
                    provenance=case.observations.provenance_of("traces", service),
                )
            )
    return tuple(found)
