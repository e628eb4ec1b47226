"""The postmortem: a projection of an incident's ledger events, in Markdown. Blames nobody, invents nothing."""

import re
from collections.abc import Mapping, Sequence

from ..domain.ballot import SignedBallot, Tally
from ..domain.base import Digest
from ..domain.event import Event
from ..domain.findings import Diagnosis, Evidence, Prediction, PredictionOutcome
from ..domain.incident import Incident
from ..domain.plan import ApprovalAnswer, Authorisation, Check, CheckOutcome, Plan, Receipt
from .discretion import left_to_do, withheld
from .updates import (
    ENDED_WORDS,
    action_words,
    cause_words,
    check_words,
    chosen_plan,
    end_reason,
    every,
    impact_now,
    latest,
    listed,
    minutes,
    one_line,
)

_SHOWN_EVIDENCE = 6
_TOLD = frozenset(
    (
        "incident.opened", "incident.status_changed", "alert.grouped", "alert.acknowledged", "alert.resolved",
        "alert.expired", "diagnosis.made", "plans.proposed", "quorum.reached", "quorum.failed", "authorisation.decided",
        "approval.requested", "approval.answered", "plan.edited", "round.opened",
        "action.requested", "action.received", "action.refused",
        "action.unknown", "check.judged", "rollback.requested", "rollback.received", "rollback.refused",
        "rollback.unknown",
    )
)  # fmt: skip


def postmortem(incident: Incident, events: Sequence[Event]) -> str:
    """Markdown with what happened, why, what was done, by whose votes, and what is left to do.

    Built from the ledger's events alone; a part of which the ledger says nothing says so. Text that came from outside
    is shown as text: neither markup nor HTML in it takes effect.
    """
    parts = [
        f"# {plain(incident.title)}",
        _summary(incident, events),
        "## Impact\n\n" + _impact(incident, events),
        "## Timeline\n\n" + _timeline(events),
        "## Root cause\n\n" + root_cause(events),
        "## What was done\n\n" + what_was_done(events),
        "## Votes\n\n" + _votes(events),
        "## Checks\n\n" + how_checks_ended(events),
        "## Predictions\n\n" + _predictions(events),
        "## What went well, and what did not\n\n" + _reflection(incident, events),
        "## Follow-ups\n\n" + follow_ups(incident, events),
    ]
    found = latest(Diagnosis, events, "diagnosis.made")
    if found is not None and found.cause is not None and withheld(found.cause.fault):
        parts.insert(1, f"> {withheld(found.cause.fault)}")
    return "\n\n".join(parts) + "\n"


def plain(text: str, longest: int = 300) -> str:
    """Text from outside, on one line, with every character that Markdown or HTML could act on escaped."""
    escaped = one_line(text, longest).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^[#+\-=])", r"\\\1", escaped)


def _summary(incident: Incident, events: Sequence[Event]) -> str:
    diagnosis = latest(Diagnosis, events, "diagnosis.made")
    cause = diagnosis.cause if diagnosis else None
    lasted = (
        f"It lasted {minutes((incident.ended_at - incident.began_at).total_seconds())}"
        if incident.ended_at is not None
        else "It has not ended"
    )
    clock = "simulated time of a practice run" if incident.clock == "simulated" else "UTC, wall clock"
    named = (
        f"{diagnosis.verdict} cause: {cause_words(cause)}" if diagnosis and cause else "no cause is confirmed or likely"
    )
    return (
        f"{lasted} and is **{incident.status}**: {plain(end_reason(events) or 'its status never changed')}. "
        f"Severity {incident.severity}; {named}. Times are in {clock}."
    )


def _impact(incident: Incident, events: Sequence[Event]) -> str:
    felt = impact_now(events)
    services = ", ".join(f"`{_code(service)}`" for service in incident.services) or "none"
    lines = [f"- Services that alerted: {services}"]
    if felt is None:
        lines.append("- What customers felt was not measured.")
    else:
        lines.append(
            f"- {felt.failed_share:.1%} of {felt.requests_per_second:.0f} customer requests a second failed or were "
            "too slow when it was diagnosed."
        )
        if felt.usd_per_minute is not None:
            basis = f"{felt.provenance.kind}, {plain(felt.provenance.source)}"
            lines.append(f"- That cost {felt.usd_per_minute:.2f} USD a minute ({basis}).")
    compared = next((event.payload for event in reversed(events) if event.kind == "impact.compared"), None)
    if compared is not None:
        lines.append(
            f"- Customers' cost in the practice world: {_usd(compared['ours_usd'])} with this response, "
            f"{_usd(compared['human_usd'])} with the modelled human, {_usd(compared['nobody_usd'])} with nobody "
            "(all simulated)."
        )
    return "\n".join(lines)


def _usd(value: object) -> str:
    return f"{value:.2f} USD" if isinstance(value, int | float) else "unknown"


def _code(text: str) -> str:
    return one_line(text, 100).replace("`", "'")


def _timeline(events: Sequence[Event]) -> str:
    told = [event for event in events if event.kind in _TOLD]
    if not told:
        return "The ledger holds no event of it."
    rows = [f"| {e.occurred_at:%Y-%m-%d %H:%M:%S} | {plain(e.actor, 60)} | {plain(_told(e), 220)} |" for e in told]
    return "\n".join(["| time | who | what |", "|---|---|---|", *rows])


def _told(event: Event) -> str:
    """One event in a sentence."""
    payload = event.payload
    match event.kind:
        case "incident.opened":
            return "the incident was opened"
        case "incident.status_changed":
            return f"{payload['from']} to {payload['to']}: {payload['reason']}"
        case "alert.grouped" | "alert.acknowledged" | "alert.resolved" | "alert.expired":
            name = payload.get("name") or payload.get("fingerprint") or "an alert"
            reason = payload.get("reason")
            return f"{name}: {event.kind.removeprefix('alert.')}" + (f" ({reason})" if reason else "")
        case "diagnosis.made":
            diagnosis = Diagnosis.model_validate(payload)
            if diagnosis.cause is None:
                return "the cause is inconclusive"
            return f"{diagnosis.verdict}: {cause_words(diagnosis.cause)} ({diagnosis.cause.probability:.0%})"
        case "plans.proposed":
            plans = listed(Plan, (event,), "plans.proposed", "plans")
            return f"{len(plans)} plans: " + ", ".join(
                action_words(p.action) if p.action else "do nothing" for p in plans
            )
        case "plan.edited":
            plan = Plan.model_validate(payload["plan"])
            done = action_words(plan.action) if plan.action else "do nothing"
            return f"{payload['by']} changed the plan to: {done}"
        case "round.opened":
            return f"round {payload['round']} of voting was opened: {payload['reason']}"
        case "quorum.reached" | "quorum.failed":
            return Tally.model_validate(payload).reason
        case "authorisation.decided":
            answer = Authorisation.model_validate(payload["authorisation"])
            return f"{answer.decision} by {answer.rule}: {answer.reason}"
        case "approval.requested":
            return f"an approval was asked for, until {payload['expires_at']}"
        case "approval.answered":
            approval = ApprovalAnswer.model_validate(payload)
            return f"{approval.answer} by {approval.by}: {approval.reason}"
        case "action.requested":
            return "action requested"
        case "rollback.requested":
            reason = payload.get("reason")
            return f"rollback requested{f': {reason}' if reason else ''}"
        case "action.received" | "rollback.received":
            receipt = Receipt.model_validate(payload)
            return f"{action_words(receipt.action)}: {ENDED_WORDS[receipt.ended]}" + (
                "" if receipt.applied else f", {receipt.detail}"
            )
        case "action.refused" | "rollback.refused":
            return f"the {event.kind.split('.')[0]} was refused: {payload['reason']}"
        case "action.unknown" | "rollback.unknown":
            return f"it is not known whether the {event.kind.split('.')[0]} was done: {payload['reason']}"
        case "check.judged":
            outcome = CheckOutcome.model_validate(payload)
            what = "guard " if outcome.check.guard else ""
            return f"{what}{'met' if outcome.met else 'unmet'}: {outcome.reason}"
        case _:
            return event.kind


def root_cause(events: Sequence[Event]) -> str:
    """The verdict, the leading hypotheses with evidence for and against, and what was not seen."""
    diagnosis = latest(Diagnosis, events, "diagnosis.made")
    if diagnosis is None:
        return "No diagnosis was made."
    lines = [f"Verdict: **{diagnosis.verdict}**."]
    if not diagnosis.hypotheses:
        lines.append("Nothing that was read points at a cause.")
    for hypothesis in diagnosis.hypotheses[:2]:
        change = f", by the change `{_code(hypothesis.change)}`" if hypothesis.change else ""
        lines.append(
            f"\n{hypothesis.rank}. {cause_words(hypothesis)}{change}, probability {hypothesis.probability:.0%}\n"
        )
        lines.extend(_evidence("for", hypothesis.evidence))
        lines.extend(_evidence("against", hypothesis.against))
    lines.extend(f"- Not seen: {plain(gap.reason)} ({plain(gap.remedy)})" for gap in diagnosis.gaps)
    return "\n".join(lines)


def _evidence(side: str, evidence: Sequence[Evidence]) -> list[str]:
    return [
        f"   - {side}: {plain(each.what)} ({each.signal}, {each.weight:+.1f} nats)"
        for each in evidence[:_SHOWN_EVIDENCE]
    ]


def what_was_done(events: Sequence[Event]) -> str:
    """The certified plan, and what became of it."""
    plan = chosen_plan(events)
    if plan is None:
        return "No plan was certified, so nothing was done."
    if plan.action is None:
        return "The voters decided to do nothing and to tell a person."
    lines = [f"- Plan: {plain(action_words(plan.action))}. {plain(plan.rationale, 500)}"]
    receipt = latest(Receipt, events, "action.received")
    if receipt is None:
        lines.append(_without_receipt(events))
    elif receipt.applied:
        lines.append(f"- Carried out once, completed at {receipt.completed_at:%H:%M:%S}: {plain(receipt.detail)}")
    else:
        lines.append(f"- {ENDED_WORDS[receipt.ended].capitalize()}: {plain(receipt.detail)}")
    undone = latest(Receipt, events, "rollback.received")
    if undone is not None and undone.applied:
        lines.append(f"- Taken back at {undone.completed_at:%H:%M:%S}: {plain(action_words(undone.action))}")
    elif undone is not None:
        lines.append(f"- Not taken back, {ENDED_WORDS[undone.ended]}: {plain(undone.detail)}")
    told = {"rollback.refused": "Not taken back", "rollback.unknown": "Not known whether it was taken back"}
    lines.extend(f"- {told[e.kind]}: {plain(str(e.payload['reason']))}" for e in events if e.kind in told)
    return "\n".join(lines)


def _without_receipt(events: Sequence[Event]) -> str:
    told = [event for event in events if event.kind in ("action.refused", "action.unknown")]
    if not told:
        return "- It was not carried out."
    why = plain(str(told[-1].payload["reason"]))
    if told[-1].kind == "action.unknown":
        return f"- It is not known whether it was carried out: {why}"
    return f"- It was not carried out: {why}."


def _votes(events: Sequence[Event]) -> str:
    ballots = every(SignedBallot, events, "ballot.cast")
    if not ballots:
        return "No ballot was cast."
    plans = {plan.digest: plan for plan in listed(Plan, events, "plans.proposed", "plans")}
    rows = ["| voter | chose | confidence | because |", "|---|---|---|---|"]
    for signed in ballots:
        judgement = signed.ballot.judgement
        heard = ""
        if judgement.models:
            without = _choice(judgement.choice_without_models, plans)
            heard = f"; heard {plain(' and '.join(judgement.models))}; without: {plain(without)}"
        rows.append(
            f"| {signed.ballot.voter} | {plain(_choice(judgement.choice, plans))} | {judgement.confidence:.0%} | "
            f"{plain(judgement.reason, 160)}{heard} |"
        )
    outcome = latest(Tally, events, "quorum.reached", "quorum.failed")
    return "\n".join(rows) + (f"\n\n{plain(outcome.reason)}." if outcome else "")


def _choice(digest: Digest | None, plans: Mapping[Digest, Plan]) -> str:
    plan = plans.get(digest) if digest is not None else None
    return "abstained" if plan is None else action_words(plan.action) if plan.action else "do nothing"


def how_checks_ended(events: Sequence[Event]) -> str:
    """Each check that was registered before the action, and whether it was met."""
    checks = listed(Check, events, "checks.registered", "checks")
    if not checks:
        return "None were registered, as nothing was done."
    outcomes = {outcome.check: outcome for outcome in every(CheckOutcome, events, "check.judged")}
    lines = []
    for check in checks:
        outcome = outcomes.get(check)
        result = (
            "not judged" if outcome is None else f"{'met' if outcome.met else '**unmet**'}: {plain(outcome.reason)}"
        )
        lines.append(f"- {plain(check_words(check))}: {result}")
    return "\n".join(lines)


def _predictions(events: Sequence[Event]) -> str:
    predictions = listed(Prediction, events, "predictions.made", "predictions")
    if not predictions:
        return "None were made."
    outcomes = {each.prediction: each for each in listed(PredictionOutcome, events, "predictions.scored", "outcomes")}
    lines = []
    for prediction in predictions:
        outcome = outcomes.get(prediction.reference())
        came = "not scored" if outcome is None else f"{outcome.outcome} ({plain(outcome.reason)})"
        lines.append(
            f"- {plain(prediction.metric)} of {plain(prediction.service)} {prediction.direction} "
            f"{prediction.threshold:.4g} {plain(prediction.unit)} by {prediction.by:%H:%M:%S}, "
            f"probability {prediction.probability:.0%}: {came}"
        )
    return "\n".join(lines)


def _reflection(incident: Incident, events: Sequence[Event]) -> str:
    well, badly = [], []
    diagnosis = latest(Diagnosis, events, "diagnosis.made")
    outcomes = every(CheckOutcome, events, "check.judged")
    if diagnosis is not None and diagnosis.cause is not None:
        well.append(f"a {diagnosis.verdict} cause was found")
    if latest(Tally, events, "quorum.reached") is not None:
        well.append("the voters agreed on a plan")
    if outcomes and all(outcome.met for outcome in outcomes):
        well.append(f"all {len(outcomes)} checks were met")
    if diagnosis is None or diagnosis.cause is None:
        badly.append("the cause stayed inconclusive")
    if latest(Tally, events, "quorum.failed") is not None:
        badly.append("the voters did not agree")
    badly.extend(f"unmet: {plain(outcome.reason)}" for outcome in outcomes if not outcome.met)
    failures = [event for event in events if event.kind == "agent.ran" and event.payload.get("error")]
    badly.extend(
        f"agent {plain(str(e.payload['agent']), 40)} failed: {plain(str(e.payload['error']))}" for e in failures
    )
    misses = [o for o in listed(PredictionOutcome, events, "predictions.scored", "outcomes") if o.outcome == "miss"]
    if misses:
        badly.append(f"{len(misses)} prediction{'s' if len(misses) > 1 else ''} did not come true")
    if diagnosis is not None:
        badly.extend(f"not seen: {plain(gap.reason)}" for gap in diagnosis.gaps)
    lines = [f"- Well: {each}" for each in well] + [f"- Gap: {each}" for each in badly]
    return "\n".join(lines) or "- Nothing that the ledger tells."


def follow_ups(incident: Incident, events: Sequence[Event]) -> str:
    diagnosis = latest(Diagnosis, events, "diagnosis.made")
    lines: list[str] = []
    if diagnosis is not None:
        lines.extend(f"- [ ] {plain(gap.remedy)}" for gap in diagnosis.gaps)
        if diagnosis.next_question:
            lines.append(f"- [ ] Answer: {plain(diagnosis.next_question)}")
        cause = diagnosis.cause
        if cause is not None and incident.status == "resolved":
            lines.append(f"- [ ] Mend the {cause_words(cause)} for good: what was done relieves it where it showed.")
        if cause is not None:
            lines.extend(f"- [ ] {each}" for each in left_to_do(cause.fault))
    if incident.status == "escalated":
        lines.append(f"- [ ] A person takes over: {plain(end_reason(events))}")
    return "\n".join(lines) or "- None."
