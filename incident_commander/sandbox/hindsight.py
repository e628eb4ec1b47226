"""What only the end can tell, as whole pure computations whose values pickle, so that another process can do them."""

from collections.abc import Sequence

from ..domain.base import UtcDatetime, Value
from ..domain.findings import Prediction
from ..domain.practice import Answer, Baseline, Course, Courses
from .answers import answer, finish
from .assumptions import Assumptions
from .courses import fared, untouched, untouched_crosses
from .remedies import Received


class Hindsight(Value):
    """The answer of a scenario and seed, and how the modelled human and nobody fared with it.

    Attributes:
        start: Beginning of the first scrape that the courses count.
        alerted_at: When the first alarm fired; None: none did.
    """

    answer: Answer
    baseline: Baseline
    start: UtcDatetime
    interval_seconds: float
    alerted_at: UtcDatetime | None
    human: Course
    nobody: Course


class Outcome(Value):
    """How a run came out.

    Attributes:
        cost_usd: What the incident cost, over the same time as the baseline's figures.
        course: What it is the sum of.
        untouched: For each prediction, whether it came to pass in the same world with nobody acting.
        happened: For each prediction, whether it came to pass in this run.
    """

    cost_usd: float
    course: Course
    untouched: tuple[bool, ...]
    happened: tuple[bool, ...]


def hindsight_of(scenario: str, seed: int, figures: Assumptions | None = None) -> Hindsight:
    """Derive the answer by trying every action, and the baselines with it.

    Args:
        figures: What is assumed; None: as the cited file says.

    Raises:
        ValueError: there is no such scenario.
    """
    right = finish(answer(scenario, seed, figures))
    others = finish(untouched(scenario, seed, right, figures))
    return Hindsight(
        answer=right,
        baseline=others.baseline,
        start=others.start,
        interval_seconds=others.interval_seconds,
        alerted_at=others.alerted_at,
        human=others.human,
        nobody=others.nobody,
    )


def outcome_of(
    scenario: str,
    seed: int,
    received: Sequence[Received],
    predictions: Sequence[Prediction],
    figures: Assumptions | None = None,
) -> Outcome:
    """Cost the run with the actions it received, and score predictions against the untouched world.

    Raises:
        ValueError: there is no such scenario.
    """
    ours = finish(fared(scenario, seed, received, predictions, figures))
    crossed = finish(untouched_crosses(scenario, seed, predictions)) if predictions else ()
    return Outcome(cost_usd=ours.cost_usd, course=ours.course, untouched=crossed, happened=ours.happened)


def courses(known: Hindsight, outcome: Outcome) -> Courses:
    """The three courses of a run's seed; what each cost is the sum of its flows times their prices."""
    return Courses(
        start=known.start,
        interval_seconds=known.interval_seconds,
        alerted_at=known.alerted_at,
        ours=outcome.course,
        human=known.human,
        nobody=known.nobody,
    )
