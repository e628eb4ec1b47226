"""Prediction: what breaks next and when, and how the world would look after each plan. From trends and capacities."""

import math
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from ..actions.catalogue import ActionSpec, load_catalogue
from ..analysis.anomaly import Deviation, clean, deviations_in
from ..analysis.call_graph import call_graph
from ..analysis.forecast import Forecast, time_to_limit
from ..analysis.leads import leads_in
from ..analysis.metric_kinds import NO_TROUBLE, Resource, meaning_of
from ..analysis.resources import SEEN, fault_shown, harm_now, is_symptom, onset_of, waits_for_callee
from ..analysis.surge import are_repeated
from ..analysis.words import amount, sentence
from ..domain.ballot import Judgement
from ..domain.base import Digest, ServiceName, Value
from ..domain.findings import Evidence, FaultKind, Prediction
from ..domain.plan import Action, Plan
from ..domain.telemetry import MetricSeries, Topology, from_epoch
from .case import Case
from .coverage import coverage
from .error_budget import budget_told
from .preference import abstain, prefer

NAME = "prediction"

HORIZON = timedelta(minutes=30)
"""How far ahead it looks."""
FULL = 0.9
"""Share of a capacity from which a resource counts as used up: queueing makes waits explode beyond it."""
_PERSISTS = timedelta(minutes=10)
_NEVER = timedelta(days=365)
"""A crossing further away than this is none: the trend is as good as level."""
_SUSPECT_DEPLOY_SECONDS = 1800.0
_DRIVES_SECONDS = 120.0
_REPORTED = 6
_REPEATED = 0.75
"""What repeated calls leave of a resource's use where more of it is added: they take what they get."""
_GOES_ON = 0.3
"""What an attack that is not refused takes of the relief: it asks for more where it gets more."""
_SLOW_STAYS = 0.9
"""How probable it is that a volume or a cache that became worse does not get better by itself."""
_STAYS = 0.3
"""How probable it is that trouble stays which has a reason to pass by itself."""


class Load(Value):
    """A resource of a service: the share of its capacity in use now, its usual share, and where it leads.

    Attributes:
        fills: Probability that it is used up within the horizon, or is already, in [0, 1].
        began: When it left its course, seconds since the epoch; None while it keeps it.
        waits: How far it is a slow callee that fills it, in [0, 1].
    """

    service: ServiceName
    resource: Resource
    fault: FaultKind
    usual: float
    now: float
    fills: float
    began: float | None
    waits: float


class Deployed(Value):
    """A change of a service, and how long before its trouble it came, in seconds; None: it has no trouble."""

    service: ServiceName
    reference: str
    before_seconds: float | None


class PredictionFindings(Value):
    """What will happen if nobody acts, and what the judging of plans is computed from.

    Attributes:
        persists: Probability that there is still harm in ten minutes if nobody acts.
        repeated: Services whose callers repeat what fails: the loop ends once fewer requests are let in.
        attacked: By service, how far what presses it are hostile requests, in [0, 1].
        stalls: How much longer than usual volumes take, or how much less caches answer, by service, in [0, 1].
        misused: By service, how far calls are made under its identity that its requests do not explain, in [0, 1].
        calls: Who depends on whom, for what a plan sends downstream.
        symptoms: How much latency, errors or availability of each service are off, in [0, 1].
    """

    predictions: tuple[Prediction, ...]
    loads: tuple[Load, ...]
    deployed: tuple[Deployed, ...]
    symptoms: dict[ServiceName, float]
    calls: tuple[tuple[ServiceName, ServiceName], ...]
    persists: float
    repeated: tuple[ServiceName, ...]
    attacked: dict[ServiceName, float]
    stalls: dict[ServiceName, float]
    misused: dict[ServiceName, float]
    series_read: int
    evidence: tuple[Evidence, ...]
    confidence: float


def examine(case: Case) -> PredictionFindings:
    """Forecast every resource that has an end and every symptom that lasts."""
    observations = case.observations
    until = observations.window.end.timestamp()
    found = tuple(d for d in deviations_in(observations.metrics, until) if d.score >= SEEN)
    by_series = {(d.series.service, d.series.metric): d for d in found}
    cost = case.impact.usd_per_minute if case.impact is not None else None
    loads: list[Load] = []
    predictions: list[Prediction] = []
    for series in observations.metrics:
        deviation = by_series.get((series.service, series.metric))
        load, forecast = _load(series, deviation, observations.topology, found)
        if load is None:
            continue
        loads.append(load)
        if forecast is not None and deviation is not None and deviation.harmful and deviation.ongoing:
            prediction = _filling(case, deviation, forecast, cost)
            if prediction is not None:
                predictions.append(prediction)
    lasting = [d for d in found if is_symptom(d) and d.harmful and d.ongoing]
    predictions.extend(_lasting(case, d, cost) for d in lasting[:3])
    predictions.sort(key=lambda p: (-p.probability, p.by, p.service, p.metric))
    abnormal = tuple(d for d in found if d.harmful and d.ongoing)
    leads = leads_in(observations)
    filling = max((p.probability for p in predictions if meaning_of(p.metric, p.unit).resource == "disk"), default=0.0)
    full = max((load.fills for load in loads if load.resource == "disk" and load.began is not None), default=0.0)
    stalls = {lead.service: lead.strength for lead in leads.leads if lead.fault == "node_failure"}
    misused = {lead.service: lead.strength for lead in leads.leads if lead.fault == "credential_compromise"}
    harm = harm_now(found, case.impact) * (1.0 - (1.0 - _STAYS) * leads.passes)
    troubled: dict[ServiceName, list[Deviation]] = {}
    symptoms: dict[ServiceName, float] = {}
    for d in abnormal:
        if d.meaning.kind not in NO_TROUBLE:
            troubled.setdefault(d.series.service, []).append(d)
        if is_symptom(d):
            symptoms[d.series.service] = max(symptoms.get(d.series.service, 0.0), min(1.0, d.score))
    began = {service: onset_of(tuple(own)) for service, own in troubled.items()}
    graph = call_graph(observations)
    return PredictionFindings(
        predictions=tuple(predictions[:_REPORTED]),
        loads=tuple(sorted(loads, key=lambda load: (-load.fills, load.service, load.resource))),
        deployed=tuple(
            Deployed(
                service=change.service,
                reference=change.reference,
                before_seconds=began[change.service] - change.at.timestamp() if change.service in began else None,
            )
            for change in observations.changes
            if change.service is not None and change.kind in ("deploy", "config", "flag", "commit")
        ),
        symptoms=symptoms,
        calls=observations.topology.calls,
        persists=max(harm, filling, full, *misused.values(), *(_SLOW_STAYS * stall for stall in stalls.values())),
        repeated=tuple(sorted(s for s in symptoms if are_repeated(s, found, graph))),
        attacked={lead.service: lead.strength for lead in leads.leads if lead.fault == "attack_traffic"},
        stalls=stalls,
        misused=misused,
        series_read=len(observations.metrics),
        evidence=tuple(
            Evidence(
                signal="metrics", what=sentence(d), when=from_epoch(d.onset), service=d.series.service,
                weight=2.0 * d.score, provenance=observations.provenance_of("metrics", d.series.service),
            )
            for d in found[:_REPORTED]
        ),
        confidence=max((d.score for d in found), default=coverage(observations)),
    )  # fmt: skip


def judge(plans: tuple[Plan, ...], findings: PredictionFindings) -> Judgement:
    """Score plans by how the world would look after each: relief at the target, less what it disturbs and overloads."""
    if findings.series_read == 0:
        return abstain(plans, "no metric could be read, so nothing can be forecast")
    catalogue = load_catalogue()
    scores: dict[Digest, float] = {}
    why: dict[Digest, str] = {}
    for plan in plans:
        if plan.action is None:
            continue
        spec = catalogue[plan.action.name]
        relief, because = _relief(plan.action, spec, findings)
        harm, victim = _harm(plan.action, spec, findings)
        if plan.action.name != "block_sources":
            relief *= 1.0 - _GOES_ON * findings.attacked.get(plan.action.target, 0.0)
        scores[plan.digest] = findings.persists * relief * (1.0 - 0.5 * spec.risk) * (1.0 - harm)
        why[plan.digest] = because if harm < 0.5 else f"it would overload {victim}"
    for plan in plans:
        if plan.action is None:
            scores[plan.digest] = 1.0 - max(scores.values(), default=0.0)
            why[plan.digest] = (
                f"left alone it is over in {_PERSISTS.seconds // 60} min or harms nobody"
                if findings.persists < 0.5
                else "no plan is expected to bring relief"
            )
    return prefer(plans, scores, findings.confidence, why, tuple(e.reference() for e in findings.evidence))


def _load(
    series: MetricSeries, deviation: Deviation | None, topology: Topology, found: tuple[Deviation, ...]
) -> tuple[Load | None, Forecast | None]:
    """The resource a series speaks of; None where it is no resource with an end and does not deviate either."""
    meaning = meaning_of(series.metric, series.unit)
    if meaning.kind != "saturation":
        return None, None
    times, values = clean(series.timestamps, series.values)
    if values.size < 5:
        return None, None
    capacity = meaning.capacity(series.unit, float(values.max()))
    latest = float(np.median(values[-5:]))
    abnormal = deviation is not None and deviation.harmful and deviation.ongoing
    began = deviation.onset if deviation is not None and abnormal else None
    fault = fault_shown(deviation, topology.kind_of(series.service), found) if deviation is not None else "unknown"
    waits = waits_for_callee(deviation, found, topology.callees(series.service)) if deviation is not None else 0.0
    if capacity is None:
        if deviation is None or not abnormal:
            return None, None
        # Without an end, far above the usual is what counts as used up.
        factor = abs(deviation.excursion.latest) / max(abs(deviation.excursion.baseline), deviation.excursion.spread)
        share = float(min(1.0, factor / 10.0))
        load = Load(
            service=series.service, resource=meaning.resource, fault=fault, usual=min(share, 0.1), now=share,
            fills=deviation.score * share, began=began, waits=waits,
        )  # fmt: skip
        return load, None
    usual = (deviation.excursion.baseline if deviation is not None else float(np.median(values))) / capacity
    forecast = None
    fills = float(np.clip((latest / capacity - 0.75) / (FULL - 0.75), 0.0, 1.0))
    if deviation is not None and abnormal:
        recent = times >= deviation.onset
        forecast = time_to_limit(times[recent], values[recent], FULL * capacity, "above", HORIZON.total_seconds())
        if forecast is not None:
            fills = max(fills, forecast.probability)
    load = Load(
        service=series.service, resource=meaning.resource, fault=fault, usual=usual, now=latest / capacity,
        fills=fills, began=began, waits=waits,
    )  # fmt: skip
    return load, forecast


def _filling(case: Case, deviation: Deviation, forecast: Forecast, cost: Decimal | None) -> Prediction | None:
    """`disk utilisation crosses 90 % by ...`: None where it is there already or not going to."""
    if deviation.capacity is None or forecast.seconds in (None, 0.0) or forecast.probability < 0.5:
        return None
    series, limit = deviation.series, FULL * deviation.capacity
    latest = forecast.latest if forecast.latest is not None else HORIZON.total_seconds()
    return Prediction(
        service=series.service,
        metric=series.metric,
        unit=series.unit,
        direction="above",
        threshold=limit,
        by=case.now + timedelta(seconds=round(min(max(latest, 60.0), HORIZON.total_seconds()), 3)),
        probability=round(min(forecast.probability, 0.95), 3),
        usd_per_minute=cost,
        basis=(
            f"{sentence(deviation)}; it grows by {amount(forecast.slope * 60, series.unit)} a minute and is at "
            f"{amount(forecast.level, series.unit)}"
        ),
        earliest=_time_of(case, forecast.earliest),
        latest=_time_of(case, forecast.latest),
    )


def _time_of(case: Case, seconds: float | None) -> datetime | None:
    """A time so long after now; None for never, which years are as well."""
    if seconds is None or seconds > _NEVER.total_seconds():
        return None
    return case.now + timedelta(seconds=round(seconds, 3))


def _lasting(case: Case, deviation: Deviation, cost: Decimal | None) -> Prediction:
    """A symptom that does not go away by itself: still beyond half of its present distance in ten minutes."""
    excursion = deviation.excursion
    threshold = 0.5 * (excursion.baseline + excursion.latest)
    return Prediction(
        service=deviation.series.service,
        metric=deviation.series.metric,
        unit=deviation.series.unit,
        direction="above" if excursion.direction == "up" else "below",
        threshold=threshold,
        by=case.now + _PERSISTS,
        probability=round(min(0.9, 0.5 + 0.4 * deviation.score), 3),
        usd_per_minute=cost,
        basis=f"{sentence(deviation)} and has not come back{budget_told(deviation.series, case.now)}",
    )


def _relief(action: Action, spec: ActionSpec, findings: PredictionFindings) -> tuple[float, str]:
    """How much of what fills or fails at the target the action takes away, in [0, 1], and why."""
    loads = [
        (load, load.began, load.fills)
        for load in findings.loads
        if load.service == action.target and load.began is not None and load.fills > 0.05
    ]
    known = _known_relief(action, findings)
    if known is not None:
        return known
    best, because = 0.0, f"nothing at {action.target} would be relieved by it"
    # What ran out first drives the rest: relief of a later one does not last while the first is still used up.
    first = min((began for _, began, _ in loads), default=0.0)
    whole = sum(fills * math.exp(-(began - first) / _DRIVES_SECONDS) for _, began, fills in loads)
    relieved = 0.0
    for load, began, fills in loads:
        if load.fault not in spec.addresses:
            continue
        after = _after(action, load, findings)
        eased = float(np.clip((load.now - after) / max(load.now - min(load.usual, 0.6), 0.05), 0.0, 1.0))
        part = eased * (1.0 - load.waits) * fills * math.exp(-(began - first) / _DRIVES_SECONDS) / whole
        relieved += part
        if part > best:
            best = part
            because = f"{load.resource} use of {action.target} would go from {load.now:.0%} to about {after:.0%}"
    best = relieved * max((fills for _, _, fills in loads), default=0.0)
    if not loads and action.target in findings.symptoms and action.name == "rollback" and _deployed(action, findings):
        best = 0.7 * findings.symptoms[action.target]
        because = f"{action.target} was changed shortly before its trouble began, and going back undoes that"
    return best, because


def _known_relief(action: Action, findings: PredictionFindings) -> tuple[float, str] | None:
    """The relief of actions against what no used-up resource shows; None for the others."""
    target = action.target
    match action.name:
        case "block_sources":
            behind = _behind(target, findings.calls)
            pressed = {s: strength for s, strength in findings.attacked.items() if s == target or s in behind}
            if not pressed:
                return 0.0, f"no hostile requests press {target} or what lies behind it"
            most = max(pressed, key=lambda service: (pressed[service], service))
            return pressed[most], f"{most} would have its customers' requests alone to answer"
        case "revoke_credentials":
            if target not in findings.misused:
                return 0.0, f"nobody else is seen to use the credentials of {target}"
            return findings.misused[target], f"what others do with the credentials of {target} would end"
        case "failover" if target in findings.stalls:
            return findings.stalls[target], f"the standby of {target} does not share what slows it"
        case _:
            return None


def _behind(service: ServiceName, calls: tuple[tuple[ServiceName, ServiceName], ...]) -> frozenset[ServiceName]:
    """All services that requests to a service reach."""
    reached: frozenset[ServiceName] = frozenset()
    layer = frozenset((service,))
    while layer:
        layer = frozenset(callee for caller, callee in calls if caller in layer) - reached - {service}
        reached |= layer
    return reached


def _after(action: Action, load: Load, findings: PredictionFindings) -> float:
    """The share of the capacity in use once the action has worked."""
    match action.name:
        case "scale_out" if action.target in findings.repeated:
            return load.now * _REPEATED
        case "scale_out" | "raise_pool" | "grow_storage":
            return load.now / max(_number(action, "factor", 2.0), 0.1)
        case "rate_limit" if action.target in findings.repeated:
            return load.usual
        case "rate_limit":
            return load.now * _number(action, "admit", 0.7)
        case "restart" | "failover" | "free_storage":
            return load.usual
        case "block_sources" | "revoke_credentials" | "redrive" | "pause" | "runbook":
            return load.now
        case "rollback":
            return load.usual if _deployed(action, findings) else load.now


def _harm(action: Action, spec: ActionSpec, findings: PredictionFindings) -> tuple[float, ServiceName]:
    """What the action overloads, in [0, 1], and where: capacity away while it runs, or load sent to a full callee."""
    harm, victim = 0.3 * spec.disturbs, action.target
    if action.name in ("scale_out", "raise_pool"):
        for caller, callee in findings.calls:
            if caller != action.target:
                continue
            for load in findings.loads:
                if load.service == callee and load.resource in ("pool", "cpu") and load.fills > harm and load.now > 0.7:
                    harm, victim = load.fills, callee
    return min(1.0, harm), victim


def _deployed(action: Action, findings: PredictionFindings) -> bool:
    """Whether the change to take back came to the target shortly before its trouble."""
    return any(
        deployed.service == action.target
        and deployed.reference == action.arguments.get("reference")
        and deployed.before_seconds is not None
        and -60.0 <= deployed.before_seconds <= _SUSPECT_DEPLOY_SECONDS
        for deployed in findings.deployed
    )


def _number(action: Action, name: str, default: float) -> float:
    value = action.arguments.get(name, default)
    return default if isinstance(value, str) else float(value)
