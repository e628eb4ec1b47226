"""Where many series lie against their own beginning, all at once: baselines, distances, and who is worth a closer look.

The robust baseline of each series (median and scaled MAD, Rousseeuw & Croux 1993) is taken from the quiet beginning of
its window. Everything is computed along rows of a matrix, so that ten thousand series take as many numpy calls as one;
a row's result does not depend on the others.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..domain.telemetry import FloatArray

BoolArray = npt.NDArray[np.bool_]
LengthArray = npt.NDArray[np.intp]

THRESHOLD = 4.0
"""Robust deviations from which a smoothed point is abnormal."""
FARTHEST = 50.0
"""Distances end here."""
SMOOTHING = 5
_REFERENCE_SHARE = 0.4
_SMALLEST_REFERENCE_SHARE = 0.15
_SMALLEST_REFERENCE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """How k series of n points went.

    Attributes:
        smooth: Running medians, float64[k, n].
        baseline: The usual value of each; spread: one robust deviation; in the series' unit, float64[k].
        distance: Of `smooth` from the baseline, in robust deviations, clipped to +-50, float64[k, n].
        left: Which may have left their course: at least two points beyond the threshold on one side, bool[k].
    """

    smooth: FloatArray
    baseline: FloatArray
    spread: FloatArray
    distance: FloatArray
    left: BoolArray


def courses(timestamps: FloatArray, values: FloatArray, floors: FloatArray, gauges: BoolArray) -> Courses:
    """How each of k cleaned series of n points went.

    Args:
        timestamps: Seconds, ascending along rows, float64[k, n]; values: likewise, finite.
        floors: The smallest spread to assume, in each series' unit, float64[k].
        gauges: For which a slow drift at the beginning counts as the begin of trouble (memory), bool[k]; for the
            others it is normal (load).
    """
    smooth = running_median(values)
    reach = smooth.max(axis=1) - smooth.min(axis=1)
    varies = reach > 1e-12 * np.maximum(1e-12, np.abs(smooth).max(axis=1))
    lengths = _reference_lengths(timestamps)
    drifting = np.flatnonzero(gauges & varies)
    lengths[drifting] = _undrifted_lengths(values[drifting], smooth[drifting], lengths[drifting])
    baseline, spread = np.empty(len(values)), np.empty(len(values))
    for length in np.unique(lengths).tolist():
        rows = lengths == length
        baseline[rows], spread[rows] = _baseline_and_spread(values[rows, :length])
    spread = np.maximum(np.maximum(spread, 0.02 * reach), floors)
    divisor = np.where(varies, spread, 1.0)[:, None]
    distance = np.clip((smooth - baseline[:, None]) / divisor, -FARTHEST, FARTHEST)
    beyond = np.maximum((distance >= THRESHOLD).sum(axis=1), (distance <= -THRESHOLD).sum(axis=1))
    return Courses(smooth, baseline, spread, distance, varies & (beyond >= 2))


def running_median(values: FloatArray, width: int = SMOOTHING) -> FloatArray:
    """Running median over `width` (odd) points along the last axis; the ends are padded with their own value."""
    half = width // 2
    first, last = values[..., :1], values[..., -1:]
    padded = np.concatenate((*[first] * half, values, *[last] * half), axis=-1)
    if width == SMOOTHING:
        n = values.shape[-1]
        a, b, c, d, e = (padded[..., place : place + n] for place in range(SMOOTHING))
        # Of five: the median of the third, and of what is left when the least and the greatest of four are put away.
        low = np.maximum(np.minimum(a, b), np.minimum(d, e))
        high = np.minimum(np.maximum(a, b), np.maximum(d, e))
        return np.asarray(np.maximum(np.minimum(low, high), np.minimum(np.maximum(low, high), c)), dtype=np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=-1)
    return np.asarray(np.partition(windows, half, axis=-1)[..., half], dtype=np.float64)


def _reference_lengths(timestamps: FloatArray) -> LengthArray:
    """How many points of each series lie in the first part of its window, at least eight. intp[k]."""
    first, last = timestamps[:, :1], timestamps[:, -1:]
    inside = (timestamps < first + _REFERENCE_SHARE * (last - first)).sum(axis=1)
    return np.asarray(np.clip(inside, _SMALLEST_REFERENCE, timestamps.shape[1]), dtype=np.intp)


def _undrifted_lengths(values: FloatArray, smooth: FloatArray, lengths: LengthArray) -> LengthArray:
    """References shortened until their two halves agree, so that a leak within one does not become the baseline."""
    lengths = lengths.copy()
    if not lengths.size:
        return lengths
    smallest = max(_SMALLEST_REFERENCE, int(_SMALLEST_REFERENCE_SHARE * values.shape[1]))
    jitter = _medians(np.abs(np.diff(values, axis=1))) * 1.4826 / np.sqrt(2.0)
    tolerated = np.maximum(2.0 * jitter, 1e-12)
    drifting = lengths > smallest
    while drifting.any():
        for length in np.unique(lengths[drifting]).tolist():
            rows = np.flatnonzero(drifting & (lengths == length))
            half = length // 2
            drift = np.abs(_medians(smooth[rows, half:length]) - _medians(smooth[rows, :half]))
            settled = drift <= tolerated[rows]
            drifting[rows[settled]] = False
            lengths[rows[~settled]] = max(smallest, int(length * 0.75))
        drifting &= lengths > smallest
    return lengths


def _baseline_and_spread(reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The median, and one robust deviation: the scaled MAD, or what the outer quantiles say where tails are heavy."""
    baseline = _medians(reference)
    distance = np.abs(reference - baseline[:, None])
    n = distance.shape[1]
    middle, outer = n // 2, int(0.95 * (n - 1))
    distance.partition((middle, outer), axis=1)
    return baseline, np.maximum(1.4826 * distance[:, middle], distance[:, outer] / 1.96)


def _medians(matrix: FloatArray) -> FloatArray:
    """The median of each row; of an even number of points the mean of the middle two. float64[k]."""
    n = matrix.shape[1]
    ordered = np.partition(matrix, (n // 2 - 1, n // 2) if n % 2 == 0 else n // 2, axis=1)
    middle = ordered[:, n // 2]
    return np.asarray(middle if n % 2 else 0.5 * (ordered[:, n // 2 - 1] + middle), dtype=np.float64)
