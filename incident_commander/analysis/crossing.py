"""A crossing of a limit that is to come: how probable, when, and between when and when."""

from dataclasses import dataclass

import numpy as np

from ..domain.telemetry import FloatArray

OUTER_SHARE = 0.17
"""What is left out on either side of an 80 % interval. The paths err by more than crossings do: a share of .1 covers
.88 of the crossings of simulated series with even seeds, this one .79 (`bench forecast` reports
odd ones)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a series leads.

    Attributes:
        probability: That the limit is crossed within the horizon, in [0, 1].
        seconds: Until the crossing, the median; None: not going to within the horizon. 0: already there.
        earliest, latest: 80 % interval of that, in seconds; `earliest` None where a crossing within the horizon is too
            improbable for one, `latest` where it may not come at all.
        slope: Units a second; level: the value at the last point; both of the line through what was seen.
    """

    probability: float
    seconds: float | None
    earliest: float | None
    latest: float | None
    slope: float
    level: float

    @property
    def going_to(self) -> bool:
        """Whether the crossing is more likely than not."""
        return self.probability > 0.5


def first_passages(paths: FloatArray, begin: float, limit: float) -> FloatArray:
    """When each path first reaches a limit above it, in steps of the path; infinite where it does not.

    Args:
        paths: The values 1, 2, ... steps after `begin`, float64[n_paths, n_steps].

    Returns:
        float64[n_paths].
    """
    if not paths.size:
        return np.full(paths.shape[0], np.inf)
    reached = paths >= limit
    at = np.argmax(reached, axis=1)
    rows = np.arange(paths.shape[0])
    here = paths[rows, at]
    before = np.where(at > 0, paths[rows, np.maximum(at - 1, 0)], begin)
    part = np.clip((limit - before) / np.where(here > before, here - before, 1.0), 0.0, 1.0)
    return np.asarray(np.where(reached.any(axis=1), at + part, np.inf))


def weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """The smallest of the values that at least `share` of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(reached, share * reached[-1])), values.size - 1)])
