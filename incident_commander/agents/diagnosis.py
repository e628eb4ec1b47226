"""Diagnosis: the ranked root causes with what speaks for and against each, and how sure that is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..actions.catalogue import load_catalogue
from ..analysis.change_effects import flags_read
from ..analysis.remedy import remedy_for
from ..analysis.root_cause import Ranking, rank_causes
from ..analysis.second_look import agreement
from ..domain.ballot import Judgement
from ..domain.base import Digest, ServiceName, Value
from ..domain.findings import Diagnosis, Evidence, FaultKind, Hypothesis, Impact, Remediation, ReviewedChange, Verdict
from ..domain.memory import Witness
from ..domain.plan import Plan
from ..domain.telemetry import TESTIMONY, Gap, Observations, Signal, from_epoch
from .case import Case
from .preference import abstain, prefer

NAME = "diagnosis"

CONFIRMED = 0.85
"""Posterior from which a cause is confirmed, given evidence of two kinds of telemetry and no important gap."""
LIKELY = 0.5
"""Posterior from which a cause is likely; below it the verdict is inconclusive."""
SEEN_UNAIDED = 0.35
"""A cause that would have less without memory and models is not named, however often it was the cause before."""
_TOLD_APART_BY: dict[FaultKind, frozenset[Signal]] = {
    "overload": frozenset({"logs"}),
    "node_failure": frozenset({"changes"}),
    "credential_compromise": frozenset({"changes", "logs"}),
}
"""What would show that it only looks like such a fault: others' programs on its machine, work that was announced."""
_PREVENTION: dict[FaultKind, str] = {
    "noisy_neighbour": "Why could another workload take the machine of SERVICE: which limits and placement are set?",
    "dependency_failure": "What does SERVICE do without what it calls: is there a fallback, and when is it back?",
    "quota_exhaustion": "Who uses up the quota of SERVICE, and what warns before it is gone?",
    "certificate_expiry": "Who renews the certificate of SERVICE, and what warns before it ends?",
    "overload": "Who sends the requests to SERVICE, and how long will they keep coming?",
    "bad_data": "Where did the record come from that SERVICE cannot read, and are there more like it?",
}
_WORTH_ASKING = 0.05
_REPORTED = 5
_GAP_DISCOUNT = 0.9


class DiagnosisFindings(Value):
    """The diagnosis with the probability that nothing is wrong now, or that the cause was not seen.

    Attributes:
        remediation: What mends the leading hypothesis; None where there is none, or its cause is not known.
        reviews: What was made of each change, the guilty first.
    """

    diagnosis: Diagnosis
    nothing: float
    evidence: tuple[Evidence, ...]
    confidence: float
    remediation: Remediation | None = None
    reviews: tuple[ReviewedChange, ...] = ()


def examine(case: Case) -> DiagnosisFindings:
    """Rank the causes and say how sure that is; missing signals are listed as gaps and lower the confidence."""
    testimony = (*case.recalled.testimony, *case.advice.testimony)
    return diagnose(case.observations, _alerting(case), case.impact, testimony)


def diagnose(
    observations: Observations,
    alerting: Mapping[ServiceName, datetime],
    impact: Impact | None = None,
    testimony: Sequence[Witness] = (),
) -> DiagnosisFindings:
    """The same from what was observed alone.

    Args:
        alerting: Since when alerts fire, by the service they speak of.
        impact: What customers feel now, where that is known.
        testimony: What memory and models say of causes. None is confirmed that would not be without it, and none is
            named that is not nearly likely without it.
    """
    ranking = rank_causes(observations, impact, alerting, testimony)
    gaps = observations.gaps + _silent(observations)

    lead = ranking.hypotheses[0] if ranking.hypotheses else None
    blind = _GAP_DISCOUNT ** len({gap.signal for gap in gaps})
    sure = (lead.probability if lead else 0.0) * blind
    verdict = verdict_of(lead, sure, gaps)
    if verdict == "confirmed" and ranking.unaided * blind < CONFIRMED:
        verdict = "likely"
    if verdict == "likely" and ranking.unaided * blind < SEEN_UNAIDED:
        verdict = "inconclusive"
    diagnosis = Diagnosis(
        verdict=verdict,
        hypotheses=_looked_at_again(ranking, observations)[:_REPORTED],
        first_failing=ranking.first_failing,
        blast_radius=ranking.blast_radius,
        gaps=gaps,
        next_question=_next_question(ranking, verdict, gaps),
    )
    cited = (*lead.evidence, *lead.against) if lead else ()
    return DiagnosisFindings(
        diagnosis=diagnosis,
        nothing=ranking.nothing,
        evidence=cited,
        confidence=max(sure, ranking.nothing * blind) if observations.metrics else 0.0,
        remediation=_remediation(lead, observations) if lead else None,
        reviews=tuple(
            ReviewedChange(change=r.change, service=r.landed, convicted=r.convicted, reason=r.reason, does=r.does)
            for r in sorted(ranking.reviews, key=lambda review: not review.convicted)
        ),
    )


def _looked_at_again(ranking: Ranking, observations: Observations) -> tuple[Hypothesis, ...]:
    """The hypotheses, the first with what a streaming detector makes of its service's deviations."""
    if not ranking.hypotheses:
        return ()
    lead, *others = ranking.hypotheses
    clue = agreement([d for d in ranking.deviations if d.series.service == lead.service])
    if clue is None or clue.at is None:
        return ranking.hypotheses
    seen = Evidence(
        signal=clue.signal,
        what=clue.what,
        when=from_epoch(clue.at),
        service=lead.service,
        weight=clue.weight,
        provenance=observations.provenance_of(clue.signal, lead.service),
    )
    return (lead.model_copy(update={"evidence": (*lead.evidence, seen)}), *others)


def verdict_of(lead: Hypothesis | None, probability: float, gaps: tuple[Gap, ...]) -> Verdict:
    """`confirmed`, `likely` or `inconclusive`, by the thresholds above; what was not read, nobody has ruled out."""
    if lead is None or lead.fault == "unknown" or probability < LIKELY:
        return "inconclusive"
    signals = {evidence.signal for evidence in lead.evidence} - TESTIMONY
    needed = _TOLD_APART_BY.get(lead.fault, frozenset[Signal]()) | {"metrics"}
    if probability >= CONFIRMED and len(signals) >= 2 and not any(gap.signal in needed for gap in gaps):
        return "confirmed"
    return "likely"


def judge(plans: tuple[Plan, ...], findings: DiagnosisFindings) -> Judgement:
    """Score plans by the probability that the action mends the cause: its service, its kind of fault, its change."""
    if findings.confidence == 0.0:
        return abstain(plans, "no metric could be read, so no cause can be ranked")
    catalogue = load_catalogue()
    scores: dict[Digest, float] = {}
    why: dict[Digest, str] = {}
    mended = 0.0
    for plan in plans:
        if plan.action is None:
            continue
        fits = [
            (hypothesis.probability * _mends(plan, hypothesis, catalogue[plan.action.name].addresses), hypothesis)
            for hypothesis in findings.diagnosis.hypotheses
        ]
        score = sum(fit for fit, _ in fits)
        scores[plan.digest] = score
        mended = max(mended, score)
        best = max(fits, key=lambda entry: entry[0], default=None)
        why[plan.digest] = (
            f"it addresses {_named(best[1])}, probability {best[1].probability:.2f}"
            if best is not None and best[0] > 0
            else "it addresses none of the causes that were found"
        )
    inconclusive = findings.diagnosis.verdict == "inconclusive"
    for plan in plans:
        if plan.action is None:
            scores[plan.digest] = max(1.0 - mended, 0.75 if inconclusive else 0.0)
            why[plan.digest] = (
                "the cause is not known well enough to act on"
                if inconclusive
                else "no plan addresses the cause that was found"
            )
    return prefer(plans, scores, findings.confidence, why, tuple(e.reference() for e in findings.evidence[:8]))


def _mends(plan: Plan, hypothesis: Hypothesis, addresses: tuple[str, ...]) -> float:
    """Chance that the plan's action mends this hypothesis, given that it is true."""
    if plan.action is None or hypothesis.fault not in addresses:
        return 0.0
    if plan.action.target != hypothesis.service:
        # Hostile requests are refused wherever they pass; only plans for edges are made for another's attack.
        return 0.9 if plan.action.name == "block_sources" and plan.addresses == hypothesis.fault else 0.0
    if plan.action.name == "rollback":
        undoes = hypothesis.change is not None and plan.action.arguments.get("reference") == hypothesis.change
        return 0.95 if undoes else 0.1
    if hypothesis.fault == "attack_traffic" and plan.action.name != "block_sources":
        return 0.6
    return 0.8 if hypothesis.change is not None else 0.9


def _remediation(lead: Hypothesis, observations: Observations) -> Remediation | None:
    named = [c for c in observations.changes if c.reference == lead.change]
    # A commit tells what it touches; the deploy of it tells only that.
    change = max(named, key=lambda c: (c.kind == "commit", bool(c.detail)), default=None)
    asked = flags_read(change) if change is not None else frozenset()
    switched = any(c.kind == "flag" and c.reference in asked for c in observations.changes)
    return remedy_for(lead, change, observations.topology.kind_of(lead.service), behind_flag=switched)


def _alerting(case: Case) -> dict[ServiceName, datetime]:
    """Since when alerts fire, by the service they speak of."""
    firing = [alert for alert in case.alerts if alert.status == "firing"]
    latest_first = sorted(firing, key=lambda alert: alert.starts_at, reverse=True)
    return {alert.service: alert.starts_at for alert in latest_first if alert.service is not None}


def _silent(observations: Observations) -> tuple[Gap, ...]:
    if observations.metrics or any(gap.signal == "metrics" for gap in observations.gaps):
        return ()
    return (
        Gap(
            signal="metrics",
            reason="no metric series has a sample in the window",
            remedy="configure a metrics source, or check that the services are scraped",
        ),
    )


def _next_question(ranking: Ranking, verdict: Verdict, gaps: tuple[Gap, ...]) -> str:
    suspect = ranking.hypotheses[0] if ranking.hypotheses else None
    if suspect is not None and suspect.change is not None and any(gap.signal == "metrics" for gap in gaps):
        return f"Did {suspect.change} break {suspect.service}? It came shortly before, and no metric is there to tell."
    if gaps:
        return f"{gaps[0].reason}: {gaps[0].remedy}"
    if not ranking.hypotheses:
        return "Which signal made the alert fire, and does it still hold? Nothing read here is abnormal now."
    lead = ranking.hypotheses[0]
    if verdict == "inconclusive":
        if ranking.harm < 0.5:
            return "Do customers still notice anything? Latency and errors are back to their course."
        return (
            f"What does {lead.service} wait for? It is abnormal, but none of its own resources, changes or "
            "dependencies explains it: look at calls that leave the system."
        )
    others = [h for h in ranking.hypotheses[1:] if h.probability >= _WORTH_ASKING and h.service != lead.service]
    if others:
        return f"Would {_named(others[0])} be seen if {lead.service} were healthy?"
    if lead.change is not None:
        return (
            f"Is {lead.service} well once {lead.change[:12]} is undone, and what would have shown it before it shipped?"
        )
    return _PREVENTION.get(lead.fault, f"Why did {_named(lead)} begin when it did?").replace("SERVICE", lead.service)


def _named(hypothesis: Hypothesis) -> str:
    return f"{hypothesis.fault.replace('_', ' ')} of {hypothesis.service}"
