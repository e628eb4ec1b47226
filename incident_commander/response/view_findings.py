"""What the agents concluded, as rows: hypotheses with their evidence, predictions, gaps."""

from typing import Literal

from ..domain.base import Value
from ..domain.findings import Evidence, Hypothesis, Prediction, PredictionOutcome
from ..domain.telemetry import Gap
from . import view_text as text
from .record import IncidentRecord


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


class GapRow(Value):
    """Something the investigation could not see."""

    signal: str
    reason: str
    remedy: str


def hypothesis_rows(record: IncidentRecord) -> tuple[HypothesisRow, ...]:
    """The ranked root causes; empty before the diagnosis."""
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


def prediction_rows(record: IncidentRecord) -> tuple[PredictionRow, ...]:
    """The predictions with their outcomes."""
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


def gap_rows(record: IncidentRecord) -> tuple[GapRow, ...]:
    """What diagnosis and the stages could not see, each once."""
    gaps = list(record.diagnosis.gaps) if record.diagnosis else []
    for event in record.of_kind("stage.finished"):
        found = event.payload.get("gaps")
        gaps.extend(Gap.model_validate(gap) for gap in (found if isinstance(found, list) else []))
    return tuple(GapRow(signal=gap.signal, reason=gap.reason, remedy=gap.remedy) for gap in dict.fromkeys(gaps))
