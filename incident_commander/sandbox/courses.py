"""The courses of one seed: what customers felt with our actions, the modelled human's, and nobody's, and its cost.

What a course cost is the sum over its flows, so that a chart of the flows and the figure beside it cannot differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..domain.findings import Prediction
from ..domain.plan import Action
from ..domain.practice import Answer, Baseline, Flow
from ..domain.practice import Course as ShownCourse
from .answers import HORIZON_SECONDS, Course, Work, mended_from, up_to_decision
from .assumptions import Assumed, Assumptions, assumed, load_assumptions
from .remedies import Impossible, Received
from .scenarios import draw, scenario_named
from .topology import load_company
from .world import DAY_SECONDS

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Untouched:
    """What is known of a seed without our actions.

    Attributes:
        start: Beginning of the first scrape that counts.
        alerted_at: When the first alarm fired; None: none did.
    """

    baseline: Baseline
    start: datetime
    interval_seconds: float
    alerted_at: datetime | None
    human: ShownCourse
    nobody: ShownCourse


@dataclass(frozen=True, slots=True)
class Fared:
    """How a run came out: its course, its cost in USD, and whether each prediction came to pass all the same."""

    course: ShownCourse
    cost_usd: float
    happened: tuple[bool, ...]


def untouched(scenario: str, seed: int, right: Answer, figures: Assumptions | None = None) -> Work[Untouched]:
    """The same seed answered by the modelled human, who finds the right action, and by nobody.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    course, decided = yield from up_to_decision(company, episode, figures or load_assumptions())
    figures = course.world.assumptions
    alarmed = course.first_firing
    end = _costs_end(course, decided)
    since = episode.onset
    nobody = course.fork()
    yield from nobody.run(end)
    human = nobody
    acknowledged: float | None = None
    acted: float | None = None
    mended: float | None = None
    if alarmed is not None:
        acknowledged = alarmed + figures.human_notice_seconds.value + figures.human_acknowledge_seconds.value
    if acknowledged is not None and right.acceptable:
        acts = acknowledged + figures.human_diagnose_seconds.value + figures.human_repair_seconds.value
        waiting = course.fork()
        yield from waiting.run(acts)
        for name, target in right.acceptable:
            attempt = waiting.fork()
            try:
                attempt.world.accept(Action(name=name, target=target), attempt.world.seconds)
            except Impossible:
                continue
            yield from attempt.run(end)
            mended = mended_from(attempt, acts)
            if mended is not None:
                human, acted = attempt, acts
                break
    by_human = _shown("human", human, since, end, acknowledged=acknowledged, acted=acted)
    by_nobody = _shown("nobody", nobody, since, end)
    interval = course.world.archive.interval
    baseline = Baseline(
        acknowledged_seconds=acknowledged - since if acknowledged is not None else None,
        mttr_seconds=mended - since if mended is not None else None,
        customer_cost_usd={
            "human": round(cost_usd(by_human, interval, figures), 2),
            "nobody": round(cost_usd(by_nobody, interval, figures), 2),
        },
        assumptions=figures.as_json("human_", "usd_", "alert_"),
        provenance=assumed("the modelled person's times and what each harm costs are assumed; the rest is simulated"),
    )
    return Untouched(
        baseline=baseline,
        start=course.world.moment(course.rows(since, end)[0] * interval),
        interval_seconds=interval,
        alerted_at=course.world.moment(alarmed) if alarmed is not None else None,
        human=by_human,
        nobody=by_nobody,
    )


def fared(
    scenario: str,
    seed: int,
    received: Sequence[Received],
    predictions: Sequence[Prediction],
    figures: Assumptions | None = None,
) -> Work[Fared]:
    """How customers fared when these actions were received, from the onset on and over the same time as a baseline.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    before, decided = yield from up_to_decision(company, episode, figures)
    end = _costs_end(before, decided)
    course = Course.start(company, episode, figures)
    for each in received:
        course.world.replay(each)
    yield from course.run(end)
    acted = min((each.received_at for each in received), default=None)
    shown = _shown("ours", course, episode.onset, end, acknowledged=before.first_firing, acted=acted)
    yield from course.run(max([end, *(_by(course, prediction) for prediction in predictions)]))
    cost = cost_usd(shown, course.world.archive.interval, course.world.assumptions)
    return Fared(shown, round(cost, 2), _crossings(course, before.first_firing, predictions))


def cost_usd(course: ShownCourse, interval_seconds: float, figures: Assumptions) -> float:
    """What a course cost in USD."""
    total = 0.0
    for flow in course.flows:
        price: Assumed = getattr(figures, flow.price)
        total += sum(flow.per_second) * interval_seconds * price.value
    return total


def untouched_crosses(scenario: str, seed: int, predictions: Sequence[Prediction]) -> Work[tuple[bool, ...]]:
    """Whether each predicted metric crossed its threshold by then in the same world with nobody acting.

    Looks from the first alarm on: what had happened before is no prediction.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    course = Course.start(company, draw(company, scenario_named(scenario), seed))
    alarmed = yield from course.run_to_alarm(DAY_SECONDS)
    if predictions:
        yield from course.run(max(_by(course, prediction) for prediction in predictions))
    return _crossings(course, alarmed, predictions)


def _costs_end(course: Course, decided: float) -> float:
    """Until when costs are counted: an hour after the modelled person would have acted."""
    figures = course.world.assumptions
    slowest = (
        figures.human_notice_seconds.value
        + figures.human_acknowledge_seconds.value
        + figures.human_diagnose_seconds.value
        + figures.human_repair_seconds.value
    )
    return decided + slowest + HORIZON_SECONDS


def _shown(
    name: Literal["ours", "human", "nobody"],
    course: Course,
    since: float,
    end: float,
    *,
    acknowledged: float | None = None,
    acted: float | None = None,
) -> ShownCourse:
    """A course as it is shown; it must not have been run further than `end`."""
    archive = course.world.archive
    rows = slice(*course.rows(since, end))
    felt, intrusion = archive.customers[rows].round(_DIGITS), archive.intrusion[rows].round(_DIGITS)
    flows = (
        ("failed requests", "usd_per_failed_request", felt[:, 1]),
        ("slow requests", "usd_per_slow_request", felt[:, 2]),
        ("late order events", "usd_per_slow_request", felt[:, 3]),
        ("exposed records", "usd_per_exposed_record", intrusion[:, 0]),
        ("stolen instances", "usd_per_stolen_instance_second", intrusion[:, 1]),
    )
    well = course.well_again(acted if acted is not None else since, end)

    def moment(seconds: float | None) -> datetime | None:
        return None if seconds is None else course.world.moment(seconds)

    return ShownCourse(
        name=name,
        requests_per_second=tuple(felt[:, 0].tolist()),
        flows=tuple(Flow(name=what, price=price, per_second=tuple(rate.tolist())) for what, price, rate in flows),
        acknowledged_at=moment(acknowledged),
        acted_at=moment(acted),
        well_at=moment(well),
    )


def _by(course: Course, prediction: Prediction) -> float:
    """The scrape after which a prediction can be judged, in seconds since the epoch."""
    return course.world.seconds_at(prediction.by) + course.world.archive.interval


def _crossings(course: Course, alarmed: float | None, predictions: Sequence[Prediction]) -> tuple[bool, ...]:
    first = int((alarmed or 0.0) / course.world.archive.interval)
    return tuple(_crosses(course, prediction, first) for prediction in predictions)


def _crosses(course: Course, prediction: Prediction, first: int) -> bool:
    company, archive = course.world.company, course.world.archive
    if prediction.service not in company.index:
        return False
    if prediction.metric not in archive.exported[company.index[prediction.service]]:
        return False
    last = int(course.world.seconds_at(prediction.by) / archive.interval + 1e-9)
    values = archive.values(prediction.service, prediction.metric)[first:last]
    crossed = values > prediction.threshold if prediction.direction == "above" else values < prediction.threshold
    return bool(crossed.any())
