"""Two guessers to stand beside the agents: what a share of right answers is worth depends on what guessing earns.

Neither is sampled: each choice a guesser could make counts with its probability, so the figures carry no luck.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from ..actions.catalogue import Catalogue
from ..domain.alert import Alert
from ..domain.base import ServiceName
from ..domain.plan import ActionName
from ..domain.practice import Answer
from ..domain.telemetry import Topology

Choice = tuple[ActionName, ServiceName] | None
"""An action with its target; None: do nothing and tell a person."""


@dataclass(frozen=True, slots=True)
class Guess:
    """How probable a guesser's answer is right, each in [0, 1].

    Attributes:
        cause: That the service it names is the one at fault; None where there is no fault, so that no name is right.
        plan: That the choice it makes is acceptable.
    """

    cause: float | None
    plan: float


def random_guess(topology: Topology, catalogue: Catalogue, answer: Answer) -> Guess:
    """Names any service, and chooses any action the catalogue allows on any service or doing nothing, all alike."""
    names = [service.name for service in topology.services]
    choices: list[Choice] = [None, *_actions(topology, catalogue, names)]
    return Guess(cause=_cause(names, answer), plan=_plan(choices, answer))


def oldest_alert_guess(topology: Topology, catalogue: Catalogue, answer: Answer, alerts: Sequence[Alert]) -> Guess:
    """Blames the service whose alert began first, and chooses any action the catalogue allows on it, all alike.

    Where no alert names a service it blames nobody and does nothing. Of alerts that began together, the one whose
    fingerprint sorts first counts as the oldest.
    """
    told = [alert for alert in alerts if alert.service is not None]
    if not told:
        return Guess(cause=None if answer.service is None else 0.0, plan=_plan([None], answer))
    oldest = min(told, key=lambda alert: (alert.starts_at, alert.fingerprint)).service
    names = [] if oldest is None else [oldest]
    choices: list[Choice] = list(_actions(topology, catalogue, names)) or [None]
    return Guess(cause=_cause(names, answer), plan=_plan(choices, answer))


def _actions(
    topology: Topology, catalogue: Catalogue, targets: Iterable[ServiceName]
) -> list[tuple[ActionName, ServiceName]]:
    return [
        (action, target)
        for target in targets
        for action, spec in catalogue.proposed.items()
        if topology.kind_of(target) in spec.target_kinds
    ]


def _cause(names: Sequence[ServiceName], answer: Answer) -> float | None:
    return None if answer.service is None else fmean(name == answer.service for name in names)


def _plan(choices: Sequence[Choice], answer: Answer) -> float:
    """As the agents are judged: one of the acceptable actions, or nothing at all where none is acceptable."""
    if not answer.acceptable:
        return fmean(choice is None for choice in choices)
    return fmean(choice in answer.acceptable for choice in choices)
