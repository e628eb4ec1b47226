"""The claims that a recorded response made, stage by stage. What speaks for each is in `evidence`."""

from collections.abc import Iterator
from typing import Literal

from ...domain.base import Value
from ...domain.findings import Anomaly, Prediction
from ...domain.incident import Stage
from ...domain.plan import Plan
from .. import view_text as text
from ..record import IncidentRecord
from ..view_decision import check_rows, plan_rows, quorum_view
from ..view_findings import prediction_rows
from .rule import rule_of

ClaimState = Literal[
    "",
    "leading",
    "met",
    "unmet",
    "pending",
    "hit",
    "miss",
    "unscored",
    "for",
    "other",
    "abstained",
    "rejected",
    "missing",
]


class ClaimRow(Value):
    """One claim; what speaks for it is asked for by `id`.

    Attributes:
        figure: Its number, with what that number is in `figure_name`; empty where it has none.
        share: The number in [0, 1], to draw; negative where there is none.
        opens: What can be opened: `8 for, 1 against`.
    """

    id: str
    text: str
    detail: str = ""
    figure: str = ""
    figure_name: str = ""
    share: float = -1
    state: ClaimState = ""
    state_text: str = ""
    opens: str = ""


def alert_claims(record: IncidentRecord) -> Iterator[ClaimRow]:
    """The alerts, each with why it was grouped."""
    for place, event in enumerate(record.of_kind("alert.grouped")):
        payload = event.payload
        yield ClaimRow(
            id=f"alert.{place}",
            text=f"{payload.get('name')} on {payload.get('service') or 'no named service'}",
            detail=f"{text.sentence(str(payload.get('reason') or 'no reason was kept'))}",
            figure=text.clock_time(event.occurred_at),
            figure_name="UTC",
            opens="as it came",
        )


def stage_claims(record: IncidentRecord, stage: Stage) -> tuple[tuple[ClaimRow, ...], str]:
    """The claims of a stage, and what they are; none for the stages that only carry something out."""
    match stage:
        case "detect":
            return tuple(_anomalies(record)), "signals that left their course"
        case "diagnose":
            return tuple(_hypotheses(record)), "possible causes, ranked"
        case "predict":
            return tuple(_predictions(record)), "what breaks next if nobody acts"
        case "propose":
            return tuple(_plans(record)), "candidate plans"
        case "deliberate":
            return tuple(_ballots(record)), "votes, each from its own evidence"
        case "verify":
            return tuple(_checks(record)), "checks, registered before acting"
        case _:
            return (), ""


def _anomalies(record: IncidentRecord) -> Iterator[ClaimRow]:
    for place, anomaly in enumerate(record.anomalies):
        over = "" if anomaly.ongoing else ", over by the end of the window"
        yield ClaimRow(
            id=f"anomaly.{place}",
            text=f"{anomaly.service} {text.metric_text(anomaly.metric)} {_moved(anomaly)}",
            detail=f"since {text.clock_time(anomaly.onset)} UTC{over}",
            figure=f"{anomaly.score:.3f}",
            figure_name="score",
            share=anomaly.score,
            opens="metric",
        )


def _moved(anomaly: Anomaly) -> str:
    verb = "rose" if anomaly.direction == "up" else "fell"
    before, after = (text.quantity(value, anomaly.unit) for value in (anomaly.baseline, anomaly.observed))
    return f"{verb} from {before} to {after}"


def _hypotheses(record: IncidentRecord) -> Iterator[ClaimRow]:
    diagnosis = record.diagnosis
    for hypothesis in diagnosis.hypotheses if diagnosis else ():
        yield ClaimRow(
            id=f"hypothesis.{hypothesis.rank}",
            text=f"{hypothesis.service}: {text.words(hypothesis.fault)}",
            detail=f"by the change {hypothesis.change}" if hypothesis.change else "",
            figure=text.share(hypothesis.probability),
            figure_name="probability",
            share=hypothesis.probability,
            state="leading" if diagnosis and hypothesis == diagnosis.cause else "",
            opens=f"{len(hypothesis.evidence)} for, {len(hypothesis.against)} against",
        )


def _predictions(record: IncidentRecord) -> Iterator[ClaimRow]:
    for place, (row, prediction) in enumerate(zip(prediction_rows(record), record.predictions, strict=True)):
        yield ClaimRow(
            id=f"prediction.{place}",
            text=row.text,
            detail=", ".join(part for part in (f"by {row.by} UTC", interval_text(prediction)) if part),
            figure=row.probability_text,
            figure_name="probability",
            share=prediction.probability,
            state=row.state,
            state_text=row.state_text,
            opens="metric",
        )


def interval_text(prediction: Prediction) -> str:
    """When it is expected, with 80 % probability; empty where no trend was extended."""
    if prediction.earliest is None:
        return ""
    latest = text.clock_time(prediction.latest) if prediction.latest else "never"
    return f"80% interval {text.clock_time(prediction.earliest)} to {latest}"


def _plans(record: IncidentRecord) -> Iterator[ClaimRow]:
    rows = {row.digest: row for row in plan_rows(record)}
    for place, plan in enumerate(record.plans):
        row = rows[plan.digest]
        yield ClaimRow(
            id=f"plan.{place}",
            text=row.text,
            detail=row.undo,
            figure=row.votes_text,
            state="leading" if row.chosen else "",
            state_text="Certified" if row.chosen else "",
            opens=_proof(plan),
        )


def _proof(plan: Plan) -> str:
    return f"{len(plan.checks)} checks" if plan.checks else "no checks"


def _ballots(record: IncidentRecord) -> Iterator[ClaimRow]:
    cast = {str(signed.ballot.voter): signed.ballot.judgement for signed in record.ballots}
    for row in quorum_view(record, rule_of(record)).votes:
        judgement = cast.get(row.voter)
        yield ClaimRow(
            id=f"ballot.{row.voter}",
            text=f"{row.label}: {row.choice or row.state_text.lower()}",
            detail=row.reason,
            figure=text.share(judgement.confidence) if judgement else "",
            figure_name="confidence",
            share=judgement.confidence if judgement else -1,
            state=row.state,
            state_text=row.state_text,
            opens=f"{len(judgement.evidence)} observations" if judgement else "",
        )


def _checks(record: IncidentRecord) -> Iterator[ClaimRow]:
    for place, row in enumerate(check_rows(record)):
        yield ClaimRow(
            id=f"check.{place}",
            text=row.text,
            detail="must not get worse" if row.guard else "must get better",
            figure=row.observed,
            figure_name="last value",
            state=row.state,
            state_text=row.state_text,
            opens="metric",
        )
