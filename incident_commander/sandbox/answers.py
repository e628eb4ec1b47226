"""What would have been right: every action tried on the same world.

Nothing here is declared by a scenario: an action is acceptable because the model, simulated with it, comes back to
normal and stays so; harmful because customers are worse off than had nobody acted. Normal is that customers are served
and that no intruder reads records or uses instances: a breach may harm no request and is none the less a breach. Each
function is a generator that yields between stretches of computing and returns its result, so that an event loop need
not be held up.
"""

from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar, get_args

import numpy as np
import numpy.typing as npt

from ..domain.base import ServiceName
from ..domain.plan import Action, ActionName
from ..domain.practice import Answer
from ..domain.telemetry import FloatArray
from .alarms import Alarms
from .assumptions import Assumptions
from .remedies import Impossible
from .scenarios import Episode, draw, scenario_named
from .state import TICK_SECONDS
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
    def start(cls, company: Company, episode: Episode, figures: Assumptions | None = None) -> "Course":
        """At the epoch."""
        world = World(company, episode, figures)
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
        felt = archive.customers[slice(*self.rows(start, end))]
        share: FloatArray = felt[:, 1:4].sum(axis=1) / np.maximum(felt[:, 0], 1e-9)
        return share

    def intruded(self, start: float, end: float) -> npt.NDArray[np.bool_]:
        """Whether an intruder read records or used instances, by scrape between two times."""
        found: npt.NDArray[np.bool_] = self.world.archive.intrusion[slice(*self.rows(start, end))].sum(axis=1) > 0
        return found

    def rows(self, start: float, end: float) -> tuple[int, int]:
        """The half-open range of the archive's rows between two times."""
        archive = self.world.archive
        return int(start / archive.interval), min(int(end / archive.interval), archive.count)

    def well_again(self, since: float, end: float) -> float | None:
        """When customers were well and intruders gone for good; None when that was not so for some minutes at the end.

        Args:
            end: No later than what has been computed.
        """
        if self.last_firing is not None and self.last_firing > end - QUIET_AT_THE_END_SECONDS:
            return None
        interval = self.world.archive.interval
        minute = max(1, round(60 / interval))
        smooth = np.convolve(self.harmed_share(since, end), np.ones(minute) / minute, mode="valid")
        bad = np.flatnonzero((smooth > NORMAL_SHARE) | self.intruded(since, end)[: len(smooth)])
        ended = since + (float(bad[-1]) + minute) * interval if len(bad) else since
        return ended if ended <= end - QUIET_AT_THE_END_SECONDS else None


def finish(work: Work[T]) -> T:
    """Do all of it at once."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result


def answer(scenario: str, seed: int, figures: Assumptions | None = None) -> Work[Answer]:
    """Derive the answer of a scenario and seed by trying everything.

    Args:
        figures: What is assumed; None: as the cited file says.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    course, decided = yield from up_to_decision(company, episode, figures)
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
            verdict = yield from _judge(trial, control, decided, to_the_end=episode.fault is not None)
            if verdict == "mends":
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


def cost_of(rate_failed: float, rate_slow: float, assumptions: Assumptions) -> Decimal:
    """USD a minute of so many failed and slow requests a second."""
    failed = Decimal(str(round(rate_failed * 60 * assumptions.usd_per_failed_request.value, 4)))
    return failed + Decimal(str(round(rate_slow * 60 * assumptions.usd_per_slow_request.value, 4)))


def up_to_decision(
    company: Company, episode: Episode, figures: Assumptions | None = None
) -> Work[tuple[Course, float]]:
    """The world up to when a prompt responder would act: a minute of stages after the first alarm."""
    course = Course.start(company, episode, figures)
    alarmed = yield from course.run_to_alarm(DAY_SECONDS - HORIZON_SECONDS)
    stages = course.world.assumptions.stage_seconds()
    thinking = sum(stages[s] for s in ("detect", "diagnose", "predict", "propose", "deliberate", "authorise"))
    decided = (alarmed if alarmed is not None else episode.onset + SETTLE_SECONDS) + thinking
    yield from course.run(decided)
    return course, course.world.seconds


def _judge(trial: Course, control: Course, decided: float, *, to_the_end: bool) -> Work[str]:
    """Whether a trial `mends`, `harms` or `does not help`.

    Args:
        to_the_end: False where nothing is wrong: then nothing can be mended, and harm shows early.
    """
    look = decided
    for look in (decided + GLANCE_SECONDS, decided + FIRST_LOOK_SECONDS):
        yield from trial.run(look)
        recent = float(trial.harmed_share(look - 120, look).mean())
        unhelped = float(control.harmed_share(look - 120, look).mean())
        if (recent > 3 * NORMAL_SHARE and recent > 0.9 * unhelped) or trial.intruded(look - 30, look).any():
            break
    else:
        if recent <= 3 * NORMAL_SHARE and to_the_end:
            while trial.world.seconds < decided + HORIZON_SECONDS and not _relapsed(trial, decided):
                yield from trial.run(min(decided + HORIZON_SECONDS, trial.world.seconds + _STRETCH_SECONDS))
            if trial.world.seconds >= decided + HORIZON_SECONDS and mended_from(trial, decided) is not None:
                return "mends"
    harm = float(trial.harmed_share(decided, look).mean() - control.harmed_share(decided, look).mean())
    return "harms" if harm > HARM_SHARE else "does not help"


def _relapsed(trial: Course, decided: float) -> bool:
    """Whether customers are worse off, or intruders in, for a whole stretch of time after all had to be well."""
    now = trial.world.seconds
    if now - _STRETCH_SECONDS < decided + SETTLE_SECONDS:
        return False
    return bool(trial.harmed_share(now - _STRETCH_SECONDS, now).mean() > 2 * NORMAL_SHARE)


def mended_from(course: Course, since: float) -> float | None:
    """When all was well again for good; None when it was not in time, or an alarm would not end."""
    ended = course.well_again(since, course.world.seconds)
    return ended if ended is not None and ended <= since + SETTLE_SECONDS else None
