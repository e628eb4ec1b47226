"""When a metric will reach a limit, with an interval and a probability, or that it is not going to.

Several ways in which the series may go on are told side by side, now and at moments of its own past. How far each went
wrong then decides its weight now, and the errors themselves, added to what it tells now, give paths; the share of them
that reach the limit is the probability, and their times give the interval. So the interval is as wide as the series has
been hard to foretell (empirical prediction intervals: Williams and Goodman 1971; as conformal prediction: Stankeviciute
et al. 2021), and a course that often turned back before is not prolonged. A short series is prolonged as a line.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from ..domain.telemetry import FloatArray
from .anomaly import clean, running_median
from .continuation import IndexArray, continuations
from .crossing import OUTER_SHARE, Forecast, first_passages, weighted_quantile
from .trend_line import line_to_limit

__all__ = ["FEWEST_VALUES", "N_AHEAD", "Forecast", "futures", "on_grid", "time_to_limit"]

BoolArray = npt.NDArray[np.bool_]

_MINIMUM_POINTS = 5
_DAY_SECONDS = 86400.0
_MOST_VALUES = 400
FEWEST_VALUES = 24
"""On fewer a line is prolonged."""
N_AHEAD = 64
_RECENT = np.array((2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256))
_N_SPREAD = 16
"""How many moments of the past are spread evenly, beside the recent ones."""
_SHARPNESS = 12.0
"""How strongly past errors decide: a way with twice the relative error counts for 1/4096."""
_ERROR_GROWTH = 0.7
"""Power of time with which an error grows beyond what could be compared: 0.5 of a random walk, 1 of a wrong slope."""
_WIDENING = 1.0
"""The ways were chosen by the very errors that make the paths, so those are too small; found on simulated series."""
_WHOLE = 1e-9


def time_to_limit(
    timestamps: FloatArray,
    values: FloatArray,
    limit: float,
    direction: Literal["above", "below"],
    horizon_seconds: float,
) -> Forecast | None:
    """Forecast the first crossing of `limit` after the last of the given points.

    Args:
        timestamps: Seconds, float64[n_points]; any order, NaN and duplicates allowed, as in `values`.

    Returns:
        None with fewer than five points at different times.
    """
    times, points = clean(timestamps, values)
    if times.size < _MINIMUM_POINTS or times[-1] <= times[0]:
        return None
    sign = 1.0 if direction == "above" else -1.0
    line = line_to_limit(times, sign * points, sign * limit, horizon_seconds)
    raw, step_seconds = on_grid(times, sign * points)
    long = raw.size >= FEWEST_VALUES
    forecast = _by_paths(raw, step_seconds, sign * limit, horizon_seconds, line) if long else line
    return Forecast(
        probability=forecast.probability,
        seconds=forecast.seconds,
        earliest=forecast.earliest,
        latest=forecast.latest,
        slope=sign * line.slope,
        level=sign * line.level,
    )


def _by_paths(raw: FloatArray, step_seconds: float, limit: float, horizon_seconds: float, line: Forecast) -> Forecast:
    """The forecast of a limit above from values on an even grid, float64[n_values]."""
    if float(np.median(raw[-3:])) >= limit:
        return Forecast(1.0, 0.0, 0.0, 0.0, line.slope, line.level)
    paths, chances = futures(raw, step_seconds, horizon_seconds)
    if not chances.size:
        return line
    seconds = first_passages(paths, float(running_median(raw, 3)[-1]), limit) * (horizon_seconds / N_AHEAD)
    probability = float(chances[np.isfinite(seconds)].sum() / chances.sum())
    earliest, median, latest = (
        weighted_quantile(seconds, chances, share) for share in (OUTER_SHARE, 0.5, 1.0 - OUTER_SHARE)
    )
    return Forecast(
        probability=probability,
        seconds=median if np.isfinite(median) else None,
        # A crossing is seen at a sample only.
        earliest=max(0.0, earliest - step_seconds) if np.isfinite(earliest) else None,
        latest=latest + step_seconds if np.isfinite(latest) else None,
        slope=line.slope,
        level=line.level,
    )


def futures(values: FloatArray, step_seconds: float, horizon_seconds: float) -> tuple[FloatArray, FloatArray]:
    """How a series may go on: paths at even steps up to the horizon, and how probable each is (they need not sum to 1).

    Args:
        values: On an even grid of at least `FEWEST_VALUES`, without holes, as `on_grid` gives them, float64[n_values].

    Returns:
        float64[n_paths, n_ahead] and float64[n_paths]; no path where the past tells of none.
    """
    smooth = running_median(values, 3)
    horizon = horizon_seconds / step_seconds
    ahead = np.linspace(0.0, horizon, N_AHEAD + 1)[1:]
    origins = _origins(values.size, horizon)
    told = continuations(smooth, ahead, np.append(origins, values.size - 1), _DAY_SECONDS / step_seconds)
    told = told[np.isfinite(told[:, -1]).all(axis=1)]
    at = origins[:, None] + ahead
    errors = np.interp(at, np.arange(values.size), smooth) - told[:, :-1]
    known = at <= values.size - 1 + _WHOLE
    return _paths(told[:, -1], errors, known, _weights(errors, known, values))


def on_grid(times: FloatArray, points: FloatArray) -> tuple[FloatArray, float]:
    """Medians of even steps of time that end with the last point, holes bridged, and the step in seconds."""
    seen = float(times[-1] - times[0])
    step = max(float(np.median(np.diff(times))), seen / _MOST_VALUES)
    n_values = int(seen / step + 0.5) + 1
    place = n_values - 1 - np.minimum(((times[-1] - times) / step + 0.5).astype(np.int64), n_values - 1)
    order = np.lexsort((points, place))
    starts, ends = (np.searchsorted(place[order], np.arange(n_values), side=side) for side in ("left", "right"))
    filled = np.flatnonzero(ends > starts)
    starts, ends, ranked = starts[filled], ends[filled], points[order]
    medians = 0.5 * (ranked[(starts + ends - 1) // 2] + ranked[(starts + ends) // 2])
    return np.interp(np.arange(n_values), filled, medians), step


def _origins(n_values: int, horizon: float) -> IndexArray:
    """Moments of the past to forecast from: recent ones, ever further back, and some that have a whole horizon."""
    recent = n_values - 1 - _RECENT[n_values - 9 >= _RECENT]
    last = n_values - 1 - min(horizon, n_values / 3)
    spread = np.linspace(max(8.0, 0.25 * n_values), last, _N_SPREAD).astype(np.int64)
    return np.unique(np.concatenate((recent, spread)))


def _weights(errors: FloatArray, known: BoolArray, raw: FloatArray) -> FloatArray:
    """How far each way is believed, by its errors against the best way's at each origin. float64[n_ways], sum 1.

    Origins count by the octave of their age, so that the last minutes weigh as much as the last hours.
    """
    compared = known.any(axis=1)
    n_known = known.sum(axis=1)[compared]
    size = np.where(known[compared], np.abs(errors[:, compared]), 0.0).sum(axis=2) / n_known
    noise = float(np.median(np.abs(np.diff(raw)))) + 1e-3 * float(np.ptp(raw)) / np.sqrt(raw.size) + 1e-150
    told = np.isfinite(size)
    relative = np.log1p(np.where(told, size, 0.0) / (np.where(told, size, np.inf).min(axis=0) + 0.5 * noise))
    age = np.log2(1.0 + n_known)
    importance = np.where(told, 1.0 / (1.0 + (np.abs(age[:, None] - age) < 0.5).sum(axis=1)), 0.0)
    share = importance.sum(axis=1) / importance.max(axis=0).sum()
    score = (relative * importance).sum(axis=1) / np.maximum(importance.sum(axis=1), 1e-150)
    # A way that could not be tried as often is taken to have been bad where it was not.
    score = share * score + (1.0 - share) * score[share > 0].max()
    weights = np.where(share > 0, np.exp(-_SHARPNESS * (score - score.min())), 0.0)
    return np.asarray(weights / weights.sum())


def _paths(now: FloatArray, errors: FloatArray, known: BoolArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Every way on with each of its past errors: float64[n_paths, n_ahead], and how probable each is."""
    n_known = known.sum(axis=1)
    long = n_known >= min(known.shape[1], int(n_known.max() * 0.75))
    errors, known, last = errors[:, long], known[long], np.maximum(n_known[long] - 1, 0)
    steps = np.arange(1, known.shape[1] + 1)
    grown = (steps / (last[:, None] + 1)) ** _ERROR_GROWTH
    prolonged = np.where(known, errors, errors[:, np.arange(last.size), last][:, :, None] * grown)
    usable = np.isfinite(prolonged).all(axis=2)
    enough = usable.sum(axis=1) >= 2
    usable &= enough[:, None]
    chances = (weights / np.maximum(usable.sum(axis=1), 1))[:, None] * usable
    paths = now[:, None] + _WIDENING * prolonged
    return paths[usable], chances[usable]
