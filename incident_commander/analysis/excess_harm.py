"""How much harm each service added while an alerting service suffered, from one row of metrics after another."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..domain.telemetry import FloatArray

Harm = Literal["latency", "errors"]

_WELL = 0.2
"""The part of the course up to which a row shows how a service is when the alerting one is well."""
_NOISE = 2.0
"""Standard errors up to which an excess is taken for noise."""
_LEAST_LATENCY = 0.02
"""The least spread of a row's latency, as a part of the usual one."""
_RARE = 0.01
"""The error rate from which errors count as many times more; below it any two rates are alike."""


@dataclass(frozen=True, slots=True, eq=False)
class CallMetrics:
    """One kind of harm of every service, in a reference of normal times and in the window in question.

    Attributes:
        harm: `latency` in seconds a call, or `errors` as the share of calls that fail, in [0, 1].
        nodes: The services, one a column.
        reference: Harm by row, float64[n_reference, n_nodes]; NaN where there were no calls, or no metric.
        window: Likewise, float64[n_window, n_nodes].
        reference_calls: Calls a row, of the shape of `reference`; NaN where that is not known.
        window_calls: Likewise, of the shape of `window`.
    """

    harm: Harm
    nodes: tuple[str, ...]
    reference: FloatArray
    window: FloatArray
    reference_calls: FloatArray
    window_calls: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """What each node added, each float64[n_nodes].

    Attributes:
        total: Over the window: seconds, or failed calls; 0 where it is no more than noise.
        deviation: Its size in standard errors.
        most: The total that may be there for all that is known: two standard errors above what is seen.
        usual: Harm a call while the alerting service was well, else in the reference; NaN where nothing is known.
        level: Harm a call while it suffered.
        new: Nothing is known of the node from before, bool[n_nodes].
    """

    harm: Harm
    total: FloatArray
    deviation: FloatArray
    most: FloatArray
    usual: FloatArray
    level: FloatArray
    new: npt.NDArray[np.bool_]

    def times(self, node: int) -> float:
        """How many times its usual harm a node showed, at least 1."""
        floor = 1e-6 if self.harm == "latency" else _RARE
        usual, level = float(self.usual[node]), float(self.level[node])
        return max(1.0, (level + floor) / (usual + floor)) if np.isfinite(usual) else 1.0


def course_of(window: FloatArray, well: float) -> FloatArray:
    """How much of its harm a service shows in each row of a window, in [0, 1], float64[n_window]; a missing row 0.

    A better row between two bad ones is taken for chance.

    Args:
        well: The service's harm while it is well.
    """
    above = np.where(np.isfinite(window), np.maximum(window - well, 0.0), 0.0)
    if not above.any():
        return above
    course = above / float(above.max())
    bounded = np.minimum(np.maximum.accumulate(course), np.maximum.accumulate(course[::-1])[::-1])
    return np.asarray(np.where(np.isfinite(window), bounded, 0.0))


@dataclass(frozen=True, slots=True)
class Baseline:
    """One node in normal times.

    Attributes:
        centre: Its median harm; NaN where it has no row.
        spread: One robust standard deviation of a row.
        calls: The median calls of a row, 1 where they are not known.
        rate: Its error rate over the whole reference, half an error added; meaningless for latency.
    """

    centre: float
    spread: float
    calls: float
    rate: float


def baselines_of(metrics: CallMetrics) -> tuple[Baseline, ...]:
    """The baseline of each node."""
    return tuple(
        _baseline(metrics.reference[:, i], metrics.reference_calls[:, i]) for i in range(len(metrics.nodes))
    )  # fmt: skip


def excess_of(
    metrics: CallMetrics, baselines: tuple[Baseline, ...], course: FloatArray, drift: float
) -> Excess:  # fmt: skip
    """Fit each node's rows by a level and a multiple of the course, the level drawn to the usual one (a ridge).

    Rows weigh by how exactly they are known: by the node's spread and by its calls.

    Args:
        baselines: As `baselines_of` the metrics.
        course: As `course_of` the alerting service.
        drift: How far a level may have drifted since the reference, in the spread of a row.
    """
    n_nodes = len(metrics.nodes)
    total, deviation, most = np.zeros(n_nodes), np.zeros(n_nodes), np.zeros(n_nodes)
    usual, level = np.full(n_nodes, np.nan), np.full(n_nodes, np.nan)
    new = np.zeros(n_nodes, dtype=np.bool_)
    for i, baseline in enumerate(baselines):
        rows = np.isfinite(metrics.window[:, i])
        if not course[rows].any():
            continue
        now, part = metrics.window[rows, i], course[rows]
        asked = metrics.window_calls[rows, i]
        calls = np.where(np.isfinite(asked) & (asked > 0), asked, baseline.calls)
        heard = bool(np.isfinite(baseline.centre))
        was_there = float(np.sum(1.0 - part)) > 0.5
        centre = baseline.centre if heard else (float(now[part <= part.min()].mean()) if was_there else 0.0)
        new[i] = not heard and not was_there
        spread = _row_spread(metrics.harm, baseline, centre, now, calls)
        precision = 1.0 / spread**2
        faith = (drift * float(np.median(spread))) ** -2
        a, b = float(precision.sum()) + faith, float(precision @ part)
        y, z = float(precision @ now) + faith * centre, float(precision @ (part * now))
        determinant = a * float(precision @ part**2) - b * b
        if determinant <= 0.0:
            continue
        slope = (a * z - b * y) / determinant
        quiet = now[part <= _WELL]
        usual[i] = float(np.median(quiet)) if quiet.size else centre
        level[i] = float(part @ now) / float(part.sum())
        error = float(np.sqrt(a / determinant))
        deviation[i] = slope / error
        most[i] = max(0.0, (slope + _NOISE * error) * float(calls @ part))
        if deviation[i] > _NOISE:
            total[i] = slope * float(calls @ part) * (1.0 - (_NOISE / deviation[i]) ** 2)
    return Excess(metrics.harm, total, deviation, most, usual, level, new)


def _baseline(past: FloatArray, asked: FloatArray) -> Baseline:
    known = asked[np.isfinite(asked)]
    usual_calls = max(1.0, float(np.median(known))) if known.size else 1.0
    rows = np.isfinite(past)
    if not rows.any():
        return Baseline(np.nan, 0.0, usual_calls, 0.5)
    heard, asked_of = past[rows], asked[rows]
    calls = np.where(np.isfinite(asked_of) & (asked_of > 0), asked_of, usual_calls)
    centre = float(np.median(heard))
    distance = np.abs(heard - centre)
    spread = max(1.4826 * float(np.median(distance)), float(np.quantile(distance, 0.9)) / 1.645)
    rate = min(0.5, (float(heard @ calls) + 0.5) / (float(calls.sum()) + 1.0))
    return Baseline(centre, spread, float(np.median(calls)), rate)


def _row_spread(harm: Harm, baseline: Baseline, centre: float, now: FloatArray, calls: FloatArray) -> FloatArray:
    """One standard deviation of each row of the window, by the baseline and by how many calls a row has."""
    heard = bool(np.isfinite(baseline.centre))
    spread = baseline.spread if heard else float(np.std(now))
    usual_calls = baseline.calls if heard else float(np.median(calls))
    by_row = spread * np.sqrt(usual_calls / calls)
    if harm == "latency":
        return np.asarray(np.maximum(by_row, max(_LEAST_LATENCY * abs(centre), 1e-6)))
    return np.asarray(np.maximum(by_row, np.sqrt(baseline.rate * (1.0 - baseline.rate) / calls)))
