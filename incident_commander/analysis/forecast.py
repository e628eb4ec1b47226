"""When a metric will reach a limit, with an interval and a probability, or that it is not going to.

The trend is a Theil-Sen line (Theil 1950; Sen 1968) through medians of time bins, so that spikes and gaps do not bend
it; the spread of the pairwise slopes is the uncertainty of the trend.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..domain.telemetry import FloatArray
from .anomaly import clean

_BINS = 24
_NEVER_SECONDS = 1e12
"""A crossing further away than this (30,000 years) is none; a level line seen exactly would divide by almost zero."""
_MINIMUM_BINS = 5


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a trend leads.

    Attributes:
        probability: That the limit is crossed within the horizon, in [0, 1].
        seconds: Until the crossing at the median slope; None: not going to within the horizon. 0: already there.
        earliest, latest: 80 % interval of that, in seconds; `latest` None where it may never cross.
        slope: Units a second; level: the value of the line at the last point.
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


def time_to_limit(
    timestamps: FloatArray,
    values: FloatArray,
    limit: float,
    direction: Literal["above", "below"],
    horizon_seconds: float,
) -> Forecast | None:
    """Forecast a crossing of `limit` from the trend of the given (recent) points.

    Args:
        timestamps: Seconds, float64[n_points]; any order, NaN and duplicates allowed, as in `values`.

    Returns:
        None with fewer than five points at different times.
    """
    times, points = clean(timestamps, values)
    if times.size < _MINIMUM_BINS or times[-1] <= times[0]:
        return None
    sign = 1.0 if direction == "above" else -1.0
    centres, medians = _bin_medians(times, sign * points)
    slopes, gaps = _pairwise_slopes(centres, medians)
    slope = _weighted_quantile(slopes, gaps, 0.5)
    intercepts = medians - slope * centres
    level = float(np.median(intercepts) + slope * times[-1])
    noise = float(1.4826 * np.median(np.abs(intercepts - np.median(intercepts))))
    distance = sign * limit - level
    if distance <= 0:
        return Forecast(1.0, 0.0, 0.0, 0.0, sign * slope, sign * level)

    # A trend is believed as far as its line stands out of the scatter about it, over the time it was seen.
    seen = float(times[-1] - times[0])
    scatter = noise * np.sqrt(12.0 / medians.size) / seen
    spread = max(_weighted_quantile(slopes, gaps, 0.9) - _weighted_quantile(slopes, gaps, 0.1), 1e-150)
    deviation = max(float(scatter), float(spread) / 2.56 / np.sqrt(medians.size / 2.0))
    needed = distance / horizon_seconds
    probability = _normal_above(needed, slope, deviation)
    fast, slow = slope + 1.28 * deviation, slope - 1.28 * deviation
    seconds = _seconds_to(distance, slope)
    return Forecast(
        probability=probability,
        seconds=seconds if seconds is not None and seconds <= horizon_seconds else None,
        earliest=_seconds_to(distance, fast),
        latest=_seconds_to(distance, slow),
        slope=sign * slope,
        level=sign * level,
    )


def _seconds_to(distance: float, slope: float) -> float | None:
    """How long a positive distance takes at a slope; None for never, which a near-level trend is as well."""
    return distance / slope if slope > distance / _NEVER_SECONDS else None


def _bin_medians(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean time and median value of up to `_BINS` bins of equally many points. float64[n_bins] each."""
    parts = np.array_split(np.arange(times.size), min(_BINS, times.size))
    return (
        np.array([times[part].mean() for part in parts]),
        np.array([np.median(values[part]) for part in parts]),
    )


def _pairwise_slopes(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes of all pairs and the time between them. float64[n(n-1)/2] each."""
    first, second = np.triu_indices(times.size, 1)
    gaps = times[second] - times[first]
    return (values[second] - values[first]) / gaps, gaps


def _weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][int(np.searchsorted(reached, share * reached[-1]))])


def _normal_above(threshold: float, mean: float, deviation: float) -> float:
    """P(X >= threshold) of a normal variable, by the logistic approximation (error below 0.01)."""
    z = np.clip((mean - threshold) / max(deviation, 1e-150), -30.0, 30.0)
    return float(1.0 / (1.0 + np.exp(-1.702 * z)))
