"""Two forecasters to be compared with, each with the interval that its own model gives."""

from statistics import NormalDist

import numpy as np

from ..analysis.anomaly import clean
from ..analysis.forecast import Forecast
from ..domain.telemetry import FloatArray
from .forecast_series import Direction

_NORMAL = NormalDist()


def linear(
    timestamps: FloatArray, values: FloatArray, limit: float, direction: Direction, horizon_seconds: float
) -> Forecast | None:
    """A least-squares line through the last rows, as long as the horizon, prolonged (`predict_linear` of Prometheus).

    The interval comes from the standard error of its slope. None with fewer than five rows there.
    """
    times, points = clean(timestamps, values)
    recent = times >= times[-1] - horizon_seconds if times.size else np.zeros(0, dtype=np.bool_)
    times, points = times[recent], points[recent]
    if times.size < 5:
        return None
    sign = 1.0 if direction == "above" else -1.0
    at, high = times - times[-1], sign * points
    centred = at - at.mean()
    slope = float(centred @ high / (centred @ centred))
    level = float(high.mean() - slope * at.mean())
    residual = high - level - slope * at
    error = float(np.sqrt(residual @ residual / (at.size - 2) / (centred @ centred)))
    distance = sign * limit - level
    if distance <= 0:
        return Forecast(1.0, 0.0, 0.0, 0.0, sign * slope, sign * level)
    needed = distance / horizon_seconds
    probability = _NORMAL.cdf((slope - needed) / error) if error > 0 else float(slope >= needed)
    outer = _NORMAL.inv_cdf(0.9) * error
    seconds = _seconds(distance, slope)
    return Forecast(
        probability=probability,
        seconds=seconds if seconds is not None and seconds <= horizon_seconds else None,
        earliest=_seconds(distance, slope + outer),
        latest=_seconds(distance, slope - outer),
        slope=sign * slope,
        level=sign * level,
    )


def last_value(
    timestamps: FloatArray, values: FloatArray, limit: float, direction: Direction, horizon_seconds: float
) -> Forecast | None:
    """The last value stays, but for steps as large as those seen: a random walk without drift.

    Its time to a limit is Levy's: P(T <= t) = 2 (1 - Phi(distance / (deviation sqrt(t)))) (reflection principle; Feller
    1968, chapter III). None with fewer than five rows.
    """
    times, points = clean(timestamps, values)
    if times.size < 5:
        return None
    sign = 1.0 if direction == "above" else -1.0
    level = sign * float(points[-1])
    distance = sign * limit - level
    if distance <= 0:
        return Forecast(1.0, 0.0, 0.0, 0.0, 0.0, sign * level)
    gaps = np.diff(times)
    pace = float(np.sqrt(np.mean(np.diff(points) ** 2 / gaps)))
    if pace == 0:
        return Forecast(0.0, None, None, None, 0.0, sign * level)

    def quantile(share: float) -> float:
        return float((distance / (pace * _NORMAL.inv_cdf(1.0 - share / 2.0))) ** 2)

    median = quantile(0.5)
    return Forecast(
        probability=2.0 * (1.0 - _NORMAL.cdf(distance / (pace * np.sqrt(horizon_seconds)))),
        seconds=median if median <= horizon_seconds else None,
        earliest=quantile(0.1),
        latest=quantile(0.9),
        slope=0.0,
        level=sign * level,
    )


def _seconds(distance: float, slope: float) -> float | None:
    return distance / slope if slope > 0 else None
