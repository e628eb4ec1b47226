"""What would have been right: every action tried on the same world.

Nothing here is declared by a scenario: an action is acceptable because the model, simulated with it, comes back to
normal and stays so; harmful because customers are worse off than had nobody acted. Normal is that customers are served
and that no intruder reads records or uses instances: a breach may harm no request and is none the less a breach. Each
function is a generator that yields between stretches of computing and returns its result, so that an event loop need
not be held up.
"""

from collections.abc import Collection, Generator, Iterable, Mapping
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
from .state import TICK_SECONDS, State
from .topology import Company, load_company
from .world import DAY_SECONDS, World

T = TypeVar("T")
Work = Generator[None, None, T]
Deed = tuple[ActionName, ServiceName]
"""An action and its target."""

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
_STILL_HARMED = 3 * NORMAL_SHARE
_RECENT_SECONDS = 120.0
_GLANCE_EVERY_SECONDS = 30.0
_ALARMED_SECONDS = 1800.0
"""An alarm that fires so long after the decision is taken for one that will not end."""
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
    control = yield from Control.run(course, decided)
    tried = yield from _try(_everything(company), course, control, episode)
    return _answer(episode, course, tried)


def answer_on(scenario: str, seed: int, asked: Collection[Deed], figures: Assumptions | None = None) -> Work[Answer]:
    """The part of the answer by which the asked deeds and doing nothing can be judged: quicker than all of it.

    Everything else is tried only where none of the asked mends a fault, to know whether anything does.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    course, decided = yield from up_to_decision(company, episode, figures)
    control = yield from Control.run(course, decided)
    tried = yield from _try(asked, course, control, episode)
    if episode.fault is not None and "mends" not in tried.values():
        rest = [deed for deed in _everything(company) if deed not in tried]
        tried |= yield from _try(rest, course, control, episode)
    return _answer(episode, course, tried)


def _everything(company: Company) -> list[Deed]:
    return [(name, service.name) for name in get_args(ActionName) for service in company.services]


def _try(deeds: Iterable[Deed], course: Course, control: "Control", episode: Episode) -> Work[dict[Deed, str]]:
    """The verdict on each deed that the world would take."""
    verdicts: dict[Deed, str] = {}
    for name, target in deeds:
        trial = course.fork()
        try:
            trial.world.accept(Action(name=name, target=target), control.decided)
        except Impossible:
            continue
        verdicts[name, target] = yield from _judge(trial, control, to_the_end=episode.fault is not None)
    return verdicts


def _answer(episode: Episode, course: Course, tried: Mapping[Deed, str]) -> Answer:
    return Answer(
        service=episode.service,
        fault=episode.fault,
        onset=course.world.moment(episode.onset) if episode.fault is not None else None,
        acceptable=tuple(deed for deed, verdict in tried.items() if verdict == "mends"),
        harmful=tuple(deed for deed, verdict in tried.items() if verdict == "harms"),
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


@dataclass(frozen=True, slots=True)
class Control:
    """What happens when nobody acts, to hold trials against.

    Attributes:
        glances: The state and the forces ended at some moments after `decided`, by seconds since the epoch.
    """

    course: Course
    decided: float
    glances: dict[float, tuple[State, frozenset[int]]]

    @classmethod
    def run(cls, course: Course, decided: float) -> "Work[Control]":
        """Run a fork of `course` on to the horizon."""
        control = course.fork()
        glances: dict[float, tuple[State, frozenset[int]]] = {}
        for seconds in np.arange(_GLANCE_EVERY_SECONDS, GLANCE_SECONDS, _GLANCE_EVERY_SECONDS):
            at = decided + float(seconds)
            yield from control.run(at)
            glances[at] = control.world.state.fork(), control.world.cleared
        yield from control.run(decided + HORIZON_SECONDS)
        return cls(control, decided, glances)

    def recent_harm(self, look: float) -> float:
        """Share of customer requests harmed shortly before `look`."""
        return float(self.course.harmed_share(look - _RECENT_SECONDS, look).mean())

    def harm_added(self, trial: Course, until: float, look: float) -> float:
        """How much more of customers' requests a trial harmed up to `until`, as a mean over the time to `look`."""
        more = trial.harmed_share(self.decided, until) - self.course.harmed_share(self.decided, until)
        return float(more.sum()) / len(self.course.harmed_share(self.decided, look))


def _judge(trial: Course, control: Control, *, to_the_end: bool) -> Work[str]:
    """Whether a trial `mends`, `harms` or `does not help`.

    Args:
        to_the_end: False where nothing is wrong: then nothing can be mended, and harm shows early.
    """
    decided = control.decided
    for glance, (state, cleared) in control.glances.items():
        yield from trial.run(glance)
        if trial.world.goes_on_as(state, cleared):
            return _as_untouched(trial, control, glance, to_the_end=to_the_end)
    look = decided
    for look in (decided + GLANCE_SECONDS, decided + FIRST_LOOK_SECONDS):
        yield from trial.run(look)
        recent = float(trial.harmed_share(look - _RECENT_SECONDS, look).mean())
        in_vain = recent > _STILL_HARMED and recent > 0.9 * control.recent_harm(look)
        if in_vain or trial.intruded(look - _RECENT_SECONDS, look)[-1]:
            break
    else:
        if recent <= _STILL_HARMED and to_the_end:
            while trial.world.seconds < decided + HORIZON_SECONDS and not _relapsed(trial, decided):
                yield from trial.run(min(decided + HORIZON_SECONDS, trial.world.seconds + _STRETCH_SECONDS))
            if trial.world.seconds >= decided + HORIZON_SECONDS and mended_from(trial, decided) is not None:
                return "mends"
    return "harms" if control.harm_added(trial, look, look) > HARM_SHARE else "does not help"


def _as_untouched(trial: Course, control: Control, since: float, *, to_the_end: bool) -> str:
    """The verdict on a trial that from `since` on goes as if nothing had been done."""
    decided = control.decided
    if to_the_end and mended_from(control.course, decided) is not None:
        return "mends"
    given_up = control.recent_harm(decided + GLANCE_SECONDS) > _STILL_HARMED
    look = decided + (GLANCE_SECONDS if given_up else FIRST_LOOK_SECONDS)
    return "harms" if control.harm_added(trial, since, look) > HARM_SHARE else "does not help"


def _relapsed(trial: Course, decided: float) -> bool:
    """Whether customers were worse off for a stretch of time after all had to be well, or alarms will not end."""
    now = trial.world.seconds
    if now - _STRETCH_SECONDS < decided + SETTLE_SECONDS:
        return False
    if now >= decided + _ALARMED_SECONDS and trial.alarms.any_firing():
        return True
    return bool(trial.harmed_share(now - _STRETCH_SECONDS, now).mean() > 2 * NORMAL_SHARE)


def mended_from(course: Course, since: float) -> float | None:
    """When all was well again for good; None when it was not in time, or an alarm would not end."""
    ended = course.well_again(since, course.world.seconds)
    return ended if ended is not None and ended <= since + SETTLE_SECONDS else None
