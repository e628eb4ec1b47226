"""What people are told while an incident lasts: short updates in plain words, with the numbers the ledger holds."""

from collections.abc import Sequence
from typing import Literal, TypeVar

from pydantic import TypeAdapter

from ..actions.catalogue import load_catalogue
from ..analysis.words import amount
from ..domain.ballot import Tally
from ..domain.base import Value
from ..domain.event import Event, EventKind, Update
from ..domain.findings import Diagnosis, FaultKind, Hypothesis, Impact
from ..domain.incident import Incident
from ..domain.plan import Action, Check, CheckOutcome, Ended, Plan, Receipt
from ..domain.telemetry import TESTIMONY
from .discretion import withheld

Moment = Literal["opened", "diagnosed", "acting", "fixed", "escalated", "closed"]

V = TypeVar("V", bound=Value)

_SUBJECTS: dict[Moment, str] = {
    "opened": "New incident",
    "diagnosed": "Diagnosis",
    "acting": "Acting",
    "fixed": "Resolved",
    "escalated": "A person is needed",
    "closed": "Over without an action",
}

_CAUSES: dict[FaultKind, str] = {
    "attack_traffic": "attack traffic against",
    "credential_compromise": "stolen credentials of",
    "disk_full": "full volume of",
}


def draft_update(moment: Moment, incident: Incident, events: Sequence[Event]) -> Update:
    """The update for a moment, from what the ledger says of the incident until then. Nothing is sent here."""
    body = {
        "opened": _opened,
        "diagnosed": _diagnosed,
        "acting": _acting,
        "fixed": _ended,
        "escalated": _ended,
        "closed": _ended,
    }[moment](incident, events)
    practice = " (practice)" if incident.practice_run is not None else ""
    return Update(
        audience="on_call" if moment in ("acting", "escalated") else "stakeholders",
        subject=f"{_SUBJECTS[moment]}{practice}: {one_line(incident.title)}",
        body=body,
    )


def one_line(text: str, longest: int = 200) -> str:
    """Text from outside as one printable line, cut to a length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def minutes(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 5 min`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def latest(model: type[V], events: Sequence[Event], *kinds: EventKind) -> V | None:
    """The payload of the newest event of these kinds; None where there is none."""
    found = [event for event in events if event.kind in kinds]
    return model.model_validate(found[-1].payload) if found else None


def every(model: type[V], events: Sequence[Event], kind: EventKind) -> tuple[V, ...]:
    """The payloads of all events of a kind, oldest first."""
    return tuple(model.model_validate(event.payload) for event in events if event.kind == kind)


def listed(model: type[V], events: Sequence[Event], kind: EventKind, field: str) -> tuple[V, ...]:
    """The values under `field` of the newest event of a kind."""
    found = [event for event in events if event.kind == kind]
    if not found:
        return ()
    return tuple(
        model.model_validate(item) for item in TypeAdapter(list[object]).validate_python(found[-1].payload[field])
    )


def impact_now(events: Sequence[Event]) -> Impact | None:
    """What customers felt when it was predicted what comes next; None where that was not measured."""
    found = [event for event in events if event.kind == "predictions.made"]
    raw = found[-1].payload.get("impact") if found else None
    return Impact.model_validate(raw) if raw is not None else None


def chosen_plan(events: Sequence[Event]) -> Plan | None:
    """The certified plan; None without a certificate."""
    outcome = latest(Tally, events, "quorum.reached", "quorum.failed")
    if outcome is None or outcome.certificate is None:
        return None
    digest = outcome.certificate.plan_digest
    return next((plan for plan in listed(Plan, events, "plans.proposed", "plans") if plan.digest == digest), None)


def action_words(action: Action) -> str:
    """`scale out search (factor 2)`."""
    arguments = ", ".join(
        f"{key} {value:g}" if isinstance(value, float) else f"{key} {one_line(str(value), 60)}"
        for key, value in sorted(action.arguments.items())
    )
    return f"{load_catalogue()[action.name].word} {action.target}" + (f" ({arguments})" if arguments else "")


ENDED_WORDS: dict[Ended, str] = {
    "applied": "applied",
    "refused": "not applied",
    "dry_run": "only rehearsed",
    "half_done": "half done",
    "unknown": "outcome unknown",
}


def check_words(check: Check) -> str:
    """`latency_p99_ms of search below 120 within 9 min, for 60 s`."""
    what = f"{check.metric} of {check.service} {check.direction} {amount(check.threshold, '')}"
    if check.guard:
        return f"{what} throughout {minutes(check.deadline_seconds)} (must not get worse)"
    return f"{what} within {minutes(check.deadline_seconds)}, for {minutes(check.hold_seconds)}"


def cause_words(hypothesis: Hypothesis) -> str:
    """`memory leak of orders`, `attack traffic against search`."""
    words = _CAUSES.get(hypothesis.fault, f"{hypothesis.fault.replace('_', ' ')} of")
    return f"{words} {hypothesis.service}"


def end_reason(events: Sequence[Event]) -> str:
    """Why the incident got its present status; empty where it never changed."""
    changes = [event for event in events if event.kind == "incident.status_changed"]
    return one_line(str(changes[-1].payload.get("reason", "")), 400) if changes else ""


def _opened(incident: Incident, events: Sequence[Event]) -> str:
    alerts = sum(event.kind == "alert.grouped" for event in events)
    services = one_line(", ".join(incident.services)) or "no service that is known"
    lines = [
        f"{alerts or 'No'} alert{'' if alerts == 1 else 's'} about {services}; severity {incident.severity}.",
        f"It began at {incident.began_at:%H:%M:%S} UTC. We are looking into it.",
    ]
    return " ".join(lines)


def _diagnosed(incident: Incident, events: Sequence[Event]) -> str:
    diagnosis = latest(Diagnosis, events, "diagnosis.made")
    if diagnosis is None:
        return "There is no diagnosis."
    cause = diagnosis.cause
    if cause is None:
        gaps = f" Not seen: {one_line(diagnosis.gaps[0].reason)}." if diagnosis.gaps else ""
        return f"The cause is inconclusive.{gaps} Next question: {one_line(diagnosis.next_question or 'none')}"
    lines = [f"The {diagnosis.verdict} cause is {cause_words(cause)} (probability {cause.probability:.0%})."]
    kept = withheld(cause.fault)
    # What a witness says is for those who can look into it; people are told what is seen.
    shown = next((each for each in cause.evidence if each.signal not in TESTIMONY), None)
    if kept:
        lines.append(f"{'; '.join(_signals(cause))} speak for it. {kept}")
    elif shown is not None:
        lines.append(f"For it: {one_line(shown.what)}.")
    if cause.against and not kept:
        lines.append(f"Against it: {one_line(cause.against[0].what)}.")
    if diagnosis.blast_radius:
        lines.append(f"Harmed by it: {', '.join(diagnosis.blast_radius)}.")
    return " ".join(lines)


def _signals(cause: Hypothesis) -> list[str]:
    """`Logs (3)`, `metrics (2)`: which telemetry speaks for a cause whose details are withheld."""
    counts: dict[str, int] = {}
    for evidence in cause.evidence:
        counts[evidence.signal] = counts.get(evidence.signal, 0) + 1
    told = [f"{signal} ({count})" for signal, count in counts.items()]
    return [told[0].capitalize(), *told[1:]] if told else ["Signs"]


def _acting(incident: Incident, events: Sequence[Event]) -> str:
    plan, outcome = chosen_plan(events), latest(Tally, events, "quorum.reached")
    if plan is None or plan.action is None or outcome is None:
        return "Nothing is being done."
    votes = len(outcome.votes.get(plan.digest, ()))
    total = votes + sum(len(v) for d, v in outcome.votes.items() if d != plan.digest)
    total += len(outcome.abstained) + len(outcome.missing)
    back = f"It can be taken back: {action_words(plan.undo)}." if plan.undo else "It cannot be taken back."
    proof = "; ".join(check_words(check) for check in plan.checks if not check.guard)
    felt = impact_now(events)
    lines = [
        f"We {action_words(plan.action)}, as {votes} of {total} voters chose. {back}",
        f"It has worked when {proof}.",
    ]
    if felt is not None:
        lines.append(f"{felt.failed_share:.1%} of customer requests failed or were too slow before.")
    return " ".join(lines)


def _ended(incident: Incident, events: Sequence[Event]) -> str:
    lines = [f"Status {incident.status}: {end_reason(events) or 'no reason was given'}."]
    receipt = latest(Receipt, events, "action.received")
    if receipt is not None and receipt.applied:
        lines.append(f"Done: {action_words(receipt.action)}, completed at {receipt.completed_at:%H:%M:%S} UTC.")
    elif receipt is not None and receipt.ended in ("half_done", "unknown"):
        lines.append(f"{action_words(receipt.action).capitalize()}: {ENDED_WORDS[receipt.ended]}.")
    elif any(event.kind == "action.unknown" for event in events):
        lines.append("It is not known whether anything was done.")
    else:
        lines.append("Nothing was done to any service.")
    outcomes = every(CheckOutcome, events, "check.judged")
    if outcomes:
        met = sum(outcome.met for outcome in outcomes)
        lines.append(f"{met} of {len(outcomes)} checks were met.")
    undone = latest(Receipt, events, "rollback.received")
    if undone is not None and undone.applied:
        lines.append(f"It was taken back: {action_words(undone.action)}.")
    elif any(event.kind == "rollback.requested" for event in events):
        lines.append("It was to be taken back, and that did not come to its end.")
    found = latest(Diagnosis, events, "diagnosis.made")
    kept = withheld(found.cause.fault) if found is not None and found.cause is not None else ""
    if kept:
        lines.append(kept)
    if incident.ended_at is not None:
        lines.append(f"It lasted {minutes((incident.ended_at - incident.began_at).total_seconds())}.")
    if incident.status == "escalated" and found is not None and found.next_question:
        lines.append(f"Look next at: {one_line(found.next_question)}")
    return " ".join(lines)
