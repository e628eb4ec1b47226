"""Following an excess of harm down the calls, to where nothing below explains it.

Time and failures travel up the calls: a second that a callee adds is a second in its caller, a call that fails below
fails above. A walker starts at the alerting service. It goes on to a callee by the part of the excess that the callee
has itself, and stays by the part that is left over; where it ends is where the harm begins (an absorbing Markov chain).
The walk down the anomalous calls is that of MonitorRank and its kin (Kim et al. 2013); weighted by conserved amounts
and absorbed by what is left over, it stops at the deepest service that still explains its callers.

What is left over may also be the callee's doing, by waiting in turn, repeated calls and time-outs. That is weighed
against the callee's excess being an accident: the less likely, the more it changed in comparison with its caller, since
harm is diluted on its way up, and the surer its excess is. A service between the two whose own metric is too noisy to
show what passes through it does not refute it.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import numpy as np

from .excess_harm import Excess
from .service_views import resources_of

_PATIENCE = 0.98
"""How surely the walker goes on where all is explained below; what makes cycles end."""
_NEWCOMER = 0.4
"""What a callee is blamed for that nobody called before: mostly, its caller has begun to call the wrong thing."""
_SURE = 4.0
"""Standard errors from which an excess is less likely an accident than its size beside the caller's says."""

Calls = Mapping[str, AbstractSet[str]]


def blame_of(calls: Calls, target: str, nodes: tuple[str, ...], excess: Excess) -> dict[str, float]:
    """Where a walker that starts at the target ends, by node; sums to 1. Views of a resource count as the resource.

    Nodes without metrics are walked through to their callees.
    """
    column = {node: i for i, node in enumerate(nodes)}
    reached = reached_from(calls, target)
    amount = _amounts(calls, reached, column, excess)
    index = {node: i for i, node in enumerate(reached)}
    move = np.zeros((len(reached), len(reached)))
    for node in reached:
        below = {c: amount[c] for c in sorted(callees_seen(calls, node, amount)) if amount[c] > 0.0}
        if not below:
            continue
        within = max(amount.get(node, 0.0), sum(below.values()))
        times = excess.times(column[node]) if node in column else 1.0
        accident = sum(part * _accident(excess, column[c], times) for c, part in below.items()) / sum(below.values())
        left = (within - sum(below.values())) * accident
        for callee, part in below.items():
            patience = _PATIENCE * (_NEWCOMER if excess.new[column[callee]] else 1.0)
            move[index[node], index[callee]] = patience * part / (left + sum(below.values()))
    start = np.zeros(len(reached))
    start[index[target]] = 1.0
    visits = np.linalg.solve(np.eye(len(reached)) - move.T, start)
    ends = visits * (1.0 - move.sum(axis=1))
    return _folded({node: float(ends[i]) for node, i in index.items()}, {*calls, *nodes})


def callees_seen(
    calls: Calls, node: str, metered: AbstractSet[str] | Mapping[str, float] | Mapping[str, int]
) -> frozenset[str]:
    """The callees with metrics, those behind callees without metrics included."""
    found: set[str] = set()
    passed = {node}
    ahead = sorted(calls.get(node, frozenset()))
    while ahead:
        callee = ahead.pop()
        if callee in passed:
            continue
        passed.add(callee)
        if callee in metered:
            found.add(callee)
        else:
            ahead.extend(sorted(calls.get(callee, frozenset())))
    return frozenset(found)


def reached_from(calls: Calls, start: str) -> tuple[str, ...]:
    """`start` and everything it calls, directly or not, nearest first."""
    order, layer = [start], [start]
    seen = {start}
    while layer:
        layer = sorted({callee for node in layer for callee in calls.get(node, frozenset())} - seen)
        seen.update(layer)
        order.extend(layer)
    return tuple(order)


def _amounts(calls: Calls, reached: tuple[str, ...], column: Mapping[str, int], excess: Excess) -> dict[str, float]:
    """Each node's excess, at least that of its surest callee as far as its own noise may hide it."""
    amount = {node: float(excess.total[i]) for node, i in column.items()}
    sure = {node: amount[node] if excess.deviation[i] >= _SURE else 0.0 for node, i in column.items()}
    for node in [*reversed(reached)] * 2:
        if node in column:
            below = max((sure[c] for c in callees_seen(calls, node, column)), default=0.0)
            passed = min(below, float(excess.most[column[node]]))
            sure[node] = max(sure[node], passed)
            amount[node] = max(amount[node], passed)
    return amount


def _accident(excess: Excess, callee: int, times: float) -> float:
    """How likely the excess of a callee is no more than an accident while its caller is at fault, in (0, 1]."""
    deviation = max(float(excess.deviation[callee]), 1e-9)
    return min(1.0, max(times / excess.times(callee), (_SURE / deviation) ** 2))


def _folded(blame: Mapping[str, float], nodes: AbstractSet[str]) -> dict[str, float]:
    resources = resources_of(nodes)
    folded: dict[str, float] = {}
    for node, part in blame.items():
        resource = resources.get(node, node)
        folded[resource] = folded.get(resource, 0.0) + part
    return folded
