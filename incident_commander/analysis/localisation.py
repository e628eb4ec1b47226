"""Which service of a call graph started what an alerting service suffers, from their metrics alone.

First the question whether there is anything to explain: the tail probability of the alerting service's window by its
own reference, alone or together with the most unusual of those it calls. Then how much harm each service added in step
with it, over its level in the rows in which the alerting service was well (`excess_harm`), and whose doing that is
(`blame`). A service that merely changed since the reference was taken shows no excess, and nobody is named in normal
times.
"""

from dataclasses import dataclass

import numpy as np

from ..domain.telemetry import FloatArray
from .blame import Calls, blame_of, callees_seen, reached_from
from .departure import QUIET, Departure, departure_of
from .excess_harm import Baseline, CallMetrics, Excess, Harm, baselines_of, course_of, excess_of

SIGNIFICANT = 0.01
"""The chance of naming a cause in normal times that is accepted."""
_LOOKS = 2
"""At the target alone, and at the target with what it calls."""
_HOPELESS = 0.2
"""A tail of the target from which nothing below it makes an incident of it."""
_SIDE = 0.1
"""What the other kind of harm says of who is to blame, beside the kind that is alerted on."""
_STAYED, _MOVED = 1.0, 10.0
"""How far levels may have drifted since the reference, in the spread of a row, if they stayed and if they did not."""
_LEAST_ROWS = 8
"""Rows of a reference from which a correlation can be told."""
_SHARPNESS, _UNSEEN = 1.75, 0.01
"""Blame to this power is proportional to how often it is right, and how often none named is: both fitted on simulated
companies with faults anywhere, of other seeds than they were tested on."""
_LEAST = 1e-3
"""Blame below which a service is no suspect."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A service that may have started it.

    Attributes:
        score: Its part of the blame, in [0, 1].
        probability: That it is the cause, in [0, 1], given that there is one.
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


def localise(calls: Calls, target: str, alerted: CallMetrics, other: CallMetrics | None = None) -> Localisation:
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
    past, now = alerted.reference[:, column], alerted.window[:, column]
    departure = departure_of(past, now)
    views = _views(departure, past, now, alerted)
    chance = min(1.0, _LOOKS * departure.probability)
    if chance > SIGNIFICANT:
        chance = min(chance, _LOOKS * _with_callees(departure, calls, target, alerted, views[0].excess))
    if chance > SIGNIFICANT:
        return Localisation(target, chance, (), f"{target} is as usual: a window like this is no rarity ({chance:.2g})")

    blame: dict[str, float] = {}
    besides = () if other is None else baselines_of(other)
    for view in views:
        for node, part in _blame(calls, target, alerted, other, besides, view).items():
            blame[node] = blame.get(node, 0.0) + view.weight * part
    named = sorted((node for node in blame if blame[node] >= _LEAST), key=lambda node: (-blame[node], node))
    sharpened = {node: blame[node] ** _SHARPNESS for node in named}
    whole = sum(sharpened.values()) / (1.0 - _UNSEEN)
    return Localisation(
        target,
        chance,
        tuple(
            _suspect(node, blame[node], sharpened[node] / whole, calls, target, alerted, views[0].excess)
            for node in named
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What each node added if levels have stayed as in the reference, or if they have not."""

    weight: float
    course: FloatArray
    drift: float
    excess: Excess


def _views(departure: Departure, past: FloatArray, now: FloatArray, metrics: CallMetrics) -> list[_View]:
    """Both views, the one that the target speaks for first; weighed by how improbable each makes the target."""
    said = -np.log(np.maximum([departure.level, departure.rise], np.finfo(np.float64).tiny))
    total = float(said.sum())
    views: list[_View] = []
    known, usual = now[np.isfinite(now)], past[np.isfinite(past)]
    baselines = baselines_of(metrics)
    wells = (
        float(np.median(usual)) if usual.size else 0.0,
        float(np.quantile(known, QUIET)) if known.size else 0.0,
    )
    for weight, well, drift in zip(said / total if total > 0 else (1.0, 0.0), wells, (_STAYED, _MOVED), strict=True):
        course = course_of(now, well)
        views.append(_View(float(weight), course, drift, excess_of(metrics, baselines, course, drift)))
    return sorted(views, key=lambda view: -view.weight)


def _blame(
    calls: Calls,
    target: str,
    alerted: CallMetrics,
    other: CallMetrics | None,
    besides: tuple[Baseline, ...],
    view: _View,
) -> dict[str, float]:  # fmt: skip
    blame = blame_of(calls, target, alerted.nodes, view.excess)
    if other is None:
        return blame
    aside = blame_of(calls, target, other.nodes, excess_of(other, besides, view.course, view.drift))
    return {node: (1 - _SIDE) * part + _SIDE * aside.get(node, 0.0) for node, part in blame.items()}


def _with_callees(departure: Departure, calls: Calls, target: str, metrics: CallMetrics, excess: Excess) -> float:
    """The least combination of the target's tail with that of one it calls, directly or not (Fisher 1925, s. 21.1).

    Two that always rise together are one witness: the more they do in the reference, the nearer the combination is to
    the geometric mean of the tails, which is Fisher's for complete dependence (Brown 1975).
    """
    at_target = min(1.0, 2.0 * min(departure.probability, departure.blip))
    if at_target > _HOPELESS:
        return 1.0
    column = metrics.nodes.index(target)
    reached = set(reached_from(calls, target)) - {target}
    columns = [i for i, node in enumerate(metrics.nodes) if node in reached]
    least = 1.0
    for i in columns:
        if excess.total[i] > 0.0:
            tail = departure_of(metrics.reference[:, i], metrics.window[:, i]).probability
            product = max(at_target * min(1.0, len(columns) * tail), float(np.finfo(np.float64).tiny))
            together = _correlation(metrics.reference[:, column], metrics.reference[:, i])
            apart = float(np.log(product * (1.0 - np.log(product))))
            least = min(least, float(np.exp((1.0 - together) * apart + together * np.log(product) / 2.0)))
    return least


def _correlation(one: FloatArray, other: FloatArray) -> float:
    """Spearman's, in [0, 1]; 1 where it cannot be told, 0 for a series that does not vary."""
    both = np.isfinite(one) & np.isfinite(other)
    if int(both.sum()) < _LEAST_ROWS:
        return 1.0
    ranks = [np.searchsorted(np.sort(each[both]), each[both]).astype(np.float64) for each in (one, other)]
    centred = [each - each.mean() for each in ranks]
    size = float(np.sqrt((centred[0] @ centred[0]) * (centred[1] @ centred[1])))
    return max(0.0, float(centred[0] @ centred[1]) / size) if size > 0.0 else 0.0


def _suspect(
    node: str, score: float, probability: float, calls: Calls, target: str, metrics: CallMetrics, excess: Excess
) -> Suspect:  # fmt: skip
    amount = dict(zip(metrics.nodes, excess.total.tolist(), strict=True))
    added = amount.get(node, 0.0)
    below = sum(amount[c] for c in callees_seen(calls, node, amount))
    deviation = 0.0
    said: list[str] = []
    if added > 0.0:
        i = metrics.nodes.index(node)
        deviation = float(excess.deviation[i])
        was, became = _worded(metrics.harm, float(excess.usual[i])), _worded(metrics.harm, float(excess.level[i]))
        what = "latency" if metrics.harm == "latency" else "error rate"
        in_step = f" in step with {target}" if node != target else ""
        said.append(f"the {what} of {node} rose from {was} to {became}{in_step}")
        coin = f"{added:.3g} s" if metrics.harm == "latency" else f"{added:.3g} failed calls"
        at_target = amount[target]
        if node != target and at_target > 0.0:
            said.append(f"it added {coin} over the window, {added / at_target * 100:.0f} % of what {target} suffers")
        said.append(f"what it calls explains {min(1.0, below / added) * 100:.0f} % of that")
    else:
        said.append(f"{node} shows nothing of the kind itself; {target} leads to it by its other metrics")
    return Suspect(node, score, probability, added, max(0.0, added - below), deviation, tuple(said))


def _worded(harm: Harm, value: float) -> str:
    return f"{1000 * value:.3g} ms" if harm == "latency" else f"{value * 100:.3g} %"
