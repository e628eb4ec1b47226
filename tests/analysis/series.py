"""Series with known answers, for the tests of the analysis."""

from datetime import UTC, datetime

import numpy as np

from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import FloatArray, MetricSeries

EPOCH = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STEP = 15.0


def noise(n_points: int, seed: int) -> FloatArray:
    """Standard normal noise, the same for the same seed."""
    return np.random.default_rng(seed).standard_normal(n_points)


def clock(n_points: int) -> FloatArray:
    """Timestamps every 15 s from the epoch of the tests."""
    return EPOCH.timestamp() + STEP * np.arange(n_points, dtype=np.float64)


def level(value: float, n_points: int, seed: int, spread: float = 0.02) -> FloatArray:
    """A quiet series about `value`."""
    return value * (1.0 + spread * noise(n_points, seed))


def step(before: float, after: float, at: int, n_points: int, seed: int) -> FloatArray:
    """A quiet series that jumps at index `at`."""
    values = level(before, n_points, seed)
    values[at:] = level(after, n_points - at, seed + 1)
    return values


def series(service: str, metric: str, unit: str, values: FloatArray) -> MetricSeries:
    """A metric of a service on the tests' clock."""
    return MetricSeries(ServiceName(service), metric, unit, clock(values.size), values)
