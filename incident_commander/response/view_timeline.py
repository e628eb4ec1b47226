"""The ledger's events as the rows of a timeline: one line each, its detail opened on demand."""

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import JsonValue

from ..agents.updates import ENDED_WORDS
from ..domain.ballot import Rejection, Round, SignedBallot, Tally
from ..domain.base import JsonObject, Value
from ..domain.event import AgentRun, Event, EventKind, Update
from ..domain.findings import Diagnosis
from ..domain.memory import Correction, Forgetting, Recalled, Remembered
from ..domain.plan import Action, ApprovalAnswer, ApprovalRequest, Authorisation, CheckOutcome, Plan, Receipt
from ..domain.reasoning import Counsel, Passage, Suspicion
from ..domain.usage import ReasoningTask
from . import view_text as text

Tone = Literal["quiet", "plain", "good", "warn", "bad", "mark"]


class TimelineRow(Value):
    """One event. `tone` is never the only carrier of meaning: `title` says it in words."""

    sequence: int
    at: str
    moment: str
    kind: EventKind
    actor: str
    title: str
    detail: str = ""
    tone: Tone = "plain"


def timeline_row(event: Event, plans: Sequence[Plan] = ()) -> TimelineRow:
    """One event as a row; the times are on the incident's clock.

    Args:
        plans: The candidates, so that a ballot is shown with its plan's name rather than its digest.
    """
    title, detail, tone = (
        _ballot(event.payload, plans) if event.kind == "ballot.cast" else _WORDS[event.kind](event.payload)
    )
    return TimelineRow(
        sequence=event.sequence,
        at=text.clock_time(event.occurred_at),
        moment=event.occurred_at.isoformat(),
        kind=event.kind,
        actor=event.actor,
        title=title,
        detail=detail,
        tone=tone,
    )


Words = tuple[str, str, Tone]


def _opened(payload: JsonObject) -> Words:
    return "Incident opened", _string(payload, "title", "reason"), "mark"


def _status_changed(payload: JsonObject) -> Words:
    after = _string(payload, "to")
    tones: dict[str, Tone] = {"resolved": "good", "escalated": "warn", "awaiting_approval": "warn"}
    return f"Status: {text.words(after)}", _string(payload, "reason"), tones.get(after, "mark")


def _alert(verb: str, tone: Tone) -> Callable[[JsonObject], Words]:
    def words(payload: JsonObject) -> Words:
        name = _string(payload, "name", "alert")
        source = _string(payload, "source")
        service = _string(payload, "service")
        title = " ".join(part for part in ("Alert", name, verb, f"({source})" if source else "") if part)
        reason = _string(payload, "reason", "summary")
        return title, ". ".join(part for part in (service, reason) if part), tone

    return words


def _stage_started(payload: JsonObject) -> Words:
    return f"Stage {_string(payload, 'stage')} started", "", "quiet"


def _stage_finished(payload: JsonObject) -> Words:
    if error := _string(payload, "error"):
        return f"Stage {_string(payload, 'stage')} failed and was left out", error, "bad"
    wall, charged = payload.get("wall_ms"), payload.get("clock_seconds")
    parts = []
    if isinstance(wall, int | float):
        parts.append(f"computed in {text.milliseconds(wall)}")
    if isinstance(charged, int | float) and charged:
        parts.append(f"{text.duration(charged)} on the incident's clock")
    return f"Stage {_string(payload, 'stage')} finished", ", ".join(parts), "quiet"


def _agent_ran(payload: JsonObject) -> Words:
    run = AgentRun.model_validate(payload)
    if run.error:
        return f"{text.sentence(run.agent)} failed", run.error, "bad"
    read = ", ".join(f"{count:,} {what}" for what, count in run.inputs.items() if count)
    sure = f", confidence {text.share(run.confidence)}" if run.confidence is not None else ""
    return (
        f"{text.sentence(run.agent)} ran in {text.milliseconds(run.duration_ms)}{sure}",
        f"Read {read}" if read else "",
        "quiet",
    )


def _anomalies(payload: JsonObject) -> Words:
    anomalies = _items(payload, "anomalies")
    services = sorted({_string(anomaly, "service") for anomaly in anomalies})
    count = len(anomalies)
    if not count:
        return "No signal left its normal course", "", "plain"
    return f"{count} anomalous signal{'s' if count > 1 else ''}", "In " + ", ".join(services), "plain"


def _diagnosis(payload: JsonObject) -> Words:
    diagnosis = Diagnosis.model_validate(payload)
    if diagnosis.cause is None:
        return "Root cause inconclusive", diagnosis.next_question, "warn"
    cause = diagnosis.cause
    return (
        f"Root cause {diagnosis.verdict}: {cause.service}, {text.words(cause.fault)} ({text.share(cause.probability)})",
        f"{len(cause.evidence)} observations for, {len(cause.against)} against",
        "mark",
    )


def _predictions(payload: JsonObject) -> Words:
    count = len(_items(payload, "predictions"))
    return f"{count} prediction{'' if count == 1 else 's'} made", "", "plain"


def _counsel(payload: JsonObject) -> Words:
    counsel = Counsel.model_validate(payload)
    told: list[str] = []
    if counsel.severity is not None:
        told.append(f"severity {counsel.severity.severity} ({_adviser(counsel, 'classify')})")
    if counsel.pattern is not None:
        told.append(f"{counsel.pattern.category or 'no kind of trouble'} ({_adviser(counsel, 'match')})")
    if counsel.analysis is not None:
        told.append(f"suspected {_suspects(counsel.analysis.suspicions)} ({_adviser(counsel, 'analyse')})")
    if counsel.investigation is not None:
        told.append(f"investigated {_suspects(counsel.investigation.suspicions)} ({_adviser(counsel, 'investigate')})")
    for known, what, agent in (
        (counsel.knowledge, "of such incidents", "diagnosis"),
        (counsel.guidance, "of how to mend it", "resolution"),
    ):
        if known is not None:
            told.append(f"{_passages(known.passages)} {what} ({_adviser(counsel, 'ask', agent)})")
    if counsel.similar:
        told.append(f"{_passages(counsel.similar)} on similar incidents")
    if counsel.draft is not None:
        told.append(f"how it ended, in words ({_adviser(counsel, 'draft')})")
    if counsel.remembered:
        told.append(f"kept in {counsel.remembered} ({_adviser(counsel, 'remember')})")
    told += counsel.guarded
    if counsel.trouble:
        told.append(f"not all could be asked: {counsel.trouble}")
        return "Not every reasoning service could be asked; the incident goes on without", "; ".join(told), "warn"
    return "Reasoning services were asked beside local analysis", "; ".join(told), "quiet"


def _suspects(suspicions: Sequence[Suspicion]) -> str:
    return ", ".join(f"{each.service}: {text.words(each.fault)}" for each in suspicions) or "nothing"


def _passages(found: Sequence[Passage]) -> str:
    return f"{len(found)} passage{'' if len(found) == 1 else 's'}"


def _adviser(counsel: Counsel, task: ReasoningTask, agent: str = "") -> str:
    """Who answered: never a name of AWS where it was answered here."""
    usage = counsel.by(task, agent)
    if usage is None:
        return "nobody was asked"
    if usage.service is None:
        return f"local, since {usage.fell_back}" if usage.fell_back else "local"
    cost = "unpriced" if usage.cost.usd is None else f"{usage.cost.usd:f} USD"
    return f"{usage.service} {usage.model} by {usage.provenance.source}, {usage.latency_ms:.0f} ms, {cost}"


def _plans(payload: JsonObject) -> Words:
    plans = _items(payload, "plans")
    names = [_plan_action(plan) for plan in plans]
    return f"{len(plans)} candidate plans proposed", "; ".join(names), "plain"


def _edited(payload: JsonObject) -> Words:
    plan = Plan.model_validate(payload["plan"])
    return f"Changed by {_string(payload, 'by')}: {text.plan_text(plan)}", _string(payload, "reason"), "mark"


def _round_opened(payload: JsonObject) -> Words:
    opened = Round.model_validate(payload)
    return f"Round {opened.round} of voting opened: {ROUND_WORDS[opened.why]}", opened.reason, "mark"


def _cited(payload: JsonObject) -> Words:
    count = len(_items(payload, "evidence"))
    return f"The votes rest on {count} observation{'' if count == 1 else 's'}", "", "quiet"


def _ballot(payload: JsonObject, plans: Sequence[Plan] = ()) -> Words:
    ballot = SignedBallot.model_validate(payload).ballot
    judgement = ballot.judgement
    chosen = next((plan for plan in plans if plan.digest == judgement.choice), None)
    what = "abstains" if judgement.choice is None else text.plan_text(chosen)
    return f"{text.sentence(ballot.voter)}: {what} ({text.share(judgement.confidence)})", judgement.reason, "plain"


def _ballot_rejected(payload: JsonObject) -> Words:
    rejection = Rejection.model_validate(payload)
    return f"Ballot from {rejection.sender} rejected: {text.words(rejection.reason)}", rejection.detail, "bad"


def _quorum(payload: JsonObject) -> Words:
    tally = Tally.model_validate(payload)
    if tally.certificate is None:
        return "No quorum", tally.reason, "warn"
    agreed, rule = len(tally.votes[tally.certificate.plan_digest]), tally.certificate.rule
    return f"Quorum: {agreed} of {rule.n} for one plan, {rule.required} needed", tally.reason, "good"


def _authorised(payload: JsonObject) -> Words:
    authorisation = Authorisation.model_validate(payload["authorisation"])
    verdicts: dict[str, tuple[str, Tone]] = {
        "allow": ("Policy allows the plan", "good"),
        "deny": ("Policy refuses the plan", "bad"),
        "needs_approval": ("Policy asks for a person's approval", "warn"),
    }
    title, tone = verdicts[authorisation.decision]
    return title, f"{authorisation.rule}: {authorisation.reason}", tone


def _approval_requested(payload: JsonObject) -> Words:
    request = ApprovalRequest.model_validate(payload)
    return "Approval requested", f"Expires {text.date_time(request.expires_at)} UTC", "warn"


def _approval_answered(payload: JsonObject) -> Words:
    answer = ApprovalAnswer.model_validate(payload)
    tone: Tone = "good" if answer.answer == "approved" else "warn"
    return f"Approval {answer.answer} by {answer.by}", answer.reason, tone


def _checks(payload: JsonObject) -> Words:
    count = len(_items(payload, "checks"))
    return f"{count} check{'' if count == 1 else 's'} registered before acting", "", "plain"


def _requested(noun: str) -> Callable[[JsonObject], Words]:
    def words(payload: JsonObject) -> Words:
        return f"{noun} requested: {_plan_action(payload)}", _string(payload, "reason"), "mark"

    return words


def _received(noun: str) -> Callable[[JsonObject], Words]:
    def words(payload: JsonObject) -> Words:
        receipt = Receipt.model_validate(payload)
        tone: Tone = "good" if receipt.applied else "warn" if receipt.ended == "dry_run" else "bad"
        return f"{noun} {ENDED_WORDS[receipt.ended]}: {text.action_text(receipt.action)}", receipt.detail, tone

    return words


def _told(title: str) -> Callable[[JsonObject], Words]:
    def words(payload: JsonObject) -> Words:
        return title, _string(payload, "reason"), "bad"

    return words


def _check_judged(payload: JsonObject) -> Words:
    outcome = CheckOutcome.model_validate(payload)
    tone: Tone = "good" if outcome.met else "bad"
    words = ("Guard held", "Guard violated") if outcome.check.guard else ("Check met", "Check unmet")
    title = words[0] if outcome.met else words[1] if outcome.seen else f"{words[0].split()[0]} not seen"
    return f"{title}: {text.check_text(outcome.check)}", outcome.reason, tone


def _update(payload: JsonObject) -> Words:
    update = Update.model_validate(payload)
    return f"Update for {text.words(update.audience)}: {update.subject}", "", "plain"


def _scored(payload: JsonObject) -> Words:
    outcomes = [_string(outcome, "outcome") for outcome in _items(payload, "outcomes")]
    counted = ", ".join(f"{outcomes.count(name)} {name}" for name in ("hit", "miss", "unscored") if name in outcomes)
    return "Predictions scored", counted or "none had been made", "plain"


def _compared(payload: JsonObject) -> Words:
    ours, human = payload.get("ours_usd"), payload.get("human_usd")
    if isinstance(ours, int | float) and isinstance(human, int | float):
        return (
            f"Customer cost {text.usd(ours)}; modelled human on the same seed {text.usd(human)}",
            "Simulated",
            "plain",
        )
    return "Customer cost compared", "", "plain"


def _postmortem(payload: JsonObject) -> Words:
    return "Postmortem written", "", "plain"


def _recalled(payload: JsonObject) -> Words:
    recalled = Recalled.model_validate(payload)
    count = len(recalled.similar)
    said = [*(each.evidence for each in recalled.testimony), *(each.evidence for each in recalled.experience)]
    what = ". ".join(each.what for each in said) or "nothing is known of their causes"
    return f"{count} similar incident{'' if count == 1 else 's'} called to mind", what, "plain"


def _remembered(payload: JsonObject) -> Words:
    remembered = Remembered.model_validate(payload)
    return f"Outcome remembered: {remembered.proof}", remembered.outcome.resolution or "nothing was done", "quiet"


def _corrected(payload: JsonObject) -> Words:
    said = Correction.model_validate(payload)
    what = f"{text.words(said.cause.fault)} of {said.cause.service}" if said.cause else "nothing was wrong"
    return f"{said.by} corrected memory of {said.incident_id}: {what}", said.reason, "mark"


def _forgotten(payload: JsonObject) -> Words:
    said = Forgetting.model_validate(payload)
    return f"{said.by} had {said.incident_id} forgotten", said.reason, "mark"


def _string(payload: JsonValue, *keys: str) -> str:
    if isinstance(payload, dict):
        for key in keys:
            value = payload.get(key)
            if isinstance(value, str) and value:
                return value
    return ""


def _items(payload: JsonObject, key: str) -> list[JsonValue]:
    value = payload.get(key)
    return value if isinstance(value, list) else []


def _installation(title: str) -> Callable[[JsonObject], Words]:
    def words(payload: JsonObject) -> Words:
        told = ", ".join(f"{key} {value}" for key, value in payload.items() if key != "reason")
        return title, ". ".join(part for part in (told, _string(payload, "reason")) if part), "warn"

    return words


def _plan_action(payload: JsonValue) -> str:
    action = payload.get("action") if isinstance(payload, dict) else None
    return text.action_text(Action.model_validate(action) if action is not None else None)


ROUND_WORDS = {
    "first": "plans were proposed",
    "disagreement": "no quorum, so the evidence of all is shared",
    "edited": "a person changed the plan",
    "stale": "the votes had grown old",
}

_WORDS: dict[EventKind, Callable[[JsonObject], Words]] = {
    "incident.opened": _opened,
    "incident.status_changed": _status_changed,
    "alert.grouped": _alert("grouped here", "plain"),
    "alert.resent": _alert("sent again", "quiet"),
    "alert.acknowledged": _alert("acknowledged", "plain"),
    "alert.resolved": _alert("resolved", "good"),
    "alert.expired": _alert("expired", "quiet"),
    "stage.started": _stage_started,
    "stage.finished": _stage_finished,
    "agent.ran": _agent_ran,
    "anomalies.detected": _anomalies,
    "diagnosis.made": _diagnosis,
    "predictions.made": _predictions,
    "counsel.given": _counsel,
    "plans.proposed": _plans,
    "plan.edited": _edited,
    "round.opened": _round_opened,
    "evidence.cited": _cited,
    "ballot.cast": _ballot,
    "ballot.rejected": _ballot_rejected,
    "quorum.reached": _quorum,
    "quorum.failed": _quorum,
    "authorisation.decided": _authorised,
    "approval.requested": _approval_requested,
    "approval.answered": _approval_answered,
    "checks.registered": _checks,
    "action.requested": _requested("Action"),
    "action.received": _received("Action"),
    "action.refused": _told("Action refused"),
    "action.unknown": _told("Action outcome unknown"),
    "check.judged": _check_judged,
    "rollback.requested": _requested("Rollback"),
    "rollback.received": _received("Rollback"),
    "rollback.refused": _told("Rollback refused"),
    "rollback.unknown": _told("Rollback outcome unknown"),
    "update.published": _update,
    "predictions.scored": _scored,
    "impact.compared": _compared,
    "postmortem.written": _postmortem,
    "kill_switch.thrown": _installation("Kill switch thrown"),
    "trust.changed": _installation("Trust changed"),
    "fault.injected": _installation("Fault injected"),
    "agent.quarantined": _installation("Agent quarantined"),
    "agent.released": _installation("Agent released"),
    "memory.recalled": _recalled,
    "outcome.remembered": _remembered,
    "memory.corrected": _corrected,
    "memory.forgotten": _forgotten,
}
