"""What points to a cause that no used-up resource shows, and what says that trouble will pass by itself."""

import math
from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.findings import FaultKind
from ..domain.telemetry import Signal

_CERTAIN = 4.0
"""Nats from which a lead counts in full."""


@dataclass(frozen=True, slots=True)
class Clue:
    """One observation.

    Attributes:
        weight: In nats; negative speaks against.
        at: When what was seen began, seconds since the epoch; None: with the trouble that it is held for or against.
    """

    signal: Signal
    what: str
    weight: float
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """A service and a kind of fault that clues of several kinds point to.

    Attributes:
        onset: When the first of what the clues saw began, seconds since the epoch.
        concern: How bad it is although customers may not feel it, in [0, 1]: data that leaves, a volume about to fill.
    """

    service: ServiceName
    fault: FaultKind
    onset: float
    clues: tuple[Clue, ...]
    concern: float

    @property
    def weight(self) -> float:
        """All clues together, in nats."""
        return sum(clue.weight for clue in self.clues)

    @property
    def strength(self) -> float:
        """How far the clues bear the fault out, in [0, 1]."""
        return min(1.0, max(0.0, self.weight / _CERTAIN))


@dataclass(frozen=True, slots=True)
class Passing:
    """A reason why the trouble that starts at a service passes by itself.

    Attributes:
        clue: Its weight is the log-odds, in nats, that it passes; negative where it rather stays.
    """

    service: ServiceName
    clue: Clue

    @property
    def probability(self) -> float:
        """That it passes by itself, in [0, 1]."""
        return 1.0 / (1.0 + math.exp(-self.clue.weight))

    @property
    def against(self) -> float:
        """What it says against a lasting cause, in nats, at most 0: the share of such trouble that stays."""
        return math.log(1.0 - self.probability)
