"""What happened in a run, told in plain sentences, each with the time at which it became true.

Times are simulated seconds since the courses' start. What a sentence says of a service or an alert is text from the
run: the page shows it as text, never as markup.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from ...domain.alert import Alert
from ...domain.base import Value
from ...domain.event import EventKind
from ...domain.findings import PredictionOutcome
from ...domain.plan import Action, Receipt
from ...domain.practice import Courses
from ...response import view_text as text
from ...response.record import IncidentRecord
from ...response.recording import Recording
from ...response.scoring import Scores

Tone = Literal["plain", "good", "warn", "bad", "mark"]

_SOME = 2
"""How many services a sentence names before it counts the rest."""


class Sentence(Value):
    """Something that happened, `at` so many seconds after the start; `time` is that as minutes and seconds."""

    at: float
    time: str
    text: str
    detail: str = ""
    tone: Tone = "plain"


class PredictionLine(Value):
    """What was predicted to happen if nobody acted, and how it came out; due `by_seconds` after the start."""

    text: str
    probability: str
    by: str
    by_seconds: float
    made_seconds: float
    basis: str
    state: Literal["hit", "miss", "unscored"]
    outcome: str


def stopwatch(seconds: float) -> str:
    """`0:00`, `16:45`, `107:30`: minutes and seconds."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def length_seconds(courses: Courses) -> float:
    """The time that is counted, in simulated seconds."""
    return len(courses.ours.requests_per_second) * courses.interval_seconds


def since(start: datetime, moment: datetime) -> float:
    """Simulated seconds from the start to a moment; 0 for what was before it."""
    return max(0.0, (moment - start).total_seconds())


def action_words(action: Action | None) -> str:
    """`roll back accounts`: what is done and where, without its arguments."""
    if action is not None:
        kept = {name: value for name, value in action.arguments.items() if name == "direction"}
        action = action.model_copy(update={"arguments": kept})
    words = text.action_text(action)
    return words[:1].lower() + words[1:]


def our_side(recording: Recording) -> tuple[Sentence, ...]:
    """What the commander saw, decided and did."""
    courses, record = recording.courses, recording.record
    told = [_said(courses.start, courses.start, "It begins. No alarm has fired yet.")]
    if record is None:
        return (*told, _sentence(length_seconds(courses), "No alarm fired, so nothing was looked at."))
    for tell in _TELLERS:
        told += tell(record, courses)
    if courses.ours.well_at is not None and _after_alarm(courses, courses.ours.well_at):
        told.append(_said(courses.start, courses.ours.well_at, "Customers are well again.", tone="good"))
    return tuple(sorted(told, key=lambda sentence: sentence.at))


def human_side(courses: Courses) -> tuple[Sentence, ...]:
    """What the modelled human did."""
    start, human = courses.start, courses.human
    told = [_said(start, start, "It begins. No alarm has fired yet.")]
    if courses.alerted_at is not None:
        told.append(_said(start, courses.alerted_at, "The same alarm fires."))
    if human.acknowledged_at is not None:
        told.append(_said(start, human.acknowledged_at, "The engineer on call has the page and starts to look."))
    if human.acted_at is not None:
        words = "The engineer knows the cause and acts. As modelled, it is always the right action."
        told.append(_said(start, human.acted_at, words, tone="mark"))
    if human.well_at is not None and not _after_alarm(courses, human.well_at):
        told.append(_sentence(length_seconds(courses), "There was nothing for the engineer to mend."))
    elif human.well_at is not None:
        told.append(_said(start, human.well_at, "Customers are well again.", tone="good"))
    elif human.acted_at is None and human.acknowledged_at is not None:
        told.append(_sentence(length_seconds(courses), "Nothing the engineer could have done would have mended this."))
    else:
        told.append(_sentence(length_seconds(courses), "Customers are not well yet when the count ends.", tone="warn"))
    return tuple(sorted(told, key=lambda sentence: sentence.at))


def predictions(recording: Recording) -> tuple[PredictionLine, ...]:
    """What was predicted, in the order in which it was due."""
    record, start = recording.record, recording.courses.start
    made = record.latest("predictions.made") if record else None
    if record is None or made is None:
        return ()
    scored = record.latest("predictions.scored")
    scores = Scores.model_validate(scored.payload) if scored else Scores(outcomes=())
    outcomes = {outcome.prediction: outcome for outcome in scores.outcomes}
    lines = []
    for prediction in record.predictions:
        outcome = outcomes.get(prediction.reference())
        due = since(start, prediction.by)
        lines.append(
            PredictionLine(
                text=f"{prediction.service} {text.metric_text(prediction.metric)} {prediction.direction} "
                f"{text.quantity(prediction.threshold, prediction.unit)}",
                probability=text.share(prediction.probability),
                by=stopwatch(due),
                by_seconds=due,
                made_seconds=since(start, made.occurred_at),
                basis=prediction.basis,
                state=outcome.outcome if outcome else "unscored",
                outcome=_came_out(outcome, prediction.reference() in scores.happened),
            )
        )
    return tuple(sorted(lines, key=lambda line: line.by_seconds))


def _after_alarm(courses: Courses, moment: datetime) -> bool:
    """Whether it was later than the first alarm: what was well before it needed nobody."""
    return courses.alerted_at is None or moment > courses.alerted_at


def _came_out(outcome: PredictionOutcome | None, happened_here: bool) -> str:
    if outcome is None:
        return "not scored"
    if outcome.outcome == "unscored":
        return outcome.reason
    if outcome.outcome == "miss":
        return "did not happen by then, with nobody acting"
    return "came true with nobody acting, " + ("and here too" if happened_here else "and was prevented here")


def _alarm(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    grouped = record.of_kind("alert.grouped")
    if not grouped:
        return []
    first = Alert.model_validate(grouped[0].payload["alert"])
    at_once = [event for event in grouped if event.occurred_at == grouped[0].occurred_at]
    others = len(at_once) - 1
    more = f" {others} more with it." if others else ""
    words = first.annotations.get("summary") or f"{first.name} on {first.service or 'an unnamed service'}"
    return [_said(courses.start, grouped[0].occurred_at, f"An alarm fires: {words}.{more}", tone="mark")]


def _detection(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    event = record.latest("anomalies.detected")
    if event is None:
        return []
    services = list(dict.fromkeys(anomaly.service for anomaly in record.anomalies))
    if not services:
        return [_said(courses.start, event.occurred_at, "No signal has left its normal course.")]
    count = len(record.anomalies)
    signals = "1 signal that has" if count == 1 else f"{count} signals that have"
    return [_said(courses.start, event.occurred_at, f"It finds {signals} left normal, in {_listed(services)}.")]


def _diagnosis(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    event, diagnosis = record.latest("diagnosis.made"), record.diagnosis
    if event is None or diagnosis is None:
        return []
    cause = diagnosis.cause
    if cause is None:
        words = "The cause is inconclusive, and it says so rather than guess."
        return [_said(courses.start, event.occurred_at, words, diagnosis.next_question, "warn")]
    sure = f"{diagnosis.verdict}, {text.share(cause.probability)} sure"
    words = f"It names a cause: {text.words(cause.fault)} of {cause.service} ({sure})."
    detail = f"{len(cause.evidence)} observations speak for it, {len(cause.against)} against."
    return [_said(courses.start, event.occurred_at, words, detail, "mark")]


def _prediction(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    event, made = record.latest("predictions.made"), record.predictions
    if event is None or not made:
        return []
    first = max(made, key=lambda prediction: prediction.probability)
    words = (
        f"It predicts: if nobody acts, {first.service} {text.metric_text(first.metric)} is {first.direction} "
        f"{text.quantity(first.threshold, first.unit)} by {stopwatch(since(courses.start, first.by))} "
        f"({text.share(first.probability)})."
    )
    return [_said(courses.start, event.occurred_at, words, f"{len(made)} predictions in all." if len(made) > 1 else "")]


def _vote(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    event, tally = record.latest("quorum.reached", "quorum.failed"), record.tally
    if event is None or tally is None:
        return []
    if tally.certificate is None:
        words = "The agents do not agree on a plan, so nothing is done."
        return [_said(courses.start, event.occurred_at, words, tally.reason, "warn")]
    rule, chosen = tally.certificate.rule, record.chosen
    votes = len(tally.votes[tally.certificate.plan_digest])
    plan = action_words(chosen.action) if chosen else "one that is not among the candidates"
    words = f"{votes} of {rule.n} agents vote for one plan, {rule.required} are needed: {plan}."
    return [_said(courses.start, event.occurred_at, words, tone="mark")]


def _leave(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    told = []
    event, decided = record.latest("authorisation.decided"), record.authorisation
    if event is not None and decided is not None and decided.decision == "deny":
        told.append(_said(courses.start, event.occurred_at, "Policy does not allow it.", decided.reason, "warn"))
    asked, answer = record.latest("approval.requested"), record.approval
    if asked is not None:
        told.append(_said(courses.start, asked.occurred_at, "Policy wants a person's approval: one is asked."))
    if answer is not None:
        tone: Tone = "plain" if answer.answer == "approved" else "warn"
        words = f"The approval is {answer.answer} ({answer.by})."
        told.append(_said(courses.start, answer.answered_at, words, answer.reason, tone))
    return told


def _action(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    told = []
    registered = len(record.checks)
    refusals: dict[EventKind, str] = {
        "action.refused": "The action is refused.",
        "action.unknown": "It is not known whether the action was done.",
        "rollback.refused": "Taking it back is refused.",
        "rollback.unknown": "It is not known whether it was taken back.",
    }
    for event in record.of_kind("action.received", "rollback.received", *refusals):
        if event.kind in refusals:
            reason = event.payload.get("reason")
            words = refusals[event.kind]
            told.append(
                _said(courses.start, event.occurred_at, words, reason if isinstance(reason, str) else "", "bad")
            )
            continue
        receipt = Receipt.model_validate(event.payload)
        again = "It takes the action back" if event.kind == "rollback.received" else "It acts"
        words = f"{again}: {action_words(receipt.action)}."
        detail = receipt.detail if not receipt.applied else ""
        if event.kind == "action.received" and registered:
            detail = detail or f"{registered} checks were registered before, which will say whether it worked."
        tone: Tone = "mark" if receipt.applied else "bad"
        told.append(_said(courses.start, receipt.received_at, words, detail, tone))
    return told


def _checks(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    outcomes = record.check_outcomes
    if not outcomes:
        return []
    met = sum(outcome.met for outcome in outcomes)
    last = max(outcome.judged_at for outcome in outcomes)
    unmet = [text.check_text(outcome.check) for outcome in outcomes if not outcome.met]
    tone: Tone = "warn" if unmet else "good"
    return [_said(courses.start, last, f"{met} of {len(outcomes)} checks met.", "; ".join(unmet), tone)]


def _end(record: IncidentRecord, courses: Courses) -> list[Sentence]:
    told = []
    words: dict[str, tuple[str, Tone]] = {
        "resolved": ("Resolved, and proven.", "good"),
        "escalated": ("It calls a person, with all that it knows.", "warn"),
        "closed": ("Closed: the alarms went away without an action.", "plain"),
        "open": ("Open again.", "warn"),
    }
    for event in record.of_kind("incident.status_changed"):
        said = words.get(str(event.payload.get("to")))
        if said is not None:
            reason = event.payload.get("reason")
            told.append(
                _said(courses.start, event.occurred_at, said[0], reason if isinstance(reason, str) else "", said[1])
            )
    return told


_TELLERS: Sequence[Callable[[IncidentRecord, Courses], list[Sentence]]] = (
    _alarm,
    _detection,
    _diagnosis,
    _prediction,
    _vote,
    _leave,
    _action,
    _checks,
    _end,
)


def _said(start: datetime, moment: datetime, words: str, detail: str = "", tone: Tone = "plain") -> Sentence:
    return _sentence(since(start, moment), words, detail, tone)


def _sentence(at: float, words: str, detail: str = "", tone: Tone = "plain") -> Sentence:
    return Sentence(at=at, time=stopwatch(at), text=words, detail=_as_sentence(detail), tone=tone)


def _as_sentence(detail: str) -> str:
    """A reason as the ledger has it, with a capital and a full stop."""
    if not detail:
        return ""
    return detail[:1].upper() + detail[1:] + ("" if detail.endswith((".", "?", "!")) else ".")


def _listed(services: Sequence[str]) -> str:
    rest = len(services) - _SOME
    if rest <= 1:
        return " and ".join([", ".join(services[:-1]), services[-1]] if len(services) > 1 else list(services))
    return f"{', '.join(services[:_SOME])} and {rest} more services"
