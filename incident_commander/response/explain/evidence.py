"""What speaks for and against one claim of a recording, put together when somebody asks for it."""

import math
from collections.abc import Iterable
from datetime import timedelta

from ...domain.alert import Alert
from ...domain.ballot import Judgement, SignedBallot
from ...domain.base import Value
from ...domain.findings import Anomaly, Evidence, Hypothesis, Prediction
from ...domain.plan import Check, Plan
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import Recording
from .claims import interval_text
from .producers import ProducerRow, producer_row
from .traces import TraceView, trace_view

LONGEST_CLAIM = 40
"""No claim's id is longer."""
_SHOWN_DIGEST = 12


class NoSuchClaim(LookupError):
    """The recording makes no such claim; the message names it."""


class ObservationRow(Value):
    """One observation for or against a claim.

    Attributes:
        weight: What it adds to the log-odds, in nats; `share` is its size beside the weightiest one's, in percent.
        reference: The beginning of the digest by which ballots name it.
    """

    signal: str
    service: str
    what: str
    at: str
    weight: float
    weight_text: str
    share: float
    kind: str
    source: str
    reference: str


class FactRow(Value):
    """A named value."""

    name: str
    text: str


class EvidenceView(Value):
    """All that a recording holds about one claim.

    Attributes:
        balance: The nats for and against, added up; empty where nothing was weighed.
        note: What is not there, and why.
        trace: The metric that the claim speaks of; None where it speaks of none, or none was kept.
    """

    facts: tuple[FactRow, ...] = ()
    pro: tuple[ObservationRow, ...] = ()
    contra: tuple[ObservationRow, ...] = ()
    balance: str = ""
    note: str = ""
    producer: ProducerRow = ProducerRow()
    trace: TraceView | None = None


def evidence_view(recording: Recording, claim: str) -> EvidenceView:
    """What speaks for and against a claim.

    Raises:
        NoSuchClaim: the recording makes none of that id.
    """
    record = recording.record
    kind, _, which = claim.partition(".")
    if record is None or len(claim) > LONGEST_CLAIM:
        raise NoSuchClaim(f"there is no claim {claim[:LONGEST_CLAIM]!r} in this recording")
    try:
        return _view(recording, record, kind, which)
    except (LookupError, StopIteration) as error:
        raise NoSuchClaim(f"there is no claim {claim!r} in this recording") from error


def _view(recording: Recording, record: IncidentRecord, kind: str, which: str) -> EvidenceView:
    match kind:
        case "alert":
            return _alert(recording, record, _place(which))
        case "anomaly":
            return _anomaly(recording, record, record.anomalies[_place(which)])
        case "hypothesis":
            ranked = record.diagnosis.hypotheses if record.diagnosis else ()
            return _hypothesis(recording, next(each for each in ranked if each.rank == _place(which)))
        case "prediction":
            return _prediction(recording, record, record.predictions[_place(which)])
        case "plan":
            return _plan(recording, record.plans[_place(which)])
        case "ballot":
            return _ballot(recording, record, next(each for each in record.ballots if each.ballot.voter == which))
        case "check":
            return _check(recording, record, record.checks[_place(which)])
        case _:
            raise LookupError(kind)


def _place(which: str) -> int:
    if not (which.isascii() and which.isdigit()):
        raise LookupError(which)
    return int(which)


def _alert(recording: Recording, record: IncidentRecord, place: int) -> EvidenceView:
    event = record.of_kind("alert.grouped")[place]
    alert = Alert.model_validate(event.payload["alert"])
    said = [FactRow(name=text.sentence(name), text=value) for name, value in sorted(alert.annotations.items())]
    return EvidenceView(
        facts=(
            *said,
            FactRow(name="Came in by", text=alert.source),
            FactRow(name="Severity", text=alert.severity),
            FactRow(name="Labels", text=", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))),
            FactRow(name="Fingerprint", text=alert.fingerprint),
        ),
        note="What an alert says of itself is data from outside: it is shown as text and never followed.",
        producer=producer_row(recording, event.actor),
    )


def _anomaly(recording: Recording, record: IncidentRecord, anomaly: Anomaly) -> EvidenceView:
    of = (anomaly.service, anomaly.metric)
    moments = ((anomaly.onset, "onset"), (record.incident.opened_at, "first alert"))
    observed = (
        each
        for each in record.detection_evidence
        if each.service == anomaly.service and each.when == anomaly.onset and _names(each, anomaly)
    )
    return _weighed(
        EvidenceView(
            facts=(
                FactRow(name="Usual value", text=text.quantity(anomaly.baseline, anomaly.unit)),
                FactRow(name="Most extreme since", text=text.quantity(anomaly.observed, anomaly.unit)),
                FactRow(name="Left its course", text=f"{text.clock_time(anomaly.onset)} UTC"),
                FactRow(name="When detected", text="still abnormal" if anomaly.ongoing else "back to normal"),
            ),
            producer=producer_row(recording, "detection"),
            trace=trace_view(recording, record, of, anomaly.baseline, "usual value", moments),
        ),
        observed,
    )


def _names(evidence: Evidence, anomaly: Anomaly) -> bool:
    """Whether an observation speaks of the anomaly's metric; it names it in words only."""
    return text.metric_text(anomaly.metric) in evidence.what


def _hypothesis(recording: Recording, hypothesis: Hypothesis) -> EvidenceView:
    view = EvidenceView(
        facts=(FactRow(name="Brought about by", text=f"the change {hypothesis.change}"),) if hypothesis.change else (),
        producer=producer_row(recording, "diagnosis"),
    )
    return _weighed(view, (*hypothesis.evidence, *hypothesis.against))


def _prediction(recording: Recording, record: IncidentRecord, prediction: Prediction) -> EvidenceView:
    outcomes = {outcome.prediction: outcome for outcome in record.prediction_outcomes}
    outcome, receipt = outcomes.get(prediction.reference()), record.receipt
    facts = [
        FactRow(name="Computed from", text=prediction.basis),
        FactRow(name="Interval", text=interval_text(prediction) or "none: no trend was extended to the threshold"),
    ]
    if prediction.usd_per_minute is not None:
        facts.append(
            FactRow(name="Cost then", text=f"{text.usd(prediction.usd_per_minute)} a minute, at assumed prices")
        )
    if outcome is not None:
        facts.append(FactRow(name=text.sentence(outcome.outcome), text=outcome.reason))
    moments = [(record.incident.opened_at, "first alert"), (prediction.by, "predicted by")]
    if receipt is not None and receipt.applied:
        moments.append((receipt.received_at, "action"))
    return EvidenceView(
        facts=tuple(facts),
        note="The metric is of the run in which we acted. Whether it came true is judged in the one where nobody did.",
        producer=producer_row(recording, "prediction"),
        trace=trace_view(
            recording, record, (prediction.service, prediction.metric), prediction.threshold, "threshold", moments
        ),
    )


def _plan(recording: Recording, plan: Plan) -> EvidenceView:
    checks = (FactRow(name=f"Check {place}", text=text.check_text(each)) for place, each in enumerate(plan.checks, 1))
    return EvidenceView(
        facts=(
            FactRow(name="Rationale", text=plan.rationale),
            FactRow(name="Undo", text=text.action_text(plan.undo) if plan.undo else "nothing takes it back"),
            *checks,
            FactRow(name="Digest", text=plan.digest),
        ),
        producer=producer_row(recording, "resolution"),
    )


def _without_models(record: IncidentRecord, judgement: Judgement) -> tuple[FactRow, ...]:
    if not judgement.models:
        return ()
    without = judgement.choice_without_models
    return (
        FactRow(name="Without them", text="abstained" if without is None else text.plan_text(record.plan(without))),
    )


def _ballot(recording: Recording, record: IncidentRecord, signed: SignedBallot) -> EvidenceView:
    ballot, judgement = signed.ballot, signed.ballot.judgement
    known = {each.reference(): each for each in _told(record)}
    cited = [known[reference] for reference in judgement.evidence if reference in known]
    unknown = len(judgement.evidence) - len(cited)
    view = EvidenceView(
        facts=(
            FactRow(name="Cast", text=f"{text.clock_time(ballot.cast_at)} UTC in round {ballot.round}"),
            FactRow(name="Valid until", text=f"{text.clock_time(ballot.expires_at)} UTC"),
            FactRow(name="Models that changed it", text=", ".join(judgement.models) or "none"),
            *_without_models(record, judgement),
            FactRow(name="Signature", text=signed.signature),
        ),
        note=f"It names {unknown} more by digest, for which the ledger holds no words." if unknown else "",
        producer=producer_row(recording, ballot.voter),
    )
    return _weighed(view, cited)


def _told(record: IncidentRecord) -> tuple[Evidence, ...]:
    """All observations that the ledger holds in words."""
    causes = record.diagnosis.hypotheses if record.diagnosis else ()
    weighed = (each for cause in causes for each in (*cause.evidence, *cause.against))
    return (*record.cited_evidence, *record.detection_evidence, *weighed)


def _check(recording: Recording, record: IncidentRecord, check: Check) -> EvidenceView:
    outcome = next((each for each in record.check_outcomes if each.check == check), None)
    receipt = record.receipt
    facts = [FactRow(name="Kind", text="guard: must not get worse" if check.guard else "proof: must get better")]
    moments = [(record.incident.opened_at, "first alert")]
    if receipt is not None:
        moments += [(receipt.received_at, "action"), (receipt.completed_at, "action over")]
        deadline = receipt.completed_at + timedelta(seconds=check.deadline_seconds)
        facts.append(FactRow(name="Deadline", text=f"{text.clock_time(deadline)} UTC"))
    if outcome is not None:
        moments.append((outcome.judged_at, "judged"))
        facts.append(FactRow(name="Judged", text=f"{text.clock_time(outcome.judged_at)} UTC: {outcome.reason}"))
    return EvidenceView(
        facts=tuple(facts),
        producer=producer_row(recording, "verification"),
        trace=trace_view(
            recording, record, (check.service, check.metric), check.threshold, f"must be {check.direction}", moments
        ),
    )


def _weighed(view: EvidenceView, evidence: Iterable[Evidence]) -> EvidenceView:
    """The view with these observations, the weightiest first."""
    rows = [_observation(each) for each in evidence]
    heaviest = max((abs(row.weight) for row in rows), default=0.0) or 1.0
    scaled = [row.model_copy(update={"share": round(100 * abs(row.weight) / heaviest, 1)}) for row in rows]
    pro = sorted((row for row in scaled if row.weight >= 0), key=lambda row: -row.weight)
    contra = sorted((row for row in scaled if row.weight < 0), key=lambda row: row.weight)
    return view.model_copy(update={"pro": tuple(pro), "contra": tuple(contra), "balance": _balance(pro, contra)})


def _balance(pro: list[ObservationRow], contra: list[ObservationRow]) -> str:
    speaks, against = (math.fsum(row.weight for row in rows) for rows in (pro, contra))
    if pro and contra:
        return f"{speaks:+.2f} nats for, {against:+.2f} against, {speaks + against:+.2f} together"
    return f"{speaks:+.2f} nats, all for it" if pro else f"{against:+.2f} nats, all against it" if contra else ""


def _observation(evidence: Evidence) -> ObservationRow:
    return ObservationRow(
        signal=evidence.signal,
        service=evidence.service or "",
        what=evidence.what,
        at=text.clock_time(evidence.when),
        weight=evidence.weight,
        weight_text=f"{evidence.weight:+.2f}",
        share=0.0,
        kind=evidence.provenance.kind,
        source=evidence.provenance.source,
        reference=evidence.reference()[:_SHOWN_DIGEST],
    )
