"""How unusual each row of a metric is, given the rows before it."""

import math

import numpy as np

from ..domain.telemetry import FloatArray

_MEMORY = 0.02
_WARM_UP = 50


class StreamingDetector:
    """Scores one series row by row in constant memory; a score depends on this row and the rows before it only."""

    __slots__ = ("_mean", "_rows", "_variance")

    def __init__(self) -> None:
        self._rows = 0
        self._mean = 0.0
        self._variance = 0.0

    def update(self, timestamp: float, value: float) -> float:
        """The row's score in [0, 1].

        Args:
            timestamp: Seconds since the epoch.
            value: A value that is not finite is a gap: it scores 0 and is not learned from.
        """
        if not math.isfinite(value):
            return 0.0
        self._rows += 1
        share = max(_MEMORY, 1.0 / self._rows)
        distance = value - self._mean
        spread = math.sqrt(self._variance)
        self._mean += share * distance
        self._variance = (1.0 - share) * (self._variance + share * distance * distance)
        if self._rows <= _WARM_UP or distance == 0.0:
            return 0.0
        return 1.0 - 1.0 / (1.0 + (distance / spread) ** 2) if spread > 0.0 else 1.0


def score_series(timestamps: FloatArray, values: FloatArray) -> FloatArray:
    """The score of every row of a series, as `StreamingDetector` gives them, float64[n_rows].

    Args:
        timestamps: Seconds since the epoch, float64[n_rows].
        values: float64[n_rows].
    """
    detector = StreamingDetector()
    return np.array([detector.update(*row) for row in zip(timestamps.tolist(), values.tolist(), strict=True)])
