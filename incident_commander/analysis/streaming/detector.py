"""The streaming anomaly detector: row by row, and the same over a whole series at once.

Simple signals of a series are watched (`signals`), each asks how rare its value is among the largest it has had
(`tail`), and what they say together becomes an alarm (`alarms`). Nothing is fitted beforehand, no range is given, and a
row's score depends on that row and the rows before it only.
"""

import math

import numpy as np

from ...domain.telemetry import FloatArray
from .alarms import Alarms
from .counters import OPENING_ROWS, fell_too_often, looks_like_a_counter
from .signals import SIGNALS, SignalStream, signals_of
from .tail import Tail

_LARGEST = 1e150
"""Beyond this the squares of values do not fit a float; such a value is a gap."""
_GRAIN = 1e-9
"""Differences of so small a share of the largest magnitude seen are rounding."""
_SMALLEST = 1e-300


class StreamingDetector:
    """Scores one series row by row, in memory that does not grow with its length.

    Rows are taken in the order they arrive in. The time of day and of week is all that is read from a timestamp, so
    duplicate and unordered rows are rows like any other.
    """

    __slots__ = ("_falls", "_gauge", "_opening", "_previous", "_rows")

    def __init__(self) -> None:
        self._opening: list[tuple[float, float]] | None = []
        self._gauge = _GaugeDetector()
        self._previous: tuple[float, float] | None = None
        self._rows = 0
        self._falls = 0

    def update(self, timestamp: float, value: float) -> float:
        """The row's score in [0, 1], comparable across series: 0 is usual, above one half is worth an alarm.

        The rows of one event score highest where it begins and where it becomes clearly worse, and half of what they
        otherwise would in between. The first rows of a series score 0: there is nothing to compare them with.

        Args:
            timestamp: Seconds since the epoch.
            value: In any unit. One that is missing (not finite, or with a timestamp that is not) is a gap: it scores 0
                and nothing is learned from it.
        """
        if not (math.isfinite(timestamp) and abs(value) < _LARGEST):
            return 0.0
        if self._opening is not None:
            self._opening.append((timestamp, value))
            if len(self._opening) == OPENING_ROWS:
                self._decide(self._opening)
            return 0.0
        if self._previous is None:
            return self._gauge.update(timestamp, value)
        return self._update_counter(timestamp, value)

    def _decide(self, opening: list[tuple[float, float]]) -> None:
        """Take the series for a counter or a gauge, and learn its opening as such."""
        self._opening = None
        if looks_like_a_counter(np.array([value for _, value in opening])):
            self._previous = opening[0]
            for row in opening[1:]:
                self._update_counter(*row)
        else:
            for row in opening:
                self._gauge.update(*row)

    def _update_counter(self, timestamp: float, value: float) -> float:
        """A counter's rate is what is watched; what falls too often is no counter, and is watched afresh as a gauge."""
        assert self._previous is not None
        seconds, increase = timestamp - self._previous[0], value - self._previous[1]
        self._previous = (timestamp, value)
        self._rows += 1
        if increase < 0.0:
            self._falls += 1
            if fell_too_often(np.array(self._falls), np.array(self._rows)):
                self._previous = None
                self._gauge = _GaugeDetector()
                return self._gauge.update(timestamp, value)
        if increase < 0.0 or seconds <= 0.0 or increase / seconds >= _LARGEST:
            return 0.0
        return self._gauge.update(timestamp, increase / seconds)


class _GaugeDetector:
    """Scores the rows of a series whose level means something."""

    __slots__ = ("_alarms", "_magnitude", "_row", "_signals", "_tails")

    def __init__(self) -> None:
        self._signals = SignalStream()
        self._tails = [Tail(signal.warm_up) for signal in SIGNALS]
        self._alarms = Alarms()
        self._row = 0
        self._magnitude = 0.0

    def update(self, timestamp: float, value: float) -> float:
        self._magnitude = max(self._magnitude, abs(value))
        grain = _GRAIN * self._magnitude + _SMALLEST
        evidence = 0.0
        for signal, tail, found in zip(SIGNALS, self._tails, self._signals.update(timestamp, value), strict=True):
            if not math.isnan(found):
                surprise = tail.update(found, 1.0 if signal.in_rows else grain)
                evidence += surprise * surprise
        self._row += 1
        return self._alarms.score(self._row - 1, evidence)


def score_series(timestamps: FloatArray, values: FloatArray) -> FloatArray:
    """The score of every row of a series as `StreamingDetector` gives it, many rows at a time, float64[n_rows].

    Args:
        timestamps: Seconds since the epoch, float64[n_rows].
        values: float64[n_rows].

    Raises:
        ValueError: there are not as many timestamps as values.
    """
    if timestamps.shape != values.shape or values.ndim != 1:
        raise ValueError(f"{timestamps.shape} timestamps for {values.shape} values; give one for each")
    known = np.isfinite(timestamps) & (np.abs(values) < _LARGEST)
    scores = np.zeros(values.size)
    times, points = timestamps[known].astype(np.float64), values[known].astype(np.float64)
    if points.size >= OPENING_ROWS:
        counter = looks_like_a_counter(points[:OPENING_ROWS])
        scores[known] = _score_counter(times, points) if counter else _score_gauge(times, points)
    return scores


def _score_counter(timestamps: FloatArray, values: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        seconds, increases = np.diff(timestamps), np.diff(values)
        rates = increases / seconds
    falls = np.cumsum(increases < 0.0, dtype=np.int64)
    too_often = np.flatnonzero(fell_too_often(falls, np.arange(1, values.size)))
    end = int(too_often[0]) if too_often.size else increases.size
    usable = np.flatnonzero((increases[:end] >= 0.0) & (seconds[:end] > 0.0) & (rates[:end] < _LARGEST))
    scores = np.zeros(values.size)
    if usable.size:
        scores[usable + 1] = _score_gauge(timestamps[usable + 1], rates[usable])
    scores[:OPENING_ROWS] = 0.0
    if too_often.size:
        scores[end + 1 :] = _score_gauge(timestamps[end + 1 :], values[end + 1 :])
    return scores


def _score_gauge(timestamps: FloatArray, values: FloatArray) -> FloatArray:
    grains = _GRAIN * np.maximum.accumulate(np.abs(values)) + _SMALLEST
    evidence = np.zeros(values.size)
    for signal, found in zip(SIGNALS, signals_of(timestamps, values), strict=True):
        known = np.flatnonzero(~np.isnan(found))
        grain = np.ones(known.size) if signal.in_rows else grains[known]
        surprise = Tail(signal.warm_up).surprises(found[known], grain)
        evidence[known] += surprise * surprise
    alarms = Alarms()
    scores = np.zeros(values.size)
    for row in np.flatnonzero(evidence > 0.0).tolist():
        scores[row] = alarms.score(row, float(evidence[row]))
    return scores
