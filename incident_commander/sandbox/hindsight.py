"""What only the end can tell, as whole pure computations whose values pickle, so that another process can do them."""

from collections.abc import Sequence

from ..domain.base import Value
from ..domain.findings import Prediction
from ..domain.practice import Answer, Baseline
from .answers import answer, baseline_knowing, fared, finish, untouched_crosses
from .remedies import Received


class Hindsight(Value):
    """The answer of a scenario and seed, and how the modelled human and nobody fared with it."""

    answer: Answer
    baseline: Baseline


class Outcome(Value):
    """How a run came out.

    Attributes:
        cost_usd: What the incident cost customers, over the same time as the baseline's figures.
        untouched: For each prediction, whether it came to pass in the same world with nobody acting.
        happened: For each prediction, whether it came to pass in this run.
    """

    cost_usd: float
    untouched: tuple[bool, ...]
    happened: tuple[bool, ...]


def hindsight_of(scenario: str, seed: int) -> Hindsight:
    """Derive the answer by trying every action, and the baselines with it.

    Raises:
        ValueError: there is no such scenario.
    """
    right = finish(answer(scenario, seed))
    return Hindsight(answer=right, baseline=finish(baseline_knowing(scenario, seed, right)))


def outcome_of(scenario: str, seed: int, received: Sequence[Received], predictions: Sequence[Prediction]) -> Outcome:
    """Cost the run with the actions it received, and score predictions against the untouched world.

    Raises:
        ValueError: there is no such scenario.
    """
    cost_usd, happened = finish(fared(scenario, seed, received, predictions))
    untouched = finish(untouched_crosses(scenario, seed, predictions)) if predictions else ()
    return Outcome(cost_usd=cost_usd, untouched=untouched, happened=happened)
