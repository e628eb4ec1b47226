"""How rare a value is among those seen before, from the largest of them alone."""

import math
from bisect import insort

import numpy as np

from ...domain.telemetry import FloatArray

_GENERATION = 10_000
"""What is remembered are the last one to two of so many values."""
_KEPT = 50
"""So many of the largest values are the tail, or `_KEPT_SHARE` of a short stream, but not fewer than `_FEWEST_KEPT`."""
_KEPT_SHARE = 0.1
_FEWEST_KEPT = 8
_BLOCK = 250
"""Divides a generation."""


class Tail:
    """The largest values of a stream, and the surprise of one that lies among or above them.

    Peaks over threshold (Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017) with an
    exponential tail: of k values kept of m seen, with their mean excess e over the smallest of them u, a value x > u
    has the tail probability (k/m) (1 + (x-u)/(ke))^-k. For large k that is (k/m) exp(-(x-u)/e); for small k it owns up
    to not knowing e well (the predictive distribution of an exponential with an estimated mean).
    """

    __slots__ = ("_kept", "_seen", "_warm_up", "_young")

    def __init__(self, warm_up: int) -> None:
        """Args:
        warm_up: So many values are learned before one can be called rare.
        """
        self._warm_up = warm_up
        self._kept: list[float] = []
        self._young: list[float] = []
        self._seen = 0

    def update(self, value: float, grain: float) -> float:
        """-ln P(a value is at least this large) in nats, 0 where it is not among the largest; then learns the value.

        Args:
            grain: Differences below this are rounding.
        """
        surprise = self._examine(value, grain) if value > self._entry else 0.0
        self._count(self._seen + 1)
        return surprise

    @property
    def _entry(self) -> float:
        """A value not above this changes nothing."""
        full = len(self._kept) == _KEPT and len(self._young) == _KEPT
        return self._kept[0] if full else -math.inf

    def _examine(self, value: float, grain: float) -> float:
        surprise = self._surprise(value, grain) if self._seen >= self._warm_up else 0.0
        for values in (self._kept, self._young):
            if len(values) < _KEPT:
                insort(values, value)
            elif value > values[0]:
                del values[0]
                insort(values, value)
        return surprise

    def _surprise(self, value: float, grain: float) -> float:
        remembered = self._seen if self._seen < _GENERATION else _GENERATION + self._seen % _GENERATION
        n_largest = min(len(self._kept), max(_FEWEST_KEPT, int(_KEPT_SHARE * remembered)))
        largest = self._kept[-n_largest:]
        if value <= largest[0] + grain:
            return 0.0
        mean_excess = max(sum(largest) / n_largest - largest[0], grain)
        distance = (value - largest[0]) / mean_excess
        return n_largest * math.log1p(distance / n_largest) + math.log((remembered + 1) / n_largest)

    def _count(self, seen: int) -> None:
        self._seen = seen
        if seen % _GENERATION == 0:
            self._kept, self._young = self._young, []

    def surprises(self, values: FloatArray, grains: FloatArray) -> FloatArray:
        """What `update` returns for each of the values, float64[n]; only those that may matter are looked at singly."""
        found = np.zeros(values.size)
        begin = self._seen
        for start in range(0, values.size, _BLOCK):
            block = values[start : start + _BLOCK]
            for row in (start + np.flatnonzero(block > self._entry)).tolist():
                value = float(values[row])
                if value > self._entry:
                    self._seen = begin + row
                    found[row] = self._examine(value, float(grains[row]))
            self._count(begin + start + block.size)
        return found
