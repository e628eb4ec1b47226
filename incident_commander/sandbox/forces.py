"""What the seed does to the company: a script of forces over time, drawn once and then only evaluated."""

from dataclasses import dataclass
from typing import Literal

from .state import Influence

Parameter = Literal[
    "surge", "bots", "work", "stall", "leak_connections", "sessions", "leak_memory", "failing", "pool_share",
    "clients_retry", "hit_loss", "hostile", "costly", "fill_logs", "fill_spool", "fill_data", "intruder_reads",
    "export_reads", "stolen_cpu", "denied", "probes", "pentest",
]  # fmt: skip
_MULTIPLIERS: frozenset[str] = frozenset({"work", "stall", "pool_share"})


@dataclass(frozen=True, slots=True)
class Force:
    """One influence on one service.

    Attributes:
        position: Of the service in the company.
        size: Its full strength, in the parameter's own unit (see Influence).
        start: Seconds since the epoch; `ramp_seconds` later it is at full strength, in a straight line.
        end: When it passes by itself, with the same ramp; None: never.
        cleared_by: The actions on that service which end it for good.
    """

    position: int
    parameter: Parameter
    size: float
    start: float
    ramp_seconds: float
    end: float | None = None
    cleared_by: frozenset[str] = frozenset()

    def strength(self, at: float) -> float:
        """How much of it acts, in [0, 1]."""
        if at < self.start:
            return 0.0
        ramp = max(self.ramp_seconds, 1.0)
        rising = min(1.0, (at - self.start) / ramp)
        if self.end is None:
            return rising
        if at >= self.end + ramp:
            return 0.0
        return min(rising, 1.0 if at <= self.end else 1.0 - (at - self.end) / ramp)


def apply_forces(forces: tuple[Force, ...], cleared: set[int], at: float, influence: Influence) -> None:
    """Add to `influence` what acts at `at` seconds, but for the forces whose position in the tuple is cleared."""
    for number, force in enumerate(forces):
        if number in cleared:
            continue
        strength = force.strength(at)
        if strength <= 0.0:
            continue
        values: list[float] = getattr(influence, force.parameter)
        if force.parameter in _MULTIPLIERS:
            values[force.position] *= 1.0 + (force.size - 1.0) * strength
        else:
            values[force.position] += force.size * strength
