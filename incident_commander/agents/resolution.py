"""Resolution: the candidate plans, and a vote on them by what each service says of itself."""

from ..actions.catalogue import ActionSpec, Catalogue, OutOfBounds, load_catalogue
from ..analysis.anomaly import deviations_in
from ..analysis.resources import SEEN
from ..analysis.volumes import Filler
from ..analysis.words import sentence
from ..domain.ballot import Judgement
from ..domain.base import Digest, ServiceName, Value
from ..domain.findings import Diagnosis, Evidence, FaultKind, Hypothesis
from ..domain.memory import Experience, Tried
from ..domain.plan import Action, ActionName, Argument, Plan
from ..domain.telemetry import Observations, from_epoch
from .case import Case
from .coverage import coverage
from .preference import abstain, prefer
from .signs import Signs, read_signs
from .verification import checks_for

NAME = "resolution"

MOST_PLANS = 6
"""How many plans are proposed at most, doing nothing among them."""
_CAUSES = 3
_THINKABLE = 0.04
_CARRIED = 1.5
"""Demand, in units of what a service can do at most, beyond which twice the instances would be used up again."""
_WAITING_IS_BETTER = 0.8
"""What of an action's worth is lost where the trouble passes by itself."""
_GROWN = 1.2
_BUSY: tuple[FaultKind, ...] = ("overload", "memory_leak", "disk_full")
_WAITING: frozenset[FaultKind] = frozenset(("connection_pool_exhaustion",))


class Proposal(Value):
    """The candidate plans, the most promising first and doing nothing last; two or more wherever anything is possible.

    Attributes:
        ruled_out: Actions that were thought of and why they are not proposed.
        confidence: That a plan that mends it is among them: the probability of the causes that they address.
    """

    plans: tuple[Plan, ...]
    ruled_out: tuple[str, ...]
    confidence: float


class Prospect(Value):
    """What one service's own signs say of acting on it.

    Attributes:
        fits: How much the service shows each kind of fault itself, in [0, 1].
        demand: Its requests now, in units of what it can do at most; 0 where that is not seen.
        repeated: Whether most of its requests are repeated calls.
        supported: How far its logs and what is felt there bear that out, in [0, 1].
        victim: How much a dependency's trouble explains it, in [0, 1].
        deploys: References of deploys of it, the latest first; `suspects`: of them, those that may have caused it.
        filler: What its volume fills with, where one does.
        passes: How probable it is that its trouble passes by itself, in [0, 1]; why: in words, empty where it does not.
        dependents: How many services depend on it: what a mistake would reach.
        unmet: By action, the precondition that does not hold, in words.
    """

    service: ServiceName
    fits: dict[FaultKind, float]
    demand: float
    repeated: bool
    supported: float
    victim: float
    victim_of: ServiceName | None
    deploys: tuple[str, ...]
    suspects: tuple[str, ...]
    filler: Filler | None
    passes: float
    why: str
    dependents: int
    unmet: dict[ActionName, str]


class ResolutionFindings(Value):
    """What the plans are judged by: one prospect for each service with trouble of its own or with a recent deploy.

    Attributes:
        experience: What came of actions in similar incidents. It can only speak against one.
    """

    prospects: tuple[Prospect, ...]
    services: int
    series_read: int
    evidence: tuple[Evidence, ...]
    confidence: float
    experience: tuple[Experience, ...] = ()


def tell_a_person() -> Plan:
    """The plan to do nothing and tell a person."""
    return Plan(
        action=None,
        addresses=None,
        undo=None,
        reversible=True,
        checks=(),
        rationale="Do nothing and tell a person: right when nothing is wrong, or when nothing here would mend it.",
    )


def propose(case: Case, diagnosis: Diagnosis, catalogue: Catalogue) -> Proposal:
    """Candidate plans for the leading causes within the catalogue's bounds, each with its undo and its checks.

    Never one whose preconditions do not hold, and none that no check would prove.
    """
    observations = case.observations
    signs = read_signs(observations)
    ruled_out: list[str] = []
    plans: list[Plan] = []
    causes = [cause for cause in diagnosis.hypotheses[:_CAUSES] if cause.probability >= _THINKABLE]
    for hypothesis in causes:
        for name in _promising(hypothesis, signs.get(hypothesis.service), observations, catalogue):
            for target in _targets(name, hypothesis, observations):
                _add(plans, ruled_out, _plan(name, target, hypothesis, signs, observations, catalogue))
    if not plans:
        # Nothing fits a cause; put up what could be done where the trouble shows, so that voters have what to refuse.
        for fallback in _where_it_shows(signs):
            for name, spec in catalogue.proposed.items():
                if observations.topology.kind_of(fallback.service) in spec.target_kinds and len(plans) < 2:
                    _add(plans, ruled_out, _plan(name, fallback.service, fallback, signs, observations, catalogue))
    kept = plans[: MOST_PLANS - 1]
    addressed = {(cause, plan.addresses) for plan in kept for cause in _addressed(plan, observations)}
    return Proposal(
        plans=(*kept, tell_a_person()),
        ruled_out=tuple(dict.fromkeys(ruled_out)),
        confidence=min(1.0, sum(cause.probability for cause in causes if (cause.service, cause.fault) in addressed)),
    )


def examine(case: Case) -> ResolutionFindings:
    """Read every service's own signs: used-up resources, own log lines, deploys, and who depends on it."""
    observations = case.observations
    signs = read_signs(observations)
    catalogue = load_catalogue()
    prospects = tuple(
        Prospect(
            service=each.service,
            fits=_fits(each),
            demand=each.demand,
            repeated=each.repeated,
            supported=_support(each),
            victim=_victim(each),
            victim_of=each.explained_by[0] if each.explained_by else None,
            deploys=tuple(change.reference for change in each.deploys),
            suspects=tuple(review.change.reference for review in each.convicted),
            filler=each.filler,
            passes=each.passes.probability if each.passes is not None else 0.0,
            why=each.passes.clue.what if each.passes is not None else "",
            dependents=each.dependents,
            unmet={
                name: missing
                for name, spec in catalogue.proposed.items()
                if (missing := each.unmet(spec.preconditions))
            },
        )
        for each in signs.values()
        if each.deviations or each.deploys or each.leads
    )
    return ResolutionFindings(
        prospects=prospects,
        services=len(signs),
        series_read=len(observations.metrics),
        evidence=(*_evidence(signs, observations), *(each.evidence for each in case.recalled.experience)),
        experience=case.recalled.experience,
        confidence=max(
            (max(p.fits.values(), default=0.0) * p.supported for p in prospects), default=coverage(observations)
        ),
    )


def judge(plans: tuple[Plan, ...], findings: ResolutionFindings) -> Judgement:
    """Score plans by their preconditions, what the target's own signs say, and what a mistake would cost."""
    if findings.series_read == 0:
        return abstain(plans, "no metric could be read, so no precondition can be checked")
    catalogue = load_catalogue()
    prospects = {prospect.service: prospect for prospect in findings.prospects}
    scores: dict[Digest, float] = {}
    why: dict[Digest, str] = {}
    for plan in plans:
        if plan.action is not None:
            scores[plan.digest], why[plan.digest] = _chance(
                plan.action, plan, catalogue[plan.action.name], prospects, findings.services
            )
            failed = next((each for each in findings.experience if _is_of(each, plan.action)), None)
            if failed is not None and failed.refuted:
                scores[plan.digest] *= (1 + failed.proven) / (1 + failed.proven + failed.refuted)
                why[plan.digest] += f"; but {failed.evidence.what}"
    for plan in plans:
        if plan.action is None:
            scores[plan.digest] = 1.0 - max(scores.values(), default=0.0)
            why[plan.digest] = "no target's own logs, changes and resources bear an action out"
    return prefer(plans, scores, findings.confidence, why, tuple(e.reference() for e in findings.evidence))


def _is_of(experience: Experience, action: Action) -> bool:
    return experience.tried == Tried(action=action.name, target=action.target)


def _promising(
    hypothesis: Hypothesis, signs: Signs | None, observations: Observations, catalogue: Catalogue
) -> list[ActionName]:
    """The actions for a cause, the one to prefer first: taking back the change that did it, then the least risky."""
    names = list(catalogue.for_fault(hypothesis.fault, observations.topology.kind_of(hypothesis.service)))
    if hypothesis.fault == "attack_traffic" and "block_sources" not in names:
        names.append("block_sources")  # where they come in, whatever they press
    suspected = signs is not None and bool(signs.convicted)
    return sorted(
        names,
        key=lambda name: (
            0 if name == "rollback" and suspected else 2 if name == "rollback" else 1,
            name != "block_sources",
            name == "restart" and hypothesis.fault == "node_failure",
            name == "failover" and hypothesis.fault == "disk_full",
            signs is not None and not _suits(name, signs.filler),
            name == "scale_out" and signs is not None and (signs.demand > _CARRIED or signs.repeated),
            catalogue[name].risk,
        ),
    )


def _targets(name: ActionName, hypothesis: Hypothesis, observations: Observations) -> list[ServiceName]:
    """Where to act for a cause: at its service, but hostile requests are best refused where they come in."""
    if name != "block_sources":
        return [hypothesis.service]
    edges = [s.name for s in observations.topology.services if s.kind == "edge" and s.name != hypothesis.service]
    return [*sorted(edges), hypothesis.service]


def _addressed(plan: Plan, observations: Observations) -> tuple[ServiceName, ...]:
    """The services whose trouble a plan is to mend."""
    if plan.action is None:
        return ()
    target = plan.action.target
    behind = observations.topology.callees(target) if plan.action.name == "block_sources" else ()
    return (target, *behind)


def _suits(name: ActionName, filler: Filler | None) -> bool:
    """Whether an action fits what a volume fills with: what is left over may go, what grows comes back."""
    if name == "free_storage":
        return filler == "temporary"
    return name != "grow_storage" or filler != "temporary"


def _where_it_shows(signs: dict[ServiceName, Signs]) -> list[Hypothesis]:
    worst = sorted(signs.values(), key=lambda s: (-max((d.score for d in s.deviations), default=0.0), s.service))
    return [Hypothesis(rank=n, service=s.service, fault="unknown", probability=0.0) for n, s in enumerate(worst, 1)]


def _add(plans: list[Plan], ruled_out: list[str], outcome: Plan | str) -> None:
    if isinstance(outcome, str):
        ruled_out.append(outcome)
    elif all(plan.action != outcome.action for plan in plans):
        plans.append(outcome)


def _plan(
    name: ActionName,
    target: ServiceName,
    hypothesis: Hypothesis,
    signs: dict[ServiceName, Signs],
    observations: Observations,
    catalogue: Catalogue,
) -> Plan | str:
    """The plan, or why there is none."""
    spec = catalogue[name]
    own = signs.get(target)
    if own is None:
        return f"{name} of {target}: nothing is known of it"
    missing = own.unmet(spec.preconditions)
    if missing:
        return f"{name} of {target}: {missing}"
    try:
        action = catalogue.action(name, target, _arguments(name, own, hypothesis))
        catalogue.check(action, observations.topology.kind_of(target))
        undo = catalogue.undo(action)
    except OutOfBounds as error:
        return str(error)
    until = observations.window.end.timestamp()
    moved = tuple(d for d in deviations_in(observations.metrics, until) if d.score >= SEEN)
    checks = checks_for(target, spec, moved, observations, (hypothesis.service,))
    if not checks:
        return f"{name} of {target}: no metric would prove it"
    return Plan(
        action=action,
        addresses=hypothesis.fault,
        undo=undo,
        reversible=spec.reversible,
        checks=checks,
        rationale=_rationale(spec, action, hypothesis, own),
    )


def _arguments(name: ActionName, signs: Signs, hypothesis: Hypothesis) -> dict[str, Argument]:
    """Arguments measured where the signs say how much is needed; the catalogue's defaults otherwise."""
    if name == "rollback":
        known = {change.reference for change in signs.deploys}
        if hypothesis.change in known and hypothesis.change is not None:
            return {"reference": hypothesis.change}
        suspects = [review.change.reference for review in signs.convicted]
        return {"reference": (suspects or [change.reference for change in signs.deploys])[0]}
    return {}


def _rationale(spec: ActionSpec, action: Action, hypothesis: Hypothesis, signs: Signs) -> str:
    fault = hypothesis.fault.replace("_", " ")
    what = (
        f"{spec.word} {action.target} ({spec.summary}), because of {fault} of {hypothesis.service} "
        f"with probability {hypothesis.probability:.0%}"
        if hypothesis.probability > 0
        else f"{spec.word} {action.target} ({spec.summary}): the trouble shows there, but no cause was found"
    )
    if action.name == "rollback":
        reference = action.arguments["reference"]
        review = next((r for r in signs.convicted if r.change.reference == reference), None)
        what += f"; deploy {reference}: " + (review.reason if review else "nothing but its time speaks against it")
    back = "can be taken back" if spec.reversible else "cannot be taken back"
    return f"{what[0].upper()}{what[1:]}. It {back}; while it runs {spec.disturbs:.0%} of the capacity is away."


def _fits(signs: Signs) -> dict[FaultKind, float]:
    """How much a service shows each kind of fault: what it ran out of, or slowness that nothing of that explains.

    Processors that are busy although no more requests come do not explain slowness: the same requests take more.
    """
    fits = dict(signs.strengths)
    explaining = [fault for fault in _BUSY if fault != "overload" or signs.grown > _GROWN]
    idle = 1.0 - max((fits.get(fault, 0.0) for fault in explaining), default=0.0)
    stalls = signs.slow * idle
    if stalls > 0.3 and signs.explained_by is None:
        fits["node_failure"] = stalls
        # Connections are held longer where every call takes longer: the pool is not what failed.
        if "connection_pool_exhaustion" in fits:
            fits["connection_pool_exhaustion"] *= 1.0 - 0.5 * stalls
    if not fits and signs.symptom > 0:
        fits["unknown"] = 0.5 * signs.symptom
    return fits


def _support(signs: Signs) -> float:
    """How far logs and symptoms bear a service's own trouble out: a lone gauge may be wrong."""
    logs = 1.0 if signs.own_logs else 0.0
    blamed = 1.0 if signs.blamed_by else 0.0
    felt = min(1.0, 2.0 * signs.symptom)
    led = max((min(1.0, 1.25 * lead.strength) for lead in signs.leads), default=0.0)
    return min(1.0, max(led, 0.2 + 0.4 * max(logs, 0.7 * blamed) + 0.4 * felt))


def _victim(signs: Signs) -> float:
    """How much another's trouble explains the service's: what waits is explained by what it waits for."""
    if signs.explained_by is None:
        return 0.0
    waits = all(fault in _WAITING for fault, strength in signs.strengths.items() if strength > 0.2)
    share = signs.explained_by[1] * (1.0 if waits else 0.3)
    return min(1.0, share * (1.2 if signs.explained_by[0] in signs.blames else 1.0))


def _chance(
    action: Action, plan: Plan, spec: ActionSpec, prospects: dict[ServiceName, Prospect], services: int
) -> tuple[float, str]:
    """Chance that the action mends it and nothing goes wrong, by the target's own signs; and why."""
    prospect = prospects.get(action.target)
    if prospect is None:
        return 0.0, f"nothing of {action.target} itself is abnormal"
    if action.name in prospect.unmet:
        return 0.0, prospect.unmet[action.name]
    fit = max((strength for fault, strength in prospect.fits.items() if fault in spec.addresses), default=0.0)
    suspect = action.arguments.get("reference") in prospect.suspects
    if action.name == "rollback" and suspect:
        fit = max(fit, prospect.fits.get("unknown", 0.0))
    if action.name == "scale_out" and (prospect.demand > _CARRIED or prospect.repeated):
        fit *= 0.7
    if not _suits(action.name, prospect.filler):
        fit *= 0.6
    if action.name != "block_sources" and "attack_traffic" in prospect.fits:
        fit *= 0.8
    score = fit * prospect.supported * (1.0 - prospect.victim)
    reason = f"{action.target}'s own resources, logs and latency show what {action.name} mends"
    if action.name == "rollback" and not suspect:
        score, reason = 0.1 * score, f"the deploy of {action.target} does not fit its trouble in time or content"
    elif action.name != "rollback" and prospect.suspects and "rollback" not in prospect.unmet:
        score, reason = 0.7 * score, f"a recent deploy of {action.target} may have done it, and would do it again"
    elif prospect.victim > 0.5:
        reason = f"{action.target} waits for {prospect.victim_of}, which is in trouble itself"
    score *= 1.0 - _WAITING_IS_BETTER * prospect.passes
    if prospect.passes > 0.5:
        reason = f"it may well pass by itself: {prospect.why}"
    reach = prospect.dependents / services if services else 0.0
    mistake = spec.risk * (0.5 + 0.5 * reach) * (1.0 if plan.reversible else 1.2)
    return score * (1.0 - 0.5 * mistake), reason


def _evidence(signs: dict[ServiceName, Signs], observations: Observations) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    for each in signs.values():
        for lead in each.leads[:1]:
            clue = max(lead.clues, key=lambda c: c.weight)
            found.append(
                Evidence(
                    signal=clue.signal, what=clue.what, when=from_epoch(lead.onset), service=each.service,
                    weight=clue.weight, provenance=observations.provenance_of(clue.signal, each.service),
                )
            )  # fmt: skip
        if not each.deviations:
            continue
        worst = max(each.deviations, key=lambda d: d.score)
        found.append(
            Evidence(
                signal="metrics", what=sentence(worst), when=from_epoch(worst.onset), service=each.service,
                weight=2.0 * worst.score, provenance=observations.provenance_of("metrics", each.service),
            )
        )  # fmt: skip
        for pattern in each.own_logs[:1]:
            found.append(
                Evidence(
                    signal="logs", what=f"{each.service} logs {pattern}",
                    when=pattern.first_seen, service=each.service, weight=1.0,
                    provenance=observations.provenance_of("logs", each.service),
                )
            )  # fmt: skip
        for review in each.convicted[:1]:
            found.append(
                Evidence(
                    signal="changes", what=f"deploy {review.change.reference}: {review.reason}",
                    when=review.change.at, service=each.service, weight=1.0,
                    provenance=observations.provenance_of("changes", each.service),
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda e: -e.weight)[:12])
