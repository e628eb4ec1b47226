"""Whether stated probabilities hold: Brier score, reliability, and a monotone map fitted to what came to pass."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from ..domain.base import Value
from ..domain.telemetry import FloatArray

_CLOSEST = 1e-4
"""How near to 0 and 1 a probability is taken to be at most, so that its log odds are finite."""
_STEPS = 50
_ENOUGH = 1e-9
_Z95 = 1.959964
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A probability that was stated, and whether what it spoke of was so."""

    probability: float
    came_true: bool


class Band(Value):
    """The statements with probabilities from `low` to below `high` (the last band includes 1).

    Attributes:
        stated: Mean of their probabilities; true: how many of the `count` came true.
    """

    low: float
    high: float
    count: int = Field(ge=0)
    stated: float
    true: int = Field(ge=0)


class Reliability(Value):
    """How a set of probabilities held.

    Attributes:
        brier: Mean squared distance from what came to pass (Brier 1950); 0 is perfect.
        base_brier: The same of always stating the share that came true: what saying nothing in particular earns.
        error: Expected calibration error: mean distance of stated and true share over the bands, by their counts.
        bands: Ten of equal width; those without a statement are left out.
    """

    count: int = Field(ge=0)
    true: int = Field(ge=0)
    brier: float
    base_brier: float
    error: float
    bands: tuple[Band, ...]


class LogOdds(Value):
    """A monotone map of probabilities: log odds become `slope * log odds + shift` (Platt 1999).

    A slope of 1 and a shift of 0 change nothing.
    """

    slope: float = Field(default=1.0, gt=0, le=10, allow_inf_nan=False)
    shift: float = Field(default=0.0, ge=-10, le=10, allow_inf_nan=False)

    def __call__(self, probability: float) -> float:
        """The calibrated probability; 0 and 1 stay what they are."""
        if (self.slope, self.shift) == (1.0, 0.0) or probability in (0.0, 1.0):
            return probability
        odds = self.slope * math.log(probability / (1.0 - probability)) + self.shift
        return 1.0 / (1.0 + math.exp(-odds)) if odds >= 0 else math.exp(odds) / (1.0 + math.exp(odds))


def reliability(statements: Sequence[Stated], n_bands: int = 10) -> Reliability | None:
    """Compare what was stated with what came to pass; None where nothing was stated."""
    if not statements:
        return None
    probabilities, came = _arrays(statements)
    place = np.minimum((probabilities * n_bands).astype(np.int64), n_bands - 1)
    bands = []
    for band in range(n_bands):
        own = place == band
        if own.any():
            bands.append(
                Band(
                    low=band / n_bands, high=(band + 1) / n_bands, count=int(own.sum()),
                    stated=float(probabilities[own].mean()), true=int(came[own].sum()),
                )
            )  # fmt: skip
    return Reliability(
        count=len(statements),
        true=int(came.sum()),
        brier=float(np.mean((probabilities - came) ** 2)),
        base_brier=float(np.mean((came.mean() - came) ** 2)),
        error=sum(abs(band.stated * band.count - band.true) for band in bands) / len(statements),
        bands=tuple(bands),
    )


def fit_log_odds(statements: Sequence[Stated]) -> LogOdds:
    """The map that makes what came to pass likeliest, by Newton's method (Platt 1999; Lin, Lin and Weng 2007).

    A weak prior, worth about one statement, holds it to changing nothing: few or perfectly parted statements would
    otherwise lead to certainty.
    """
    if not statements:
        return LogOdds()
    probabilities, came = _arrays(statements)
    held = np.clip(probabilities, _CLOSEST, 1.0 - _CLOSEST)
    odds = np.log(held / (1.0 - held))
    features = np.column_stack((odds, np.ones_like(odds)))
    unchanged = np.array([1.0, 0.0])
    weights = unchanged.copy()
    for _ in range(_STEPS):
        predicted = 1.0 / (1.0 + np.exp(-np.clip(features @ weights, -500.0, 500.0)))
        gradient = features.T @ (predicted - came) + (weights - unchanged)
        curvature = features.T @ (features * (predicted * (1.0 - predicted))[:, None]) + np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # Newton's full step may overshoot where all is certain already.
        weights = weights - step / max(1.0, float(np.abs(step).max()))
        if float(np.abs(step).max()) < _ENOUGH:
            break
    return LogOdds(slope=float(np.clip(weights[0], 0.05, 10.0)), shift=float(np.clip(weights[1], -10.0, 10.0)))


def mapped(statements: Sequence[Stated], calibrate: LogOdds) -> list[Stated]:
    """The same statements with their probabilities calibrated."""
    return [Stated(calibrate(each.probability), each.came_true) for each in statements]


def wilson_interval(hits: float, scored: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `hits` of `scored` were seen (Wilson 1927); `scored` is at least 1."""
    share, z2 = hits / scored, _Z95**2
    centre = (share + z2 / (2 * scored)) / (1 + z2 / scored)
    half = _Z95 * math.sqrt(share * (1 - share) / scored + z2 / (4 * scored**2)) / (1 + z2 / scored)
    return max(0.0, centre - half), min(1.0, centre + half)


def _arrays(statements: Sequence[Stated]) -> tuple[FloatArray, FloatArray]:
    return (
        np.array([each.probability for each in statements], dtype=np.float64),
        np.array([float(each.came_true) for each in statements]),
    )
