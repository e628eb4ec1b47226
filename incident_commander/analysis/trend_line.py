"""A robust line through what was seen, prolonged to a limit: the forecast of a series too short to learn more from.

The trend is a Theil-Sen line (Theil 1950; Sen 1968) through medians of time bins, so that spikes and gaps do not bend
it; the spread of the pairwise slopes is the uncertainty of the trend.
"""

import numpy as np

from ..domain.telemetry import FloatArray
from .crossing import Forecast, weighted_quantile

_BINS = 24
_NEVER_SECONDS = 1e12
"""A crossing further away than this (30,000 years) is none; a level line seen exactly would divide by almost zero."""


def line_to_limit(times: FloatArray, points: FloatArray, limit: float, horizon_seconds: float) -> Forecast:
    """Forecast a crossing of a limit above from at least five cleaned points; times in seconds, ascending."""
    centres, medians = _bin_medians(times, points)
    slopes, gaps = _pairwise_slopes(centres, medians)
    slope = weighted_quantile(slopes, gaps, 0.5)
    intercepts = medians - slope * centres
    level = float(np.median(intercepts) + slope * times[-1])
    noise = float(1.4826 * np.median(np.abs(intercepts - np.median(intercepts))))
    distance = limit - level
    if distance <= 0:
        return Forecast(1.0, 0.0, 0.0, 0.0, slope, level)

    # A trend is believed as far as its line stands out of the scatter about it, over the time it was seen.
    seen = float(times[-1] - times[0])
    scatter = noise * np.sqrt(12.0 / medians.size) / seen
    spread = max(weighted_quantile(slopes, gaps, 0.9) - weighted_quantile(slopes, gaps, 0.1), 1e-150)
    deviation = max(float(scatter), float(spread) / 2.56 / np.sqrt(medians.size / 2.0))
    fast, slow = slope + 1.28 * deviation, slope - 1.28 * deviation
    seconds = _seconds_to(distance, slope)
    return Forecast(
        probability=_normal_above(distance / horizon_seconds, slope, deviation),
        seconds=seconds if seconds is not None and seconds <= horizon_seconds else None,
        earliest=_seconds_to(distance, fast),
        latest=_seconds_to(distance, slow),
        slope=slope,
        level=level,
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


def _normal_above(threshold: float, mean: float, deviation: float) -> float:
    """P(X >= threshold) of a normal variable, by the logistic approximation (error below 0.01)."""
    z = np.clip((mean - threshold) / max(deviation, 1e-150), -30.0, 30.0)
    return float(1.0 / (1.0 + np.exp(-1.702 * z)))
