"""Detection: which signals are abnormal, since when, and whether they still are. Reads metrics and logs."""

import math
from dataclasses import replace

from ..actions.catalogue import load_catalogue
from ..analysis.anomaly import Deviation, deviations_in
from ..analysis.clues import Lead
from ..analysis.leads import leads_in
from ..analysis.resources import SEEN, fault_shown, harm_now, is_symptom, own_strength, waits_for_callee
from ..analysis.second_look import agreement
from ..analysis.words import sentence
from ..domain.ballot import Judgement
from ..domain.base import Digest, ServiceName, Value
from ..domain.findings import Anomaly, Evidence, FaultKind
from ..domain.plan import Plan
from ..domain.telemetry import Observations, from_epoch
from .case import Case
from .coverage import coverage
from .preference import abstain, prefer

NAME = "detection"
_LEAD_SECONDS = 600.0
"""Trouble that began this much later than the first weighs a third of it."""
_CLEAR = 0.6
"""Share of the strongest trouble from which another counts as the first: a faint one before it is no beginning."""
_REPORTED = 40
_LOST = 0.3
"""What serving an attack costs of a plan's worth."""


class Trouble(Value):
    """A service with trouble of its own, or with symptoms of the unknown kind alone.

    Attributes:
        strength: How much its own resources show it, in [0, 1].
        lag_seconds: How much later it began than the first clear trouble anywhere.
    """

    service: ServiceName
    fault: FaultKind
    strength: float
    lag_seconds: float


class DetectionFindings(Value):
    """What is abnormal.

    Attributes:
        real: Whether the symptoms are real and still going on, in [0, 1].
        series_read: How many series there were to look at; without any there is nothing to judge by.
    """

    anomalies: tuple[Anomaly, ...]
    troubles: tuple[Trouble, ...]
    real: float
    series_read: int
    evidence: tuple[Evidence, ...]
    confidence: float


def examine(case: Case) -> DetectionFindings:
    """Find every metric that left its course, and the services whose own resources did."""
    observations = case.observations
    found = tuple(
        d for d in deviations_in(observations.metrics, observations.window.end.timestamp()) if d.score >= SEEN
    )
    strengths: dict[tuple[ServiceName, FaultKind], tuple[float, float]] = {}
    for deviation in found:
        if not (deviation.harmful and deviation.ongoing):
            continue
        service = deviation.series.service
        callees = observations.topology.callees(service)
        strength = own_strength(deviation) * (1.0 - waits_for_callee(deviation, found, callees))
        fault = fault_shown(deviation, observations.topology.kind_of(service), found)
        if strength < 0.1:
            if not is_symptom(deviation):
                continue
            strength, fault = 0.35 * deviation.score, "unknown"
        known = strengths.get((service, fault), (0.0, math.inf))
        strengths[service, fault] = (max(known[0], strength), min(known[1], deviation.onset))
    pointed = _leads(observations)
    for service, lead in pointed:
        if lead.strength >= 0.1:
            known = strengths.get((service, lead.fault), (0.0, math.inf))
            strengths[service, lead.fault] = (max(known[0], lead.strength), min(known[1], lead.onset))
    most = max((strength for strength, _ in strengths.values()), default=0.0)
    first = min((onset for strength, onset in strengths.values() if strength >= _CLEAR * most), default=0.0)
    harm = max(harm_now(found, case.impact), max((lead.concern for _, lead in pointed), default=0.0))
    firing = 1.0 if not case.alerts or any(alert.status == "firing" for alert in case.alerts) else 0.5
    return DetectionFindings(
        anomalies=tuple(deviation.anomaly() for deviation in found[:_REPORTED]),
        troubles=tuple(
            Trouble(service=service, fault=fault, strength=min(1.0, strength), lag_seconds=max(0.0, onset - first))
            for (service, fault), (strength, onset) in sorted(strengths.items(), key=lambda e: (-e[1][0], e[0]))
        ),
        real=harm * firing,
        series_read=len(observations.metrics),
        evidence=(
            *(
                Evidence(
                    signal="metrics",
                    what=sentence(deviation),
                    when=from_epoch(deviation.onset),
                    service=deviation.series.service,
                    weight=3.0 * deviation.score if deviation.ongoing else -1.0,
                    provenance=observations.provenance_of("metrics", deviation.series.service),
                )
                for deviation in found[:_REPORTED]
            ),
            *_second_look(found, observations),
        ),
        confidence=max((d.excursion.score for d in found), default=coverage(observations)),
    )


def _second_look(found: tuple[Deviation, ...], observations: Observations) -> tuple[Evidence, ...]:
    """What a detector that sees the strongest deviations row by row says of them."""
    clue = agreement(found)
    if clue is None or clue.at is None:
        return ()
    return (
        Evidence(
            signal=clue.signal,
            what=clue.what,
            when=from_epoch(clue.at),
            weight=clue.weight,
            provenance=observations.provenance_of(clue.signal, None),
        ),
    )


def _leads(observations: Observations) -> list[tuple[ServiceName, Lead]]:
    """What metrics and log lines alone point to, by service; an attack is seen at the edges that it comes through too.

    Changes are left out: whether something was announced does not make it normal.
    """
    pointed: list[tuple[ServiceName, Lead]] = []
    for lead in leads_in(replace(observations, changes=())).leads:
        pointed.append((lead.service, lead))
        if lead.fault == "attack_traffic":
            edges = [s.name for s in observations.topology.services if s.kind == "edge" and s.name != lead.service]
            pointed.extend((edge, lead) for edge in edges)
    return pointed


def judge(plans: tuple[Plan, ...], findings: DetectionFindings) -> Judgement:
    """Score plans by whether the trouble is real, still there, the target's own, and of a kind the action can move."""
    if findings.series_read == 0:
        return abstain(plans, "no metric could be read, so nothing can be said about what is abnormal")
    catalogue = load_catalogue()
    hostile = {t.service: t.strength for t in findings.troubles if t.fault == "attack_traffic"}
    scores: dict[Digest, float] = {}
    why: dict[Digest, str] = {}
    for plan in plans:
        if plan.action is None:
            continue
        target, addresses = plan.action.target, catalogue[plan.action.name].addresses
        fits = [
            trouble.strength * math.exp(-trouble.lag_seconds / _LEAD_SECONDS)
            for trouble in findings.troubles
            if trouble.service == target
            and (trouble.fault in addresses or (trouble.fault == "unknown" and "bad_deploy" in addresses))
        ]
        fit = max(fits, default=0.0)
        if target in hostile and plan.action.name != "block_sources":
            # What is added for hostile requests, or shed from all alike, is the customers' loss.
            fit *= 1.0 - _LOST * hostile[target]
        scores[plan.digest] = findings.real * fit
        why[plan.digest] = (
            f"{target} is abnormal itself, in something {plan.action.name} can move, and still is"
            if fit > 0.3
            else f"little at {target} is abnormal that {plan.action.name} could move"
        )
    for plan in plans:
        if plan.action is None:
            scores[plan.digest] = 1.0 - max(scores.values(), default=0.0)
            why[plan.digest] = (
                "the symptoms are over, or harm nobody now"
                if findings.real < 0.5
                else "no plan goes to where the trouble itself was seen"
            )
    return prefer(plans, scores, findings.confidence, why, tuple(e.reference() for e in findings.evidence[:8]))
