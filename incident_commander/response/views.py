"""What /ops shows, as plain values computed from incidents, their alerts and the ledger's events: no I/O, no clock.

Every text is ready to show; numbers that a test or a program wants stand beside it. All of it is data for people: a
page renders it as text, never as markup.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal

from ..domain.alert import Alert
from ..domain.ballot import AGENTS, VOTERS, AgentName, QuorumRule, SignedBallot, Tally
from ..domain.base import Digest, IncidentId, Value
from ..domain.event import AgentRun, Event, Update
from ..domain.findings import Evidence, Hypothesis, Prediction, PredictionOutcome
from ..domain.incident import STAGES, Incident, Stage
from ..domain.plan import Check, CheckOutcome, Plan, Receipt
from ..domain.provenance import Figure
from ..domain.telemetry import Gap
from . import view_text as text
from .record import IncidentRecord
from .view_timeline import TimelineRow, timeline_row

NOTHING = "-"
"""Stands where there is no value yet."""

TIMELINE_ROWS = 200
"""The newest events that a page carries; the API has them all."""

VOTE_STATES = ("for", "other", "abstained", "rejected", "missing")
"""As they are drawn, from the left."""

STAGE_AGENTS: dict[Stage, tuple[AgentName, ...]] = {
    "detect": ("detection",),
    "diagnose": ("diagnosis",),
    "predict": ("prediction",),
    "propose": ("resolution",),
    "deliberate": VOTERS,
    "verify": ("verification",),
    "communicate": ("communication",),
    "learn": ("communication",),
}
"""Who works in a stage; authorise and execute are policy's and the executor's."""


class FigureRow(Value):
    """A figure with its provenance badge; `text` says so where it is not known yet."""

    name: str
    text: str
    known: bool
    value: float | None
    unit: str
    kind: str
    source: str
    note: str


class HealthRow(Value):
    """One dependency. `detail` says what is wrong and how to mend it, or what it is."""

    name: str
    state: Literal["ok", "degraded", "down", "off"]
    detail: str


class AgentRow(Value):
    """One agent over its recent runs; durations are wall time."""

    name: AgentName
    label: str
    work: str
    state: Literal["working", "idle", "failed", "waiting"]
    state_text: str
    confidence: float | None
    confidence_text: str
    runs: int
    failures: int
    p50_text: str
    p95_text: str
    error: str


class IncidentRow(Value):
    """One incident in the list."""

    id: str
    title: str
    status: str
    status_text: str
    severity: str
    verdict_text: str
    services: str
    sources: str
    alerts: str
    opened: str
    clock: str
    clock_text: str


class StageRow(Value):
    """One of the ten stages, in order."""

    name: Stage
    label: str
    state: Literal["done", "active", "pending", "skipped"]
    state_text: str


class AlertRow(Value):
    """One condition, with every door it came in by."""

    fingerprint: str
    name: str
    service: str
    severity: str
    status: str
    sources: str
    began: str
    summary: str
    reason: str


class IncidentHead(Value):
    """The shown incident in brief; `id` empty where there is none."""

    id: str = ""
    title: str = ""
    status: str = ""
    status_text: str = ""
    severity: str = ""
    verdict: str = ""
    verdict_text: str = ""
    cause: str = ""
    first_failing: str = ""
    blast_radius: str = ""
    next_question: str = ""
    clock: str = ""
    clock_text: str = ""
    began: str = ""
    opened: str = ""
    ended: str = ""
    lasted: str = ""
    practice_run: str = ""
    events: int = 0
    hidden_events: int = 0
    postmortem: str = ""
    cost: str = ""


class EvidenceRow(Value):
    """One observation for or against a hypothesis."""

    signal: str
    what: str
    at: str
    weight: str
    kind: str
    source: str


class HypothesisRow(Value):
    """One possible root cause."""

    rank: int
    service: str
    fault: str
    change: str
    probability: float
    probability_text: str
    leading: bool
    evidence: tuple[EvidenceRow, ...]
    against: tuple[EvidenceRow, ...]
    counts: str


class VoteRow(Value):
    """One voter's place in the round."""

    voter: str
    label: str
    state: Literal["for", "other", "abstained", "rejected", "missing"]
    state_text: str
    choice: str
    confidence_text: str
    reason: str


class RejectionRow(Value):
    """A ballot that was not counted."""

    voter: str
    reason: str
    detail: str


class QuorumView(Value):
    """Where the vote stands against the line.

    Attributes:
        leading: The number of votes for the plan that leads.
        slots: The states of the votes, those for the leading plan first, to draw against the line.
    """

    state: Literal["none", "voting", "reached", "failed"] = "none"
    text: str = ""
    round: int = 0
    n: int = 0
    required: int = 0
    leading: int = 0
    leading_plan: str = ""
    reason: str = ""
    slots: tuple[str, ...] = ()
    votes: tuple[VoteRow, ...] = ()
    rejected: tuple[RejectionRow, ...] = ()


class PlanRow(Value):
    """One candidate plan."""

    digest: str
    text: str
    addresses: str
    undo: str
    rationale: str
    votes: int
    votes_text: str
    chosen: bool


class ActionView(Value):
    """What was done, by whose leave, and the certificate that allowed it."""

    state: Literal["none", "waiting", "requested", "applied", "not_applied", "refused", "nothing"] = "none"
    state_text: str = ""
    text: str = ""
    detail: str = ""
    at: str = ""
    kind: str = ""
    source: str = ""
    policy: str = ""
    approval: str = ""
    rollback: str = ""
    rollback_state: str = ""
    certificate: str = ""
    certificate_text: str = ""


class CheckRow(Value):
    """A check registered before the action, with its outcome."""

    text: str
    state: Literal["met", "unmet", "pending"]
    state_text: str
    observed: str
    reason: str
    guard: bool


class PredictionRow(Value):
    """A prediction with its outcome."""

    text: str
    by: str
    probability_text: str
    cost: str
    basis: str
    state: Literal["hit", "miss", "unscored", "pending"]
    state_text: str
    reason: str


class UpdateRow(Value):
    """A message to people, and where it really went."""

    at: str
    audience: str
    subject: str
    body: str
    delivered: str
    failed: bool


class GapRow(Value):
    """Something the investigation could not see."""

    signal: str
    reason: str
    remedy: str


class OpsView(Value):
    """Everything /ops shows. The first four fields are alike for every viewer; the others are of one incident."""

    incidents: tuple[IncidentRow, ...] = ()
    agents: tuple[AgentRow, ...] = ()
    figures: tuple[FigureRow, ...] = ()
    health: tuple[HealthRow, ...] = ()
    head: IncidentHead = IncidentHead()
    stages: tuple[StageRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    hypotheses: tuple[HypothesisRow, ...] = ()
    quorum: QuorumView = QuorumView()
    plans: tuple[PlanRow, ...] = ()
    action: ActionView = ActionView()
    checks: tuple[CheckRow, ...] = ()
    predictions: tuple[PredictionRow, ...] = ()
    updates: tuple[UpdateRow, ...] = ()
    gaps: tuple[GapRow, ...] = ()


def build_ops_view(
    incidents: Sequence[Incident],
    events_of_open_incident: Sequence[Event],
    agent_runs: Sequence[AgentRun],
    alerts: Mapping[IncidentId, Sequence[Alert]],
    figures: Sequence[Figure],
    health: Sequence[HealthRow],
    now: datetime,
    rule: QuorumRule,
) -> OpsView:
    """Compute what /ops shows.

    Args:
        incidents: The recent ones, newest first.
        events_of_open_incident: Those of the one incident to show in detail, oldest first; empty: none is shown. It
            must be among `incidents`.
        agent_runs: The payloads of recent `agent.ran` events, oldest first.
        alerts: Of each of `incidents`.
        now: On the shown incident's clock, for how long it has lasted.
        rule: The quorum line that votes are shown against.
    """
    agents = tuple(_agent(name, agent_runs, incidents) for name in AGENTS)
    board = OpsView(
        incidents=tuple(_incident(incident, alerts.get(incident.id, ())) for incident in incidents),
        agents=agents,
        figures=tuple(_figure(figure) for figure in figures),
        health=tuple(health),
    )
    shown = _shown(incidents, events_of_open_incident)
    if shown is None:
        return board
    record = IncidentRecord(shown, tuple(events_of_open_incident))
    return board.model_copy(
        update={
            "head": _head(record, now),
            "stages": _stages(record),
            "alerts": _alerts(shown, alerts.get(shown.id, ())),
            "timeline": tuple(timeline_row(event, record.plans) for event in reversed(record.events[-TIMELINE_ROWS:])),
            "hypotheses": _hypotheses(record),
            "quorum": _quorum(record, rule),
            "plans": _plans(record),
            "action": _action(record),
            "checks": _checks(record),
            "predictions": _predictions(record),
            "updates": _updates(record),
            "gaps": _gaps(record),
        }
    )


def _shown(incidents: Sequence[Incident], events: Sequence[Event]) -> Incident | None:
    if not events:
        return None
    return next((incident for incident in incidents if incident.id == events[0].incident_id), None)


def _figure(figure: Figure) -> FigureRow:
    known = figure.value is not None and figure.provenance.available
    return FigureRow(
        name=figure.name[:1].upper() + figure.name[1:],
        text=text.quantity(figure.value, figure.unit) if figure.value is not None and known else "not known yet",
        known=known,
        value=figure.value if known else None,
        unit=figure.unit,
        kind=figure.provenance.kind,
        source=figure.provenance.source,
        note=figure.detail or figure.provenance.reason,
    )


def _agent(name: AgentName, agent_runs: Sequence[AgentRun], incidents: Sequence[Incident]) -> AgentRow:
    runs = [run for run in agent_runs if run.agent == name]
    failed = [run for run in runs if run.error]
    durations = sorted(run.duration_ms for run in runs if not run.error)
    working = any(incident.stage and name in STAGE_AGENTS.get(incident.stage, ()) for incident in incidents)
    confidence = next((run.confidence for run in reversed(runs) if run.confidence is not None), None)
    last_failed = bool(runs) and bool(runs[-1].error)
    state: Literal["working", "idle", "failed", "waiting"] = (
        "working" if working else "waiting" if not runs else "failed" if last_failed else "idle"
    )
    state_text = {"working": "Working", "waiting": "Not run yet", "failed": "Last run failed", "idle": "Idle"}
    return AgentRow(
        name=name,
        label=text.sentence(name),
        work=text.AGENT_WORK[name],
        state=state,
        state_text=state_text[state],
        confidence=confidence,
        confidence_text=text.share(confidence) if confidence is not None else NOTHING,
        runs=len(runs),
        failures=len(failed),
        p50_text=text.milliseconds(_quantile(durations, 0.5)) if durations else NOTHING,
        p95_text=text.milliseconds(_quantile(durations, 0.95)) if durations else NOTHING,
        error=failed[-1].error if last_failed else "",
    )


def _quantile(ascending: Sequence[float], q: float) -> float:
    """Nearest-rank quantile: always a value that was measured."""
    return ascending[max(0, math.ceil(q * len(ascending) - 1e-9) - 1)]


def _incident(incident: Incident, alerts: Sequence[Alert]) -> IncidentRow:
    latest = _latest_by_fingerprint(alerts)
    firing = sum(1 for alert in latest.values() if alert.status == "firing")
    count = len(latest)
    return IncidentRow(
        id=incident.id,
        title=incident.title,
        status=incident.status,
        status_text=text.sentence(incident.status),
        severity=incident.severity,
        verdict_text=f"Cause {incident.verdict}" if incident.verdict else "No verdict yet",
        services=", ".join(incident.services) or "no service named",
        sources=" + ".join(incident.sources),
        alerts=f"{count} alert{'' if count == 1 else 's'}, {firing} firing",
        opened=text.date_time(incident.opened_at),
        clock=incident.clock,
        clock_text=_clock_text(incident),
    )


def _clock_text(incident: Incident) -> str:
    return "Simulated time" if incident.clock == "simulated" else "Wall clock"


def _head(record: IncidentRecord, now: datetime) -> IncidentHead:
    incident, diagnosis, comparison = record.incident, record.diagnosis, record.comparison
    cause = diagnosis.cause if diagnosis else None
    postmortem = record.latest("postmortem.written")
    markdown = postmortem.payload.get("markdown") if postmortem else None
    cost = ""
    if comparison is not None:
        cost = (
            f"Customer cost {text.usd(comparison.ours_usd)}; modelled human on the same seed "
            f"{text.usd(comparison.human_usd)}, nobody {text.usd(comparison.nobody_usd)} "
            f"({comparison.provenance.kind})"
        )
    return IncidentHead(
        id=incident.id,
        title=incident.title,
        status=incident.status,
        status_text=text.sentence(incident.status),
        severity=incident.severity,
        verdict=incident.verdict or "",
        verdict_text=text.sentence(incident.verdict) if incident.verdict else "Not judged yet",
        cause=f"{cause.service}: {text.words(cause.fault)}" if cause else "",
        first_failing=diagnosis.first_failing or "" if diagnosis else "",
        blast_radius=", ".join(diagnosis.blast_radius) if diagnosis else "",
        next_question=diagnosis.next_question if diagnosis else "",
        clock=incident.clock,
        clock_text=_clock_text(incident),
        began=text.date_time(incident.began_at),
        opened=text.date_time(incident.opened_at),
        ended=text.date_time(incident.ended_at) if incident.ended_at else "",
        lasted=text.time_between(incident.began_at, incident.ended_at or max(now, incident.opened_at)),
        practice_run=incident.practice_run or "",
        events=len(record.events),
        hidden_events=max(0, len(record.events) - TIMELINE_ROWS),
        postmortem=markdown if isinstance(markdown, str) else "",
        cost=cost,
    )


def _stages(record: IncidentRecord) -> tuple[StageRow, ...]:
    over = record.incident.status in ("resolved", "escalated", "closed")
    return tuple(_stage(record, stage, over) for stage in STAGES)


def _stage(record: IncidentRecord, stage: Stage, over: bool) -> StageRow:
    state: Literal["done", "active", "pending", "skipped"]
    if record.stage_event("stage.finished", stage):
        state = "done"
    elif record.incident.stage == stage or (record.stage_event("stage.started", stage) and not over):
        state = "active"
    else:
        state = "skipped" if over else "pending"
    state_text = {"done": "done", "active": "under way", "pending": "to come", "skipped": "not needed"}
    return StageRow(name=stage, label=text.sentence(stage), state=state, state_text=state_text[state])


def _latest_by_fingerprint(alerts: Sequence[Alert]) -> dict[str, Alert]:
    return {alert.fingerprint: alert for alert in sorted(alerts, key=lambda alert: alert.received_at)}


def _alerts(incident: Incident, alerts: Sequence[Alert]) -> tuple[AlertRow, ...]:
    reasons = {grouping.fingerprint: grouping.reason for grouping in incident.groupings}
    latest = _latest_by_fingerprint(alerts)
    by_identity = sorted(alerts, key=lambda alert: alert.fingerprint)
    sources = {
        fingerprint: " + ".join(sorted({alert.source for alert in doors}))
        for fingerprint, doors in groupby(by_identity, key=lambda alert: alert.fingerprint)
    }
    return tuple(
        AlertRow(
            fingerprint=alert.fingerprint,
            name=alert.name,
            service=alert.service or "no service named",
            severity=alert.severity,
            status=alert.status,
            sources=sources[alert.fingerprint],
            began=text.clock_time(alert.starts_at),
            summary=alert.annotations.get("summary") or alert.annotations.get("description") or "",
            reason=reasons.get(alert.fingerprint, ""),
        )
        for alert in sorted(latest.values(), key=lambda alert: alert.starts_at)
    )


def _hypotheses(record: IncidentRecord) -> tuple[HypothesisRow, ...]:
    diagnosis = record.diagnosis
    if diagnosis is None:
        return ()
    return tuple(_hypothesis(hypothesis, hypothesis == diagnosis.cause) for hypothesis in diagnosis.hypotheses)


def _hypothesis(hypothesis: Hypothesis, leading: bool) -> HypothesisRow:
    return HypothesisRow(
        rank=hypothesis.rank,
        service=hypothesis.service,
        fault=text.words(hypothesis.fault),
        change=hypothesis.change or "",
        probability=hypothesis.probability,
        probability_text=text.share(hypothesis.probability),
        leading=leading,
        evidence=tuple(_evidence(item) for item in hypothesis.evidence),
        against=tuple(_evidence(item) for item in hypothesis.against),
        counts=f"{len(hypothesis.evidence)} for, {len(hypothesis.against)} against",
    )


def _evidence(evidence: Evidence) -> EvidenceRow:
    return EvidenceRow(
        signal=evidence.signal,
        what=evidence.what,
        at=text.clock_time(evidence.when),
        weight=f"{evidence.weight:+.2f} nats",
        kind=evidence.provenance.kind,
        source=evidence.provenance.source,
    )


def _quorum(record: IncidentRecord, rule: QuorumRule) -> QuorumView:
    tally, ballots = record.tally, record.ballots
    if tally is None and not ballots:
        return QuorumView()
    current = max([signed.ballot.round for signed in ballots] + ([tally.round] if tally else []))
    if tally is not None and tally.round != current:
        tally = None
    cast = {signed.ballot.voter: signed for signed in ballots if signed.ballot.round == current}
    rejected = tally.rejected if tally else ()
    if tally is not None:
        votes = {digest: len(voters) for digest, voters in tally.votes.items()}
        uncounted = {rejection.voter for rejection in rejected} & set(tally.missing)
    else:
        votes = Counter(choice for signed in cast.values() if (choice := signed.ballot.judgement.choice) is not None)
        uncounted = set()
    leading_plan = max(votes, key=lambda digest: votes[digest], default=None)
    leading = votes[leading_plan] if leading_plan else 0
    state: Literal["voting", "reached", "failed"] = (
        "voting" if tally is None else "reached" if tally.certificate else "failed"
    )
    rows = tuple(_vote(record, voter, cast.get(voter), leading_plan, uncounted) for voter in VOTERS)
    said = {"reached": "quorum reached", "failed": "no quorum", "voting": "voting"}[state]
    return QuorumView(
        state=state,
        text=f"{leading} of {rule.n} for one plan, {rule.required} needed: {said}",
        round=current,
        n=rule.n,
        required=rule.required,
        leading=leading,
        leading_plan=text.plan_text(record.plan(leading_plan)) if leading_plan else "",
        reason=tally.reason if tally else "",
        slots=tuple(sorted((row.state for row in rows), key=VOTE_STATES.index)),
        votes=rows,
        rejected=tuple(
            RejectionRow(voter=rejection.voter, reason=text.words(rejection.reason), detail=rejection.detail)
            for rejection in rejected
        ),
    )


def _vote(
    record: IncidentRecord,
    voter: str,
    signed: SignedBallot | None,
    leading_plan: Digest | None,
    uncounted: Collection[str],
) -> VoteRow:
    judgement = signed.ballot.judgement if signed else None
    state: Literal["for", "other", "abstained", "rejected", "missing"]
    if voter in uncounted:
        state, state_text = "rejected", "Not counted"
    elif judgement is None:
        state, state_text = "missing", "No ballot"
    elif judgement.choice is None:
        state, state_text = "abstained", "Abstained"
    elif judgement.choice == leading_plan:
        state, state_text = "for", "For the leading plan"
    else:
        state, state_text = "other", "For another plan"
    choice = judgement.choice if judgement else None
    return VoteRow(
        voter=voter,
        label=text.sentence(voter),
        state=state,
        state_text=state_text,
        choice=text.plan_text(record.plan(choice)) if choice else "",
        confidence_text=f"confidence {text.share(judgement.confidence)}" if judgement else "",
        reason=judgement.reason if judgement else "",
    )


def _plans(record: IncidentRecord) -> tuple[PlanRow, ...]:
    choices = Counter(signed.ballot.judgement.choice for signed in record.ballots)
    chosen = record.chosen
    rows = [_plan(plan, choices[plan.digest], plan == chosen) for plan in record.plans]
    return tuple(sorted(rows, key=lambda row: -row.votes))


def _plan(plan: Plan, votes: int, chosen: bool) -> PlanRow:
    if plan.action is None:
        undo = ""
    elif plan.undo is not None:
        undo = f"Undo: {text.action_text(plan.undo)}"
    else:
        undo = "Nothing to undo" if plan.reversible else "Cannot be undone"
    return PlanRow(
        digest=plan.digest,
        text=text.plan_text(plan),
        addresses=text.words(plan.addresses) if plan.addresses else "",
        undo=undo,
        rationale=plan.rationale,
        votes=votes,
        votes_text=f"{votes} vote{'' if votes == 1 else 's'}",
        chosen=chosen,
    )


def _action(record: IncidentRecord) -> ActionView:
    tally, authorisation, approval = record.tally, record.authorisation, record.approval
    requested, refused, receipt = record.latest("action.requested"), record.latest("action.refused"), record.receipt
    chosen = record.chosen
    view = ActionView(
        policy=f"{text.sentence(authorisation.decision)}: {authorisation.reason} ({authorisation.rule})"
        if authorisation
        else "",
        approval=f"{text.sentence(approval.answer)} by {approval.by}: {approval.reason}" if approval else "",
        text=text.plan_text(chosen) if chosen else "",
    ).model_copy(update={**_certificate(tally), **_rollback(record)})
    if receipt is not None:
        return view.model_copy(update=_received(receipt))
    if refused is not None:
        reason = refused.payload.get("reason")
        return view.model_copy(
            update={
                "state": "refused",
                "state_text": "Refused, nothing was done",
                "detail": reason if isinstance(reason, str) else "",
                "at": text.clock_time(refused.occurred_at),
            }
        )
    if requested is not None:
        return view.model_copy(
            update={
                "state": "requested",
                "state_text": "Requested, no receipt yet",
                "at": text.clock_time(requested.occurred_at),
            }
        )
    if chosen is not None and chosen.action is None:
        return view.model_copy(update={"state": "nothing", "state_text": "Nothing is done; a person is told"})
    if chosen is not None:
        over = record.incident.ended_at is not None or record.incident.status == "escalated"
        return view.model_copy(
            update={"state": "waiting", "state_text": "Not carried out" if over else "Certified, not yet carried out"}
        )
    return view


def _certificate(tally: Tally | None) -> dict[str, str]:
    certificate = tally.certificate if tally else None
    if certificate is None:
        return {}
    return {
        "certificate": certificate.plan_digest,
        "certificate_text": (
            f"{len(certificate.ballots)} signed ballots, {certificate.rule.required} of {certificate.rule.n} needed, "
            f"issued {text.date_time(certificate.issued_at)}"
        ),
    }


def _received(receipt: Receipt) -> dict[str, str]:
    return {
        "state": "applied" if receipt.applied else "not_applied",
        "state_text": "Carried out" if receipt.applied else "Not applied",
        "text": text.action_text(receipt.action),
        "detail": receipt.detail,
        "at": text.clock_time(receipt.received_at),
        "kind": receipt.provenance.kind,
        "source": receipt.provenance.source,
    }


def _rollback(record: IncidentRecord) -> dict[str, str]:
    received, requested = record.latest("rollback.received"), record.latest("rollback.requested")
    if received is not None:
        receipt = Receipt.model_validate(received.payload)
        said = "Rolled back" if receipt.applied else "Rollback not applied"
        return {"rollback": f"{text.action_text(receipt.action)}. {receipt.detail}", "rollback_state": said}
    return {"rollback": "No receipt yet", "rollback_state": "Rollback requested"} if requested else {}


def _checks(record: IncidentRecord) -> tuple[CheckRow, ...]:
    outcomes: dict[Digest, CheckOutcome] = {
        outcome.check.content_digest(): outcome for outcome in record.check_outcomes
    }
    return tuple(_check(check, outcomes.get(check.content_digest())) for check in record.checks)


def _check(check: Check, outcome: CheckOutcome | None) -> CheckRow:
    if outcome is None:
        observed, state = "", "pending"
    elif outcome.observed is None:
        observed, state = "nothing to see", "met" if outcome.met else "unmet"
    else:
        observed = text.quantity(outcome.observed, text.metric_unit(check.metric))
        state = "met" if outcome.met else "unmet"
    return CheckRow.model_validate(
        {
            "text": text.check_text(check),
            "state": state,
            "state_text": text.sentence(state),
            "observed": observed,
            "reason": outcome.reason if outcome else "",
            "guard": check.guard,
        }
    )


def _predictions(record: IncidentRecord) -> tuple[PredictionRow, ...]:
    outcomes = {outcome.prediction: outcome for outcome in record.prediction_outcomes}
    return tuple(_prediction(prediction, outcomes.get(prediction.reference())) for prediction in record.predictions)


def _prediction(prediction: Prediction, outcome: PredictionOutcome | None) -> PredictionRow:
    state = outcome.outcome if outcome else "pending"
    return PredictionRow(
        text=(
            f"{prediction.service} {text.metric_text(prediction.metric)} {prediction.direction} "
            f"{text.quantity(prediction.threshold, prediction.unit)}"
        ),
        by=text.clock_time(prediction.by),
        probability_text=text.share(prediction.probability),
        cost=f"then {text.usd(prediction.usd_per_minute)} a minute" if prediction.usd_per_minute is not None else "",
        basis=prediction.basis,
        state=state,
        state_text="Not due yet" if state == "pending" else text.sentence(state),
        reason=outcome.reason if outcome else "",
    )


def _updates(record: IncidentRecord) -> tuple[UpdateRow, ...]:
    return tuple(_update(event) for event in reversed(record.of_kind("update.published")))


def _update(event: Event) -> UpdateRow:
    update = Update.model_validate(event.payload)
    parts = [f"Sent to {', '.join(update.delivered_to)}"] if update.delivered_to else []
    if update.failures:
        parts.append(f"Not taken by {'; '.join(update.failures)}")
    return UpdateRow(
        at=text.clock_time(event.occurred_at),
        audience=text.sentence(update.audience),
        subject=update.subject,
        body=update.body,
        delivered=". ".join(parts) or "Kept on the timeline: no channel is configured",
        failed=bool(update.failures),
    )


def _gaps(record: IncidentRecord) -> tuple[GapRow, ...]:
    gaps = list(record.diagnosis.gaps) if record.diagnosis else []
    for event in record.of_kind("stage.finished"):
        found = event.payload.get("gaps")
        gaps.extend(Gap.model_validate(gap) for gap in (found if isinstance(found, list) else []))
    return tuple(GapRow(signal=gap.signal, reason=gap.reason, remedy=gap.remedy) for gap in dict.fromkeys(gaps))
