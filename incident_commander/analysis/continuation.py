"""Ways in which a series may go on, each told from its past, for many moments of that past at once.

No single way forecasts every kind of series, so that simple ones are told side by side and their past errors decide
(Bates and Granger 1969; Makridakis et al. 2020, on why simple combinations win the M competitions): the last level;
the robust line (Theil 1950; Sen 1968) through windows of several lengths, and its exponential approach to an end; the
season before, as it is or moved along; and what came after the moments that looked most like this one (Yakowitz 1987).
"""

import numpy as np
import numpy.typing as npt

from ..domain.telemetry import FloatArray

IndexArray = npt.NDArray[np.int64]

_WINDOWS = (8, 16, 32, 64, 128, 256)
_FIRST_DAMPED = 32
_PARTS = 8
_LAGS = np.array((0, 1, 2, 4, 8))
_NEAREST = 6
_ALIKE = 0.3
"""Autocorrelation from which a learned period counts as one."""
_STRAIGHT = 0.98
"""Growth of the second half against the first from which a course counts as straight rather than as slowing down."""


def continuations(values: FloatArray, ahead: FloatArray, origins: IndexArray, day: float) -> FloatArray:
    """Every way on, told at each origin from the values up to it; NaN where those are too few for that way.

    Args:
        values: On an even grid, without holes, float64[n_values].
        ahead: How many steps after the origin, ascending, evenly spaced, float64[n_ahead].
        origins: Indices of the last value seen, int64[n_origins].
        day: A day, in steps.

    Returns:
        float64[n_ways, n_origins, n_ahead].
    """
    ways = [_level(values, ahead, origins)]
    for window in _WINDOWS:
        if window <= values.size:
            ways += _lines(values, ahead, origins, window)
    for period in _periods(values, day):
        ways += _seasons(values, ahead, origins, period)
    ways.append(_analogue(values, ahead, origins))
    return np.stack(ways)


def _level(values: FloatArray, ahead: FloatArray, origins: IndexArray) -> FloatArray:
    last = np.median(values[np.maximum(origins[:, None] - np.arange(3), 0)], axis=1)
    return np.asarray(np.repeat(last[:, None], ahead.size, axis=1))


def _lines(values: FloatArray, ahead: FloatArray, origins: IndexArray, window: int) -> list[FloatArray]:
    """The line through the last `window` values and, of longer ones, their approach to an end where they slow down."""
    usable = np.flatnonzero(origins >= window - 1)
    line = np.full((origins.size, ahead.size), np.nan)
    seen = values[origins[usable][:, None] + np.arange(1 - window, 1)]
    parts = np.median(seen.reshape(usable.size, _PARTS, window // _PARTS), axis=2)
    centres = (np.arange(_PARTS) + 0.5) * (window // _PARTS) - window + 0.5
    first, second = np.triu_indices(_PARTS, 1)
    slopes = np.median((parts[:, second] - parts[:, first]) / (centres[second] - centres[first]), axis=1)
    levels = np.median(parts - slopes[:, None] * centres, axis=1)
    line[usable] = levels[:, None] + slopes[:, None] * ahead
    if window < _FIRST_DAMPED:
        return [line]
    damped = line.copy()
    quarter = window // 4
    begin, middle, end = (
        np.median(seen[:, start : start + quarter], axis=1) for start in (0, (window - quarter) // 2, window - quarter)
    )
    before, after = middle - begin, end - middle
    slows = (before * after > 0) & (np.abs(after) < _STRAIGHT * np.abs(before))
    ratio = after[slows] / before[slows]
    rest = after[slows] * ratio / (1.0 - ratio)
    decay = np.log(np.maximum(ratio, 0.02)) / ((window - quarter) / 2.0)
    since = (quarter - 1) / 2.0 + ahead
    damped[usable[slows]] = (end[slows] + rest)[:, None] - rest[:, None] * np.exp(decay[:, None] * since)
    return [line, damped]


def _periods(values: FloatArray, day: float) -> list[float]:
    """A day, where at least one and a half are there, and the period of the highest peak of the autocorrelation."""
    n_values = values.size
    found = [day] if 8.0 <= day <= n_values / 1.5 else []
    if n_values < 32:
        return found
    time = np.arange(n_values) - (n_values - 1) / 2.0
    flat = values - values.mean() - (time @ values) / (time @ time) * time
    n_lags = n_values // 2
    correlation = np.fft.irfft(np.abs(np.fft.rfft(flat, 2 * n_values)) ** 2)[:n_lags]
    if correlation[0] <= 0:
        return found
    correlation = correlation / correlation[0] * n_values / (n_values - np.arange(n_lags))
    negative = np.flatnonzero(correlation < 0)
    if negative.size:
        peak = int(negative[0]) + int(np.argmax(correlation[negative[0] :]))
        if correlation[peak] > _ALIKE and peak >= 4 and all(abs(peak - period) > 2 for period in found):
            found.append(float(peak))
    return found


def _seasons(values: FloatArray, ahead: FloatArray, origins: IndexArray, period: float) -> list[FloatArray]:
    """The season before, moved along by its drift where two were seen; and moved by how far the present is from it."""
    whole = round(period)
    drifting, moved = (np.full((origins.size, ahead.size), np.nan) for _ in range(2))
    usable = np.flatnonzero(origins >= whole + 4)
    rows = origins[usable]
    cycles = np.floor((ahead - 1e-9) / period) + 1.0
    before = rows[:, None] + ahead - cycles * period
    past = _between(values, before, rows)
    drifting[usable] = past
    recent = rows[:, None] - np.arange(4.0)
    offset = np.median(_between(values, recent, rows) - _between(values, recent - period, rows), axis=1)
    moved[usable] = past + offset[:, None]
    twice = rows >= 2 * whole
    summed = np.concatenate(([0.0], np.cumsum(values)))
    ends = rows[twice] + 1
    drift = ((summed[ends] - 2.0 * summed[ends - whole] + summed[ends - 2 * whole]) / whole)[:, None]
    earlier = _between(values, before[twice] - period, rows[twice])
    drifting[usable[twice]] = 0.5 * (past[twice] + earlier + drift) + drift * cycles
    return [drifting, moved]


def _analogue(values: FloatArray, ahead: FloatArray, origins: IndexArray) -> FloatArray:
    """The median of what followed the moments most alike in level and in recent shape, begun at the present level."""
    out = np.full((origins.size, ahead.size), np.nan)
    reach = np.minimum(ahead[-1], np.maximum(origins // 4, 4)).astype(np.int64)
    usable = np.flatnonzero(origins - reach >= _LAGS[-1] + _NEAREST + 1)
    if not usable.size:
        return out
    rows = origins[usable]
    moments = np.arange(_LAGS[-1], values.size)
    shapes = values[moments[:, None] - _LAGS]
    shapes[:, 1:] -= shapes[:, :1]
    own = shapes[rows - _LAGS[-1]]
    distance = ((shapes[None] - own[:, None]) ** 2).sum(axis=2)
    distance[moments[None] > (rows - reach[usable])[:, None]] = np.inf
    near = np.argsort(distance, axis=1, kind="stable")[:, :_NEAREST]
    at = moments[near][:, :, None] + ahead
    future = _between(values, at.reshape(usable.size, -1), rows).reshape(at.shape)
    out[usable] = np.median(future - shapes[near, 0][:, :, None], axis=1) + values[rows][:, None]
    return out


def _between(values: FloatArray, at: FloatArray, last: IndexArray) -> FloatArray:
    """The values at broken indices, for each row those up to its `last` only. float64[n_rows, n_at]."""
    held = np.clip(at, 0.0, last[:, None])
    low = np.floor(held).astype(np.int64)
    high = np.minimum(low + 1, last[:, None])
    return np.asarray(values[low] + (held - low) * (values[high] - values[low]))
