"""A recorded response in figures: where the time went, what the evidence came from, who agreed, what it saved."""

import math
from collections.abc import Iterator
from itertools import combinations

from ...business.cost import cumulative_usd, prices_needed, total_usd
from ...domain.ballot import VOTERS, Judgement, Voter
from ...domain.base import UtcDatetime, Value
from ...domain.incident import STAGES
from ...domain.practice import Course
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import Recording


class DurationRow(Value):
    """A stage on both clocks; `*_share` is its part of the longest one, in percent."""

    label: str
    simulated: str
    simulated_share: float
    measured: str
    measured_share: float


class SignalRow(Value):
    """A kind of telemetry and what it said about the leading cause, in nats; shares in percent of the heaviest."""

    signal: str
    pro: int
    contra: int
    pro_text: str
    contra_text: str
    pro_share: float
    contra_share: float


class AgreementCell(Value):
    """Two voters; `agreement` is 1 less the mean distance of their scores, over all plans."""

    text: str
    agreement: float
    same: bool
    own: bool


class AgreementRow(Value):
    """One voter against each other."""

    voter: str
    choice: str
    cells: tuple[AgreementCell, ...]


class CurveView(Value):
    """What customers had lost by each scrape along one course, float[n_scrapes + 1] in USD."""

    name: str
    tone: str
    usd: tuple[float, ...]
    total: str
    well: str


class ImpactView(Value):
    """The three courses of the seed over the same simulated time."""

    start: UtcDatetime | None = None
    interval_seconds: float = 15.0
    alerted_seconds: float | None = None
    acted_seconds: float | None = None
    curves: tuple[CurveView, ...] = ()
    prices: tuple[str, ...] = ()
    saved: str = ""


class FigureRow(Value):
    """A figure of the run with its clock or source."""

    name: str
    text: str
    note: str
    kind: str
    source: str


class AnalyticsView(Value):
    """The Analytics tab."""

    durations: tuple[DurationRow, ...] = ()
    simulated_total: str = ""
    measured_total: str = ""
    signals: tuple[SignalRow, ...] = ()
    leading: str = ""
    voters: tuple[str, ...] = ()
    agreement: tuple[AgreementRow, ...] = ()
    agreed: str = ""
    impact: ImpactView = ImpactView()
    figures: tuple[FigureRow, ...] = ()
    hits: int = 0
    misses: int = 0
    unscored: int = 0


def analytics_view(recording: Recording) -> AnalyticsView:
    """The run in figures; without an alert only what customers felt."""
    record = recording.record
    if record is None:
        return AnalyticsView(impact=_impact(recording), figures=_figures(recording))
    outcomes = [outcome.outcome for outcome in record.prediction_outcomes]
    durations, simulated, measured = _durations(record)
    leading = record.diagnosis.hypotheses[0] if record.diagnosis and record.diagnosis.hypotheses else None
    return AnalyticsView(
        durations=durations,
        simulated_total=text.duration(simulated),
        measured_total=text.milliseconds(measured),
        signals=tuple(_signals(record)),
        leading=f"{leading.service}: {text.words(leading.fault)}" if leading else "",
        voters=tuple(text.sentence(voter) for voter in VOTERS),
        agreement=_agreement(record),
        agreed=_agreed(record),
        impact=_impact(recording),
        figures=_figures(recording),
        hits=outcomes.count("hit"),
        misses=outcomes.count("miss"),
        unscored=outcomes.count("unscored"),
    )


def _durations(record: IncidentRecord) -> tuple[tuple[DurationRow, ...], float, float]:
    """The stages that ran, with what all of them took: simulated seconds, and measured milliseconds."""
    took: dict[str, tuple[float, float]] = {}
    for stage in STAGES:
        event = record.stage_event("stage.finished", stage)
        if event is not None:
            took[stage] = _number(event.payload.get("clock_seconds")), _number(event.payload.get("wall_ms"))
    longest = max((seconds for seconds, _ in took.values()), default=0.0) or 1.0
    slowest = max((ms for _, ms in took.values()), default=0.0) or 1.0
    rows = tuple(
        DurationRow(
            label=text.sentence(stage),
            simulated=text.duration(seconds),
            simulated_share=round(100 * seconds / longest, 1),
            measured=text.milliseconds(ms),
            measured_share=round(100 * ms / slowest, 1),
        )
        for stage, (seconds, ms) in took.items()
    )
    return rows, math.fsum(seconds for seconds, _ in took.values()), math.fsum(ms for _, ms in took.values())


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _signals(record: IncidentRecord) -> Iterator[SignalRow]:
    leading = record.diagnosis.hypotheses[0] if record.diagnosis and record.diagnosis.hypotheses else None
    if leading is None:
        return
    told = (*leading.evidence, *leading.against)
    sums: dict[str, tuple[list[float], list[float]]] = {}
    for each in told:
        sums.setdefault(each.signal, ([], []))[each.weight < 0].append(each.weight)
    heaviest = max((abs(math.fsum(weights)) for both in sums.values() for weights in both), default=0.0) or 1.0
    for signal, (pro, contra) in sorted(sums.items(), key=lambda item: -math.fsum(item[1][0])):
        yield SignalRow(
            signal=text.sentence(signal),
            pro=len(pro),
            contra=len(contra),
            pro_text=f"{math.fsum(pro):+.2f}" if pro else "",
            contra_text=f"{math.fsum(contra):+.2f}" if contra else "",
            pro_share=round(100 * math.fsum(pro) / heaviest, 1),
            contra_share=round(100 * abs(math.fsum(contra)) / heaviest, 1),
        )


def _agreement(record: IncidentRecord) -> tuple[AgreementRow, ...]:
    judgements = {signed.ballot.voter: signed.ballot.judgement for signed in record.ballots}
    rows = []
    for voter in VOTERS:
        own = judgements.get(voter)
        if own is None:
            continue
        rows.append(
            AgreementRow(
                voter=text.sentence(voter),
                choice=text.plan_text(record.plan(own.choice)) if own.choice else "abstained",
                cells=tuple(_cell(voter, other, judgements) for other in VOTERS),
            )
        )
    return tuple(rows)


def _cell(voter: Voter, other: Voter, judgements: dict[Voter, Judgement]) -> AgreementCell:
    if voter == other or other not in judgements:
        return AgreementCell(text="" if voter == other else "-", agreement=0.0, same=False, own=voter == other)
    one, two = judgements[voter], judgements[other]
    agreement = _closeness(one, two)
    return AgreementCell(text=f"{agreement:.2f}", agreement=agreement, same=one.choice == two.choice, own=False)


def _closeness(one: Judgement, two: Judgement) -> float:
    plans = sorted(one.scores.keys() & two.scores.keys())
    if not plans:
        return 0.0
    return 1 - math.fsum(abs(one.scores[plan] - two.scores[plan]) for plan in plans) / len(plans)


def _agreed(record: IncidentRecord) -> str:
    judgements = [signed.ballot.judgement for signed in record.ballots]
    pairs = list(combinations(judgements, 2))
    if not pairs:
        return ""
    same = sum(one.choice == two.choice for one, two in pairs)
    return f"{same} of {len(pairs)} pairs of voters chose the same plan"


def _impact(recording: Recording) -> ImpactView:
    courses = recording.courses
    assumed = {figure.name: figure for figure in recording.assumptions}
    needed = sorted(prices_needed(courses))
    if any(name not in assumed for name in needed):
        return ImpactView()
    prices = {name: assumed[name].value for name in needed}
    felt = {
        flow.price
        for course in (courses.ours, courses.human, courses.nobody)
        for flow in course.flows
        if any(flow.per_second)
    }
    interval = courses.interval_seconds

    def after(moment: UtcDatetime | None) -> float | None:
        return (moment - courses.start).total_seconds() if moment else None

    totals = {each.name: total_usd(each, interval, prices) for each in (courses.ours, courses.human, courses.nobody)}
    return ImpactView(
        start=courses.start,
        interval_seconds=interval,
        alerted_seconds=after(courses.alerted_at),
        acted_seconds=after(courses.ours.acted_at),
        curves=tuple(
            _curve(course, interval, prices, name)
            for course, name in (
                (courses.ours, "With this response"),
                (courses.human, "With the modelled human"),
                (courses.nobody, "With nobody"),
            )
        ),
        prices=tuple(
            f"{text.words(name.removeprefix('usd_'))}: {prices[name]:g} USD ({assumed[name].source})"
            for name in needed
            if name in felt
        ),
        saved=text.usd(totals["human"] - totals["ours"]),
    )


def _curve(course: Course, interval: float, prices: dict[str, float], name: str) -> CurveView:
    return CurveView(
        name=name,
        tone=course.name,
        usd=cumulative_usd(course, interval, prices),
        total=text.usd(total_usd(course, interval, prices)),
        well=f"well at {text.clock_time(course.well_at)} UTC" if course.well_at else "not well within the time counted",
    )


def _figures(recording: Recording) -> tuple[FigureRow, ...]:
    clock, report = recording.report.clock, recording.report
    simulated = {"kind": "simulated", "source": "practice company"}
    rows = (
        ("MTTD", clock.mttd_seconds, "from the fault's onset to the incident, simulated clock"),
        ("MTTR", clock.mttr_seconds, "from the fault's onset to resolved, simulated clock"),
        ("MTTR of the modelled human", clock.baseline_mttr_seconds, "same seed, simulated clock"),
    )
    return (
        *(
            FigureRow(name=name, text="none" if value is None else text.duration(value), note=note, **simulated)
            for name, value, note in rows
        ),
        FigureRow(
            name="Computing the run",
            text=text.duration(report.wall_seconds),
            note="wall clock, measured when it was recorded",
            kind="recorded",
            source="local",
        ),
    )
