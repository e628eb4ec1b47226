"""Which service of a call graph started what an alerting service suffers, from their metrics alone.

Time and failures travel up the calls: a second that a callee adds is a second in its caller, a call that fails below
fails above. So each service's harm is counted in the same coin, seconds or failed calls added over the window (excess
per call times calls), and the alerting service's excess is followed down the graph: from a service a walker goes on to
its callees by the part of its excess that they have themselves, and stays by the part that it adds on its own. Where
the walker ends is where the harm begins. The walk down the anomalous calls is that of MonitorRank and its kin (Kim et
al. 2013); that it is weighted by conserved amounts, and absorbed by what is left over, makes a cause out of the
deepest service that still explains its callers, whatever the depth.

The excess is what follows the alerting service's own course over the window, over the service's level in the rows in
which the alerting service was well; its usual level counts as a few more such rows. A service that merely changed
since the reference was taken shows no excess then.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..domain.telemetry import FloatArray
from .departure import tail_probability
from .service_views import resources_of

Harm = Literal["latency", "errors"]

SIGNIFICANT = 0.01
"""The chance of naming a cause in normal times that is accepted."""
_LOOKS = 2
"""At the target alone, and at the target with what it calls."""
_HOPELESS = 0.2
"""A tail of the target from which nothing below it makes an incident of it."""
_DRIFT = 3.0
"""How far a level may have drifted since the reference, in the spread of a row."""
_NOISE = 2.0
"""Standard errors up to which an excess is taken for noise."""
_PATIENCE = 0.98
"""How surely the walker goes on where all is explained below; what makes cycles end."""
_NEWCOMER = 0.4
"""What a callee is blamed for that nobody called before: mostly, its caller has begun to call the wrong thing."""
_SIDE = 0.1
"""What the other kind of harm says of who is to blame, beside the kind that is alerted on."""
_LEAST = 1e-3
"""Blame below which a service is no suspect."""


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


@dataclass(frozen=True, slots=True)
class Suspect:
    """A service that may have started it.

    Attributes:
        score: Its part of the blame, in [0, 1].
        probability: That it is the cause, in [0, 1].
        excess: What it added over the window: seconds, or failed calls.
        own: The part of it that its callees do not explain.
        deviation: Its excess in standard errors.
        evidence: The observations, a sentence each.
    """

    node: str
    score: float
    probability: float
    excess: float
    own: float
    deviation: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Localisation:
    """Who is to blame, the likeliest first; nobody where the alerting service is as usual.

    Attributes:
        chance: The probability of a window like this in normal times.
        reason: Why nobody is named, or "".
    """

    target: str
    chance: float
    suspects: tuple[Suspect, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Excess:
    """Per node: total over the window; its size in standard errors; usual level and level while it lasted."""

    total: FloatArray
    deviation: FloatArray
    usual: FloatArray
    level: FloatArray
    new: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def localise(
    calls: Mapping[str, AbstractSet[str]], target: str, alerted: CallMetrics, other: CallMetrics | None = None
) -> Localisation:
    """Rank the services that may have started the harm seen at `target`.

    Args:
        calls: The services that each service calls. May have cycles and islands, and services without metrics.
        target: The alerting service, a column of `alerted`.
        alerted: The kind of harm that is alerted on.
        other: The other kind, over the same rows and with nodes of its own; it decides where the first does not.

    Raises:
        ValueError: `target` has no metrics.
    """
    if target not in alerted.nodes:
        raise ValueError(f"the alerting service {target!r} is not among the {len(alerted.nodes)} with metrics")
    column = alerted.nodes.index(target)
    at_target = tail_probability(alerted.reference[:, column], alerted.window[:, column])
    course = _course(alerted.reference[:, column], alerted.window[:, column])
    excess = _excess(alerted, course)
    chance = min(1.0, _LOOKS * min(at_target, _with_callees(at_target, calls, target, alerted, excess)))
    if chance > SIGNIFICANT:
        return Localisation(target, chance, (), f"{target} is as usual: a window like this is no rarity ({chance:.2g})")

    blame = _blame(calls, target, alerted.nodes, excess)
    if other is not None:
        aside = _blame(calls, target, other.nodes, _excess(other, course))
        blame = {
            node: (1 - _SIDE) * blame.get(node, 0.0) + _SIDE * aside.get(node, 0.0)
            for node in sorted({*blame, *aside})
        }  # fmt: skip
    blame = _folded(blame)
    named = sorted((node for node in blame if blame[node] >= _LEAST), key=lambda node: (-blame[node], node))
    suspects = tuple(_suspect(node, blame[node], calls, target, alerted, excess) for node in named)
    return Localisation(target, chance, suspects)


def _course(reference: FloatArray, window: FloatArray) -> FloatArray:
    """How much of the target's harm each row of the window shows, in [0, 1], float64[n_window]; a missing row 0.

    Wellness is the lower of the usual level and the window's quiet rows, so that neither a level that has moved since
    the reference nor a window that is bad from end to end hides it.
    """
    known = np.isfinite(window)
    course = np.zeros(window.size)
    if not known.any():
        return course
    well = float(np.quantile(window[known], 0.25))
    if np.isfinite(reference).any():
        well = min(well, float(np.nanmedian(reference)))
    top = float(window[known].max())
    if top > well:
        course[known] = np.clip((window[known] - well) / (top - well), 0.0, 1.0)
    return course


def _excess(metrics: CallMetrics, course: FloatArray) -> _Excess:
    """Fit each node's rows by its level and the course, the level drawn to the usual one (a two-term ridge)."""
    n_nodes = len(metrics.nodes)
    total, deviation = np.zeros(n_nodes), np.zeros(n_nodes)
    usual, level = np.full(n_nodes, np.nan), np.full(n_nodes, np.nan)
    new = np.zeros(n_nodes, dtype=np.bool_)
    for i in range(n_nodes):
        past = metrics.reference[:, i]
        past_calls = metrics.reference_calls[:, i]
        rows = np.isfinite(metrics.window[:, i])
        if not rows.any() or not course[rows].any():
            continue
        now, weight = metrics.window[rows, i], course[rows]
        calls = _known_calls(metrics.window_calls[rows, i], past_calls)
        heard = bool(np.isfinite(past).any())
        quiet = float(np.sum(1.0 - weight))
        centre = float(np.nanmedian(past)) if heard else (float(np.min(now)) if quiet > 0.5 else 0.0)
        new[i] = not heard and quiet <= 0.5
        spread = _row_spread(metrics.harm, past, past_calls, now, calls, centre)
        precision = 1.0 / spread**2
        drift = 1.0 / (_DRIFT * float(np.median(spread))) ** 2
        a, b, c = precision.sum() + drift, float(precision @ weight), float(precision @ weight**2)
        determinant = a * c - b * b
        if determinant <= 0.0:
            continue
        y, z = float(precision @ now) + drift * centre, float(precision @ (weight * now))
        slope, base = (a * z - b * y) / determinant, (c * y - b * z) / determinant
        usual[i], level[i] = max(0.0, base), max(0.0, base + slope)
        deviation[i] = slope / np.sqrt(a / determinant)
        if deviation[i] > _NOISE:
            total[i] = slope * float(calls @ weight) * (1.0 - (_NOISE / deviation[i]) ** 2)
    return _Excess(total, deviation, usual, level, new)


def _known_calls(calls: FloatArray, past: FloatArray) -> FloatArray:
    """Calls by row; where they are not known the usual number, else one."""
    usual = float(np.nanmedian(past)) if np.isfinite(past).any() else 1.0
    return np.where(np.isfinite(calls) & (calls > 0), calls, max(1.0, usual))


def _row_spread(
    harm: Harm, past: FloatArray, past_calls: FloatArray, now: FloatArray, calls: FloatArray, centre: float
) -> FloatArray:
    """One standard deviation of each row of the window, by the reference and by how many calls a row has."""
    known = np.isfinite(past)
    heard = past[known]
    if heard.size:
        distance = np.sort(np.abs(heard - centre))
        spread = max(1.4826 * float(np.median(distance)), float(np.quantile(distance, 0.9)) / 1.645)
        usual_calls = float(np.median(_known_calls(past_calls[known], past_calls)))
    else:
        spread, usual_calls = float(np.std(now)), float(np.median(calls))
    by_row = spread * np.sqrt(usual_calls / calls)
    if harm == "latency":
        return np.asarray(np.maximum(by_row, max(0.02 * abs(centre), 1e-6)))
    failed = float(np.sum(heard * _known_calls(past_calls[known], past_calls))) if heard.size else 0.0
    asked = float(np.sum(_known_calls(past_calls[known], past_calls))) if heard.size else 0.0
    rate = min(0.5, (failed + 0.5) / (asked + 1.0))
    return np.asarray(np.maximum(by_row, np.sqrt(rate * (1.0 - rate) / calls)))


def _blame(
    calls: Mapping[str, AbstractSet[str]], target: str, nodes: tuple[str, ...], excess: _Excess
) -> dict[str, float]:
    """Where a walker that starts at the target ends, by node; sums to 1 (an absorbing Markov chain).

    Nodes without metrics are walked through where they are the only way to callees with excess.
    """
    amount = dict(zip(nodes, excess.total.tolist(), strict=True))
    new = {node for node, is_new in zip(nodes, excess.new.tolist(), strict=True) if is_new}
    reached = _reached(calls, target)
    index = {node: i for i, node in enumerate(reached)}
    move = np.zeros((len(reached), len(reached)))
    for node in reached:
        below = {c: amount.get(c, 0.0) for c in sorted(_seen_callees(calls, node, amount)) if c in index}
        within = max(amount.get(node, 0.0), sum(below.values()))
        for callee, part in below.items():
            if part > 0.0:
                patience = _PATIENCE * (_NEWCOMER if callee in new else 1.0)
                move[index[node], index[callee]] = patience * part / within
    start = np.zeros(len(reached))
    start[index[target]] = 1.0
    visits = np.linalg.solve(np.eye(len(reached)) - move.T, start)
    ends = visits * (1.0 - move.sum(axis=1))
    return {node: float(ends[i]) for node, i in index.items()}


def _seen_callees(
    calls: Mapping[str, AbstractSet[str]], node: str, amount: Mapping[str, float]
) -> frozenset[str]:  # fmt: skip
    """The callees with metrics, those behind callees without metrics included."""
    found: set[str] = set()
    passed = {node}
    ahead = sorted(calls.get(node, frozenset()))
    while ahead:
        callee = ahead.pop()
        if callee in passed:
            continue
        passed.add(callee)
        if callee in amount:
            found.add(callee)
        else:
            ahead.extend(sorted(calls.get(callee, frozenset())))
    return frozenset(found)


def _reached(calls: Mapping[str, AbstractSet[str]], start: str) -> tuple[str, ...]:
    """`start` and everything it calls, directly or not, nearest first."""
    order, layer = [start], [start]
    seen = {start}
    while layer:
        layer = sorted({callee for node in layer for callee in calls.get(node, frozenset())} - seen)
        seen.update(layer)
        order.extend(layer)
    return tuple(order)


def _folded(blame: Mapping[str, float]) -> dict[str, float]:
    """The blame of views of a resource given to the resource."""
    resources = resources_of(blame)
    folded = {node: part for node, part in blame.items() if node not in resources}
    for view, resource in resources.items():
        folded[resource] += blame[view]
    return folded


def _with_callees(
    at_target: float, calls: Mapping[str, AbstractSet[str]], target: str, metrics: CallMetrics, excess: _Excess
) -> float:
    """Fisher's combination of the target's tail with the most unusual of those it calls, directly or not."""
    if at_target > _HOPELESS:
        return 1.0
    reached = set(_reached(calls, target)) - {target}
    columns = [i for i, node in enumerate(metrics.nodes) if node in reached]
    moved = [i for i in columns if excess.total[i] > 0.0]
    tails = [tail_probability(metrics.reference[:, i], metrics.window[:, i]) for i in moved]
    below = min(1.0, len(columns) * min(tails, default=1.0))
    product = max(at_target * below, np.finfo(np.float64).tiny)
    return product * (1.0 - float(np.log(product)))


def _suspect(
    node: str,
    score: float,
    calls: Mapping[str, AbstractSet[str]],
    target: str,
    metrics: CallMetrics,
    excess: _Excess,
) -> Suspect:
    amount = dict(zip(metrics.nodes, excess.total.tolist(), strict=True))
    added = amount.get(node, 0.0)
    below = sum(amount[c] for c in _seen_callees(calls, node, amount))
    deviation = 0.0
    said: list[str] = []
    if added > 0.0:
        i = metrics.nodes.index(node)
        deviation = float(excess.deviation[i])
        was, became = _worded(metrics.harm, float(excess.usual[i])), _worded(metrics.harm, float(excess.level[i]))
        what = "latency" if metrics.harm == "latency" else "error rate"
        said.append(f"the {what} of {node} rose from {was} to {became} in step with {target}")
        coin = f"{added:.3g} s" if metrics.harm == "latency" else f"{added:.3g} failed calls"
        at_target = amount[target]
        if node != target and at_target > 0.0:
            said.append(f"it added {coin} over the window, {added / at_target:.0%} of what {target} suffers")
        said.append(f"what it calls explains {min(1.0, below / added):.0%} of that")
    else:
        said.append(f"{node} shows nothing of the kind itself; {target} leads to it by its other metrics")
    return Suspect(node, score, score, added, max(0.0, added - below), deviation, tuple(said))


def _worded(harm: Harm, value: float) -> str:
    return f"{1000 * value:.3g} ms" if harm == "latency" else f"{value:.2%}"
