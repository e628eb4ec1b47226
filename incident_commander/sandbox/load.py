"""Customer demand and measurement noise: pure functions of the seed and the time, in any order of asking."""

import math

import numpy as np

from ..domain.telemetry import FloatArray
from .state import TICK_SECONDS

_BLOCK = 120


def stream(seed: int, *name: int) -> np.random.Generator:
    """A random generator named by numbers: the same name gives the same numbers, whatever was drawn elsewhere."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *name])))


def daily_curve(hour: float, swing: float) -> float:
    """Demand at an hour of the day, relative to its mean; busiest at 15:00."""
    return 1.0 + swing * math.cos(2 * math.pi * (hour - 15.0) / 24.0)


class Demand:
    """Customer demand relative to the middle of the day: a daily curve, slow swings, short bursts and noise."""

    def __init__(self, seed: int, start_hour: float, daily_swing: float) -> None:
        self._seed = seed
        self._start_hour = start_hour
        self._swing = daily_swing
        draw = stream(seed, 1)
        self._phases = [float(p) for p in draw.uniform(0, 2 * math.pi, 3)]
        self._blocks: dict[int, tuple[FloatArray, float, float, float]] = {}

    def at(self, tick: int) -> float:
        """Demand in one tick."""
        number, inside = divmod(tick, _BLOCK)
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = self._draw(number)
        noise, burst_start, burst_end, burst = block
        hours = self._start_hour + tick * TICK_SECONDS / 3600
        demand = daily_curve(hours, self._swing)
        minutes = tick * TICK_SECONDS / 60
        for period, phase in zip((7.3, 13.7, 31.0), self._phases, strict=True):
            demand += 0.012 * math.sin(2 * math.pi * minutes / period + phase)
        if burst_start <= inside < burst_end:
            demand += burst
        return demand + float(noise[inside])

    def _draw(self, number: int) -> tuple[FloatArray, float, float, float]:
        draw = stream(self._seed, 2, number)
        noise = draw.normal(0, 0.012, _BLOCK)
        start = float(draw.integers(0, _BLOCK - 24))
        length = float(draw.integers(6, 20))
        burst = float(draw.uniform(0.04, 0.1)) if draw.random() < 0.3 else 0.0
        return noise, start, start + length, burst
