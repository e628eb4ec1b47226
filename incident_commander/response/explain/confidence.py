"""How sure a recorded response was, by what, how right it turned out, and what would have changed its mind."""

import math
from collections.abc import Iterator, Sequence

from ...agents.diagnosis import CONFIRMED, LIKELY
from ...analysis.calibration import wilson_interval
from ...domain.base import Value
from ...domain.event import AgentRun
from ...domain.findings import Diagnosis, Hypothesis
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import Recording
from ..view_findings import GapRow, PredictionRow, gap_rows, prediction_rows
from .claims import interval_text
from .producers import ProducerRow, producer_row


class LikelihoodRow(Value):
    """A possible cause with its probability; `true`: it was so, as the answer says that no agent saw."""

    claim: str
    text: str
    probability: float
    probability_text: str
    leading: bool
    true: bool


class SurenessRow(Value):
    """How sure an agent was, in what, and why."""

    agent: str
    what: str
    confidence: float
    confidence_text: str
    why: str
    producer: ProducerRow


class ForecastRow(Value):
    """A prediction with its interval and outcome."""

    row: PredictionRow
    interval: str
    probability: float


class TruthView(Value):
    """What was really wrong, and how near the response came."""

    cause: str = ""
    explanation: str = ""
    onset: str = ""
    seen: str = ""
    right: bool = False
    right_text: str = ""
    given: str = ""
    remedies: str = ""
    harmful: str = ""


class CalibrationView(Value):
    """Predictions against what came to pass; `scored` 0 where none was.

    Attributes:
        interval: 95 % Wilson interval of the share that came true.
        brier: Mean squared distance of probability and outcome: 0 is perfect, 0.25 is what a coin gets.
    """

    scored: int = 0
    hits: int = 0
    share: str = ""
    stated: str = ""
    interval: str = ""
    brier: str = ""


class ConfidenceView(Value):
    """The Confidence tab.

    Attributes:
        rest: What is left of the probability: that nothing is wrong, or the cause is one that was not listed.
        margin: How far the first is ahead of the second, in nats.
        doubts: What would have changed the mind.
    """

    verdict: str = ""
    verdict_text: str = ""
    rule: str = ""
    hypotheses: tuple[LikelihoodRow, ...] = ()
    rest: str = ""
    margin: str = ""
    agents: tuple[SurenessRow, ...] = ()
    forecasts: tuple[ForecastRow, ...] = ()
    calibration: CalibrationView = CalibrationView()
    truth: TruthView = TruthView()
    next_question: str = ""
    doubts: tuple[str, ...] = ()
    gaps: tuple[GapRow, ...] = ()


def confidence_view(recording: Recording) -> ConfidenceView:
    """The probabilities, what they rest on and how they came out; only the answer where no alert came."""
    record = recording.record
    if record is None:
        return ConfidenceView(truth=_truth(recording, None))
    diagnosis = record.diagnosis or Diagnosis(verdict="inconclusive")
    ranked = diagnosis.hypotheses
    return ConfidenceView(
        verdict=diagnosis.verdict,
        verdict_text=text.sentence(diagnosis.verdict),
        rule=(
            f"Confirmed from {text.share(CONFIRMED)} with evidence of two kinds of telemetry and no gap in the "
            f"metrics, likely from {text.share(LIKELY)}, below that inconclusive."
        ),
        hypotheses=tuple(_likelihood(recording, diagnosis, each) for each in ranked),
        rest=_rest(ranked),
        margin=_margin(ranked),
        agents=tuple(_sureness(recording, record)),
        forecasts=_forecasts(record),
        calibration=_calibration(record),
        truth=_truth(recording, record),
        next_question=diagnosis.next_question,
        doubts=tuple(_doubts(ranked)),
        gaps=gap_rows(record),
    )


def _likelihood(recording: Recording, diagnosis: Diagnosis, hypothesis: Hypothesis) -> LikelihoodRow:
    answer = recording.answer
    return LikelihoodRow(
        claim=f"hypothesis.{hypothesis.rank}",
        text=f"{hypothesis.service}: {text.words(hypothesis.fault)}",
        probability=hypothesis.probability,
        probability_text=text.share(hypothesis.probability),
        leading=hypothesis == diagnosis.cause,
        true=(hypothesis.service, hypothesis.fault) == (answer.service, answer.fault),
    )


def _rest(ranked: Sequence[Hypothesis]) -> str:
    left = max(0.0, 1 - math.fsum(each.probability for each in ranked))
    return text.share(left) if left > 1e-9 else "none"


def _margin(ranked: Sequence[Hypothesis]) -> str:
    if len(ranked) < 2 or not ranked[1].probability:
        return ""
    nats = math.log(ranked[0].probability / ranked[1].probability)
    return f"{nats:.1f} nats, which is {text.number(math.exp(nats))} to 1"


def _doubts(ranked: Sequence[Hypothesis]) -> Iterator[str]:
    """What stands against the leading hypothesis, and how much would have to come to it."""
    if not ranked:
        yield "Any signal that left its course: nothing that was read points at a cause."
        return
    first = ranked[0]
    if len(ranked) > 1 and ranked[1].probability:
        nats = math.log(first.probability / ranked[1].probability)
        heaviest = max(first.evidence, key=lambda each: each.weight, default=None)
        yield (
            f"Evidence of more than {nats:.1f} nats for {ranked[1].service} ({text.words(ranked[1].fault)}) over "
            f"{first.service} would have put it first."
        )
        if heaviest is not None:
            enough = "alone" if heaviest.weight > nats else "only together with others"
            yield (
                f"The weightiest observation carries {heaviest.weight:.1f} nats ({heaviest.what}): were it false, that "
                f"would have turned the order {enough}."
            )
    for each in first.against:
        yield f"Against it speaks already, {each.weight:+.1f} nats: {each.what}."


def _sureness(recording: Recording, record: IncidentRecord) -> Iterator[SurenessRow]:
    reasons = {str(signed.ballot.voter): signed.ballot.judgement.reason for signed in record.ballots}
    for event in record.of_kind("agent.ran"):
        run = AgentRun.model_validate(event.payload)
        voted = run.stage == "deliberate"
        read = ", ".join(f"{count:,} {what}" for what, count in run.inputs.items() if count)
        yield SurenessRow(
            agent=text.sentence(run.agent),
            what="its vote" if voted else f"what it found ({run.stage})",
            confidence=run.confidence or 0.0,
            confidence_text=text.share(run.confidence) if run.confidence is not None else "failed",
            why=run.error or (reasons.get(run.agent, "") if voted else f"read {read}"),
            producer=producer_row(recording, run.agent),
        )


def _forecasts(record: IncidentRecord) -> tuple[ForecastRow, ...]:
    return tuple(
        ForecastRow(row=row, interval=interval_text(prediction), probability=prediction.probability)
        for row, prediction in zip(prediction_rows(record), record.predictions, strict=True)
    )


def _calibration(record: IncidentRecord) -> CalibrationView:
    outcomes = {outcome.prediction: outcome.outcome for outcome in record.prediction_outcomes}
    pairs = [
        (prediction.probability, float(outcome == "hit"))
        for prediction in record.predictions
        if (outcome := outcomes.get(prediction.reference())) in ("hit", "miss")
    ]
    if not pairs:
        return CalibrationView()
    scored, hits = len(pairs), sum(hit for _, hit in pairs)
    low, high = wilson_interval(int(hits), scored)
    return CalibrationView(
        scored=scored,
        hits=int(hits),
        share=text.share(hits / scored),
        stated=text.share(math.fsum(probability for probability, _ in pairs) / scored),
        interval=f"{text.share(low)} to {text.share(high)}",
        brier=f"{math.fsum((probability - hit) ** 2 for probability, hit in pairs) / scored:.3f}",
    )


def _truth(recording: Recording, record: IncidentRecord | None) -> TruthView:
    answer, report = recording.answer, recording.report
    service, fault = answer.service, answer.fault
    cause = f"{service}: {text.words(fault)}" if service and fault else "Nothing was wrong"
    named = record.diagnosis.hypotheses if record is not None and record.diagnosis else ()
    given = math.fsum(each.probability for each in named if each.service == service)
    onsets = [each.onset for each in record.anomalies if each.service == service] if record is not None else []
    seen = ""
    if answer.onset is not None and onsets:
        seen = f"its first signal is dated {text.time_between(answer.onset, min(onsets))} after it began"
    return TruthView(
        cause=cause,
        explanation=answer.explanation,
        onset=f"{text.date_time(answer.onset)} UTC" if answer.onset else "",
        seen=seen,
        right=report.root_cause.correct,
        right_text="named right" if report.root_cause.correct else "not named right",
        given=text.share(given) if service else "",
        remedies=_pairs(answer.acceptable) or "none: acting is wrong",
        harmful=_pairs(answer.harmful) or "none",
    )


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{text.words(action)} {target}" for action, target in pairs)
