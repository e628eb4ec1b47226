"""How fast a service spends its error budget, at several windows at once, and when that will be exhausted.

The burn rate is how many times faster than the objective allows errors come: at 1 the budget lasts just its period.
A pair of windows burns where both are above the pair's factor, the long one because enough was spent, the short one
because it is still being spent (Beyer et al., *The Site Reliability Workbook*, 2018, ch. 5, "Alerting on SLOs", 6:
multiwindow, multi-burn-rate alerts). The time until the budget is exhausted comes from the paths on which the rate may
go on since it last changed its size (`forecast.futures`): an outage that was mended leads nowhere.
"""

from dataclasses import dataclass

import numpy as np

from ..domain.telemetry import FloatArray
from .anomaly import clean, running_median
from .crossing import OUTER_SHARE, Forecast, weighted_quantile
from .forecast import FEWEST_VALUES, N_AHEAD, futures

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_HOLDS = 3.0
"""A sample speaks for at most so many usual steps before it; what is longer is a gap."""
_FEWEST_POINTS = 5
"""On fewer the end is not foretold."""
_MOST_STEPS = 96
_SETTLED = 5
"""How many steps tell a pace."""
_CHANGE = float(np.log(3.0))
"""How far a pace must be from the present one, as log(1 + rate), to be another."""
_REACH = 0.25
"""How far paths are told, in times of what was seen of this pace; from there on each keeps the mean of its second half.
Further out past errors would have to be prolonged as well."""
_DRIFTS = tuple(np.exp(0.5 * np.array((-1.28, -0.52, 0.0, 0.52, 1.28))))
"""Paces drift over the hours and days to come in ways that minutes do not show: every path is told at the .1, .3, .5,
.7 and .9 quantile of a drift. The deviation was found on simulated outages and slow burns."""
_N_BEYOND = 256
_MOST_LOG = 50.0
_NO_PATHS = (np.empty((0, 0)), np.empty(0))


@dataclass(frozen=True, slots=True)
class Objective:
    """A service level objective: the share of requests that must be good, over a period.

    Raises:
        ValueError: the share is not between 0 and 1, or the period not positive.
    """

    share: float = 0.999
    period_seconds: float = 30 * _DAY

    def __post_init__(self) -> None:
        if not 0.0 < self.share < 1.0:
            raise ValueError(f"an objective of {self.share!r} leaves no budget or no promise; give one between 0 and 1")
        if not 0.0 < self.period_seconds < np.inf:
            raise ValueError(f"a period of {self.period_seconds!r} s cannot be kept; give a positive number of seconds")


@dataclass(frozen=True, slots=True)
class WindowPair:
    """Two windows to be looked at together.

    Attributes:
        spends: The share of the budget that the long one may spend.
        pages: Whether it is fast enough to wake somebody; else a ticket will do.
    """

    long_seconds: float
    short_seconds: float
    spends: float
    pages: bool

    def factor(self, objective: Objective) -> float:
        """The burn rate from which a window counts; below 1 the budget lasts, whatever the period."""
        return max(1.0, self.spends * objective.period_seconds / self.long_seconds)


PAIRS = (
    WindowPair(_HOUR, 5 * _MINUTE, 0.02, pages=True),
    WindowPair(6 * _HOUR, 30 * _MINUTE, 0.05, pages=True),
    WindowPair(3 * _DAY, 6 * _HOUR, 0.10, pages=False),
)
"""The workbook's, table 5-8: 14.4, 6 and 1 times what 30 days allow."""


@dataclass(frozen=True, slots=True)
class PairBurn:
    """The burn rates of a pair's windows. Time that was not seen counts as free of errors, so they are lower bounds."""

    pair: WindowPair
    factor: float
    long: float
    short: float

    @property
    def burning(self) -> bool:
        """Whether both windows are above the factor."""
        return self.long > self.factor and self.short > self.factor


@dataclass(frozen=True, slots=True)
class BurnRate:
    """How fast the error budget is spent.

    Attributes:
        at: The end of all windows, seconds since the epoch.
        pairs: By `PAIRS`.
        spent: Of a period's budget, in what was seen of the last period; above 1 where more than all of it is.
        seen_seconds: How much time of the last period the samples speak for.
        exhaustion: When the whole budget will be spent, in seconds from `at`, where nothing was before the samples
            begin and the period moves along; its `seconds` is None where it is not going to within a period. `level` is
            the share spent, `slope` that a second. None with fewer than five samples in the last period.
    """

    at: float
    pairs: tuple[PairBurn, ...]
    spent: float
    seen_seconds: float
    exhaustion: Forecast | None

    @property
    def fastest(self) -> PairBurn | None:
        """The first pair that burns, by which to answer; None where none does."""
        return next((pair for pair in self.pairs if pair.burning), None)


def burn_rate(
    timestamps: FloatArray,
    errors: FloatArray,
    objective: Objective,
    *,
    requests: FloatArray | None = None,
    until: float | None = None,
) -> BurnRate | None:
    """The burn rates at the last sample up to `until`, or at `until` itself where samples have stopped coming.

    Args:
        timestamps: Ends of the samples, seconds, float64[n_points]; any order, NaN and duplicates allowed.
        errors: The share of bad requests in [0, 1], or, where `requests` are given, their number, float64[n_points].
        requests: All requests of each sample, in the unit of `errors`; without them every moment counts alike.
        until: Later samples are not looked at; None: there are none.

    Returns:
        None with fewer than two samples at different times.
    """
    times, ratios, traffic = _samples(timestamps, errors, requests)
    if until is not None:
        n_seen = int(np.searchsorted(times, until, side="right"))
        times, ratios, traffic = times[:n_seen], ratios[:n_seen], traffic[:n_seen]
    if times.size < 2:
        return None
    steps = np.diff(times)
    usual = float(np.median(steps))
    held = np.concatenate(([usual], np.minimum(steps, _HOLDS * usual)))
    total = float(held @ traffic)
    traffic = traffic * (held.sum() / total) if total > 0 else np.ones_like(traffic)
    end = float(times[-1])
    if until is not None and until - end > _HOLDS * usual:
        end = until

    allowed = 1.0 - objective.share
    pairs = []
    for pair in PAIRS:
        long, short = (
            _mean_ratio(times, held, ratios, traffic, end - seconds, seconds) / allowed
            for seconds in (pair.long_seconds, pair.short_seconds)
        )
        pairs.append(PairBurn(pair, pair.factor(objective), long, short))
    period = objective.period_seconds
    inside = times > end - period
    spends = (held * ratios * traffic)[inside] / (allowed * period)
    return BurnRate(
        at=end,
        pairs=tuple(pairs),
        spent=float(spends.sum()),
        seen_seconds=float(held[inside].sum()),
        exhaustion=_exhaustion(times[inside], held[inside], spends, end - float(times[-1]), period),
    )


def _samples(
    timestamps: FloatArray, errors: FloatArray, requests: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times, ratios in [0, 1] and weights of the usable samples, ascending, one for each time."""
    n_points = min(timestamps.size, errors.size, errors.size if requests is None else requests.size)
    bad = np.asarray(errors[:n_points], dtype=np.float64)
    every = np.ones(n_points) if requests is None else np.asarray(requests[:n_points], dtype=np.float64)
    usable = np.isfinite(bad) & np.isfinite(every) & (every >= 0)
    times, rows = clean(timestamps[:n_points], np.where(usable, np.arange(n_points), np.nan))
    kept = rows.astype(np.int64)
    bad, every = bad[kept], every[kept]
    # Where nobody asked nothing failed.
    ratios = np.divide(np.clip(bad, 0.0, every), every, out=np.zeros_like(bad), where=every > 0)
    return times, ratios, every / max(1.0, float(every.max(initial=0.0)))


def _mean_ratio(
    times: FloatArray, held: FloatArray, ratios: FloatArray, traffic: FloatArray, start: float, seconds: float
) -> float:
    """The share of bad requests since `start`; what was not seen of the window had usual traffic and no error."""
    inside = np.clip(times - np.maximum(times - held, start), 0.0, None)
    unseen = max(0.0, seconds - float(inside.sum()))
    asked = float(inside @ traffic) + unseen
    return float((inside * traffic) @ ratios) / asked if asked > 0 else 0.0


def _exhaustion(
    times: FloatArray, held: FloatArray, spends: FloatArray, stale_seconds: float, period: float
) -> Forecast | None:
    """When the sum of `spends`, float64[n_points] shares of the budget, reaches 1, less what leaves the moving period.

    Args:
        stale_seconds: How long ago the last sample was.
    """
    if times.size < _FEWEST_POINTS:
        return None
    spent = np.cumsum(spends)
    now, start, end = float(spent[-1]), float(times[0] - held[0]), float(times[-1])
    pace = now / (end - start)
    if now >= 1.0:
        return Forecast(1.0, 0.0, 0.0, 0.0, pace, now)
    if now <= 0.0:
        return Forecast(0.0, None, None, None, 0.0, 0.0)
    rates, step = _rates(times, held, spent, start, end, period)
    since = start + step * _last_change(np.log1p(rates))
    rates, step = _rates(times, held, spent, since, end, period)
    ahead, spending, chances = _spending(rates, step, min(_REACH * (end - since), period), period)
    left = np.interp(end + ahead - period, times, spent, left=0.0)
    seconds = np.maximum(0.0, _first_reached(now + spending - left, ahead) - stale_seconds)
    earliest, median, latest = (weighted_quantile(seconds, chances, s) for s in (OUTER_SHARE, 0.5, 1.0 - OUTER_SHARE))
    return Forecast(
        probability=float(chances[np.isfinite(seconds)].sum() / chances.sum()),
        seconds=median if np.isfinite(median) else None,
        earliest=earliest if np.isfinite(earliest) else None,
        latest=latest if np.isfinite(latest) else None,
        slope=pace,
        level=now,
    )


def _spending(rates: FloatArray, step: float, reach: float, period: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What will be spent by when: seconds float64[n_ahead], shares float64[n_paths, n_ahead], chances float64[n_paths].

    Args:
        rates: Burn rates of even steps up to now, `step` seconds long.
        reach: How far, in seconds, the rate is told before it stays as it is.
    """
    near = reach * np.arange(1, N_AHEAD + 1) / N_AHEAD
    logs = np.log1p(rates)
    paths, chances = futures(logs, step, reach) if rates.size >= FEWEST_VALUES else _NO_PATHS
    if not chances.size:
        # Every pace seen lately may be the one that stays.
        paths, chances = np.repeat(logs[:, None], N_AHEAD, axis=1), np.ones(rates.size)
    # A median of three does not see single bursts.
    bursts = max(0.0, float(rates.mean() - running_median(rates, 3).mean()))
    burns = np.expm1(np.clip(paths, 0.0, _MOST_LOG)) + bursts
    burns, chances = np.vstack([burns * drift for drift in _DRIFTS]), np.tile(chances, len(_DRIFTS))
    far = np.geomspace(reach, period, _N_BEYOND + 1)[1:] if reach < period else np.empty(0)
    stays = burns[:, N_AHEAD // 2 :].mean(axis=1, keepdims=True)
    within = np.cumsum(burns, axis=1) * (reach / N_AHEAD / period)
    ahead = np.concatenate(([0.0], near, far))
    beyond = within[:, -1:] + stays * (far - reach) / period
    return ahead, np.hstack((np.zeros((len(within), 1)), within, beyond)), chances


def _last_change(logs: FloatArray) -> int:
    """The index from which the pace has been of the size that it has now; what was before tells nothing of its end."""
    level = float(np.median(logs[-_SETTLED:]))
    other = np.flatnonzero(np.abs(running_median(logs, _SETTLED) - level) > _CHANGE)
    return min(int(other[-1]) + 1 if other.size else 0, max(0, logs.size - _SETTLED))


def _rates(
    times: FloatArray, held: FloatArray, spent: FloatArray, start: float, end: float, period: float
) -> tuple[FloatArray, float]:
    """Mean burn rates of even steps from `start` to `end`, gaps bridged, and the step in seconds."""
    n_steps = int(min(_MOST_STEPS, max(1.0, (end - start) / float(np.median(held)))))
    edges = np.linspace(start, end, n_steps + 1)
    # Between the end of a sample and the begin of the next nothing is known: both sums stand still there.
    corners = np.column_stack((times - held, times)).ravel()
    before = np.append(0.0, spent[:-1])
    known = np.cumsum(held)
    covered = np.diff(np.interp(edges, corners, np.column_stack((known - held, known)).ravel()))
    burnt = np.diff(np.interp(edges, corners, np.column_stack((before, spent)).ravel()))
    step = (end - start) / n_steps
    filled = np.flatnonzero(covered > 1e-3 * step)
    rates = burnt[filled] / covered[filled] * period
    return np.interp(np.arange(n_steps), filled, rates), step


def _first_reached(totals: FloatArray, ahead: FloatArray) -> FloatArray:
    """When each path, float64[n_paths, n_ahead] from below 1, first reaches 1; infinite where it does not."""
    reached = totals >= 1.0
    at = np.maximum(np.argmax(reached, axis=1), 1)
    rows = np.arange(totals.shape[0])
    before, here = totals[rows, at - 1], totals[rows, at]
    part = np.clip((1.0 - before) / np.where(here > before, here - before, 1.0), 0.0, 1.0)
    return np.asarray(np.where(reached.any(axis=1), ahead[at - 1] + part * (ahead[at] - ahead[at - 1]), np.inf))
