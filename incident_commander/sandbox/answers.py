"""What would have been right: every action tried on the same world, and the same seed answered by a person or nobody.

Nothing here is declared by a scenario: an action is acceptable because the model, simulated with it, comes back to
normal and stays so; harmful because customers are worse off than had nobody acted. Each function is a generator that
yields between stretches of computing and returns its result, so that an event loop need not be held up.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar, get_args

import numpy as np

from ..domain.base import ServiceName
from ..domain.findings import Prediction
from ..domain.plan import Action, ActionName
from ..domain.practice import Answer, Baseline
from ..domain.telemetry import FloatArray
from .alarms import Alarms
from .assumptions import Assumptions, assumed, load_assumptions
from .model import TICK_SECONDS
from .remedies import Impossible, Received
from .scenarios import Episode, draw, scenario_named
from .topology import Company, load_company
from .world import DAY_SECONDS, World

T = TypeVar("T")
Work = Generator[None, None, T]

HORIZON_SECONDS = 3600.0
"""How long after the decision an action must have mended the company for, and costs are counted."""
GLANCE_SECONDS = 540.0
"""When an action is given up on that has changed nothing; every action is done by then."""
FIRST_LOOK_SECONDS = 780.0
"""When an action is given up on that has not helped enough. Harm is judged over the time until it was given up."""
SETTLE_SECONDS = 720.0
"""From the decision until the company must be well: the longest action and several minutes to recover."""
QUIET_AT_THE_END_SECONDS = 600.0
NORMAL_SHARE = 0.01
"""Failed, slow and late requests that are no incident."""
HARM_SHARE = 0.02
"""How many more of them make an action harmful."""
_STRETCH_SECONDS = 150.0


@dataclass(slots=True)
class Course:
    """A world with its alarms."""

    world: World
    alarms: Alarms
    last_firing: float | None = None
    first_firing: float | None = None

    @classmethod
    def start(cls, company: Company, episode: Episode) -> "Course":
        """At the epoch."""
        world = World(company, episode)
        return cls(world, Alarms(world.archive, world.assumptions))

    def fork(self) -> "Course":
        """An independent course with the same past."""
        return Course(self.world.fork(), self.alarms.fork(), self.last_firing, self.first_firing)

    def run(self, until: float) -> Work[None]:
        """Move on to `until` seconds since the epoch."""
        while self.world.seconds + TICK_SECONDS <= until:
            self.world.advance(min(until, self.world.seconds + _STRETCH_SECONDS))
            self._look()
            yield

    def run_to_alarm(self, until: float) -> Work[float | None]:
        """Move on to the first alarm, or to `until`; when it fired."""
        interval = self.world.archive.interval
        while self.first_firing is None and self.world.seconds < until:
            self.world.advance(self.world.seconds + interval)
            self._look()
            if self.alarms.scrapes % 10 == 0:
                yield
        return self.first_firing

    def _look(self) -> None:
        archive = self.world.archive
        for row in range(self.alarms.scrapes, archive.count):
            self.alarms.evaluate(archive, row)
            if self.alarms.any_firing():
                self.last_firing = (row + 1) * archive.interval
                if self.first_firing is None:
                    self.first_firing = self.last_firing

    def harmed_share(self, start: float, end: float) -> FloatArray:
        """Share of customer requests that failed, were slow or came late, by scrape between two times."""
        archive = self.world.archive
        low, high = int(start / archive.interval), min(int(end / archive.interval), archive.count)
        felt = archive.customers[low:high]
        share: FloatArray = felt[:, 1:4].sum(axis=1) / np.maximum(felt[:, 0], 1e-9)
        return share

    def cost_usd(self, start: float, end: float) -> float:
        """What customers' failed and slow requests cost between two times."""
        archive = self.world.archive
        low, high = int(start / archive.interval), min(int(end / archive.interval), archive.count)
        return customer_cost(archive.customers[low:high], archive.interval, self.world.assumptions)


def customer_cost(customers: FloatArray, interval: float, assumptions: Assumptions) -> float:
    """Cost in USD of the customers' rows of an archive; late order events count as slow requests."""
    failed = float(customers[:, 1].sum()) * interval
    slow = float(customers[:, 2:4].sum()) * interval
    return failed * assumptions.usd_per_failed_request.value + slow * assumptions.usd_per_slow_request.value


def finish(work: Work[T]) -> T:
    """Do all of it at once."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result


def answer(scenario: str, seed: int) -> Work[Answer]:
    """Derive the answer of a scenario and seed by trying everything.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    course, decided = yield from _up_to_decision(company, episode)
    control = course.fork()
    yield from control.run(decided + HORIZON_SECONDS)
    acceptable: list[tuple[ActionName, ServiceName]] = []
    harmful: list[tuple[ActionName, ServiceName]] = []
    for name in get_args(ActionName):
        for service in company.services:
            trial = course.fork()
            try:
                trial.world.accept(Action(name=name, target=service.name), decided)
            except Impossible:
                continue
            verdict = yield from _judge(trial, control, decided)
            if verdict == "mends" and episode.fault is not None:
                acceptable.append((name, service.name))
            elif verdict == "harms":
                harmful.append((name, service.name))
    return Answer(
        service=episode.service,
        fault=episode.fault,
        onset=course.world.moment(episode.onset) if episode.fault is not None else None,
        acceptable=tuple(acceptable),
        harmful=tuple(harmful),
        explanation=episode.explanation,
    )


def baseline(scenario: str, seed: int) -> Work[Baseline]:
    """The same seed answered by the modelled human, who finds the right action, and by nobody.

    Raises:
        ValueError: there is no such scenario.
    """
    right = yield from answer(scenario, seed)
    return (yield from baseline_knowing(scenario, seed, right))


def baseline_knowing(scenario: str, seed: int, right: Answer) -> Work[Baseline]:
    """As `baseline`, with the answer already derived."""
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    course, decided = yield from _up_to_decision(company, episode)
    figures = course.world.assumptions
    alarmed = course.first_firing
    nobody = course.fork()
    end = _costs_end(course, decided)
    acknowledged: float | None = None
    mended_at: float | None = None
    if alarmed is not None:
        acknowledged = alarmed + figures.human_notice_seconds.value + figures.human_acknowledge_seconds.value
    yield from nobody.run(end)
    human = nobody
    if acknowledged is not None and right.acceptable:
        acts = acknowledged + figures.human_diagnose_seconds.value + figures.human_repair_seconds.value
        human = course.fork()
        yield from human.run(acts)
        for name, target in right.acceptable:
            attempt = human.fork()
            try:
                attempt.world.accept(Action(name=name, target=target), attempt.world.seconds)
            except Impossible:
                continue
            yield from attempt.run(end)
            mended_at = _well_from(attempt, acts)
            if mended_at is not None:
                human = attempt
                break
        else:
            yield from human.run(end)
    since = episode.onset
    return Baseline(
        acknowledged_seconds=acknowledged - since if acknowledged is not None else None,
        mttr_seconds=mended_at - since if mended_at is not None else None,
        customer_cost_usd={
            "human": round(human.cost_usd(since, end), 2),
            "nobody": round(nobody.cost_usd(since, end), 2),
        },
        assumptions=figures.as_json("human_", "usd_", "alert_"),
        provenance=assumed("the modelled person's times and the cost of a request are assumed; the rest is simulated"),
    )


def fared(
    scenario: str, seed: int, received: Sequence[Received], predictions: Sequence[Prediction]
) -> Work[tuple[float, tuple[bool, ...]]]:
    """How customers fared when these actions were received.

    Returns:
        What their failed and slow requests cost in USD, from the onset on and over the same time as a baseline's costs;
        and for each prediction, whether it came to pass all the same.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    untouched, decided = yield from _up_to_decision(company, episode)
    end = _costs_end(untouched, decided)
    course = Course.start(company, episode)
    for each in received:
        course.world.replay(each)
    yield from course.run(max([end, *(_by(course, prediction) for prediction in predictions)]))
    return round(course.cost_usd(episode.onset, end), 2), _crossings(course, untouched.first_firing, predictions)


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


def cost_of(rate_failed: float, rate_slow: float, assumptions: Assumptions) -> Decimal:
    """USD a minute of so many failed and slow requests a second."""
    failed = Decimal(str(round(rate_failed * 60 * assumptions.usd_per_failed_request.value, 4)))
    return failed + Decimal(str(round(rate_slow * 60 * assumptions.usd_per_slow_request.value, 4)))


def _up_to_decision(company: Company, episode: Episode) -> Work[tuple[Course, float]]:
    """The world up to when a prompt responder would act: a minute of stages after the first alarm."""
    course = Course.start(company, episode)
    alarmed = yield from course.run_to_alarm(DAY_SECONDS - HORIZON_SECONDS)
    stages = load_assumptions().stage_seconds()
    thinking = sum(stages[s] for s in ("detect", "diagnose", "predict", "propose", "deliberate", "authorise"))
    decided = (alarmed if alarmed is not None else episode.onset + SETTLE_SECONDS) + thinking
    yield from course.run(decided)
    return course, course.world.seconds


def _judge(trial: Course, control: Course, decided: float) -> Work[str]:
    """Whether a trial `mends`, `harms` or `does not help`."""
    look = decided
    for look in (decided + GLANCE_SECONDS, decided + FIRST_LOOK_SECONDS):
        yield from trial.run(look)
        recent = float(trial.harmed_share(look - 120, look).mean())
        unhelped = float(control.harmed_share(look - 120, look).mean())
        if recent > 3 * NORMAL_SHARE and recent > 0.9 * unhelped:
            break
    else:
        if recent <= 3 * NORMAL_SHARE:
            yield from trial.run(decided + HORIZON_SECONDS)
            if _well_from(trial, decided) is not None:
                return "mends"
    harm = float(trial.harmed_share(decided, look).mean() - control.harmed_share(decided, look).mean())
    return "harms" if harm > HARM_SHARE else "does not help"


def _well_from(course: Course, since: float) -> float | None:
    """When customers were well again for good; None when they were not in time, or an alarm would not end."""
    end = course.world.seconds
    if course.last_firing is not None and course.last_firing > end - QUIET_AT_THE_END_SECONDS:
        return None
    share = course.harmed_share(since, end)
    minute = max(1, round(60 / course.world.archive.interval))
    smooth = np.convolve(share, np.ones(minute) / minute, mode="valid")
    bad = np.flatnonzero(smooth > NORMAL_SHARE)
    ended = since + (float(bad[-1]) + minute) * course.world.archive.interval if len(bad) else since
    return ended if ended <= since + SETTLE_SECONDS else None
