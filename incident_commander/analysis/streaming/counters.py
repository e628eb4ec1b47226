"""Counters against gauges: a total that only grows says nothing by its level, all by its rate."""

import numpy as np
import numpy.typing as npt

from ...domain.telemetry import FloatArray

OPENING_ROWS = 60
"""So many rows are looked at before a series is taken for one or the other; until then it scores 0."""
_FEW_FALLS = 3
_SHARE_OF_FALLS = 0.01


def looks_like_a_counter(opening: FloatArray) -> bool:
    """Whether values are never negative, never fall, and rise in more than half of the rows. float64[n_rows]."""
    increases = np.diff(opening)
    return bool(opening[0] >= 0.0 and np.all(increases >= 0.0) and np.mean(increases > 0.0) > 0.5)


def fell_too_often(falls: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether so many falls in so many rows are more than a counter's restarts, bool[n]."""
    return np.asarray((falls > _FEW_FALLS) & (falls > _SHARE_OF_FALLS * rows))
